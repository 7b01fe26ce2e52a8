"""The fleet that the services see, provided by TaurusDB's API."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from ssl import SSLContext
from typing import Self

import httpx

from bot.domain.errors import Reaction
from bot.domain.instance import (
    Answer,
    Detail,
    Instance,
    Job,
    PreCheck,
    Schedule,
    Status,
    Version,
)
from bot.ports import Clock, Sleep
from bot.taurus.calls import USER_AGENT, Call, Caller, OnCall
from bot.taurus.client import TaurusClient
from bot.taurus.config import AkSk, TaurusConfig
from bot.taurus.errors import TaurusError
from bot.taurus.signing import AkSkAuth
from bot.taurus.tokens import TokenAuth, Tokens
from bot.taurus.transport import NoCookies, Transport

DETAILS_A_CALL = 20
PRECHECKS_A_CALL = 100
PRECHECK_LOOKS = 5
PRECHECK_PAUSE = 2.0
"""Seconds between two looks at the result of a pre-check."""

_CONNECT, _WRITE, _PLACE = 5.0, 10.0, 5.0
"""Seconds until a call is given up before it can be answered."""
_ABSENT = "APIGW.0101"
_NOT_FOUND = 404
Row = tuple[str, str]
"""An instance id and its current kernel."""


class TaurusFleet:
    """Implements `bot.ports.Fleet`; every method raises `CloudError`."""

    def __init__(self, http: httpx.AsyncClient, client: TaurusClient, sleep: Sleep) -> None:
        """Use `open` instead."""
        self._http = http
        self._client = client
        self._sleep = sleep
        self._has_precheck = True
        self._has_statuses = True

    @classmethod
    def open(
        cls,
        config: TaurusConfig,
        *,
        clock: Clock,
        sleep: Sleep,
        random: Callable[[], float],
        on_call: OnCall | None = None,
        tls: SSLContext | None = None,
    ) -> Self:
        """Get ready without calling anybody; `aclose` ends it.

        `random` gives numbers from 0 up to 1. `on_call` is told of every call on the wire and must
        not raise. `tls` is shared with others: each takes long to make.
        """
        http = open_http(config, tls)
        caller = Caller(
            http,
            config.limits,
            clock=clock,
            sleep=sleep,
            random=random,
            on_call=on_call or _ignore,
        )
        return cls(http, connect(config, caller, clock), sleep)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def ask_time(self) -> None:
        """Have the cloud answer anything, so that `on_call` is told what time it is there."""
        await self._client.ask_time()

    async def project_id(self) -> str:
        """The project that holds the fleet, looked up if it was not configured."""
        return await self._client.project_id()

    async def instances(self) -> tuple[Instance, ...]:
        """All instances of the project, every page."""
        return await self._client.list_instances()

    async def statuses(self) -> dict[str, Status]:
        """What each instance is busy with, in finer words than `instances` has; empty if unknown.

        The current list knows four words, of which "normal" covers a running backup and
        "abnormal" a frozen instance; the historical one tells them apart, but "may stop being
        maintained" (TaurusDB API docs, "Querying DB Instances"). So nothing depends on it.
        """
        if not self._has_statuses:
            return {}
        try:
            listed = await self._client.list_instances_v3()
        except TaurusError as error:
            self._has_statuses = error.code != _ABSENT
            return {}
        return {one.id: one.status for one in listed}

    async def details(self, instance_ids: Sequence[str]) -> tuple[Detail, ...]:
        """Zones, nodes and windows; ids that the cloud does not know are left out."""
        found: list[Detail] = []
        for start in range(0, len(instance_ids), DETAILS_A_CALL):
            found += await self._known(instance_ids[start : start + DETAILS_A_CALL])
        return tuple(found)

    async def version(self, instance_id: str) -> Version:
        """The authoritative answer on one instance's kernel."""
        return await self._client.version(instance_id)

    async def jobs(self, since: datetime) -> tuple[Job, ...]:
        """Instant upgrade jobs created at or after `since`, each once."""
        return await self._client.upgrade_jobs(since)

    async def schedules(self) -> tuple[Schedule, ...]:
        """Upgrade tasks that wait for a maintenance window, or waited."""
        return await self._client.schedules()

    async def prechecks(self, versions: Sequence[tuple[str, str]]) -> dict[str, PreCheck] | None:
        """The vendor's own pre-check of (instance id, current kernel) pairs, by instance id.

        One request takes at most 100 instances, all of one kernel ("Performing a Kernel Upgrade
        Pre-check"). What has no result within some seconds is left out; None where the region
        does not have it.
        """
        requests = prechecks_of(versions) if self._has_precheck else []
        started = await asyncio.gather(*(self._start_precheck(rows) for rows in requests))
        if not self._has_precheck:
            return None
        begun = [rows for rows, is_begun in zip(requests, started, strict=True) if is_begun]
        found = await asyncio.gather(*(self._findings(rows) for rows in begun))
        return {instance_id: one for part in found for instance_id, one in part.items()}

    async def _start_precheck(self, rows: Sequence[Row]) -> bool:
        try:
            await self._client.start_precheck(rows)
        except TaurusError as error:
            if error.code == _ABSENT:
                self._has_precheck = False
            elif error.reaction not in {Reaction.FIX, Reaction.WAIT}:
                raise
            return False
        return True

    async def _findings(self, rows: Sequence[Row]) -> dict[str, PreCheck]:
        """Read a result, and halve what failed until each instance stands for itself.

        What the result says of several instances does not tell reliably which one is meant.
        """
        result = await self._result_within(rows)
        if result is None:
            return {}
        if result.passed or len(rows) == 1:
            return {instance_id: result for instance_id, _ in rows}
        middle = len(rows) // 2
        halves = (self._findings(rows[:middle]), self._findings(rows[middle:]))
        first, second = await asyncio.gather(*halves)
        return {**first, **second}

    async def _result_within(self, rows: Sequence[Row]) -> PreCheck | None:
        for _ in range(PRECHECK_LOOKS):
            result = await self._client.precheck_result(rows)
            if result is not None:
                return result
            await self._sleep(PRECHECK_PAUSE)
        return None

    async def submit(
        self, versions: Sequence[tuple[str, str]], *, delay: bool, until: datetime | None = None
    ) -> Answer:
        """Ask for the upgrade of (instance id, current kernel) pairs; cannot be undone.

        With `delay` the cloud starts each instance in its own maintenance window. After `until`
        it is not sent any more.
        """
        return await self._client.upgrade(versions, delay=delay, until=until)

    async def cancel_schedules(self, job_ids: Sequence[str]) -> tuple[str, ...]:
        """Cancel tasks that have not started; returns the ids that really were cancelled."""
        return await self._client.cancel_schedules(job_ids) if job_ids else ()

    async def _known(self, instance_ids: Sequence[str]) -> tuple[Detail, ...]:
        """Halve what the cloud refuses until the unknown id stands alone."""
        try:
            return await self._client.details(instance_ids)
        except TaurusError as error:
            if error.status != _NOT_FOUND or error.code == _ABSENT:
                raise
        middle = len(instance_ids) // 2
        if not middle:
            return ()
        first = await self._known(instance_ids[:middle])
        return first + await self._known(instance_ids[middle:])


