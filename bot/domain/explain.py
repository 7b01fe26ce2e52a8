"""What the policy would decide about somebody, from the policy alone: without Slack or a change."""

from bot.domain.duty import is_source
from bot.domain.environment import Environment
from bot.domain.model import Frozen
from bot.domain.person import Person
from bot.domain.policy import Action, Circle, Decision, decide
from bot.domain.reasons import Reason
from bot.domain.rules import rule_in_words
from bot.domain.sentence import Channels, Sentence, Users, say

_ABOUT_PEOPLE = frozenset({Reason.NOT_REQUESTER, Reason.NOT_APPROVER, Reason.NOT_INVOLVED})


class Question(Frozen):
    """Who wants to do what, where."""

    action: Action
    user: str
    channel: str = ""
    """Empty: a channel of the environment."""
    groups: tuple[str, ...] = ()
    """The groups that the user is supposed to be in: only Slack knows the real ones."""


class Explanation(Frozen):
    """The decision, and what it left out of account."""

    decision: Decision
    notes: tuple[Sentence, ...]


def explain(question: Question, environment: Environment) -> Explanation:
    """Decide as if the user were an ordinary member of the workspace, about another's change."""
    person = Person(id=question.user, name=question.user, zone="UTC")
    circle = Circle(person=person, groups=frozenset(question.groups))
    channel = question.channel or next(iter(environment.channels), "")
    decision = decide(question.action, circle, environment, channel=channel)
    return Explanation(decision=decision, notes=tuple(_notes(question, environment, decision)))


def _notes(question: Question, environment: Environment, decision: Decision) -> list[Sentence]:
    notes = []
    named = (*environment.requesters, *environment.approvers)
    unknown = tuple(dict.fromkeys(one for one in named if one[:1] == "S" or is_source(one)))
    unknown = tuple(one for one in unknown if one not in question.groups)
    if decision.reason in _ABOUT_PEOPLE and unknown:
        notes.append(
            say(
                "Only Slack knows who is in {groups}: this is decided as if {user} were in none.",
                groups=Users(users=unknown),
                user=question.user,
            )
        )
    if environment.protected and question.action in {Action.APPROVE, Action.RESUME}:
        notes.append(
            say("{env} is protected: whoever does this has to type its name.", env=environment.name)
        )
    if question.action is Action.READ and environment.channels:
        notes.append(
            say("In a direct message only those read who may ask for changes or approve them.")
        )
    if environment.channels and not question.channel:
        notes.append(
            say(
                "Decided for a channel of {env} ({channels}); others are refused.",
                env=environment.name,
                channels=Channels(channels=environment.channels),
            )
        )
    if question.action in {Action.APPROVE, Action.RESUME} and environment.approvers:
        notes += [rule_in_words(rule) for rule in environment.more_approvals]
    if question.action in _OWN and (own := _own(question, environment)):
        notes.append(own)
    return notes


_OWN = frozenset(
    {
        Action.APPROVE,
        Action.RESUME,
        Action.CANCEL,
        Action.HOLD,
        Action.HALT,
        Action.OVERRIDE,
    }
)


def _own(question: Question, environment: Environment) -> Sentence | None:
    """What is different for whoever asked for the change."""
    if question.action is Action.OVERRIDE:
        return say("It takes one approval more than usual, and it is announced.")
    if question.action in {Action.CANCEL, Action.HOLD, Action.HALT}:
        return say("Whoever asked for a change may always hold, cancel or halt it.")
    if not environment.approvers:
        return say("{env} names no approvers: the requester confirms.", env=environment.name)
    if environment.self_approval:
        return None
    return say("Nobody can approve a change that they asked for themselves.")
