"""The answers of TaurusDB and IAM as they come over the wire, read leniently.

The vendor's examples do not keep to the vendor's tables: numbers come as text and text as
numbers, and what is absent may be left out, null or empty. So nothing here is stricter than the
bot needs.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from bot.domain.instance import (
    Detail,
    Instance,
    Job,
    JobState,
    PreCheck,
    Schedule,
    Status,
    Version,
)
from bot.domain.kernel import Kernel

_SECONDS_ONLY = 10**11
"""Integers above this are milliseconds since 1970, as `schedule-tasks/exist` writes them."""


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _items(value: object) -> object:
    return () if value is None or value == "" else value


def _fields(value: object) -> object:
    return value if isinstance(value, dict) else {}


def _flag(value: object) -> object:
    return False if value is None or value == "" else value


def read_time(value: object) -> datetime | None:
    """Read any of the vendor's ways to write a time; None for what cannot be read."""
    text = _text(value).strip().replace("_", "+")
    try:
        if text.isdigit():
            number = int(text)
            return datetime.fromtimestamp(number / 1000 if number > _SECONDS_ONLY else number, UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def write_time(at: datetime) -> str:
    """Write a time for a query: UTC, whole seconds, the offset without a colon."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


Text = Annotated[str, BeforeValidator(_text)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Time = Annotated[datetime | None, BeforeValidator(read_time)]


class Wire(BaseModel):
    """Part of an answer; what the bot does not know is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Tag(Wire):
    """A tag of an instance."""

    key: Text = ""
    value: Text = ""


class Datastore(Wire):
    """Versions of an instance; the two calls that tell them name them differently."""

    kernel_version: Text = ""
    current_kernel_version: Text = ""
    latest_kernel_version: Text = ""


class Node(Wire):
    """A node of an instance."""

    az_code: Text = ""


class InstanceRow(Wire):
    """An instance in a list, or in full with what only the detail call tells."""

    id: str
    name: Text = ""
    status: Text = ""
    datastore: Annotated[Datastore, BeforeValidator(_fields)] = Datastore()
    region: Text = ""
    tags: Annotated[tuple[Tag, ...], BeforeValidator(_items)] = ()
    eos_tag: Flag = False
    az_mode: Text = ""
    maintenance_window: Text = ""
    node_count: Text = ""
    nodes: Annotated[tuple[Node, ...], BeforeValidator(_items)] = ()
    proxies: Annotated[tuple[Any, ...], BeforeValidator(_items)] = ()

    def to_instance(self) -> Instance:
        """Say it in the domain's words."""
        return Instance(
            id=self.id,
            name=self.name or self.id,
            status=read_status(self.status),
            kernel=read_kernel(self.datastore.kernel_version),
            region=self.region,
            tags={tag.key: tag.value for tag in self.tags},
            end_of_service=self.eos_tag,
        )

    def to_detail(self) -> Detail:
        """Say it in the domain's words."""
        nodes = int(self.node_count) if self.node_count.isdigit() else len(self.nodes)
        return Detail(
            id=self.id,
            zones=self._zones(),
            nodes=max(1, nodes),
            proxies=len(self.proxies),
            window=self.maintenance_window,
        )

    def _zones(self) -> int:
        several = len({node.az_code for node in self.nodes if node.az_code}) > 1
        return 2 if several or self.az_mode.casefold() == "multi" else 1


class InstancesAnswer(Wire):
    """`GET /v3.1/…/instances` and `…/instances/details`."""

    instances: Annotated[tuple[InstanceRow, ...], BeforeValidator(_items)]
    total_count: int | None = None


class VersionAnswer(Wire):
    """`GET …/database-version`."""

    datastore: Datastore
    upgrade_flag: Flag = False

    def to_version(self) -> Version | None:
        """Say it in the domain's words; None if there is no current version in it."""
        current = read_kernel(self.datastore.current_kernel_version)
        latest = read_kernel(self.datastore.latest_kernel_version) or current
        if current is None or latest is None:
            return None
        return Version(current=current, latest=latest, upgradable=self.upgrade_flag)


class UpgradeAnswer(Wire):
    """`POST …/instances/database-version/upgrade`."""

    resp: str


class JobIdAnswer(Wire):
    """`POST …/instances/{id}/db-upgrade`."""

    job_id: str


class JobIdsAnswer(Wire):
    """`DELETE …/scheduled-jobs` and the start of a pre-check."""

    job_ids: Annotated[tuple[str, ...], BeforeValidator(_items)]


class JobRow(Wire):
    """An instant task in a list."""

    job_id: str
    instance_id: Text = ""
    status: Text = ""
    process: Text = ""
    created_time: Time = None
    ended_time: Time = None
    fail_reason: Text = ""

    def to_job(self) -> Job:
        """Say it in the domain's words."""
        return Job(
            id=self.job_id,
            instance_id=self.instance_id,
            state=read_state(self.status),
            progress=self.process,
            created_at=self.created_time,
            ended_at=self.ended_time,
            fail_reason=self.fail_reason,
        )


class JobsAnswer(Wire):
    """`GET …/immediate-jobs`."""

    jobs: Annotated[tuple[JobRow, ...], BeforeValidator(_items)]
    total_count: int | None = None


class JobInstance(Wire):
    """Whose job it is."""

    id: Text = ""


class JobBody(Wire):
    """A job asked for by its id."""

    id: str
    status: Text = ""
    process: Text = ""
    created: Time = None
    ended: Time = None
    fail_reason: Text = ""
    instance: Annotated[JobInstance, BeforeValidator(_fields)] = JobInstance()


class JobAnswer(Wire):
    """`GET …/jobs?id=`."""

    job: JobBody

    def to_job(self) -> Job:
        """Say it in the domain's words."""
        return Job(
            id=self.job.id,
            instance_id=self.job.instance.id,
            state=read_state(self.job.status),
            progress=self.job.process,
            created_at=self.job.created,
            ended_at=self.job.ended,
            fail_reason=self.job.fail_reason,
        )


class ScheduleRow(Wire):
    """A scheduled task in a list."""

    job_id: str
    instance_id: Text = ""
    job_status: Text = ""
    start_time: Time = None

    def to_schedule(self) -> Schedule:
        """Say it in the domain's words."""
        return Schedule(
            id=self.job_id,
            instance_id=self.instance_id,
            state=read_state(self.job_status),
            start_at=self.start_time,
        )


class SchedulesAnswer(Wire):
    """`GET …/scheduled-jobs`."""

    schedules: Annotated[tuple[ScheduleRow, ...], BeforeValidator(_items)]
    total_count: int | None = None


class ExistingTask(Wire):
    """A scheduled task in the words of `schedule-tasks/exist`, which are others."""

    task_id: str
    instance_id: Text = ""
    task_status: Text = ""
    start_time: Time = None

    def to_schedule(self) -> Schedule:
        """Say it in the domain's words."""
        return Schedule(
            id=self.task_id,
            instance_id=self.instance_id,
            state=read_state(self.task_status),
            start_at=self.start_time,
        )


class ExistAnswer(Wire):
    """`POST …/schedule-tasks/exist`."""

    scheduled_tasks: Annotated[tuple[ExistingTask, ...], BeforeValidator(_items)] = ()


class CheckItem(Wire):
    """One thing that the pre-check looked at."""

    check_item: Text = ""
    check_description: Text = ""
    check_status: Text = ""


class PreCheckAnswer(Wire):
    """`POST …/upgrade/pre-check-result`."""

    upgrade_precheck_result: Text = ""
    upgrade_precheck_detail: Annotated[tuple[CheckItem, ...], BeforeValidator(_items)] = ()

    def to_precheck(self) -> PreCheck | None:
        """Say it in the domain's words; None while there is no result."""
        result = self.upgrade_precheck_result.casefold()
        if result not in {"true", "false"}:
            return None
        failed = [item for item in self.upgrade_precheck_detail if item.check_status != "passed"]
        findings = tuple(
            ": ".join(part for part in (item.check_item, item.check_description) if part)
            for item in failed
        )
        return PreCheck(passed=result == "true", findings=findings)


class Project(Wire):
    """A project of the account."""

    id: Text = ""
    name: Text = ""


class ProjectsAnswer(Wire):
    """`GET /v3/projects` of IAM."""

    projects: Annotated[tuple[Project, ...], BeforeValidator(_items)]


class TokenBody(Wire):
    """What a token is good for; the token itself is in a header."""

    issued_at: Time = None
    expires_at: Time = None
    project: Annotated[Project, BeforeValidator(_fields)] = Project()


class TokenAnswer(Wire):
    """`POST /v3/auth/tokens` of IAM."""

    token: TokenBody


_STATUSES = {
    "normal": Status.NORMAL,
    "active": Status.NORMAL,
    "abnormal": Status.ABNORMAL,
    "createfail": Status.ABNORMAL,
    "create_failed": Status.ABNORMAL,
    "failed": Status.ABNORMAL,
    "storage full": Status.ABNORMAL,
    "frozen": Status.FROZEN,
    "deleted": Status.DELETED,
}
_STATES = {
    "pending": JobState.PENDING,
    "waiting": JobState.PENDING,
    "unauthorized": JobState.PENDING,  # it waits for somebody's consent
    "running": JobState.RUNNING,
    "completed": JobState.COMPLETED,
    "success": JobState.COMPLETED,
    "failed": JobState.FAILED,
    "fail": JobState.FAILED,
    "canceled": JobState.CANCELLED,
    "cancelled": JobState.CANCELLED,
}


def read_status(word: str) -> Status:
    """Reduce the words of v3.1, v3 and the task centre; an unknown one means busy."""
    return _STATUSES.get(word.casefold(), Status.BUSY)


def read_state(word: str) -> JobState:
    """Read the words of both task lists; an unknown one means that the end is not known yet."""
    return _STATES.get(word.casefold(), JobState.RUNNING)


def read_kernel(text: str) -> Kernel | None:
    """Read a kernel version; None for what is none."""
    try:
        return Kernel(text)
    except ValidationError:
        return None
