"""The locks install the same things everywhere, from wherever a machine gets its packages."""

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.workshop.checkout import ROOT

RUNTIME = ROOT / "requirements.txt"
TEST = ROOT / "tests" / "requirements.txt"

both_locks = pytest.mark.parametrize("lock", [RUNTIME, TEST], ids=["runtime", "test"])


@both_locks
def test_every_package_is_pinned_with_hashes(lock: Path) -> None:
    assert [entry for entry in _entries(lock) if not _is_pinned_with_hashes(entry)] == []


@both_locks
def test_a_lock_names_no_index_and_no_path(lock: Path) -> None:
    strange = [
        entry
        for entry in _entries(lock)
        if entry.startswith("-") or "://" in entry or "/" in entry or "@" in entry
    ]
    assert strange == []


@both_locks
def test_a_lock_fits_every_system_and_python(lock: Path) -> None:
    """A lock made for one machine would lack what only the others need."""
    files_of_psycopg = next(entry for entry in _entries(lock) if entry.startswith("psycopg-binary"))
    wheels_of_one_machine = 8
    assert files_of_psycopg.count("--hash=") > wheels_of_one_machine


def test_the_runtime_lock_covers_what_the_project_needs() -> None:
    assert _unmet(_project()["project"]["dependencies"], RUNTIME) == []


def test_the_test_lock_alone_covers_what_the_project_and_its_tests_need() -> None:
    needed = [*_project()["project"]["dependencies"], *_project()["dependency-groups"]["test"]]
    assert _unmet(needed, TEST) == []


def test_the_tests_run_with_exactly_what_will_be_deployed() -> None:
    deployed, tested = _pins(RUNTIME), _pins(TEST)
    assert {name: tested.get(name) for name in deployed} == deployed


def test_the_deployment_installs_no_test_tools() -> None:
    tools = {canonicalize_name(Requirement(line).name) for line in _test_group()}
    assert sorted(tools & set(_pins(RUNTIME))) == []


@both_locks
def test_an_extra_that_a_package_asks_for_is_pinned_with_it(lock: Path) -> None:
    """Older pips look up `name[extra]` apart from `name`, and meet later releases."""
    extras = {canonicalize_name(pin.name): pin.extras for pin in _requirements(lock)}
    asked = [
        wanted
        for name in extras
        for text in _requires(name)
        for wanted in [Requirement(text)]
        if wanted.extras and (wanted.marker is None or wanted.marker.evaluate({"extra": ""}))
    ]
    assert [
        str(wanted)
        for wanted in asked
        if not wanted.extras <= extras[canonicalize_name(wanted.name)]
    ] == []
    assert lock == RUNTIME or asked, "pytest-cov asks for one, so this test has something to see"


def _requires(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # for another system
        return []


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _test_group() -> list[str]:
    group: list[str] = _project()["dependency-groups"]["test"]
    return group


def _entries(lock: Path) -> list[str]:
    """Return one line a package, its hashes included."""
    joined = lock.read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def _is_pinned_with_hashes(entry: str) -> bool:
    pin = r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==[^ ;]+( ; [^\\]+?)?"
    return re.fullmatch(rf"{pin}( +--hash=sha256:[0-9a-f]{{64}})+", entry) is not None


def _pins(lock: Path) -> dict[str, str]:
    return {
        canonicalize_name(pin.name): next(iter(pin.specifier)).version
        for pin in _requirements(lock)
    }


def _requirements(lock: Path) -> list[Requirement]:
    return [Requirement(entry.split(" --hash")[0]) for entry in _entries(lock)]


def _unmet(requirements: list[str], lock: Path) -> list[str]:
    pins = _pins(lock)
    return [
        text
        for text in requirements
        for wanted in [Requirement(text)]
        if not wanted.specifier.contains(pins.get(canonicalize_name(wanted.name), "0"))
    ]
