"""What a table `[environments.NAME]` or `[[freezes]]` of the policy file may say."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
)

from bot.domain.subscription import CHANNEL, Subscription, parse_notify
from bot.domain.windows import Window, WindowError, parse_times, parse_window
from bot.settings.signal_tables import SignalTable, read_duration
from bot.settings.variables import APPROVERS, PEOPLE


def _some_time(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise ValueError("use a duration longer than nothing")
    return value


def _windows(value: object) -> tuple[Window, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('use a list such as ["Mon-Thu 22:00-04:00 Asia/Shanghai"]')
    try:
        return tuple(parse_window(one) for one in value)
    except WindowError as error:
        raise ValueError(str(error)) from None


def _times(value: object) -> Window:
    try:
        return parse_times(str(value))
    except WindowError as error:
        raise ValueError(str(error)) from None


def _notify(value: object) -> tuple[str | Subscription, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('use a list such as ["C0123ABCD", "tag:team=payments -> C0456EFGH"]')
    return tuple(dict.fromkeys(map(parse_notify, value)))


def _ids(pattern: re.Pattern[str], example: str) -> BeforeValidator:
    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise ValueError(f'use a list of ids such as ["{example}"]')  # noqa: TRY004 - pydantic's way
        for one in value:
            if not isinstance(one, str) or not pattern.fullmatch(one):
                raise ValueError(f"{one!r} is not an id; use ids such as {example}")
        return tuple(dict.fromkeys(value))

    return BeforeValidator(read)


def _rings(value: object) -> tuple[str, ...]:
    tags = value if isinstance(value, list) else []
    if not tags or not all(isinstance(one, str) and re.fullmatch(".+=.+", one) for one in tags):
        raise ValueError('use a list of tags in their order, such as ["ring=canary", "ring=early"]')
    if len(set(tags)) < len(tags):
        raise ValueError("a ring is named twice; name each once, in the order in which they go")
    return tuple(tags)


_People = Annotated[tuple[str, ...], _ids(PEOPLE, "S0123ABCD")]
_Approvers = Annotated[tuple[str, ...], _ids(APPROVERS, "S0123ABCD or pagerduty:schedule:P0123AB")]
_Channels = Annotated[tuple[str, ...], _ids(CHANNEL, "C0123ABCD")]
_Notify = Annotated[tuple[str | Subscription, ...], BeforeValidator(_notify)]
_Duration = Annotated[timedelta, BeforeValidator(read_duration)]
_Wait = Annotated[timedelta, BeforeValidator(read_duration), AfterValidator(_some_time)]
_Rings = Annotated[tuple[str, ...], BeforeValidator(_rings)]
_Windows = Annotated[tuple[Window, ...], BeforeValidator(_windows)]


class MoreApprovalsTable(BaseModel):
    """One line of `more_approvals`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    approvals: StrictInt = Field(ge=2, le=20)
    instances: StrictInt = Field(default=1, ge=1, le=100_000)
    path: Literal["two_phase", "several_rounds"] | None = None


class EnvironmentTable(BaseModel):
    """One `[environments.NAME]`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    region: StrictStr = ""
    project_id: StrictStr = ""
    credentials: StrictStr = Field(default="", pattern=r"^([A-Z][A-Z0-9_]*_)?$")
    channels: _Channels = ()
    requesters: _People = ()
    approvers: _Approvers = ()
    approvals: StrictInt = Field(default=1, ge=1, le=20)
    more_approvals: tuple[MoreApprovalsTable, ...] = ()
    self_approval: StrictBool = False
    reschedule_keeps_approvals: StrictBool = False
    approval_ttl: _Wait = timedelta(hours=24)
    protected: StrictBool = False
    windows: _Windows = ()
    notify: _Notify = ()
    wave_size: StrictInt = Field(default=0, ge=0, le=1000)
    digest: Annotated[Window | None, BeforeValidator(_times)] = None
    soak: _Duration = timedelta()
    rings: _Rings = ()
    one_at_a_time: StrictStr = Field(default="", max_length=128)
    halt_after_failures: StrictInt = Field(default=1, ge=1, le=1000)
    slow_after: _Wait | None = None
    signals: tuple[SignalTable, ...] = ()
    poll_interval: _Wait = timedelta(seconds=10)
    verify_timeout: _Wait = timedelta(hours=2)


def _window(value: object) -> Window:
    try:
        return parse_window(str(value))
    except WindowError as error:
        raise ValueError(str(error)) from None


class FreezeTable(BaseModel):
    """One `[[freezes]]`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    when: Annotated[Window, BeforeValidator(_window)]
    reason: StrictStr = Field(min_length=1, max_length=300)
    environments: tuple[StrictStr, ...] = ()
    """None: all."""
