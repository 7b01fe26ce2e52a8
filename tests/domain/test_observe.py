"""From what was seen to what became of a target: proven, never assumed."""

from datetime import datetime, timedelta

import pytest

from bot.domain.change import IN_FLIGHT, Target, TargetState
from bot.domain.instance import JOBS_APPEAR_WITHIN, Job, JobState, Schedule, Version
from bot.domain.kernel import Kernel
from bot.domain.observe import (
    CLOCK_SLACK,
    UNKNOWN_INTERVALS,
    WAITING_INTERVALS,
    Sight,
    by_instance,
    next_look,
    observed,
    sight_of,
    wants_version,
)
from bot.domain.sentence import say
from tests.domain.examples import (
    ANCIENT,
    HOUR,
    IS_NEWEST,
    LIMIT,
    MINUTE,
    NEWER,
    NEWEST,
    NOW,
    OLD,
    SECOND,
    TWO_PHASE,
    instance_id,
    job,
    schedule,
    sent,
    target,
    version,
)

INTERVAL = timedelta(seconds=10)
STILL_OLD = version()
BEGUN_AT = NOW + 16 * HOUR
"""When the window of the examples opens."""


def after(
    step: timedelta,
    one: Target | None = None,
    job: Job | None = None,
    schedule: Schedule | None = None,
    version: Version | None = None,
    copy: str = "",
) -> Target:
    sight = Sight(job=job, schedule=schedule, version=version, copy_name=copy)
    return observed(sent() if one is None else one, sight, NOW + step, LIMIT)


def said(one: Target) -> str:
    return str(one.note)


# --- accepted is not yet upgrading, and upgrading is not yet succeeded ----------------------


def test_silence_in_the_first_minutes_changes_nothing() -> None:
    for seconds in (0, 5, 120, 300, 599):
        assert after(seconds * SECOND) == sent()
        assert after(seconds * SECOND, version=STILL_OLD) == sent()


def test_a_job_that_waits_to_begin_is_accepted_and_known_by_its_id() -> None:
    seen = after(MINUTE, job=job(JobState.PENDING))
    assert (seen.state, seen.job_id) == (TargetState.ACCEPTED, "job-1")


def test_a_running_job_is_upgrading_with_its_progress() -> None:
    seen = after(MINUTE, job=job(progress="60%"))
    assert (seen.state, seen.job_id, seen.progress) == (TargetState.UPGRADING, "job-1", "60%")


def test_a_completed_job_proves_nothing_until_the_version_is_read() -> None:
    upgrading = sent(state=TargetState.UPGRADING)
    assert after(MINUTE, upgrading, job(JobState.COMPLETED)) == upgrading


def test_the_new_kernel_is_the_proof() -> None:
    seen = after(3 * MINUTE, job=job(JobState.COMPLETED), version=IS_NEWEST)
    assert (seen.state, str(seen.found), seen.ended_at) == (
        TargetState.SUCCEEDED,
        NEWEST,
        NOW + 3 * MINUTE,
    )


def test_a_kernel_beyond_the_planned_one_is_proof_as_well() -> None:
    beyond = version("2.0.75.1", "2.0.75.1", upgradable=False)
    assert after(MINUTE, job=job(JobState.COMPLETED), version=beyond).state is TargetState.SUCCEEDED


def test_a_kernel_that_moved_as_far_as_the_cloud_goes_is_proof_as_well() -> None:
    # The newest release was withdrawn while the upgrade ran.
    withdrawn = version(NEWER, NEWER, upgradable=False)
    assert after(MINUTE, version=withdrawn).state is TargetState.SUCCEEDED


def test_a_new_kernel_counts_only_when_the_job_is_over() -> None:
    seen = after(MINUTE, job=job(progress="90%"), version=IS_NEWEST)
    assert (seen.state, seen.progress) == (TargetState.UPGRADING, "90%")


def test_a_new_kernel_is_proof_even_without_any_task() -> None:
    for state in IN_FLIGHT:
        assert after(HOUR, sent(state=state), version=IS_NEWEST).state is TargetState.SUCCEEDED


def test_a_completed_job_whose_kernel_is_still_old_is_looked_at_until_the_limit() -> None:
    done = job(JobState.COMPLETED, ended_at=NOW + MINUTE)
    soon = after(2 * MINUTE, job=done, version=STILL_OLD)
    assert (soon.state, str(soon.found)) == (TargetState.UPGRADING, OLD)
    late = after(MINUTE + LIMIT, job=done, version=STILL_OLD)
    assert late.state is TargetState.NOT_CONFIRMED


# --- failure, with the vendor's reason ------------------------------------------------------


