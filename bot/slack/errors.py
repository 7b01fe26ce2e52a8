"""What went wrong in a call to Slack, told as the port's `ChatError`.

The question that matters for a message is whether it may have been posted all the same: a
connection that never stood and a clear refusal say no; everything else leaves it open.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.ports import ChatError

AWAY = 5.0
"""Seconds until Slack is worth another try when it does not say so itself."""

# Slack docs, "Errors" of every method: both may come after some part of the call took effect.
_MAYBE_DONE = frozenset({"fatal_error", "internal_error"})
_PASSING = frozenset(
    {"accesslimited", "request_timeout", "service_unavailable", "team_added_to_org"}
)
_TOO_MANY = frozenset({"ratelimited", "rate_limited"})
_HTTP_TOO_MANY = 429
_HTTP_SERVER_ERROR = 500
_HTTP_OK = 200


class TokenError(ValueError):
    """A token or secret that Slack does not take; names the setting, never shows its value."""


def chat_error(error: Exception) -> ChatError:
    """Tell what a failed call means."""
    if isinstance(error, SlackApiError):
        return _refusal(error.response)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return ChatError("no_answer", retry_after=AWAY)  # the request never left
    return ChatError("no_answer", retry_after=AWAY, unclear=True)


def refusal(status: int, code: str, headers: Mapping[str, str]) -> ChatError:
    """Tell what an answer other than yes means; `code` is Slack's word, if it said one."""
    if status == _HTTP_TOO_MANY or code in _TOO_MANY:
        return ChatError("ratelimited", retry_after=_seconds(headers.get("Retry-After", "")))
    if status >= _HTTP_SERVER_ERROR or code in _MAYBE_DONE:
        return ChatError(code or f"http_{status}", retry_after=AWAY, unclear=True)
    if code in _PASSING:
        return ChatError(code, retry_after=AWAY)
    if code:
        return ChatError(code)
    # A page of some proxy. With status 200 nobody can say what Slack made of the call.
    return ChatError(f"http_{status}", retry_after=AWAY, unclear=status == _HTTP_OK)


def _refusal(response: Any) -> ChatError:  # noqa: ANN401 - the SDK hands over one of two types
    # The SDK's own response, or aiohttp's where the body was not the JSON it claimed to be.
    status: int = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    data = getattr(response, "data", None)
    code = data.get("error", "") if isinstance(data, dict) else ""
    return refusal(status, str(code), response.headers)


def _seconds(header: str) -> float:
    with contextlib.suppress(ValueError):
        return max(1.0, float(header))
    return AWAY
