"""Windows and freezes together: what keeps something from starting, and when it may."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.change import Options, Timing
from bot.domain.freeze import (
    Calendar,
    Freeze,
    RecurringFreeze,
    closure_of,
    starts_at,
    told,
)
from bot.domain.windows import parse_window
from tests.domain.examples import HOUR, NOW, target, words

NIGHTS = parse_window("Mon-Thu 22:00-04:00 UTC")
PEAK = RecurringFreeze(reason="Singles day", when=parse_window("Tue 22:00 - Wed 03:00 UTC"))


def freeze(number: int = 1, start: int = -1, end: int = 2) -> Freeze:
    return Freeze(
        id=number,
        key=str(number),
        environment="prod",
        start=NOW + start * HOUR,
        end=NOW + end * HOUR,
        reason="audit",
        author="U0BOB",
    )


def table(*freezes: Freeze, windows: bool = False, peak: bool = False) -> Calendar:
    """NOW is a Tuesday, 02:00: within Monday's night."""
    return Calendar(
        windows=(NIGHTS,) if windows else (),
        recurring=(PEAK,) if peak else (),
        freezes=freezes,
    )


def why(calendar: Calendar, at: datetime = NOW) -> list[str]:
    closure = calendar.closure(at)
    return [] if closure is None else words(told(closure))


def test_without_rules_anything_may_start() -> None:
    assert table().closure(NOW) is None
    assert table().next_open(NOW) == NOW


def test_a_freeze_names_who_why_and_the_next_open_time() -> None:
    assert why(table(freeze())) == [
        "FRZ-1 holds until 2026-11-24 04:00 UTC, declared by @U0BOB: audit",
        "The next open time begins 2026-11-24 04:00 UTC.",
    ]


def test_a_freeze_of_the_policy_names_itself() -> None:
    (said, _) = why(table(peak=True), NOW + 22 * HOUR)
    assert said == "A freeze of the policy holds until 2026-11-25 03:00 UTC: Singles day"


def test_outside_of_the_windows_the_next_opening_is_told() -> None:
    (said, opens) = why(table(windows=True), NOW + 5 * HOUR)
    assert said.endswith("may only start in its change windows: Mon-Thu 22:00-04:00 UTC.")
    assert opens == "The next open time begins 2026-11-24 22:00 UTC."


def test_what_is_open_is_within_a_window_and_outside_of_every_freeze() -> None:
    both = table(freeze(end=1), windows=True, peak=True)
    assert both.next_open(NOW) == NOW + HOUR
    # Tuesday's night is frozen until Wednesday 03:00, within the window.
    assert both.next_open(NOW + 3 * HOUR) == NOW + 25 * HOUR


def test_what_never_opens_again_is_told_without_a_time() -> None:
    once = Calendar(windows=(parse_window("2026-11-01 - 2026-11-02 UTC"),))
    assert len(why(once)) == 1
    assert once.next_open(NOW) is None


def test_of_several_freezes_the_last_one_to_end_is_named() -> None:
    assert why(table(freeze(1, end=2), freeze(2, end=9)))[0].startswith("FRZ-2 holds")


def test_a_freeze_that_is_over_holds_nothing() -> None:
    assert table(freeze(end=0)).closure(NOW) is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Options(), NOW),
        (Options(timing=Timing.AT, run_at=NOW + HOUR), NOW + HOUR),
        (Options(timing=Timing.AT, run_at=NOW - HOUR), NOW),
        (Options(timing=Timing.IN_WINDOW), NOW),
    ],
)
def test_a_start_is_planned_for_its_time_or_for_now(options: Options, expected: datetime) -> None:
    assert starts_at(options, NOW) == expected


IN_WINDOW = Options(timing=Timing.IN_WINDOW)


@pytest.mark.parametrize(
    ("rules", "window", "is_hindered"),
    [
        (table(), "18:00-22:00", False),
        # Sent now, though now is outside of the windows: the cloud starts it within one.
        (table(windows=True), "22:00-02:00", False),
        (table(windows=True), "18:00-22:00", True),
        (table(windows=True), "23:00-05:00", True),
        (table(freeze(start=17, end=18)), "18:00-22:00", True),
        (table(freeze(start=17, end=18)), "21:00-22:00", False),
        (table(freeze()), "18:00-22:00", True),
        # A window that is not known may be any time of the day.
        (table(freeze(start=17, end=18)), "", True),
        (table(windows=True), "", True),
        (table(), "", False),
    ],
)
def test_what_taurusdb_starts_is_judged_by_its_maintenance_window(
    rules: Calendar, window: str, *, is_hindered: bool
) -> None:
    found = closure_of(IN_WINDOW, rules, NOW + HOUR, [target(window=window)])
    assert (found is not None) is is_hindered


def test_broken_glass_overrides_windows_and_the_freezes_it_names() -> None:
    rules = table(freeze(1), windows=True, peak=True)
    at = NOW + 22 * HOUR
    broken = Options(override="urgent", overridden=("FRZ-1",))
    assert closure_of(broken, rules, NOW) is None
    assert closure_of(broken, rules, at) is not None
    both = Options(override="urgent", overridden=("FRZ-1", str(PEAK.when)))
    assert closure_of(both, rules, at) is None
    assert closure_of(both, table(freeze(1), freeze(2)), NOW) is not None


@settings(deadline=None)  # a busy machine is no mistake
@given(
    st.lists(st.tuples(st.integers(-50, 200), st.integers(1, 100)), max_size=4),
    st.tuples(st.booleans(), st.booleans()),
    st.integers(0, 24 * 7 * 4),
)
def test_the_next_open_time_is_open_and_nothing_before_it_is(
    spans: list[tuple[int, int]], rules: tuple[bool, bool], quarter_hours: int
) -> None:
    freezes = [freeze(n, start, start + length) for n, (start, length) in enumerate(spans, 1)]
    found = table(*freezes, windows=rules[0], peak=rules[1])
    after = NOW + quarter_hours * HOUR / 4
    opens = found.next_open(after)
    assert opens is not None
    assert opens >= after
    assert found.closure(opens) is None
    step = (opens - after) / 7
    assert all(found.closure(after + number * step) is not None for number in range(7) if step)
