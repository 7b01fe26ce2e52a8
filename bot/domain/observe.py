"""From what was seen to what became of a target. Success is proven, never assumed.

Proof is the kernel version that the cloud reports for the instance. Jobs and schedules tell how
far it is and why it failed; an unclear answer of the upgrade call is settled here, by looking.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.change import Target, TargetState
from bot.domain.instance import JOBS_APPEAR_WITHIN, Job, JobState, Schedule, Version
from bot.domain.kernel import Path
from bot.domain.model import Frozen
from bot.domain.sentence import Sentence, say

CLOCK_SLACK = timedelta(minutes=2)
"""How far the cloud's clock may be behind ours when jobs are matched with an attempt."""


class Sight(Frozen):
    """What was seen of one target. `version` is None if it was not read this time."""

    job: Job | None = None
    schedule: Schedule | None = None
    version: Version | None = None
    copy_name: str = ""
    """Name of an instance `<name>_copy` that appeared, if one did."""


def sight_of(
    target: Target,
    jobs: Sequence[Job],
    schedules: Sequence[Schedule],
    version: Version | None,
    copy_name: str = "",
) -> Sight:
    """Pick what belongs to this target: the newest job and schedule since its attempt."""
    submitted_at = target.submitted_at or datetime.min.replace(tzinfo=UTC) + CLOCK_SLACK
    since = submitted_at - CLOCK_SLACK
    mine = [
        job
        for job in jobs
        if job.instance_id == target.instance_id
        and (job.created_at is None or job.created_at >= since)
    ]
    planned = [task for task in schedules if task.instance_id == target.instance_id]
    return Sight(
        job=max(mine, key=lambda job: job.created_at or since, default=None),
        schedule=next((task for task in planned if not task.state.is_over), None)
        or next(iter(planned), None),
        version=version,
        copy_name=copy_name,
    )


def wants_version(target: Target, job: Job | None, listed_is_new: bool) -> bool:  # noqa: FBT001
    """Whether it is worth a call to read this target's version now."""
    if job is not None:
        return job.state.is_over
    return listed_is_new or target.state is TargetState.UNKNOWN


def observed(target: Target, sight: Sight, now: datetime, limit: timedelta) -> Target:
    """Tell what became of a target that is in flight; the same target if nothing new is known."""
    return (
        _proven(target, sight, now)
        or _from_job(target, sight, now, limit)
        or _from_schedule(target, sight, now)
        or _from_silence(target, sight, now, limit)
    )


def _is_new(target: Target, version: Version) -> bool:
    return version.current >= target.newest or (
        not version.upgradable and version.current > target.kernel
    )


def _proven(target: Target, sight: Sight, now: datetime) -> Target | None:
    if sight.version is None or not _is_new(target, sight.version):
        return None
    if sight.job is not None and not sight.job.state.is_over:
        return None
    note = None
    if sight.job is not None and sight.job.state is JobState.FAILED:
        note = say(
            "The job reported a failure, but the kernel is new: {reason}",
            reason=sight.job.fail_reason or "-",
        )
    return _ended(target, TargetState.SUCCEEDED, sight, now, note)


def _from_job(target: Target, sight: Sight, now: datetime, limit: timedelta) -> Target | None:
    job = sight.job
    if job is None:
        return None
    match job.state:
        case JobState.FAILED:
            return _ended(target, TargetState.FAILED, sight, now, _failure(target, sight))
        case JobState.CANCELLED:
            return _ended(
                target,
                TargetState.CANCELLED,
                sight,
                now,
                say("The job was cancelled in the cloud."),
            )
        case JobState.COMPLETED:
            return _after_completion(target, sight, now, limit)
        case _:
            if _is_late(target, job.created_at, now, limit):
                return _not_confirmed(target, sight, now)
            return target.model_copy(
                update={
                    "state": TargetState.UPGRADING,
                    "job_id": job.id,
                    "progress": job.progress,
                    "note": None,
                }
            )


def _failure(target: Target, sight: Sight) -> Sentence:
    job = sight.job
    reason = (job.fail_reason if job else "") or "-"
    if sight.copy_name:
        return say(
            "The upgrade failed: {reason} The instance went back to its old kernel, and its data "
            "was restored to {copy}: the original may be unavailable. Call Huawei Cloud support "
            "now, and do not delete either.",
            reason=reason,
            copy=sight.copy_name,
        )
    return say(
        "The upgrade failed: {reason} Check the instance; it should still run {kernel}.",
        reason=reason,
        kernel=str(target.kernel),
    )


