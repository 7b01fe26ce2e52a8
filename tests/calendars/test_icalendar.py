"""Calendars of freezes, as they are written and as they arrive."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.calendars import LONGEST, ICalendars
from bot.calendars.checkup import checkup
from bot.domain.feed import Event, Source
from bot.domain.finding import Verdict
from bot.domain.windows import Span
from bot.ports import CalendarError
from tests.calendars.host import Host, calendar, hosted

YEAR = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
BERLIN = "TZID=Europe/Berlin"


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with hosted() as host:
        yield host


@pytest.fixture
async def calendars() -> AsyncIterator[ICalendars]:
    calendars = ICalendars()
    yield calendars
    await calendars.aclose()


def source(url: str, **fields: str) -> Source:
    given = {"name": "team", "url": SecretStr(url), **fields}
    return Source.model_validate(given)


async def read(calendars: ICalendars, tmp_path: Path, text: str, zone: str = "UTC") -> list[str]:
    """Each freeze as `start - end reason`, in UTC."""
    file = tmp_path / "freezes.ics"
    file.write_text(text)
    found = await calendars.events(Source(name="team", path=str(file), zone=zone), YEAR)
    return [written(one) for one in found]


def written(event: Event) -> str:
    return f"{event.start:%m-%d %H:%M} - {event.end:%m-%d %H:%M} {event.reason}".rstrip()


YEARLY = "DTSTART;VALUE=DATE:20201220|DTEND;VALUE=DATE:20210105|RRULE:FREQ=YEARLY|SUMMARY:Year end"
WEEKLY = (
    f"UID:w|DTSTART;{BERLIN}:20260320T180000|DTEND;{BERLIN}:20260320T230000"
    f"|RRULE:FREQ=WEEKLY;COUNT=4|EXDATE;{BERLIN}:20260327T180000|SUMMARY:Sale"
)
MOVED = (
    f"UID:w|RECURRENCE-ID;{BERLIN}:20260403T180000|DTSTART;{BERLIN}:20260404T180000"
    f"|DTEND;{BERLIN}:20260404T230000|SUMMARY:Sale\\, moved"
)


@pytest.mark.parametrize(
    ("events", "zone", "expected"),
    [
        # Whole days are days of the zone that the policy names.
        (
            [YEARLY],
            "Asia/Shanghai",
            ["12-19 16:00 - 01-04 16:00 Year end", "12-19 16:00 - 01-04 16:00 Year end"],
        ),
        (
            ["DTSTART;VALUE=DATE:20260501|SUMMARY:May day"],
            "UTC",
            ["05-01 00:00 - 05-02 00:00 May day"],
        ),
        # Summer time begins on 29 March: the wall clock stays, one date is left out, one moved.
        (
            [WEEKLY, MOVED],
            "UTC",
            [
                "03-20 17:00 - 03-20 22:00 Sale",
                "04-04 16:00 - 04-04 21:00 Sale, moved",
                "04-10 16:00 - 04-10 21:00 Sale",
            ],
        ),
        # Times without a zone.
        (["DTSTART:20260601T100000|DURATION:PT2H"], "Asia/Shanghai", ["06-01 02:00 - 06-01 04:00"]),
        (
            ["DTSTART:20260601T100000Z|DURATION:PT2H"],
            "Asia/Shanghai",
            ["06-01 10:00 - 06-01 12:00"],
        ),
        # 02:30 is twice on 25 October: it begins with the first and ends with the second.
        (
            [f"DTSTART;{BERLIN}:20261025T023000|DTEND;{BERLIN}:20261025T024500"],
            "UTC",
            ["10-25 00:30 - 10-25 01:45"],
        ),
        # What was called off is no freeze; what is not decided yet is one.
        (
            [
                "DTSTART:20260601T100000Z|DURATION:PT1H|STATUS:CANCELLED",
                "DTSTART:20260602T100000Z|DURATION:PT1H|STATUS:TENTATIVE|TRANSP:TRANSPARENT",
                "DTSTART:20260603T100000Z|SUMMARY:lasts no time",
            ],
            "UTC",
            ["06-02 10:00 - 06-02 11:00"],
        ),
        ([], "UTC", []),
        (["DTSTART:20240601T100000Z|DURATION:PT1H|SUMMARY:long ago"], "UTC", []),
    ],
)
async def test_freezes_are_read_as_calendars_mean_them(
    calendars: ICalendars, tmp_path: Path, events: list[str], zone: str, expected: list[str]
) -> None:
    assert await read(calendars, tmp_path, calendar(*events), zone) == expected


async def test_a_long_title_is_one_short_line(calendars: ICalendars, tmp_path: Path) -> None:
    summary = "SUMMARY:stop\\neverything " + "x" * 400
    text = calendar(f"DTSTART:20260601T100000Z|DURATION:PT1H|{summary}")
    (found,) = await read(calendars, tmp_path, text)
    assert "stop everything xxx" in found
    assert len(found) < 330


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no calendar, or not all of one"),
        ("<html>log in</html>", "no calendar, or not all of one"),
        (calendar(WEEKLY)[:-20], "no calendar, or not all of one"),
        ("BEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR", "it is no calendar"),
        (calendar("DTSTART:junk|SUMMARY:s3cret"), "it is no calendar"),
        (calendar("SUMMARY:no time at all"), "it is no calendar"),
        (calendar("DTSTART:20260101T000000Z|RRULE:FREQ=NOPE"), "it is no calendar"),
        (calendar("DTSTART:20260101T000000Z|DURATION:PT1S|RRULE:FREQ=SECONDLY"), "repeats more"),
        (
            calendar(
                "DTSTART:20260101T000000Z|DURATION:PT1S"
                "|RRULE:FREQ=DAILY;BYMINUTE=1,2,3,4,5;BYSECOND=1,2,3,4,5"
            ),
            "repeats more",
        ),
        (
            calendar("DTSTART:20260101T000000Z|DURATION:PT1M|RRULE:FREQ=HOURLY"),
            "more than 2000 freezes",
        ),
        ("x" * (LONGEST + 1), "it is longer than"),
    ],
)
async def test_what_is_no_calendar_is_told_and_never_taken_for_an_empty_one(
    calendars: ICalendars, tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(CalendarError) as caught:
        await read(calendars, tmp_path, text)
    assert why in str(caught.value.why)
    assert "s3cret" not in str(caught.value)


async def test_a_calendar_is_fetched_with_its_token(host: Host, calendars: ICalendars) -> None:
    host.text = calendar("DTSTART:20260601T100000Z|DURATION:PT1H|SUMMARY:Sale")
    token = source(host.url).model_copy(update={"token": SecretStr("s3cret")})
    (found,) = await calendars.events(token, YEAR)
    assert (found.reason, found.end - found.start) == ("Sale", timedelta(hours=1))
    assert host.asked[0].headers["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(token)
    assert host.url not in repr(token)


@pytest.mark.parametrize(
    ("status", "text", "why"),
    [
        (404, "", "it answered 404"),
        (302, "", "it answered 302"),
        (200, "x" * (LONGEST + 1), "it is longer than"),
    ],
)
async def test_other_answers_are_told_and_redirects_are_not_followed(
    host: Host, calendars: ICalendars, status: int, text: str, why: str
) -> None:
    host.status, host.text = status, text
    with pytest.raises(CalendarError, match=why):
        await calendars.events(source(host.url), YEAR)


async def test_a_host_or_file_that_is_not_there_is_told_without_its_address(
    calendars: ICalendars, tmp_path: Path
) -> None:
    with pytest.raises(CalendarError, match="no answer: ConnectError"):
        await calendars.events(source("http://127.0.0.1:9/private-s3cret.ics"), YEAR)
    gone = Source(name="team", path=str(tmp_path / "gone.ics"))
    with pytest.raises(CalendarError, match="No such file"):
        await calendars.events(gone, YEAR)


async def test_the_check_up_tells_what_is_next_or_what_is_wrong(host: Host) -> None:
    now = YEAR.start
    host.text = calendar(YEARLY, "DTSTART:20260601T100000Z|DURATION:PT1H|SUMMARY:Sale")
    (found,) = await checkup([source(host.url)], now)
    assert (found.check, found.verdict) == ("calendar team", Verdict.OK)
    assert found.found == "3 freezes within a year, the next from 2025-12-20"
    host.text = calendar()
    assert [one.found for one in await checkup([source(host.url)], now)] == [
        "no freeze within a year"
    ]
    host.status = 403
    (found,) = await checkup([source(host.url)], now)
    assert (found.verdict, found.found) == (Verdict.WRONG, "it answered 403")
    assert "iCalendar" in found.remedy
    assert host.url not in str(found)
