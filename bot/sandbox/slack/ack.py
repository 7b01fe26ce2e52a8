"""What became of a delivery to the bot."""

from dataclasses import dataclass

from bot.sandbox.slack.wire import Json

# What the asker is shown when the bot failed; Slack docs, Slash commands.
TIMEOUT = "operation_timeout"
DISPATCH_FAILED = "dispatch_failed"


@dataclass(frozen=True)
class Ack:
    """The bot's acknowledgement with what it answered at once, or why there was none."""

    error: str = ""
    body: Json | None = None


@dataclass(frozen=True)
class Delivery:
    """A payload for the bot.

    Attributes:
        kind: `slash_commands`, `interactive` or `events_api`.
        payload: as the bot reads it.
        retry: the number of the retry, 0 for the first attempt.
        reason: why it is repeated, such as `http_timeout`.
        age: seconds since it was signed (HTTP mode).
    """

    kind: str
    payload: Json
    retry: int = 0
    reason: str = ""
    age: int = 0
