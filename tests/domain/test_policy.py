"""Every decision of the policy, and every reason."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.change import Approval, Change, Options
from bot.domain.explain import Question, explain
from bot.domain.freeze import Closure
from bot.domain.person import Person
from bot.domain.policy import Action, Circle, Environment, Reason, decide
from bot.domain.sentence import say

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


@pytest.mark.parametrize("action", Action)
def test_an_environment_is_changed_from_its_own_channels_only(action: Action) -> None:
    decision = decide(action, BOB, PROD, channel="C0ELSE", change=change())
    assert decision.reason is Reason.WRONG_CHANNEL
    assert "#C0PROD" in str(decision.sentence)


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
