"""The Web API: who calls, may they, how often, and what comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from bot.sandbox.slack.arguments import Arguments, read_arguments
from bot.sandbox.slack.chat_methods import FileMethods
from bot.sandbox.slack.directory_methods import DirectoryMethods
from bot.sandbox.slack.faults import (
    DROP_ANSWER,
    DROP_CALL,
    HANG,
    HTTP_500,
    RATE_LIMITED,
    Fault,
    Faults,
)
from bot.sandbox.slack.methods import Method, bot_methods
from bot.sandbox.slack.rates import Rates, too_many
from bot.sandbox.slack.responses import Responses
from bot.sandbox.slack.wire import Json, SlackError
from bot.sandbox.slack.workspace import Workspace

RESPONSE_URL = "response_url"

Hook = Callable[[str, str], Awaitable[None]]
"""Called with a method's name and "before" or "after" its effect."""


@dataclass(frozen=True)
class Call:
    """A call as it arrived, faults or not; `at` is the workspace's time (unix seconds)."""

    method: str
    args: Json = field(repr=False)
    at: float


class WebApi:
    """Answers `/api/<method>`.

    Args:
        workspace: what the methods read and change.
        faults: what goes wrong on purpose.
        rates: the counters, or None to let every call through.
        open_connection: makes the address of a new Socket Mode connection.
    """

    def __init__(
        self,
        workspace: Workspace,
        faults: Faults,
        rates: Rates | None,
        open_connection: Callable[[], str],
    ) -> None:
        self._workspace = workspace
        self._faults = faults
        self._rates = rates
        self._open_connection = open_connection
        self._responses = Responses(workspace)
        self.files = FileMethods(workspace)
        self._for_bots = bot_methods(workspace, rates, self.files)
        directory = DirectoryMethods(workspace)
        self._for_apps = {
            "apps.connections.open": Method(self._connect),
            "auth.test": Method(directory.auth_test_of_app, tier=0),
        }
        self._for_makers = {"apps.manifest.export": Method(directory.manifest)}
        self.calls: list[Call] = []
        self.on_call: Hook | None = None
        self.token_is_revoked = False
        self.closing = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        """Answers one call, or has it fail as the next fault says."""
        method = request.match_info["method"]
        authorization = request.headers.get("Authorization")
        answer = await self._serve(
            request, method, lambda given: self.run(method, given, authorization)
        )
        answer.headers["X-OAuth-Scopes"] = ",".join(sorted(self._workspace.app.scopes))
        return answer

    async def handle_hook(self, request: web.Request) -> web.Response:
        """Takes a POST to a response URL; calls and faults know it as `response_url`."""
        key = request.match_info["key"]
        return await self._serve(
            request, RESPONSE_URL, lambda given: self._responses.use(key, given)
        )

    async def _serve(
        self, request: web.Request, method: str, run: Callable[[Arguments], Json]
    ) -> web.Response:
        try:
            arguments = await read_arguments(request)
            shown = {name: one for name, one in arguments.values.items() if name != "token"}
            self.calls.append(Call(method, shown, self._workspace.clock()))
            self._workspace.hub.wake()
            await self._tell(method, "before")
            fault = self._faults.strike_call(method)
            answer = await self._meet(fault, request, lambda: run(arguments))
            await self._tell(method, "after")
        except SlackError as refusal:
            return web.json_response(refusal.body(), status=refusal.status, headers=refusal.headers)
        finally:
            self._workspace.hub.wake()
        return answer

    async def _tell(self, method: str, moment: str) -> None:
        if self.on_call is not None:
            await self.on_call(method, moment)

    async def _meet(
        self, fault: Fault | None, request: web.Request, run: Callable[[], Json]
    ) -> web.Response:
        if fault is not None and fault.kind != DROP_ANSWER:
            return await self._fail(fault, request)
        answer = {"ok": True, **run()}
        if fault is not None:
            _cut(request)
        return web.json_response(answer)

    async def _fail(self, fault: Fault, request: web.Request) -> web.Response:
        if fault.kind == RATE_LIMITED:
            raise too_many(fault.retry_after)
        if fault.kind == HTTP_500:
            return web.Response(status=500, text="<html>Internal Server Error</html>")
        if fault.kind not in {HANG, DROP_CALL}:
            raise SlackError(fault.kind)
        if fault.kind == HANG:
            await self.closing.wait()
        _cut(request)
        return web.Response()

    def run(self, method: str, arguments: Arguments, authorization: str | None) -> Json:
        """Carries out one call.

        Raises:
            SlackError: whatever Slack would answer instead.
        """
        if method == "api.test":
            return {"args": arguments.values}
        known = (self._for_bots, self._for_apps, self._for_makers)
        if not any(method in table for table in known):
            raise SlackError("unknown_method", req_method=method)
        found = self._allowed(method, self._table(arguments, authorization))
        if self._rates and found.tier:
            self._rates.count(method, found.tier)
        return found.run(arguments)

    def _table(self, arguments: Arguments, authorization: str | None) -> dict[str, Method]:
        token = str(arguments.values.pop("token", ""))
        if authorization:
            token = authorization.removeprefix("Bearer ").strip()
        if not token:
            raise SlackError("not_authed")
        secrets = self._workspace.app.secrets
        if token == secrets.bot_token:
            if self.token_is_revoked:
                raise SlackError("account_inactive")
            return self._for_bots
        if token == secrets.app_token:
            return self._for_apps
        if token == secrets.config_token:
            return self._for_makers
        raise SlackError("invalid_auth")

    def _allowed(self, method: str, table: dict[str, Method]) -> Method:
        if method not in table:
            raise SlackError("not_allowed_token_type")
        found, provided = table[method], self._workspace.app.scopes
        if found.scopes and provided.isdisjoint(found.scopes):
            needed = ",".join(found.scopes)
            raise SlackError("missing_scope", needed=needed, provided=",".join(sorted(provided)))
        return found

    def _connect(self, _: Arguments) -> Json:
        return {"url": self._open_connection()}


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
