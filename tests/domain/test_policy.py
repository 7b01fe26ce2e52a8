"""Every decision of the policy, and every reason."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from bot.domain.change import Approval, Change, Options
from bot.domain.environment import Environment
from bot.domain.explain import Question, explain
from bot.domain.freeze import Closure
from bot.domain.person import Person
from bot.domain.policy import Action, Circle, decide
from bot.domain.reasons import Reason
from bot.domain.sentence import say
from bot.domain.subscription import Subscription
from tests.domain.examples import target

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
OPEN = Environment(name="default", region="cn-north-4")
PROD = Environment(
    name="prod",
    region="cn-north-4",
    channels=("C0PROD",),
    requesters=("S0DBA", "U0ANN"),
    approvers=("S0ONCALL", "U0EVE"),
    approvals=2,
)
SELF = PROD.model_copy(update={"self_approval": True})


def change(*approvals: str, requester: str = "U0ANN") -> Change:
    return Change(
        environment="prod",
        channel="C0PROD",
        requester=requester,
        key="k",
        options=Options(),
        targets=(),
        approvals=tuple(Approval(user=user, at=NOW, seal="s") for user in approvals),
        created_at=NOW,
        expires_at=NOW + timedelta(hours=24),
    )


def circle(user: str, *groups: str, **person: bool) -> Circle:
    return Circle(
        person=Person(id=user, name=user, zone="UTC", **person),  # type: ignore[arg-type]
        groups=frozenset(groups),
    )


ANN, EVE, CARL = circle("U0ANN"), circle("U0EVE"), circle("U0CARL")
BOB = circle("U0BOB", "S0DBA", "S0ONCALL")
ADMIN = circle("U0DAN", "S0DBA")
A, R = Action, Reason


@pytest.mark.parametrize(
    ("environment", "who", "action", "about", "reason"),
    [
        # Without any rule everybody may ask, and confirms what they asked for.
        (OPEN, CARL, A.REQUEST, None, R.ALLOWED),
        (OPEN, CARL, A.OVERRIDE, None, R.NOBODY_TO_OVERRIDE),
        (OPEN, ANN, A.APPROVE, change(), R.ALLOWED),
        (OPEN, BOB, A.APPROVE, change(), R.NOT_APPROVER),
        (OPEN, CARL, A.CANCEL, change(), R.ALLOWED),
        (OPEN, CARL, A.HALT, change(), R.ALLOWED),
        (OPEN, CARL, A.REJECT, change(), R.NOT_INVOLVED),
        (OPEN, CARL, A.RESUME, change(), R.NOT_APPROVER),
        (OPEN, CARL, A.RESCHEDULE, change(), R.NOT_INVOLVED),
        # Requesters are people and groups.
        (PROD, ANN, A.REQUEST, None, R.ALLOWED),
        (PROD, ADMIN, A.REQUEST, None, R.ALLOWED),
        (PROD, ADMIN, A.OVERRIDE, None, R.ALLOWED),
        (PROD, CARL, A.REQUEST, None, R.NOT_REQUESTER),
        (PROD, CARL, A.OVERRIDE, None, R.NOT_REQUESTER),
        (PROD, EVE, A.REQUEST, None, R.NOT_REQUESTER),
        # Approvers, too; one's own change is another's to approve.
        (PROD, EVE, A.APPROVE, change(), R.ALLOWED),
        (PROD, BOB, A.APPROVE, change(), R.ALLOWED),
        (PROD, BOB, A.APPROVE, None, R.ALLOWED),
        (PROD, ADMIN, A.APPROVE, change(), R.NOT_APPROVER),
        (PROD, ANN, A.APPROVE, change(), R.OWN_CHANGE),
        (PROD, BOB, A.APPROVE, change(requester="U0BOB"), R.OWN_CHANGE),
        (SELF, BOB, A.APPROVE, change(requester="U0BOB"), R.ALLOWED),
        (SELF, ANN, A.APPROVE, change(), R.OWN_CHANGE),
        (PROD, EVE, A.APPROVE, change("U0EVE"), R.ALREADY_APPROVED),
        (PROD, EVE, A.RESUME, change("U0EVE"), R.ALLOWED),
        (PROD, ANN, A.RESUME, change(), R.OWN_CHANGE),
        # The safe direction is open to everybody who is involved.
        (PROD, ANN, A.REJECT, change(), R.ALLOWED),
        (PROD, EVE, A.REJECT, change(), R.ALLOWED),
        (PROD, CARL, A.REJECT, change(), R.NOT_INVOLVED),
        (PROD, CARL, A.CANCEL, change(), R.NOT_INVOLVED),
        (PROD, EVE, A.CANCEL, change(), R.ALLOWED),
        (PROD, ADMIN, A.HALT, change(), R.ALLOWED),
        (PROD, CARL, A.HALT, change(), R.NOT_INVOLVED),
        (PROD, EVE, A.RESCHEDULE, change(), R.ALLOWED),
        (PROD, ADMIN, A.RESCHEDULE, change(), R.NOT_INVOLVED),
        (PROD, ADMIN, A.HOLD, change(), R.ALLOWED),
        (PROD, CARL, A.HOLD, change(), R.NOT_INVOLVED),
        (PROD, ADMIN, A.TAKE_OUT, change(), R.NOT_OWNER),
        # Freezing is a brake; lifting lets things start.
        (OPEN, CARL, A.FREEZE, None, R.ALLOWED),
        (OPEN, CARL, A.LIFT, None, R.ALLOWED),
        (PROD, ANN, A.FREEZE, None, R.ALLOWED),
        (PROD, EVE, A.FREEZE, None, R.ALLOWED),
        (PROD, CARL, A.FREEZE, None, R.NOT_INVOLVED),
        (PROD, ANN, A.LIFT, None, R.NOT_APPROVER),
        (PROD, EVE, A.LIFT, None, R.ALLOWED),
    ],
)
def test_a_decision_has_its_reason(
    environment: Environment, who: Circle, action: Action, about: Change | None, reason: Reason
) -> None:
    decision = decide(action, who, environment, channel="C0PROD", change=about)
    assert decision.reason is reason
    assert decision.allowed is (reason is Reason.ALLOWED)
    assert "{" not in str(decision.sentence)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (circle("U0ANN", "S0DBA", "S0ONCALL", is_bot=True), R.BOT),
        (circle("U0ANN", "S0DBA", "S0ONCALL", is_foreign=True), R.FOREIGN),
        (circle("U0ANN", "S0DBA", "S0ONCALL", is_active=False), R.INACTIVE),
    ],
)
def test_bots_strangers_and_those_who_left_may_do_nothing(
    action: Action, who: Circle, reason: Reason
) -> None:
    assert decide(action, who, PROD, channel="C0PROD", change=change()).reason is reason


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.READ}))
def test_an_environment_is_changed_from_its_own_channels_only(action: Action) -> None:
    decision = decide(action, BOB, PROD, channel="C0ELSE", change=change())
    assert decision.reason is Reason.WRONG_CHANNEL
    assert "#C0PROD" in str(decision.sentence)


@pytest.mark.parametrize(
    ("channel", "who", "reason"),
    [
        ("C0PROD", CARL, R.ALLOWED),
        ("C0ELSE", BOB, R.WRONG_CHANNEL),
        ("D0BOB", BOB, R.ALLOWED),
        ("", EVE, R.ALLOWED),
        ("D0CARL", CARL, R.NOT_READER),
        ("", CARL, R.NOT_READER),
    ],
)
def test_what_is_read_alone_is_for_those_who_have_to_do_with_it(
    channel: str, who: Circle, reason: Reason
) -> None:
    decision = decide(A.READ, who, PROD, channel=channel)
    assert decision.reason is reason
    assert ("#C0PROD" in str(decision.sentence)) is (reason is R.WRONG_CHANNEL)
    assert decide(A.READ, who, OPEN, channel=channel).allowed
    own = decide(A.READ, CARL, PROD, channel="", change=change(requester="U0CARL"))
    assert own.allowed


NOBODY = {R.BOT, R.FOREIGN, R.INACTIVE}
ALWAYS = {R.ALLOWED, R.WRONG_CHANNEL, R.UNREADABLE, *NOBODY}
CLOSED = {R.FROZEN, R.OUTSIDE_WINDOW}
EVERY_REASON = {
    A.READ: ALWAYS | {R.NOT_READER},
    A.REQUEST: ALWAYS | CLOSED | {R.NOT_REQUESTER},
    A.APPROVE: ALWAYS
    | CLOSED
    | {R.NOT_APPROVER, R.OWN_CHANGE, R.ALREADY_APPROVED, R.NAME_NOT_TYPED},
    A.REJECT: ALWAYS | {R.NOT_INVOLVED},
    A.CANCEL: ALWAYS | {R.NOT_INVOLVED},
    A.RESCHEDULE: ALWAYS | {R.NOT_INVOLVED},
    A.HOLD: ALWAYS | {R.NOT_INVOLVED},
    A.TAKE_OUT: {R.ALLOWED, R.WRONG_CHANNEL, R.NOT_OWNER, *NOBODY},
    A.HALT: ALWAYS | {R.NOT_INVOLVED},
    A.RESUME: ALWAYS | CLOSED | {R.NOT_APPROVER, R.OWN_CHANGE, R.NAME_NOT_TYPED},
    A.OVERRIDE: ALWAYS | {R.NOT_REQUESTER, R.NOBODY_TO_OVERRIDE},
    A.FREEZE: ALWAYS | {R.NOT_INVOLVED},
    A.LIFT: ALWAYS | {R.NOT_APPROVER, R.NOT_REQUESTER},
}
"""Which reasons each action can be decided by; every other pair is impossible."""
PAY = Subscription(key="team", value="payments", channel="C0PAY")
PAYMENTS = change().model_copy(
    update={
        "targets": (target(tags={"team": "payments"}),),
        "subscriptions": (PAY,),
        "notify": ("C0NEWS",),
    }
)
PEOPLE = (
    *(ANN, EVE, CARL, BOB, ADMIN),
    circle("U0CARL").model_copy(update={"unread": frozenset({"S0DBA", "S0ONCALL"})}),
    *(circle("U0BOB", **{kind: True}) for kind in ("is_bot", "is_foreign")),
    circle("U0BOB", is_active=False),
)
CLOSURES = (
    None,
    *(Closure(sentence=say("no"), is_freeze=one, opens_at=NOW) for one in (True, False)),
)
CASES = tuple(
    product(
        PEOPLE,
        (
            *(OPEN, PROD, SELF, PROD.model_copy(update={"protected": True})),
            PROD.model_copy(update={"approvers": (), "subscriptions": (PAY,)}),
        ),
        ("C0PROD", "C0ELSE", "C0PAY", "C0NEWS", "D0ANN"),
        (None, change(), change("U0EVE"), change(requester="U0CARL"), PAYMENTS),
        CLOSURES,
        (None, "", "prod"),
    )
)


@pytest.mark.parametrize("action", Action)
def test_each_action_is_decided_by_its_reasons_and_each_has_its_sentence(action: Action) -> None:
    told: dict[Reason, set[str]] = defaultdict(set)
    for who, environment, channel, about, closure, typed in CASES:
        decision = decide(
            action,
            who,
            environment,
            channel=channel,
            change=about,
            closure=closure,
            typed=typed,
        )
        assert decision.allowed is (decision.reason is R.ALLOWED)
        told[decision.reason].add(str(decision.sentence))
    assert set(told) == EVERY_REASON[action]
    for sentences in told.values():
        assert all(sentence and "{" not in sentence for sentence in sentences)
    others = [sentences for reason, sentences in told.items() if reason is not R.ALLOWED]
    assert told[R.ALLOWED].isdisjoint(set[str]().union(*others))


def test_every_reason_is_some_actions() -> None:
    assert set().union(*EVERY_REASON.values()) == set(Reason)
    assert set(EVERY_REASON) == set(Action)


@pytest.mark.parametrize("action", [A.APPROVE, A.RESUME])
@pytest.mark.parametrize("typed", ["", "Prod", "staging", "prod prod"])
def test_a_protected_environment_wants_its_very_name(action: Action, typed: str) -> None:
    protected = PROD.model_copy(update={"protected": True})

    def decided(typed: str | None) -> Reason:
        about = change()
        return decide(action, BOB, protected, channel="C0PROD", change=about, typed=typed).reason

    assert decided(typed) is R.NAME_NOT_TYPED
    assert decided("prod") is decided(" prod ") is decided(None) is R.ALLOWED
    assert decide(action, BOB, PROD, channel="C0PROD", change=change(), typed=typed).allowed


def notes(action: Action, user: str, environment: Environment = PROD) -> str:
    told = explain(Question(action=action, user=user), environment)
    return "\n".join(str(note) for note in told.notes)


def test_explaining_tells_what_only_slack_knows() -> None:
    assert "is in @S0DBA, @S0ONCALL" in notes(Action.REQUEST, "U0BOB")
    supposed = Question(action=Action.REQUEST, user="U0BOB", groups=("S0DBA",))
    assert explain(supposed, PROD).decision.allowed


def test_explaining_tells_of_channels_and_of_ones_own_changes() -> None:
    assert "#C0PROD" in notes(Action.REQUEST, "U0ANN")
    elsewhere = Question(action=Action.REQUEST, user="U0ANN", channel="C0ELSE")
    assert explain(elsewhere, PROD).decision.reason is Reason.WRONG_CHANNEL
    assert "asked for themselves" in notes(Action.APPROVE, "U0EVE")
    assert "asked for themselves" not in notes(Action.APPROVE, "U0EVE", SELF)
    assert "the requester confirms" in notes(Action.APPROVE, "U0EVE", OPEN)
    assert "may always hold, cancel" in notes(Action.CANCEL, "U0EVE")
    assert "one approval more" in notes(Action.OVERRIDE, "U0ANN")
    protected = PROD.model_copy(update={"protected": True})
    assert "type its name" in notes(Action.RESUME, "U0EVE", protected)
    assert "type its name" not in notes(Action.APPROVE, "U0EVE")
    assert "direct message" in notes(Action.READ, "U0CARL")


@pytest.mark.parametrize(
    ("action", "is_stopped"),
    [
        (A.REQUEST, True),
        (A.APPROVE, True),
        (A.RESUME, True),
        (A.OVERRIDE, False),
        (A.HALT, False),
        (A.CANCEL, False),
        (A.REJECT, False),
    ],
)
@pytest.mark.parametrize("reason", [R.FROZEN, R.OUTSIDE_WINDOW])
def test_what_would_start_something_meets_what_closes_it(
    action: Action, reason: Reason, *, is_stopped: bool
) -> None:
    closure = Closure(sentence=say("no"), is_freeze=reason is R.FROZEN, opens_at=NOW)
    decision = decide(action, BOB, PROD, channel="C0PROD", change=change(), closure=closure)
    assert decision.reason is (reason if is_stopped else R.ALLOWED)
    assert len(decision.more) == int(is_stopped)
    stranger = decide(A.REQUEST, CARL, PROD, channel="C0PROD", closure=closure)
    assert stranger.reason is R.NOT_REQUESTER
