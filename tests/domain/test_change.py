"""The table of states: what may become of a change, and nothing else."""

from itertools import product

import pytest

from bot.domain.change import (
    IN_FLIGHT,
    NEW,
    NOT_NEW,
    OPEN_STATES,
    TABLE,
    UNSEEN,
    IllegalMoveError,
    Move,
    State,
    TargetState,
    advance,
    allows,
    with_targets,
)
from bot.domain.turns import ending
from tests.domain.examples import NOW, change, instance_id, target

CLOSED = {
    State.SUCCEEDED,
    State.PARTLY_FAILED,
    State.FAILED,
    State.CANCELLED,
    State.REJECTED,
    State.EXPIRED,
}


def test_the_table_has_a_row_for_every_state() -> None:
    assert set(TABLE) == set(State)


def test_every_state_can_be_reached_from_a_proposal() -> None:
    reached = {State.PROPOSED}
    while True:
        further = {after for state in reached for after in TABLE[state].values()} - reached
        if not further:
            break
        reached |= further
    assert reached == set(State)


def test_closed_states_are_closed_and_all_others_are_open() -> None:
    assert {state for state in State if not TABLE[state]} == CLOSED
    assert set(State) - CLOSED == OPEN_STATES


def test_every_open_state_can_still_end() -> None:
    for state in OPEN_STATES:
        reached, ahead = {state}, {state}
        while ahead:
            ahead = {after for one in ahead for after in TABLE[one].values()} - reached
            reached |= ahead
        assert reached & CLOSED, state


def test_every_move_is_used() -> None:
    assert {move for moves in TABLE.values() for move in moves} == set(Move)


@pytest.mark.parametrize(("state", "move"), list(product(State, Move)))
def test_a_change_advances_by_the_table_and_by_nothing_else(state: State, move: Move) -> None:
    before = change(target(), state=state)
    if move in TABLE[state]:
        assert allows(before, move)
        after = advance(before, move, ended_at=NOW)
        assert (after.state, after.ended_at) == (TABLE[state][move], NOW)
    else:
        assert not allows(before, move)
        with pytest.raises(IllegalMoveError, match=f"{state.value!r} cannot {move.value!r}"):
            advance(before, move)


def test_nothing_that_was_sent_can_be_rejected_expire_or_be_voided() -> None:
    for state in (State.RUNNING, State.HALTED, State.UNKNOWN):
        assert not {Move.REJECT, Move.EXPIRE, Move.VOID, Move.RESCHEDULE} & set(TABLE[state])


def test_targets_are_replaced_by_their_id_and_keep_their_order() -> None:
    before = change(target(1), target(2), target(3))
    after = with_targets(before, [target(2, state=TargetState.FAILED)])
    assert [one.instance_id for one in after.targets] == [instance_id(n) for n in (1, 2, 3)]
    assert [one.state for one in after.targets] == [
        TargetState.PLANNED,
        TargetState.FAILED,
        TargetState.PLANNED,
    ]


def test_every_state_of_a_target_is_planned_in_flight_or_has_an_outcome() -> None:
    outcomes = {*NEW, *NOT_NEW, TargetState.CANCELLED, TargetState.TAKEN_OUT}
    outcomes |= {TargetState.NOT_CONFIRMED}
    assert not outcomes & IN_FLIGHT
    assert {TargetState.PLANNED, *IN_FLIGHT, *outcomes} == set(TargetState)


@pytest.mark.parametrize(
    ("states", "move"),
    [
        ([TargetState.SUCCEEDED], Move.SUCCEED),
        ([TargetState.SUCCEEDED, TargetState.ALREADY_NEWEST], Move.SUCCEED),
        ([TargetState.ALREADY_NEWEST], Move.SUCCEED),
        ([TargetState.SUCCEEDED, TargetState.FAILED], Move.PARTLY_FAIL),
        ([TargetState.SUCCEEDED, TargetState.CANCELLED], Move.PARTLY_FAIL),
        ([TargetState.SUCCEEDED, TargetState.FURTHER_ROUND], Move.PARTLY_FAIL),
        *(([state], Move.FAIL) for state in sorted(NOT_NEW)),
        ([TargetState.FAILED, TargetState.CANCELLED], Move.FAIL),
        ([TargetState.CANCELLED], Move.CANCEL),
        *(([TargetState.SUCCEEDED, state], Move.LOSE_SIGHT) for state in sorted(UNSEEN)),
    ],
)
def test_how_a_change_ends_follows_from_its_targets(states: list[TargetState], move: Move) -> None:
    targets = [target(number, state=state) for number, state in enumerate(states)]
    assert ending(change(*targets)) is move


def test_failovers_are_one_in_a_single_zone_and_two_across_zones() -> None:
    assert target(zones=1).failovers == 1
    assert target(zones=2).failovers == 2
