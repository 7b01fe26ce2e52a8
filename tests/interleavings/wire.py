"""The TaurusDB simulator behind the real client, without sockets: one thin adapter.

Gate, faults, operations and ageing are the simulator's own; only the connection is not, so that
hundreds of whole lives of changes fit into some seconds.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx

from bot.ports import Clock
from bot.sandbox.taurus import iam
from bot.sandbox.taurus.calls import Answer, Call
from bot.sandbox.taurus.cloud import Cloud, Operation
from bot.sandbox.taurus.errors import ServiceError
from bot.sandbox.taurus.exchange import answer_to, response, spoiled
from bot.sandbox.taurus.faults import FaultKind, Faults
from bot.sandbox.taurus.identity import Credentials, Identity
from bot.sandbox.taurus.ids import Ids
from bot.sandbox.taurus.instances import Fleet, Instance
from bot.sandbox.taurus.simulator import DOMAIN_ID, PROJECT_ID, SERVICE
from bot.sandbox.taurus.world import Durations, World

CUTS = {FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER}
HANGS = {FaultKind.HANG_BEFORE, FaultKind.HANG_AFTER}
REGION = "cn-north-4"
ON_THE_WAY = timedelta(minutes=1)
"""A request that has not arrived by then never does: the client has hung up half a minute ago."""

Moment = Callable[[str, str], Awaitable[None]]
"""Awaited with an operation's name and "before" or "after" its effect."""


@dataclass(frozen=True)
class Sent:
    """An upgrade request on the wire: what it carried, and what took effect."""

    rows: tuple[tuple[str, str], ...]
    effective: frozenset[str]
    is_refused: bool
    """Whether the answer proves that nothing of it took effect."""


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """What the client's requests reach."""

    clock: Clock
    fleet: Sequence[Instance]
    moment: Moment
    on_sent: Callable[[Sent], None]
    on_leaving: Callable[[], None] = lambda: None
    """Called when an upgrade request leaves."""
    calls: int = 0
    unreachable: int = 0
    """How many of the next connections cannot be made."""

    def __post_init__(self) -> None:
        """Make a region that holds the fleet."""
        ids = Ids("interleavings")
        world = World(Fleet(list(self.fleet)), self.clock(), ids, Durations())
        identity = Identity(Credentials(), ids)
        self.cloud = Cloud(world, Faults(), identity, PROJECT_ID, REGION, DOMAIN_ID)
        self._operations = (*SERVICE, *iam.OPERATIONS)

    @property
    def world(self) -> World:
        """The region as it is now."""
        self.cloud.world.advance(self.clock())
        return self.cloud.world

    def upgrades(self) -> dict[str, int]:
        """How often an upgrade of each instance took effect so far."""
        return {one: len(at) for one, at in self.cloud.world.submissions.items()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, or break it as a fault demands."""
        self.calls += 1
        if self.unreachable:
            self.unreachable -= 1
            raise httpx.ConnectError("no route", request=request)
        call, operation = self._read(request)
        if operation.name == "batch_upgrade":
            self.on_leaving()
        before = self.upgrades()
        answer: Answer | None = None
        try:
            answer = await self._carry_out(request, call, operation)
        finally:
            if operation.name == "batch_upgrade":
                self._note(call, before, answer)
        request_id = self.cloud.identity.ids.hex32()
        sent = response(answer, self.clock(), request_id)
        body = sent.body if isinstance(sent.body, bytes) else b""
        return httpx.Response(sent.status, headers=dict(sent.headers), content=body)

    def _read(self, request: httpx.Request) -> tuple[Call, Operation]:
        path, _, query = request.url.raw_path.decode().partition("?")
        for operation in self._operations:
            match = operation.pattern.fullmatch(path)
            if match and operation.method == request.method:
                break
        else:
            raise AssertionError(f"the client called {request.method} {path}")
        call = Call(
            method=request.method,
            path=path,
            raw_query=query,
            headers=request.headers,
            body=request.content,
            now=self.clock(),
            params=match.groupdict(),
        )
        return call, operation

    async def _carry_out(self, request: httpx.Request, call: Call, operation: Operation) -> Answer:
        left_at = self.clock()
        await self.moment(operation.name, "before")
        if self.clock() - left_at > ON_THE_WAY:
            raise httpx.ReadTimeout("no answer", request=request)
        self.cloud.world.advance(self.clock())
        call = replace(call, now=self.clock())
        try:
            self.cloud.identity.admit(call)
            fault = self.cloud.faults.take(operation.name, operation.groups)
            answer = None
            if fault is None or not fault.kind.is_before:
                answer = operation.handle(self.cloud, call)
            await self.moment(operation.name, "after")
            if fault is None:
                assert answer is not None
                return answer
            if fault.kind in CUTS:
                raise httpx.ReadError("cut", request=request)
            if fault.kind in HANGS:
                raise httpx.ReadTimeout("no answer", request=request)
            return spoiled(fault, answer, is_iam="iam" in operation.groups)
        except ServiceError as error:
            return answer_to(error, error.body("error_code", call.language, "r"))

    def _note(self, call: Call, before: dict[str, int], answer: Answer | None) -> None:
        body: dict[str, Any] = call.json()
        rows = tuple(
            (row["instance_id"], row["current_version"]) for row in body["databases_instance_infos"]
        )
        now = self.upgrades()
        effective = frozenset(one for one, _ in rows if now.get(one, 0) > before.get(one, 0))
        is_refused = (
            answer is not None and 400 <= answer.status < 500 and isinstance(answer.body, dict)
        )
        self.on_sent(Sent(rows, effective, is_refused))
