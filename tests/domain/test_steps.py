"""The executor's decisions, one transition after the other."""

from collections.abc import Sequence
from itertools import product

import pytest

from bot.domain.change import (
    IN_FLIGHT,
    NOT_NEW,
    UNSEEN,
    Change,
    Options,
    State,
    Target,
    TargetState,
    Timing,
)
from bot.domain.errors import CloudError, Effect, Reaction
from bot.domain.health import doubtful, ill
from bot.domain.instance import Answer, Instance, Job, JobState, Status, Version
from bot.domain.progress import soaking_until
from bot.domain.seal import is_sealed
from bot.domain.sentence import say
from bot.domain.steps import (
    SEND_TRIES,
    answered,
    attempted,
    expired,
    in_window,
    looked,
    not_ready,
    orphaned,
    voided,
    waits,
)
from bot.domain.story import Record
from bot.domain.turns import settled
from tests.domain.examples import (
    HOUR,
    IS_NEWEST,
    MINUTE,
    NEWER,
    NEWEST,
    NOW,
    OLD,
    SECOND,
    SUCCESS,
    TTL,
    approved,
    change,
    error,
    facts,
    instance,
    instance_id,
    job,
    sent,
    target,
    under_way,
    version,
    words,
)

LATER = NOW + MINUTE
PLANNED, SUBMITTING, ACCEPTED = TargetState.PLANNED, TargetState.SUBMITTING, TargetState.ACCEPTED
UNKNOWN, WAITING, UPGRADING = TargetState.UNKNOWN, TargetState.WAITING, TargetState.UPGRADING
FAILED, SUCCEEDED, CANCELLED = TargetState.FAILED, TargetState.SUCCEEDED, TargetState.CANCELLED


def states(of: Change) -> list[TargetState]:
    return [one.state for one in of.targets]


def kinds(records: Sequence[Record]) -> list[str]:
    return [one.kind for one in records]


# --- a proposal expires ---------------------------------------------------------------------


def test_a_proposal_expires_at_its_time_and_says_that_nothing_was_sent() -> None:
    proposed = change(target(), state=State.PROPOSED)
    assert expired(proposed, NOW + TTL - SECOND) is None
    step = expired(proposed, NOW + TTL)
    assert step is not None
    after, records = step
    assert (after.state, after.due_at, after.ended_at) == (State.EXPIRED, None, NOW + TTL)
    assert kinds(records) == ["expire", "closed"]
    assert "Nothing was sent" in str(records[-1].sentence)


@pytest.mark.parametrize("state", sorted(set(State) - {State.PROPOSED}))
def test_only_a_proposal_expires(state: State) -> None:
    assert expired(change(target(), state=state), NOW + 9 * TTL) is None


# --- what was approved is not true any more -------------------------------------------------


WHY = (say("orders-1 is different."),)


def test_before_anything_was_sent_it_is_proposed_anew_with_the_difference() -> None:
    before = change(target(1), target(2))
    read = [facts(1, version=version(NEWER)), facts(2)]
    after, records = voided(before, before.targets, read, WHY, LATER, TTL)
    assert (after.state, after.approvals, after.difference) == (State.PROPOSED, (), WHY)
    assert (after.expires_at, after.due_at) == (LATER + TTL, LATER + TTL)
    assert str(after.targets[0].kernel) == NEWER
    assert kinds(records) == ["void"]
    assert "Nothing was sent" in str(records[0].sentence)
    assert records[0].more == WHY
    assert not is_sealed(after)


def test_after_something_was_sent_the_rest_is_halted() -> None:
    before = under_way(sent(1), target(2), target(3, wave=2))
    read = [facts(2, version=version(NEWER))]
    after, records = voided(before, before.targets[1:2], read, WHY, LATER, TTL)
    assert (after.state, after.approvals) == (State.HALTED, ())
    assert states(after) == [ACCEPTED, PLANNED, PLANNED]
    assert kinds(records) == ["void", "halt"]
    assert "Nothing was sent" not in str(records[0].sentence)


def test_what_is_in_flight_is_followed_even_if_nothing_is_left_to_send() -> None:
    before = under_way(sent(1), target(2))
    after, records = voided(before, before.targets[1:], [], WHY, LATER, TTL)
    assert states(after) == [ACCEPTED, CANCELLED]
    assert after.state is State.RUNNING
    assert kinds(records) == ["void"]


