"""The other end of a Slack app under load: as light as can be, so that the app is measured.

It answers the few calls that an app makes to start and to talk to one person, in both modes, and
sends slash commands at a steady rate, whatever becomes of the earlier ones.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.sandbox.slack.http_posts import signature
from tests.bench.processes import now

SECRET = "bench-signing-secret"
BOT_TOKEN, APP_TOKEN = "xoxb-bench", "xapp-1-bench"
PEOPLE = 500
"""Who take turns: the bot turns one away who asks too much."""
ACK_WITHIN = 3.0
"""Seconds after which Slack tells people that the app failed."""
_HOME = {"team": "Bench", "team_id": "T1", "user": "bot", "user_id": "U0BOT", "bot_id": "B1"}
_PROFILE = {"real_name": "ann", "display_name": "ann"}
_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "auth.test": {**_HOME, "url": "https://bench.slack.com/"},
    "bots.info": {"bot": {"id": "B1", "app_id": "A1", "name": "bot", "user_id": "U0BOT"}},
    "users.info": {
        "user": {"id": "U0ANN", "name": "ann", "team_id": "T1", "tz": "UTC", "profile": _PROFILE}
    },
}


@dataclass
class Burst:
    """What became of commands that were sent at one rate."""

    seconds: list[float] = field(default_factory=list)
    """From sending to the acknowledgement, of those that got one in time."""
    lost: int = 0


class SlackEnd:
    """Everything that an app under load sees of Slack."""

    def __init__(self) -> None:
        self.answered = 0
        """Private answers that came to response URLs."""
        self.request_url = ""
        self._port = 0
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._sent = 0
        self._session: aiohttp.ClientSession | None = None

    def environ(self) -> dict[str, str]:
        return {
            "SLACK_API_URL": f"http://127.0.0.1:{self._port}/api/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
        }

    @property
    def is_connected(self) -> bool:
        return bool(self._sockets)

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["SlackEnd"]:
        end = cls()
        app = web.Application()
        app.add_routes(
            [
                web.route("*", "/api/{method}", end._api),
                web.get("/socket", end._socket),
                web.post("/hook", end._hook),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        end._port = runner.addresses[0][1]
        connector = aiohttp.TCPConnector(limit=0)
        end._session = aiohttp.ClientSession(connector=connector)
        try:
            yield end
        finally:
            await end._session.close()
            await runner.cleanup()

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method == "apps.connections.open":
            url = f"ws://127.0.0.1:{self._port}/socket"
            return web.json_response({"ok": True, "url": url})
        return web.json_response({"ok": True, **_ANSWERS.get(method, {})})

    async def _hook(self, request: web.Request) -> web.Response:
        await request.read()
        self.answered += 1
        return web.Response(text="ok")

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self._sockets.append(socket)
        try:
            async for message in socket:
                self._acknowledged(message)
        finally:
            self._sockets.remove(socket)
        return socket

    def _acknowledged(self, message: aiohttp.WSMessage) -> None:
        if message.type is not aiohttp.WSMsgType.TEXT or not message.data.startswith("{"):
            return
        waiting = self._waiting.pop(json.loads(message.data).get("envelope_id", ""), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def until_ready(self, seconds: float = 60.0) -> None:
        """Wait until the app acknowledges a command."""
        async with asyncio.timeout(seconds):
            while not await self.command():
                await asyncio.sleep(0.02)

    async def burst(self, rate: float, seconds: float) -> Burst:
        """Send commands at a steady rate for some seconds; wait for what becomes of them."""
        count = max(1, round(rate * seconds))
        begun = now() + 0.01
        burst = Burst()

        async def one(number: int) -> None:
            await asyncio.sleep(max(0.0, begun + number / rate - now()))
            started = now()
            if await self.command():
                burst.seconds.append(now() - started)
            else:
                burst.lost += 1

        await asyncio.gather(*(one(number) for number in range(count)))
        return burst

    async def until_answered(self, count: int, seconds: float = 30.0) -> None:
        """Wait until so many private answers came, and the app is quiet again."""
        async with asyncio.timeout(seconds):
            while self.answered < count:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)

    async def command(self) -> bool:
        """Send a slash command; False if it was not acknowledged as Slack demands."""
        self._sent += 1
        payload = {
            "command": "/taurus-change",
            "text": "help",
            "team_id": "T1",
            "api_app_id": "A1",
            "user_id": f"U{self._sent % PEOPLE:08d}",
            "user_name": "ann",
            "channel_id": "C0DB",
            "channel_name": "db",
            "trigger_id": f"{self._sent}.bench",
            "response_url": f"http://127.0.0.1:{self._port}/hook",
        }
        try:
            async with asyncio.timeout(ACK_WITHIN):
                return await (self._post(payload) if self.request_url else self._send(payload))
        except (TimeoutError, aiohttp.ClientError, OSError):
            return False

    async def _post(self, payload: Mapping[str, str]) -> bool:
        assert self._session is not None
        body, timestamp = urlencode(payload), str(int(time.time()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(SECRET, timestamp, body),
        }
        async with self._session.post(self.request_url, data=body, headers=headers) as answer:
            await answer.read()
            return answer.status == web.HTTPOk.status_code

    async def _send(self, payload: Mapping[str, str]) -> bool:
        if not self._sockets:
            return False
        envelope = f"bench-{self._sent}"
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[envelope] = waiting
        await self._sockets[self._sent % len(self._sockets)].send_json(
            {
                "envelope_id": envelope,
                "type": "slash_commands",
                "accepts_response_payload": True,
                "payload": payload,
            }
        )
        try:
            await waiting
        finally:
            self._waiting.pop(envelope, None)
        return True
