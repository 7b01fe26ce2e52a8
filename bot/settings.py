"""Settings from environment variables: frozen, and every mistake at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from pydantic import SecretStr

from bot.domain.model import Frozen
from bot.domain.policy import Environment
from bot.domain.when import parse_duration

_PERSON = re.compile(r"[UWS][A-Z0-9]{2,}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


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


@dataclass
class _Reading:
    """One pass over the variables."""

    environ: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def secret(self, name: str) -> SecretStr:
        return SecretStr(self.text(name))

    def wrong(self, name: str, mend: str) -> None:
        self.problems.append(f"{name}: {mend}")

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in choices:
            self.wrong(name, f"use one of: {', '.join(one for one in choices if one)}")
            return default
        return value

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit() and least <= int(value[:9]) <= most):
            self.wrong(name, f"use a whole number from {least} to {most}")
            return default
        return int(value)

    def yes_no(self, name: str) -> bool:
        value = self.text(name, "false").lower()
        if value not in _TRUE | _FALSE:
            self.wrong(name, "use true or false")
        return value in _TRUE

    def duration(self, name: str, default: str) -> timedelta:
        try:
            value = parse_duration(self.text(name, default))
        except ValueError:
            self.wrong(name, "use a duration such as 10s, 5m, 2h or 1d")
            return parse_duration(default)
        if value <= timedelta():
            self.wrong(name, "use a duration longer than nothing")
        return value

    def ids(self, name: str, pattern: re.Pattern[str], example: str) -> tuple[str, ...]:
        found = tuple(part.strip() for part in self.text(name).split(",") if part.strip())
        bad = [one for one in found if not pattern.fullmatch(one)]
        if bad:
            self.wrong(name, f"{', '.join(bad)} is not an id; use ids such as {example}")
        return found


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check every variable.

    Raises:
        SettingsError: with every mistake.
    """
    reading = _Reading(environ)
    _check_slack(reading)
    _check_cloud(reading)
    settings = _settings(reading)
    for name in ("TAURUS_CONFIG", "TAURUS_NOTIFY"):
        if reading.text(name):
            reading.wrong(name, "is not supported by this version yet; unset it")
    if reading.problems:
        raise SettingsError(tuple(reading.problems))
    return settings


def _settings(reading: _Reading) -> Settings:
    mode = "socket" if reading.text("SLACK_APP_TOKEN") else "http"
    port = reading.text("PORT")
    slack_mode = reading.choice("SLACK_MODE", mode, ("socket", "http"))
    return Settings.model_validate(
        {
            "slack_bot_token": reading.secret("SLACK_BOT_TOKEN"),
            "slack_app_token": reading.secret("SLACK_APP_TOKEN"),
            "slack_signing_secret": reading.secret("SLACK_SIGNING_SECRET"),
            "slack_mode": slack_mode,
            "slack_api_url": reading.text("SLACK_API_URL", "https://slack.com/api/"),
            "host": reading.text("HOST", "0.0.0.0"),  # noqa: S104 - platforms expect it
            "port": reading.whole("PORT", 3000, 0, 65535) if port or slack_mode == "http" else None,
            "database_url": SecretStr(database_url(reading.environ)),
            "region": reading.text("TAURUS_REGION"),
            "endpoint": reading.text("TAURUS_ENDPOINT"),
            "iam_endpoint": reading.text("TAURUS_IAM_ENDPOINT"),
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
            "log_level": reading.choice(
                "LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
            ),
            "log_format": reading.choice("LOG_FORMAT", "", ("json", "console", "")),
        }
    )


def database_url(environ: Mapping[str, str]) -> str:
    """Where the store is; `migrate` and `audit` need nothing else."""
    return environ.get("DATABASE_URL", "").strip() or "sqlite:///taurus-bot.db"


def _environment(reading: _Reading) -> Environment:
    approvers = reading.ids("TAURUS_APPROVERS", _PERSON, "U0123ABCD or S0123ABCD")
    return Environment(
        name="default",
        region=reading.text("TAURUS_REGION"),
        channels=reading.ids("TAURUS_CHANNELS", _CHANNEL, "C0123ABCD"),
        requesters=reading.ids("TAURUS_REQUESTERS", _PERSON, "U0123ABCD or S0123ABCD"),
        approvers=approvers,
        approvals=reading.whole("TAURUS_APPROVALS", 1, 1, 20),
        self_approval=reading.yes_no("TAURUS_SELF_APPROVAL"),
        approval_ttl=reading.duration("TAURUS_APPROVAL_TTL", "24h"),
        poll_interval=reading.duration("TAURUS_POLL_INTERVAL", "10s"),
        verify_timeout=reading.duration("TAURUS_VERIFY_TIMEOUT", "2h"),
    )


def _check_slack(reading: _Reading) -> None:
    if not reading.text("SLACK_BOT_TOKEN").startswith("xoxb-"):
        reading.wrong("SLACK_BOT_TOKEN", "set the bot token, which starts with xoxb-")
    mode = reading.text("SLACK_MODE") or ("socket" if reading.text("SLACK_APP_TOKEN") else "http")
    if mode == "socket" and not reading.text("SLACK_APP_TOKEN").startswith("xapp-"):
        reading.wrong("SLACK_APP_TOKEN", "set the app-level token, which starts with xapp-")
    if mode == "http" and not reading.text("SLACK_SIGNING_SECRET"):
        reading.wrong("SLACK_SIGNING_SECRET", "set the app's signing secret (http mode)")


def _check_cloud(reading: _Reading) -> None:
    present: Callable[[str], bool] = lambda name: bool(reading.text(name))  # noqa: E731
    both = present("TAURUS_ENDPOINT") and present("TAURUS_IAM_ENDPOINT")
    if not present("TAURUS_REGION") and not both:
        reading.wrong(
            "TAURUS_REGION", "set the region, or both TAURUS_ENDPOINT and TAURUS_IAM_ENDPOINT"
        )
    keys = ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK")
    users = ("TAURUS_IAM_USER", "TAURUS_IAM_PASSWORD", "TAURUS_IAM_DOMAIN")
    way = keys if any(map(present, keys)) else users if any(map(present, users)) else ()
    if not way:
        reading.wrong(
            "HUAWEICLOUD_SDK_AK",
            "set it with HUAWEICLOUD_SDK_SK, or set TAURUS_IAM_USER, _PASSWORD and _DOMAIN",
        )
    for name in way:
        if not present(name):
            reading.wrong(name, "is missing beside " + ", ".join(n for n in way if n != name))