@pytest.mark.parametrize(
    ("versions", "state"),
    [
        ([IS_NEWEST, IS_NEWEST], State.SUCCEEDED),
        ([None, None], State.CANCELLED),
        ([IS_NEWEST, None], State.PARTLY_FAILED),
    ],
)
def test_if_nothing_is_left_to_upgrade_it_is_over(versions: list[object], state: State) -> None:
    before = change(target(1), target(2))
    read = [facts(n, version=one) for n, one in enumerate(versions, start=1) if one is not None]
    after, records = voided(before, before.targets, read, WHY, LATER, TTL)
    assert (after.state, after.due_at, after.ended_at) == (state, None, LATER)
    assert kinds(records) == ["void", "closed"]


# --- waiting for busy instances -------------------------------------------------------------


def test_busy_instances_of_the_batch_are_waited_for_and_others_are_not() -> None:
    busy = instance(1, status=Status.BUSY)
    assert not_ready([target(1)], [facts(1, instance=busy), facts(2, job=job(number=2))])
    assert not_ready([target(2)], [facts(1, instance=busy), facts(2)]) == ()


def test_an_instance_whose_neighbour_is_under_way_is_waited_for() -> None:
    (told,) = not_ready([target(1)], [facts(1, neighbour="orders-2")])
    assert str(told).startswith("orders-1 waits for orders-2")


# --- health between waves -------------------------------------------------------------------


def found_ill(
    seen: Instance | None,
    *,
    jobs: Sequence[Job] = (),
    read: Version | None = None,
) -> list[str]:
    upgraded = sent(1, SUCCEEDED, found=target(kernel=NEWEST).kernel)
    listed = {} if seen is None else {seen.id: seen}
    versions = {} if read is None else {instance_id(1): read}
    return words(ill([upgraded], listed, {instance_id(1): jobs}, versions))


def test_an_upgraded_instance_that_is_normal_on_its_new_kernel_is_well() -> None:
    new = target(kernel=NEWEST).kernel
    assert found_ill(instance(1, kernel=new), jobs=[job(JobState.COMPLETED)]) == []
    assert found_ill(instance(1, status=Status.BUSY), read=version(NEWEST)) == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (found_ill(instance(1, status=Status.ABNORMAL)), "orders-1 is abnormal."),
        (found_ill(instance(1, status=Status.FROZEN)), "orders-1 is frozen."),
        (found_ill(instance(1), read=version(OLD)), f"orders-1 runs {OLD} again."),
        (found_ill(instance(1), jobs=[job()]), "orders-1 is being upgraded again (job job-1)."),
        (found_ill(None), "orders-1 is not in the list of instances any more."),
    ],
)
def test_what_speaks_against_the_next_wave_is_named(told: list[str], said: str) -> None:
    assert told == [said]


def test_only_an_older_kernel_in_the_list_is_asked_about_again() -> None:
    upgraded = [sent(1, SUCCEEDED, found=target(kernel=NEWEST).kernel)]
    for kernel, asked in ((OLD, (instance_id(1),)), (NEWEST, ())):
        seen = instance(1, kernel=target(kernel=kernel).kernel)
        assert doubtful(upgraded, {seen.id: seen}) == asked
    assert doubtful(upgraded, {instance_id(1): instance(1, kernel=None)}) == ()


def test_waiting_begins_once() -> None:
    first = waits(change(target()), WHY, NOW)
    again = waits(first, (), LATER)
    assert (first.waiting, first.waiting_since) == (WHY, NOW)
    assert again.waiting_since == NOW


# --- the attempt ----------------------------------------------------------------------------


def test_an_attempt_is_recorded_with_everything_needed_to_know_its_outcome() -> None:
    before = waits(change(target(1), target(2), target(3, wave=2)), WHY, NOW)
    read = [facts(1, traces=("job-old",)), facts(2)]
    after, records = attempted(before, before.targets[:2], read, LATER)
    assert after.state is State.RUNNING
    assert states(after) == [SUBMITTING, SUBMITTING, PLANNED]
    assert [one.submitted_at for one in after.targets] == [LATER, LATER, None]
    assert [one.traces_before for one in after.targets] == [("job-old",), (), ()]
    (batch,) = after.batches
    assert (batch.number, batch.attempted_at, batch.answered_at) == (1, LATER, None)
    assert batch.instance_ids == (instance_id(1), instance_id(2))
    assert (after.waiting, after.waiting_since, after.started_at) == ((), None, LATER)
    assert kinds(records) == ["wave", "attempt", "start"]
    assert not any(one.told for one in records[1:]), "the answer says it better"
    assert is_sealed(after)


def test_a_second_batch_has_the_next_number() -> None:
    before = under_way(sent(1), target(2))
    after, _ = attempted(before, before.targets[1:], [], LATER)
    assert [one.number for one in after.batches] == [1, 2]
    assert [one.batch for one in after.targets] == [1, 2]
    assert after.started_at is None, "only the first one starts the change"


