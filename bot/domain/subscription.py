"""Channels that subscribe to a tag: they hear only of changes of databases that carry it.

Written as `tag:team=payments -> C0PAY`, beside the ids of channels that hear of every change.
"""

import re
from collections.abc import Mapping

from bot.domain.model import Frozen

EXAMPLE = "tag:team=payments -> C0123ABCD"
CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")
_SHOWN = 24
_FORM = re.compile(r"tag:(?P<key>[^=]*?)=(?P<value>.*?)\s*(?:->|→)\s*(?P<channel>\S*)")


class Subscription(Frozen):
    """One channel and the tag whose databases it owns."""

    key: str
    value: str
    channel: str

    def __str__(self) -> str:
        """Return it as it is written in settings."""
        return f"tag:{self.key}={self.value} -> {self.channel}"

    def covers(self, tags: Mapping[str, str]) -> bool:
        """Whether a database with these tags is meant."""
        return tags.get(self.key) == self.value


def parse_notify(text: str) -> str | Subscription:
    """Read one entry of who is notified: a channel for everything, or a subscription.

    Raises:
        ValueError: it is neither; the message says what to write instead.
    """
    if CHANNEL.fullmatch(text):
        return text
    if not text.startswith("tag:"):
        # What is longer than an id may be a secret in the wrong place.
        shown = repr(text) if len(text) <= _SHOWN else "an entry"
        raise ValueError(f"{shown} is not an id; use ids such as C0123ABCD, or {EXAMPLE!r}")
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no subscription; write it like {EXAMPLE!r}")
    key, value, channel = match["key"].strip(), match["value"].strip(), match["channel"]
    if not key or not value:
        raise ValueError(f"{text!r} names no tag; write it like {EXAMPLE!r}")
    if not CHANNEL.fullmatch(channel):
        raise ValueError(f"{text!r} names no channel; write it like {EXAMPLE!r}")
    return Subscription(key=key, value=value, channel=channel)
