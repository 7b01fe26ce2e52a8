"""Lists in pages: whatever the other side answers, reading ends."""

from typing import NamedTuple

import pytest

from bot.domain.errors import CloudError, Reaction
from bot.taurus.pages import Page, walk_any_reading, walk_records


class Thing(NamedTuple):
    id: str


async def endless(offset: int) -> Page[Thing]:
    return [Thing(f"{offset}.{number}") for number in range(3)], None


async def test_a_list_without_end_is_given_up() -> None:
    for walk in (walk_records, walk_any_reading):
        with pytest.raises(CloudError, match="has no end") as told:
            await walk(endless, most=50)
        assert told.value.reaction is Reaction.OPERATIONS


async def test_a_list_of_as_many_pages_is_read() -> None:
    async def page(offset: int) -> Page[Thing]:
        return [Thing(str(offset))] if offset < 50 else [], 50

    assert len(await walk_records(page, most=50)) == 50
    assert len(await walk_any_reading(page, most=50)) == 50