# --- what came back -------------------------------------------------------------------------


def sending(*more: Target, count: int = 1) -> Change:
    return under_way(*(sent(n, SUBMITTING) for n in range(1, count + 1)), *more)


def test_acceptance_is_kept_verbatim_and_proves_nothing_yet() -> None:
    after, records = answered(sending(), 1, SUCCESS, LATER)
    assert (after.state, states(after)) == (State.RUNNING, [ACCEPTED])
    (batch,) = after.batches
    assert (batch.resp, batch.status, batch.request_id) == ("success", 200, "r-1")
    assert (batch.answered_at, batch.unclear) == (LATER, False)
    assert [(one.kind, one.verbatim, one.told) for one in records] == [("answer", "success", True)]


def test_a_refusal_of_one_instance_is_its_end_in_the_clouds_words() -> None:
    after, records = answered(sending(), 1, error(), LATER)
    assert (after.state, states(after)) == (State.FAILED, [TargetState.REFUSED])
    assert after.targets[0].ended_at == LATER
    assert (after.batches[0].error_code, after.batches[0].unclear) == ("DBS.200047", False)
    assert records[0].verbatim == "DBS.200047: Another operation is running."
    assert records[0].data == {"request_id": "r-2", "code": "DBS.200047", "batch": "1"}
    assert kinds(records) == ["answer", "closed", "report"]


def test_a_refusal_halts_what_was_to_follow() -> None:
    after, records = answered(sending(target(2, wave=2)), 1, error(), LATER)
    assert (after.state, after.approvals) == (State.HALTED, ())
    assert "1 instance did not go as planned (orders-1)" in str(after.halt_reason)
    assert kinds(records) == ["answer", "halt"]


def test_the_newest_already_is_believed_when_the_kernel_says_so_too() -> None:
    done = error(reaction=Reaction.DONE, code="DBS.05000008", message="Newest.")
    after, _ = answered(sending(), 1, done, LATER)
    assert (after.state, states(after)) == (State.UNKNOWN, [UNKNOWN])
    assert "(DBS.05000008: Newest.), but reports an older one" in str(after.targets[0].refusal)


def test_a_refusal_of_several_is_looked_into_one_by_one() -> None:
    after, records = answered(sending(count=2), 1, error(Effect.IN_PART), LATER)
    assert (after.state, states(after)) == (State.UNKNOWN, [UNKNOWN, UNKNOWN])
    assert "DBS.200047: Another operation is running." in str(after.targets[0].refusal)
    assert "Looking whether any of the others began all the same." in str(records[0].sentence)
    assert kinds(records) == ["answer", "unknown"]
    assert not after.batches[0].unclear


@pytest.mark.parametrize("came", [SUCCESS, error(Effect.UNCLEAR), error(Effect.IN_PART)])
def test_an_answer_that_leaves_it_open_is_kept_with_its_time(came: Answer | CloudError) -> None:
    after, _ = answered(sending(), 1, came, LATER)
    assert [one.answered_at for one in after.targets] == [LATER]


def test_an_unclear_answer_is_unknown_and_never_planned_again() -> None:
    after, records = answered(sending(), 1, error(Effect.UNCLEAR, Reaction.OPERATIONS), LATER)
    assert (after.state, states(after), after.batches[0].unclear) == (
        State.UNKNOWN,
        [UNKNOWN],
        True,
    )
    assert after.due_at == LATER
    assert kinds(records) == ["answer", "unknown"]


@pytest.mark.parametrize(
    "again",
    [error(Effect.NOT_SENT, Reaction.BACK_OFF), error(Effect.REFUSED, Reaction.BACK_OFF)],
    ids=["never left", "throttled by name"],
)
def test_what_provably_never_left_is_offered_again_a_few_times(again: CloudError) -> None:
    current = change(target())
    for number in range(1, SEND_TRIES):
        current, _ = attempted(current, current.targets, [], NOW)
        current, _ = answered(current, number, again, NOW)
        (one,) = current.targets
        assert (one.state, one.batch, one.submitted_at) == (PLANNED, None, None)
        assert current.state is State.RUNNING
    current, _ = attempted(current, current.targets, [], NOW)
    current, _ = answered(current, SEND_TRIES, again, NOW)
    assert (current.state, states(current)) == (State.FAILED, [TargetState.REFUSED])


