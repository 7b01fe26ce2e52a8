"""The report at the end of a change: a table in the thread, or a file when it is long."""

from pathlib import Path
from typing import Any

from tests.dialogues.stage import CHANNEL, Stage

ANN = "U0ANN"


def replies(stage: Stage) -> list[dict[str, Any]]:
    return list(stage.world.slack.thread(CHANNEL, stage.card["ts"]))


def tables(stage: Stage) -> list[dict[str, Any]]:
    return [
        block
        for reply in replies(stage)
        for block in reply.get("blocks", ())
        if block["type"] == "table"
    ]


async def upgraded(stage: Stage, line: str) -> None:
    await stage.says(ANN, line)
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")


async def test_the_report_tells_every_instance_from_before_to_after(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path)
    try:
        await upgraded(stage, "/taurus-upgrade orders-prod-01 reports-dev-01")
        await stage.until_state("Partly failed")
        await stage.until(lambda: bool(tables(stage)))
        (table,) = tables(stage)
        heads, first, second = ([cell["text"] for cell in row] for row in table["rows"])
        assert heads[:4] == ["Instance", "Before", "After", "State"]
        assert first[:4] == ["orders-prod-01", "2.0.63.250300", "2.0.72.251200", "succeeded"]
        assert first[4].endswith((" s", " min"))
        assert first[5] == "2"
        assert second[3] == "failed"
        assert "The upgrade failed" in second[6]
    finally:
        await stage.close()


async def test_a_workspace_with_newer_blocks_sees_waves_as_a_plan_and_the_report_to_sort(
    tmp_path: Path,
) -> None:
    stage = await Stage.open(tmp_path, SLACK_NEW_BLOCKS="true")
    try:
        await upgraded(stage, "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1")
        await stage.until_state("Succeeded")
        (plan,) = [block for block in stage.card["blocks"] if block["type"] == "plan"]
        assert [task["status"] for task in plan["tasks"]] == ["complete"]
        assert "2 databases, 2 proven" in plan["tasks"][0]["title"]
        await stage.until(lambda: any("data_table" in str(reply) for reply in replies(stage)))
        assert tables(stage) == []
    finally:
        await stage.close()


async def test_a_change_that_sent_nothing_has_no_report(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path)
    try:
        await stage.says(ANN, "/taurus-upgrade orders-prod-01")
        await stage.until_state("Proposed")
        await stage.presses(ANN, "change.cancel")
        await stage.until(lambda: any("is over: Cancelled" in line for line in stage.thread))
        assert tables(stage) == []
    finally:
        await stage.close()


async def test_a_long_report_is_a_file(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path, fleet=60)
    try:
        await upgraded(stage, "/taurus-upgrade *-*")
        await stage.until_state("Succeeded")
        files = await stage.world.slack.wait_for(
            lambda: [file for reply in replies(stage) for file in reply.get("files", ())], 30
        )
        assert [file["name"] for file in files] == ["CHG-1.csv"]
        lines = files[0]["preview"].splitlines()
        assert lines[0].startswith("change,wave,name,instance_id,kernel_before,kernel_after")
        assert len(lines) == 46
        assert tables(stage) == []
    finally:
        await stage.close()
