"""Times as people type them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.sentence import Sentence
from bot.domain.when import FARTHEST, When, WhenError, parse_duration, parse_when

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday, 11:00 in Berlin
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Shanghai",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "Pacific/Kiritimati",
        "Africa/Casablanca",
    )
]


def local(text: str, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> str:
    return parse_when(text, now, zone).local.strftime("%a %Y-%m-%d %H:%M")


def refused(text: str, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> WhenError:
    with pytest.raises(WhenError) as caught:
        parse_when(text, now, zone)
    return caught.value


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+2h", "Tue 2026-11-24 13:00"),
        ("+90m", "Tue 2026-11-24 12:30"),
        ("+1h30m", "Tue 2026-11-24 12:30"),
        ("+2d", "Thu 2026-11-26 11:00"),
        ("02:00", "Wed 2026-11-25 02:00"),
        ("2:00", "Wed 2026-11-25 02:00"),
        ("11:00", "Wed 2026-11-25 11:00"),
        ("11:01", "Tue 2026-11-24 11:01"),
        ("tomorrow 02:00", "Wed 2026-11-25 02:00"),
        ("Tomorrow  02:00 ", "Wed 2026-11-25 02:00"),
        ("today 22:00", "Tue 2026-11-24 22:00"),
        ("tonight 22:30", "Tue 2026-11-24 22:30"),
        ("sat 03:00", "Sat 2026-11-28 03:00"),
        ("Saturday 03:00", "Sat 2026-11-28 03:00"),
        ("tue 03:00", "Tue 2026-12-01 03:00"),
        ("tue 23:00", "Tue 2026-11-24 23:00"),
        ("2026-12-01 02:00", "Tue 2026-12-01 02:00"),
        ("2026-12-01T02:00", "Tue 2026-12-01 02:00"),
        ("2026-12-01T02:00Z", "Tue 2026-12-01 03:00"),
        ("2026-12-01T02:00:00.000Z", "Tue 2026-12-01 03:00"),
        ("2026-12-01T02:00+08:00", "Mon 2026-11-30 19:00"),
        ("2026-12-01 02:00 +0800", "Mon 2026-11-30 19:00"),
        ("2026-12-01T02:00-05", "Tue 2026-12-01 08:00"),
    ],
)
def test_times_are_read_in_the_askers_zone(text: str, expected: str) -> None:
    assert local(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今晚22:00", "Tue 2026-11-24 22:00"),
        ("今晚8点半", "Tue 2026-11-24 20:30"),
        ("明天凌晨2点", "Wed 2026-11-25 02:00"),
        ("明天 凌晨 2点15分", "Wed 2026-11-25 02:15"),
        ("明晚10点", "Wed 2026-11-25 22:00"),
        ("后天上午9:15", "Thu 2026-11-26 09:15"),
        ("下午3点", "Tue 2026-11-24 15:00"),
        ("下午12点", "Tue 2026-11-24 12:00"),
        ("中午1点", "Tue 2026-11-24 13:00"),
        ("周六 03:00", "Sat 2026-11-28 03:00"),
        ("星期天03:00", "Sun 2026-11-29 03:00"),
        ("＋２小时", "Tue 2026-11-24 13:00"),
        ("+1个小时30分钟", "Tue 2026-11-24 12:30"),
        ("+2天", "Thu 2026-11-26 11:00"),
        ("２２：００", "Tue 2026-11-24 22:00"),
        ("2026-12-01　凌晨2点", "Tue 2026-12-01 02:00"),
        ("大后天22:00", "Fri 2026-11-27 22:00"),
        ("明日22时30分", "Wed 2026-11-25 22:30"),
        ("明早8点", "Wed 2026-11-25 08:00"),
        ("明天早上6点", "Wed 2026-11-25 06:00"),
        ("今天傍晚6点", "Tue 2026-11-24 18:00"),
        ("今晚十点半", "Tue 2026-11-24 22:30"),
        ("今晚11点钟", "Tue 2026-11-24 23:00"),
        ("明天凌晨两点", "Wed 2026-11-25 02:00"),
        ("明天零点", "Wed 2026-11-25 00:00"),
        ("二十二点整", "Tue 2026-11-24 22:00"),
        ("下午三点一刻", "Tue 2026-11-24 15:15"),
        ("晚上十点零五分", "Tue 2026-11-24 22:05"),
        ("后天晚上１０：３０", "Thu 2026-11-26 22:30"),
        ("礼拜六 03:00", "Sat 2026-11-28 03:00"),
        ("周二十点", "Tue 2026-12-01 10:00"),
        ("本周六3点", "Sat 2026-11-28 03:00"),
        ("下周一凌晨3点", "Mon 2026-11-30 03:00"),
        ("下周六 03:00", "Sat 2026-12-05 03:00"),
        ("下个星期日 03:00", "Sun 2026-12-06 03:00"),
        ("12月1日 02:00", "Tue 2026-12-01 02:00"),
        ("12月1号凌晨2点", "Tue 2026-12-01 02:00"),
        ("十二月一日凌晨两点", "Tue 2026-12-01 02:00"),
        ("1月5日02:00", "Tue 2027-01-05 02:00"),
        ("2027年1月5日 02:00", "Tue 2027-01-05 02:00"),
        ("2小时后", "Tue 2026-11-24 13:00"),
        ("两个小时以后", "Tue 2026-11-24 13:00"),
        ("+半小时", "Tue 2026-11-24 11:30"),
        ("半个小时后", "Tue 2026-11-24 11:30"),
        ("一个半小时之后", "Tue 2026-11-24 12:30"),
        ("90分钟后", "Tue 2026-11-24 12:30"),
        ("3天后", "Fri 2026-11-27 11:00"),
    ],
)
def test_times_are_read_in_chinese(text: str, expected: str) -> None:
    assert local(text) == expected


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("10m", 10), ("1h30m", 90), ("10分钟", 10), ("两小时", 120), ("一个半小时", 90)],
)
def test_durations_are_read_in_chinese_too(text: str, minutes: int) -> None:
    assert parse_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "10", "十", "小时", "2点"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["now", " NOW ", "现在", "马上", "+0m"])
def test_now_is_now(text: str) -> None:
    assert parse_when(text, NOW, BERLIN) == When(at=NOW, zone="Europe/Berlin", is_now=True)


def test_a_moment_is_in_utc_and_told_on_the_askers_clock() -> None:
    when = parse_when("22:00", NOW.astimezone(ZoneInfo("Asia/Tokyo")), BERLIN)
    assert (when.at, when.at.tzinfo) == (utc("2026-11-24 21:00"), UTC)
    assert when.local.isoformat() == "2026-11-24T22:00:00+01:00"
    assert not when.is_now


def test_seconds_are_kept() -> None:
    assert parse_when("2026-12-01 02:00:30", NOW, BERLIN).at == utc("2026-12-01 01:00:30")


@pytest.mark.parametrize(
    ("text", "proposal"),
    [
        ("today 02:00", "2026-11-25 02:00"),
        ("2025-12-01 02:00", "2026-11-25 02:00"),
        ("2026-11-24 10:59", "2026-11-25 10:59"),
        ("本周一 10:00", "2026-11-25 10:00"),
        ("2026-11-24T02:00Z", "2026-11-25 03:00"),
        ("0001-01-01 00:00", "2026-11-25 00:00"),
        ("0001-01-01T00:00+14:00", "2026-11-25 00:00"),
    ],
)
def test_the_past_is_refused_with_the_next_such_time(text: str, proposal: str) -> None:
    error = refused(text)
    assert str(error) == f"{text} is in the past. Did you mean {proposal}?"
    assert error.is_time


@pytest.mark.parametrize(
    "text",
    [
        "2028-01-01 00:00",
        "+367d",
        "+999999d",
        "2027-11-25 12:00",
        "9999-12-31 23:59",
        "9999-12-31T23:59-14:00",
    ],
)
def test_more_than_a_year_ahead_is_refused(text: str) -> None:
    assert "is more than a year away. Use 2027-11-25 10:00 or earlier." in str(refused(text))


def test_a_year_ahead_is_allowed() -> None:
    assert parse_when("+366d", NOW, BERLIN).at == NOW + FARTHEST


@pytest.mark.parametrize(
    ("text", "proposal"),
    [
        ("2pm", "14:00"),
        ("12am", "00:00"),
        ("tomorrow 2:30 p.m.", "tomorrow 14:30"),
        ("2026-12-01 2 am", "2026-12-01 02:00"),
        ("sat 0200", "sat 02:00"),
        ("02.30", "02:30"),
        ("at 2.30", "02:30"),
        ("tomorrow", "tomorrow 22:00"),
        ("周六", "周六 22:00"),
        ("2026-12-01", "2026-12-01 22:00"),
        ("2h", "+2h"),
        ("in 30 m", "+30 m"),
        ("tonight 00:30", "2026-11-25 00:30"),
        ("今晚12点", "2026-11-25 00:00"),
        ("凌晨15点", "2026-11-24 15:00"),
        ("下周六", "下周六 22:00"),
        ("2小时", "+2小时"),
        ("30分钟", "+30分钟"),
    ],
)
def test_habits_that_mislead_are_refused_with_how_to_write_it(text: str, proposal: str) -> None:
    error = refused(text)
    assert str(error) == f"Write {proposal} instead of {text}."
    assert error.is_time
    assert parse_when(proposal, NOW, BERLIN).at > NOW


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "25:00",
        "24:00",
        "02:60",
        "+",
        "+2",
        "+2x",
        "-2h",
        "yesterday 02:00",
        "orders-1",
        "12/01/2026 02:00",
        "2026-12-01T02:00+99:99",
        "02:00 CST",
    ],
)
def test_anything_else_is_refused_with_all_the_forms(text: str) -> None:
    error = refused(text)
    assert "is not a time I know. Use one of: now, +2h, 02:00, tomorrow 02:00" in str(error)
    assert not error.is_time


@pytest.mark.parametrize("day", ["2027-02-29", "2027年2月29日", "13月1日"])
def test_a_day_that_is_not_in_the_calendar_is_named(day: str) -> None:
    assert str(refused(f"{day} 02:00")) == (f"{day} 02:00: there is no day {day}. Check the date.")


@pytest.mark.parametrize(
    ("text", "now", "zone", "proposal"),
    [
        ("tomorrow 02:30", "2026-03-28 12:00", "Europe/Berlin", "2026-03-29 03:00"),
        ("02:30", "2026-03-29 00:30", "Europe/Berlin", "2026-03-29 03:00"),
        ("sun 02:59", "2026-03-27 12:00", "Europe/Berlin", "2026-03-29 03:00"),
        ("2026-10-04 02:15", "2026-10-03 12:00", "Australia/Lord_Howe", "2026-10-04 02:30"),
        ("2026-03-08 02:30", "2026-03-01 12:00", "America/New_York", "2026-03-08 03:00"),
    ],
)
def test_a_time_that_the_clocks_skip_is_refused_with_the_first_after_it(
    text: str, now: str, zone: str, proposal: str
) -> None:
    assert str(refused(text, utc(now), ZoneInfo(zone))) == (
        f"{text} does not exist in {zone}: the clocks go forward then. Use {proposal}."
    )


@pytest.mark.parametrize(
    ("text", "now", "zone", "first", "second"),
    [
        (
            "tomorrow 02:30",
            "2026-10-24 12:00",
            "Europe/Berlin",
            "2026-10-25T02:30+02:00",
            "2026-10-25T02:30+01:00",
        ),
        (
            "2026-04-05 01:45",
            "2026-04-04 01:00",
            "Australia/Lord_Howe",
            "2026-04-05T01:45+11:00",
            "2026-04-05T01:45+10:30",
        ),
    ],
)
def test_a_time_that_comes_twice_is_refused_with_both(
    text: str, now: str, zone: str, first: str, second: str
) -> None:
    asked = utc(now), ZoneInfo(zone)
    assert str(refused(text, *asked)) == (
        f"{text} comes twice in {zone}: the clocks go back then. Say which: {first} or {second}."
    )
    assert parse_when(first, *asked).at < parse_when(second, *asked).at


def test_between_the_two_only_the_second_is_proposed() -> None:
    error = refused("02:30", utc("2026-10-25 00:45"))
    assert "The first is past; for the second use 2026-10-25T02:30+01:00." in str(error)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-29 10:00", "Mon 2026-03-30 02:30"),  # the gap is over
        ("2026-10-25 01:45", "Mon 2026-10-26 02:30"),  # both are over
    ],
)
def test_a_bare_time_means_tomorrow_once_todays_change_of_clocks_is_over(
    now: str, expected: str
) -> None:
    assert local("02:30", utc(now)) == expected


def test_a_proposal_that_would_come_twice_is_given_with_its_offset() -> None:
    assert "Did you mean 2026-10-25T02:30+02:00?" in str(
        refused("today 02:30", utc("2026-10-24 12:00"))
    )


def test_a_day_that_a_zone_skipped_whole_is_refused_with_the_day_after() -> None:
    error = refused("tomorrow 12:00", utc("2011-12-29 20:00"), ZoneInfo("Pacific/Apia"))
    assert "Use 2011-12-31 00:00." in str(error)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
AHEAD = st.timedeltas(timedelta(minutes=1), FARTHEST - timedelta(days=1))


@given(MOMENTS, AHEAD, st.sampled_from(ZONES))
def test_every_moment_can_be_typed_with_its_offset(
    now: datetime, ahead: timedelta, zone: ZoneInfo
) -> None:
    at = (now + ahead).replace(microsecond=0)
    assert parse_when(at.astimezone(zone).isoformat(), now, zone).at == at


@given(MOMENTS, AHEAD, st.sampled_from(ZONES))
@example(utc("2026-10-24 12:00"), timedelta(hours=12, minutes=30), BERLIN)
def test_a_local_time_is_the_moment_it_names_or_refused_as_ambiguous(
    now: datetime, ahead: timedelta, zone: ZoneInfo
) -> None:
    at = (now + ahead).replace(second=0, microsecond=0)
    text = at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    try:
        found = parse_when(text, now, zone).at
    except WhenError as error:
        assert at in proposals(error.sentence, now, zone) or at <= now  # noqa: PT017
    else:
        assert found == at


@given(MOMENTS, st.times(), st.sampled_from(ZONES), st.sampled_from(["", "today ", "sun "]))
@example(utc("2026-03-29 00:30"), utc("2026-01-01 02:30").time(), BERLIN, "")
def test_what_is_proposed_is_a_time_ahead(
    now: datetime, clock: object, zone: ZoneInfo, day: str
) -> None:
    text = f"{day}{clock:%H:%M}"
    try:
        when = parse_when(text, now, zone)
    except WhenError as error:
        found = proposals(error.sentence, now, zone)
        assert found
        assert min(found) > now
    else:
        assert when.at >= now
        assert f"{when.local:%H:%M}" == text[-5:]


@given(st.text(max_size=40), st.sampled_from(ZONES))
def test_no_text_does_anything_worse_than_be_refused(text: str, zone: ZoneInfo) -> None:
    try:
        when = parse_when(text, NOW, zone)
    except WhenError:
        return
    assert NOW <= when.at <= NOW + FARTHEST


def proposals(sentence: Sentence, now: datetime, zone: ZoneInfo) -> list[datetime]:
    """Read back what a refusal proposes."""
    return [
        parse_when(str(sentence.args[name]), now, zone).at
        for name in ("proposal", "first", "second")
        if name in sentence.args
    ]
