"""The contract of a command: what people say comes in, what they read goes out.

A command is one module in `commands/` with one `Command` value, and one line in its index.
The Slack side turns payloads into `Call`, `Click` and `Submission`; it stores them before Slack
is told that they arrived, and calls the command afterwards, perhaps in another process. So a
command must give the same outcome if it is called twice with the same `key`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.model import Frozen
from bot.domain.sentence import Sentence
from bot.ports import Message, Person

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
    response_url: str = ""
    """Slack's private answer channel: 5 uses within 30 minutes. A secret."""


class Click(Frozen):
    """A button. It carries the change id and nothing else."""

    key: str
    user: str
    channel: str
    action_id: str
    value: str
    received_at: datetime
    message_ts: str = ""
    """The message with the button; empty for private messages."""
    response_url: str = ""


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


@dataclass(frozen=True, slots=True)
class Asker:
    """The person behind a call, and when they asked."""

    person: Person
    now: datetime

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
class Command:
    """One slash command with the buttons and forms that belong to it.

    `run` and the handlers return what only the asker reads, or None if the channel already
    shows the answer (the card). They raise `UsageError` for mistakes in the line.
    """

    name: str
    summary: str
    """One line for the manifest and the help; a message id of the catalogs."""
    usage: tuple[str, ...]
    """Every form of the line, without the command's name."""
    run: "Callable[[Call, Asker, Desk], Awaitable[Message | None]]"
    clicks: "Mapping[str, Callable[[Click, Asker, Desk], Awaitable[Message | None]]]" = field(
        default_factory=dict
    )
    submissions: "Mapping[str, Callable[[Submission, Asker, Desk], Awaitable[Message | None]]]" = (
        field(default_factory=dict)
    )
