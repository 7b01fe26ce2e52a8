"""How far a change is, wave by wave, and what people hear of it."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from bot.domain.change import Change, Options, State, TargetState, Timing
from bot.domain.progress import Stage, stretches
from bot.domain.steps import attempted, looked
from bot.domain.story import Record
from bot.domain.turns import settled, slow_at, turned
from bot.views.card import card
from bot.views.reader import Reader
from tests.domain.examples import HOUR, MINUTE, NOW, change, sent, target, under_way, words

LATER = NOW + 10 * MINUTE
SUCCEEDED, UPGRADING = TargetState.SUCCEEDED, TargetState.UPGRADING
SOAKING = Options(soak=30 * MINUTE)


def waves_told(records: Sequence[Record]) -> list[str]:
    return [str(one.sentence) for one in records if one.kind == "wave" and one.told]


def test_waves_next_to_each_other_that_stand_alike_are_one_line() -> None:
    targets = [
        sent(1, SUCCEEDED, ring="a=b"),
        *(target(number, wave=number) for number in range(4, 8)),
        sent(3, UPGRADING, wave=3),
        sent(2, TargetState.FAILED, wave=2, ring="a=b"),
    ]
    assert [(one.name, one.stage, one.new, len(one.targets)) for one in stretches(targets)] == [
        ("1 (a=b)", Stage.PROVEN, 1, 1),
        ("2 (a=b)", Stage.OVER, 0, 1),
        ("3", Stage.UNDER_WAY, 0, 1),
        ("4-7", Stage.PLANNED, 0, 4),
    ]


def test_a_wave_of_which_a_part_was_sent_is_under_way() -> None:
    targets = [sent(1, SUCCEEDED), target(2), target(3, wave=2)]
    assert [one.stage for one in stretches(targets)] == [Stage.UNDER_WAY, Stage.PLANNED]


def test_one_wave_is_not_worth_a_line() -> None:
    assert stretches([target(1), target(2)]) == ()


def test_a_wave_is_announced_with_its_first_batch() -> None:
    before = change(target(1, ring="ring=canary"), target(2, ring="ring=canary"), target(3, wave=2))
    first, records = attempted(before, before.targets[:1], [], NOW)
    assert waves_told(records) == ["Wave 1 (ring=canary) of 2 begins: 2 databases."]
    _, records = attempted(first, first.targets[1:2], [], NOW)
    assert waves_told(records) == []


def test_waves_keep_their_numbers_when_all_of_one_was_taken_out() -> None:
    gone = target(2, state=TargetState.TAKEN_OUT, wave=2)
    before = under_way(sent(1, SUCCEEDED), gone, target(3, wave=3))
    _, records = attempted(before, before.targets[2:], [], NOW)
    assert waves_told(records) == ["Wave 3 of 3 begins: 1 database."]


def test_the_only_wave_needs_no_announcement() -> None:
    before = change(target(1), target(2))
    _, records = attempted(before, before.targets, [], NOW)
    assert waves_told(records) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(), "Wave 1 is over: 1 of 1 are proven on the newest kernel."),
        (
            SOAKING,
            (
                "Wave 1 is over: 1 of 1 are proven on the newest kernel. It soaks, so wave 2 does "
                "not start before 2026-11-24 02:40 UTC."
            ),
        ),
    ],
)
def test_the_end_of_a_wave_is_told_with_its_soak(options: Options, said: str) -> None:
    before = under_way(sent(1), target(2, wave=2), options=options)
    step = looked(before, [sent(1, SUCCEEDED, ended_at=LATER)], LATER)
    assert step is not None
    assert waves_told(step[1]) == [said]


def test_the_end_of_the_last_wave_is_the_end_of_the_change() -> None:
    before = under_way(sent(1, SUCCEEDED), sent(2, wave=2))
    step = looked(before, [sent(2, SUCCEEDED, wave=2, ended_at=LATER)], LATER)
    assert step is not None
    assert [one.kind for one in step[1]] == ["outcome", "closed", "report"]


def test_the_card_shows_the_waves_and_until_when_the_next_one_waits() -> None:
    soaking = under_way(
        sent(1, SUCCEEDED, ended_at=LATER, ring="ring=canary"),
        target(2, wave=2),
        options=SOAKING,
    )
    shown = str(card(soaking, Reader.of("en-us")).blocks)
    assert "Wave 1 (ring=canary): 1 database, proven" in shown
    assert "Wave 2: 1 database." in shown
    assert f"Wave 2 starts <!date^{int((LATER + 30 * MINUTE).timestamp())}^" in shown
    halted = soaking.model_copy(update={"state": State.HALTED})
    assert "at the earliest" not in str(card(halted, Reader.of("en-us")).blocks)


# --- slow targets ---------------------------------------------------------------------------


def slow(**fields: object) -> Change:
    made = under_way(sent(1, UPGRADING, began_at=NOW), target(2, wave=2), slow_after=HOUR)
    return made.model_copy(update=fields)


def state_at(of: Change, at: datetime) -> State:
    return settled(of, at).state


def test_what_takes_longer_than_the_policy_allows_halts_the_rest_and_says_so() -> None:
    assert state_at(slow(), NOW + HOUR - MINUTE) is State.RUNNING
    after, records = turned(slow(), settled(slow(), NOW + HOUR), NOW + HOUR)
    assert after.state is State.HALTED
    assert words([records[0].sentence]) == [
        (
            "Halted: 1 instance takes longer than the 60 minutes of the policy (orders-1), so "
            "nothing more starts."
        )
    ]


def test_nothing_is_slow_unless_the_policy_says_so() -> None:
    plain = slow().model_copy(update={"slow_after": None})
    assert state_at(plain, NOW + 9 * HOUR) is State.RUNNING


def test_slow_ones_and_failures_are_counted_together() -> None:
    assert state_at(slow(halt_after=2), NOW + HOUR) is State.RUNNING
    failed = sent(3, TargetState.FAILED, ended_at=NOW)
    both = under_way(*slow().targets, failed, slow_after=HOUR, halt_after=2)
    assert state_at(both, NOW + HOUR) is State.HALTED


def test_people_who_resumed_knew_what_was_slow_by_then() -> None:
    resumed = slow(resumed_at=NOW + HOUR)
    assert state_at(resumed, NOW + 2 * HOUR) is State.RUNNING


def test_what_ended_late_was_slow_and_what_ended_in_time_was_not() -> None:
    late, early = (
        under_way(sent(1, SUCCEEDED, ended_at=at), target(2, wave=2), slow_after=HOUR)
        for at in (NOW + 2 * HOUR, NOW + MINUTE)
    )
    assert state_at(late, NOW + 2 * HOUR) is State.HALTED
    assert state_at(early, NOW + 2 * HOUR) is State.RUNNING


def test_waiting_for_a_window_is_not_slow() -> None:
    waiting = slow(options=Options(timing=Timing.IN_WINDOW))
    (first, _) = waiting.targets
    assert slow_at(first.model_copy(update={"began_at": None}), waiting) is None
    assert slow_at(first, waiting) == NOW + HOUR


def test_the_card_says_which_waves_were_cancelled() -> None:
    rest = [target(number, wave=number, state=TargetState.CANCELLED) for number in (2, 3)]
    cancelled = under_way(sent(1, SUCCEEDED, ended_at=LATER), *rest)
    assert "Waves 2-3: 2 databases, cancelled." in str(card(cancelled, Reader.of("en-us")).blocks)
