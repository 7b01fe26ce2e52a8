"""Where a change is shown in Slack."""

from enum import StrEnum

from bot.domain.model import Frozen


class Role(StrEnum):
    """What a message about a change is for."""

    CARD = "card"
    """The one card, in the channel where the change was asked for."""
    NOTICE = "notice"
    """A short notice in a channel of people who only watch."""
    DIRECT = "direct"
    """A copy of the card for an approver who is not in its channel."""


class Card(Frozen):
    """Where a change is shown, and how much of the story Slack has seen there."""

    id: int
    change: int
    role: Role = Role.CARD
    channel: str
    """Of a copy that was not posted yet, the approver's own id."""
    person: str = ""
    """Whom a copy is for; empty where everybody reads."""
    ts: str = ""
    drawn_version: int = -1
    told_seq: int = 0
    """The last entry of the story that became a thread line."""
    drawn: str = ""
    """Digest of the message as it was drawn last: what looks the same is not sent again."""
    trouble: str = ""
    """Why Slack refuses the card at present, in Slack's word; empty if it does not."""