def test_a_failed_job_fails_with_the_vendors_reason_and_the_kernel_that_runs() -> None:
    failed = job(JobState.FAILED, fail_reason="Reduce the service load.")
    seen = after(MINUTE, job=failed, version=STILL_OLD)
    assert (seen.state, seen.job_id) == (TargetState.FAILED, "job-1")
    assert said(seen) == (
        f'The upgrade failed. TaurusDB says: "Reduce the service load." The instance runs {OLD}. '
        "Check it, then use Retry."
    )


def test_a_failure_without_a_reason_says_that_there_is_none() -> None:
    seen = after(MINUTE, job=job(JobState.FAILED))
    assert said(seen) == (
        "The upgrade failed. TaurusDB gives no reason. Check the instance; it should still run "
        f"{OLD}."
    )


def test_a_failure_that_left_a_copy_calls_for_support() -> None:
    seen = after(MINUTE, job=job(JobState.FAILED), version=STILL_OLD, copy="orders-1_copy")
    assert "restored to orders-1_copy: the original may be unavailable" in said(seen)
    assert "Call Huawei Cloud support now, and do not delete either." in said(seen)


def test_a_failure_that_left_the_newest_kernel_is_a_success_with_a_remark() -> None:
    failed = job(JobState.FAILED, fail_reason="cleaning up")
    seen = after(MINUTE, job=failed, version=IS_NEWEST)
    assert seen.state is TargetState.SUCCEEDED
    assert said(seen) == "The job reported a failure, but the kernel is new: cleaning up"


def test_a_job_that_was_cancelled_in_the_cloud_is_cancelled_here() -> None:
    seen = after(MINUTE, job=job(JobState.CANCELLED), version=STILL_OLD)
    assert (seen.state, said(seen)) == (
        TargetState.CANCELLED,
        "The job was cancelled in the cloud.",
    )


# --- never started, not confirmed -----------------------------------------------------------


def test_accepted_without_a_trace_and_with_the_old_kernel_never_started() -> None:
    seen = after(JOBS_APPEAR_WITHIN, version=STILL_OLD)
    assert seen.state is TargetState.NEVER_STARTED
    assert f"no upgrade has begun and the kernel is still {OLD}" in said(seen)
    assert "Check the binlog parameters and the replication delay, then use Retry." in said(seen)


def test_a_job_has_its_time_to_appear_from_the_answer_on() -> None:
    """The request of a process that stood still may have reached the cloud minutes later."""
    late = sent(answered_at=NOW + 20 * MINUTE)
    assert after(29 * MINUTE, late, version=STILL_OLD).state is TargetState.ACCEPTED
    assert after(30 * MINUTE, late, version=STILL_OLD).state is TargetState.NEVER_STARTED


def test_never_started_is_concluded_from_a_version_only() -> None:
    assert after(JOBS_APPEAR_WITHIN) == sent()


def test_never_started_is_also_what_a_bot_finds_that_was_away_for_days() -> None:
    assert after(50 * HOUR, version=STILL_OLD).state is TargetState.NEVER_STARTED


def test_a_job_that_runs_beyond_the_limit_is_not_confirmed_and_not_called_failed() -> None:
    running = sent(state=TargetState.UPGRADING)
    assert after(LIMIT, running, job()).state is TargetState.UPGRADING
    late = after(LIMIT + MINUTE, running, job(), version=STILL_OLD)
    assert (late.state, late.job_id) == (TargetState.NOT_CONFIRMED, "job-1")
    assert "It may yet finish (many partitions can take hours). Look at the instance." in said(late)


def test_what_is_not_confirmed_is_said_once_and_not_with_every_look() -> None:
    late = after(LIMIT + MINUTE, sent(state=TargetState.UPGRADING), job())
    assert after(LIMIT + HOUR, late, job()) == late


def test_what_was_not_confirmed_may_succeed_after_all() -> None:
    late = after(LIMIT + MINUTE, sent(state=TargetState.UPGRADING), job())
    seen = after(LIMIT + HOUR, late, job(JobState.COMPLETED), version=IS_NEWEST)
    assert (seen.state, seen.ended_at) == (TargetState.SUCCEEDED, NOW + LIMIT + HOUR)


def test_a_job_that_vanished_is_not_confirmed_after_the_limit_and_names_no_task() -> None:
    running = sent(state=TargetState.UPGRADING, job_id="job-1")
    assert after(HOUR, running, version=STILL_OLD) == running
    late = after(LIMIT, running, version=STILL_OLD)
    assert (late.state, late.job_id) == (TargetState.NOT_CONFIRMED, "")


# --- further rounds -------------------------------------------------------------------------


