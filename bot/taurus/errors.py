"""From an answer or a broken connection to a `CloudError`: what is certain, and what to do.

What is certain of a call that changes something:

- It could not connect, or got no place in the pool: it was certainly not sent.
- The vendor refused it in its own words with a 4xx: it was certainly refused.
- Everything else (5xx, a failure of the vendor's own with whatever status, no answer, an answer of
  something in between, a strange success): it may have taken effect, and only looking can tell.

Calls that only read have no effect to be unsure of.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpx

from bot.domain.errors import CloudError, Effect, Reaction
from bot.domain.sentence import Sentence, say
from bot.taurus.reactions import SERVER_FAILURES, react

Mask = Callable[[str], str]
"""Takes secrets out of a text."""

LONGEST_RAW_TEXT = 300
_SHAPES = (
    ("error_code", "error_msg"),
    ("errorCode", "errorMsg"),
    ("code", "message"),
    ("errCode", "externalMessage"),
)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_SERVICE = "DBS."
"""How the codes of TaurusDB itself begin."""
_REFUSALS_OF_ANYBODY = {401, 407}
"""Statuses that mean "not without signing in first", whoever says so."""
_GAVE_UP_WAITING = 408
"""Whoever says so may have passed the request on before."""


class TaurusError(CloudError):
    """A call that failed; `retry_after` seconds if the cloud asked to be left alone so long."""

    retry_after: float | None = None


class Words(NamedTuple):
    """What an error answer says of itself."""

    code: str
    message: str


def read_words(response: httpx.Response) -> Words | None:
    """Read code and message in any of the known shapes; None if the vendor did not write this."""
    try:
        body = response.json()
    except ValueError:
        return None
    return _find_words(body) if isinstance(body, dict) else None


def refused(
    response: httpx.Response, *, unclear: Sentence | None = None, mask: Mask = str
) -> TaurusError:
    """Judge an answer that is no success.

    `unclear` is what a person reads if the call may have taken effect; None for calls that only
    read.
    """
    words = read_words(response)
    code, message = words or Words("", _raw_text(response))
    reaction, sentence = react(response.status_code, code, message)
    doubt = None if _is_certain(response.status_code, words) else unclear
    return _error(response, Words(code, mask(message)), reaction, sentence, doubt)


def unreadable(
    response: httpx.Response, *, unclear: Sentence | None = None, mask: Mask = str
) -> TaurusError:
    """Judge a success whose body is not what was promised."""
    code, message = read_words(response) or Words("", _raw_text(response))
    sentence = say(
        "The cloud answered something that the bot cannot read. No database was changed by asking."
        " Try again in a few minutes; if it lasts, check what stands between the bot and the cloud."
    )
    return _error(response, Words(code, mask(message)), Reaction.BACK_OFF, sentence, unclear)


def endless() -> TaurusError:
    """Judge a list that goes on and on."""
    sentence = say(
        "The cloud's list has no end, so nothing is concluded from it. No database was changed by"
        " asking. Whoever runs the bot has to check what stands between the bot and the cloud."
    )
    return TaurusError(sentence, effect=Effect.REFUSED, reaction=Reaction.OPERATIONS)


def not_success(resp: str, response: httpx.Response, unclear: Sentence) -> TaurusError:
    """Judge an upgrade that was answered with 2xx, but with another word than `success`."""
    return _error(response, Words("", resp), Reaction.OPERATIONS, unclear, unclear)


def doubt_rows(error: TaurusError) -> None:
    """Judge anew a refusal of several rows: the service may have looked at each by itself.

    What the gateway refuses never reached the service, so it holds for every row.
    """
    if error.effect is Effect.REFUSED and error.code.startswith(_SERVICE):
        error.effect = Effect.IN_PART


def unanswered(
    error: httpx.HTTPError, host: str, *, unclear: Sentence | None = None, mask: Mask = str
) -> TaurusError:
    """Judge a call that got no answer."""
    message = mask(f"{type(error).__name__}: {error}".removesuffix(": "))
    if isinstance(error, _NEVER_SENT):
        return _never_sent(message, host)
    if unclear is not None:
        return TaurusError(
            unclear, effect=Effect.UNCLEAR, reaction=Reaction.OPERATIONS, message=message
        )
    sentence = say(
        "{host} did not answer properly or in time. No database was changed by asking. Try again in"
        " a few minutes.",
        host=host,
    )
    return TaurusError(sentence, effect=Effect.REFUSED, reaction=Reaction.BACK_OFF, message=message)


def kept_back() -> TaurusError:
    """Judge a call whose turn came too late, so that it was not made."""
    sentence = say(
        "The request had to wait for so long that the bot did not send it any more. No database was"
        " changed. The bot asks anew by itself."
    )
    return TaurusError(sentence, effect=Effect.NOT_SENT, reaction=Reaction.WAIT)


def request_id(headers: Mapping[str, str]) -> str:
    """Return the id under which the vendor's support finds a call; IAM has its own header."""
    return headers.get("X-Request-Id", "") or headers.get("X-IAM-Trace-Id", "")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After, seconds or a date, as seconds; None if absent or nonsense."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return max(wait, timedelta(0)).total_seconds()


def _find_words(body: Mapping[str, Any]) -> Words | None:
    for code, message in _SHAPES:
        if code in body and message in body:
            return Words(str(body[code]), str(body[message]))
    nested = (_find_words(value) for value in body.values() if isinstance(value, dict))
    return next((words for words in nested if words), None)


def _raw_text(response: httpx.Response) -> str:
    return response.text[:LONGEST_RAW_TEXT].strip() or response.reason_phrase


def _is_certain(status: int, words: Words | None) -> bool:
    if status in _REFUSALS_OF_ANYBODY:
        return True
    if words is None or words.code in SERVER_FAILURES or status == _GAVE_UP_WAITING:
        return False
    return httpx.codes.is_client_error(status)


def _never_sent(message: str, host: str) -> TaurusError:
    if "CERTIFICATE_VERIFY_FAILED" in message:
        sentence = say(
            "{host} did not prove who it is: its certificate is not trusted. Nothing was sent and"
            " no database was changed. Whoever runs the bot has to check the endpoint and what"
            " stands between.",
            host=host,
        )
        reaction = Reaction.OPERATIONS
    else:
        sentence = say(
            "{host} cannot be reached, so nothing was sent and no database was changed. Check the"
            " network and the endpoint, then try again.",
            host=host,
        )
        reaction = Reaction.BACK_OFF
    return TaurusError(sentence, effect=Effect.NOT_SENT, reaction=reaction, message=message)


def _error(
    response: httpx.Response,
    words: Words,
    reaction: Reaction,
    sentence: Sentence,
    doubt: Sentence | None,
) -> TaurusError:
    error = TaurusError(
        doubt or sentence,
        effect=Effect.UNCLEAR if doubt else Effect.REFUSED,
        reaction=Reaction.OPERATIONS if doubt else reaction,
        code=words.code,
        message=words.message,
        status=response.status_code,
        request_id=request_id(response.headers),
    )
    error.retry_after = retry_after(response.headers)
    return error
