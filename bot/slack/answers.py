"""What the bot says by itself at Slack's door, before any command has been run."""

from collections.abc import Callable
from datetime import timedelta

from bot.domain.sentence import Sentence, say
from bot.ports import View
from bot.views.reader import Reader

Render = Callable[[Sentence, str], str]
"""Puts a sentence into a language; an empty one means that the reader's is not known."""

MAX_AGE = timedelta(minutes=10)
"""Older intents are refused. Slack repeats events for about six minutes; what comes later comes
out of an outage, and the person may have found another way by then."""

NOT_STORED = say(
    "This was not taken: the bot could not write it down, because its own database cannot be used. "
    "Nothing was stored, and nothing was sent to the databases. Try again in a minute; if it stays "
    "like this, tell the people who run this bot (id {id})."
)
PERHAPS_STORED = say(
    "The bot's own database went away while it wrote this down, so nobody knows yet whether this "
    "was taken. Nothing was sent to the databases so far. Look at /taurus-change list in a minute, "
    "and do it again only if it has not been done (id {id})."
)
FOR_A_REPEAT = frozenset({NOT_STORED.template, PERHAPS_STORED.template})
"""After these a repeat by Slack is welcome."""
UNSURE = say(
    "Something went wrong inside the bot before it could confirm this. Nothing was sent to the "
    "databases by this step. Look at the changes with /taurus-change before you do it again, and "
    "tell the people who run this bot (id {id})."
)
TOO_FAST = say(
    "You are asking faster than this bot answers, so this was not taken: nothing was stored and "
    "nothing was sent to the databases. Wait a minute, then ask again."
)
TOO_OLD = say(
    "This reached the bot too late, so nothing was done: what was right then may be wrong now. "
    "Do it again if you still want it."
)
UNKNOWN_COMMAND = say(
    "This bot does not know {command}: it may be older or newer than the app's manifest. Nothing "
    "was done. /taurus-help lists what it can do."
)
UNKNOWN_BUTTON = say(
    "This button belongs to another version of the bot, so nothing was done. /taurus-change shows "
    "the changes with buttons that work."
)
UNKNOWN_FORM = say(
    "This form belongs to another version of the bot, so nothing was done. Open it again with "
    "its command."
)
NOT_OPENED = say(
    "Slack did not let the form be opened in time, so nothing was done. Try again; if it stays "
    "like this, type it: /taurus-help shows how."
)
UNKNOWN_SHORTCUT = say(
    "This bot has no such shortcut, so nothing was done. /taurus-help lists what it can do."
)
ELSEWHERE = say(
    "This bot serves another workspace or another app, so nothing was done. Tell the people who "
    "run it that requests from here reach it."
)
_TITLE = say("Nothing was done")
_CLOSE = say("Close")


def with_id(sentence: Sentence, correlation: str) -> Sentence:
    """Complete a sentence with the id by which whoever runs the bot finds it in the log."""
    return sentence.model_copy(update={"args": {"id": correlation}})


def rendering(default: str) -> Render:
    """Render in the reader's language, or in `default` where that is not known."""
    return lambda sentence, language: Reader.of(language or default)(sentence)


def notice(sentence: Sentence, render: Render, language: str) -> View:
    """A form's place taken by one thing that has to be said."""
    text = {"type": "mrkdwn", "text": render(sentence, language)}
    return View(
        title=render(_TITLE, language),
        close=render(_CLOSE, language),
        blocks=({"type": "section", "text": text},),
    )
