"""The policy file: several environments and the rules of each, as TOML.

Every mistake is told at once, with the line it stands on. Values are checked as strictly as the
variables are: what is not understood must not switch a rule off.
"""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bot.domain.arguments import did_you_mean
from bot.domain.duty import is_source
from bot.domain.environment import Environment, MoreApprovals
from bot.domain.freeze import RecurringFreeze
from bot.domain.subscription import Subscription
from bot.settings.calendar_tables import CalendarTable, lacking_libraries
from bot.settings.cloud import Cloud, Wanted, read_cloud
from bot.settings.environment_tables import EnvironmentTable, FreezeTable
from bot.settings.reading import Reading
from bot.settings.toml_lines import Lines


class File(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    freezes: tuple[FreezeTable, ...] = ()
    calendars: tuple[CalendarTable, ...] = ()
    environments: dict[str, EnvironmentTable] = Field(min_length=1)


_FIELDS: dict[str, type[BaseModel]] = {
    "environments": EnvironmentTable,
    "freezes": FreezeTable,
    "calendars": CalendarTable,
}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_ELSEWHERE = frozenset(
    {"region", "project_id", "credentials", "signals", "notify", "more_approvals"}
)


class _Source:
    """Where tables come from, for mistakes that are found when all of them are read."""

    def __init__(self, reading: Reading, name: str, lines: Lines) -> None:
        self.reading = reading
        self._name, self._lines = name, lines

    def wrong(self, path: Sequence[str | int], what: str) -> None:
        self.reading.wrong(f"{self._name}, line {self._lines.of(path)}", what)


def read_policy_file(
    reading: Reading, regions: Collection[str]
) -> tuple[tuple[Environment, ...], dict[str, Cloud]]:
    """Read the file that `TAURUS_CONFIG` names; mistakes go to `reading`."""
    source, file = _opened(reading)
    if file is None:
        return (), {}
    clouds = {
        name: _cloud(source, regions, ("environments", name), table)
        for name, table in file.environments.items()
    }
    _check_tokens(source, file)
    _check_calendars(source, file)
    regions_of = {name: cloud.region for name, cloud in clouds.items()}
    return _environments(source, file, regions_of), clouds


def read_rules(reading: Reading) -> tuple[Environment, ...]:
    """Read the rules alone, without the variables that the file refers to."""
    source, file = _opened(reading)
    return () if file is None else _environments(source, file, {})


def _opened(reading: Reading) -> tuple[_Source, File | None]:
    name = reading.text("TAURUS_CONFIG")
    text, data = "", None
    try:
        text = Path(name).read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        reading.wrong("TAURUS_CONFIG", f"{name} cannot be read: {_why(error)}")
    except tomllib.TOMLDecodeError as error:
        reading.wrong("TAURUS_CONFIG", f"{name} is no TOML: {error}")
    source = _Source(reading, name, Lines("" if data is None else text))
    return source, None if data is None else _parsed(source, data)


def _parsed(source: _Source, data: dict[str, object]) -> File | None:
    try:
        return File.model_validate(data)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            source.wrong(one["loc"], _words(one))
        return None


def _environments(
    source: _Source, file: File, regions_of: Mapping[str, str]
) -> tuple[Environment, ...]:
    _check_freezes(source, file)
    for name, table in file.environments.items():
        path = ("environments", name)
        if not _NAME.fullmatch(name):
            source.wrong(path, f"{name!r} is no name; use small letters, digits and dashes")
        _check_approvals(source, path, table)
        watching = [one for one in table.notify if isinstance(one, str)]
        if table.digest is not None and not (watching or table.channels):
            source.wrong((*path, "digest"), "nobody would read it; name a channel under notify")
    return tuple(
        _environment(file, name, regions_of.get(name, table.region), source.reading.environ)
        for name, table in file.environments.items()
    )


def _environment(file: File, name: str, region: str, environ: Mapping[str, str]) -> Environment:
    table = file.environments[name]
    freezes = (one for one in file.freezes if not one.environments or name in one.environments)
    calendars = (one for one in file.calendars if not one.environments or name in one.environments)
    return Environment(
        name=name,
        region=region,
        freezes=tuple(RecurringFreeze(when=one.when, reason=one.reason) for one in freezes),
        calendars=tuple(one.to_source(environ) for one in calendars),
        notify=tuple(one for one in table.notify if isinstance(one, str)),
        subscriptions=tuple(one for one in table.notify if isinstance(one, Subscription)),
        more_approvals=tuple(
            MoreApprovals.model_validate(one.model_dump()) for one in table.more_approvals
        ),
        signals=tuple(one.to_signal(environ) for one in table.signals),
        **{key: value for key, value in table if key not in _ELSEWHERE},
    )


def _check_tokens(source: _Source, file: File) -> None:
    for environment, table in file.environments.items():
        for number, signal in enumerate(table.signals):
            if name := signal.missing(source.reading.environ):
                path = ("environments", environment, "signals", number, "token")
                source.wrong(path, f"the variable {name} is not set")


def _check_calendars(source: _Source, file: File) -> None:
    """Check what the calendars need beyond the file: variables, and libraries."""
    if file.calendars and (lacking := lacking_libraries()):
        source.wrong(("calendars", 0), lacking)
    for number, calendar in enumerate(file.calendars):
        for key, what in calendar.mistakes(source.reading.environ):
            source.wrong(("calendars", number, key), what)
        if calendar.name in {one.name for one in file.calendars[:number]}:
            what = f"there are two calendars called {calendar.name}; name each differently"
            source.wrong(("calendars", number, "name"), what)


def _check_freezes(source: _Source, file: File) -> None:
    named = [(("freezes", number), one.environments) for number, one in enumerate(file.freezes)]
    named += [
        (("calendars", number), one.environments) for number, one in enumerate(file.calendars)
    ]
    for path, names in named:
        for name in names:
            if name not in file.environments:
                there = ", ".join(file.environments)
                source.wrong(
                    (*path, "environments"),
                    f"there is no environment {name}; there are: {there}",
                )


def _cloud(
    source: _Source, regions: Collection[str], path: tuple[str, ...], table: EnvironmentTable
) -> Cloud:
    """Read the variables that a table refers to; what is missing is told with the table's line."""
    asked = Reading(source.reading.environ)
    wanted = Wanted(table.region, table.project_id, table.credentials)
    cloud = read_cloud(asked, regions, wanted)
    for problem in asked.problems:
        key = "region" if problem.startswith("TAURUS_REGION") else "credentials"
        source.wrong((*path, key), f"{path[-1]}: {problem}")
    return cloud


def _check_approvals(source: _Source, path: tuple[str, ...], table: EnvironmentTable) -> None:
    people = table.approvers
    has_groups = any(one.startswith("S") or is_source(one) for one in people)
    asked: list[tuple[tuple[str | int, ...], int]] = [(("approvals",), table.approvals)]
    asked += [(("more_approvals", n), one.approvals) for n, one in enumerate(table.more_approvals)]
    for place, needed in asked:
        if needed > 1 and not people:
            source.wrong((*path, *place), "approvals count only with approvers; name them too")
        if people and not has_groups and len(people) < needed:
            source.wrong(
                (*path, *place),
                f"{needed} approvals cannot come from {len(people)} approvers; "
                "lower it or add some",
            )


def _words(error: ErrorDetails) -> str:
    path = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        fields = _FIELDS.get(str(error["loc"][0]), File) if len(error["loc"]) > 1 else File
        close = did_you_mean(str(error["loc"][-1]), list(fields.model_fields))
        hint = (
            f"; did you mean {close}?"
            if close
            else f"; there are: {', '.join(fields.model_fields)}"
        )
        return f"there is no {path}{hint}"
    said = error["msg"].removeprefix("Value error, ")
    return f"{path}: {said[:1].lower()}{said[1:]}"


def _why(error: Exception) -> str:
    return (error.strerror or "no reason given") if isinstance(error, OSError) else "not UTF-8"
