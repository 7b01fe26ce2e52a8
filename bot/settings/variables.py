"""Every variable that is read, as the README shows them."""

import re
from typing import NamedTuple

from bot.domain.duty import SOURCE


class Variable(NamedTuple):
    """One row of the settings table."""

    names: tuple[str, ...]
    meaning: str
    default: str = ""


SLACK = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CONFIG_TOKEN")
KEYS = ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK")
USER = ("TAURUS_IAM_USER", "TAURUS_IAM_PASSWORD", "TAURUS_IAM_DOMAIN")
ENDPOINTS = ("TAURUS_ENDPOINT", "TAURUS_IAM_ENDPOINT")
TOKEN = "HUAWEICLOUD_SDK_SECURITY_TOKEN"  # noqa: S105 - a name
PROJECT = "HUAWEICLOUD_SDK_PROJECT_ID"
RULES = (
    "TAURUS_REQUESTERS",
    "TAURUS_APPROVERS",
    "TAURUS_APPROVALS",
    "TAURUS_SELF_APPROVAL",
    "TAURUS_CHANNELS",
    "TAURUS_NOTIFY",
    "TAURUS_APPROVAL_TTL",
    "TAURUS_POLL_INTERVAL",
    "TAURUS_VERIFY_TIMEOUT",
)
"""The rules of the one environment that there is without a policy file."""
PEOPLE = re.compile(r"[UWS][A-Z0-9]{2,}")
APPROVERS = re.compile(rf"{PEOPLE.pattern}|{SOURCE.pattern}")
VARIABLES = (
    Variable(("SLACK_BOT_TOKEN",), "`xoxb-…`", "required"),
    Variable(("SLACK_APP_TOKEN",), "`xapp-…`, for Socket Mode", "required in socket mode"),
    Variable(
        ("SLACK_SIGNING_SECRET",), "proves that requests are Slack's", "required in http mode"
    ),
    Variable(
        ("SLACK_MODE",), "`socket` or `http`", "`socket` if there is an app token, else `http`"
    ),
    Variable(("SLACK_API_URL",), "base of the Web API", "Slack's own"),
    Variable(
        ("SLACK_CONFIG_TOKEN",),
        "app configuration token (`xoxe.xoxp-…`, good for 12 hours); only `doctor` reads it, to "
        "compare the installed app with the manifest",
        "none: not compared",
    ),
    Variable(
        ("SLACK_NEW_BLOCKS",),
        "whether the workspace shows the blocks `plan`, `data_table` and `alert`",
        "`false`",
    ),
    Variable(
        ("HOST", "PORT"),
        "where the HTTP server listens; in socket mode only if `PORT` is set",
        "`0.0.0.0`, 3000",
    ),
    Variable(
        ("DATABASE_URL",), "`sqlite:///path` or `postgresql://…`", "`sqlite:///taurus-bot.db`"
    ),
    Variable(
        ("TAURUS_REGION",),
        "region id; gives the endpoints",
        "required unless both endpoints are given",
    ),
    Variable(ENDPOINTS, "other endpoints; `http://` only for loopback", "from the region"),
    Variable((PROJECT,), "project id", "looked up by the region's name"),
    Variable(
        (*KEYS, TOKEN),
        "request signing",
        "this or the next row is required, not both",
    ),
    Variable(USER, "a token from IAM"),
    Variable(
        ("TAURUS_LANGUAGE",),
        "`en-us` or `zh-cn`: the language of channels, and of TaurusDB's answers",
        "`en-us`",
    ),
    Variable(("TAURUS_DELAY_FORMAT",), "`boolean` or `string`: how `delay` is sent", "`boolean`"),
    Variable(
        ("TAURUS_REQUESTERS", "TAURUS_APPROVERS"),
        "users (`U…`, `W…`) and groups (`S…`), approvers also by who is on call "
        "(`pagerduty:schedule:P…`, `pagerduty:policy:P…`); no requesters: anybody in an allowed "
        "channel; no approvers: the requester confirms",
        "empty",
    ),
    Variable(("TAURUS_APPROVALS",), "how many approvals; more than 1 needs approvers", "1"),
    Variable(("TAURUS_SELF_APPROVAL",), "whether the requester's own approval counts", "`false`"),
    Variable(("TAURUS_CHANNELS",), "channels where it may be used; none: all", "empty"),
    Variable(
        ("TAURUS_NOTIFY",),
        "channels that get a short notice of every change, and `tag:team=payments -> C0PAY` for "
        "those that hear only of their own databases",
        "empty",
    ),
    Variable(("TAURUS_APPROVAL_TTL",), "an unapproved change expires after", "`24h`"),
    Variable(("TAURUS_POLL_INTERVAL",), "how often the outcome is read", "`10s`"),
    Variable(
        ("TAURUS_VERIFY_TIMEOUT",), "after how long a target is reported as not confirmed", "`2h`"
    ),
    Variable(
        ("TAURUS_CONFIG",),
        "policy file (TOML) with several environments and the rules of each",
        "one environment, `default`, from the variables above",
    ),
    Variable(
        ("PAGERDUTY_TOKEN",),
        "REST API key that reads who is on call",
        "required if approvers are named as `pagerduty:schedule:P…` or `pagerduty:policy:P…`",
    ),
    Variable(("PAGERDUTY_API_URL",), "base of its REST API", "PagerDuty's own"),
    Variable(("LOG_LEVEL",), "`DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`", "`INFO`"),
    Variable(("LOG_FORMAT",), "`json` or `console`", "`console` on a terminal, else `json`"),
)


def settings_table() -> str:
    """Write the variables as a Markdown table."""
    rows = [
        f"| {', '.join(f'`{name}`' for name in row.names)} | {row.meaning} | {row.default} |"
        for row in VARIABLES
    ]
    return "\n".join(["| variable | meaning | default |", "| --- | --- | --- |", *rows]) + "\n"
