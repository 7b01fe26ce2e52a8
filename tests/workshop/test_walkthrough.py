"""The pages for operators and developers, followed to the letter."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import main
from tests.workshop.checkout import ROOT, project_files

PAGE = (ROOT / "bot" / "README.md").read_text()
BOTH = PAGE + (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scratch copy of the project in which the steps were done."""
    folder = tmp_path_factory.mktemp("copy")
    for file in project_files():
        target = folder / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    for block in blocks("python"):
        head, _, text = block.partition("\n")
        (folder / head.removeprefix("# ")).write_text(text)
    for block in blocks("diff"):
        _change(folder, block)
    return folder


def _change(folder: Path, block: str) -> None:
    name, *lines = block.splitlines()
    text = (folder / name).read_text()
    for old, new in re.findall(
        r"^((?:-.*\n)+)((?:\+.*\n)+)", "\n".join(lines) + "\n", re.MULTILINE
    ):
        before, after = (
            re.sub(r"^[-+]", "", part, flags=re.MULTILINE).strip() for part in (old, new)
        )
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    (folder / name).write_text(text)


def _run(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=copy,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},  # measured is the project, not its copy
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_new_command_answers_in_a_conversation(copy: Path) -> None:
    """The simulated Slack delivers only what the manifest has."""
    tests = ("tests/dialogues/test_kernel.py", "tests/workshop/test_readme.py")
    done = _run(copy, "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", "not http")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_new_command_keeps_to_the_house(copy: Path) -> None:
    done = _run(copy, "ruff", "check", "commands", "tests/dialogues/test_kernel.py")
    assert done.returncode == 0, done.stdout
    done = _run(copy, "ruff", "format", "--check", "commands", "tests/dialogues/test_kernel.py")
    assert done.returncode == 0, done.stdout


def test_its_chinese_is_asked_for(copy: Path) -> None:
    done = _run(copy, "tests.workshop.catalogs")
    assert done.returncode == 1
    assert "See the kernel of one database" in done.stdout + done.stderr


def test_the_verbs_that_the_pages_name_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    known = capsys.readouterr().out
    named = set(re.findall(r"python -m bot ([a-z]+)", BOTH))
    assert {"run", "doctor", "migrate"} <= named
    assert [verb for verb in named if f"    {verb} " not in known] == []


def test_the_container_holds_what_the_bot_needs() -> None:
    (text,) = blocks("dockerfile")
    folders = {
        name for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE) for name in line.split()
    }
    assert {"requirements.txt", "bot", "commands"} <= folders
    assert text.rstrip().endswith('CMD ["python", "-m", "bot", "run"]')


def test_the_unit_is_one() -> None:
    (text,) = blocks("ini")
    unit = configparser.ConfigParser(interpolation=None)
    unit.read_string(text)
    assert unit["Service"]["ExecStart"].endswith("python -m bot run")
    assert int(unit["Service"]["TimeoutStopSec"]) > 10
