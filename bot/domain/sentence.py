"""Sentences for people: an English template plus its arguments.

Decisions are made once, but read by many people in several languages and zones. So the domain
never formats text: it says a `Sentence`, and a view renders it for its reader. The template is
the message id of the translation catalogs. Arguments are data, which people or the cloud wrote
and a view escapes, or sentences again, which a view translates: a word of ours, such as the name
of a state, never stands in another sentence as text.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from bot.domain.model import Frozen


class At(Frozen):
    """A moment, shown to each reader in their own time zone."""

    at: datetime


class User(Frozen):
    """A Slack user, shown as a mention."""

    user: str


class Users(Frozen):
    """Several Slack users or user groups, shown as mentions."""

    users: tuple[str, ...]


class Channels(Frozen):
    """Slack channels, shown as links."""

    channels: tuple[str, ...]


class Word(StrEnum):
    """Names that people read: each value is a message of the catalogs, and is said by `word`."""

    # That of enumerations is written in Python, and whole fleets are counted by these.
    __hash__ = str.__hash__


class Sentence(Frozen):
    """A translatable template with named placeholders, such as `{name} is busy`.

    `plural` is the template for counts other than one; it is chosen by the argument `n`.
    """

    template: str
    plural: str = ""
    args: "dict[str, Arg]" = Field(default_factory=dict)

    def __str__(self) -> str:
        """Return the plain English text, for logs and command lines."""
        template = self.template
        if self.plural and self.args.get("n") != 1:
            template = self.plural
        return template.format(**{name: _plain(arg) for name, arg in self.args.items()})


class Sentences(Frozen):
    """Several sentences that stand one after the other, as one argument."""

    several: tuple[Sentence, ...]


Datum = str | int | At | User | Users | Channels
Arg = Datum | Sentence | Sentences
Sentence.model_rebuild()


def say(template: str, **args: Arg) -> Sentence:
    """Make a sentence; `template` is collected into the translation catalogs."""
    return Sentence(template=template, args=args)


def say_many(singular: str, plural: str, n: int, **args: Arg) -> Sentence:
    """Make a sentence that counts; both templates may use `{n}`."""
    return Sentence(template=singular, plural=plural, args={"n": n, **args})


def word(named: Word) -> Sentence:
    """Say one of our own names, such as a state."""
    return Sentence(template=named.value)


def all_of(several: Sequence[Sentence]) -> Sentences:
    """Let several sentences be one argument of another."""
    return Sentences(several=tuple(several))


def _plain(arg: Arg) -> str:
    match arg:
        case Sentences():
            return " ".join(str(one) for one in arg.several)
        case At():
            return arg.at.strftime("%Y-%m-%d %H:%M UTC")
        case User():
            return f"@{arg.user}"
        case Users():
            return ", ".join(f"@{user}" for user in arg.users)
        case Channels():
            return ", ".join(f"#{channel}" for channel in arg.channels)
        case _:
            return str(arg)
