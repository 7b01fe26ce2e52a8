"""`[[calendars]]`: what a policy file says of calendars with freezes that others keep."""

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StrictStr,
    field_validator,
    model_validator,
)

from bot.domain.feed import Source
from bot.settings.reading import is_safe_url

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_LIBRARIES = {"icalendar": "icalendar>=7", "recurring_ical_events": "recurring-ical-events>=3.8"}
_ADDRESS = "use an address such as https://host/freezes.ics; http:// is for loopback only"


class CalendarTable(BaseModel):
    """One calendar: an address, or a file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: StrictStr = Field(min_length=1, max_length=60)
    url: StrictStr = ""
    """The address, or the name of the variable that holds it: many are secrets."""
    path: StrictStr = ""
    token: StrictStr = ""
    """Name of the variable that holds a bearer token."""
    zone: StrictStr = "UTC"
    environments: tuple[StrictStr, ...] = ()
    """None: all."""
    unreachable: Literal["closed", "open"] = "closed"

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not _VARIABLE.fullmatch(value) and not is_safe_url(value, query=True):
            raise ValueError(f"{_ADDRESS}, or name the variable that holds it")
        return value

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (KeyError, OSError, ValueError):
            raise ValueError(f"{value!r} is no time zone; use one such as Asia/Shanghai") from None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if bool(self.url) == bool(self.path):
            raise ValueError("a calendar has either url or path")
        return self

    def mistakes(self, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Find what is wrong with the variables that it refers to: the key, and what to do."""
        for key, name in (("url", self.url), ("token", self.token)):
            if name and (key == "token" or _VARIABLE.fullmatch(name)) and not environ.get(name):
                yield key, f"the variable {name} is not set"
        address = self._address(environ)
        if address and not is_safe_url(address, query=True):
            yield "url", f"the variable {self.url} holds no address; {_ADDRESS}"

    def _address(self, environ: Mapping[str, str]) -> str:
        return environ.get(self.url, "").strip() if _VARIABLE.fullmatch(self.url) else self.url

    def to_source(self, environ: Mapping[str, str]) -> Source:
        """Say it in the domain's words."""
        return Source(
            name=self.name,
            url=SecretStr(self._address(environ)) if self.url else None,
            path=self.path,
            token=SecretStr(environ[self.token]) if environ.get(self.token) else None,
            zone=self.zone,
            unreachable=self.unreachable,
        )


def lacking_libraries() -> str:
    """Tell what has to be installed before calendars can be read; empty if nothing has."""
    missing = [f"'{wanted}'" for name, wanted in _LIBRARIES.items() if find_spec(name) is None]
    if not missing:
        return ""
    return f"calendars need the extra `calendar`: pip install {' '.join(missing)}"
