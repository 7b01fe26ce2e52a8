"""Slack's rate limits as token buckets."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.slack.wire import SlackError

# Slack docs, Rate limits: calls a minute. "Tier 4" and "special" tolerate bursts.
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
POST_BURST = 5  # short bursts above one message a second and channel are tolerated


@dataclass
class _Bucket:
    capacity: float
    per_second: float
    tokens: float
    at: float

    def wait(self, now: float) -> float:
        """Takes one token; answers the seconds to wait when there is none."""
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        if self.tokens < 1:
            return (1 - self.tokens) / self.per_second
        self.tokens -= 1
        return 0


class Rates:
    """Counts calls: a method for the whole workspace, posts for each channel."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def count(self, method: str, tier: int) -> None:
        """Counts a call of `method`.

        Raises:
            SlackError: `ratelimited`, HTTP 429 with `Retry-After`.
        """
        self._take((method, ""), TIERS[tier], TIERS[tier] / 60)

    def count_post(self, channel: str) -> None:
        """Counts a message posted to `channel`: one a second, short bursts aside."""
        self._take(("post", channel), POST_BURST, 1)

    def _take(self, key: tuple[str, str], capacity: float, per_second: float) -> None:
        now = self._clock()
        if key not in self._buckets:
            self._buckets[key] = _Bucket(capacity, per_second, capacity, now)
        wait = self._buckets[key].wait(now)
        if wait:
            raise too_many(math.ceil(wait))


def too_many(retry_after: int) -> SlackError:
    """The refusal of a call that came too soon; `retry_after` in seconds."""
    return SlackError("ratelimited", status=429, headers={"Retry-After": str(retry_after)})
