"""Signals of health that a team chooses itself: what is asked between waves, and what is bad."""

from datetime import timedelta
from typing import Literal

from pydantic import SecretStr

from bot.domain.change import Change
from bot.domain.model import Frozen
from bot.domain.sentence import Sentence, say


class Check(Frozen):
    """An address that answers 200 as long as all is well."""

    name: str
    url: str
    """May hold `{change}`, `{environment}` and `{wave}`."""
    token: SecretStr | None = None
    """What `Authorization: Bearer` carries, if anything."""
    unreachable: Literal["bad", "good"] = "bad"


class Query(Frozen):
    """A Prometheus expression and the values that are bad."""

    name: str
    prometheus: str
    """Base address, such as `https://prometheus.example.com`."""
    expr: str
    above: float | None = None
    below: float | None = None
    over: timedelta = timedelta(minutes=5)
    """How far back values count: one bad moment in this time is enough."""
    token: SecretStr | None = None
    unreachable: Literal["bad", "good"] = "bad"


Signal = Check | Query
_OK = 200


class Reading(Frozen):
    """What a signal said."""

    signal: str
    is_good: bool
    words: Sentence


def parameters(change: Change, wave: int) -> dict[str, str]:
    """Give the facts of a change that an address may hold."""
    return {"change": change.id, "environment": change.environment, "wave": str(wave)}


def unreachable(signal: Signal, why: str | Sentence) -> Reading:
    """Judge a signal that could not be read: in doubt, bad."""
    return Reading(
        signal=signal.name,
        is_good=signal.unreachable == "good",
        words=say("{signal} cannot be read: {why}", signal=signal.name, why=why),
    )


def answered(check: Check, status: int) -> Reading:
    """Judge the answer of an address: 200 is good, everything else is bad."""
    words = say("{signal} answered {status}.", signal=check.name, status=status)
    return Reading(signal=check.name, is_good=status == _OK, words=words)


def judged(query: Query, values: list[float]) -> Reading:
    """Judge the values of the last minutes; the worst one decides."""
    if not values:
        return unreachable(query, "no data")
    if query.above is not None and max(values) > query.above:
        words = say(
            "{signal} was {value}, above {limit}.",
            signal=query.name,
            value=f"{max(values):g}",
            limit=f"{query.above:g}",
        )
        return Reading(signal=query.name, is_good=False, words=words)
    if query.below is not None and min(values) < query.below:
        words = say(
            "{signal} was {value}, below {limit}.",
            signal=query.name,
            value=f"{min(values):g}",
            limit=f"{query.below:g}",
        )
        return Reading(signal=query.name, is_good=False, words=words)
    words = say("{signal} is {value}.", signal=query.name, value=f"{values[-1]:g}")
    return Reading(signal=query.name, is_good=True, words=words)
