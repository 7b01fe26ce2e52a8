"""The answers of TaurusDB and IAM as they come over the wire, read leniently.

The vendor's examples do not keep to the vendor's tables: numbers come as text and text as
numbers, and what is absent may be left out, null or empty. So nothing here is stricter than the
bot needs.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.domain.instance import Detail, Instance, Job, PreCheck, Schedule, Version
from bot.domain.kernel import Kernel
from bot.taurus.words import read_kernel, read_state, read_status, read_text, read_time


def _items(value: object) -> object:
    return () if value is None or value == "" else value


def _fields(value: object) -> object:
    return value if isinstance(value, dict) else {}


def _flag(value: object) -> bool:
    return read_text(value).casefold() in {"true", "1"}


def _count(value: object) -> object:
    return None if value == "" else value


Text = Annotated[str, BeforeValidator(read_text)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Count = Annotated[int | None, BeforeValidator(_count)]
Time = Annotated[datetime | None, BeforeValidator(read_time)]


class Wire(BaseModel):
    """Part of an answer; what the bot does not know is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class Tag(Wire):
    """A tag of an instance."""

    key: Text = ""
    value: Text = ""


class Datastore(Wire):
    """The version of an instance in a list."""

    kernel_version: Text = ""


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
        nodes = int(self.node_count) if self.node_count.isdecimal() else len(self.nodes)
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
    total_count: Count = None


class Versions(Wire):
    """Current and newest kernel; the newest may be left out where there is nothing newer."""

    current_kernel_version: Kernel
    latest_kernel_version: Annotated[Kernel | None, BeforeValidator(read_kernel)] = None


class VersionAnswer(Wire):
    """`GET …/database-version`."""

    datastore: Versions
    upgrade_flag: Flag = False

    def to_version(self) -> Version:
        """Say it in the domain's words."""
        current = self.datastore.current_kernel_version
        latest = self.datastore.latest_kernel_version or current
        return Version(current=current, latest=latest, upgradable=self.upgrade_flag)


class UpgradeAnswer(Wire):
    """`POST …/instances/database-version/upgrade`."""

    resp: str


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
    total_count: Count = None


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
    end_time: Time = None

    def to_schedule(self) -> Schedule:
        """Say it in the domain's words."""
        return Schedule(
            id=self.job_id,
            instance_id=self.instance_id,
            state=read_state(self.job_status),
            start_at=self.start_time,
            end_at=self.end_time,
        )


class SchedulesAnswer(Wire):
    """`GET …/scheduled-jobs`."""

    schedules: Annotated[tuple[ScheduleRow, ...], BeforeValidator(_items)]
    total_count: Count = None


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
