"""From what was seen to what became of a target. Success is proven, never assumed.

Proof is the kernel version that the cloud reports for the instance. Jobs and schedules tell how
far it is and why it failed; an unclear answer of the upgrade call is settled here, by looking.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.domain.change import Target, TargetState
from bot.domain.instance import JOBS_APPEAR_WITHIN, Job, JobState, Schedule, Version
from bot.domain.kernel import Path
from bot.domain.model import Frozen
from bot.domain.sentence import Sentence, say

CLOCK_SLACK = timedelta(minutes=15)
"""How far the cloud's clock may be from ours: signed calls from further away are refused."""
WINDOWS_RECUR = timedelta(days=1)
WAITING_INTERVALS = 30
"""How many times rarer a task is looked at that waits for its window: somebody may cancel it."""
UNKNOWN_INTERVALS = 6
"""The same once traces should have appeared."""
_EVER = datetime(1970, 1, 2, tzinfo=UTC)

_Task = TypeVar("_Task", Job, Schedule)


class Sight(Frozen):
    """What was seen of one target. `version` is None if it was not read this time."""

    job: Job | None = None
    schedule: Schedule | None = None
    version: Version | None = None
    copy_name: str = ""
    """Name of an instance `<name>_copy` that appeared, if one did."""


def by_instance(tasks: Iterable[_Task]) -> Mapping[str, Sequence[_Task]]:
    """Sort tasks by the instance that they belong to."""
    sorted_tasks: defaultdict[str, list[_Task]] = defaultdict(list)
    for task in tasks:
        sorted_tasks[task.instance_id].append(task)
    return sorted_tasks


def copy_of(name: str) -> str:
    """Name of the instance to which the data goes if a dictionary upgrade fails (user guide)."""
    return f"{name}_copy"


def sight_of(
    target: Target,
    jobs: Sequence[Job],
    schedules: Sequence[Schedule],
    named: Mapping[str, str],
) -> Sight:
    """Pick what came of this target's attempt among the tasks of its instance.

    What was there before the attempt is not of it, however lately it ended. `named` gives the
    ids of all instances by their names.
    """
    since = (target.submitted_at or _EVER) - CLOCK_SLACK
    begun = [
        job
        for job in jobs
        if job.id not in target.traces_before and (job.created_at or since) >= since
    ]
    planned = [task for task in schedules if task.id not in target.traces_before]
    unfinished = (task for task in planned if not task.state.is_over)
    copy = named.get(copy_of(target.name))
    is_new_copy = copy is not None and copy not in target.traces_before
    return Sight(
        job=max(begun, key=lambda job: job.created_at or since, default=None),
        schedule=next(unfinished, None) or next(iter(planned), None),
        copy_name=copy_of(target.name) if is_new_copy else "",
    )


def wants_version(target: Target, sight: Sight, now: datetime, *, listed_is_new: bool) -> bool:
    """Whether it is worth a call to read this target's version now."""
    task = sight.job or sight.schedule
    is_quiet = task is None and _age(target, now) >= JOBS_APPEAR_WITHIN
    return listed_is_new or is_quiet or (task is not None and task.state.is_over)


def next_look(
    target: Target, now: datetime, interval: timedelta, limit: timedelta
) -> datetime | None:
    """When to look at a target in flight again; None if only a person can tell more."""
    if target.state is TargetState.WAITING:
        later = now + interval * WAITING_INTERVALS
        return (
            later if target.starts_at is None else max(now + interval, min(later, target.starts_at))
        )
    if target.state is TargetState.UNKNOWN and _age(target, now) >= JOBS_APPEAR_WITHIN:
        return now + interval * UNKNOWN_INTERVALS if _age(target, now) < limit else None
    return now + interval


