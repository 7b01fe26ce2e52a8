"""How much one person may ask for: whoever floods the bot must not keep others from being heard.

What goes beyond is refused with a word instead of an acknowledgement of work, so nothing that was
taken is lost. It is counted in each process; several of them allow so much more.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple

from slack_bolt.async_app import AsyncAck
from slack_bolt.response import BoltResponse

from bot.ports import Clock
from bot.slack import answers, payloads
from bot.slack.account import Payload
from bot.slack.forms import drawn
from bot.slack.voice import Voice
from bot.watch import Watch

BURST = 60
"""So many at once: more than a person types, and than the retries of an outage bring."""
PER_SECOND = 1.0
"""What comes back."""
MOST_PEOPLE = 10_000
"""Who is remembered at the same time; those who have all of it again are forgotten first."""
_FREE = frozenset({"options", "other"})
"""Letters typed into a menu, and forms that are closed: nothing of it is stored."""


class _Left(NamedTuple):
    tokens: float
    at: datetime
    refused: int


class Allowance:
    """A bucket of tokens for each person."""

    def __init__(self, *, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        """Everybody begins with the whole burst."""
        self._burst = burst
        self._per_second = per_second
        self._left: dict[str, _Left] = {}

    def refusals(self, person: str, now: datetime) -> int:
        """Take a token: 0 if there was one, else how many were refused in a row."""
        if len(self._left) > MOST_PEOPLE:
            self._forget(now)
        tokens = self._tokens(person, now)
        known = self._left.get(person)
        if tokens >= 1:
            self._left[person] = _Left(tokens - 1, now, 0)
            return 0
        refused = 1 + (known.refused if known else 0)
        self._left[person] = _Left(tokens, now, refused)
        return refused

    def _tokens(self, person: str, now: datetime) -> float:
        known = self._left.get(person)
        if known is None:
            return float(self._burst)
        # A clock that was set back brings nothing, and takes nothing.
        passed = max(0.0, (now - known.at).total_seconds())
        return min(self._burst, known.tokens + passed * self._per_second)

    def _forget(self, now: datetime) -> None:
        self._left = {
            person: left
            for person, left in self._left.items()
            if self._tokens(person, now) < self._burst
        }


Next = Callable[[], Awaitable[None]]
Middleware = Callable[[AsyncAck, Payload, Next], Awaitable[BoltResponse | None]]


def keep_to(allowance: Allowance, clock: Clock, voice: Voice, watch: Watch) -> Middleware:
    """Make the step that turns away whoever asks too fast, before anything is stored."""

    async def not_too_fast(
        ack: AsyncAck,
        body: Payload,
        next: Next,  # noqa: A002 - Bolt's
    ) -> BoltResponse | None:
        kind, user = payloads.kind_of(body), payloads.user_of(body)
        if kind in _FREE or not user or not (times := allowance.refusals(user, clock())):
            await next()
            return None
        watch.on_command(kind, "too_fast")
        # Those without an answer of their own are told once: more words would be a flood, too.
        if kind not in {"call", "submission"} and times == 1:
            voice.whisper(body, answers.TOO_FAST)
        return await ack(**_refusal(kind, body, voice))

    return not_too_fast


def _refusal(kind: str, body: Payload, voice: Voice) -> dict[str, Any]:
    user = payloads.user_of(body)
    if kind == "call":
        return {"text": voice.words(answers.TOO_FAST, user)}
    if kind == "submission":
        return _kept_open(body, voice, user)
    return {}


def _kept_open(body: Payload, voice: Voice, user: str) -> dict[str, Any]:
    """Leave what was typed on the screen."""
    fields = payloads.fields_of(body)
    if fields:
        words = voice.words(answers.TOO_FAST, user)
        return {"response_action": "errors", "errors": {fields[0]: words}}
    return {"response_action": "update", "view": drawn(voice.notice(answers.TOO_FAST, user))}
