"""The rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workshop.checkout import (
    ROOT,
    TOP_FILES,
    TOP_FOLDERS,
    ignored,
    product_modules,
    project_files,
)

LONGEST_FUNCTION = 40
LONGEST_MODULE = 400

VAGUE_NAMES = frozenset({"base", "common", "helper", "helpers", "manager", "util", "utils"})

# Spelled with brackets, so that this file does not contain what it forbids.
BANNED_WORDS = re.compile(
    r"""
    \b (?: TO[D]O | FIX[M]E ) \b          # an issue is the place for work to be done
    | py[p]i \. org                       # where packages come from is each machine's own affair
    | python[h]osted \. org
    | npm[j]s \. (?: org | com )
    | deb[.]debian \. org
    """,
    re.VERBOSE,
)

MIGRATIONS = ROOT / "bot" / "store" / "migrations"


def test_nothing_but_the_known_names_stands_at_the_top() -> None:
    # Folders that begin with a dot are what tools leave behind (.git, .venv, .idea).
    found = {
        entry.name
        for entry in ROOT.iterdir()
        if not ignored(entry.name)
        and not (entry.is_dir() and entry.name.startswith("."))
        and entry.name != ".git"  # a file in further worktrees
    }
    assert sorted(found - TOP_FILES - TOP_FOLDERS) == []


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    vague = [
        str(file)
        for file in (file.relative_to(ROOT) for file in project_files())
        if VAGUE_NAMES & {part.lower() for part in (*file.parts[:-1], file.stem)}
    ]
    assert not vague, "\n".join(vague)


def test_functions_are_short() -> None:
    long = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name} has {_lines(node)} lines"
        for file in product_modules()
        # A migration tells one step of the schema from beginning to end.
        if not file.is_relative_to(MIGRATIONS)
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if _lines(node) > LONGEST_FUNCTION
    ]
    assert not long, "\n".join(long)


def test_modules_are_short() -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in product_modules()}
    long = [
        f"{file.relative_to(ROOT)} has {length} lines"
        for file, length in lengths.items()
        if length > LONGEST_MODULE
    ]
    assert not long, "\n".join(long)


def test_nobody_imports_mocks() -> None:
    mocking = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in project_files()
        if file.suffix == ".py"
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.Import | ast.ImportFrom)
        if {"mock", "pytest_mock"} & _imported_words(node)
    ]
    assert not mocking, "\n".join(mocking)


def test_no_banned_word_is_written_anywhere() -> None:
    hits = [
        f"{file.relative_to(ROOT)}:{number} {match.group()}"
        for file in project_files()
        for number, line in enumerate(_text(file).splitlines(), start=1)
        for match in BANNED_WORDS.finditer(line)
    ]
    assert not hits, "\n".join(hits)


@pytest.mark.parametrize("line", ["# TO" + "DO: later", "see https://py" + "pi.org/simple"])
def test_the_banned_words_are_recognised(line: str) -> None:
    assert BANNED_WORDS.search(line)


def test_nobody_turns_the_check_of_certificates_off() -> None:
    off = re.compile(r"\bverify=False|\bssl=False|CERT_NONE|check_hostname *= *False|_unverified_")
    hits = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in product_modules()
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if off.search(line)
    ]
    assert not hits, "\n".join(hits)


def test_importing_does_nothing() -> None:
    assert _probe(*_module_names()) == ""


def test_the_import_probe_sees_files_sockets_and_the_environment(tmp_path: Path) -> None:
    """Guards the guard: a probe that sees nothing would pass everything."""
    package = tmp_path / "bot"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "greedy.py").write_text(
        "import os, socket, sqlite3\n"
        "HOME = os.environ.get('HOME')\n"
        "PATH = os.getenv('PATH')\n"
        "socket.socket().close()\n"
        "sqlite3.connect(':memory:').close()\n"
        "open(os.devnull).close()\n"
    )
    seen = _probe("bot.greedy", root=tmp_path)
    for deed in ("variable HOME", "variable PATH", "socket.", "sqlite3.connect", "open"):
        assert deed in seen


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), filename=str(file))


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def _imported_words(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names.append(node.module or "")
    return {word for name in names for word in name.split(".")}


def _text(file: Path) -> str:
    """Return what the file says; a picture says nothing."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def _module_names() -> list[str]:
    files = [file.relative_to(ROOT) for file in product_modules()]
    # env.py is Alembic's script: it is run, not imported.
    modules = [file for file in files if file.parts[-2:] != ("migrations", "env.py")]
    return [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in modules]


def _probe(*modules: str, root: Path = ROOT) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.workshop.import_probe", str(root), *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