def test_an_answer_concerns_its_own_batch_only() -> None:
    first, _ = attempted(change(target(1), target(2)), [target(1)], [], NOW)
    both, _ = attempted(first, [target(2)], [], NOW)
    after, _ = answered(both, 2, SUCCESS, LATER)
    assert states(after) == [SUBMITTING, ACCEPTED]
    assert [one.resp for one in after.batches] == ["", "success"]


def test_an_answer_that_comes_late_does_not_undo_what_was_proven_meanwhile() -> None:
    proven = under_way(sent(1, SUCCEEDED), sent(2, UNKNOWN), state=State.UNKNOWN)
    after, _ = answered(proven, 1, SUCCESS, LATER)
    assert (states(after), after.state) == ([SUCCEEDED, ACCEPTED], State.RUNNING)


def test_an_answer_after_a_person_has_decided_is_told_and_changes_nothing() -> None:
    decided = under_way(sent(1, TargetState.NEVER_STARTED), state=State.FAILED)
    after, records = answered(decided, 1, SUCCESS, LATER)
    assert after == decided
    assert kinds(records) == ["answer"]


# --- a bot that died while it was sending ---------------------------------------------------


def test_attempts_without_an_answer_are_unknown_to_whoever_takes_over() -> None:
    step = orphaned(sending(target(3, wave=2), count=2), LATER)
    assert step is not None
    after, records = step
    assert states(after) == [UNKNOWN, UNKNOWN, PLANNED]
    assert (after.state, after.batches[0].unclear) == (State.UNKNOWN, True)
    assert kinds(records) == ["interrupted", "unknown"]


def test_nothing_is_orphaned_that_was_answered() -> None:
    assert orphaned(under_way(sent(1), target(2)), LATER) is None


# --- the change's state follows from its targets' -------------------------------------------


@pytest.mark.parametrize(
    ("before", "targets", "after"),
    [
        (State.RUNNING, [sent(1), sent(2, SUCCEEDED)], State.RUNNING),
        (State.RUNNING, [sent(1, WAITING), sent(2, WAITING)], State.SCHEDULED),
        (State.RUNNING, [sent(1, WAITING), sent(2, SUCCEEDED)], State.SCHEDULED),
        (State.RUNNING, [sent(1, WAITING), target(2)], State.RUNNING),
        (State.RUNNING, [sent(1, WAITING), sent(2, UPGRADING)], State.RUNNING),
        (State.SCHEDULED, [sent(1, WAITING), sent(2, UPGRADING)], State.RUNNING),
        (State.SCHEDULED, [sent(1, WAITING), sent(2, CANCELLED)], State.SCHEDULED),
        (State.SCHEDULED, [target(1), target(2)], State.SCHEDULED),
        (State.SCHEDULED, [sent(1, SUCCEEDED), sent(2, CANCELLED)], State.PARTLY_FAILED),
        (State.SCHEDULED, [sent(1, CANCELLED)], State.CANCELLED),
        (State.SCHEDULED, [sent(1, TargetState.NOT_CONFIRMED)], State.UNKNOWN),
        (State.SCHEDULED, [sent(1, WAITING), sent(2, UNKNOWN)], State.UNKNOWN),
        (State.RUNNING, [sent(1, SUCCEEDED)], State.SUCCEEDED),
        (State.RUNNING, [sent(1, FAILED), sent(2, UPGRADING)], State.RUNNING),
        (State.RUNNING, [sent(1, FAILED), target(2)], State.HALTED),
        (State.RUNNING, [sent(1, TargetState.FURTHER_ROUND), target(2)], State.RUNNING),
        (State.HALTED, [sent(1, FAILED), target(2)], State.HALTED),
        (State.HALTED, [sent(1, UNKNOWN), target(2)], State.UNKNOWN),
        (State.HALTED, [sent(1, FAILED), target(2, state=CANCELLED)], State.FAILED),
        (State.UNKNOWN, [sent(1, UNKNOWN), sent(2, SUCCEEDED)], State.UNKNOWN),
        (State.UNKNOWN, [sent(1, UPGRADING)], State.RUNNING),
        (State.UNKNOWN, [sent(1, WAITING)], State.SCHEDULED),
        (State.UNKNOWN, [sent(1, SUCCEEDED)], State.SUCCEEDED),
        (State.UNKNOWN, [sent(1, FAILED), target(2)], State.HALTED),
    ],
)
def test_a_change_settles(before: State, targets: list[Target], after: State) -> None:
    assert settled(under_way(*targets, state=before), LATER).state is after


