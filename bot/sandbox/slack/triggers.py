"""Trigger ids: the short-lived permits to open a form for somebody."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.slack.wire import SlackError

LIFE = 3.0  # seconds; Slack docs, Handling user interaction


@dataclass
class _Trigger:
    user: str
    from_view: bool
    expires: float
    used: bool = False


class Triggers:
    """Gives out and cashes in trigger ids."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._given: dict[str, _Trigger] = {}

    def issue(self, user: str, *, from_view: bool = False) -> str:
        """A new trigger id for what `user` just did."""
        number = int(self._wall() * 1000)
        key = f"{number}.{len(self._given)}.{secrets.token_hex(16)}"
        self._given[key] = _Trigger(user, from_view, self._wall() + LIFE)
        return key

    def use(self, key: str, *, pushes: bool = False) -> str:
        """Cashes in a trigger id; returns the user it stands for.

        Raises:
            SlackError: `invalid_trigger_id` (also for a push that no form started),
                `exchanged_trigger_id` or `expired_trigger_id`.
        """
        trigger = self._given.get(key)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._wall() > trigger.expires:
            raise SlackError("expired_trigger_id")
        if pushes and not trigger.from_view:
            raise SlackError("invalid_trigger_id")
        trigger.used = True
        return trigger.user
