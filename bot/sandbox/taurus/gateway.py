"""From a request on the socket to its answer: routing, the gate, faults, the log."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from aiohttp import web

from bot.sandbox.taurus.calls import Answer, Call
from bot.sandbox.taurus.cloud import Cloud, Operation
from bot.sandbox.taurus.errors import SHAPES, ServiceError
from bot.sandbox.taurus.exchange import (
    Record,
    answer_to,
    cut,
    hang,
    record_of,
    response,
    spoiled,
)
from bot.sandbox.taurus.faults import Fault, FaultKind

LOG_LENGTH = 20_000
CUTS = {FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER}
HANGS = {FaultKind.HANG_BEFORE, FaultKind.HANG_AFTER}

Hook = Callable[[str, str], Awaitable[None]]
"""Called with an operation's name and "before" or "after" its effect."""


class Gateway:
    """Answers requests for a cloud and keeps a log of them."""

    def __init__(
        self,
        cloud: Cloud,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._cloud = cloud
        self._clock = clock
        self._sleep = sleep
        self.log: deque[Record] = deque(maxlen=LOG_LENGTH)
        self.closing = asyncio.Event()
        self.on_request: Hook | None = None

    async def handle(self, request: web.Request, operations: tuple[Operation, ...]) -> web.Response:
        """Answer one request with one of `operations`, or break it as a fault demands."""
        self._cloud.world.advance(self._clock())
        call, operation = await self._read(request, operations)
        record = record_of(call, operation.name if operation else "unknown")
        record.request_id = self._cloud.identity.ids.hex32()
        self.log.append(record)
        answer = await self._answer(request, call, operation, record.request_id)
        if answer is None:
            return web.Response()  # never sent: the connection is gone
        record.status = answer.status
        return response(answer, self._now(), record.request_id)

    async def _read(
        self, request: web.Request, operations: tuple[Operation, ...]
    ) -> tuple[Call, Operation | None]:
        path, _, raw_query = request.raw_path.partition("?")
        for operation in operations:
            match = operation.pattern.fullmatch(path)
            if match and operation.method == request.method:
                break
        else:
            operation, match = None, None
        params = match.groupdict() if match else {}
        body = await _body(request)
        now = self._now()
        call = Call(
            method=request.method,
            path=path,
            raw_query=raw_query,
            headers=request.headers,
            body=body or b"",
            now=now,
            params=params,
            is_too_large=body is None,
        )
        return call, operation

    async def _answer(
        self, request: web.Request, call: Call, operation: Operation | None, request_id: str
    ) -> Answer | None:
        try:
            if call.is_too_large:
                raise ServiceError("APIGW.0201", status=413)  # noqa: TRY301
            if operation is None:
                raise ServiceError("APIGW.0101")  # noqa: TRY301
            self._admit(call, operation)
            return await self._carry_out(request, call, operation)
        except ServiceError as error:
            wanted = self._cloud.faults.text("error_shape")
            shape = next(shape for shape in SHAPES if shape == wanted)
            return answer_to(error, error.body(shape, call.language, request_id))

    def _admit(self, call: Call, operation: Operation) -> None:
        is_iam = "iam" in operation.groups
        if is_iam and self._cloud.faults.on("iam_down"):
            raise ServiceError("IAM.0006", status=503)
        token = None if operation.is_open else self._cloud.identity.admit(call)
        if is_iam:
            return
        if token and not token.for_project:
            raise ServiceError("DBS.280056")
        if call.params["project_id"] != self._cloud.project_id:
            raise ServiceError("DBS.200044")

    async def _carry_out(
        self, request: web.Request, call: Call, operation: Operation
    ) -> Answer | None:
        if self._cloud.faults.number("slow_seconds"):
            await self._sleep(self._cloud.faults.number("slow_seconds"))
        # First the hook: it may order a fault for this very call.
        await self._tell(operation.name, "before")
        fault = self._cloud.faults.take(operation.name, operation.groups)
        if fault and fault.kind.is_before:
            return await self._break(request, fault, operation, None)
        answer = operation.handle(self._cloud, call)
        await self._tell(operation.name, "after")
        return await self._break(request, fault, operation, answer) if fault else answer

    async def _break(
        self, request: web.Request, fault: Fault, operation: Operation, answer: Answer | None
    ) -> Answer | None:
        if fault.kind in CUTS:
            cut(request)
            return None
        if fault.kind in HANGS:
            await hang(request, self.closing)
            return None
        return spoiled(fault, answer, is_iam="iam" in operation.groups)

    async def _tell(self, operation: str, moment: str) -> None:
        if self.on_request is not None:
            await self.on_request(operation, moment)

    def _now(self) -> datetime:
        return self._clock() + timedelta(seconds=self._cloud.faults.number("clock_ahead_seconds"))


async def _body(request: web.Request) -> bytes | None:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None