def observed(target: Target, sight: Sight, now: datetime, limit: timedelta) -> Target:
    """Tell what became of a target that is in flight; the same target if nothing new is known."""
    return (
        _proven(target, sight, now)
        or _from_job(target, sight, now, limit)
        or _from_schedule(target, sight, now, limit)
        or _moved_on(target, sight, now)
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
            text = say("The job was cancelled in the cloud.")
            return _ended(target, TargetState.CANCELLED, sight, now, text)
        case JobState.COMPLETED:
            return _after_completion(target, sight, now, limit, job.ended_at)
        case _:
            if _is_late(target, job.created_at, now, limit):
                return _not_confirmed(target, sight, now)
            begun = job.state is JobState.RUNNING
            update = {
                "state": TargetState.UPGRADING if begun else TargetState.ACCEPTED,
                "job_id": job.id,
                "progress": job.progress,
                "began_at": job.created_at,
                "note": None,
            }
            return target.model_copy(update=update)


def _failure(target: Target, sight: Sight) -> Sentence:
    why = _why(sight.job.fail_reason if sight.job else "")
    if sight.copy_name:
        return say(
            "The upgrade failed. {why} The instance went back to its old kernel, and its data "
            "was restored to {copy}: the original may be unavailable. Call Huawei Cloud support "
            "now, and do not delete either.",
            why=why,
            copy=sight.copy_name,
        )
    if sight.version is not None:
        return say(
            "The upgrade failed. {why} The instance runs {kernel}. Check it, then use Retry.",
            why=why,
            kernel=str(sight.version.current),
        )
    return say(
        "The upgrade failed. {why} Check the instance; it should still run {kernel}.",
        why=why,
        kernel=str(target.kernel),
    )


def _why(reason: str) -> Sentence:
    if not reason:
        return say("TaurusDB gives no reason.")
    # In quotes, as it may speak of buttons and steps that are the console's and not ours.
    return say('TaurusDB says: "{reason}"', reason=reason)


def _after_completion(
    target: Target, sight: Sight, now: datetime, limit: timedelta, ended_at: datetime | None
) -> Target | None:
    version = sight.version
    if version is None:
        return None
    if version.upgradable and target.path is Path.TWO_PHASE and not _moved(target, version):
        text = say(
            "This phase is done. If the console says that the pre-upgrade is completed, other "
            "operations are blocked: use Retry for the second phase. If it says that the upgrade "
            "is to be confirmed, apply it there."
        )
        return _ended(target, TargetState.FURTHER_ROUND, sight, now, text)
    if further := _moved_on(target, sight, now):
        return further
    if _is_late(target, ended_at, now, limit):
        return _not_confirmed(target, sight, now)
    return target.model_copy(update={"state": TargetState.UPGRADING, "found": version.current})


def _moved(target: Target, version: Version) -> bool:
    return version.current > target.kernel


def _moved_on(target: Target, sight: Sight, now: datetime) -> Target | None:
    version = sight.version
    if version is None or not (version.upgradable and _moved(target, version)):
        return None
    text = say("This round is done, and the cloud offers a further one. Use Retry to plan it.")
    return _ended(target, TargetState.FURTHER_ROUND, sight, now, text)


def _from_schedule(target: Target, sight: Sight, now: datetime, limit: timedelta) -> Target | None:
    task = sight.schedule
    if task is None:
        return None
    match task.state:
        case JobState.PENDING:
            found: Target | None = _waiting(target, task, sight, now, limit)
        case JobState.CANCELLED:
            text = say("The scheduled task was cancelled in the cloud.")
            found = _ended(target, TargetState.CANCELLED, sight, now, text)
        case JobState.FAILED:
            found = _ended(target, TargetState.FAILED, sight, now, _failure(target, sight))
        case JobState.RUNNING if _is_late(target, task.start_at, now, limit):
            found = _not_confirmed(target, sight, now)
        case JobState.RUNNING:
            found = target.model_copy(update={"state": TargetState.UPGRADING, "note": None})
        case _:
            found = _after_completion(target, sight, now, limit, task.start_at)
    return found


def _waiting(
    target: Target, task: Schedule, sight: Sight, now: datetime, limit: timedelta
) -> Target:
    latest = (target.submitted_at or now) + WINDOWS_RECUR
    if now >= (task.end_at or (task.start_at or latest) + limit) + JOBS_APPEAR_WITHIN:
        text = say(
            "Its maintenance window is over, and the scheduled task {task} has not begun: the "
            "kernel is still {kernel}. Look at the task in the console, and cancel it there "
            "before you use Retry.",
            task=task.id,
            kernel=_kernel_now(target, sight),
        )
        return _ended(target, TargetState.NOT_CONFIRMED, sight, now, text)
    update = {
        "state": TargetState.WAITING,
        "job_id": task.id,
        "starts_at": task.start_at,
        "note": None,
    }
    return target.model_copy(update=update)


def _from_silence(target: Target, sight: Sight, now: datetime, limit: timedelta) -> Target:
    age = _age(target, now)
    is_quiet = sight.version is not None and age >= JOBS_APPEAR_WITHIN
    if target.state in {TargetState.UNKNOWN, TargetState.SUBMITTING}:
        if target.refusal is not None and is_quiet:
            return _ended(target, TargetState.REFUSED, sight, now, target.refusal)
        note = _no_trace(target, sight, age)
        return target.model_copy(update={"state": TargetState.UNKNOWN, "note": note})
    if target.state is TargetState.ACCEPTED and is_quiet:
        text = say(
            "The cloud accepted it, but no upgrade has begun and the kernel is still {kernel}. "
            "Check the binlog parameters and the replication delay, then use Retry.",
            kernel=_kernel_now(target, sight),
        )
        return _ended(target, TargetState.NEVER_STARTED, sight, now, text)
    if age >= limit:
        return _not_confirmed(target, sight, now).model_copy(update={"job_id": ""})
    return target


def _age(target: Target, now: datetime) -> timedelta:
    # What was not answered yet is quiet for that, and what waits for its window until then.
    moments = (target.submitted_at, target.answered_at, target.starts_at)
    return now - max(filter(None, moments), default=now)


def _no_trace(target: Target, sight: Sight, age: timedelta) -> Sentence:
    if target.refusal is not None:
        return say(
            "The cloud refused its batch. Looking whether it began all the same: jobs may appear "
            "late."
        )
    if sight.version is None or age < JOBS_APPEAR_WITHIN:
        return say("The answer was unclear. Looking for traces of it: jobs may appear late.")
    return say(
        "The answer was unclear. {minutes} minutes later there is no job and no scheduled task, "
        "and the kernel is still {kernel}: it probably never began. If the console shows nothing "
        "either, Retry takes it as never begun and plans it anew.",
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
    began_at = sight.job.created_at if sight.job else None
    return target.model_copy(
        update={
            "state": state,
            "began_at": began_at or target.began_at,
            "ended_at": target.ended_at if target.state is state else now,
            "found": found,
            "note": note,
            "job_id": job_id,
            "progress": "",
        }
    )
