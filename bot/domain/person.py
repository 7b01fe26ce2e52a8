"""Who somebody is, as far as the rules care."""

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
