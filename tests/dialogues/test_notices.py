"""Those who only watch, and those whose databases are touched: what they hear and may do."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack import NOTICES
from tests.dialogues.stage import Stage

ANN, BOB, CARL = "U0ANN", "U0BOB", "U0CARL"
PAY = "C0PAY"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Bob or dana approve in #db-changes; #payments subscribes to the databases of its team."""
    stage = await Stage.open(
        tmp_path,
        TAURUS_APPROVERS="S0ONCALL",
        TAURUS_REQUESTERS=ANN,
        TAURUS_CHANNELS="C0DB",
        TAURUS_NOTIFY=f"{NOTICES}, tag:team=money -> {PAY}",
    )
    yield stage
    await stage.close()


def told(stage: Stage, channel: str) -> list[dict[str, Any]]:
    """What the bot said in a channel, without threads that nobody was asked into."""
    return stage.world.slack.messages(channel)


def ahead(stage: Stage) -> list[dict[str, Any]]:
    return [one for one in told(stage, NOTICES) if "CHG-1 starts in" in one["text"]]


async def scheduled(stage: Stage, line: str) -> None:
    await stage.says(ANN, line)
    await stage.until_state("Proposed")
    await stage.presses(BOB, "change.approve")
    await stage.until_state("Scheduled")


async def test_owners_hear_of_their_databases_and_take_them_out(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-02")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.cancel")
    await stage.until_state("Cancelled")
    await scheduled(stage, "/taurus-upgrade orders-prod-01 payments-prod-01 --at +2h")
    await stage.until(lambda: "change.take_out" in str(told(stage, PAY)))
    (notice,) = told(stage, PAY)
    assert notice["text"].startswith("CHG-2 · Scheduled")
    assert "payments-prod-01" in str(notice)
    assert "orders-prod" not in str(notice)
    answer = await stage.world.slack.click(CARL, PAY, notice["ts"], "change.take_out")
    assert answer["ok"], answer
    out = "<@U0CARL> took 1 instance out (payments-prod-01)"
    await stage.until(lambda: any(out in line for line in stage.thread))
    await stage.until(lambda: "taken out" in stage.shown)
    await stage.until(lambda: "change.take_out" not in str(told(stage, PAY)[0]))
    assert " · Scheduled · upgrade 1 database " in stage.card["text"]
    stage.passes(hours=2)
    await stage.until_state("Succeeded")
    taurus = stage.world.taurus
    assert taurus.submissions("payments-prod-01") == []
    assert len(taurus.submissions("orders-prod-01")) == 1
    await stage.until(lambda: any("CHG-2 is over" in text for text in stage.notices))
    assert any("CHG-2 has started" in text for text in stage.notices)
    assert not any("is over" in one["text"] for one in told(stage, PAY))


async def test_a_start_is_announced_once_and_held(stage: Stage) -> None:
    await scheduled(stage, "/taurus-upgrade payments-prod-01 --at +2h")
    stage.passes(minutes=106)
    await stage.until(lambda: bool(ahead(stage)))
    await stage.leave()
    await stage.enter()
    (line,) = ahead(stage)
    click = stage.world.slack.click
    assert (await click(CARL, NOTICES, line["ts"], "change.hold"))["ok"]
    heard = stage.world.slack.ephemerals
    await stage.until(lambda: "who asked for it, and the app" in str(heard(CARL, NOTICES)))
    assert " · Scheduled · " in stage.card["text"]
    await stage.until(lambda: any("starts in" in one["text"] for one in told(stage, PAY)))
    mine = next(one for one in told(stage, PAY) if "starts in" in one["text"])
    assert (await click(CARL, PAY, mine["ts"], "change.hold"))["ok"]
    await stage.until_state("Proposed")
    assert "<@U0CARL> held it." in stage.shown
    await stage.until(lambda: any("<@U0CARL> held it" in text for text in stage.notices))
    on = "or <@U0ANN> moves it to another time"
    await stage.until(lambda: any(on in line for line in stage.thread))
    stage.passes(minutes=20)
    await stage.until(lambda: any("has passed without approval" in one for one in stage.thread))
    assert stage.world.taurus.submissions("payments-prod-01") == []
    assert len(ahead(stage)) == 1
    # The button is still there to be pressed; it does nothing any more.
    assert (await click(CARL, PAY, mine["ts"], "change.hold"))["ok"]
    await stage.until(lambda: "CHG-1 is Proposed by now" in str(heard(CARL, PAY)))


async def test_lines_do_the_same_as_the_buttons(stage: Stage) -> None:
    await scheduled(stage, "/taurus-upgrade payments-prod-01 --at +2h")
    await stage.says(CARL, "/taurus-change take-out CHG-1")
    await stage.until_whispered(CARL, "None of these databases belongs to this channel")
    await stage.says(ANN, '/taurus-change hold CHG-1 --reason "month end"')
    await stage.until_whispered(ANN, "CHG-1 is Proposed now")
    await stage.until(lambda: "held it: month end" in stage.shown)
    answer = await stage.world.slack.command(CARL, PAY, "/taurus-change take-out CHG-1")
    assert answer["ok"], answer
    await stage.until_state("Cancelled")
