"""The simulated region ages: submissions become jobs, jobs end, kernels change.

Nothing runs in the background. Every change of state is an entry in a heap, and `advance(now)`
plays all entries that are due, in their order, whenever somebody looks.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zlib import crc32

from bot.sandbox.taurus.ids import Ids
from bot.sandbox.taurus.instances import (
    Condition,
    Fate,
    Fleet,
    Instance,
    Job,
    Phase,
    Schedule,
)
from bot.sandbox.taurus.kernels import is_behind, is_two_phase, next_step

KEPT = timedelta(days=30)
"""The task centre forgets tasks after about 30 days (API docs, Task Center)."""
UNDER_LOAD = "Upgrade failed. Reduce the service load of the instance and click Retry."
HALF_WAY = "Upgrade failed at the step of restarting the nodes. The instance was rolled back."
COPY_LEFT = "Upgrade failed. Data was restored to the new instance {name}_copy."

Span = tuple[float, float]


@dataclass(frozen=True)
class Durations:
    """How long things take, each as (shortest, longest) in seconds of the simulator's clock."""

    until_visible: Span = (2, 5)
    until_start: Span = (1, 4)
    direct: Span = (60, 90)
    first_round: Span = (90, 120)
    pre_upgrade: Span = (40, 60)
    second_phase: Span = (120, 180)


