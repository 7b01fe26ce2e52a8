"""Who may do what, where: the one function that decides, by an environment's rules.

`decide` is pure and answers with one of a closed list of reasons; every reason has its sentence.
"""

from datetime import datetime
from enum import StrEnum

from bot.domain.change import Change
from bot.domain.environment import Environment
from bot.domain.freeze import Closure, told
from bot.domain.model import Frozen
from bot.domain.owners import is_owner
from bot.domain.person import Person
from bot.domain.reasons import Reason, not_read_here, sentence_of
from bot.domain.sentence import Sentence


class Action(StrEnum):
    """What somebody wants to do."""

    READ = "read"
    """See the databases, the changes and the record."""
    REQUEST = "request"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    HOLD = "hold"
    """Keep a scheduled change from starting."""
    TAKE_OUT = "take-out"
    """Take one's own databases out of somebody's change."""
    HALT = "halt"
    RESUME = "resume"
    OVERRIDE = "override"
    """Ask for a start in spite of a freeze or outside of the windows."""
    FREEZE = "freeze"
    LIFT = "lift"


class Decision(Frozen):
    """A reason and, if it is a refusal, the sentence for the person."""

    reason: Reason
    sentence: Sentence
    more: tuple[Sentence, ...] = ()
    """What else the person should know, such as when it will be possible."""

    @property
    def allowed(self) -> bool:
        """Whether the action may happen."""
        return self.reason is Reason.ALLOWED


class Circle(Frozen):
    """One person as the rules see them: who they are and which groups they are in."""

    person: Person
    groups: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    """Groups of which it is not known at present who is in them."""
    stale_since: datetime | None = None
    """When the oldest of their groups was read, if it could not be read again."""

    def is_among(self, ids: tuple[str, ...]) -> bool:
        """Whether one of the ids is this person or a group of theirs."""
        return self.person.id in ids or not self.groups.isdisjoint(ids)


def decide(
    action: Action,
    circle: Circle,
    environment: Environment,
    *,
    channel: str,
    change: Change | None = None,
    closure: Closure | None = None,
    typed: str | None = None,
) -> Decision:
    """Decide whether somebody may do something, and say why.

    `change` is the change that it is about; without one (a request, or the help that tells
    what one may do here) the rules about one's own change do not apply. `closure` is what keeps
    things from starting at the time meant, if anything does. `typed` is what was typed as the
    environment's name; None where it is only asked who may.
    """
    reason = _standing(circle.person) or _right(action, circle, environment, change, channel)
    if not reason and closure is not None and action in _STARTS:
        why, *more = told(closure)
        reason = Reason.FROZEN if closure.is_freeze else Reason.OUTSIDE_WINDOW
        return Decision(reason=reason, sentence=why, more=tuple(more))
    if reason is Reason.WRONG_CHANNEL and action is Action.READ:
        return Decision(reason=reason, sentence=not_read_here(environment))
    if not reason and action in _TYPED and environment.protected and typed is not None:
        reason = None if typed.strip() == environment.name else Reason.NAME_NOT_TYPED
    return Decision(
        reason=reason or Reason.ALLOWED,
        sentence=sentence_of(reason or Reason.ALLOWED, environment, change),
    )


def _right(
    action: Action, circle: Circle, environment: Environment, change: Change | None, channel: str
) -> Reason | None:
    """Tell why this place or the environment's rules forbid it, if they do."""
    if action in _OWNERS and _owns(environment, change, channel):
        return None
    reason = _place(action, environment, change, channel)
    if reason or _is_open(action, environment, channel):
        return reason
    return _RULES[action](circle, environment, change)


def _standing(person: Person) -> Reason | None:
    if person.is_bot:
        return Reason.BOT
    if person.is_foreign:
        return Reason.FOREIGN
    return None if person.is_active else Reason.INACTIVE


def _owns(environment: Environment, change: Change | None, channel: str) -> bool:
    # Slack vouches for the channel, so whoever reads it is an owner, in whatever channel it is.
    if change is None:
        return any(one.channel == channel for one in environment.subscriptions)
    return is_owner(change, channel)


def _place(
    action: Action, environment: Environment, change: Change | None, channel: str
) -> Reason | None:
    if action in _WATCHED and change is not None and channel in change.notify:
        return None  # The notice there has the button; who may is another question.
    if action is Action.READ and _is_alone(channel):
        return None  # Nobody else reads there, so it only matters who does.
    if environment.channels and channel not in environment.channels:
        return Reason.WRONG_CHANNEL
    return None