def prechecks_of(versions: Sequence[Row]) -> list[Sequence[Row]]:
    """Share instances out to requests: one kernel and at most 100 instances each."""
    by_kernel: defaultdict[str, list[Row]] = defaultdict(list)
    for row in versions:
        by_kernel[row[1]].append(row)
    return [
        rows[start : start + PRECHECKS_A_CALL]
        for rows in by_kernel.values()
        for start in range(0, len(rows), PRECHECKS_A_CALL)
    ]


def connect(config: TaurusConfig, caller: Caller, clock: Clock) -> TaurusClient:
    """Make a client that signs in the configured way, and keep its secrets out of all words."""
    if isinstance(config.credentials, AkSk):
        signer = AkSkAuth(config.credentials, clock)
        caller.mask = _mask(signer.secrets)
        return TaurusClient(config, caller, signer)
    tokens = Tokens(config, config.credentials, caller, clock)
    caller.mask = _mask(tokens.secrets)
    return TaurusClient(config, caller, TokenAuth(tokens), tokens.project_id)


def shared_tls() -> SSLContext:
    """Make the rules of TLS, which trust the authorities that httpx trusts."""
    return httpx.create_ssl_context(trust_env=False)


def open_http(config: TaurusConfig, tls: SSLContext | None = None) -> httpx.AsyncClient:
    """Make the client of all calls, with its connections."""
    # At DEBUG httpcore prints the headers of answers, among them IAM's token.
    logging.getLogger("httpcore").setLevel(logging.INFO)
    read = config.limits.answer_within.total_seconds()
    return httpx.AsyncClient(
        timeout=httpx.Timeout(connect=_CONNECT, read=read, write=_WRITE, pool=_PLACE),
        transport=Transport(tls or shared_tls(), config.limits.in_flight),
        headers={"User-Agent": USER_AGENT},
        cookies=NoCookies(),
        follow_redirects=False,
        trust_env=False,  # the environment is read by the command line alone
    )


def _mask(secrets: Callable[[], tuple[str, ...]]) -> Callable[[str], str]:
    def mask(text: str) -> str:
        for secret in secrets():
            text = text.replace(secret, "***") if secret else text
        return text

    return mask


def _ignore(_call: Call) -> None:
    """Nobody wants to know."""
