"""The story of a change: every fact about it, in order, in words.

One record is both: a row of the audit chain, and, if it is `told`, a line in the card's thread.
"""

from datetime import datetime

from pydantic import Field

from bot.domain.model import Frozen
from bot.domain.sentence import Sentence


class Record(Frozen):
    """One fact: who did what, when and why."""

    at: datetime
    actor: str
    """A Slack user id, or `bot` or `cloud`."""
    kind: str
    """A word of the vocabulary, such as `approve`, `answer`, `halt`."""
    sentence: Sentence
    told: bool = False
    """Whether it becomes a line in the card's thread."""
    more: tuple[Sentence, ...] = ()
    """What belongs to it, each below the sentence: the note on an instance, what has changed."""
    verbatim: str = ""
    """Words of the cloud, shown unchanged below the sentence."""
    data: dict[str, str] = Field(default_factory=dict)
    """Ids that tie it to other systems: request id, seal, batch."""


class Entry(Frozen):
    """A record in its place: which change, which number in the whole chain."""

    seq: int
    change: int | None
    record: Record
    hash: str