def ancient() -> Target:
    return target(kernel=ANCIENT, state=TargetState.ACCEPTED, batch=1, submitted_at=NOW)


@pytest.mark.parametrize("seen_job", [job(JobState.COMPLETED), None], ids=["job", "no job"])
def test_a_round_that_is_done_offers_the_next(seen_job: Job | None) -> None:
    seen = after(20 * MINUTE, ancient(), seen_job, version=version(TWO_PHASE))
    assert (seen.state, str(seen.found)) == (TargetState.FURTHER_ROUND, TWO_PHASE)
    assert said(seen) == (
        "This round is done, and the cloud offers a further one. Use Retry to plan it."
    )


def test_a_round_of_which_nothing_was_known_is_known_by_its_kernel() -> None:
    unknown = ancient().model_copy(update={"state": TargetState.UNKNOWN})
    seen = after(20 * MINUTE, unknown, version=version(TWO_PHASE))
    assert seen.state is TargetState.FURTHER_ROUND


def test_a_phase_that_is_done_says_what_a_person_has_to_do_in_either_case() -> None:
    phased = target(kernel=TWO_PHASE, state=TargetState.UPGRADING, batch=1, submitted_at=NOW)
    seen = after(MINUTE, phased, job(JobState.COMPLETED), version=version(TWO_PHASE))
    assert seen.state is TargetState.FURTHER_ROUND
    assert "use Retry for the second phase" in said(seen)
    assert "is to be confirmed, apply it there" in said(seen)


def test_a_phase_is_not_done_before_its_job_is() -> None:
    phased = target(kernel=TWO_PHASE, state=TargetState.UPGRADING, batch=1, submitted_at=NOW)
    assert after(MINUTE, phased, job(), version=version(TWO_PHASE)).state is TargetState.UPGRADING


# --- the maintenance window -----------------------------------------------------------------


def waiting() -> Target:
    return after(MINUTE, schedule=schedule())


def test_a_scheduled_task_waits_and_says_until_when() -> None:
    seen = waiting()
    assert (seen.state, seen.job_id, seen.starts_at) == (
        TargetState.WAITING,
        "task-1",
        BEGUN_AT,
    )


def test_waiting_for_the_window_is_never_too_long() -> None:
    for hours in (3, 10, 15):
        assert after(hours * HOUR, waiting(), schedule=schedule()).state is TargetState.WAITING


def test_a_task_that_is_hidden_for_a_while_still_waits() -> None:
    assert after(10 * HOUR, waiting(), version=STILL_OLD) == waiting()


def test_a_task_that_vanished_for_good_is_not_confirmed_after_its_window() -> None:
    seen = after(16 * HOUR + LIMIT, waiting(), version=STILL_OLD)
    assert seen.state is TargetState.NOT_CONFIRMED


def test_a_task_that_runs_has_its_time_from_its_own_beginning() -> None:
    running = schedule(JobState.RUNNING)
    assert after(16 * HOUR + MINUTE, waiting(), schedule=running).state is TargetState.UPGRADING
    late = after(16 * HOUR + LIMIT, waiting(), schedule=running)
    assert late.state is TargetState.NOT_CONFIRMED


def test_a_job_in_the_window_has_its_time_from_its_own_beginning() -> None:
    began = job(created_at=BEGUN_AT)
    assert after(17 * HOUR, waiting(), began, schedule(JobState.RUNNING)).state is (
        TargetState.UPGRADING
    )


def test_a_task_still_pending_after_its_window_is_for_a_person() -> None:
    assert after(20 * HOUR, waiting(), schedule=schedule()).state is TargetState.WAITING
    seen = after(20 * HOUR + JOBS_APPEAR_WITHIN, waiting(), schedule=schedule())
    assert (seen.state, seen.job_id) == (TargetState.NOT_CONFIRMED, "task-1")
    assert "its maintenance window is over" in said(seen).lower()
    assert "cancel it there before you use Retry" in said(seen)


@pytest.mark.parametrize(
    ("task", "hours"),
    [
        (schedule(end_at=None), 18),
        (schedule(start_at=None, end_at=None), 26),
    ],
)
def test_a_task_that_does_not_tell_its_window_is_not_waited_for_for_ever(
    task: Schedule, hours: int
) -> None:
    assert after(hours * HOUR, schedule=task).state is TargetState.WAITING
    assert after(hours * HOUR + JOBS_APPEAR_WITHIN, schedule=task).state is (
        TargetState.NOT_CONFIRMED
    )


