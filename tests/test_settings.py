"""Settings: every mistake at once, and no secret anywhere."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.settings import (
    Settings,
    SettingsError,
    database_url,
    is_rule,
    read_settings,
    settings_table,
)

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-secret",
    "SLACK_APP_TOKEN": "xapp-secret",
    "TAURUS_REGION": "cn-north-4",
    "HUAWEICLOUD_SDK_AK": "key",
    "HUAWEICLOUD_SDK_SK": "secret-key",
}
KEYS = {"HUAWEICLOUD_SDK_AK": "", "HUAWEICLOUD_SDK_SK": ""}
USER = {
    "TAURUS_IAM_USER": "bot",
    "TAURUS_IAM_PASSWORD": "secret-word",
    "TAURUS_IAM_DOMAIN": "account",
}
REGIONS = ("cn-north-4", "ap-southeast-1")


def settings(**changes: str) -> Settings:
    return read_settings({**GOOD, **changes}, REGIONS)


def problems(**changes: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings(**changes)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def test_what_is_needed_is_enough() -> None:
    found = settings()
    assert (found.slack_mode, found.port, found.host) == ("socket", None, "0.0.0.0")  # noqa: S104
    assert found.slack_api_url == "https://slack.com/api/"
    assert found.database_url.get_secret_value() == "sqlite:///taurus-bot.db"
    assert (found.language, found.delay_format) == ("en-us", "boolean")
    assert (found.log_level, found.log_format) == ("INFO", "")
    environment = found.environments[0]
    assert (environment.name, environment.region) == ("default", "cn-north-4")
    assert (environment.approvals, environment.self_approval) == (1, False)
    assert environment.approval_ttl == timedelta(hours=24)
    assert environment.poll_interval == timedelta(seconds=10)
    assert environment.verify_timeout == timedelta(hours=2)


def test_no_secret_is_shown() -> None:
    user = {name: value for name, value in USER.items() if name != "TAURUS_IAM_USER"}
    url = "postgresql://bot:secret-pw@db/bot"
    shown = repr(settings(**KEYS, **USER, DATABASE_URL=url, SLACK_SIGNING_SECRET="secret-sign"))
    assert "secret" not in shown.replace("secret=", "").replace("SecretStr", "").replace(
        "security", ""
    )
    assert user["TAURUS_IAM_PASSWORD"] not in shown


def test_http_mode_listens_on_3000() -> None:
    found = settings(SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET="s", TAURUS_LANGUAGE="")
    assert (found.slack_mode, found.port) == ("http", 3000)


def test_socket_mode_listens_if_a_port_is_set() -> None:
    assert settings(PORT="8080").port == 8080


def test_http_mode_can_be_chosen_beside_an_app_token() -> None:
    assert settings(SLACK_MODE="HTTP", SLACK_SIGNING_SECRET="s").slack_mode == "http"


def test_everything_can_be_set() -> None:
    found = settings(
        HOST="::1",
        LOG_LEVEL="debug",
        LOG_FORMAT="json",
        SLACK_API_URL="http://127.0.0.1:8765/api/",
        TAURUS_ENDPOINT="http://localhost:1",
        TAURUS_LANGUAGE="zh-CN",
        TAURUS_DELAY_FORMAT="string",
        TAURUS_REQUESTERS="U0ANN, W0BOB,,S0DBA,U0ANN",
        TAURUS_APPROVERS="U0ANN,U0BOB",
        TAURUS_APPROVALS="2",
        TAURUS_SELF_APPROVAL="yes",
        TAURUS_CHANNELS="C0DB , G0OPS",
        TAURUS_APPROVAL_TTL="1d",
        TAURUS_POLL_INTERVAL=" 0.2s\n",
        TAURUS_VERIFY_TIMEOUT="1h30m",
        HUAWEICLOUD_SDK_SECURITY_TOKEN="t",
    )
    environment = found.environments[0]
    assert (found.host, found.log_level, found.log_format) == ("::1", "DEBUG", "json")
    assert (found.slack_api_url, found.clouds["default"].endpoint) == (
        "http://127.0.0.1:8765/api/",
        "http://localhost:1",
    )
    assert (found.language, found.delay_format) == ("zh-cn", "string")
    assert environment.requesters == ("U0ANN", "W0BOB", "S0DBA")
    assert environment.channels == ("C0DB", "G0OPS")
    assert (environment.approvals, environment.self_approval) == (2, True)
    assert environment.approval_ttl == timedelta(days=1)
    assert environment.poll_interval == timedelta(milliseconds=200)
    assert environment.verify_timeout == timedelta(minutes=90)


def test_every_mistake_is_told_at_once() -> None:
    bad = {
        "PORT": "65536",
        "DATABASE_URL": "mysql://u:secret@h/d",
        "TAURUS_APPROVERS": "bob, U0BOB",
        "TAURUS_APPROVALS": "0",
        "TAURUS_SELF_APPROVAL": "maybe",
        "TAURUS_CHANNELS": "#ops",
        "TAURUS_POLL_INTERVAL": "soon",
        "TAURUS_VERIFY_TIMEOUT": "0s",
        "TAURUS_DELAY_FORMAT": "int",
        "TAURUS_ENDPOINT": "http://cloud.example",
        "LOG_LEVEL": "loud",
        "TAURUS_NOTIFY": "ops",
        "SLACK_MODE": "socket",
    }
    with pytest.raises(SettingsError) as caught:
        read_settings(bad)
    named = [problem.split(":")[0] for problem in caught.value.problems]
    missing = {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "TAURUS_REGION", "HUAWEICLOUD_SDK_AK"}
    assert set(named) == (set(bad) - {"SLACK_MODE"}) | missing
    assert len(named) == len(set(named))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"SLACK_BOT_TOKEN": "xoxp-1"},
            "SLACK_BOT_TOKEN: set the bot token, which starts with xoxb-",
        ),
        ({"SLACK_BOT_TOKEN": "xoxb-1 2"}, "SLACK_BOT_TOKEN: has a blank in it; copy it again"),
        (
            {"SLACK_MODE": "http"},
            ("SLACK_SIGNING_SECRET: set the app's signing secret, "
            "or set SLACK_APP_TOKEN for Socket Mode"),
        ),
        ({"SLACK_MODE": "mail"}, "SLACK_MODE: use one of: socket, http"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT: use one of: json, console"),
        ({"PORT": "-1"}, "PORT: use a whole number from 0 to 65535"),
        ({"PORT": "٣"}, "PORT: use a whole number from 0 to 65535"),
        ({"TAURUS_SELF_APPROVAL": "2"}, "TAURUS_SELF_APPROVAL: use true or false"),
        (
            {"TAURUS_APPROVAL_TTL": "400d"},
            "TAURUS_APPROVAL_TTL: use a duration such as 10s, 5m, 2h or 1d, at most 366d",
        ),
        (
            {"TAURUS_POLL_INTERVAL": "0s"},
            "TAURUS_POLL_INTERVAL: use a duration longer than nothing",
        ),
        (
            {"TAURUS_REQUESTERS": "bob"},
            "TAURUS_REQUESTERS: 'bob' is not an id; use ids such as U0123ABCD or S0123ABCD",
        ),
        (
            {"TAURUS_CHANNELS": "xoxb-a-secret-in-the-wrong-place"},
            "TAURUS_CHANNELS: an entry is not an id; use ids such as C0123ABCD",
        ),
        (
            {"TAURUS_APPROVALS": "2"},
            "TAURUS_APPROVALS: counts only with approvers; set TAURUS_APPROVERS too",
        ),
        (
            {"TAURUS_APPROVALS": "3", "TAURUS_APPROVERS": "U0ANN,U0BOB"},
            "TAURUS_APPROVALS: 3 approvals cannot come from 2 approvers; lower it or add some",
        ),
        (
            {"TAURUS_APPROVER": "U0ANN"},
            ("TAURUS_APPROVER: there is no such setting; "
            "did you mean TAURUS_APPROVERS?"),
        ),
        (
            {"TAURUS_REGION": "cn-north-44"},
            ("TAURUS_REGION: is no known region; did you mean cn-north-4? "
            "For another one set both TAURUS_ENDPOINT and TAURUS_IAM_ENDPOINT"),
        ),
        (
            {"TAURUS_REGION": "moon", "TAURUS_ENDPOINT": "https://db.moon"},
            ("TAURUS_REGION: is no known region; known are ap-southeast-1, cn-north-4. "
            "For another one set both TAURUS_ENDPOINT and TAURUS_IAM_ENDPOINT"),
        ),
        (
            {"TAURUS_REGION": ""},
            "TAURUS_REGION: set the region, or both TAURUS_ENDPOINT and TAURUS_IAM_ENDPOINT",
        ),
        (
            {
                "TAURUS_REGION": "",
                "TAURUS_ENDPOINT": "https://db.moon",
                "TAURUS_IAM_ENDPOINT": "https://iam.moon",
            },
            "HUAWEICLOUD_SDK_PROJECT_ID: set it, or TAURUS_REGION to look it up",
        ),
        (
            KEYS,
            ("HUAWEICLOUD_SDK_AK: set it with HUAWEICLOUD_SDK_SK, "
            "or set TAURUS_IAM_USER, TAURUS_IAM_PASSWORD, TAURUS_IAM_DOMAIN"),
        ),
        (
            {"HUAWEICLOUD_SDK_SK": ""},
            "HUAWEICLOUD_SDK_SK: is missing beside HUAWEICLOUD_SDK_AK",
        ),
        (
            {**KEYS, **USER, "TAURUS_IAM_DOMAIN": ""},
            "TAURUS_IAM_DOMAIN: is missing beside TAURUS_IAM_USER, TAURUS_IAM_PASSWORD",
        ),
        (
            USER,
            ("HUAWEICLOUD_SDK_AK: there are two ways in; unset it or "
            "TAURUS_IAM_USER, TAURUS_IAM_PASSWORD, TAURUS_IAM_DOMAIN"),
        ),
    ],
)  # fmt: skip
def test_a_mistake_names_the_variable_and_how_to_mend_it(
    changes: dict[str, str], problem: str
) -> None:
    assert problems(**changes) == [problem]


@pytest.mark.parametrize(
    "url",
    [
        "http://cloud.example",
        "http://169.254.169.254",
        "https://169.254.169.254",
        "https://0xa9fea9fe",
        "https://2852039166",
        "https://[::ffff:169.254.169.254]",
        "https://[fe80::a9fe:a9fe]",
        "https://[fd00:ec2::254]",
        "https://100.100.100.200",
        "https://metadata.google.internal",
        "http://10.0.0.8",
        "ftp://127.0.0.1",
        "https://user:secret@cloud.example",
        "https://cloud.example/v3",
        "https://cloud.example:99999",
        "https://cloud.example?x",
        "cloud.example",
        "https://",
        "https://[::1",
    ],
)
def test_secrets_are_not_sent_to_just_any_address(url: str) -> None:
    assert problems(TAURUS_ENDPOINT=url) == [
        ("TAURUS_ENDPOINT: use an address such as https://host; plain http:// is for loopback only")
    ]


def test_both_endpoints_make_any_region_known() -> None:
    found = settings(
        TAURUS_REGION="eu-de",
        TAURUS_ENDPOINT="https://db.eu-de.example/",
        TAURUS_IAM_ENDPOINT="http://[::1]:8080",
    )
    assert found.clouds["default"].region == "eu-de"


def test_the_two_ways_in() -> None:
    assert settings().clouds["default"].ak.get_secret_value() == "key"
    assert settings(**KEYS, **USER).clouds["default"].iam_user == "bot"


def test_a_group_can_give_any_number_of_approvals() -> None:
    assert settings(TAURUS_APPROVERS="S0DBA", TAURUS_APPROVALS="5").environments[0].approvals == 5


def test_variables_of_other_programs_are_none_of_its_business() -> None:
    assert settings(TAURUS_BACKUP_BUCKET="b", SLACK_WEBHOOK="w", PATH="/bin") == settings()


@pytest.mark.parametrize(
    "url", ["sqlite:////var/lib/bot.db", "postgresql://u:p@db:5432/bot", "postgres://u@db/bot"]
)
def test_the_store_is_a_file_or_postgresql(url: str) -> None:
    assert database_url({"DATABASE_URL": url}) == url


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "sqlite://", "bot.db", "postgresql://"])
def test_any_other_store_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        database_url({"DATABASE_URL": url})
    assert str(caught.value) == ("DATABASE_URL: use sqlite:///path or postgresql://user@host/name")


def test_the_store_has_a_default() -> None:
    assert database_url({}) == "sqlite:///taurus-bot.db"


def test_the_table_names_exactly_the_variables_that_are_read() -> None:
    class Noted(dict[str, str]):
        def get(self, name: str, default: object = None) -> str:
            asked.add(name)
            return super().get(name) or str(default or "")

        def __iter__(self) -> Iterator[str]:
            return super().__iter__()

    asked: set[str] = set()
    read_settings(Noted(GOOD))
    read_settings(Noted({**GOOD, **KEYS, **USER}))
    table = settings_table()
    first_cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    assert asked == set(re.findall(r"`([A-Z_]+)`", "".join(first_cells)))
    assert table.startswith("| variable | meaning | default |\n| --- | --- | --- |\n")
    assert all(row.count("|") == 4 for row in table.splitlines())


def test_who_is_on_call_approves_only_with_a_token() -> None:
    source = "pagerduty:schedule:P0DBA"
    assert problems(TAURUS_APPROVERS=source) == [
        "PAGERDUTY_TOKEN: set a REST API key: approvers are named by who is on call"
    ]
    found = settings(TAURUS_APPROVERS=source, TAURUS_APPROVALS="3", PAGERDUTY_TOKEN="secret-key")
    assert found.environments[0].approvers == (source,)
    assert "secret-key" in found.secrets()
    (refused,) = problems(TAURUS_REQUESTERS=source)
    assert refused.startswith("TAURUS_REQUESTERS: 'pagerduty:schedule:P0DBA' is not an id")


def test_rules_are_what_is_neither_where_the_cloud_is_nor_how_to_enter_it() -> None:
    ours = ("TAURUS_APPROVERS", "TAURUS_NOTIFY", "TAURUS_POLL_INTERVAL", "TAURUS_APROVERS")
    others = ("TAURUS_ENDPOINT", "TAURUS_IAM_PASSWORD", "TAURUS_REGION", "SLACK_BOT_TOKEN", "PATH")
    assert [one for one in (*ours, *others) if is_rule(one)] == [*ours]
