"""The README's tables are made from the code; this keeps them so."""

import re
from pathlib import Path

from bot.domain.change import TABLE, State
from bot.settings import settings_table
from commands import COMMANDS

README = Path(__file__).parents[2] / "README.md"


def _part(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", README.read_text(), re.DOTALL)
    assert found, name
    return found[1]


def _name(state: State) -> str:
    return state.name.title().replace("_", "")


def diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> Proposed"]
    lines += [f"    {_name(state)} : {state.value}" for state in TABLE]
    lines += [
        f"    {_name(state)} --> {_name(after)} : {move.value}"
        for state, moves in TABLE.items()
        for move, after in moves.items()
    ]
    lines += [f"    {_name(state)} --> [*]" for state, moves in TABLE.items() if not moves]
    return "\n".join([*lines, "```"]) + "\n"


def test_the_state_diagram_is_the_table() -> None:
    assert _part("states") == diagram()


def test_every_command_is_in_the_table() -> None:
    rows = [f"| `{command.name}` | {command.summary} |" for command in COMMANDS]
    assert _part("commands") == "\n".join(["| command | says |", "| --- | --- |", *rows]) + "\n"


def test_the_settings_table_is_made_from_the_variables() -> None:
    assert _part("settings") == settings_table()


def test_every_picture_is_there() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README.read_text())
    assert shown
    assert [name for name in shown if not (README.parent / name).is_file()] == []
