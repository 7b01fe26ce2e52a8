"""What waits to be done, and who is at it: for whoever watches the bot from outside."""

from datetime import timedelta
from typing import Literal

from bot.domain.change import State
from bot.domain.model import Frozen

Kind = Literal["deliveries", "changes", "cards"]


class Queue(Frozen):
    """One kind of work at a moment."""

    length: int = 0
    """How much of it could be begun now."""
    lag: timedelta = timedelta()
    """How long the oldest of it has waited."""
    leased: int = 0
    """How much of it some process is at."""


class Backlog(Frozen):
    """All of it."""

    queues: dict[Kind, Queue]
    open_changes: dict[State, int]
    replicas: int
    """Processes that are at something."""
