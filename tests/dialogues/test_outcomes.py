"""Every way in which an upgrade can end, as the channel reads it."""

from pathlib import Path

import pytest

from bot.sandbox.taurus.instances import Fate
from tests.dialogues.stage import Stage

ANN = "U0ANN"


async def confirmed(stage: Stage, line: str) -> None:
    await stage.says(ANN, line)
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")


def submissions(stage: Stage, name: str) -> int:
    return len(stage.world.taurus.submissions(name))


async def test_a_failure_half_way_stands_with_the_vendors_reason(stage: Stage) -> None:
    await confirmed(stage, "/taurus-upgrade reports-dev-01")
    await stage.until_state("Failed")
    assert "The upgrade failed. TaurusDB says: " in stage.shown
    assert "The instance runs 2.0.63.250300" in stage.shown
    await stage.until(lambda: any("is over: Failed" in line for line in stage.thread))
    assert any("reports-dev-01: failed" in line for line in stage.thread)


async def test_a_failure_that_leaves_a_copy_calls_for_support(stage: Stage) -> None:
    await confirmed(stage, "/taurus-upgrade reports-prod-02 reports-dev-01")
    await stage.until_state("Failed")
    assert "reports-prod-02_copy" in stage.shown
    assert "do not delete either" in stage.shown
    await stage.presses(ANN, "change.retry")
    await stage.until_whispered(ANN, "Or upgrade the others alone")


async def test_an_accepted_upgrade_that_never_starts_is_told_so(stage: Stage) -> None:
    await confirmed(stage, "/taurus-upgrade search-prod-02")
    await stage.until(lambda: any("success" in line for line in stage.thread))
    stage.passes(minutes=11)
    await stage.until_state("Failed")
    assert "no upgrade has begun and the kernel is still 2.0.54.240600" in stage.shown
    assert submissions(stage, "search-prod-02") == 1


async def test_some_new_and_some_not_is_partly_failed_and_retry_takes_the_rest(
    stage: Stage,
) -> None:
    await confirmed(stage, "/taurus-upgrade orders-prod-01 reports-dev-01")
    await stage.until_state("Partly failed")
    await stage.presses(ANN, "change.retry")
    await stage.until(lambda: len(stage.cards) == 2)
    await stage.until_state("Proposed")
    assert "reports-dev-01" in stage.shown
    assert "orders-prod-01" not in stage.shown


