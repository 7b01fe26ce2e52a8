"""Why the policy decides as it does: the closed list, each reason with its sentence."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from bot.domain.change import Change
from bot.domain.environment import Environment
from bot.domain.sentence import Channels, Sentence, User, say


class Reason(StrEnum):
    """Why it was decided so: the closed list."""

    ALLOWED = "allowed"
    BOT = "bot"
    INACTIVE = "inactive"
    FOREIGN = "foreign"
    WRONG_CHANNEL = "wrong_channel"
    NOT_REQUESTER = "not_requester"
    NOT_APPROVER = "not_approver"
    OWN_CHANGE = "own_change"
    ALREADY_APPROVED = "already_approved"
    NOT_INVOLVED = "not_involved"
    NOT_READER = "not_reader"
    """Reads where nobody else sees it, and has nothing to do with the environment."""
    NAME_NOT_TYPED = "name_not_typed"
    """A protected environment asks to type its name, and something else was typed."""
    NOT_OWNER = "not_owner"
    """Nothing of it belongs to the channel, by a tag that the channel subscribes to."""
    UNREADABLE = "unreadable"
    """Who is in a group, or on call, cannot be read at present."""
    FROZEN = "frozen"
    OUTSIDE_WINDOW = "outside_window"
    NOBODY_TO_OVERRIDE = "nobody_to_override"


def sentence_of(reason: Reason, environment: Environment, change: Change | None) -> Sentence:
    """Say a decision to the person whom it is about."""
    return _SENTENCES[reason](environment, change)


def _not_approver(environment: Environment, change: Change | None) -> Sentence:
    if environment.approvers:
        return say(
            "You are not among the approvers of {env}: only they can approve.",
            env=environment.name,
        )
    if change is None:
        return say("Only whoever asks for a change of {env} confirms it.", env=environment.name)
    return say(
        "Only {person}, who asked for it, can confirm this change.",
        person=User(user=change.requester),
    )


def not_read_here(environment: Environment) -> Sentence:
    """Refuse to show something in a channel of others, and say where it is shown."""
    return say(
        "This channel does not speak of {env}, so nothing of it is shown here. Ask in one of its "
        "own channels ({channels}), or in a direct message to the bot.",
        env=environment.name,
        channels=Channels(channels=environment.channels),
    )


def _not_involved(environment: Environment, change: Change | None) -> Sentence:
    if change is None:
        return say(
            "Only those who may ask for changes of {env} or approve them can do this.",
            env=environment.name,
        )
    return say(
        "Only {person}, who asked for it, and the approvers of {env} can do this.",
        person=User(user=change.requester),
        env=environment.name,
    )


_SENTENCES: Mapping[Reason, Callable[[Environment, Change | None], Sentence]] = {
    Reason.ALLOWED: lambda *_: say("You may."),
    Reason.BOT: lambda *_: say("Bots cannot do this: a person has to."),
    Reason.INACTIVE: lambda *_: say("This Slack account is deactivated, so it does not count."),
    Reason.FOREIGN: lambda *_: say(
        "People of other workspaces cannot do this. Ask somebody of this workspace."
    ),
    Reason.WRONG_CHANNEL: lambda environment, _: say(
        "The environment {env} cannot be changed from this channel. "
        "Use one of its own channels: {channels}.",
        env=environment.name,
        channels=Channels(channels=environment.channels),
    ),
    Reason.NOT_REQUESTER: lambda environment, _: say(
        "You are not among those who may ask for changes of {env}. "
        "Ask one of them, or whoever runs this bot.",
        env=environment.name,
    ),
    Reason.NOT_APPROVER: _not_approver,
    Reason.OWN_CHANGE: lambda environment, _: say(
        "You asked for this change, so your own approval does not count. "
        "Another approver of {env} has to approve it.",
        env=environment.name,
    ),
    Reason.ALREADY_APPROVED: lambda *_: say(
        "You have approved this change already; it waits for somebody else."
    ),
    Reason.NOBODY_TO_OVERRIDE: lambda environment, _: say(
        "Going past a freeze or a change window needs one more approver, but {env} has no "
        "approvers. Wait, or ask whoever runs this bot.",
        env=environment.name,
    ),
    Reason.NOT_INVOLVED: _not_involved,
    Reason.NOT_READER: lambda environment, _: say(
        "Here only those who may ask for changes of {env} or approve them can read of it. "
        "Ask in one of its channels.",
        env=environment.name,
    ),
    Reason.NAME_NOT_TYPED: lambda environment, _: say(
        "Nothing was approved: {env} is protected. Type its name, {env}, exactly, in the form "
        "that the button on the card opens.",
        env=environment.name,
    ),
    Reason.NOT_OWNER: lambda *_: say(
        "None of these databases belongs to this channel, so nothing was taken out. Databases are "
        "taken out in a channel that subscribes to a tag of theirs; whoever asked for the change "
        "can cancel it and plan another."
    ),
    Reason.UNREADABLE: lambda environment, _: say(
        "It cannot be told at present who is in the groups or on call that the rules of {env} "
        "name, so nothing was done. Try again in a minute.",
        env=environment.name,
    ),
}
