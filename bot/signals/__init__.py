"""Reading a team's own signals of health over HTTP: plain checks, and Prometheus queries."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from ssl import SSLContext
from typing import Annotated
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, ValidationError

from bot.domain.sentence import say
from bot.domain.signal import Check, Query, Reading, Signal, answered, judged, unreachable
from bot.ports import Clock

__all__ = ["HttpSignals"]

POINTS = 20
"""Values asked for over the time that counts."""
SHORTEST_STEP = 1.0
_TIMEOUT = httpx.Timeout(10.0)
_LONGEST_ANSWER = 1_000_000


class _Series(BaseModel):
    values: list[tuple[float, str]] = Field(default_factory=list)


class _Data(BaseModel):
    result: list[_Series]


class _Answer(BaseModel):
    """`GET /api/v1/query_range` (Prometheus docs, HTTP API)."""

    status: Annotated[str, Field(pattern="^success$")]
    data: _Data


class HttpSignals:
    """Implements `bot.ports.Signals`; never raises: what cannot be read is judged as such."""

    def __init__(self, clock: Clock, tls: SSLContext | None = None) -> None:
        """Nothing is asked yet. `tls` is shared with others: each takes long to make."""
        self._clock = clock
        self._http = httpx.AsyncClient(
            timeout=_TIMEOUT, follow_redirects=False, trust_env=False, verify=tls or True
        )

    async def read(
        self, signals: Sequence[Signal], facts: Mapping[str, str]
    ) -> tuple[Reading, ...]:
        """Read all of them at the same time."""
        return tuple(await asyncio.gather(*(self._read(one, facts) for one in signals)))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _read(self, signal: Signal, facts: Mapping[str, str]) -> Reading:
        try:
            if isinstance(signal, Query):
                return judged(signal, await self._values(signal))
            return await self._checked(signal, facts)
        except httpx.HTTPError as error:
            # The error's words may hold the address with what a team put into it.
            return unreachable(signal, type(error).__name__)
        except (ValidationError, ValueError):
            return unreachable(signal, say("the answer is not understood"))

    async def _checked(self, check: Check, facts: Mapping[str, str]) -> Reading:
        url = check.url
        for name, value in facts.items():
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
        async with self._http.stream("GET", url, headers=_headers(check)) as response:
            return answered(check, response.status_code)

    async def _values(self, query: Query) -> list[float]:
        now, over = self._clock().timestamp(), query.over.total_seconds()
        step = max(SHORTEST_STEP, over / POINTS)
        asked: dict[str, str | float] = {
            "query": query.expr,
            "start": now - over,
            "end": now,
            "step": step,
        }
        url = f"{query.prometheus.rstrip('/')}/api/v1/query_range"
        response = await self._http.get(url, params=asked, headers=_headers(query))
        response.raise_for_status()
        if len(response.content) > _LONGEST_ANSWER:
            raise ValueError("too long")
        answer = _Answer.model_validate_json(response.content)
        values = [float(value) for series in answer.data.result for _, value in series.values]
        return [value for value in values if not math.isnan(value)]


def _headers(signal: Signal) -> dict[str, str]:
    if signal.token is None:
        return {}
    return {"Authorization": f"Bearer {signal.token.get_secret_value()}"}
