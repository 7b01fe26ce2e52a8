"""What the last reading of a calendar is worth, and what it closes."""

from datetime import datetime, timedelta
from typing import Literal

import pytest

from bot.domain.change import Options
from bot.domain.feed import STALE_AFTER, TRUSTED_FOR, Event, Feed, Source, feed_of
from bot.domain.freeze import Calendar, closure_of, instant, told
from bot.domain.sentence import say
from tests.domain.examples import HOUR, MINUTE, NOW, words

SALE = Event(uid="w", start=NOW - HOUR, end=NOW + HOUR, reason="Sale")
NEXT = Event(uid="w", start=NOW + HOUR, end=NOW + 3 * HOUR, reason="Sale")


@pytest.mark.parametrize(
    ("unreachable", "age", "is_marked", "is_closed"),
    [
        ("closed", timedelta(), False, False),
        ("closed", STALE_AFTER - MINUTE, False, False),
        ("closed", STALE_AFTER, True, False),
        ("closed", TRUSTED_FOR - MINUTE, True, False),
        ("closed", TRUSTED_FOR, True, True),
        ("open", TRUSTED_FOR, True, False),
    ],
)
def test_an_old_reading_is_believed_then_marked_then_in_doubt(
    unreachable: Literal["closed", "open"], age: timedelta, *, is_marked: bool, is_closed: bool
) -> None:
    source = Source(name="team", unreachable=unreachable)
    feed = feed_of(source, (SALE,), NOW - age, say("it answered 503"), NOW)
    assert feed.events == (SALE,), "what was known holds on"
    assert (feed.stale_since is not None, feed.is_closed) == (is_marked, is_closed)


def test_a_calendar_that_was_never_read_is_in_doubt() -> None:
    feed = feed_of(Source(name="team"), (), None, say("it answered 404"), NOW)
    assert (feed.is_unread, feed.is_closed) == (True, True)
    assert "team could not be read (it answered 404)" in str(feed.doubt)
    lenient = feed_of(Source(name="team", unreachable="open"), (), None, None, NOW)
    assert (lenient.is_unread, lenient.is_closed) == (True, False)


def closed_at(calendar: Calendar, at: datetime) -> list[str]:
    closure = calendar.closure(at)
    return [] if closure is None else words(told(closure))


def test_a_freeze_of_a_calendar_closes_and_the_next_opening_is_behind_all_of_them() -> None:
    calendar = Calendar(feeds=(Feed(name="team", events=(SALE, NEXT)),))
    why, opens = closed_at(calendar, NOW)
    assert why == "A freeze of the calendar team holds until 2026-11-24 03:00 UTC: Sale"
    assert opens == "The next open time begins 2026-11-24 05:00 UTC."
    assert closed_at(calendar, NOW + 3 * HOUR) == []
    assert closed_at(calendar, NOW - 2 * HOUR) == []


def test_in_doubt_nothing_starts_and_no_opening_is_promised() -> None:
    calendar = Calendar(feeds=(Feed(name="team", is_unread=True, is_closed=True),))
    (why,) = closed_at(calendar, NOW)
    assert "it is not known whether there is a freeze" in why


def test_broken_glass_goes_past_the_freezes_of_a_calendar_that_were_known_and_no_others() -> None:
    calendar = Calendar(feeds=(Feed(name="team", events=(SALE,), is_closed=True),))
    names = tuple(one.name for one in calendar.holds(instant(NOW)))
    broken = Options(override="urgent", overridden=names)
    assert closure_of(broken, calendar, NOW) is None
    longer = SALE.model_copy(update={"end": NOW + 5 * HOUR})
    other = Calendar(feeds=(Feed(name="team", events=(longer,)),))
    assert closure_of(broken, other, NOW) is not None
