"""Freezes and change windows: what they stop, what they say, and how to go past them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.calendars.host import calendar, hosted
from tests.dialogues.stage import MORNING, Stage

ANN, BOB, CARL, DANA = "U0ANN", "U0BOB", "U0CARL", "U0DANA"
POLICY = """
[environments.prod]
channels = ["C0DB"]
requesters = ["U0ANN"]
approvers = ["S0ONCALL"]
notify = ["C0NEWS"]
{more}
"""


async def opened(folder: Path, more: str = "", freezes: str = "") -> Stage:
    policy = folder / "policy.toml"
    policy.write_text(POLICY.format(more=more) + freezes)
    return await Stage.open(folder, TAURUS_CONFIG=str(policy), TAURUS_NOTIFY="")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await opened(tmp_path)
    yield stage
    await stage.close()


def submissions(stage: Stage, name: str) -> int:
    return len(stage.world.taurus.submissions(name))


async def test_a_freeze_stops_requests_and_names_its_reason_and_the_next_open_time(
    stage: Stage,
) -> None:
    await stage.says(ANN, '/taurus-freeze add --until +4h --reason "quarter end"')
    await stage.until_whispered(ANN, "FRZ-1 holds")
    await stage.until(lambda: any("froze prod" in text for text in stage.notices))
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_whispered(ANN, "The next open time begins")
    assert any("quarter end" in text for text in stage.whispers(ANN))
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +2h")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --in-window")
    await stage.until(lambda: sum("FRZ-1 holds until" in one for one in stage.whispers(ANN)) == 3)
    assert not any("CHG-" in text for text in stage.notices)
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +5h")
    await stage.until_state("Proposed")


async def test_a_freeze_that_comes_later_voids_what_was_scheduled(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(BOB, "change.approve")
    await stage.until_state("Scheduled")
    await stage.says(DANA, "/taurus-freeze add --from +2h --until +6h --reason incident")
    await stage.until_whispered(DANA, "FRZ-1 holds")
    stage.passes(hours=3)
    await stage.until_state("Proposed")
    assert "FRZ-1 holds until" in stage.shown
    assert "The next open time begins" in stage.shown
    assert submissions(stage, "orders-prod-01") == 0


async def test_a_freeze_halts_what_runs_before_its_next_batch(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1 --soak 10m")
    await stage.until_state("Proposed")
    await stage.presses(BOB, "change.approve")
    await stage.until(lambda: any("orders-prod-01: succ" in line for line in stage.thread))
    await stage.says(DANA, "/taurus-freeze add --until +2h --reason incident")
    await stage.until_whispered(DANA, "FRZ-1 holds")
    stage.passes(minutes=10)
    await stage.until_state("Halted")
    assert "incident" in stage.shown
    await stage.presses(BOB, "change.resume")
    await stage.until_whispered(BOB, "FRZ-1 holds until")
    await stage.says(DANA, "/taurus-freeze lift FRZ-1")
    await stage.until_whispered(DANA, "FRZ-1 is lifted")
    await stage.presses(BOB, "change.resume")
    await stage.until_state("Succeeded")
    assert submissions(stage, "orders-prod-02") == 1


async def test_breaking_the_glass_needs_a_reason_and_one_more_approver_and_is_loud(
    stage: Stage,
) -> None:
    await stage.says(ANN, '/taurus-freeze add --until +4h --reason "quarter end"')
    await stage.until_whispered(ANN, "FRZ-1 holds")
    await stage.says(ANN, '/taurus-upgrade orders-prod-01 --break-glass "CVE-2026-1 is exploited"')
    await stage.until_state("Proposed")
    assert "0 of 2 approvals" in stage.shown
    await stage.until(lambda: any("BREAK GLASS" in text for text in stage.notices))
    await stage.presses(BOB, "change.approve")
    await stage.until(lambda: "1 of 2 approvals" in stage.shown)
    assert submissions(stage, "orders-prod-01") == 0
    await stage.presses(DANA, "change.approve")
    await stage.until_state("Succeeded")


async def test_a_later_freeze_holds_against_broken_glass(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-freeze add --until +4h --reason peak")
    await stage.until_whispered(ANN, "FRZ-1 holds")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +2h --break-glass urgent")
    await stage.until_state("Proposed")
    card = stage.card["ts"]
    await stage.presses(BOB, "change.approve")
    await stage.presses(DANA, "change.approve")
    await stage.until_state("Scheduled")
    await stage.says(DANA, '/taurus-freeze add --until +4h --reason "stop everything"')
    await stage.until_whispered(DANA, "CHG-1 is planned for")
    stage.passes(hours=2)

    def shown() -> str:
        return next(str(one) for one in stage.cards if one["ts"] == card)

    await stage.until(lambda: " · Proposed · " in shown() and "stop everything" in shown())
    assert submissions(stage, "orders-prod-01") == 0


async def test_glass_is_broken_only_where_there_is_some(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --break-glass urgent")
    await stage.until_whispered(ANN, "leave --break-glass out")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --break-glass urgent --in-window")
    await stage.until_whispered(ANN, "exclude each other")
    assert stage.cards == []


async def test_what_taurusdb_holds_for_its_windows_is_pointed_out(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --in-window")
    await stage.until_state("Proposed")
    await stage.presses(BOB, "change.approve")
    await stage.until(lambda: "waiting for its window" in stage.shown)
    await stage.says(ANN, "/taurus-freeze add --from +1m --until +2d --reason audit")
    await stage.until_whispered(ANN, "which a freeze does not stop")
    # Its maintenance window comes within the freeze.
    await stage.says(ANN, "/taurus-upgrade orders-prod-02 --in-window")
    await stage.until_whispered(ANN, "FRZ-1 holds until")


def window(begins: timedelta, lasts: timedelta) -> str:
    start = MORNING + begins
    return f"{start:%Y-%m-%d %H:%M} - {start + lasts:%Y-%m-%d %H:%M} UTC"


async def test_outside_of_its_windows_nothing_begins(tmp_path: Path) -> None:
    opens = window(timedelta(hours=5), timedelta(hours=3))
    stage = await opened(tmp_path, f'windows = ["{opens}"]')
    try:
        await stage.says(ANN, "/taurus-upgrade orders-prod-01")
        await stage.until_whispered(ANN, "may only start in its change windows")
        assert "The next open time begins" in stage.whispers(ANN)[0]
        await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +6h")
        await stage.until_state("Proposed")
        await stage.presses(BOB, "change.approve")
        await stage.until_state("Scheduled")
        await stage.says(ANN, "/taurus-change reschedule CHG-1 --at +9h")
        await stage.until(lambda: "may only start" in stage.whispers(ANN)[-1])
        stage.passes(hours=6)
        await stage.until_state("Succeeded")
    finally:
        await stage.close()


async def test_what_runs_waits_for_its_next_window(tmp_path: Path) -> None:
    first = window(timedelta(hours=-1), timedelta(hours=2))
    second = window(timedelta(hours=24), timedelta(hours=3))
    more = f'windows = ["{first}", "{second}"]\nsoak = "2h"\nwave_size = 1'
    stage = await opened(tmp_path, more)
    try:
        await stage.says(ANN, "/taurus-upgrade orders-prod-01 orders-prod-02")
        await stage.until_state("Proposed")
        await stage.presses(BOB, "change.approve")
        await stage.until(lambda: any("orders-prod-01: succ" in line for line in stage.thread))
        stage.passes(hours=3)
        await stage.until(lambda: "may only start in its change windows" in stage.shown)
        assert " · Running · " in stage.card["text"]
        assert submissions(stage, "orders-prod-02") == 0
        stage.passes(hours=22)
        await stage.until_state("Succeeded")
        assert "change windows" not in stage.shown
    finally:
        await stage.close()


async def test_freezes_of_the_policy_file_come_again(tmp_path: Path) -> None:
    freezes = '[[freezes]]\nwhen = "daily 00:00-24:00 UTC"\nreason = "never on a day"\n'
    stage = await opened(tmp_path, freezes=freezes)
    try:
        await stage.says(ANN, "/taurus-upgrade orders-prod-01")
        await stage.until_whispered(ANN, "never on a day")
        await stage.says(CARL, "/taurus-freeze")
        await stage.until_whispered(CARL, "Freezes and change windows")
        shown = str(stage.world.slack.ephemerals(CARL, "C0DB"))
        assert "no open time is known" in shown
    finally:
        await stage.close()


async def test_a_freeze_of_a_calendar_stops_a_scheduled_start(tmp_path: Path) -> None:
    async with hosted(calendar()) as host:
        freezes = f'[[calendars]]\nname = "sales"\nurl = "{host.url}"\n'
        stage = await opened(tmp_path, freezes=freezes)
        try:
            await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
            await stage.until_state("Proposed")
            await stage.presses(BOB, "change.approve")
            await stage.until_state("Scheduled")
            begins = stage.world.clock.now() + timedelta(hours=2)
            host.text = calendar(f"DTSTART:{begins:%Y%m%dT%H%M%SZ}|DURATION:PT4H|SUMMARY:Sale")
            asked = len(host.asked)
            stage.passes(minutes=5)
            await stage.until(lambda: len(host.asked) > asked)
            await stage.says(CARL, "/taurus-freeze")
            await stage.until_whispered(CARL, "Freezes and change windows")
            assert "sales from" in str(stage.world.slack.ephemerals(CARL, "C0DB"))
            stage.passes(hours=3)
            await stage.until_state("Proposed")
            assert "A freeze of the calendar sales holds until" in stage.shown
            assert "The next open time begins" in stage.shown
            assert submissions(stage, "orders-prod-01") == 0
        finally:
            await stage.close()


async def test_mistakes_of_a_freeze_are_told_at_once(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-freeze add --from +4h --until +2h --env prd")
    await stage.until_whispered(ANN, "It ends before it begins")
    (told,) = stage.whispers(ANN)
    assert "Say why" in told
    assert "Did you mean prod?" in told
    for line, part in (
        ("add --until +2h --reason quarter end", "end is too much"),
        ("lift", "Name the freeze"),
        ("lift FRZ-9", "There is no FRZ-9 that still holds"),
        ("ad --until +2h", "Did you mean add?"),
        ("help", "Declare times"),
    ):
        await stage.says(ANN, f"/taurus-freeze {line}")
        await stage.until_whispered(ANN, part)


async def test_only_those_who_may_declare_or_lift(stage: Stage) -> None:
    await stage.says(CARL, "/taurus-freeze add --until +2h --reason no")
    await stage.until_whispered(CARL, "Only those who may ask for changes of prod or approve")
    await stage.says(DANA, "/taurus-freeze add --until +2h --reason incident")
    await stage.until_whispered(DANA, "FRZ-1 holds")
    await stage.says(ANN, "/taurus-freeze lift 1")
    await stage.until_whispered(ANN, "not among the approvers")
    await stage.says(BOB, "/taurus-freeze lift FRZ-1")
    await stage.until_whispered(BOB, "FRZ-1 is lifted")


async def test_freezes_are_in_the_record(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-freeze add --until +2h --reason audit")
    await stage.until_whispered(ANN, "FRZ-1 holds")
    await stage.says(ANN, "/taurus-freeze lift FRZ-1")
    await stage.until_whispered(ANN, "FRZ-1 is lifted")
    assert stage.app is not None
    entries = await stage.app.changes.story()
    assert [entry.record.kind for entry in entries] == ["freeze", "lift"]
    for entry in entries:
        assert entry.record.data.pop("delivery").startswith("call:")
        assert entry.record.data == {
            "channel": "C0DB",
            "environment": "prod",
            "freeze": "FRZ-1",
        }
    assert await stage.app.changes.verify() is None
