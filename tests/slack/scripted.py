"""A Slack that answers as it is told: for what the look-alike would never answer."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

TEAM, APP, BOT, BOT_USER = "T0HOME", "A0TAURUS", "B0TAURUS", "U0TAURUS"
BOT_TOKEN = "xoxb-made-up"
APP_TOKEN = f"xapp-1-{APP}-1-made-up"

DEFAULTS: dict[str, Any] = {
    "auth.test": {"ok": True, "team_id": TEAM, "bot_id": BOT, "user_id": BOT_USER},
    "bots.info": {"ok": True, "bot": {"id": BOT, "app_id": APP}},
    "chat.postMessage": {"ok": True, "ts": "1.000100", "channel": "C0DB"},
    "chat.update": {"ok": True, "ts": "1.000100"},
    "chat.postEphemeral": {"ok": True, "message_ts": "1.000200"},
    "response_url": {"ok": True},
    "views.open": {"ok": True, "view": {"id": "V1"}},
    "views.update": {"ok": True, "view": {"id": "V1"}},
    "users.info": {"ok": True, "user": {"team_id": TEAM}},
}


@dataclass(frozen=True)
class Reply:
    """An answer with its HTTP side."""

    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """The connection breaks after the request was read."""


@dataclass(frozen=True)
class Wait:
    """The answer comes when the event is set."""

    until: asyncio.Event


@dataclass(frozen=True)
class Asked:
    method: str
    arguments: dict[str, Any]
    authorization: str


class ScriptedSlack:
    """Web API, response URLs and sockets on one loopback port."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.acks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.says_hello = True
        self.changed = asyncio.Condition()
        self._script: dict[str, deque[Any]] = defaultdict(deque)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._on_call)
        app.router.add_post("/hooks/{id}", self._on_hook)
        app.router.add_get("/socket", self._on_socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def close(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def hook(self) -> str:
        return f"{self.url}/hooks/1"

    def will(self, method: str, *answers: object) -> None:
        """Answer the next calls of `method` with these."""
        self._script[method].extend(answers)

    def calls(self, method: str) -> list[dict[str, Any]]:
        return [one.arguments for one in self.asked if one.method == method]

    async def wait_until(self, predicate: Callable[[], object]) -> None:
        async with self.changed, asyncio.timeout(5):
            await self.changed.wait_for(predicate)

    async def deliver(self, payload: dict[str, Any], socket: int = -1, **envelope: object) -> None:
        message = {
            "envelope_id": "e1",
            "type": "interactive",
            "accepts_response_payload": True,
            "payload": payload,
            **envelope,
        }
        await self.sockets[socket].send_json(message)

    async def next_ack(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.acks.get(), 5)

    async def _note(self, asked: Asked | None = None) -> None:
        async with self.changed:
            if asked:
                self.asked.append(asked)
            self.changed.notify_all()

    async def _on_call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        await self._note(Asked(method, await _arguments(request), _authorization(request)))
        if method == "apps.connections.open" and not self._script[method]:
            address = self.url.replace("http", "ws", 1) + "/socket?ticket=secret-ticket"
            return web.json_response({"ok": True, "url": address})
        return await self._answer(method, request)

    async def _on_hook(self, request: web.Request) -> web.StreamResponse:
        await self._note(Asked("response_url", await request.json(), ""))
        return await self._answer("response_url", request)

    async def _answer(self, method: str, request: web.Request) -> web.StreamResponse:
        answer = self._script[method].popleft() if self._script[method] else DEFAULTS[method]
        if isinstance(answer, Wait):
            await answer.until.wait()
            answer = DEFAULTS[method]
        if isinstance(answer, Cut):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(answer, Reply):
            return web.Response(text=answer.body, status=answer.status, headers=answer.headers)
        return web.json_response(answer)

    async def _on_socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.says_hello:
            await socket.send_json({"type": "hello"})
        self.sockets.append(socket)
        await self._note()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.acks.put_nowait(json.loads(message.data))
        await self._note()
        return socket


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        return dict(await request.json())
    return {**request.query, **await request.post()}


def _authorization(request: web.Request) -> str:
    return request.headers.get("Authorization", "")
