"""The fleet: how far it is behind, page by page, and from there to a planned upgrade."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack import NOTICES
from tests.dialogues.stage import CHANNEL, Stage

ANN = "U0ANN"


POLICY = """
[environments.default]
channels = ["C0DB"]
notify = ["C0NEWS"]
digest = "Tue 10:00 UTC"
"""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage.open(tmp_path)
    yield stage
    await stage.close()


def lists(stage: Stage) -> list[dict[str, Any]]:
    return stage.world.slack.ephemerals(ANN, CHANNEL)


async def until_list(stage: Stage, part: str) -> None:
    await stage.until(lambda: bool(lists(stage)) and part in str(lists(stage)[-1]))


async def presses(stage: Stage, action: str) -> None:
    answer = await stage.world.slack.click(ANN, CHANNEL, lists(stage)[-1]["ts"], action)
    assert answer["ok"], answer


async def test_a_long_fleet_is_turned_page_by_page_in_its_place(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-fleet")
    await until_list(stage, "1 to 20 of 27")
    first = str(lists(stage)[-1])
    assert "27 databases in default" in first
    assert "users-staging-01" not in first
    assert "fleet.previous" not in first
    await presses(stage, "fleet.next")
    await until_list(stage, "21 to 27 of 27")
    (second,) = lists(stage)
    assert "users-staging-01" in str(second)
    assert "fleet.next" not in str(second)
    await presses(stage, "fleet.previous")
    await until_list(stage, "1 to 20 of 27")
    assert len(lists(stage)) == 1
    await stage.says(ANN, "/taurus-fleet --page 2")
    await until_list(stage, "21 to 27 of 27")


async def test_the_draft_for_those_behind_goes_ring_by_ring(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[environments.default]\nrings = ["ring=0", "ring=1"]\n')
    stage = await Stage.open(tmp_path, TAURUS_CONFIG=str(policy), TAURUS_NOTIFY="")
    try:
        await stage.says(ANN, "/taurus-fleet orders-* --behind")
        await until_list(stage, "Plan their upgrade")
        await presses(stage, "upgrade.draft")
        await stage.until_form(ANN, "databases would be upgraded")
        assert (await stage.sends(ANN))["ok"]
        await stage.until_state("Proposed")
        shown = stage.shown
        assert "Wave 1 (ring=0): 1 database." in shown
        assert "Wave 2 (ring=1): 1 database." in shown
        assert "Wave 3: 3 databases." in shown
        assert "orders-prod-04" not in shown
    finally:
        await stage.close()


async def test_those_behind_are_summed_up_and_planned_with_one_click(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-fleet payments-* orders-* --behind")
    await until_list(stage, "Plan their upgrade")
    shown = str(lists(stage)[-1])
    assert "10 databases in default" in shown
    assert "*10 of 11 databases could be upgraded.*" in shown
    assert "`2.0.63.250300`  3 databases, 3 behind, 9 months older than the newest" in shown
    assert "6 direct, 4 in two phases, 0 in several rounds" in shown
    assert "orders-prod-04" not in shown
    await presses(stage, "upgrade.draft")
    await stage.until_form(ANN, "databases would be upgraded")
    assert "behind:payments-*" in str(stage.form(ANN))
    assert (await stage.sends(ANN, waves="1,rest"))["ok"]
    await stage.until_state("Proposed")
    assert "orders-prod-04" not in stage.shown
    assert "orders-dev-01" in stage.shown


@pytest.fixture
async def weekly_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Tuesdays at ten those who watch are told what is behind; it is nine."""
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    stage = await Stage.open(
        tmp_path, may_look_back=True, TAURUS_CONFIG=str(policy), TAURUS_NOTIFY=""
    )
    yield stage
    await stage.close()


async def test_a_digest_that_was_missed_is_posted_once_and_leads_to_a_plan(
    weekly_stage: Stage,
) -> None:
    stage, slack = weekly_stage, weekly_stage.world.slack
    await stage.leave()
    stage.passes(days=1)
    # Its answer is lost, so it is looked for before it is posted again.
    slack.faults.next_calls("chat.postMessage", "drop_answer")
    await stage.enter()
    await stage.until(lambda: any("could be upgraded" in text for text in stage.notices))
    stage.passes(hours=2)
    await stage.until(lambda: any(one.method == "conversations.history" for one in slack.calls))
    await stage.leave()
    await stage.enter()
    (digest,) = slack.messages(NOTICES)
    assert digest["text"] == "23 of 27 databases in default could be upgraded."
    answer = await slack.click(ANN, NOTICES, digest["ts"], "upgrade.draft")
    assert answer["ok"], answer
    await stage.until_form(ANN, "databases would be upgraded")
    assert "behind:*" in str(stage.form(ANN))
    assert (await stage.sends(ANN, channel=CHANNEL))["ok"]
    await stage.until_state("Proposed")
    assert "cannot be upgraded now and are left out" in stage.shown
    stage.passes(days=7)
    await stage.until(lambda: stage.notices.count(digest["text"]) == 2)


async def test_a_change_of_a_whole_fleet_asks_the_cloud_no_more_than_it_must(
    tmp_path: Path,
) -> None:
    stage = await Stage.open(tmp_path, fleet=200)
    in_flight, most = 0, 0

    async def watch(_operation: str, moment: str) -> None:
        nonlocal in_flight, most
        in_flight += 1 if moment == "before" else -1
        most = max(most, in_flight)
        await asyncio.sleep(0)

    stage.world.taurus.on_request = watch
    await stage.says(ANN, "/taurus-upgrade behind:*")
    await stage.until_state("Proposed")
    calls = Counter(one.operation for one in stage.world.taurus.requests)
    assert "150 databases" in stage.card["text"]
    assert (calls["list_instances"], calls["list_instances_v3"]) == (2, 2)
    assert calls["instance_details"] == 200 / 20
    assert calls["database_version"] == 200
    assert most <= 8
    assert len(stage.shown) < 13_200
    await stage.close()
