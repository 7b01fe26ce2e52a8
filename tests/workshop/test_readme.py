"""The README's tables are made from the code; this keeps them so."""

import re
from pathlib import Path

from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase

from bot.domain.change import TABLE, State
from bot.settings import settings_table
from bot.telemetry import Metrics
from commands import COMMANDS

README = Path(__file__).parents[2] / "README.md"
RUNNING = README.parent / "bot" / "README.md"
METRICS = [one for one in vars(Metrics()).values() if isinstance(one, MetricWrapperBase)]


def _part(name: str, page: Path = README) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", page.read_text(), re.DOTALL)
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


def metrics_table() -> str:
    """Every metric of ours, with its labels, as its definition has them."""
    rows = ["| metric | labels | meaning |", "| --- | --- | --- |"]
    for one in METRICS:
        name = one._name + ("_total" if isinstance(one, Counter) else "")  # noqa: SLF001
        labels = ", ".join(f"`{label}`" for label in one._labelnames)  # noqa: SLF001
        rows.append(f"| `{name}` | {labels} | {one._documentation} |")  # noqa: SLF001
    return "\n".join(rows) + "\n"


def test_the_metrics_table_is_made_from_the_metrics() -> None:
    assert _part("metrics", RUNNING) == metrics_table()


def test_the_alerts_look_at_metrics_that_there_are() -> None:
    text = RUNNING.read_text()
    asked = set(re.findall(r"\b(taurus_[a-z_]+)[{\[]", text))
    assert len(asked) > 5
    known = {row.split("`")[1] for row in metrics_table().splitlines()[2:]}
    assert {name.removesuffix("_bucket") for name in asked} - known == set()


def test_every_threat_has_its_defence_and_a_test_that_there_is() -> None:
    _, _, *rows = _part("threats", RUNNING).splitlines()
    assert len(rows) > 30
    for row in rows:
        threat, defence, test = (cell.strip() for cell in row.strip("|").split("|"))
        assert threat
        assert defence
        file, _, name = test.strip("`").partition("::")
        assert re.search(
            rf"^(async )?def {name}\(", (README.parent / file).read_text(), re.MULTILINE
        ), test


def test_every_picture_is_there() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README.read_text())
    assert shown
    assert [name for name in shown if not (README.parent / name).is_file()] == []


def test_what_survives_what_names_tests_that_are_there() -> None:
    text = README.read_text()
    section = text[text.index("## What survives what") :].split("\n## ")[0]
    rows = [row for row in section.splitlines() if row.startswith("| ")][2:]
    assert len(rows) > 30
    for row in rows:
        named = re.search(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, row
        source = (README.parent / named[1]).read_text()
        assert re.search(rf"^(async )?def {named[2]}\(", source, re.MULTILINE), row
