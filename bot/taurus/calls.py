"""One call of the API: paced, authenticated, judged, reported and, if harmless, repeated."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import httpx
from pydantic import BaseModel, ValidationError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from bot.domain.errors import Effect, Reaction
from bot.domain.sentence import Sentence
from bot.ports import Clock, Sleep
from bot.taurus import errors
from bot.taurus.config import Limits
from bot.taurus.pace import Pace
from bot.taurus.signing import encode_query

OPTIONAL_WITHIN = 10.0
"""Seconds until an optional answer is done without."""
LONGEST_WAIT = 60.0
"""Seconds. A longer Retry-After is not waited for: the caller is told at once."""
USER_AGENT = "taurus-upgrade-bot"

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")


class Operation(NamedTuple):
    """What is called.

    `unclear` is what a person reads when nobody knows whether the call took effect. It is None
    for calls that change nothing; only those are repeated once they may have been sent.
    """

    name: str
    method: str
    unclear: Sentence | None = None
    is_optional: bool = False
    """Whether people should rather do without it than wait: it is asked once, and not for long."""


class Request(NamedTuple):
    """One request: `url` without the query, pairs in any order, a body to be sent as JSON.

    After `until` it must not leave any more; None: it may whenever its turn comes.
    """

    operation: Operation
    url: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    until: datetime | None = None


class Call(NamedTuple):
    """A report of one call on the wire, for metrics and logs; it carries no secret."""

    operation: str
    outcome: str
    """The HTTP status, or the name of what broke."""
    seconds: float
    request_id: str = ""
    answered_at: datetime | None = None
    """The cloud's own clock, where it told it."""


OnCall = Callable[[Call], None]
"""Is told of every call; must not raise."""


class Caller:
    """Makes calls with one set of credentials."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        limits: Limits,
        *,
        clock: Clock,
        sleep: Sleep,
        random: Callable[[], float],
        on_call: OnCall,
    ) -> None:
        """`random` gives numbers from 0 up to 1."""
        self._http = http
        self._limits = limits
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._on_call = on_call
        self._pace = Pace(limits, clock=clock, sleep=sleep)
        self.mask: errors.Mask = str

    async def ask(
        self, request: Request, model: type[Model], auth: httpx.Auth
    ) -> tuple[Model, httpx.Response]:
        """Make a call and read its answer, again if that is harmless and promising.

        Raises `TaurusError`.
        """

        async def attempt() -> tuple[Model, httpx.Response]:
            async with self._pace.place(is_write=request.operation.unclear is not None):
                if request.until is not None and self._clock() > request.until:
                    raise errors.kept_back()
                response = await self.once(request, auth)
            return self.read(request, response, model), response

        return await self.repeat(request.operation, attempt)

    async def repeat(
        self, operation: Operation, attempt: Callable[[], Awaitable[Result]]
    ) -> Result:
        """Try until it succeeds, is not worth repeating, or was tried often enough.

        After each try the wait doubles, from 1 s up to 60 s, and half of it is random.
        """
        again = AsyncRetrying(
            stop=stop_after_attempt(self._limits.tries),
            retry=retry_if_exception(_worth_repeating(operation)),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        return await again(attempt)

    async def once(self, request: Request, auth: httpx.Auth | None = None) -> httpx.Response:
        """Make a call without waiting for a place. Raises `TaurusError`."""
        started_at = self._clock()
        try:
            response = await self._send(request, auth)
        except httpx.HTTPError as error:
            self._report(request, started_at, type(error).__name__)
            host = httpx.URL(request.url).host
            unclear = request.operation.unclear
            raise errors.unanswered(error, host, unclear=unclear, mask=self.mask) from error
        self._report(request, started_at, str(response.status_code), response)
        if not response.is_success:
            raise errors.refused(response, unclear=request.operation.unclear, mask=self.mask)
        return response

    def read(self, request: Request, response: httpx.Response, model: type[Model]) -> Model:
        """Read an answer. Raises `TaurusError` if it is not what was promised."""
        try:
            return model.model_validate_json(response.content)
        except ValidationError:
            # Not chained: the error quotes the answer, which may be anything.
            unclear = request.operation.unclear
            raise errors.unreadable(response, unclear=unclear, mask=self.mask) from None

    async def _send(self, request: Request, auth: httpx.Auth | None) -> httpx.Response:
        query = encode_query(request.query)
        url = f"{request.url}?{query}" if query else request.url
        content, kind = None, "application/json"
        if request.body is not None:
            content, kind = json.dumps(request.body).encode(), "application/json;charset=utf-8"
        headers = {"Content-Type": kind, **request.headers}
        method, timeout = request.operation.method, self._http.timeout
        if request.operation.is_optional:
            read = min(OPTIONAL_WITHIN, timeout.read or OPTIONAL_WITHIN)
            timeout = httpx.Timeout(**{**timeout.as_dict(), "read": read})
        return await self._http.request(
            method, url, content=content, headers=headers, auth=auth, timeout=timeout
        )

    def _report(
        self,
        request: Request,
        started_at: datetime,
        outcome: str,
        response: httpx.Response | None = None,
    ) -> None:
        seconds = (self._clock() - started_at).total_seconds()
        headers = httpx.Headers() if response is None else response.headers
        self._on_call(
            Call(
                request.operation.name,
                outcome,
                seconds,
                errors.request_id(headers),
                _date(headers.get("Date", "")),
            )
        )

    def _wait(self, state: RetryCallState) -> float:
        longest = min(LONGEST_WAIT, 2.0 ** (state.attempt_number - 1))
        wait = longest / 2 + self._random() * longest / 2
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, errors.TaurusError) else None
        return max(wait, asked or 0.0)


def _worth_repeating(operation: Operation) -> Callable[[BaseException], bool]:
    def decide(error: BaseException) -> bool:
        if not isinstance(error, errors.TaurusError) or error.reaction is not Reaction.BACK_OFF:
            return False
        if operation.is_optional:
            return False
        if operation.unclear is not None and error.effect is not Effect.NOT_SENT:
            return False
        return (error.retry_after or 0.0) <= LONGEST_WAIT

    return decide


@lru_cache(maxsize=8)  # the same for every answer within a second, and slow to read
def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
