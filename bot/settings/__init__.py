"""Settings from environment variables: frozen, and every mistake at once."""

import re
from collections.abc import Collection, Mapping
from typing import Literal

from pydantic import SecretStr

from bot.domain.arguments import did_you_mean
from bot.domain.duty import is_source
from bot.domain.environment import Environment
from bot.domain.feed import Source
from bot.domain.model import Frozen
from bot.domain.subscription import CHANNEL, Subscription
from bot.settings.cloud import Cloud, Wanted, read_cloud
from bot.settings.policy_file import read_policy_file, read_rules
from bot.settings.reading import Reading
from bot.settings.variables import (
    APPROVERS,
    ENDPOINTS,
    PEOPLE,
    RULES,
    SLACK,
    USER,
    VARIABLES,
    settings_table,
)

__all__ = [
    "Cloud",
    "Settings",
    "SettingsError",
    "database_url",
    "read_policy",
    "read_settings",
    "settings_table",
]

_OURS = "TAURUS_"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class SettingsError(Exception):
    """Settings that cannot work; each problem names the variable and how to mend it."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep every problem."""
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(Frozen):
    """Everything that `run` needs to know."""

    slack_bot_token: SecretStr
    slack_app_token: SecretStr
    slack_signing_secret: SecretStr
    slack_config_token: SecretStr
    slack_mode: Literal["socket", "http"]
    slack_api_url: str
    slack_new_blocks: bool
    host: str
    port: int | None
    """None: no HTTP server."""
    database_url: SecretStr
    """A secret: it may hold the database's password."""
    language: Literal["en-us", "zh-cn"]
    delay_format: Literal["boolean", "string"]
    pagerduty_token: SecretStr
    pagerduty_url: str
    environments: tuple[Environment, ...]
    clouds: dict[str, Cloud]
    """By environment name."""
    log_level: str
    log_format: Literal["json", "console", ""]

    def calendars(self) -> tuple[Source, ...]:
        """Give each calendar of freezes once, whatever environments it closes."""
        named = {one.name: one for of in self.environments for one in of.calendars}
        return tuple(named.values())

    def secrets(self) -> tuple[str, ...]:
        """Give every secret that is set, so that logs can mask it."""
        signals = (one for environment in self.environments for one in environment.signals)
        models = (self, *self.clouds.values(), *signals, *self.calendars())
        values = (value for model in models for _, value in model)
        secret = (one.get_secret_value() for one in values if isinstance(one, SecretStr))
        return tuple(dict.fromkeys(one for one in secret if one))


def read_settings(environ: Mapping[str, str], regions: Collection[str] = ()) -> Settings:
    """Read and check every variable.

    `regions` are those whose endpoints are known; none: any region is taken.

    Raises:
        SettingsError: with every mistake.
    """
    reading = Reading(environ)
    _check_names(reading)
    _check_slack(reading)
    environments, clouds = _environments(reading, regions)
    settings = _settings(reading, environments, clouds)
    if reading.problems:
        raise SettingsError(tuple(reading.problems))
    return settings


def read_policy(environ: Mapping[str, str]) -> tuple[Environment, ...]:
    """Read the rules of every environment, and nothing that a connection needs.

    Raises:
        SettingsError: with every mistake of the rules.
    """
    reading = Reading(environ)
    _check_names(reading)
    if reading.has("TAURUS_CONFIG"):
        _check_rules(reading)
        environments = read_rules(reading)
    else:
        environments = (_environment(reading),)
        _check_approvals(reading, environments[0])
    if reading.problems:
        raise SettingsError(tuple(reading.problems))
    return environments


def is_rule(name: str) -> bool:
    """Whether a variable is one of ours and says neither where the cloud is nor how to enter it.

    The policy file and the language are not among them, slips of the pen are.
    """
    others = {"TAURUS_REGION", "TAURUS_CONFIG", "TAURUS_LANGUAGE", *ENDPOINTS, *USER}
    return name.startswith(_OURS) and name not in others


def language(environ: Mapping[str, str]) -> str:
    """Which language channels read.

    Raises:
        SettingsError: it is none of the bot's.
    """
    reading = Reading(environ)
    chosen = _language(reading)
    if reading.problems:
        raise SettingsError(tuple(reading.problems))
    return chosen


def _language(reading: Reading) -> str:
    return reading.choice("TAURUS_LANGUAGE", "en-us", ("en-us", "zh-cn"))


def database_url(environ: Mapping[str, str]) -> str:
    """Where the store is; `migrate` and `audit` need nothing else.

    Raises:
        SettingsError: it is not a store that the bot can use.
    """
    reading = Reading(environ)
    url = _database_url(reading)
    if reading.problems:
        raise SettingsError(tuple(reading.problems))
    return url


def _environments(
    reading: Reading, regions: Collection[str]
) -> tuple[tuple[Environment, ...], dict[str, Cloud]]:
    if reading.has("TAURUS_CONFIG"):
        _check_rules(reading)
        return read_policy_file(reading, regions)
    cloud = read_cloud(reading, regions, Wanted())
    environment = _environment(reading)
    _check_approvals(reading, environment)
    return (environment,), {environment.name: cloud}


