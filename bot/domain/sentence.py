"""Sentences for people: an English template plus its arguments.

Decisions are made once, but read by many people in several languages and zones. So the domain
never formats text: it says a `Sentence`, and a view renders it for its reader. The template is
the message id of the translation catalogs; arguments are the only parts that people or the
cloud wrote, and a view escapes every one of them.
"""

from datetime import datetime

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


Arg = str | int | At | User | Users | Channels


class Sentence(Frozen):
    """A translatable template with named placeholders, such as `{name} is busy`.

    `plural` is the template for counts other than one; it is chosen by the argument `n`.
    """

    template: str
    plural: str = ""
    args: dict[str, Arg] = Field(default_factory=dict)

    def __str__(self) -> str:
        """Return the plain English text, for logs and command lines."""
        template = self.template
        if self.plural and self.args.get("n") != 1:
            template = self.plural
        return template.format(**{name: _plain(arg) for name, arg in self.args.items()})


def say(template: str, **args: Arg) -> Sentence:
    """Make a sentence; `template` is collected into the translation catalogs."""
    return Sentence(template=template, args=args)


def say_many(singular: str, plural: str, n: int, **args: Arg) -> Sentence:
    """Make a sentence that counts; both templates may use `{n}`."""
    return Sentence(template=singular, plural=plural, args={"n": n, **args})


def _plain(arg: Arg) -> str:
    match arg:
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
