"""How long upgrades took lately, and so until when the next one may take."""

from datetime import timedelta

import pytest

from bot.domain.change import Options, State, Target, TargetState, Timing
from bot.domain.kernel import Path
from bot.domain.outlook import LATEST, lasts, outlook, past_upgrades, took
from bot.domain.past import PastUpgrades
from bot.domain.progress import waves
from bot.domain.report import rows
from bot.views.card import card
from bot.views.reader import Reader
from tests.domain.examples import (
    ANCIENT,
    HOUR,
    MINUTE,
    NOW,
    OLD,
    SECOND,
    TWO_PHASE,
    change,
    target,
    words,
)

ANYTIME, SOAKING = Options(), Options(soak=30 * MINUTE)


def done(minutes: float, kernel: str = OLD, **fields: object) -> Target:
    ended_at = NOW + timedelta(minutes=minutes)
    given = {"state": TargetState.SUCCEEDED, "began_at": NOW, "ended_at": ended_at, **fields}
    return target(1, kernel, **given)


def direct(longest: float = 6, count: int = 12) -> PastUpgrades:
    minutes = [timedelta(minutes=one) for one in (3, 4, longest)]
    return PastUpgrades(
        path=Path.DIRECT, count=count, shortest=minutes[0], median=minutes[1], longest=minutes[2]
    )


def test_past_upgrades_are_measured_by_path() -> None:
    past = [done(3), done(6), done(4), done(20, TWO_PHASE)]
    past += [done(9, ANCIENT, state=TargetState.FURTHER_ROUND)]
    assert past_upgrades([change(*past)]) == (
        direct(count=3),
        PastUpgrades(
            path=Path.SEVERAL_ROUNDS,
            count=1,
            shortest=9 * MINUTE,
            median=9 * MINUTE,
            longest=9 * MINUTE,
        ),
        PastUpgrades(
            path=Path.TWO_PHASE,
            count=1,
            shortest=20 * MINUTE,
            median=20 * MINUTE,
            longest=20 * MINUTE,
        ),
    )


@pytest.mark.parametrize(
    "unmeasured",
    [done(5, state=TargetState.FAILED), done(5, ended_at=None), done(5, began_at=None), target()],
)
def test_what_failed_or_was_not_seen_to_its_end_tells_nothing(unmeasured: Target) -> None:
    assert past_upgrades([change(unmeasured)]) == ()


def test_the_wait_for_a_window_is_no_part_of_an_upgrade() -> None:
    unseen = done(600, began_at=None, submitted_at=NOW)
    in_window = change(unseen, done(5), options=Options(timing=Timing.IN_WINDOW))
    (past,) = past_upgrades([in_window])
    assert (past.count, past.longest) == (1, 5 * MINUTE)
    assert [row.took for row in rows(in_window)] == [None, 5 * MINUTE]
    assert past_upgrades([change(unseen)])[0].longest == 600 * MINUTE


def test_only_the_latest_upgrades_count() -> None:
    late, early = change(*(done(3) for _ in range(LATEST))), change(done(60))
    (past,) = past_upgrades([late, early])
    assert (past.count, past.longest) == (LATEST, 3 * MINUTE)


def test_each_wave_takes_as_long_as_its_slowest_path_and_soaks_come_between() -> None:
    phased = direct().model_copy(update={"path": Path.TWO_PHASE, "longest": 20 * MINUTE})
    targets = [target(1), target(2, wave=2), target(3, TWO_PHASE, wave=2), target(4, wave=3)]
    assert lasts(waves(targets), ANYTIME, [direct(), phased]) == 32 * MINUTE
    assert lasts(waves(targets), SOAKING, [direct(), phased]) == 92 * MINUTE
    assert lasts(waves(targets), ANYTIME, [direct()]) is None, "nobody has seen two phases here"
    in_window = Options(timing=Timing.IN_WINDOW)
    assert lasts(waves(targets), in_window, [direct(), phased]) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (ANYTIME, "Done about 12 min after it starts if nothing takes longer."),
        (SOAKING, "Done about 42 min after it starts if nothing takes longer."),
        (
            Options(timing=Timing.AT, run_at=NOW + HOUR),
            "Done by about 2026-11-24 03:12 UTC if nothing takes longer.",
        ),
        (
            Options(timing=Timing.IN_WINDOW),
            (
                "Each wave waits for the maintenance windows of the one before: 2 waves may take "
                "2 days."
            ),
        ),
    ],
)
def test_the_outlook_says_how_long_it_took_and_until_when_it_may_take(
    options: Options, said: str
) -> None:
    told = words(outlook([target(1), target(2, wave=2)], options, [direct()]))
    assert told == [
        "The last 12 upgrades here took 3 to 6 min, half of them at most 4.",
        said,
    ]


def test_a_fleet_without_a_past_has_no_outlook() -> None:
    assert outlook([target()], ANYTIME, []) == ()


def test_one_upgrade_is_no_range_and_seconds_are_a_minute() -> None:
    short = direct(count=1).model_copy(update={"shortest": SECOND, "longest": 20 * SECOND})
    assert words(outlook([target()], ANYTIME, [short])) == [
        "The last upgrade here took 1 min.",
        "Done about 1 min after it starts if nothing takes longer.",
    ]


def test_upgrades_that_took_as_long_as_each_other_are_no_range() -> None:
    alike = direct(count=2).model_copy(update={"shortest": 2 * MINUTE, "longest": 2 * MINUTE})
    assert words(outlook([target()], ANYTIME, [alike]))[0] == (
        "The last 2 upgrades here took 2 min each."
    )


def test_nothing_is_foretold_of_a_change_that_is_halted_or_out_of_sight() -> None:
    for state in (State.HALTED, State.UNKNOWN):
        stuck = change(target(), state=state, past=(direct(),), started_at=NOW)
        assert "nothing takes longer" not in str(card(stuck, Reader.of("en-us")).blocks)


def test_what_was_refused_or_never_started_took_no_time() -> None:
    for state in (TargetState.REFUSED, TargetState.NEVER_STARTED):
        assert took(done(5, state=state), Timing.NOW) is None


def test_the_card_tells_by_when_it_is_over_once_it_runs() -> None:
    asked = change(target(), state=State.PROPOSED, past=(direct(),))
    assert "Done about 6 min after it starts" in str(card(asked, Reader.of("en-us")).blocks)
    begun = asked.model_copy(update={"state": State.RUNNING, "started_at": NOW})
    over_at = int((NOW + 6 * MINUTE).timestamp())
    assert f"Done by about <!date^{over_at}^" in str(card(begun, Reader.of("en-us")).blocks)
