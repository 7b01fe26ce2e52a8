"""The manifest: made from the commands, within Slack's limits."""

import json

import pytest

from bot.command import Asker, Call, Command
from bot.domain.sentence import say
from bot.ports import Message
from bot.slack.manifest import manifest

URL = "https://bot.example.com/slack/events"


async def run(call: Call, asker: Asker, desk: object) -> Message | None:
    raise AssertionError(call, asker, desk)


def command(
    name: str = "/taurus-fleet", *, summary: str = "Shows the fleet", usage: tuple[str, ...] = ()
) -> Command:
    return Command(name=name, summary=say("{it}", it=summary), usage=usage, run=run)


def test_every_command_is_in_it_with_its_hint() -> None:
    commands = [command(usage=("", "[PATTERN]", "--behind")), command("/taurus-help")]
    fleet, help_ = manifest(commands, mode="socket")["features"]["slash_commands"]
    assert fleet == {
        "command": "/taurus-fleet",
        "description": "Shows the fleet",
        "usage_hint": "[PATTERN] · --behind",
        "should_escape": False,
    }
    assert "usage_hint" not in help_


def test_a_long_hint_ends_at_a_whole_form() -> None:
    made = manifest([command(usage=("a" * 600, "b" * 600))], mode="socket")
    assert made["features"]["slash_commands"][0]["usage_hint"] == "a" * 600


def test_socket_mode_has_no_addresses() -> None:
    made = manifest([command()], mode="socket")
    assert made["settings"]["socket_mode_enabled"] is True
    assert "url" not in json.dumps(made)


def test_http_mode_has_its_address_in_all_three_places() -> None:
    made = manifest([command()], mode="http", request_url=URL)
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == URL
    assert made["settings"]["interactivity"] == {"is_enabled": True, "request_url": URL}
    assert made["features"]["slash_commands"][0]["url"] == URL


def test_it_asks_for_what_the_bot_uses_and_no_more() -> None:
    made = manifest([command()], mode="socket")
    scopes = made["oauth_config"]["scopes"]
    assert scopes["bot"] == [
        "app_mentions:read",
        "chat:write",
        "commands",
        "files:write",
        "im:history",
        "im:write",
        "usergroups:read",
        "users:read",
    ]
    assert scopes["bot_optional"] == ["channels:history", "groups:history"]
    events = made["settings"]["event_subscriptions"]["bot_events"]
    assert events == ["app_home_opened", "app_mention", "message.im"]
    assert made["settings"]["token_rotation_enabled"] is False
    assert made["settings"]["org_deploy_enabled"] is False


def test_the_texts_fit() -> None:
    shown = manifest([command()], mode="socket")["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 175 <= len(shown["long_description"]) <= 4000


def test_everything_slack_would_refuse_is_named_at_once() -> None:
    bad = [
        command("fleet"),
        command("/" + "x" * 32),
        command("/a b"),
        command("/ok", summary=""),
        command("/long", summary="x" * 2001),
        *[command("/same")] * 46,
    ]
    with pytest.raises(ValueError, match="not 51") as caught:
        manifest(bad, mode="http", request_url="http://plain.example.com")
    for part in ("'fleet'", "xxx'", "'/a b'", "/ok", "/long", "/same is there twice", "https://"):
        assert part in str(caught.value)


def test_addresses_are_asked_for_only_where_people_are_found_by_them() -> None:
    plain = manifest([], mode="socket")["oauth_config"]["scopes"]["bot"]
    by_email = manifest([], mode="socket", by_email=True)["oauth_config"]["scopes"]["bot"]
    assert set(by_email) - set(plain) == {"users:read.email"}