def _after_completion(
    target: Target, sight: Sight, now: datetime, limit: timedelta
) -> Target | None:
    version = sight.version
    if version is None:
        return None
    moved = version.current > target.kernel
    if version.upgradable and (moved or target.path is Path.TWO_PHASE):
        return _ended(
            target, TargetState.FURTHER_ROUND, sight, now, _next_round(target, moved=moved)
        )
    if _is_late(target, sight.job.ended_at if sight.job else None, now, limit):
        return _not_confirmed(target, sight, now)
    return target.model_copy(update={"state": TargetState.UPGRADING, "found": version.current})


def _next_round(target: Target, *, moved: bool) -> Sentence:
    if target.path is Path.TWO_PHASE and not moved:
        return say(
            "The pre-upgrade is done; other operations are blocked until the upgrade goes on. "
            "Use Retry for the second phase, then apply the upgrade in the console."
        )
    return say("This round is done, and the cloud offers a further one. Use Retry to plan it.")


def _from_schedule(target: Target, sight: Sight, now: datetime) -> Target | None:
    task = sight.schedule
    if task is None:
        return None
    match task.state:
        case JobState.PENDING:
            return target.model_copy(
                update={"state": TargetState.WAITING, "job_id": task.id, "note": None}
            )
        case JobState.CANCELLED:
            return _ended(
                target,
                TargetState.CANCELLED,
                sight,
                now,
                say("The scheduled task was cancelled in the cloud."),
            )
        case JobState.FAILED:
            return _ended(target, TargetState.FAILED, sight, now, _failure(target, sight))
        case JobState.RUNNING:
            return target.model_copy(update={"state": TargetState.UPGRADING, "note": None})
        case JobState.COMPLETED:
            return None


def _from_silence(target: Target, sight: Sight, now: datetime, limit: timedelta) -> Target:
    age = now - (target.submitted_at or now)
    unclear = target.state in {TargetState.UNKNOWN, TargetState.SUBMITTING}
    if unclear:
        return target.model_copy(
            update={"state": TargetState.UNKNOWN, "note": _no_trace(target, sight, age)}
        )
    if target.state is TargetState.ACCEPTED and age >= JOBS_APPEAR_WITHIN and age < limit:
        if sight.version is None:
            return target
        return _ended(
            target,
            TargetState.NEVER_STARTED,
            sight,
            now,
            say(
                "The cloud accepted it, but no upgrade has begun and the kernel is still {kernel}. "
                "Check the binlog parameters and the replication delay, then use Retry.",
                kernel=str(sight.version.current),
            ),
        )
    if age >= limit:
        return _not_confirmed(target, sight, now)
    return target


def _no_trace(target: Target, sight: Sight, age: timedelta) -> Sentence:
    if sight.version is None or age < JOBS_APPEAR_WITHIN:
        return say("The answer was unclear. Looking for traces of it: jobs may appear late.")
    return say(
        "The answer was unclear. {minutes} minutes later there is no job and no scheduled task, "
        "and the kernel is still {kernel}: it probably never began, but only a person can say so.",
        minutes=int(age.total_seconds() // 60),
        kernel=_kernel_now(target, sight),
    )


def _kernel_now(target: Target, sight: Sight) -> str:
    return str(target.kernel if sight.version is None else sight.version.current)


def _is_late(target: Target, began_at: datetime | None, now: datetime, limit: timedelta) -> bool:
    # A scheduled upgrade waits for its window first: its time runs from its own beginning.
    started_at = max(filter(None, (target.submitted_at, began_at)), default=now)
    return now - started_at >= limit


def _not_confirmed(target: Target, sight: Sight, now: datetime) -> Target:
    return _ended(
        target,
        TargetState.NOT_CONFIRMED,
        sight,
        now,
        say(
            "Not confirmed within the time limit: the kernel is still {kernel} as far as the cloud "
            "tells. It may yet finish (many partitions can take hours). Look at the instance.",
            kernel=_kernel_now(target, sight),
        ),
    )


def _ended(
    target: Target, state: TargetState, sight: Sight, now: datetime, note: Sentence | None
) -> Target:
    found = target.found if sight.version is None else sight.version.current
    job_id = sight.job.id if sight.job else target.job_id
    return target.model_copy(
        update={
            "state": state,
            "ended_at": now,
            "found": found,
            "note": note,
            "job_id": job_id,
            "progress": "",
        }
    )