def test_a_task_that_was_cancelled_in_the_cloud_is_cancelled_here() -> None:
    seen = after(HOUR, waiting(), schedule=schedule(JobState.CANCELLED))
    assert (seen.state, said(seen)) == (
        TargetState.CANCELLED,
        "The scheduled task was cancelled in the cloud.",
    )


def test_a_task_that_failed_has_failed() -> None:
    seen = after(17 * HOUR, waiting(), schedule=schedule(JobState.FAILED), version=STILL_OLD)
    assert seen.state is TargetState.FAILED
    assert f"The instance runs {OLD}" in said(seen)


def test_a_completed_task_is_judged_by_the_version_like_a_completed_job() -> None:
    done = schedule(JobState.COMPLETED)
    seen = after(17 * HOUR, waiting(), schedule=done, version=IS_NEWEST)
    assert seen.state is TargetState.SUCCEEDED
    old = ancient().model_copy(update={"state": TargetState.WAITING})
    further = after(17 * HOUR, old, schedule=done, version=version(TWO_PHASE))
    assert further.state is TargetState.FURTHER_ROUND
    unread = after(17 * HOUR, waiting(), schedule=done)
    assert unread.state is TargetState.WAITING


# --- unclear answers ------------------------------------------------------------------------


def unknown() -> Target:
    return sent(state=TargetState.UNKNOWN)


@pytest.mark.parametrize("minutes", [2, 3, 4, 5, 9])
def test_an_unclear_answer_is_settled_by_a_job_however_late_it_appears(minutes: int) -> None:
    late = job(created_at=NOW + minutes * MINUTE)
    assert after(minutes * MINUTE, unknown(), late).state is TargetState.UPGRADING


def test_an_unclear_answer_is_settled_by_a_scheduled_task() -> None:
    assert after(MINUTE, unknown(), schedule=schedule()).state is TargetState.WAITING


def test_without_a_trace_an_unclear_answer_is_never_called_failed() -> None:
    early = after(JOBS_APPEAR_WITHIN - SECOND, unknown(), version=STILL_OLD)
    assert early.state is TargetState.UNKNOWN
    assert "jobs may appear late" in said(early)
    late = after(25 * MINUTE, unknown(), version=STILL_OLD)
    assert late.state is TargetState.UNKNOWN
    assert said(late) == (
        "The answer was unclear. 25 minutes later there is no job and no scheduled task, and the "
        f"kernel is still {OLD}: it probably never began. If the console shows nothing "
        "either, Retry takes it as never begun and plans it anew."
    )
    assert after(50 * HOUR, unknown(), version=STILL_OLD).state is TargetState.UNKNOWN


def test_what_was_being_sent_when_the_bot_died_is_as_unclear() -> None:
    seen = after(MINUTE, sent(state=TargetState.SUBMITTING))
    assert seen.state is TargetState.UNKNOWN


def refused() -> Target:
    return sent(state=TargetState.UNKNOWN, refusal=say("The cloud refused its batch."))


def test_a_refused_batch_is_looked_at_and_then_known_to_be_refused() -> None:
    early = after(5 * MINUTE, refused(), version=STILL_OLD)
    assert (early.state, "refused its batch" in said(early)) == (TargetState.UNKNOWN, True)
    late = after(JOBS_APPEAR_WITHIN, refused(), version=STILL_OLD)
    assert (late.state, said(late)) == (TargetState.REFUSED, "The cloud refused its batch.")


def test_a_row_of_a_refused_batch_that_began_all_the_same_is_followed() -> None:
    assert after(5 * SECOND, refused(), job()).state is TargetState.UPGRADING
    assert after(3 * MINUTE, refused(), version=IS_NEWEST).state is TargetState.SUCCEEDED


# --- which traces are of this attempt -------------------------------------------------------


def sight(
    one: Target,
    *,
    jobs: tuple[Job, ...] = (),
    tasks: tuple[Schedule, ...] = (),
    named: dict[str, str] | None = None,
) -> Sight:
    return sight_of(one, jobs, tasks, named or {})


def test_the_newest_job_since_the_attempt_counts() -> None:
    jobs = tuple(job(id=f"job-{n}", created_at=NOW + n * SECOND) for n in (1, 3, 2))
    found = sight(sent(), jobs=jobs).job
    assert found is not None
    assert found.id == "job-3"


def test_a_job_that_was_there_before_the_attempt_is_not_of_it_however_lately_it_ended() -> None:
    failed = job(JobState.FAILED, created_at=NOW - 40 * SECOND)
    again = sent(traces_before=("job-1",))
    assert sight(again, jobs=(failed,)).job is None
    assert sight(sent(), jobs=(failed,)).job == failed


