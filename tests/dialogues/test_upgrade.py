"""The main story, as people live it."""

import asyncio
from pathlib import Path

from bot.sandbox.taurus import Condition
from tests.dialogues.stage import CHANNEL, Mode, Stage

ANN, BOB, CARL = "U0ANN", "U0BOB", "U0CARL"


def submissions(stage: Stage, name: str) -> int:
    return len(stage.world.taurus.submissions(name))


async def test_an_upgrade_is_planned_confirmed_answered_and_proven(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --reason patch")
    await stage.until_state("Proposed")
    assert submissions(stage, "orders-prod-01") == 0
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Succeeded")
    await stage.until(lambda: any("is over" in line for line in stage.thread))
    assert submissions(stage, "orders-prod-01") == 1
    assert any("success" in line for line in stage.thread)
    assert len(stage.cards) == 1


async def test_every_mistake_of_a_line_is_told_to_the_asker_alone(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade --att 3 --soak x --at 25:99 —waves a,b")
    await stage.until_whispered(ANN, "Did you mean --at?")
    (told,) = stage.whispers(ANN)
    for part in ("25:99", "a,b is not a list"):
        assert part in told
    assert stage.cards == []


async def test_mistakes_of_the_line_and_of_what_it_names_come_in_one_answer(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade order-prod-01 nosuch-* --soak x")
    await stage.until_whispered(ANN, "x is not a duration")
    (told,) = stage.whispers(ANN)
    for part in ("Did you mean orders-prod-01?", "matches no instance", "Usage:"):
        assert part in str(stage.world.slack.ephemerals(ANN, CHANNEL)) + told


async def test_a_mistake_about_a_verb_shows_how_that_verb_is_used(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-change reschedule CHG-12")
    await stage.until_whispered(ANN, "Say when: /taurus-change reschedule CHG-12 --at")
    (drawn,) = stage.world.slack.ephemerals(ANN, CHANNEL)
    assert "reschedule ID --at TIME" in str(drawn["blocks"])
    assert "resume ID" not in str(drawn["blocks"])
    await stage.says(ANN, "/taurus-change approve CHG-12")
    await stage.until_whispered(ANN, "approve with the button on the card")
    await stage.says(ANN, "/taurus-change xyzzy")
    await stage.until_whispered(ANN, "The verbs are: list, show, reject")


async def test_a_reason_that_does_not_fit_is_told_and_not_cut(stage: Stage) -> None:
    await stage.says(ANN, f"/taurus-upgrade orders-prod-01 --reason {'x' * 301}")
    await stage.until_whispered(ANN, "301 characters; 300 fit")
    assert stage.cards == []


async def test_what_does_not_exist_or_cannot_be_upgraded_is_listed_at_once(stage: Stage) -> None:
    sister = "a" * 32 + "in01"
    await stage.says(ANN, f"/taurus-upgrade nosuch-* {sister} order-prod-01 abc{'1' * 40}")
    await stage.until_whispered(ANN, "RDS for MySQL")
    (told,) = stage.whispers(ANN)
    for part in ("matches no instance", "Did you mean", "is not an instance id"):
        assert part in told
    assert stage.cards == []


async def test_a_dry_run_stores_nothing(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --dry-run")
    await stage.until_whispered(ANN, "Dry run")
    told = str(stage.world.slack.ephemerals(ANN, CHANNEL)[-1])
    assert "It takes no approval but your own confirmation." in told
    assert stage.cards == []


async def test_a_scheduled_change_waits_for_its_time(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")
    assert submissions(stage, "orders-prod-01") == 0
    stage.passes(hours=3)
    await stage.until_state("Succeeded")
    assert submissions(stage, "orders-prod-01") == 1


async def test_a_restart_loses_no_schedule(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")
    await stage.leave()
    stage.passes(hours=4)
    await stage.enter()
    await stage.until_state("Succeeded")
    assert submissions(stage, "orders-prod-01") == 1


async def test_a_cancelled_change_never_runs(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")
    await stage.says(ANN, "/taurus-change cancel CHG-1")
    await stage.until_state("Cancelled")
    stage.passes(hours=4)
    await stage.says(ANN, "/taurus-change list --all")
    await stage.until_whispered(ANN, "1 change")
    assert submissions(stage, "orders-prod-01") == 0


async def test_a_rescheduled_change_asks_for_approval_again(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")
    await stage.says(ANN, "/taurus-change reschedule CHG-1 --at +5h")
    await stage.until_whispered(ANN, "CHG-1 is planned for")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")


async def test_the_maintenance_window_is_the_clouds_to_keep(stage: Stage) -> None:
    stage.opens_in("orders-prod-01", hours=3)
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --in-window")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until(lambda: any("success" in line for line in stage.thread))
    await stage.until_state("Scheduled")
    stage.passes(hours=24)
    await stage.until_state("Succeeded")


async def test_a_lost_answer_is_resolved_by_looking(stage: Stage) -> None:
    stage.world.taurus.fail("batch_upgrade", "cut_after")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Succeeded")
    assert submissions(stage, "orders-prod-01") == 1


async def test_a_request_that_vanished_is_for_a_person_to_decide(stage: Stage) -> None:
    stage.world.taurus.fail("batch_upgrade", "cut_before")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Outcome unknown")
    stage.passes(hours=3)
    await stage.until(lambda: "probably never began" in str(stage.card["blocks"]))
    assert submissions(stage, "orders-prod-01") == 0
    await stage.presses(ANN, "change.retry")
    await stage.until(lambda: len(stage.cards) == 2)
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Succeeded")
    assert submissions(stage, "orders-prod-01") == 1


async def test_a_refusal_stands_verbatim_in_the_thread(stage: Stage) -> None:
    stage.world.taurus.fail("batch_upgrade", "refuse", code="DBS.200047")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Failed")
    await stage.until(lambda: any("DBS.200047: " in line for line in stage.thread))
    await stage.presses(ANN, "change.retry")
    await stage.until(lambda: len(stage.cards) == 2)


async def test_a_wave_that_fails_halts_the_rest(stage: Stage) -> None:
    stage.world.taurus.fail("batch_upgrade", "refuse", code="DBS.200047")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Halted")
    await stage.presses(ANN, "change.resume")
    await stage.until_state("Partly failed")
    assert submissions(stage, "orders-prod-02") == 1


async def test_only_an_approver_can_approve(approved_stage: Stage) -> None:
    stage = approved_stage
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_whispered(ANN, "your own approval does not count")
    await stage.presses(CARL, "change.approve")
    await stage.until_whispered(CARL, "not among the approvers")
    assert " · Proposed · " in stage.card["text"]
    await stage.presses(BOB, "change.approve")
    await stage.until_state("Succeeded")


async def test_an_approver_can_reject(approved_stage: Stage) -> None:
    stage = approved_stage
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await stage.presses(BOB, "change.reject")
    await stage.until_state("Rejected")
    assert submissions(stage, "orders-prod-01") == 0


async def test_an_approval_dies_when_the_world_changes(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 orders-prod-02 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")
    stage.world.taurus.instance("orders-prod-01").kernel = "2.0.69.250900"
    stage.passes(hours=3)
    await stage.until_state("Proposed")
    assert "approved was" in str(stage.card["blocks"])
    assert submissions(stage, "orders-prod-02") == 0


async def test_a_busy_instance_is_waited_for_and_the_card_says_so(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")
    instance = stage.world.taurus.instance("orders-prod-01")
    instance.condition = Condition.CREATING
    stage.passes(hours=3)
    await stage.until(lambda: "Waiting, and trying again: orders-prod-01" in stage.shown)
    assert "approval became void" not in stage.shown
    instance.condition = Condition.NORMAL
    await stage.until_state("Succeeded")
    assert "Waiting" not in stage.shown


async def test_a_busy_instance_is_not_waited_for_for_ever(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")
    stage.world.taurus.instance("orders-prod-01").condition = Condition.CREATING
    stage.passes(hours=3)
    await stage.until(lambda: "Waiting, and trying again" in stage.shown)
    stage.passes(minutes=31)
    await stage.until_state("Proposed")
    assert "approval became void" in stage.shown
    assert submissions(stage, "orders-prod-01") == 0


async def test_a_cloud_that_cannot_be_read_is_told_on_the_card(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")
    stage.world.taurus.fail("list_instances", "error_before", times=6)
    stage.passes(hours=3)
    await stage.until(lambda: "Waiting, and trying again" in stage.shown)
    await stage.until_state("Succeeded")
    assert submissions(stage, "orders-prod-01") == 1


async def test_a_card_that_looks_the_same_is_not_sent_again(tmp_path: Path, mode: Mode) -> None:
    stage = await Stage.open(tmp_path, mode, TAURUS_POLL_INTERVAL="1s")
    stage.opens_in("orders-prod-01", hours=3)
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --in-window")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until(lambda: "waiting for its window" in stage.shown)
    looked = asyncio.Semaphore(0)

    async def see(operation: str, moment: str) -> None:
        if (operation, moment) == ("scheduled_jobs", "after"):
            looked.release()

    stage.world.taurus.on_request = see
    edits = stage.edits
    for _ in range(5):
        await asyncio.wait_for(looked.acquire(), 10)
    await stage.close()
    assert stage.edits - edits <= 1


async def test_a_proposal_expires(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    stage.passes(hours=25)
    await stage.until_state("Expired")


async def test_an_instance_is_in_one_open_change_only(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await stage.says(BOB, "/taurus-upgrade orders-prod-01 orders-prod-02")
    await stage.until_whispered(BOB, "is in CHG-1 already")
    assert len(stage.cards) == 1


async def test_help_fleet_show_and_history_answer_privately(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-help")
    await stage.until_whispered(ANN, "What you can say here")
    await stage.says(ANN, "/taurus-fleet --behind")
    await stage.until_whispered(ANN, "databases in default")
    await stage.says(ANN, "/taurus-upgrade help")
    await stage.until_whispered(ANN, "Name what to upgrade")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await stage.says(ANN, "/taurus-change show CHG-1")
    await stage.says(ANN, "/taurus-change history")
    await stage.until_whispered(ANN, "of the history")
    for line, part in (
        ("halt CHG-1", "does not apply any more"),
        ("shwo CHG-1", "Did you mean show?"),
        ("show x", "is not a change id"),
        ("cancel", "Name the change"),
        ("history --since x", "is not a duration"),
        ("show 99", "There is no CHG-99"),
        ("show CHG-1 --page x", "x is not a page"),
    ):
        await stage.says(ANN, f"/taurus-change {line}")
        await stage.until_whispered(ANN, part)
    await stage.says(ANN, "/taurus-upgrade x --env prod")
    await stage.until_whispered(ANN, "There is no environment prod")


async def test_those_who_only_watch_get_one_notice_and_its_end(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --reason patch")
    await stage.until_state("Proposed")
    await stage.until(lambda: any(" · Proposed · " in text for text in stage.notices))
    await stage.presses(ANN, "change.approve")
    await stage.until(lambda: any(" · Succeeded · " in text for text in stage.notices))
    await stage.until(lambda: any("is over" in text for text in stage.notices))
    notice, start, end = stage.notices
    assert " · Succeeded · " in notice
    assert "CHG-1 has started" in start
    assert "CHG-1 is over: Succeeded." in end


async def test_a_halt_is_told_in_the_thread_and_to_those_who_watch(stage: Stage) -> None:
    stage.world.taurus.fail("batch_upgrade", "refuse", code="DBS.200047")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Halted")
    await stage.until(lambda: any("Halted: 1 instance did not go" in line for line in stage.thread))
    await stage.until(
        lambda: any("Halted: 1 instance did not go" in text for text in stage.notices)
    )
