"""Owners: what a channel that subscribes to a tag may do, and what becomes of the approvals."""

import pytest

from bot.domain.change import Change, State, Target, TargetState
from bot.domain.environment import Environment
from bot.domain.owners import is_owner, owned, removable, subscribed, taken_out
from bot.domain.person import Person
from bot.domain.plan import next_batch
from bot.domain.policy import Action, Circle, decide
from bot.domain.reasons import Reason
from bot.domain.seal import is_sealed, seal_of
from bot.domain.sentence import User
from bot.domain.subscription import Subscription, parse_notify
from tests.domain.examples import MINUTE, NOW, approved, change, sent, target, under_way

PAY = Subscription(key="team", value="payments", channel="C0PAY")
RING = Subscription(key="ring", value="0", channel="C0PAY")
SHOP = Subscription(key="team", value="shop", channel="C0SHOP")
CARL = User(user="U0CARL")


def tagged(number: int, team: str, wave: int = 1) -> Target:
    return target(number, tags={"team": team}, wave=wave)


def proposed(*targets: Target, state: State = State.SCHEDULED) -> Change:
    return change(*targets, state=state, subscriptions=(PAY, SHOP))


MIXED = proposed(tagged(1, "payments"), tagged(2, "shop"), tagged(3, "payments", wave=2))


