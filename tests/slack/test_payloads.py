"""Payloads become calls, clicks and submissions; keys survive Slack's repeats."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.slack.payloads import (
    call_from_command,
    call_from_event,
    click_from_action,
    click_from_home,
    happened_at,
    submission_from_view,
)

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
NAMES = frozenset({"/taurus-fleet", "/taurus-help"})
HALF_PAST = NOW.replace(microsecond=500_000)


def event(**fields: object) -> dict[str, Any]:
    about = {"type": "app_mention", "user": "U0ANN", "channel": "C0DB", "text": "<@U0BOT> hi"}
    return {"type": "event_callback", "event_id": "Ev1", "event": {**about, **fields}}


def test_a_command_without_a_trigger_still_has_a_key_of_its_own() -> None:
    body = {"command": "/taurus-fleet", "text": "a", "user_id": "U0ANN"}
    first, again = call_from_command(body, NOW), call_from_command(dict(body), NOW)
    other = call_from_command({**body, "text": "b"}, NOW)
    assert first.key == again.key != other.key
    assert first.key.startswith("call:")


def test_a_mention_is_a_question_for_help_without_the_name() -> None:
    call = call_from_event(event(text="<@U0BOT|bot> orders-* &amp; &lt;more&gt; "), NOW, NAMES)
    assert call is not None
    assert (call.command, call.text, call.user, call.channel, call.key) == (
        "/taurus-help",
        "orders-* & <more>",
        "U0ANN",
        "C0DB",
        "event:Ev1",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "message", "channel_type": "im"},
        {"type": "message", "channel_type": "im", "subtype": "file_share", "text": None},
    ],
)
def test_a_direct_message_is_a_question_for_help(fields: dict[str, Any]) -> None:
    assert call_from_event(event(**fields), NOW, NAMES) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "message", "channel_type": "channel"},
        {"type": "message", "channel_type": "im", "subtype": "message_changed"},
        {"type": "app_home_opened"},
        {"bot_id": "B0OTHER"},
        {"edited": {"ts": "1"}},
        {"user": None},
    ],
)
def test_other_events_say_nothing_to_the_bot(fields: dict[str, Any]) -> None:
    assert call_from_event(event(**fields), NOW, NAMES) is None


def test_a_click_on_a_private_message_names_no_message() -> None:
    body = {
        "type": "block_actions",
        "trigger_id": "1.2.3",
        "user": {"id": "U0ANN"},
        "container": {"message_ts": "1.1", "channel_id": "C0DB", "is_ephemeral": True},
        "actions": [{"action_id": "change.approve", "value": "1", "action_ts": "1.0"}],
    }
    click = click_from_action(body, NOW)
    assert (click.key, click.channel, click.message_ts, click.value) == (
        "click:1.2.3",
        "C0DB",
        "",
        "1",
    )


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ({"type": "plain_text_input", "value": "because"}, "because"),
        ({"type": "plain_text_input", "value": None}, ""),
        ({"type": "static_select", "selected_option": {"text": {}, "value": "prod"}}, "prod"),
        ({"type": "static_select", "selected_option": None}, ""),
        ({"type": "datepicker", "selected_date": "2026-12-01"}, "2026-12-01"),
        ({"type": "datetimepicker", "selected_date_time": 1796000000}, "1796000000"),
        ({"type": "checkboxes", "selected_options": [{"value": "a"}, {"value": "b"}]}, "a\nb"),
        ({"type": "multi_users_select", "selected_users": ["U1", "U2"]}, "U1\nU2"),
        ({"type": "file_input", "files": []}, ""),
    ],
)
def test_what_was_entered_in_a_form_becomes_text(field: dict[str, Any], text: str) -> None:
    view = {"id": "V1", "hash": "h1", "state": {"values": {"block": {"element": field}}}}
    form = submission_from_view({"user": {"id": "U0ANN"}, "view": view}, NOW)
    assert form.values == {"block": text}
    assert form.key.startswith("submission:V1:h1:")


def test_a_form_without_fields_has_no_values() -> None:
    form = submission_from_view({"view": {"id": "V1", "private_metadata": "7"}}, NOW)
    assert (form.values, form.metadata, form.user) == ({}, "7", "")
    assert form.key.startswith("submission:")


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"actions": [{"action_ts": "1796126400.5"}]}, HALF_PAST),
        ({"action_ts": "1796126400"}, NOW),
        ({"event_time": 1796126400}, NOW),
        ({"event_time": "soon"}, None),
        ({"event_time": 1e300}, None),
        ({}, None),
    ],
)
def test_when_it_happened_if_slack_says(body: dict[str, Any], at: datetime | None) -> None:
    assert happened_at(body) == at


def test_who_opens_the_home_tab_makes_a_click_without_a_place() -> None:
    click = click_from_home(event(type="app_home_opened", channel="D1", tab="home"), NOW)
    assert click is not None
    assert (click.action_id, click.user, click.channel) == ("home.open", "U0ANN", "")
    assert click_from_home(event(type="app_home_opened", tab="messages"), NOW) is None
    assert click_from_home(event(), NOW) is None


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("fleet orders-* --behind", "/taurus-fleet", "orders-* --behind"),
        ("<@U0BOT> taurus-fleet", "/taurus-fleet", ""),
        (" /taurus-fleet  x ", "/taurus-fleet", "x"),
        ("Fleet", "/taurus-fleet", ""),
        ("help me", "/taurus-help", "me"),
        ("fleets of ships", "/taurus-help", "fleets of ships"),
        ("/taurus-", "/taurus-help", "/taurus-"),
    ],
)
def test_a_command_can_be_said(text: str, command: str, rest: str) -> None:
    call = call_from_event(event(text=text), NOW, NAMES)
    assert call is not None
    assert (call.command, call.text) == (command, rest)
