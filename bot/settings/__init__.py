"""Settings from environment variables: frozen, and every mistake at once."""

import re
from collections.abc import Collection, Mapping
from typing import Literal

from pydantic import SecretStr

from bot.domain.arguments import did_you_mean
from bot.domain.model import Frozen
from bot.domain.policy import Environment
from bot.settings.reading import Reading
from bot.settings.variables import (
    ENDPOINTS,
    KEYS,
    SLACK,
    UNSUPPORTED,
    USER,
    VARIABLES,
    settings_table,
)

__all__ = ["Settings", "SettingsError", "database_url", "read_settings", "settings_table"]

_PEOPLE = re.compile(r"[UWS][A-Z0-9]{2,}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")
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
    slack_mode: Literal["socket", "http"]
    slack_api_url: str
    host: str
    port: int | None
    """None: no HTTP server."""
    database_url: SecretStr
    """A secret: it may hold the database's password."""
    region: str
    endpoint: str
    iam_endpoint: str
    project_id: str
    ak: SecretStr
    sk: SecretStr
    security_token: SecretStr
    iam_user: str
    iam_password: SecretStr
    iam_domain: str
    language: Literal["en-us", "zh-cn"]
    delay_format: Literal["boolean", "string"]
    environment: Environment
    log_level: str
    log_format: Literal["json", "console", ""]

    def secrets(self) -> tuple[str, ...]:
        """Give every secret that is set, so that logs can mask it."""
        values = (getattr(self, name) for name in type(self).model_fields)
        secret = (one.get_secret_value() for one in values if isinstance(one, SecretStr))
        return tuple(one for one in secret if one)


def read_settings(environ: Mapping[str, str], regions: Collection[str] = ()) -> Settings:
    """Read and check every variable.

    `regions` are those whose endpoints are known; none: any region is taken.

    Raises:
        SettingsError: with every mistake.
    """
    reading = Reading(environ)
    _check_names(reading)
    _check_slack(reading)
    _check_place(reading, regions)
    _check_credentials(reading)
    settings = _settings(reading)
    _check_approvals(reading, settings.environment)
    if reading.problems:
        raise SettingsError(tuple(reading.problems))
    return settings


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


def _settings(reading: Reading) -> Settings:
    slack_mode = reading.choice("SLACK_MODE", _usual_mode(reading), ("socket", "http"))
    listens = reading.has("PORT") or slack_mode == "http"
    return Settings.model_validate(
        {
            "slack_bot_token": reading.secret("SLACK_BOT_TOKEN"),
            "slack_app_token": reading.secret("SLACK_APP_TOKEN"),
            "slack_signing_secret": reading.secret("SLACK_SIGNING_SECRET"),
            "slack_mode": slack_mode,
            "slack_api_url": reading.url("SLACK_API_URL", "https://slack.com/api/"),
            "host": reading.text("HOST", "0.0.0.0"),  # noqa: S104 - platforms expect it
            "port": reading.whole("PORT", 3000, 0, 65535) if listens else None,
            "database_url": SecretStr(_database_url(reading)),
            "region": reading.text("TAURUS_REGION"),
            "endpoint": reading.url("TAURUS_ENDPOINT", bare=True),
            "iam_endpoint": reading.url("TAURUS_IAM_ENDPOINT", bare=True),
            "project_id": reading.text("HUAWEICLOUD_SDK_PROJECT_ID"),
            "ak": reading.secret("HUAWEICLOUD_SDK_AK"),
            "sk": reading.secret("HUAWEICLOUD_SDK_SK"),
            "security_token": reading.secret("HUAWEICLOUD_SDK_SECURITY_TOKEN"),
            "iam_user": reading.text("TAURUS_IAM_USER"),
            "iam_password": reading.secret("TAURUS_IAM_PASSWORD"),
            "iam_domain": reading.text("TAURUS_IAM_DOMAIN"),
            "language": reading.choice("TAURUS_LANGUAGE", "en-us", ("en-us", "zh-cn")),
            "delay_format": reading.choice("TAURUS_DELAY_FORMAT", "boolean", ("boolean", "string")),
            "environment": _environment(reading),
            "log_level": reading.choice("LOG_LEVEL", "INFO", _LEVELS),
            "log_format": reading.choice("LOG_FORMAT", "", ("json", "console", "")),
        }
    )