class World:
    """The instances of one project and their task centre."""

    def __init__(self, fleet: Fleet, now: datetime, ids: Ids, durations: Durations) -> None:
        """Take the fleet over: its instances change as the world ages."""
        self.instances = {instance.id: instance for instance in fleet.instances}
        self.jobs: dict[str, Job] = {}
        self.schedules: dict[str, Schedule] = {}
        self.submissions: dict[str, list[datetime]] = defaultdict(list)
        self.prechecked_at: dict[str, datetime] = {}
        """When the last pre-check of an instance has its result."""
        self._ids = ids
        self._durations = durations
        self._active: dict[str, Job] = {}
        self._waiting: dict[str, Schedule] = {}
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0
        for instance in list(self.instances.values()):
            self._settle(instance, now)

    def advance(self, now: datetime) -> None:
        """Let everything happen that is due by `now`."""
        while self._due and self._due[0][0] <= now:
            _, _, happen = heapq.heappop(self._due)
            happen()

    def find(self, name_or_id: str) -> Instance:
        """The instance of that id or name; raises KeyError if there is none."""
        if name_or_id in self.instances:
            return self.instances[name_or_id]
        for instance in self.instances.values():
            if instance.name == name_or_id:
                return instance
        raise KeyError(name_or_id)

    def is_upgrading(self, instance: Instance) -> bool:
        """Whether an upgrade of it is pending or running."""
        return instance.id in self._active

    def waits_for_window(self, instance: Instance) -> bool:
        """Whether an upgrade of it is scheduled and not yet started."""
        return instance.id in self._waiting

    def submit(
        self, instance: Instance, now: datetime, *, delay: bool, fate: Fate, late: timedelta
    ) -> str:
        """Accept an upgrade and return the id of its job, or of its schedule when delayed.

        `late` is added to the time after which the task centre shows the task.
        """
        self.submissions[instance.id].append(now)
        if delay:
            return self._schedule(instance, now, fate, late).id
        job = self._start(instance, now, fate, late)
        return job.id if job else self._ids.job()

    def cancel(self, schedule_id: str, now: datetime) -> bool:
        """Cancel a scheduled upgrade that has not started; False if there is none to cancel."""
        schedule = self.schedules.get(schedule_id)
        if schedule is None or schedule.status(now) != "Pending":
            return False
        schedule.closed_as = "Canceled"
        self._waiting.pop(schedule.instance_id, None)
        return True

    def confirm(self, instance: Instance) -> None:
        """Do what a person does with "Apply Upgrade" in the console.

        Raises ValueError when nothing is waiting to be applied.
        """
        if instance.phase is not Phase.TO_BE_CONFIRMED:
            message = f"{instance.name} has no upgrade to confirm"
            raise ValueError(message)
        instance.kernel, instance.phase = instance.latest, Phase.NONE

    def visible_jobs(self, now: datetime) -> list[Job]:
        """Instant tasks that the task centre shows, newest first."""
        shown = [job for job in self.jobs.values() if is_shown(job, now)]
        return sorted(shown, key=lambda job: job.created_at, reverse=True)

    def visible_schedules(self, now: datetime) -> list[Schedule]:
        """Scheduled tasks that the task centre shows, newest first."""
        shown = [schedule for schedule in self.schedules.values() if is_shown(schedule, now)]
        return sorted(shown, key=lambda schedule: schedule.created_at, reverse=True)

    def _settle(self, instance: Instance, now: datetime) -> None:
        if instance.busy_for is not None:
            self._at(now + instance.busy_for, lambda: _free(instance))
        if instance.scheduled:
            # Somebody did so before the story begins: there is nothing late about it.
            self._schedule(instance, now, instance.fate, timedelta(0)).visible_at = now

    def _schedule(self, instance: Instance, now: datetime, fate: Fate, late: timedelta) -> Schedule:
        starts_at, ends_at = next_window(instance.window, now)
        visible_at = now + late + self._span(self._durations.until_visible, instance.id)
        schedule = Schedule(
            self._ids.hex32(), instance.id, instance.name, now, visible_at, starts_at, ends_at, fate
        )
        self.schedules[schedule.id] = self._waiting[instance.id] = schedule
        self._at(starts_at, lambda: self._fire(schedule))
        return schedule

    def _fire(self, schedule: Schedule) -> None:
        if schedule.closed_as:
            return
        instance = self.instances[schedule.instance_id]
        if schedule.fate in {Fate.NEVER_STARTS, Fate.STAYS_PENDING}:
            return
        del self._waiting[instance.id]
        if instance.condition is not Condition.NORMAL or not is_behind(instance):
            schedule.closed_as = "Failed"
            return
        schedule.job = self._start(instance, schedule.starts_at, schedule.fate, timedelta(0))

    def _start(self, instance: Instance, at: datetime, fate: Fate, late: timedelta) -> Job | None:
        if fate is Fate.NEVER_STARTS:
            return None
        starts_at = at + self._span(self._durations.until_start, instance.id)
        job = Job(
            id=self._ids.job(),
            instance_id=instance.id,
            instance_name=instance.name,
            created_at=at,
            visible_at=at + late + self._span(self._durations.until_visible, instance.id),
            starts_at=starts_at,
            ends_at=starts_at + self._running_time(instance, fate),
            failure=_failure(instance, fate),
        )
        if fate is Fate.STAYS_PENDING:
            job.starts_at = job.ends_at = None
        self.jobs[job.id] = self._active[instance.id] = job
        if job.ends_at is not None:
            self._at(job.ends_at, lambda: self._finish(job, fate))
        return job

    def _running_time(self, instance: Instance, fate: Fate) -> timedelta:
        kernel, phase = next_step(instance)
        length = self._durations.direct
        if phase is Phase.PRE_UPGRADED:
            length = self._durations.pre_upgrade
        elif phase is Phase.TO_BE_CONFIRMED:
            length = self._durations.second_phase
        elif is_two_phase(kernel):
            length = self._durations.first_round
        whole = self._span(length, instance.id + instance.kernel)
        return whole if fate is Fate.SUCCEEDS else whole / 2

    def _finish(self, job: Job, fate: Fate) -> None:
        instance = self.instances[job.instance_id]
        del self._active[instance.id]
        if fate is Fate.SUCCEEDS:
            instance.kernel, instance.phase = next_step(instance)
        elif fate is Fate.LEAVES_COPY:
            self._leave_copy(instance)
        if instance.fate is Fate.UNDER_LOAD:
            instance.fate = Fate.SUCCEEDS  # the load is gone by the time somebody retries

    def _leave_copy(self, instance: Instance) -> None:
        copy_id = f"{self._ids.hex32()}in07"
        copy = replace(instance, id=copy_id, name=f"{instance.name}_copy", fate=Fate.SUCCEEDS)
        self.instances[copy_id] = copy
        instance.condition = Condition.ABNORMAL

    def _at(self, moment: datetime, happen: Callable[[], None]) -> None:
        self._count += 1  # keeps entries of one moment in the order they were made
        heapq.heappush(self._due, (moment, self._count, happen))

    def _span(self, span: Span, key: str) -> timedelta:
        # Spread by a checksum instead of chance: the same fleet behaves the same in every run.
        shortest, longest = span
        share = crc32(key.encode()) % 1000 / 1000
        return timedelta(seconds=shortest + (longest - shortest) * share)


def next_window(window: str, now: datetime) -> tuple[datetime, datetime]:
    """Start and end of the maintenance window ("hh:mm-hh:mm" UTC) that is open now or comes next.

    Inside the window the start is `now` itself.
    """
    start, end = (time.fromisoformat(part) for part in window.split("-"))
    opened_at = datetime.combine(now.date() - timedelta(days=1), start, now.tzinfo)
    length = (datetime.combine(now.date(), end) - datetime.combine(now.date(), start)) % timedelta(
        days=1
    )
    while opened_at + length <= now:
        opened_at += timedelta(days=1)
    return max(opened_at, now), opened_at + length


def is_shown(task: Job | Schedule, now: datetime) -> bool:
    """Whether the task centre shows a task: not in its first seconds, nor after 30 days."""
    return task.visible_at <= now <= task.created_at + KEPT


def _free(instance: Instance) -> None:
    instance.condition = Condition.NORMAL


def _failure(instance: Instance, fate: Fate) -> str:
    return {
        Fate.UNDER_LOAD: UNDER_LOAD,
        Fate.FAILS: HALF_WAY,
        Fate.LEAVES_COPY: COPY_LEFT.format(name=instance.name),
    }.get(fate, "")
