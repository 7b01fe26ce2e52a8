"""Who somebody is, as far as the rules care."""

from datetime import datetime

from bot.domain.model import Frozen


class Person(Frozen):
    """Who somebody is, as far as the bot cares."""

    id: str
    name: str
    zone: str
    """IANA name of their time zone."""
    language: str = "en"
    is_bot: bool = False
    is_active: bool = True
    is_foreign: bool = False
    """Of another workspace (Slack Connect)."""


class Group(Frozen):
    """The members of a user group, as far as Slack tells."""

    users: frozenset[str]
    read_at: datetime
    is_stale: bool = False
    """Whether Slack did not answer when it should have been read again."""
