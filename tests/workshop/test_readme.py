"""The README's tables are made from the code; this keeps them so."""

import re
from pathlib import Path

from bot.domain.change import TABLE, State
from bot.settings import read_settings
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


def test_every_variable_that_is_read_is_in_the_settings_table() -> None:
    asked: set[str] = set()

    class Spy(dict[str, str]):
        def get(self, name: str, default: object = None) -> str:
            asked.add(name)
            return {
                "SLACK_BOT_TOKEN": "xoxb-1",
                "SLACK_APP_TOKEN": "xapp-1",
                "TAURUS_REGION": "cn-north-4",
                "HUAWEICLOUD_SDK_AK": "a",
                "HUAWEICLOUD_SDK_SK": "s",
            }.get(name, str(default or ""))

    read_settings(Spy())
    text = README.read_text()
    unsupported = {"TAURUS_CONFIG", "TAURUS_NOTIFY"}
    assert {name for name in asked - unsupported if f"`{name}`" not in text} == set()
