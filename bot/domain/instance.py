"""What the cloud says about database instances, jobs and schedules."""

import re
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from bot.domain.kernel import Kernel
from bot.domain.model import Frozen
from bot.domain.sentence import Word

INSTANCE_ID = re.compile(r"[0-9A-Za-z]{32}in07")
SISTER_PRODUCTS = {"in01": "RDS for MySQL", "in14": "GaussDB", "in02": "DDS"}


class Status(Word):
    """Instance status, reduced to what matters for an upgrade.

    What the API returns while an upgrade runs is undocumented, so an unknown word means `BUSY`.
    """

    NORMAL = "normal"
    ABNORMAL = "abnormal"
    FROZEN = "frozen"
    BUSY = "busy"
    DELETED = "deleted"


class Instance(Frozen):
    """One database instance as the instance list shows it."""

    id: str
    name: str
    status: Status
    kernel: Kernel | None
    """Current kernel; None if the API left it out or wrote nonsense."""
    region: str = ""
    tags: dict[str, str] = Field(default_factory=dict)
    end_of_service: bool = False

    def refined(self, status: Status | None) -> "Instance":
        """The same with a finer word for its status, unless that word sees no trouble."""
        if status is None or status is Status.NORMAL:
            return self
        return self.model_copy(update={"status": status})


class Detail(Frozen):
    """What only the detail call knows of an instance."""

    id: str
    zones: int = 1
    """How many availability zones its nodes span, 1 or 2 (2 = several)."""
    nodes: int = 1
    proxies: int = 0
    window: str = ""
    """Maintenance window in UTC as the API writes it, `18:00-22:00`; empty if unknown."""


class Version(Frozen):
    """The authoritative answer on one instance's kernel and whether it can be upgraded."""

    current: Kernel
    latest: Kernel
    upgradable: bool


class JobState(StrEnum):
    """State of an instant or scheduled task; words unknown to us read as `RUNNING`."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of this job."""
        return self in {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}


class Job(Frozen):
    """An upgrade task of the task centre that runs at once, or ran."""

    id: str
    instance_id: str
    state: JobState
    progress: str = ""
    """`60%` while running, else empty."""
    created_at: datetime | None = None
    ended_at: datetime | None = None
    fail_reason: str = ""


class Schedule(Frozen):
    """An upgrade task that waits for the instance's maintenance window."""

    id: str
    instance_id: str
    state: JobState
    start_at: datetime | None = None
    """Beginning and end of the window that it waits for."""
    end_at: datetime | None = None


class PreCheck(Frozen):
    """What the vendor's own pre-check found for one instance."""

    passed: bool
    is_finished: bool = True
    """False: it was asked for, and has not told anything yet."""
    findings: tuple[str, ...] = ()
    """Descriptions of the items that failed, in the vendor's words."""


class Answer(Frozen):
    """The API's answer to an accepted upgrade request, verbatim."""

    resp: str
    status: int
    request_id: str = ""


JOBS_APPEAR_WITHIN = timedelta(minutes=10)
"""A job that has not appeared by then will not: the operation guide says a batch starts within
2 to 5 minutes; the double is our margin."""
