"""The contract of a command: what people say comes in, what they read goes out.

A command is one module in `commands/` with one `Command` value, and one line in its index.
The Slack side turns payloads into `Call`, `Click` and `Submission`; it stores them before Slack
is told that they arrived, and calls the command afterwards, perhaps in another process. So a
command must give the same outcome if it is called twice with the same `key`.

Forms are the exception that Slack's three seconds ask for. A form is opened at once, empty and
with a word that it is being filled; the stored call or click then carries the id of what was
opened, and whoever works on it fills it. What is typed into a menu, and what a form that is sent
gets wrong, is answered within the three seconds by the process that was asked.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.domain.model import Frozen
from bot.domain.sentence import Sentence
from bot.ports import Message, Person, View

if TYPE_CHECKING:
    from bot.service import Desk


class Call(Frozen):
    """A slash command, as typed."""

    key: str
    """The same for every repeat of one delivery."""
    user: str
    channel: str
    command: str
    """With its slash: `/taurus-fleet`."""
    text: str
    received_at: datetime
    response_url: str = Field(default="", repr=False)
    """Slack's private answer channel: 5 uses within 30 minutes. A secret."""
    view: str = ""
    """The form that was opened for it and waits to be filled."""


class Filled(Frozen):
    """A form as somebody had filled it in at a moment."""

    callback_id: str
    hash: str
    """Slack's mark of this version of the form: it refuses an update meant for another one."""
    values: dict[str, str]
    """What was entered, by block id; of several chosen things one a line."""
    metadata: str


class Click(Frozen):
    """A button, a shortcut, or something chosen in a form. It carries the change id at most."""

    key: str
    user: str
    channel: str
    action_id: str
    value: str
    received_at: datetime
    message_ts: str = ""
    """The message with the button; empty for private messages."""
    response_url: str = Field(default="", repr=False)
    view: str = ""
    """The form that was opened for it and waits to be filled, or the one that it was made in."""
    form: Filled | None = None
    """The form that it was made in, as it was then."""
    block: str = ""
    """The id of the block with the button: it tells how the button is to be taken, never what
    may be done."""


class Submission(Frozen):
    """A form that was sent."""

    key: str
    user: str
    callback_id: str
    values: dict[str, str]
    """What was entered, by block id."""
    metadata: str
    """What the form carried along: the change id, or the channel."""
    received_at: datetime


class Query(Frozen):
    """Letters that somebody typed into a menu of a form."""

    user: str
    action_id: str
    typed: str
    form: Filled
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Asker:
    """The person behind a call, and when they asked."""

    person: Person
    now: datetime
    key: str = ""
    """Of the delivery by which they asked; empty if nothing is to be done yet."""

    @property
    def zone(self) -> ZoneInfo:
        """Their time zone."""
        return ZoneInfo(self.person.zone)


class UsageError(Exception):
    """A command line that cannot be understood: every mistake at once."""

    def __init__(self, *problems: Sentence) -> None:
        """Each problem says what is wrong and how to mend it."""
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Shortcut:
    """An entry of Slack's own menus: of all of Slack, or of one message.

    Using it is a click on `callback_id`, handled or opening a form like any other.
    """

    callback_id: str
    name: Sentence
    """At most 24 characters."""
    description: Sentence
    on_message: bool = False


@dataclass(frozen=True)
class Form:
    """A form that belongs to a command, from being opened to being sent."""

    title: Sentence
    """At most 24 characters."""
    opened_by: frozenset[str]
    """Action ids and shortcuts; a command's name stands for its line without arguments."""
    fill: "Callable[[Call | Click, Asker, Desk], Awaitable[View]]"
    """Draws it after it was opened. Raises what a command raises; the form then says so."""
    submit: "Callable[[Submission, Asker, Desk], Awaitable[Message | None]]"
    """Does what was asked for, once it is stored."""
    check: "Callable[[Submission, Asker, Desk], Awaitable[Mapping[str, Sequence[Sentence]]]]"
    """Finds mistakes by block id before it is taken. Has two seconds, so it asks no cloud."""
    edit: "Callable[[Click, Asker, Desk], Awaitable[View]] | None" = None
    """Draws it anew after something in it was chosen; must keep every block and action id."""
    suggest: "Callable[[Query, Asker, Desk], Awaitable[Mapping[str, Any]]] | None" = None
    """Offers options, as Slack takes them. Has two seconds, so it asks no cloud."""
    block: str = ""
    """How the id of the block begins whose buttons open it; empty: they always do."""


@dataclass(frozen=True)
class Command:
    """One slash command with the buttons, shortcuts and forms that belong to it.

    `run` and the handlers return what only the asker reads, or None if the channel already
    shows the answer (the card). They raise `UsageError` for mistakes in the line.
    """

    name: str
    summary: Sentence
    """One line for the manifest and the help."""
    usage: tuple[str, ...]
    """Every form of the line, without the command's name."""
    run: "Callable[[Call, Asker, Desk], Awaitable[Message | None]]"
    clicks: "Mapping[str, Callable[[Click, Asker, Desk], Awaitable[Message | None]]]" = field(
        default_factory=dict
    )
    forms: Mapping[str, Form] = field(default_factory=dict)
    """By callback id."""
    shortcuts: tuple[Shortcut, ...] = ()