@pytest.mark.parametrize("state", sorted(set(State) - {State.PROPOSED}))
def test_settling_fits_every_state_and_settles_once(state: State) -> None:
    for one, other in product(TargetState, TargetState):
        before = under_way(sent(1, one), sent(2, other), state=state)
        after = settled(before, LATER)
        assert settled(after, LATER).state is after.state
        if not before.is_open:
            assert after == before
        elif not after.is_open:
            assert not after.in_state({*IN_FLIGHT, *UNSEEN, PLANNED})
            assert (after.due_at, after.ended_at) == (None, LATER)


def test_what_was_halted_before_it_got_out_of_sight_is_halted_still() -> None:
    reason = say("Ann halted it.")
    halted = under_way(sent(1, UNKNOWN), target(2), state=State.HALTED, halt_reason=reason)
    lost = settled(halted, NOW)
    assert lost.state is State.UNKNOWN
    (seen, rest) = lost.targets
    found = lost.model_copy(
        update={"targets": (seen.model_copy(update={"state": UPGRADING}), rest)}
    )
    assert (settled(found, LATER).state, settled(found, LATER).halt_reason) == (
        State.HALTED,
        reason,
    )


@pytest.mark.parametrize("state", [TargetState.FAILED, TargetState.SUCCEEDED])
def test_a_yes_to_the_rest_is_void_if_something_goes_wrong_after_it(state: TargetState) -> None:
    halted = under_way(
        sent(1, TargetState.UPGRADING), target(2, wave=2), state=State.HALTED, approvals_needed=2
    )
    step = looked(halted, [sent(1, state, ended_at=NOW)], NOW)
    assert step is not None
    after, _ = step
    is_void = state is TargetState.FAILED
    assert (after.state, after.approvals) == (State.HALTED, () if is_void else halted.approvals)
    said = ["1 instance did not go as planned after it was given (orders-1)."]
    assert words(after.difference) == (said if is_void else [])


@pytest.mark.parametrize("bad", sorted(NOT_NEW - {TargetState.FURTHER_ROUND}))
def test_what_went_wrong_halts_the_rest_unless_people_knew_of_it_when_they_resumed(
    bad: TargetState,
) -> None:
    failed = under_way(sent(1, bad, ended_at=NOW), target(2, wave=2), target(3, wave=3))
    assert settled(failed, LATER).state is State.HALTED
    resumed = failed.model_copy(update={"resumed_at": NOW})
    assert settled(resumed, LATER).state is State.RUNNING
    anew = resumed.model_copy(
        update={"targets": (*resumed.targets[:1], sent(2, bad, ended_at=LATER), target(3, wave=3))}
    )
    assert settled(anew, LATER).state is State.HALTED


# --- soaking --------------------------------------------------------------------------------


def test_the_next_wave_soaks_from_the_last_end_of_the_one_before() -> None:
    waves = change(
        target(1, state=SUCCEEDED, ended_at=NOW),
        target(2, state=SUCCEEDED, ended_at=LATER),
        target(3, wave=2),
        options=Options(soak=HOUR),
    )
    assert soaking_until(waves, 2) == LATER + HOUR
    assert soaking_until(waves, 1) is None


# --- looking --------------------------------------------------------------------------------


def test_a_look_that_finds_nothing_new_is_no_step() -> None:
    before = under_way(sent(1), sent(2))
    assert looked(before, before.targets, LATER) is None


def test_an_outcome_is_told_once_and_progress_is_not() -> None:
    before = under_way(sent(1), sent(2))
    step = looked(before, [sent(1, UPGRADING, progress="50%")], LATER)
    assert step is not None
    upgrading, records = step
    assert records == ()
    note = say("Because.")
    ended = sent(1, FAILED, note=note, found=target(kernel=NEWEST).kernel, job_id="job-1")
    step = looked(upgrading, [ended], LATER)
    assert step is not None
    (told,) = step[1]
    assert (told.kind, str(told.sentence)) == ("outcome", f"orders-1: failed, kernel {NEWEST}.")
    assert (told.more, told.data) == ((note,), {"instance": instance_id(1), "job": "job-1"})


def test_the_last_outcome_closes_the_change_with_one_line() -> None:
    before = under_way(sent(1), sent(2, SUCCEEDED))
    step = looked(before, [sent(1, FAILED)], LATER)
    assert step is not None
    after, records = step
    assert after.state is State.PARTLY_FAILED
    assert kinds(records) == ["outcome", "closed", "report"]
    assert str(records[-2].sentence) == (
        "CHG-7 is over: Partly failed. 1 of 2 run the newest kernel."
    )


def test_who_keeps_the_window_is_the_requesters_choice() -> None:
    assert in_window(change(options=Options(timing=Timing.IN_WINDOW)))
    assert not in_window(approved(change()))
