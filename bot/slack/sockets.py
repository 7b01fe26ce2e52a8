"""Socket Mode: connections that Slack delivers through.

The SDK's own client closes a connection before it opens the next one, and goes on trying an
address that was used up; whatever Slack has to deliver in such a gap, the person who waits for it
loses. So connections are held here: two at a time, each replaced before it is let go, and an
acknowledgement leaves on the connection its delivery came by, or on the other one if that broke.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.ports import ChatError, Sleep
from bot.slack.account import refused_token
from bot.slack.errors import AWAY, chat_error
from bot.slack.reception import Reception
from bot.slack.tasks import Tasks
from bot.slack.web import WebApi

_HELD = 2
_HEARTBEAT = 10.0
"""Seconds between pings; a dead peer is noticed within one and a half of them."""
_HELLO = 10.0
"""Seconds that Slack has for its greeting."""
_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between attempts to connect; the last one again and again."""
_OK = 200

_log = logging.getLogger(__name__)


class Connection:
    """One WebSocket to Slack."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Wrap a connection that is open."""
        self.socket = socket
        self.greeted = asyncio.Event()
        """Set when Slack has said hello: from then on it delivers."""
        self.leaving = asyncio.Event()
        """Set when the connection is closed, or when Slack announces that it soon will be."""

    @property
    def is_live(self) -> bool:
        """Whether Slack delivers through it."""
        return self.greeted.is_set() and not self.socket.closed

    async def send(self, answer: Mapping[str, Any]) -> bool:
        """Send an acknowledgement; False if the connection is gone."""
        try:
            await self.socket.send_json(answer)
        except (aiohttp.ClientError, OSError):
            return False
        return True


class Sockets:
    """Holds two connections, through refreshes and outages, until it is stopped."""

    def __init__(
        self,
        api: WebApi,
        session: aiohttp.ClientSession,
        app_token: str,
        reception: Reception,
        *,
        sleep: Sleep,
    ) -> None:
        """Nothing is opened yet."""
        self._api = api
        self._session = session
        self._app_token = app_token
        self._reception = reception
        self._sleep = sleep
        self._open: set[Connection] = set()
        self._holders: list[asyncio.Task[None]] = []
        self._readers = Tasks()
        self._deliveries = Tasks()

    @property
    def is_connected(self) -> bool:
        """Whether Slack delivers to us."""
        return any(connection.is_live for connection in self._open)

    async def start(self) -> None:
        """Check the app token and hold connections; an outage of Slack is no reason to fail.

        Raises `TokenError` if Slack refuses the token.
        """
        first: Connection | None = None
        try:
            first = await self._dial()
        except ChatError as error:
            told = refused_token(error, "SLACK_APP_TOKEN")
            if told is not error:
                raise told from None
            _log.warning("no socket to Slack yet: %s", error.code)
        held = [first, *[None] * (_HELD - 1)]
        self._holders = [asyncio.ensure_future(self._hold(one)) for one in held]

    async def stop(self, seconds: float) -> None:
        """Send the acknowledgements that are due, within `seconds`, and hang up."""
        for holder in self._holders:
            holder.cancel()
        await asyncio.gather(*self._holders, return_exceptions=True)
        await self._deliveries.drain(seconds)
        await asyncio.gather(*(self._hang_up(one) for one in tuple(self._open)))
        await self._readers.drain(1)

    async def _hold(self, connection: Connection | None) -> None:
        """Keep one connection for ever; its successor stands before it is let go."""
        current = connection or await self._redial()
        while True:
            await current.leaving.wait()
            successor = await self._redial()
            await self._hang_up(current)
            current = successor

    async def _redial(self) -> Connection:
        attempt = 0
        while True:
            try:
                return await self._dial()
            except ChatError as error:
                _log.warning("no socket to Slack: %s", error.code)
                pause = _PAUSES[min(attempt, len(_PAUSES) - 1)]
                told = error.retry_after if error.code == "ratelimited" else None
                await self._sleep(told or pause)
                attempt += 1

    async def _dial(self) -> Connection:
        request = self._api.client.apps_connections_open(app_token=self._app_token)
        answer = await self._api.call("apps.connections.open", request)
        try:
            socket = await self._session.ws_connect(answer["url"], heartbeat=_HEARTBEAT)
        except (aiohttp.ClientError, OSError) as error:
            # Not chained: it quotes the address, and with it the ticket.
            raise chat_error(error) from None
        connection = Connection(socket)
        self._open.add(connection)
        self._readers.start(self._read(connection))
        await self._be_greeted(connection)
        return connection

    async def _be_greeted(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(_HELLO):
                await connection.greeted.wait()
        except TimeoutError:
            await self._hang_up(connection)
            raise ChatError("no_hello", retry_after=AWAY) from None

    async def _hang_up(self, connection: Connection) -> None:
        # aiohttp waits for the peer's farewell; a dead peer gets a moment, no more.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await connection.socket.close()

    async def _read(self, connection: Connection) -> None:
        try:
            async for message in connection.socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._on_message(connection, message.data)
        finally:
            connection.leaving.set()
            self._open.discard(connection)

    def _on_message(self, connection: Connection, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return  # Slack's occasional small talk
        if message.get("type") == "hello":
            connection.greeted.set()
        elif message.get("type") == "disconnect":
            _log.info("Slack replaces a socket: %s", message.get("reason"))
            connection.leaving.set()
        elif "envelope_id" in message:
            self._deliveries.start(self._deliver(connection, message))

    async def _deliver(self, connection: Connection, envelope: Mapping[str, Any]) -> None:
        request = _request(envelope)
        if request is None:
            await connection.send({"envelope_id": envelope["envelope_id"]})
            return
        response = await self._reception.take(request)
        if response.status != _OK:
            return  # not acknowledged: Slack delivers it again
        answer = {"envelope_id": envelope["envelope_id"], **_payload(envelope, response)}
        for candidate in (connection, *self._open - {connection}):
            if await candidate.send(answer):
                return
        _log.warning("an acknowledgement could not be sent; Slack may deliver again")


def _payload(envelope: Mapping[str, Any], response: BoltResponse) -> dict[str, Any]:
    if not response.body or not envelope.get("accepts_response_payload"):
        return {}
    content_type = response.headers.get("content-type", [""])[0]
    if content_type.startswith("application/json"):
        return {"payload": json.loads(response.body)}
    return {"payload": {"text": response.body}}


def _request(envelope: Mapping[str, Any]) -> AsyncBoltRequest | None:
    """Make Bolt's request; None if the payload is of no shape that Slack's have."""
    payload, marks = envelope.get("payload") or {}, _retry_marks(envelope)
    try:
        return AsyncBoltRequest(mode="socket_mode", body=payload, headers=marks)
    except Exception:  # noqa: BLE001 - Bolt looks into it at once, and trips over strange shapes
        _log.warning("acknowledged a delivery of no known shape")
        return None


def _retry_marks(envelope: Mapping[str, Any]) -> dict[str, str | Sequence[str]]:
    marks = {
        "x-slack-retry-num": envelope.get("retry_attempt"),
        "x-slack-retry-reason": envelope.get("retry_reason"),
    }
    return {name: str(mark) for name, mark in marks.items() if mark is not None}