def _settings(
    reading: Reading, environments: tuple[Environment, ...], clouds: dict[str, Cloud]
) -> Settings:
    slack_mode = reading.choice("SLACK_MODE", _usual_mode(reading), ("socket", "http"))
    listens = reading.has("PORT") or slack_mode == "http"
    return Settings.model_validate(
        {
            "slack_bot_token": reading.secret("SLACK_BOT_TOKEN"),
            "slack_app_token": reading.secret("SLACK_APP_TOKEN"),
            "slack_signing_secret": reading.secret("SLACK_SIGNING_SECRET"),
            "slack_config_token": reading.secret("SLACK_CONFIG_TOKEN"),
            "slack_mode": slack_mode,
            "slack_api_url": reading.url("SLACK_API_URL", "https://slack.com/api/"),
            "slack_new_blocks": reading.yes_no("SLACK_NEW_BLOCKS"),
            "host": reading.text("HOST", "0.0.0.0"),  # noqa: S104 - platforms expect it
            "port": reading.whole("PORT", 3000, 0, 65535) if listens else None,
            "database_url": SecretStr(_database_url(reading)),
            "language": _language(reading),
            "delay_format": reading.choice("TAURUS_DELAY_FORMAT", "boolean", ("boolean", "string")),
            "pagerduty_token": _pagerduty_token(reading, environments),
            "pagerduty_url": reading.url(
                "PAGERDUTY_API_URL", "https://api.pagerduty.com", bare=True
            ),
            "environments": environments,
            "clouds": clouds,
            "log_level": reading.choice("LOG_LEVEL", "INFO", _LEVELS),
            "log_format": reading.choice("LOG_FORMAT", "", ("json", "console", "")),
        }
    )


def _pagerduty_token(reading: Reading, environments: tuple[Environment, ...]) -> SecretStr:
    token = reading.secret("PAGERDUTY_TOKEN")
    wanted = any(is_source(name) for one in environments for name in one.approvers)
    if wanted and not token.get_secret_value():
        reading.wrong(
            "PAGERDUTY_TOKEN", "set a REST API key: approvers are named by who is on call"
        )
    return token


def _usual_mode(reading: Reading) -> str:
    return "socket" if reading.has("SLACK_APP_TOKEN") else "http"


def _database_url(reading: Reading) -> str:
    url = reading.text("DATABASE_URL", "sqlite:///taurus-bot.db")
    if not re.match(r"sqlite:///.|postgres(ql)?://.", url):
        # The value is not shown, because it may hold a password.
        reading.wrong("DATABASE_URL", "use sqlite:///path or postgresql://user@host/name")
    return url


def _environment(reading: Reading) -> Environment:
    notify = reading.notify("TAURUS_NOTIFY")
    return Environment(
        name="default",
        region=reading.text("TAURUS_REGION"),
        channels=reading.ids("TAURUS_CHANNELS", CHANNEL, "C0123ABCD"),
        notify=tuple(one for one in notify if isinstance(one, str)),
        subscriptions=tuple(one for one in notify if isinstance(one, Subscription)),
        requesters=reading.ids("TAURUS_REQUESTERS", PEOPLE, "U0123ABCD or S0123ABCD"),
        approvers=reading.ids("TAURUS_APPROVERS", APPROVERS, "U0123ABCD or S0123ABCD"),
        approvals=reading.whole("TAURUS_APPROVALS", 1, 1, 20),
        self_approval=reading.yes_no("TAURUS_SELF_APPROVAL"),
        approval_ttl=reading.duration("TAURUS_APPROVAL_TTL", "24h"),
        poll_interval=reading.duration("TAURUS_POLL_INTERVAL", "10s"),
        verify_timeout=reading.duration("TAURUS_VERIFY_TIMEOUT", "2h"),
    )


# --- what does not fit together ---------------------------------------------------------------


def _check_names(reading: Reading) -> None:
    # A slip of the pen must not switch a rule off: without approvers anybody confirms.
    known = [name for row in VARIABLES for name in row.names if name.startswith(_OURS)]
    rests = [name.removeprefix(_OURS) for name in known]
    for name in reading.environ:
        if name.startswith(_OURS) and name not in known:
            close = did_you_mean(name.removeprefix(_OURS), rests)
            if close:
                reading.wrong(name, f"there is no such setting; did you mean {_OURS}{close}?")


def _check_rules(reading: Reading) -> None:
    for name in filter(reading.has, RULES):
        reading.wrong(name, "the policy file (TAURUS_CONFIG) says this; unset it")


def _check_slack(reading: Reading) -> None:
    if not reading.text("SLACK_BOT_TOKEN").startswith("xoxb-"):
        reading.wrong("SLACK_BOT_TOKEN", "set the bot token, which starts with xoxb-")
    mode = reading.text("SLACK_MODE", _usual_mode(reading)).lower()
    if mode == "socket" and not reading.text("SLACK_APP_TOKEN").startswith("xapp-"):
        reading.wrong("SLACK_APP_TOKEN", "set the app-level token, which starts with xapp-")
    if mode == "http" and not reading.has("SLACK_SIGNING_SECRET"):
        reading.wrong(
            "SLACK_SIGNING_SECRET",
            "set the app's signing secret, or set SLACK_APP_TOKEN for Socket Mode",
        )
    for name in SLACK:
        if any(sign.isspace() for sign in reading.text(name)):
            reading.wrong(name, "has a blank in it; copy it again")


def _check_approvals(reading: Reading, environment: Environment) -> None:
    people, needed = environment.approvers, environment.approvals
    if needed > 1 and not people:
        reading.wrong("TAURUS_APPROVALS", "counts only with approvers; set TAURUS_APPROVERS too")
    has_groups = any(one.startswith("S") or is_source(one) for one in people)
    if people and not has_groups and len(people) < needed:
        reading.wrong(
            "TAURUS_APPROVALS",
            f"{needed} approvals cannot come from {len(people)} approvers; lower it or add some",
        )
