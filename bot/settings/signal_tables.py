"""`[[environments.NAME.signals]]`: what a policy file says of signals of health."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from bot.domain.duration import parse_duration
from bot.domain.signal import Check, Query, Signal
from bot.settings.reading import is_safe_url

LONGEST = timedelta(days=31)


def read_duration(value: object) -> timedelta:
    """Read a duration of a policy file."""
    try:
        found = parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found > LONGEST:
        raise ValueError('use a duration such as "10s", "30m" or "2h", at most 31d')
    return found


def _url(value: object) -> str:
    if not isinstance(value, str) or not is_safe_url(value, query=True):
        raise ValueError("use an address such as https://host/path; http:// is for loopback only")
    return value


_Url = Annotated[str, BeforeValidator(_url)]
_Limit = StrictFloat | StrictInt


class SignalTable(BaseModel):
    """One signal: an address that answers 200, or a Prometheus expression with a limit."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: StrictStr = Field(min_length=1, max_length=60)
    url: _Url | None = None
    prometheus: _Url | None = None
    expr: StrictStr = ""
    above: _Limit | None = None
    below: _Limit | None = None
    over: Annotated[timedelta, BeforeValidator(read_duration)] = timedelta(minutes=5)
    token: StrictStr = ""
    """Name of the variable that holds a bearer token."""
    unreachable: Literal["bad", "good"] = "bad"

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.url is None) == (self.prometheus is None):
            raise ValueError("a signal has either url, or prometheus with expr and a limit")
        if self.prometheus and not (self.expr and (self.above, self.below) != (None, None)):
            raise ValueError("a Prometheus signal needs expr, and above or below")
        return self

    def missing(self, environ: Mapping[str, str]) -> str:
        """Name of the variable that is referred to and not set; empty if all is there."""
        return self.token if self.token and not environ.get(self.token) else ""

    def to_signal(self, environ: Mapping[str, str]) -> Signal:
        """Say it in the domain's words."""
        token = SecretStr(environ[self.token]) if environ.get(self.token) else None
        if self.url is not None:
            return Check(name=self.name, url=self.url, token=token, unreachable=self.unreachable)
        return Query(
            name=self.name,
            prometheus=self.prometheus or "",
            expr=self.expr,
            above=self.above,
            below=self.below,
            over=self.over,
            token=token,
            unreachable=self.unreachable,
        )