async def test_an_old_kernel_needs_a_further_round(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade users-prod-01")
    await stage.until_state("Proposed")
    assert "needs several rounds" in stage.shown
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Failed")
    assert "needs a further round" in stage.shown
    await stage.presses(ANN, "change.retry")
    await stage.until(lambda: len(stage.cards) == 2)
    await stage.until_state("Proposed")


async def test_a_two_phase_upgrade_says_what_a_person_has_to_do(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade payments-prod-02")
    await stage.until_state("Proposed")
    assert "upgrades in two phases" in stage.shown
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Failed")
    assert "use Retry for the second phase" in stage.shown


async def test_what_is_not_proven_in_time_is_unknown_until_somebody_looks_again(
    stage: Stage,
) -> None:
    instance = stage.world.taurus.instance("orders-prod-01")
    instance.fate = Fate.STAYS_PENDING
    await confirmed(stage, "/taurus-upgrade orders-prod-01")
    await stage.until(lambda: any("success" in line for line in stage.thread))
    stage.passes(hours=3)
    await stage.until_state("Outcome unknown")
    assert "Not confirmed within the time limit" in stage.shown
    await stage.until(lambda: any("outcome of 1 instance is not" in line for line in stage.thread))
    instance.kernel = instance.latest
    stage.world.taurus.switch("jobs_hidden", value=True)
    await stage.presses(ANN, "change.resume")
    await stage.until_state("Succeeded")
    assert submissions(stage, "orders-prod-01") == 1


@pytest.mark.parametrize("waves", ["--wave-size 1", "--waves 1,rest --soak 5m"])
async def test_waves_run_one_after_the_other(stage: Stage, waves: str) -> None:
    await confirmed(stage, f"/taurus-upgrade orders-prod-01 orders-prod-02 {waves}")
    await stage.until(lambda: submissions(stage, "orders-prod-01") == 1)
    assert submissions(stage, "orders-prod-02") == 0
    if "--soak" in waves:
        await stage.until(lambda: any("orders-prod-01: succ" in line for line in stage.thread))
        assert submissions(stage, "orders-prod-02") == 0
        stage.passes(minutes=5)
    await stage.until_state("Succeeded")
    assert submissions(stage, "orders-prod-02") == 1


async def test_a_person_halts_what_has_not_begun(stage: Stage) -> None:
    await confirmed(stage, "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1")
    await stage.until_state("Running")
    await stage.presses(ANN, "change.halt")
    await stage.until_state("Halted")
    assert "cannot be stopped" in stage.shown
    await stage.until(lambda: any("orders-prod-01: succ" in line for line in stage.thread))
    assert submissions(stage, "orders-prod-02") == 0
    await stage.presses(ANN, "change.cancel")
    await stage.until_state("Partly failed")
    assert submissions(stage, "orders-prod-02") == 0


async def test_cancelling_takes_back_what_the_cloud_holds_for_its_window(stage: Stage) -> None:
    stage.opens_in("orders-prod-01", hours=3)
    await confirmed(stage, "/taurus-upgrade orders-prod-01 --in-window")
    await stage.until_state("Scheduled")
    await stage.until(lambda: "waiting for its window" in stage.shown)
    await stage.presses(ANN, "change.cancel")
    await stage.until_state("Cancelled")
    stage.passes(hours=24)
    assert stage.world.taurus.instance("orders-prod-01").kernel == "2.0.63.250300"


async def test_every_blocker_is_told_at_once(stage: Stage) -> None:
    names = "billing-prod-01 billing-prod-02 catalog-prod-01 orders-prod-04 users-prod-03"
    names += " catalog-prod-03"
    await stage.says(ANN, f"/taurus-upgrade {names}")
    await stage.until_whispered(ANN, "is frozen")
    (told,) = stage.whispers(ANN)
    for part in (
        "billing-prod-01 is frozen. Unfreeze it",
        "billing-prod-02 is abnormal. Repair it",
        "catalog-prod-01 is busy",
        "orders-prod-04 runs the newest kernel",
        "users-prod-03 is scheduled already",
        "catalog-prod-03 is abnormal",
    ):
        assert part in told
    assert stage.cards == []


async def test_two_kernels_are_two_requests(stage: Stage) -> None:
    await confirmed(stage, "/taurus-upgrade orders-prod-01 orders-prod-03")
    await stage.until_state("Succeeded")
    answers = [line for line in stage.thread if "TaurusDB answered" in line]
    assert len(answers) == 2


async def test_a_decision_that_comes_too_late_is_told_how_it_stands(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.says(ANN, "/taurus-change cancel CHG-1")
    await stage.until_state("Cancelled")
    await stage.says(ANN, "/taurus-change cancel CHG-1")
    await stage.until_whispered(ANN, "CHG-1 is Cancelled by now")


async def test_nobody_can_decide_while_a_job_may_still_appear(stage: Stage) -> None:
    stage.world.taurus.fail("batch_upgrade", "cut_before")
    await confirmed(stage, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Outcome unknown")
    await stage.presses(ANN, "change.retry")
    await stage.until_whispered(ANN, "A job of orders-prod-01 may still appear until")
    assert len(stage.cards) == 1


async def test_nobody_can_decide_that_what_has_begun_never_began(stage: Stage) -> None:
    stage.world.taurus.instance("orders-prod-01").fate = Fate.STAYS_PENDING
    await confirmed(stage, "/taurus-upgrade orders-prod-01")
    await stage.until(lambda: any("success" in line for line in stage.thread))
    stage.passes(hours=3)
    await stage.until_state("Outcome unknown")
    await stage.presses(ANN, "change.retry")
    await stage.until_whispered(ANN, "so it did begin")
    assert len(stage.cards) == 1


@pytest.mark.parametrize("lenient", ["off", "error"])
async def test_a_refused_batch_is_known_instance_by_instance(stage: Stage, lenient: str) -> None:
    names = "orders-prod-01 orders-prod-02"
    await stage.says(ANN, f"/taurus-upgrade {names}")
    await stage.until_state("Proposed")
    stage.world.taurus.switch("partial_rejection", lenient)
    # The cloud knows this before the bot can: it is refused, though all looks well.
    stage.world.taurus.instance("orders-prod-02").fate = Fate.SUPPORT_ONLY
    await stage.presses(ANN, "change.approve")
    await stage.until(lambda: any("DBS.05000012" in line for line in stage.thread))
    await stage.until_state("Outcome unknown")
    stage.passes(minutes=11)
    await stage.until_state("Failed" if lenient == "off" else "Partly failed")
    assert submissions(stage, "orders-prod-01") == (0 if lenient == "off" else 1)
    await stage.until(lambda: any("orders-prod-02: refused" in line for line in stage.thread))


async def test_a_retry_is_not_taken_in_by_what_failed_before_it(stage: Stage) -> None:
    await confirmed(stage, "/taurus-upgrade reports-prod-01")
    await stage.until_state("Failed")
    stage.world.taurus.switch("jobs_late_seconds", 120)
    await stage.presses(ANN, "change.retry")
    await stage.until(lambda: len(stage.cards) == 2)
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Succeeded")
    assert submissions(stage, "reports-prod-01") == 2


async def test_a_window_that_passes_without_the_upgrade_is_for_a_person(stage: Stage) -> None:
    stage.opens_in("orders-prod-01", hours=3)
    stage.world.taurus.instance("orders-prod-01").fate = Fate.NEVER_STARTS
    await confirmed(stage, "/taurus-upgrade orders-prod-01 --in-window")
    await stage.until(lambda: "waiting for its window" in stage.shown)
    stage.passes(hours=5)
    await stage.until_state("Outcome unknown")
    assert "maintenance window is over" in stage.shown


async def test_cancelling_after_some_windows_keeps_what_is_done(stage: Stage) -> None:
    stage.opens_in("orders-prod-01", hours=2)
    stage.opens_in("orders-prod-02", hours=12)
    await confirmed(stage, "/taurus-upgrade orders-prod-01 orders-prod-02 --in-window")
    await stage.until(lambda: stage.shown.count("waiting for its window") == 2)
    stage.passes(hours=3)
    await stage.until(lambda: any("orders-prod-01: succ" in line for line in stage.thread))
    await stage.until_state("Scheduled")
    await stage.presses(ANN, "change.cancel")
    await stage.until_state("Partly failed")
    assert submissions(stage, "orders-prod-02") == 1, "taken back before its window"


async def test_going_on_after_a_failure_does_not_halt_at_the_same_failure(stage: Stage) -> None:
    stage.world.taurus.fail("batch_upgrade", "refuse", code="DBS.200047")
    names = "orders-prod-01 orders-prod-02 orders-prod-03"
    await confirmed(stage, f"/taurus-upgrade {names} --wave-size 1")
    await stage.until_state("Halted")
    await stage.presses(ANN, "change.resume")
    await stage.until_state("Partly failed")
    assert submissions(stage, "orders-prod-03") == 1


REFUSALS = {
    "DBS.280404": "An id is 32 letters and digits and then in07: copy it from /taurus-fleet.",
    "DBS.200047": "Wait until the operation is over and ask again",
    "APIGW.0307": "Whoever runs the bot has to check its credentials",
    "APIGW.0302": "has to grant it the permission to read and upgrade TaurusDB instances",
    "DBS.280449": "Somebody has to unfreeze it in the console first.",
}
"""One code of each class (to fix, wait, sign in, permit, for operations), and what to do."""


async def is_refused(stage: Stage, code: str) -> None:
    """Ann asks, and TaurusDB refuses."""
    count = len(stage.cards)
    stage.world.taurus.fail("batch_upgrade", "refuse", code=code)
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until(lambda: len(stage.cards) > count)
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Failed")
    await stage.until(lambda: any(code in line for line in stage.thread))
    stage.passes(minutes=1)  # the same line within seconds would be asked about


async def test_every_class_of_refusal_says_what_to_do_and_what_was_not_changed(
    tmp_path: Path,
) -> None:
    stage = await Stage.open(tmp_path)
    try:
        for code, remedy in REFUSALS.items():
            await is_refused(stage, code)
            assert remedy in stage.shown
            assert "No upgrade was started" in stage.shown or "o database was ch" in stage.shown
        assert submissions(stage, "orders-prod-01") == 0
    finally:
        await stage.close()


async def test_rows_that_are_dropped_silently_are_named(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path)
    try:
        stage.world.taurus.switch("dropped_rows", 1)
        await confirmed(stage, "/taurus-upgrade orders-prod-01 orders-prod-02")
        await stage.until(lambda: any("success" in line for line in stage.thread))
        stage.passes(minutes=11)
        await stage.until_state("Partly failed")
        assert "no upgrade has begun and the kernel is still" in stage.shown
        both = [stage.world.taurus.instance(f"orders-prod-0{one}") for one in (1, 2)]
        assert sorted(one.kernel == one.latest for one in both) == [False, True]
        assert len([line for line in stage.thread if "TaurusDB answered" in line]) == 1
    finally:
        await stage.close()
