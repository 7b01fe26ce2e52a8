"""What the simulated region holds: instances, jobs and scheduled tasks, as plain data."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Condition(StrEnum):
    """What an instance is doing, apart from an upgrade."""

    NORMAL = "normal"
    ABNORMAL = "abnormal"
    FROZEN = "frozen"
    BACKING_UP = "backing up"
    MODIFYING = "changing its class"
    CREATING = "being created"
    STORAGE_FULL = "storage full"


class Phase(StrEnum):
    """Where a two-phase upgrade stands; the console's words."""

    NONE = ""
    PRE_UPGRADED = "Pre-upgrade completed"
    TO_BE_CONFIRMED = "Kernel version upgrade to be confirmed"


class Fate(StrEnum):
    """What becomes of the next upgrade of an instance."""

    SUCCEEDS = "succeeds"
    SUPPORT_ONLY = "only the vendor's support can upgrade it"
    NEVER_STARTS = "accepted but never starts"
    STAYS_PENDING = "its job stays Pending for ever"
    UNDER_LOAD = "fails once: too much load"
    FAILS = "fails half-way"
    LEAVES_COPY = "fails and leaves a copy"


@dataclass
class Instance:
    """One TaurusDB instance. `window` is UTC, "hh:mm-hh:mm"; `az_codes` holds one zone or more."""

    id: str
    name: str
    kernel: str
    latest: str
    mysql: str = "8.0.22"
    condition: Condition = Condition.NORMAL
    phase: Phase = Phase.NONE
    fate: Fate = Fate.SUCCEEDS
    window: str = "18:00-22:00"
    az_codes: tuple[str, ...] = ("a",)
    readers: int = 1
    proxies: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    end_of_service: bool = False
    replica_delay_seconds: int = 0
    busy_for: timedelta | None = None
    """How long after the simulator's start a busy condition lasts; None = for ever."""
    scheduled: bool = False
    """Whether somebody scheduled its upgrade for the window before the simulator started."""
    private_ip: str = "192.168.0.10"


@dataclass
class Fleet:
    """The instances of the one simulated project."""

    instances: list[Instance]


@dataclass
class Job:
    """An instant task. `starts_at` None = never runs, `ends_at` None = never ends."""

    id: str
    instance_id: str
    instance_name: str
    created_at: datetime
    visible_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    failure: str = ""

    def status(self, now: datetime) -> str:
        """The task centre's word for its state at `now`."""
        if self.starts_at is None or now < self.starts_at:
            return "Pending"
        if self.ends_at is None or now < self.ends_at:
            return "Running"
        return "Failed" if self.failure else "Completed"

    def percent(self, now: datetime) -> int:
        """How much is done at `now`, 0 to 100."""
        if self.starts_at is None or self.ends_at is None or now < self.starts_at:
            return 0
        done = (now - self.starts_at) / max(
            self.ends_at - self.starts_at, timedelta(microseconds=1)
        )
        return min(100, int(100 * done))

    def seconds_left(self, now: datetime) -> int:
        """Seconds until the end, 0 once over or while unknown."""
        return max(0, int((self.ends_at - now).total_seconds())) if self.ends_at else 0


@dataclass
class Schedule:
    """An upgrade waiting for a maintenance window, or what became of it."""

    id: str
    instance_id: str
    instance_name: str
    created_at: datetime
    visible_at: datetime
    starts_at: datetime
    ends_at: datetime
    fate: Fate
    job: Job | None = None
    closed_as: str = ""

    def status(self, now: datetime) -> str:
        """The task centre's word for its state at `now`."""
        if self.closed_as:
            return self.closed_as
        return self.job.status(now) if self.job else "Pending"
