"""Shortly before a start: told once, not for what starts sooner, and held by a person."""

from datetime import datetime, timedelta

import pytest

from bot.domain.announcement import AHEAD, announced, early, held, is_holdable, scheduled
from bot.domain.approval import rescheduled
from bot.domain.change import Change, Options, State, TargetState, Timing
from bot.domain.environment import Environment
from bot.domain.seal import is_sealed
from bot.domain.sentence import User, say
from bot.domain.steps import waits
from tests.domain.examples import HOUR, MINUTE, NOW, TTL, change, sent, target, under_way, words


def at(run_at: datetime) -> Change:
    return change(target(1), options=Options(timing=Timing.AT, run_at=run_at))


def test_a_change_is_announced_a_quarter_of_an_hour_before_it_starts_and_only_once() -> None:
    planned = scheduled(at(NOW + HOUR), NOW)
    soon = NOW + HOUR - AHEAD
    assert (planned.announce_at, planned.due_at) == (soon, soon)
    step = early(planned, soon + 20 * MINUTE / 60)
    assert step is not None
    told, records = step
    assert [one.kind for one in records] == ["ahead"]
    assert "starts in 15 minutes" in words([records[0].sentence])[0]
    assert (told.announce_at, told.due_at) == (None, NOW + HOUR)
    assert early(told, soon + MINUTE) == (told, ())
    assert early(told, NOW + HOUR) is None


@pytest.mark.parametrize("minutes", [1, 15])
def test_what_starts_sooner_is_not_announced(minutes: int) -> None:
    planned = scheduled(at(NOW + minutes * MINUTE), NOW)
    assert (planned.announce_at, planned.due_at) == (None, NOW + minutes * MINUTE)
    assert early(planned, NOW) == (planned, ())


def test_what_starts_at_once_is_due_at_once() -> None:
    planned = scheduled(change(target(1)), NOW + MINUTE)
    assert (planned.announce_at, planned.due_at) == (None, NOW + MINUTE)
    assert early(planned, NOW + MINUTE) is None


def test_a_late_announcement_tells_how_long_it_really_is() -> None:
    planned = scheduled(at(NOW + HOUR), NOW)
    _, records = announced(planned, NOW + 57 * MINUTE + timedelta(seconds=30))
    assert "starts in 3 minutes" in str(records[0].sentence)


def test_what_was_missed_altogether_is_not_announced_any_more() -> None:
    planned = scheduled(at(NOW + HOUR), NOW)
    fresh, records = announced(planned, NOW + HOUR)
    assert (fresh.announce_at, records) == (None, ())
    assert early(planned, NOW + HOUR) is None


def test_a_change_looked_at_too_early_waits_for_its_time() -> None:
    planned = scheduled(at(NOW + 2 * HOUR), NOW)
    assert early(planned, NOW + MINUTE) == (planned, ())


def test_what_started_late_without_an_announcement_is_not_due_for_it_for_ever() -> None:
    begun = under_way(sent(1), announce_at=NOW)
    fresh, records = announced(begun, NOW + HOUR)
    assert (fresh.announce_at, records) == (None, ())


def test_what_the_cloud_holds_is_announced_before_the_first_window() -> None:
    waiting = [
        sent(number, TargetState.WAITING, starts_at=NOW + number * HOUR) for number in (2, 1)
    ]
    held_there = under_way(*waiting, state=State.SCHEDULED, announce_at=NOW + 45 * MINUTE)
    assert announced(held_there, NOW + 44 * MINUTE) == (held_there, ())
    fresh, records = announced(held_there, NOW + 45 * MINUTE)
    assert fresh.announce_at is None
    assert "TaurusDB begins it in 15 minutes" in str(records[0].sentence)
    assert "/taurus-change cancel CHG-7" in str(records[0].sentence)
    assert early(held_there, NOW) is None, "it is the cloud's to start"
    assert not is_holdable(held_there)


def test_a_held_change_needs_a_new_yes_and_may_be_announced_again() -> None:
    planned = scheduled(at(NOW + HOUR), NOW)
    fresh = held(planned, User(user="U0CARL"), "month end", NOW + MINUTE, TTL)
    assert (fresh.state, fresh.approvals, fresh.announce_at) == (State.PROPOSED, (), None)
    assert words(fresh.difference) == ["@U0CARL held it: month end"]
    assert fresh.expires_at == NOW + MINUTE + TTL
    assert not is_sealed(fresh)
    assert early(fresh, NOW + MINUTE) is None


def rules(**fields: object) -> Environment:
    return Environment.model_validate({"name": "prod", "region": "r", **fields})


@pytest.mark.parametrize("keeps", [True, False])
def test_another_time_begins_without_what_the_first_one_waited_for(*, keeps: bool) -> None:
    busy = waits(at(NOW + MINUTE), (say("orders-1 is busy."),), NOW + MINUTE)
    moved = rescheduled(busy, NOW + HOUR, rules(reschedule_keeps_approvals=keeps), NOW + MINUTE)
    assert moved.state is (State.SCHEDULED if keeps else State.PROPOSED)
    assert (moved.waiting, moved.waiting_since) == ((), None)


def test_what_is_asked_anew_is_not_announced_for_its_old_time() -> None:
    planned = scheduled(at(NOW + HOUR), NOW)
    moved = rescheduled(planned, NOW + 2 * HOUR, rules(), NOW)
    assert (moved.state, moved.announce_at) == (State.PROPOSED, None)
