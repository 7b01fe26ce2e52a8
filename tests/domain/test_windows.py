"""Change windows and freezes in local time, with changed clocks and over midnight."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.windows import WindowError, next_opening, parse_times, parse_window, span_at

MOMENTS = st.integers(0, 6 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
NIGHTS = parse_window("Mon-Thu 22:00-04:00 Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def span(text: str, moment: str, *, wide: bool = False) -> tuple[datetime, datetime] | None:
    return span_at([parse_window(text)], at(moment), wide=wide)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T21:59:59+08:00", False),  # Monday
        ("2026-11-23T22:00:00+08:00", True),
        ("2026-11-24T03:59:59+08:00", True),
        ("2026-11-24T04:00:00+08:00", False),
        ("2026-11-27T03:00:00+08:00", True),  # Friday morning still belongs to Thursday's night
        ("2026-11-27T22:30:00+08:00", False),  # Friday night
        ("2026-11-23T02:00:00+08:00", False),  # Monday morning belongs to Sunday's night
    ],
)
def test_a_night_belongs_to_the_day_it_begins_on(moment: str, *, is_open: bool) -> None:
    assert (span_at([NIGHTS], at(moment)) is not None) is is_open


def test_the_next_opening_is_told_across_the_weekend() -> None:
    assert next_opening([NIGHTS], at("2026-11-27T05:00+08:00")) == at("2026-11-30T22:00+08:00")
    assert next_opening([NIGHTS], at("2026-11-30T22:00+08:00")) == at("2026-12-01T22:00+08:00")


def test_what_happens_once_never_opens_again() -> None:
    once = parse_window("2026-12-20 - 2026-12-21 UTC")
    assert next_opening([once], at("2026-12-01T00:00Z")) == at("2026-12-20T00:00Z")
    assert next_opening([once], at("2026-12-20T00:00Z")) is None
    assert next_opening([], at("2026-12-20T00:00Z")) is None


@pytest.mark.parametrize(
    ("text", "moment", "start", "end"),
    [
        (
            "Fri 18:00 - Mon 08:00 Europe/Berlin", "2026-11-29T12:00Z",
            "2026-11-27T18:00+01:00", "2026-11-30T08:00+01:00",
        ),
        ("daily 00:00-24:00 UTC", "2026-11-24T23:59Z", "2026-11-24T00:00Z", "2026-11-25T00:00Z"),
        (
            "Sat-Sun,Wed 10:00–12:00 UTC", "2026-11-25T11:00Z",
            "2026-11-25T10:00Z", "2026-11-25T12:00Z",
        ),
        (
            "friday 22:00 to saturday 24:00 UTC", "2026-11-28T23:00Z",
            "2026-11-27T22:00Z", "2026-11-29T00:00Z",
        ),
        (
            "Mon 10:00 - Mon 09:00 UTC", "2026-11-27T00:00Z",
            "2026-11-23T10:00Z", "2026-11-30T09:00Z",
        ),
        (
            "12-20 - 01-05 12:00 Asia/Shanghai", "2027-01-01T00:00Z",
            "2026-12-20T00:00+08:00", "2027-01-05T12:00+08:00",
        ),
        ("12-31 - 12-31 24:00 UTC", "2026-12-31T23:00Z", "2026-12-31T00:00Z", "2027-01-01T00:00Z"),
        ("02-01 - 02-28 24:00 UTC", "2027-02-28T23:00Z", "2027-02-01T00:00Z", "2027-03-01T00:00Z"),
        (
            "2026-12-20 18:00 until 2026-12-21 24:00 UTC", "2026-12-21T23:00Z",
            "2026-12-20T18:00Z", "2026-12-22T00:00Z",
        ),
    ],
)  # fmt: skip
def test_every_form_is_understood(text: str, moment: str, start: str, end: str) -> None:
    assert span(text, moment) == (at(start), at(end))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mon-Thu 22:00-04:00", "is not understood"),
        ("22:00-04:00 UTC", "is not understood"),
        ("Mo-Thu 22:00-04:00 UTC", "'Mo' is no day"),
        ("Monster 22:00-04:00 UTC", "'Monster' is no day"),
        ("Mon-Tue-Wed 22:00-04:00 UTC", "is no range of days"),
        ("Mon 22:00-23:00 Mars/Base", "'Mars/Base' is no time zone"),
        ("Mon 22:00-23:00 ../etc/passwd", "is no time zone"),
        ("Mon 22:00-22:00 UTC", "write 00:00-24:00 for all day"),
        ("Mon 24:00-02:00 UTC", "24:00 can only stand at the end"),
        ("Mon 22:00-24:30 UTC", "the last one is 24:00"),
        ("02-29 - 03-05 UTC", "there is no day 02-29 every year"),
        ("2026-02-29 - 2026-03-05 UTC", "there is no day 2026-02-29"),
        ("2026-12-20 - 2026-12-20 UTC", "it ends before it begins"),
        ("2026-12-20 - 01-05 UTC", "give the year at both ends"),
    ],
)
def test_what_is_no_window_is_refused_with_the_part_that_is_wrong(text: str, said: str) -> None:
    with pytest.raises(WindowError, match=said):
        parse_window(text)


@pytest.mark.parametrize(
    ("text", "after", "opens"),
    [
        ("Mon 09:00 Asia/Shanghai", "2026-11-24T02:00Z", "2026-11-30T01:00Z"),
        ("Mon-Fri 09:00 UTC", "2026-11-27T09:00Z", "2026-11-30T09:00Z"),
        ("daily 23:30 UTC", "2026-11-24T23:00Z", "2026-11-24T23:30Z"),
        ("Sun 02:30 Europe/Berlin", "2026-03-28T02:00Z", "2026-03-29T01:00Z"),
    ],
)
def test_times_of_the_week_come_again(text: str, after: str, opens: str) -> None:
    assert next_opening((parse_times(text),), at(after)) == at(opens)


@pytest.mark.parametrize("text", ["weekly", "Mon UTC", "Mon 09:00", "Mon 9 UTC", "Mun 09:00 UTC"])
def test_what_is_no_time_of_the_week_is_refused(text: str) -> None:
    with pytest.raises(WindowError):
        parse_times(text)


def test_where_clocks_go_forward_a_window_opens_and_a_freeze_ends_when_they_jump() -> None:
    # In Berlin 02:00 to 03:00 does not exist on 29 March 2026.
    jump = at("2026-03-29T01:00Z")
    late = "Sun 02:30-05:00 Europe/Berlin"
    assert span(late, "2026-03-29T02:00Z") == (jump, at("2026-03-29T03:00Z"))
    early = "Sat 22:00-02:30 Europe/Berlin"
    assert span(early, "2026-03-28T23:00Z", wide=True) == (at("2026-03-28T21:00Z"), jump)
    assert span("Sun 02:10-02:50 Europe/Berlin", "2026-03-29T01:00Z") is None


def test_where_clocks_go_back_doubt_is_decided_for_the_quiet_side() -> None:
    # In Berlin 02:00 to 03:00 comes twice on 25 October 2026: from 00:00 and from 01:00 UTC.
    text = "Sun 02:30-05:00 Europe/Berlin"
    assert span(text, "2026-10-25T02:00Z") == (at("2026-10-25T01:30Z"), at("2026-10-25T04:00Z"))
    assert span(text, "2026-10-25T00:45Z") is None
    assert span(text, "2026-10-25T00:45Z", wide=True) is not None
    night = "Sat 22:00-02:30 Europe/Berlin"
    assert span(night, "2026-10-24T23:00Z") == (at("2026-10-24T20:00Z"), at("2026-10-25T00:30Z"))
    assert span(night, "2026-10-25T01:00Z", wide=True) is not None


@given(
    MOMENTS,
    st.sampled_from(
        [
            "Mon-Thu 22:00-04:00 Europe/Berlin",
            "Fri 18:00 - Mon 08:00 America/New_York",
            "daily 01:30-02:30 Europe/Berlin",
            "12-20 - 01-05 Asia/Shanghai",
        ]
    ),
)
def test_an_opening_is_the_first_moment_of_a_span_and_nothing_opens_before(
    moment: datetime, text: str
) -> None:
    window = parse_window(text)
    opening = next_opening([window], moment)
    assert opening is not None
    assert opening > moment
    found = span_at([window], opening)
    assert found is not None
    assert found.start == opening
    before = span_at([window], opening - timedelta(microseconds=1))
    assert before is None or before.end == opening
    spans = sorted(window.spans(moment, wide=False))
    assert all(one.end <= other.start for one, other in pairwise(spans))


@given(MOMENTS)
def test_a_window_is_never_open_where_a_freeze_of_the_same_words_is_not_in_force(
    moment: datetime,
) -> None:
    window = parse_window("daily 01:30-02:30 Europe/Berlin")
    if span_at([window], moment) is not None:
        assert span_at([window], moment, wide=True) is not None
