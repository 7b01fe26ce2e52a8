"""Which files are the project's own."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]

# What the rules of the house allow at the top. Everything else finds its place below.
TOP_FILES = frozenset(
    {
        ".gitattributes",
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "Procfile",
        "README.md",
        "pyproject.toml",
        "requirements.txt",
    }
)
TOP_FOLDERS = frozenset({".ci", "bot", "commands", "tests"})


def ignored(name: str) -> bool:
    """Tell whether .gitignore names this file or folder, by its plain patterns."""
    lines = (ROOT / ".gitignore").read_text().splitlines()
    patterns = [line.rstrip("/") for line in lines if line and not line.startswith("#")]
    return any(fnmatch(name, pattern) for pattern in patterns)


def project_files() -> Iterator[Path]:
    """Yield every file that is the project's, wherever it lies."""
    yield from (ROOT / name for name in sorted(TOP_FILES) if (ROOT / name).exists())
    for name in sorted(TOP_FOLDERS):
        yield from _files_below(ROOT / name)


def product_modules() -> list[Path]:
    """List the Python files of bot/ and commands/."""
    folders = (ROOT / "bot", ROOT / "commands")
    return [file for folder in folders for file in _files_below(folder) if file.suffix == ".py"]


def _files_below(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if ignored(entry.name):
            continue
        if entry.is_dir():
            yield from _files_below(entry)
        else:
            yield entry
