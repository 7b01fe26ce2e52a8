"""What `pip install .` would put on a platform."""

import tomllib
from pathlib import Path

from tests.workshop.checkout import ROOT, project_files


def test_every_file_the_bot_reads_is_packaged() -> None:
    bot = ROOT / "bot"
    packaged = {file for pattern in _data_patterns() for file in bot.glob(pattern)}
    read = {file for file in project_files() if file.is_relative_to(bot) and file.suffix != ".py"}
    assert read - packaged == set()


def test_a_platform_is_told_how_to_migrate_and_run() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    assert lines == ["release: python -m bot migrate", "web: python -m bot run"]


def test_the_changelog_tells_of_the_next_release() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = Path(ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in changelog
    assert version in changelog


def _data_patterns() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns: list[str] = project["tool"]["setuptools"]["package-data"]["bot"]
    return patterns
