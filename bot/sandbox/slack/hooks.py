"""Response URLs: ways to answer a command or a click, five times in half an hour."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.slack.wire import SlackError

# Slack docs, Handling user interaction.
LIFE = 30 * 60.0  # seconds
USES = 5


@dataclass
class Hook:
    """What a response URL belongs to; `source_ts` is the message that was clicked, if any."""

    channel: str
    user: str
    expires: float
    source_ts: str = ""
    source_is_private: bool = False
    thread_ts: str = ""
    uses: int = 0


class Hooks:
    """Gives out response URLs and counts their use."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._given: dict[str, Hook] = {}
        self.base = ""  # the server's own address, known once it listens

    def issue(
        self,
        channel: str,
        user: str,
        *,
        source_ts: str = "",
        source_is_private: bool = False,
        thread_ts: str = "",
    ) -> str:
        """A new response URL."""
        key = secrets.token_hex(16)
        expires = self._wall() + LIFE
        self._given[key] = Hook(channel, user, expires, source_ts, source_is_private, thread_ts)
        return f"{self.base}/hooks/{key}"

    def use(self, key: str) -> Hook:
        """Counts one use.

        Raises:
            SlackError: `used_url` or `expired_url`, HTTP 404.
        """
        hook = self._given.get(key)
        if hook is None or self._wall() > hook.expires:
            raise SlackError("expired_url", status=404)
        if hook.uses >= USES:
            raise SlackError("used_url", status=404)
        hook.uses += 1
        return hook
