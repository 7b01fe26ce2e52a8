"""One exchange over the wire: what the log keeps of it, and how it can break at the socket."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.sandbox.taurus.calls import Answer, Call
from bot.sandbox.taurus.errors import ServiceError
from bot.sandbox.taurus.faults import Fault, FaultKind

SECRET_HEADERS = {"authorization", "x-auth-token", "x-subject-token", "x-security-token"}
SECRET_FIELDS = {"password", "token"}
MASK = "***"
PROXY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>proxy</body></html>"
SERVER_ERRORS = {500: "DBS.108000", 502: "APIGW.0202", 503: "APIGW.0606", 504: "APIGW.0610"}


@dataclass
class Record:
    """One request in the log. `status` stays None when no answer left; secrets are masked."""

    operation: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    at: datetime
    status: int | None = None
    request_id: str = ""


def record_of(call: Call, operation: str) -> Record:
    """What the log keeps of a request."""
    headers = {
        name: MASK if name.lower() in SECRET_HEADERS else value
        for name, value in call.headers.items()
    }
    return Record(operation, call.method, call.path, call.query, headers, _body(call), call.now)


def _body(call: Call) -> object:
    try:
        return _masked(json.loads(call.body)) if call.body else None
    except ValueError:
        return call.body.decode(errors="replace")


def _masked(value: object) -> object:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: MASK if name in SECRET_FIELDS and _is_secret(part) else _masked(part)
        for name, part in value.items()
    }


def _is_secret(part: object) -> bool:
    return isinstance(part, str) or (isinstance(part, dict) and "id" in part)


def spoiled(fault: Fault, answer: Answer | None, *, is_iam: bool) -> Answer:
    """The answer that a fault leaves; raises ServiceError for those with an error code."""
    if fault.kind is FaultKind.THROTTLE:
        raise ThrottledError("IAM.0012" if is_iam else "APIGW.0308", fault.retry_after)
    if fault.kind is FaultKind.REFUSE:
        raise ServiceError(fault.code)
    if fault.kind in {FaultKind.ERROR_BEFORE, FaultKind.ERROR_AFTER}:
        raise ServiceError(SERVER_ERRORS.get(fault.status, "DBS.108000"), status=fault.status)
    if fault.kind in {FaultKind.HTML_BEFORE, FaultKind.HTML_AFTER}:
        return Answer(502, text=PROXY_PAGE)
    status = answer.status if answer else 200
    if fault.kind is FaultKind.WRONG_RESP:
        return Answer(status, {"resp": "failed"})
    return Answer(status)


class ThrottledError(ServiceError):
    """429, with or without Retry-After."""

    def __init__(self, code: str, retry_after: int | None) -> None:
        super().__init__(code)
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}


def answer_to(error: ServiceError, body: dict[str, Any]) -> Answer:
    """The answer that tells an error."""
    headers = error.headers if isinstance(error, ThrottledError) else {}
    return Answer(error.status, body, dict(headers))


def cut(request: web.Request) -> None:
    """Close the connection at the socket, with no answer."""
    if request.transport is not None:
        request.transport.abort()


async def hang(request: web.Request, closing: asyncio.Event) -> None:
    """Say nothing until the simulator closes, then cut."""
    await closing.wait()
    cut(request)


def response(answer: Answer, now: datetime, request_id: str) -> web.Response:
    """An answer as aiohttp sends it; the Date header is the simulated cloud's clock."""
    headers = {
        "X-Request-Id": request_id,
        "Date": now.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        **answer.headers,
    }
    if answer.text:
        return web.Response(
            status=answer.status, text=answer.text, content_type="text/html", headers=headers
        )
    content = b"" if answer.body is None else json.dumps(answer.body, ensure_ascii=False).encode()
    headers["Content-Type"] = "application/json;charset=utf-8"
    return web.Response(status=answer.status, body=content, headers=headers)
