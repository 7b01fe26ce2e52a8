"""The calls of TaurusDB's API that the bot makes, one method each, in the domain's words.

Source: TaurusDB API docs; the title of the page is named where it tells something surprising.
Every method raises `TaurusError`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from bot.domain.errors import Effect, Reaction
from bot.domain.instance import Answer, Detail, Instance, Job, PreCheck, Schedule, Version
from bot.domain.sentence import say
from bot.taurus import errors, wire
from bot.taurus.calls import Caller, Operation, Request
from bot.taurus.config import TaurusConfig
from bot.taurus.pages import Page, walk_any_reading, walk_records
from bot.taurus.words import write_time

UPGRADE_JOB = "UpgradeGaussDBforMySQLDatabaseVersion"
UPGRADE_TASK = "VERSION_UPGRADE"
INSTANCES_A_PAGE = 100
JOBS_A_PAGE = 50
SCHEDULES_A_PAGE = 100

_UPGRADE_UNCLEAR = say(
    "There was no clear answer to the upgrade request: it may have been accepted, and the databases"
    " may restart at any moment. Do not send it again. The bot looks for the upgrades itself and"
    " tells what it finds."
)
_CANCEL_UNCLEAR = say(
    "There was no clear answer to the cancellation: the scheduled upgrades may still start in"
    " their maintenance windows. Look again whether they are still there before you rely on it."
)

_TIME = Operation("time", "GET")
_LIST = Operation("list_instances", "GET")
_LIST_V3 = Operation("list_instances_v3", "GET")
_DETAILS = Operation("instance_details", "GET")
_VERSION = Operation("database_version", "GET")
_JOB = Operation("show_job", "GET")
_JOBS = Operation("immediate_jobs", "GET")
_SCHEDULES = Operation("scheduled_jobs", "GET")
_CHECK = Operation("pre_check", "POST", is_optional=True)
_RESULT = Operation("pre_check_result", "POST", is_optional=True)
_PROJECTS = Operation("list_projects", "GET")
_UPGRADE = Operation("batch_upgrade", "POST", _UPGRADE_UNCLEAR)
_CANCEL = Operation("cancel_scheduled", "DELETE", _CANCEL_UNCLEAR)

Model = TypeVar("Model", bound=BaseModel)


class TaurusClient:
    """TaurusDB of one project in one region."""

    def __init__(
        self,
        config: TaurusConfig,
        caller: Caller,
        auth: httpx.Auth,
        project_of_login: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        """Nothing is called until somebody asks.

        `project_of_login` tells the project that a login was made for, if it was one; empty if
        it does not know.
        """
        self._config = config
        self._endpoints = config.endpoints
        self._caller = caller
        self._auth = auth
        self._project = config.project_id or ""
        self._project_of_login = project_of_login
        self._project_lock = asyncio.Lock()

    async def ask_time(self) -> None:
        """Have the gateway answer anything, without signing in: `on_call` is told its time."""
        with suppress(errors.TaurusError):
            await self._caller.once(Request(_TIME, f"{self._endpoints.service}/"))

    async def project_id(self) -> str:
        """The project, looked up once by the region's name unless it was configured."""
        async with self._project_lock:
            if not self._project:
                self._project = await self._look_up_project()
            return self._project

    async def list_instances(self) -> tuple[Instance, ...]:
        """All instances of the project, every page."""
        return await self._listed(_LIST, "v3.1")

    async def list_instances_v3(self) -> tuple[Instance, ...]:
        """The same from the historical list, which has finer words for the status."""
        return await self._listed(_LIST_V3, "v3")

    async def _listed(self, operation: Operation, version: str) -> tuple[Instance, ...]:
        async def page(offset: int) -> Page[Instance]:
            query = (("limit", str(INSTANCES_A_PAGE)), ("offset", str(offset)))
            answer = await self._ask(operation, version, "/instances", wire.InstancesAnswer, query)
            return [row.to_instance() for row in answer.instances], answer.total_count

        return await walk_records(page)

    async def details(self, instance_ids: Sequence[str]) -> tuple[Detail, ...]:
        """Details of at most 20 instances; the cloud refuses all if it does not know one."""
        query = (("instance_ids", ",".join(instance_ids)),)
        answer = await self._ask(
            _DETAILS, "v3.1", "/instances/details", wire.InstancesAnswer, query
        )
        return tuple(row.to_detail() for row in answer.instances)

    async def version(self, instance_id: str) -> Version:
        """Current and newest kernel of an instance, and whether it can be upgraded."""
        path = f"/instances/{_quoted(instance_id)}/database-version"
        answer = await self._ask(_VERSION, "v3", path, wire.VersionAnswer)
        return answer.to_version()

    async def job(self, job_id: str) -> Job:
        """One job; it appears some seconds after its upgrade was accepted."""
        answer = await self._ask(_JOB, "v3", "/jobs", wire.JobAnswer, (("id", job_id),))
        return answer.to_job()

    async def upgrade_jobs(self, since: datetime) -> tuple[Job, ...]:
        """Instant upgrade jobs created at or after `since`, to the second, each once.

        What `offset` means is documented in three ways ("Querying Instant Tasks": a record counted
        from 1; older pages: from 0; the vendor's Terraform provider: a page number), so the walk
        is made to work with each of them.
        """
        first = since.replace(microsecond=0)

        async def page(offset: int) -> Page[Job]:
            query = (
                ("job_name", UPGRADE_JOB),
                ("start_time", write_time(first)),
                ("limit", str(JOBS_A_PAGE)),
                ("offset", str(offset)),
            )
            answer = await self._ask(_JOBS, "v3", "/immediate-jobs", wire.JobsAnswer, query)
            return [row.to_job() for row in answer.jobs], answer.total_count

        jobs = await walk_any_reading(page)
        return tuple(job for job in jobs if job.created_at is None or job.created_at >= first)

    async def schedules(self) -> tuple[Schedule, ...]:
        """Upgrades that wait for a maintenance window, or waited."""

        async def page(offset: int) -> Page[Schedule]:
            query = (
                ("job_name", UPGRADE_TASK),
                ("limit", str(SCHEDULES_A_PAGE)),
                ("offset", str(offset)),
            )
            answer = await self._ask(
                _SCHEDULES, "v3", "/scheduled-jobs", wire.SchedulesAnswer, query
            )
            return [row.to_schedule() for row in answer.schedules], answer.total_count

        return await walk_records(page)

    async def cancel_schedules(self, job_ids: Sequence[str]) -> tuple[str, ...]:
        """Cancel upgrades that have not started; returns the ids that really were cancelled."""
        body = {"job_ids": list(job_ids)}
        answer = await self._ask(_CANCEL, "v3", "/scheduled-jobs", wire.JobIdsAnswer, body=body)
        return answer.job_ids

    async def start_precheck(self, versions: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Start the vendor's pre-check of (instance id, kernel) pairs; returns job ids."""
        path = "/instances/database-version/upgrade/pre-check"
        answer = await self._ask(_CHECK, "v3", path, wire.JobIdsAnswer, body=_rows(versions))
        return answer.job_ids

    async def precheck_result(self, versions: Iterable[tuple[str, str]]) -> PreCheck | None:
        """Read the result of the pre-check; None while there is none."""
        path = "/instances/database-version/upgrade/pre-check-result"
        answer = await self._ask(_RESULT, "v3", path, wire.PreCheckAnswer, body=_rows(versions))
        return answer.to_precheck()

    async def upgrade(
        self, versions: Sequence[tuple[str, str]], *, delay: bool, until: datetime | None = None
    ) -> Answer:
        """Ask for the upgrade of (instance id, kernel) pairs; it cannot be undone.

        After `until` it is not sent any more.

        "Upgrading Minor Versions of Instances in Batches": the answer is one word, without a job
        id or a result for each instance. Nothing tells whether an error that is about one row
        keeps the other rows from starting.
        """
        is_text = self._config.delay_format == "string"
        body = {**_rows(versions), "delay": str(delay).lower() if is_text else delay}
        path = "/instances/database-version/upgrade"
        request = await self._request(_UPGRADE, "v3", path, body=body)
        request = request._replace(until=until)
        try:
            answer, response = await self._caller.ask(request, wire.UpgradeAnswer, self._auth)
        except errors.TaurusError as error:
            if len(versions) > 1:
                errors.doubt_rows(error)
            raise
        if answer.resp != "success":
            raise errors.not_success(answer.resp, response, _UPGRADE_UNCLEAR)
        return Answer(
            resp=answer.resp,
            status=response.status_code,
            request_id=errors.request_id(response.headers),
        )

    async def _ask(
        self,
        operation: Operation,
        api: str,
        path: str,
        model: type[Model],
        query: tuple[tuple[str, str], ...] = (),
        body: object = None,
    ) -> Model:
        request = await self._request(operation, api, path, query, body)
        answer, _ = await self._caller.ask(request, model, self._auth)
        return answer

    async def _request(
        self,
        operation: Operation,
        api: str,
        path: str,
        query: tuple[tuple[str, str], ...] = (),
        body: object = None,
    ) -> Request:
        project = await self.project_id()
        url = f"{self._endpoints.service}/{api}/{_quoted(project)}{path}"
        headers = {"X-Project-Id": project, "X-Language": self._config.language}
        return Request(operation, url, query, body, headers)

    async def _look_up_project(self) -> str:
        if self._project_of_login and (project := await self._project_of_login()):
            return project
        region = self._config.region
        request = Request(_PROJECTS, f"{self._endpoints.iam}/v3/projects", (("name", region),))
        answer, _ = await self._caller.ask(request, wire.ProjectsAnswer, self._auth)
        found = [project.id for project in answer.projects if project.id]
        if len(found) == 1:
            return found[0]
        sentence = say(
            "IAM knows {n} projects called {region}, so the bot does not know which one to use."
            " Nothing was done on any database. Whoever runs the bot has to set"
            " HUAWEICLOUD_SDK_PROJECT_ID.",
            n=len(found),
            region=region,
        )
        raise errors.TaurusError(sentence, effect=Effect.NOT_SENT, reaction=Reaction.FIX)


def _rows(versions: Iterable[tuple[str, str]]) -> dict[str, Any]:
    rows = [{"current_version": kernel, "instance_id": one} for one, kernel in versions]
    return {"databases_instance_infos": rows}


def _quoted(part: str) -> str:
    return quote(part, safe="")