def test_a_task_that_was_there_before_the_attempt_is_not_of_it() -> None:
    cancelled = schedule(JobState.CANCELLED)
    assert sight(sent(traces_before=("task-1",)), tasks=(cancelled,)).schedule is None


def test_a_task_that_still_waits_counts_more_than_one_that_is_over() -> None:
    tasks = (schedule(JobState.CANCELLED, id="task-1"), schedule(id="task-2"))
    found = sight(sent(), tasks=tasks).schedule
    assert found is not None
    assert found.id == "task-2"


def test_the_clouds_clock_may_be_behind_as_far_as_it_accepts_ours() -> None:
    behind = job(created_at=NOW - CLOCK_SLACK)
    assert sight(sent(), jobs=(behind,)).job == behind
    long_ago = job(created_at=NOW - CLOCK_SLACK - SECOND)
    assert sight(sent(), jobs=(long_ago,)).job is None


def test_a_job_without_a_time_is_not_ignored() -> None:
    timeless = job(created_at=None)
    assert sight(sent(), jobs=(timeless,)).job == timeless


def test_a_copy_is_seen_by_its_name_unless_it_was_there_before() -> None:
    named = {"orders-1_copy": instance_id(9), "orders-2_copy": instance_id(8)}
    assert sight(sent(), named=named).copy_name == "orders-1_copy"
    assert sight(sent(traces_before=(instance_id(9),)), named=named).copy_name == ""
    assert sight(sent(3), named=named).copy_name == ""


def test_tasks_are_sorted_by_their_instance() -> None:
    jobs = [job(number=1), job(number=2), job(number=1, id="job-2")]
    sorted_jobs = by_instance(jobs)
    assert [one.id for one in sorted_jobs[instance_id(1)]] == ["job-1", "job-2"]
    assert sorted_jobs.get(instance_id(3), ()) == ()


# --- what is worth a call, and when ---------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "seen", "step", "worth"),
    [
        pytest.param(sent(), Sight(), MINUTE, False, id="just accepted"),
        pytest.param(sent(), Sight(), JOBS_APPEAR_WITHIN, True, id="quiet for long"),
        pytest.param(sent(), Sight(job=job()), HOUR, False, id="running for an hour"),
        pytest.param(sent(), Sight(job=job(JobState.COMPLETED)), MINUTE, True, id="completed"),
        pytest.param(sent(), Sight(job=job(JobState.FAILED)), MINUTE, True, id="failed"),
        pytest.param(sent(), Sight(schedule=schedule()), HOUR, False, id="waiting for hours"),
        pytest.param(
            sent(), Sight(schedule=schedule(JobState.COMPLETED)), HOUR, True, id="window over"
        ),
        pytest.param(unknown(), Sight(), MINUTE, False, id="unclear, too early to tell"),
        pytest.param(unknown(), Sight(), JOBS_APPEAR_WITHIN, True, id="unclear, no trace"),
    ],
)
def test_a_version_is_read_when_it_can_tell_something(
    one: Target, seen: Sight, step: timedelta, *, worth: bool
) -> None:
    assert wants_version(one, seen, NOW + step, listed_is_new=False) is worth
    assert wants_version(one, seen, NOW + step, listed_is_new=True)


@pytest.mark.parametrize(
    ("one", "now", "expected"),
    [
        pytest.param(sent(), NOW, NOW + INTERVAL, id="accepted"),
        pytest.param(
            sent(state=TargetState.UPGRADING), NOW + HOUR, NOW + HOUR + INTERVAL, id="upgrading"
        ),
        pytest.param(unknown(), NOW, NOW + INTERVAL, id="unclear"),
        pytest.param(
            unknown(), NOW + HOUR, NOW + HOUR + UNKNOWN_INTERVALS * INTERVAL, id="unclear for long"
        ),
        pytest.param(unknown(), NOW + LIMIT, None, id="only a person can tell"),
        pytest.param(
            waiting(), NOW, NOW + WAITING_INTERVALS * INTERVAL, id="waiting for its window"
        ),
        pytest.param(waiting(), BEGUN_AT - MINUTE, BEGUN_AT, id="shortly before its window"),
        pytest.param(waiting(), BEGUN_AT + MINUTE, BEGUN_AT + MINUTE + INTERVAL, id="within it"),
    ],
)
def test_looks_are_as_frequent_as_there_is_news_to_expect(
    one: Target, now: datetime, expected: datetime | None
) -> None:
    assert next_look(one, now, INTERVAL, LIMIT) == expected


def test_a_version_that_went_back_is_nothing_new() -> None:
    back = Version(current=Kernel(ANCIENT), latest=Kernel(NEWEST), upgradable=True)
    assert after(MINUTE, version=back) == sent()
