"""Durations: exact, bounded, and clear about what they are not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.duration import LONGEST, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10s", timedelta(seconds=10)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("0.2s", timedelta(milliseconds=200)),
        ("1h30m", timedelta(minutes=90)),
        ("1h 30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        (" 2H ", timedelta(hours=2)),
        ("0s", timedelta()),
        ("366d", LONGEST),
    ],
)
def test_durations_are_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5",
        "m",
        "-5m",
        "+5m",
        "5 minutes",
        "30m1h",
        "5m5m",
        "1e3s",
        "٣m",
        "1.s",
        ".5s",
        "∞",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 10s, 5m, 2h, 1d or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["366d1s", "999999d999999h", "999999.999999d"])
def test_longer_than_a_year_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="at most 366d"):
        parse_duration(text)


@given(st.integers(0, 999_999), st.integers(0, 999_999))
def test_fractions_of_a_second_are_exact(whole: int, millionths: int) -> None:
    expected = timedelta(seconds=whole, microseconds=millionths)
    assert parse_duration(f"{whole}.{millionths:06}s") == expected
