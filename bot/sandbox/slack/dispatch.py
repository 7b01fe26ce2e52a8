"""Deliveries to the bot: one at a time, doubled where a fault says so, events repeated."""

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Protocol

from bot.sandbox.slack.ack import TIMEOUT, Ack, Delivery
from bot.sandbox.slack.faults import RETRY, STALE, TWICE, Faults
from bot.sandbox.slack.hub import Hub
from bot.sandbox.slack.wire import Json

# Slack docs, The Events API, Retries: almost immediately, after a minute, after five minutes.
RETRY_AFTER = (0.0, 60.0, 300.0)
_STALE_AGE = 600  # seconds; bots refuse signatures older than 300


class Transport(Protocol):
    """How payloads reach the bot: Socket Mode or HTTP."""

    @property
    def is_connected(self) -> bool: ...  # noqa: D102 - see the class

    async def deliver(self, delivery: Delivery) -> Ack: ...  # noqa: D102 - see the class

    async def close(self) -> None: ...  # noqa: D102 - see the class


class Dispatch:
    """Hands payloads to the bot and remembers them."""

    def __init__(self, transport: Transport, faults: Faults, hub: Hub) -> None:
        self.transport = transport
        self.sent: list[Delivery] = []
        self.waiting = 0  # events between two attempts
        self._faults = faults
        self._hub = hub
        self._tasks: set[asyncio.Task[object]] = set()
        self._hurry = asyncio.Event()

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Delivers a command or an interaction; these are never repeated by Slack itself."""
        return await self.send(self._faulty(Delivery(kind, payload)))

    def event(self, payload: Json) -> None:
        """Delivers an event in the background, again until it is acknowledged."""
        self._start(self._insist(self._faulty(Delivery("events_api", payload))))

    async def send(self, delivery: Delivery) -> Ack:
        """Delivers once, as it is: tests use it to repeat what was `sent`."""
        self.sent.append(delivery)
        ack = await self.transport.deliver(delivery)
        self._hub.wake()
        return ack

    def hurry_retries(self) -> None:
        """Sends now what waits for its next attempt."""
        self._hurry.set()
        self._hurry = asyncio.Event()

    async def close(self) -> None:
        """Drops what is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.transport.close()

    def _faulty(self, delivery: Delivery) -> Delivery:
        fault = self._faults.strike_delivery()
        if fault == TWICE:
            self._start(self.send(delivery))
        elif fault == RETRY:
            return replace(delivery, retry=1, reason="http_timeout")
        elif fault == STALE:
            return replace(delivery, age=_STALE_AGE)
        return delivery

    async def _insist(self, delivery: Delivery) -> None:
        ack = await self.send(delivery)
        for pause in RETRY_AFTER:
            if not ack.error:
                return
            await self._pause(pause)
            reason = "http_timeout" if ack.error == TIMEOUT else "http_error"
            delivery = replace(delivery, retry=delivery.retry + 1, reason=reason)
            ack = await self.send(delivery)

    async def _pause(self, seconds: float) -> None:
        if not seconds:
            return
        self.waiting += 1
        self._hub.wake()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._hurry.wait()
        finally:
            self.waiting -= 1

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
