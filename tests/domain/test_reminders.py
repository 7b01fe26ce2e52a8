"""Who is asked again, when, and whom next."""

from datetime import datetime, timedelta

import pytest

from bot.domain.change import Approval, Change, Options, State, Timing
from bot.domain.duty import Duty
from bot.domain.reminders import awaiting, next_due, waited
from bot.domain.story import Record
from tests.domain.examples import HOUR, MINUTE, NOW, TTL, target

POLICY = "pagerduty:policy:P0ESC"
BOB = Duty(source=POLICY, user="U0BOB", until=NOW + 4 * HOUR)
DANA = Duty(source=POLICY, user="U0DANA", until=NOW + 4 * HOUR, level=2)
EVE = Duty(source=POLICY, user="U0EVE", until=NOW + 12 * HOUR)


def proposal(*approvers: str, run_at: datetime | None = None, **fields: object) -> Change:
    timing = Timing.NOW if run_at is None else Timing.AT
    made = Change(
        environment="prod",
        channel="C0DB",
        requester="U0ANN",
        key="k",
        options=Options(timing=timing, run_at=run_at),
        targets=(target(),),
        approvers=approvers,
        created_at=NOW,
        expires_at=NOW + TTL,
    )
    return awaiting(made.model_copy(update=fields), NOW)


def lines(records: tuple[Record, ...]) -> list[tuple[str, str]]:
    return [(record.kind, str(record.sentence)) for record in records]


def test_without_approvers_only_the_requester_could_be_asked_and_nobody_is() -> None:
    assert proposal().due_at == NOW + TTL
    change, records = waited(proposal(), (), NOW + HOUR)
    assert (change.due_at, records) == (NOW + TTL, ())


def test_each_reminder_comes_after_twice_the_time_until_it_expires() -> None:
    change = proposal("S0DBA")
    asked: list[timedelta] = []
    while change.due_at is not None and change.due_at < change.expires_at:
        now = change.due_at
        change, records = waited(change, (), now)
        assert [record.kind for record in records] == ["remind"]
        asked.append(now - NOW)
    assert [at // MINUTE for at in asked] == [30, 90, 210, 450, 930]


def test_a_reminder_names_who_is_missing_and_how_many() -> None:
    approval = Approval(user="U0BOB", at=NOW, seal="s")
    change = proposal("U0BOB", "S0DBA", "U0ANN", approvals=(approval,), approvals_needed=2)
    _, records = waited(change, (), NOW + 30 * MINUTE)
    assert lines(records) == [
        ("remind", "@S0DBA: this waits for 1 more approval. It expires 2026-11-25 02:00 UTC.")
    ]


def test_one_who_may_approve_their_own_is_reminded_too() -> None:
    change = proposal("U0ANN", self_approval=True)
    _, records = waited(change, (), NOW + 30 * MINUTE)
    assert "@U0ANN: this waits" in lines(records)[0][1]


def test_nobody_is_named_if_nobody_is_left_to_ask() -> None:
    change, records = waited(proposal("U0ANN"), (), NOW + 30 * MINUTE)
    assert records == ()
    assert change.due_at == NOW + 90 * MINUTE


def test_of_an_escalation_policy_the_next_level_is_called_with_the_next_reminder() -> None:
    change = proposal(POLICY, duties=(BOB, DANA))
    change, first = waited(change, (BOB, DANA), NOW + 30 * MINUTE)
    assert lines(first)[0][1].startswith("@U0BOB: this waits")
    change, second = waited(change, (BOB, DANA), NOW + 90 * MINUTE)
    assert lines(second)[0][1].startswith("@U0BOB, @U0DANA: this waits")


def test_the_end_of_a_shift_calls_whoever_takes_over() -> None:
    change = proposal(POLICY, duties=(BOB,), remind_at=None)
    change = change.model_copy(update={"remind_at": NOW + 9 * HOUR})
    assert next_due(change, NOW) == BOB.until
    change, records = waited(change, (EVE, DANA), NOW + 4 * HOUR)
    assert lines(records) == [("hand-over", "@U0EVE is on call now: this waits for approval.")]
    assert change.duties == (EVE, DANA)
    assert change.due_at == DANA.until or change.due_at == NOW + 9 * HOUR


def test_who_is_on_call_is_read_again_soon_if_it_cannot_be_read() -> None:
    change = proposal(POLICY, duties=(BOB,))
    late, records = waited(change, None, NOW + 4 * HOUR)
    assert late.duties == (BOB,)
    assert late.due_at == NOW + 4 * HOUR + 5 * MINUTE
    assert [record.kind for record in records] == ["remind"]


def test_once_the_planned_time_has_passed_another_is_asked_for_and_no_approval() -> None:
    change = proposal("S0DBA", run_at=NOW + HOUR)
    change, _ = waited(change, (), NOW + 30 * MINUTE)
    assert change.due_at == NOW + HOUR
    change, records = waited(change, (), NOW + HOUR)
    assert change.is_overdue
    assert [kind for kind, _ in lines(records)] == ["overdue"]
    change, records = waited(change, (), NOW + 5 * HOUR)
    assert records == ()
    assert change.due_at == NOW + TTL


def test_another_time_begins_the_wait_anew() -> None:
    change = proposal("S0DBA", run_at=NOW + HOUR)
    change, _ = waited(change, (), NOW + HOUR)
    options = Options(timing=Timing.AT, run_at=NOW + 9 * HOUR)
    moved = awaiting(change.model_copy(update={"options": options}), NOW + 2 * HOUR)
    assert (moved.is_overdue, moved.reminders) == (False, 0)
    assert moved.due_at == NOW + 2 * HOUR + 30 * MINUTE


@pytest.mark.parametrize("state", [one for one in State if one is not State.PROPOSED])
def test_only_a_proposal_waits_for_approvals(state: State) -> None:
    change = proposal("S0DBA").model_copy(update={"state": state})
    assert waited(change, (), NOW + HOUR) == (change, ())
