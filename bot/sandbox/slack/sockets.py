"""Socket Mode: up to ten connections, each payload to one of them.

Shapes: Slack docs, Using Socket Mode.
"""

import asyncio
import contextlib
import json
import secrets
import uuid

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.slack.ack import DISPATCH_FAILED, TIMEOUT, Ack, Delivery
from bot.sandbox.slack.hub import Hub
from bot.sandbox.slack.wire import Json

CONNECTIONS = 10
_HOST = "applink-sandbox"
_REFRESHED_EVERY = 3600  # seconds, as `hello` announces it


class Sockets:
    """The connections of the one app."""

    def __init__(self, hub: Hub, app_id: str, ack_seconds: float) -> None:
        self._hub = hub
        self._app_id = app_id
        self._ack_seconds = ack_seconds
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Ack]] = {}
        self._turn = 0
        self.base = ""  # ws://…, known once the server listens

    @property
    def is_connected(self) -> bool:
        """Whether a payload would reach the bot."""
        return bool(self._open)

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def address(self) -> str:
        """The address of a new connection, good for one use."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return f"{self.base}/socket?ticket={ticket}&app_id={self._app_id}"

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Holds one connection until either side leaves."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden(text="the ticket is unknown or was used")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(timeout=1)
        await socket.prepare(request)
        if self.count >= CONNECTIONS:
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        await self._hold(socket)
        return socket

    async def _hold(self, socket: web.WebSocketResponse) -> None:
        self._open.append(socket)
        try:
            with contextlib.suppress(ConnectionError):  # the peer left while it was greeted
                await socket.send_json(self._hello())
            self._tell()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._read(message.data)
        finally:
            self._forget(socket)

    def _hello(self) -> Json:
        debug = {"host": _HOST, "build_number": 1, "approximate_connection_time": _REFRESHED_EVERY}
        return {
            "type": "hello",
            "num_connections": self.count,
            "debug_info": debug,
            "connection_info": {"app_id": self._app_id},
        }

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._open:
            self._open.remove(socket)
            self._tell()

    def _tell(self) -> None:
        self._hub.tell({"type": "bot", "connected": self.is_connected})

    def _read(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return  # clients' own pings are plain text
        waiting = self._waiting.pop(str(message.get("envelope_id")), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(Ack(body=message.get("payload")))

    async def deliver(self, delivery: Delivery) -> Ack:
        """Sends a payload through one connection and waits for the acknowledgement."""
        if not self._open:
            return Ack(DISPATCH_FAILED)
        self._turn += 1
        socket = self._open[self._turn % len(self._open)]
        envelope = str(uuid.uuid4())
        waiting: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._waiting[envelope] = waiting
        try:
            await socket.send_json(_envelope(envelope, delivery))
            async with asyncio.timeout(self._ack_seconds):
                return await waiting
        except ConnectionError:
            return Ack(DISPATCH_FAILED)
        except TimeoutError:
            return Ack(TIMEOUT)
        finally:
            self._waiting.pop(envelope, None)

    async def refresh(self) -> None:
        """Tells every client to reconnect, as Slack does every hour or so; then hangs up."""
        for socket in tuple(self._open):
            with contextlib.suppress(ConnectionError):
                await socket.send_json(_disconnect("refresh_requested"))
        await self.close()

    async def warn(self) -> None:
        """Announces that connections will soon be refreshed and leaves them open."""
        for socket in tuple(self._open):
            await socket.send_json(_disconnect("warning"))

    async def close(self) -> None:
        """Hangs up on every connection."""
        sockets = tuple(self._open)
        for socket in sockets:
            self._forget(socket)
        closing = (socket.close(code=WSCloseCode.GOING_AWAY) for socket in sockets)
        await asyncio.gather(*closing, return_exceptions=True)


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": _HOST}}


def _envelope(key: str, delivery: Delivery) -> Json:
    envelope: Json = {
        "envelope_id": key,
        "payload": delivery.payload,
        "type": delivery.kind,
        "accepts_response_payload": delivery.kind != "events_api",
    }
    if delivery.kind == "events_api":
        envelope["retry_attempt"] = delivery.retry
        envelope["retry_reason"] = delivery.reason
    return envelope