def _is_alone(channel: str) -> bool:
    return channel[:1] in {"", "D"}  # a form or the Home tab, a direct message


def _is_open(action: Action, environment: Environment, channel: str) -> bool:
    # Whoever reads a channel sees the cards in it anyway.
    return action is Action.READ and not (environment.channels and _is_alone(channel))


def _may_read(circle: Circle, environment: Environment, change: Change | None) -> Reason | None:
    reason = _may_stop(circle, environment, change)
    return Reason.NOT_READER if reason is Reason.NOT_INVOLVED else reason


def _may_request(circle: Circle, environment: Environment, _change: Change | None) -> Reason | None:
    if environment.requesters and not circle.is_among(environment.requesters):
        return _outside(circle, environment.requesters, Reason.NOT_REQUESTER)
    return None


def _outside(circle: Circle, ids: tuple[str, ...], reason: Reason) -> Reason:
    return reason if circle.unread.isdisjoint(ids) else Reason.UNREADABLE


def _may_approve(circle: Circle, environment: Environment, change: Change | None) -> Reason | None:
    own = change is not None and circle.person.id == change.requester
    if not environment.approvers:
        return None if own or change is None else Reason.NOT_APPROVER
    if own and environment.self_approval and circle.is_among(environment.approvers):
        own = False
    if own:
        return Reason.OWN_CHANGE
    if not circle.is_among(environment.approvers):
        return _outside(circle, environment.approvers, Reason.NOT_APPROVER)
    if change and any(approval.user == circle.person.id for approval in change.approvals):
        return Reason.ALREADY_APPROVED
    return None


def _may_reject(circle: Circle, environment: Environment, change: Change | None) -> Reason | None:
    # Saying no is the safe direction: the requester and every approver may.
    if change is not None and circle.person.id == change.requester:
        return None
    if circle.is_among(environment.approvers):
        return None
    return _outside(circle, environment.approvers, Reason.NOT_INVOLVED)


def _may_stop(circle: Circle, environment: Environment, change: Change | None) -> Reason | None:
    # The brake belongs to everybody who could have started something.
    if _may_request(circle, environment, change) is None:
        return None
    reason = _may_reject(circle, environment, change)
    return _outside(circle, environment.requesters, reason) if reason else None


def _may_resume(circle: Circle, environment: Environment, change: Change | None) -> Reason | None:
    # A yes that counted once counts again: resuming is approving the rest.
    if change is not None:
        change = change.model_copy(update={"approvals": ()})
    return _may_approve(circle, environment, change)


def _may_override(circle: Circle, environment: Environment, change: Change | None) -> Reason | None:
    # One more approver has to say yes, so there have to be approvers.
    if not environment.approvers:
        return Reason.NOBODY_TO_OVERRIDE
    return _may_request(circle, environment, change)


def _may_lift(circle: Circle, environment: Environment, change: Change | None) -> Reason | None:
    if not environment.approvers:
        return _may_request(circle, environment, change)
    if circle.is_among(environment.approvers):
        return None
    return _outside(circle, environment.approvers, Reason.NOT_APPROVER)


_OWNERS = frozenset({Action.HOLD, Action.TAKE_OUT})
"""What the owners of databases may do from their own channel, by their tag."""
_WATCHED = frozenset({Action.READ, Action.HOLD})
"""What may be done where a change is only told of."""
_STARTS = frozenset({Action.REQUEST, Action.APPROVE, Action.RESUME})
_TYPED = frozenset({Action.APPROVE, Action.RESUME})
_RULES = {
    Action.READ: _may_read,
    Action.REQUEST: _may_request,
    Action.APPROVE: _may_approve,
    Action.REJECT: _may_reject,
    Action.CANCEL: _may_stop,
    Action.RESCHEDULE: _may_reject,
    Action.HOLD: _may_stop,
    Action.TAKE_OUT: lambda *_: Reason.NOT_OWNER,
    Action.HALT: _may_stop,
    Action.RESUME: _may_resume,
    Action.OVERRIDE: _may_override,
    Action.FREEZE: _may_stop,
    Action.LIFT: _may_lift,
}