# --- who hears of what ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C0CHANGES", "C0CHANGES"),
        ("tag:team=payments -> C0PAY", PAY),
        ("tag:team=payments->C0PAY", PAY),
        ("tag: team = payments → C0PAY", PAY),
        ("tag:k=a=b -> C0PAY", Subscription(key="k", value="a=b", channel="C0PAY")),
    ],
)
def test_channels_and_subscriptions_are_told_apart(text: str, expected: str | Subscription) -> None:
    assert parse_notify(text) == expected
    assert parse_notify(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("#ops", "'#ops' is not an id"),
        ("xoxb-" + "s3cret" * 9, "an entry is not an id"),
        ("tag:team -> C0PAY", "is no subscription; write it like 'tag:team=payments -> "),
        ("tag:team=payments", "is no subscription"),
        ("tag:=payments -> C0PAY", "names no tag"),
        ("tag:team= -> C0PAY", "names no tag"),
        ("tag:team=payments -> #pay", "names no channel"),
        ("tag:team=payments -> ", "names no channel"),
    ],
)
def test_a_mistake_tells_what_to_write_instead(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_notify(text)
    assert part in str(caught.value)


def test_only_subscriptions_that_concern_the_targets_are_kept() -> None:
    assert subscribed((PAY, RING, SHOP), MIXED.targets) == (PAY, SHOP)
    assert subscribed((PAY,), [tagged(1, "shop")]) == ()


def test_a_channel_owns_what_carries_any_of_its_tags_and_nothing_else() -> None:
    both = MIXED.model_copy(update={"subscriptions": (PAY, RING)})
    ringed = target(4, tags={"ring": "0"})
    whole = both.model_copy(update={"targets": (*both.targets, ringed)})
    assert [one.name for one in owned(whole, "C0PAY")] == ["orders-1", "orders-3", "orders-4"]
    assert owned(whole, "C0SHOP") == owned(whole, "") == ()


# --- who may ----------------------------------------------------------------------------------

PROD = Environment(
    name="prod",
    region="r",
    channels=("C0OPS",),
    requesters=("U0ANN",),
    approvers=("U0BOB",),
    notify=("C0NEWS",),
    subscriptions=(PAY,),
)
TAKEN = taken_out(MIXED, owned(MIXED, "C0PAY"), CARL, NOW)


@pytest.mark.parametrize(
    ("action", "user", "channel", "about", "reason"),
    [
        (Action.HOLD, "U0CARL", "C0PAY", MIXED, Reason.ALLOWED),
        (Action.TAKE_OUT, "U0CARL", "C0PAY", MIXED, Reason.ALLOWED),
        # Somebody else's button, or a button with another change's id.
        (Action.HOLD, "U0CARL", "C0PAY", proposed(tagged(1, "shop")), Reason.WRONG_CHANNEL),
        (Action.TAKE_OUT, "U0CARL", "C0PAY", proposed(tagged(1, "shop")), Reason.WRONG_CHANNEL),
        # Nothing of theirs is left in it.
        (Action.HOLD, "U0CARL", "C0PAY", TAKEN, Reason.WRONG_CHANNEL),
        # Those who merely watch everything own nothing; whoever may stop it may do so there.
        (Action.HOLD, "U0CARL", "C0NEWS", MIXED, Reason.NOT_INVOLVED),
        (Action.HOLD, "U0BOB", "C0NEWS", MIXED, Reason.ALLOWED),
        (Action.TAKE_OUT, "U0BOB", "C0NEWS", MIXED, Reason.WRONG_CHANNEL),
        (Action.HOLD, "U0CARL", "C0OPS", MIXED, Reason.NOT_INVOLVED),
        (Action.HOLD, "U0ANN", "C0OPS", MIXED, Reason.ALLOWED),
        (Action.TAKE_OUT, "U0ANN", "C0OPS", MIXED, Reason.NOT_OWNER),
        # Owners stop; they do not start, and they cancel nothing of others.
        (Action.CANCEL, "U0CARL", "C0PAY", MIXED, Reason.WRONG_CHANNEL),
        (Action.APPROVE, "U0BOB", "C0PAY", MIXED, Reason.WRONG_CHANNEL),
        # Without a change, as the policy is explained offline.
        (Action.TAKE_OUT, "U0CARL", "C0PAY", None, Reason.ALLOWED),
        (Action.TAKE_OUT, "U0CARL", "C0SHOP", None, Reason.WRONG_CHANNEL),
    ],
)
def test_owners_are_those_who_act_in_a_channel_that_subscribes_to_the_tag(
    action: Action, user: str, channel: str, about: Change | None, reason: Reason
) -> None:
    about = about and about.model_copy(update={"notify": ("C0NEWS",)})
    circle = Circle(person=Person(id=user, name=user, zone="UTC"))
    decision = decide(action, circle, PROD, channel=channel, change=about)
    assert decision.reason is reason
    assert "{" not in str(decision.sentence)


def test_people_of_other_workspaces_own_nothing() -> None:
    guest = Circle(person=Person(id="U0X", name="x", zone="UTC", is_foreign=True))
    decision = decide(Action.HOLD, guest, PROD, channel="C0PAY", change=MIXED)
    assert decision.reason is Reason.FOREIGN


# --- taking out -------------------------------------------------------------------------------


def test_what_is_taken_out_is_never_sent_and_the_approvals_of_the_rest_stay() -> None:
    theirs = removable(MIXED, "C0PAY")
    rest = taken_out(MIXED, theirs, CARL, NOW)
    assert [one.name for one in rest.kept] == ["orders-2"]
    assert [str(one.note) for one in owned(rest, "C0PAY")] == ["@U0CARL took it out."] * 2
    assert is_sealed(rest)
    assert seal_of(rest) != seal_of(MIXED)
    assert (rest.state, next_batch(rest.targets)) == (State.SCHEDULED, (MIXED.targets[1],))
    assert not is_owner(rest, "C0PAY")


def test_an_approval_of_something_else_does_not_come_to_life_by_taking_out() -> None:
    other = approved(MIXED).approvals[0].model_copy(update={"seal": "0" * 64})
    stale = MIXED.model_copy(update={"approvals": (other,)})
    rest = taken_out(stale, removable(stale, "C0PAY"), CARL, NOW)
    assert rest.approvals == ()
    assert not is_sealed(rest)


def test_a_reduced_change_is_not_sealed_like_one_that_never_had_them() -> None:
    rest = taken_out(MIXED, removable(MIXED, "C0PAY"), CARL, NOW)
    never = MIXED.model_copy(update={"targets": rest.kept})
    assert seal_of(rest) != seal_of(never)


def test_nothing_that_was_attempted_can_be_taken_out() -> None:
    again = tagged(2, "payments")
    mixed = under_way(
        sent(1, tags={"team": "payments"}), again, tagged(3, "payments"), subscriptions=(PAY,)
    )
    assert [one.name for one in removable(mixed, "C0PAY")] == ["orders-2", "orders-3"]
    # A batch that never left is offered again: it was attempted all the same.
    tried = mixed.batches[0].model_copy(update={"instance_ids": (again.instance_id,)})
    offered = mixed.model_copy(update={"batches": (tried,)})
    assert [one.name for one in removable(offered, "C0PAY")] == ["orders-3"]


@pytest.mark.parametrize("state", [State.PROPOSED, State.SCHEDULED])
def test_when_nothing_is_left_it_is_cancelled(state: State) -> None:
    whole = proposed(tagged(1, "payments"), state=state)
    rest = taken_out(whole, removable(whole, "C0PAY"), CARL, NOW + MINUTE)
    assert (rest.state, rest.ended_at, rest.due_at) == (State.CANCELLED, NOW + MINUTE, None)
    assert removable(rest, "C0PAY") == ()


def test_nobody_is_asked_to_approve_what_has_nothing_left_to_do() -> None:
    newest = target(2, state=TargetState.ALREADY_NEWEST)
    whole = proposed(tagged(1, "payments"), newest, state=State.PROPOSED)
    rest = taken_out(whole, removable(whole, "C0PAY"), CARL, NOW)
    assert rest.state is State.CANCELLED


def test_the_last_ones_taken_out_of_a_running_change_leave_what_was_done() -> None:
    new = sent(1, TargetState.SUCCEEDED, ended_at=NOW)
    running = under_way(new, tagged(2, "payments", wave=2), subscriptions=(PAY,))
    rest = taken_out(running, removable(running, "C0PAY"), CARL, NOW)
    assert rest.state is State.SUCCEEDED


def test_what_was_taken_out_counts_neither_as_done_nor_as_missed() -> None:
    new = sent(1, TargetState.SUCCEEDED, ended_at=NOW)
    failed = sent(2, TargetState.FAILED, ended_at=NOW)
    running = under_way(new, failed, tagged(3, "payments", wave=2), subscriptions=(PAY,))
    rest = taken_out(running, removable(running, "C0PAY"), CARL, NOW)
    assert rest.state is State.PARTLY_FAILED