def _usual_mode(reading: Reading) -> str:
    return "socket" if reading.has("SLACK_APP_TOKEN") else "http"


def _database_url(reading: Reading) -> str:
    url = reading.text("DATABASE_URL", "sqlite:///taurus-bot.db")
    if not re.match(r"sqlite:///.|postgres(ql)?://.", url):
        # The value is not shown, because it may hold a password.
        reading.wrong("DATABASE_URL", "use sqlite:///path or postgresql://user@host/name")
    return url


def _environment(reading: Reading) -> Environment:
    return Environment(
        name="default",
        region=reading.text("TAURUS_REGION"),
        channels=reading.ids("TAURUS_CHANNELS", _CHANNEL, "C0123ABCD"),
        notify=reading.ids("TAURUS_NOTIFY", _CHANNEL, "C0123ABCD"),
        requesters=reading.ids("TAURUS_REQUESTERS", _PEOPLE, "U0123ABCD or S0123ABCD"),
        approvers=reading.ids("TAURUS_APPROVERS", _PEOPLE, "U0123ABCD or S0123ABCD"),
        approvals=reading.whole("TAURUS_APPROVALS", 1, 1, 20),
        self_approval=reading.yes_no("TAURUS_SELF_APPROVAL"),
        approval_ttl=reading.duration("TAURUS_APPROVAL_TTL", "24h"),
        poll_interval=reading.duration("TAURUS_POLL_INTERVAL", "10s"),
        verify_timeout=reading.duration("TAURUS_VERIFY_TIMEOUT", "2h"),
    )


# --- what does not fit together ---------------------------------------------------------------


def _check_names(reading: Reading) -> None:
    for name in UNSUPPORTED:
        if reading.has(name):
            reading.wrong(name, "is not supported by this version yet; unset it")
    # A slip of the pen must not switch a rule off: without approvers anybody confirms.
    known = [name for row in VARIABLES for name in row.names if name.startswith(_OURS)]
    rests = [name.removeprefix(_OURS) for name in known]
    for name in reading.environ:
        if name.startswith(_OURS) and name not in known:
            close = did_you_mean(name.removeprefix(_OURS), rests)
            if close:
                reading.wrong(name, f"there is no such setting; did you mean {_OURS}{close}?")


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


def _check_place(reading: Reading, regions: Collection[str]) -> None:
    if all(map(reading.has, ENDPOINTS)):
        if not (reading.has("TAURUS_REGION") or reading.has("HUAWEICLOUD_SDK_PROJECT_ID")):
            reading.wrong("HUAWEICLOUD_SDK_PROJECT_ID", "set it, or TAURUS_REGION to look it up")
        return
    region = reading.text("TAURUS_REGION")
    if not region:
        reading.wrong("TAURUS_REGION", f"set the region, or both {' and '.join(ENDPOINTS)}")
    elif regions and region not in regions:
        close = did_you_mean(region, sorted(regions))
        hint = f"did you mean {close}?" if close else f"known are {', '.join(sorted(regions))}."
        reading.wrong(
            "TAURUS_REGION",
            f"is no known region; {hint} For another one set both {' and '.join(ENDPOINTS)}",
        )


def _check_credentials(reading: Reading) -> None:
    keys = [*filter(reading.has, (*KEYS, "HUAWEICLOUD_SDK_SECURITY_TOKEN"))]
    user = [*filter(reading.has, USER)]
    if keys and user:
        reading.wrong(keys[0], f"there are two ways in; unset it or {', '.join(user)}")
    elif not keys and not user:
        reading.wrong(KEYS[0], f"set it with {KEYS[1]}, or set {', '.join(USER)}")
    for name in KEYS if keys else USER if user else ():
        if not reading.has(name):
            beside = ", ".join(other for other in (keys or user) if other != name)
            reading.wrong(name, f"is missing beside {beside}")


def _check_approvals(reading: Reading, environment: Environment) -> None:
    people, needed = environment.approvers, environment.approvals
    if needed > 1 and not people:
        reading.wrong("TAURUS_APPROVALS", "counts only with approvers; set TAURUS_APPROVERS too")
    has_groups = any(one.startswith("S") for one in people)
    if people and not has_groups and len(people) < needed:
        reading.wrong(
            "TAURUS_APPROVALS",
            f"{needed} approvals cannot come from {len(people)} approvers; lower it or add some",
        )
