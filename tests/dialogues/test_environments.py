"""Two environments in one bot: each with its channels, its rules and its defaults."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dialogues.stage import CHANNEL, Mode, Stage

ANN, BOB, CARL = "U0ANN", "U0BOB", "U0CARL"
POLICY = """
[environments.prod]
channels = ["C0DB"]
approvers = ["S0ONCALL"]
wave_size = 1
soak = "5m"
notify = ["C0NEWS"]

[environments.staging]
channels = ["C0PAY"]
requesters = ["U0ANN"]
"""


@pytest.fixture
async def stage(tmp_path: Path, mode: Mode) -> AsyncIterator[Stage]:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    stage = await Stage.open(tmp_path, mode, TAURUS_CONFIG=str(policy), TAURUS_NOTIFY="")
    yield stage
    await stage.close()


async def test_a_channel_speaks_of_its_environment_and_its_rules(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 orders-prod-02")
    await stage.until_state("Proposed")
    assert "2 databases of prod" in stage.card["text"]
    await stage.presses(ANN, "change.approve")
    await stage.until_whispered(ANN, "your own approval does not count")
    await stage.presses(BOB, "change.approve")
    taurus = stage.world.taurus
    await stage.until(lambda: len(taurus.submissions("orders-prod-01")) == 1)
    await stage.until(lambda: any("orders-prod-01: succ" in line for line in stage.thread))
    assert taurus.submissions("orders-prod-02") == []
    stage.passes(minutes=5)
    await stage.until_state("Succeeded")
    await stage.until(lambda: any("CHG-1 is over" in text for text in stage.notices))


async def test_another_environment_is_refused_where_it_has_no_business(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --env staging")
    await stage.until_whispered(ANN, "cannot be changed from this channel")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --env stagin")
    await stage.until_whispered(ANN, "Did you mean staging?")
    assert stage.cards == []


async def test_the_line_may_ask_for_other_waves(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 orders-prod-02 --waves 2 --soak 0s")
    await stage.until_state("Proposed")
    await stage.presses(BOB, "change.approve")
    await stage.until_state("Succeeded")
    assert len([line for line in stage.thread if "TaurusDB answered" in line]) == 1


async def test_help_tells_what_one_may_do_where(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-help")
    await stage.until_whispered(ANN, "What you can say here")
    shown = str(stage.world.slack.ephemerals(ANN, "C0DB"))
    assert "prod: you may request here." in shown
    assert "staging cannot be changed from this channel" in shown
    assert "staging: you may" not in shown
    assert "prod: you may declare a freeze here." in shown


async def test_an_environment_is_read_in_its_own_channels_or_alone(stage: Stage) -> None:
    slack = stage.world.slack
    for line in ("/taurus-fleet --env staging", "/taurus-freeze list"):
        await stage.says(BOB, line)
    await stage.until_whispered(BOB, "This channel does not speak of staging")
    await stage.until(lambda: "changes may start now" in str(slack.ephemerals(BOB, CHANNEL)))
    assert "staging:" not in str(slack.ephemerals(BOB, CHANNEL))
    stage.writes(CARL, "fleet --env staging")
    await stage.until_direct(CARL, "Here only those who may ask for changes of staging")
    stage.writes(ANN, "fleet --env staging")
    await stage.until_direct(ANN, "orders-prod-01")


async def test_a_change_is_read_where_its_environment_is(stage: Stage) -> None:
    slack = stage.world.slack
    await slack.command(ANN, "C0PAY", "/taurus-upgrade orders-prod-01 --reason quietly")
    await stage.until(lambda: "CHG-1 · Proposed" in str(slack.messages("C0PAY")))
    for line in ("show CHG-1", "history CHG-1"):
        await stage.says(BOB, f"/taurus-change {line}")
    await stage.until(
        lambda: sum("does not speak of staging" in one for one in stage.whispers(BOB)) == 2
    )
    await stage.says(BOB, "/taurus-change list")
    await stage.until_whispered(BOB, "There is no such change")
    await stage.says(BOB, "/taurus-change history")
    await stage.until(lambda: len(stage.whispers(BOB)) == 4)
    shown = str(slack.ephemerals(BOB, CHANNEL))
    assert "1 change of another environment is not shown here" in shown
    assert "quietly" not in shown
    stage.writes(ANN, "change show CHG-1")
    await stage.until_direct(ANN, "CHG-1 · Proposed")
