"""Settings: every mistake at once, and no secret anywhere."""

import pytest

from bot.settings import SettingsError, database_url, read_settings

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-secret",
    "SLACK_APP_TOKEN": "xapp-secret",
    "TAURUS_REGION": "cn-north-4",
    "HUAWEICLOUD_SDK_AK": "key",
    "HUAWEICLOUD_SDK_SK": "secret-key",
}


def test_what_is_needed_is_enough() -> None:
    settings = read_settings(GOOD)
    assert settings.slack_mode == "socket"
    assert settings.port is None
    assert settings.environment.approvals == 1
    assert "xoxb-" not in repr(settings)
    assert "secret-key" not in repr(settings)


def test_http_mode_listens_on_3000() -> None:
    environ = {**GOOD, "SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "s", "TAURUS_LANGUAGE": ""}
    settings = read_settings(environ)
    assert (settings.slack_mode, settings.port) == ("http", 3000)


def test_every_mistake_is_told_at_once() -> None:
    bad = {
        "PORT": "x",
        "TAURUS_APPROVERS": "bob, U0BOB",
        "TAURUS_APPROVALS": "0",
        "TAURUS_SELF_APPROVAL": "maybe",
        "TAURUS_POLL_INTERVAL": "soon",
        "TAURUS_VERIFY_TIMEOUT": "0s",
        "TAURUS_DELAY_FORMAT": "int",
        "TAURUS_CONFIG": "policy.toml",
        "TAURUS_NOTIFY": "C0X",
        "SLACK_MODE": "socket",
    }
    with pytest.raises(SettingsError) as caught:
        read_settings(bad)
    named = {problem.split(":")[0] for problem in caught.value.problems}
    missing = {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "TAURUS_REGION", "HUAWEICLOUD_SDK_AK"}
    assert named == (set(bad) - {"SLACK_MODE"}) | missing


def test_half_of_a_way_in_is_named() -> None:
    environ = {**GOOD, "HUAWEICLOUD_SDK_AK": "", "HUAWEICLOUD_SDK_SK": "", "SLACK_APP_TOKEN": ""}
    with pytest.raises(SettingsError, match="TAURUS_IAM_PASSWORD: is missing beside"):
        read_settings({**environ, "TAURUS_IAM_USER": "bot"})


def test_the_store_has_a_default() -> None:
    assert database_url({}) == "sqlite:///taurus-bot.db"
