"""Answers kept for a while, so that Slack is asked once for many readers."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.ports import ChatError, Clock

T = TypeVar("T")


class Memory(Generic[T]):
    """Remembers what `load` answered.

    An answer younger than `fresh` is used as it is. While Slack does not answer, one younger
    than `usable` serves in its place. Readers who ask at the same time share one question.
    """

    def __init__(
        self,
        load: Callable[[str], Awaitable[T]],
        clock: Clock,
        *,
        fresh: timedelta,
        usable: timedelta,
    ) -> None:
        """Remember nothing yet."""
        self._load = load
        self._clock = clock
        self._fresh = fresh
        self._usable = usable
        self._kept: dict[str, tuple[datetime, T]] = {}
        self._loading: dict[str, asyncio.Task[T]] = {}

    async def get(self, key: str) -> T:
        """Return what is remembered or loaded; raises `ChatError`."""
        return (await self.read(key))[1]

    def is_fresh(self, read_at: datetime) -> bool:
        """Whether what was read then is used without asking again."""
        return self._clock() - read_at < self._fresh

    async def read(self, key: str) -> tuple[datetime, T]:
        """Return when it was read, too; raises `ChatError`."""
        kept = self._younger_than(self._fresh, key)
        if kept is not None:
            return kept
        try:
            # Shielded: one impatient reader must not take the answer from the others.
            return self._clock(), await asyncio.shield(self._question(key))
        except ChatError as error:
            stale = self._younger_than(self._usable, key)
            if stale is None or error.retry_after is None:
                raise
            return stale

    def peek(self, key: str) -> T | None:
        """Return what is remembered, however old, without asking."""
        kept = self._kept.get(key)
        return None if kept is None else kept[1]

    def _younger_than(self, age: timedelta, key: str) -> tuple[datetime, T] | None:
        kept = self._kept.get(key)
        return kept if kept and self._clock() - kept[0] < age else None

    def _question(self, key: str) -> asyncio.Task[T]:
        if key not in self._loading:
            task = asyncio.ensure_future(self._ask(key))
            task.add_done_callback(_read_error)
            self._loading[key] = task
        return self._loading[key]

    async def _ask(self, key: str) -> T:
        try:
            value = await self._load(key)
        finally:
            del self._loading[key]
        self._kept[key] = (self._clock(), value)
        return value


def _read_error(task: asyncio.Task[T]) -> None:
    # If every reader has gone, nobody else looks at it and asyncio would complain.
    if not task.cancelled():
        task.exception()
