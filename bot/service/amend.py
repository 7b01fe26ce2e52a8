"""Change a change: read, decide, swap; and again if somebody else was faster."""

from collections.abc import Awaitable, Callable

from bot.domain.change import Change
from bot.domain.refused import RefusedError
from bot.domain.sentence import say
from bot.domain.story import Record
from bot.ports import StaleError
from bot.service.desk import Desk

Step = tuple[Change, tuple[Record, ...]]


async def find(desk: Desk, number: int) -> Change:
    """Read a change.

    Raises:
        RefusedError: there is none of that number.
    """
    change = await desk.changes.get(number)
    if change is None:
        raise RefusedError(say("There is no CHG-{number}. See /taurus-change list.", number=number))
    return change


async def _never() -> bool:
    return False


async def amend(
    desk: Desk,
    number: int,
    decide: Callable[[Change], Step | None],
    *,
    unless: Callable[[], Awaitable[bool]] = _never,
) -> Change:
    """Apply a pure decision to the stored change; None leaves it as it is, as does `unless`.

    Both are asked anew after each fresh reading, so nobody acts on an old state.
    """
    while True:
        change = await find(desk, number)
        if await unless():
            return change
        step = decide(change)
        if step is None:
            return change
        try:
            saved = await desk.changes.save(*step)
        except StaleError:
            continue
        desk.wake()
        return saved
