"""Lists that come in pages, read to their end, each thing once."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Protocol, TypeVar

from bot.taurus import errors

Item = TypeVar("Item")
Page = tuple[Sequence[Item], int | None]
"""What one page holds, and how many there are in all if the cloud said so."""


class Identified(Protocol):
    """Something with an id."""

    @property
    def id(self) -> str:
        """What tells it from others."""


Found = TypeVar("Found", bound=Identified)


Read = Callable[[int], Awaitable[Page[Found]]]

MOST_PAGES = 5000
"""A list that is longer has no end: some gateways answer every offset with something new."""


async def walk_records(page: Read[Found], *, most: int = MOST_PAGES) -> tuple[Found, ...]:
    """Read pages whose offset counts records from 0, each thing once.

    Raises `TaurusError` after `most` pages.
    """
    read = _bounded(page, most)
    seen: dict[str, Found] = {}
    offset = 0
    while True:
        items, total = await read(offset)
        before = len(seen)
        seen.update((item.id, item) for item in items)
        offset += len(items)
        if len(seen) == before or (total is not None and offset >= total):
            return tuple(seen.values())


async def walk_any_reading(page: Read[Found], *, most: int = MOST_PAGES) -> tuple[Found, ...]:
    """Read pages whose offset may count records from 0, records from 1, or pages.

    The next offset is the number of things seen: counted from 1, that repeats the last one, which
    is dropped. If it brings nothing although more was promised, the offset counts pages.

    Raises `TaurusError` after `most` pages.
    """
    read = _bounded(page, most)
    seen: dict[str, Found] = {}
    total: int | None = None

    async def brings_more(offset: int) -> bool:
        nonlocal total
        items, total = await read(offset)
        before = len(seen)
        seen.update((item.id, item) for item in items)
        return len(seen) > before

    def is_all() -> bool:
        return total is not None and len(seen) >= total

    while await brings_more(len(seen)) and not is_all():
        continue
    number = 1  # the first page once more, or the second if pages are counted from 0
    while not is_all() and (await brings_more(number) or number == 1):
        number += 1
    return tuple(seen.values())


def _bounded(page: Read[Found], most: int) -> Read[Found]:
    numbers = count(1)

    async def read(offset: int) -> Page[Found]:
        if next(numbers) > most:
            raise errors.endless()
        return await page(offset)

    return read
