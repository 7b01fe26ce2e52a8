"""Who hears of a change: the pages that are open, and tests that wait for something."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TypeVar

from bot.sandbox.slack.wire import Json

T = TypeVar("T")


class Hub:
    """Passes each change on at once; nobody has to ask again and again."""

    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[Json | None], str] = {}
        self._changed = asyncio.Event()
        self._closed = False

    def tell(self, event: Json, audience: Collection[str] | None = None) -> None:
        """Sends `event` to the open pages of `audience` (user ids; None means everybody)."""
        for queue, user in self._listeners.items():
            if audience is None or user in audience:
                queue.put_nowait(event)
        self.wake()

    def wake(self) -> None:
        """Lets everybody in `wait_for` look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    @contextmanager
    def listening(self, user: str) -> Iterator[AsyncIterator[Json]]:
        """The events for one page of `user`, from now until the block ends or the hub closes."""
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        self._listeners[queue] = user
        if self._closed:
            queue.put_nowait(None)
        try:
            yield _drain(queue)
        finally:
            del self._listeners[queue]

    def close(self) -> None:
        """Ends every page's stream."""
        self._closed = True
        for queue in self._listeners:
            queue.put_nowait(None)

    async def wait_for(self, predicate: Callable[[], T], timeout: float) -> T:
        """Waits until `predicate()` is truthy and returns that value.

        Raises:
            TimeoutError: after `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            while not (found := predicate()):
                await self._changed.wait()
        return found


async def _drain(queue: asyncio.Queue[Json | None]) -> AsyncIterator[Json]:
    while (event := await queue.get()) is not None:
        yield event
