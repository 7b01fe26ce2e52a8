"""What Slack delivers, turned into what the commands understand. Pure.

Keys are made of what stays the same when Slack repeats a delivery, with or without a mark:
the trigger id of a command or click, a form's id, version and content, an event's id.
"""

import hashlib
import html
import json
import re
from collections.abc import Collection
from datetime import UTC, datetime

from bot.command import Call, Click, Filled, Query, Submission
from bot.slack.account import Payload
from bot.slack.shapes import Json, first, inside, text, whole

HELP = "/taurus-help"
"""What somebody means who just talks to the bot."""

HOME = "home.open"
"""The click that somebody makes who opens the Home tab."""

_PREFIX = "/taurus-"
_MENTION = re.compile(r"^\s*<@[UW][A-Z0-9]+(\|[^>]*)?>\s*")

_KINDS = {
    "block_actions": "click",
    "view_submission": "submission",
    "block_suggestion": "options",
    "event_callback": "event",
}


def kind_of(body: Payload) -> str:
    """Name a payload for metrics and logs."""
    return "call" if "command" in body else _KINDS.get(str(body.get("type")), "other")


def key_of(body: Payload) -> str:
    """Return the key of a delivery, by which logs and people name it."""
    keys = {"call": "call", "options": "options", "other": "click"}
    match kind_of(body):
        case "event":
            return _key("event", body, text(body, "event_id"))
        case "click":
            return _click_key(body)
        case "submission":
            return _submission_key(body)
        case kind:
            return _key(keys[kind], body, text(body, "trigger_id"))


def call_from_command(body: Payload, now: datetime) -> Call:
    """Read a slash command."""
    return Call(
        key=key_of(body),
        user=text(body, "user_id"),
        channel=text(body, "channel_id"),
        command=text(body, "command"),
        text=text(body, "text"),
        received_at=now,
        response_url=text(body, "response_url"),
    )


def call_from_event(body: Payload, now: datetime, commands: Collection[str]) -> Call | None:
    """Read what somebody wrote to the bot; None for every other event.

    The first word may be a command's, with or without what all of them begin with: `fleet`,
    `taurus-fleet` and `/taurus-fleet` are one. Everything else is a question for help.
    """
    event = inside(body, "event")
    if not _is_talk(event):
        return None
    # Chat comes with &, < and > escaped; commands come as typed.
    said = html.unescape(_MENTION.sub("", text(event, "text"))).strip()
    word, _, rest = said.partition(" ")
    named = _PREFIX + word.lower().removeprefix("/").removeprefix(_PREFIX.removeprefix("/"))
    command, said = (named, rest.strip()) if named in commands else (HELP, said)
    return Call(
        key=key_of(body),
        user=text(event, "user"),
        channel=text(event, "channel"),
        command=command,
        text=said,
        received_at=now,
    )


def click_from_home(body: Payload, now: datetime) -> Click | None:
    """Read that somebody opened their Home tab; None for every other event."""
    event = inside(body, "event")
    if event.get("type") != "app_home_opened" or event.get("tab", "home") != "home":
        return None
    return Click(
        key=key_of(body),
        user=user_of(body),
        channel="",
        action_id=HOME,
        value="",
        received_at=now,
    )


def click_from_action(body: Payload, now: datetime) -> Click:
    """Read the button (or other element) that was used."""
    action = first(body, "actions")
    container = inside(body, "container")
    seen_by_all = not container.get("is_ephemeral", False)
    form = _form(body)
    view = text(inside(body, "view"), "id") if form else ""
    return Click(
        key=_click_key(body),
        user=user_of(body),
        channel=channel_of(body),
        action_id=text(action, "action_id"),
        value=_entered(action),
        received_at=now,
        message_ts=text(container, "message_ts") if seen_by_all else "",
        response_url=text(body, "response_url"),
        view=view,
        form=form,
        block=text(action, "block_id"),
    )


def click_from_shortcut(body: Payload, now: datetime) -> Click:
    """Read an entry of Slack's menus; one of a message tells which."""
    return Click(
        key=key_of(body),
        user=user_of(body),
        channel=channel_of(body),
        action_id=text(body, "callback_id"),
        value="",
        received_at=now,
        message_ts=text(body, "message_ts"),
        response_url=text(body, "response_url"),
    )


def query_from_options(body: Payload, now: datetime) -> Query | None:
    """Read what was typed into a menu of a form; None if it is no form's."""
    form = _form(body)
    if form is None:
        return None
    return Query(
        user=user_of(body),
        action_id=text(body, "action_id"),
        typed=text(body, "value"),
        form=form,
        received_at=now,
    )


def submission_from_view(body: Payload, now: datetime) -> Submission:
    """Read a form that was sent."""
    view = inside(body, "view")
    return Submission(
        key=_submission_key(body),
        user=user_of(body),
        callback_id=text(view, "callback_id"),
        values=_values(view),
        metadata=text(view, "private_metadata"),
        received_at=now,
    )


def _form(body: Payload) -> Filled | None:
    view = inside(body, "view")
    if view.get("type") != "modal":
        return None
    return Filled(
        callback_id=text(view, "callback_id"),
        hash=text(view, "hash"),
        values=_values(view),
        metadata=text(view, "private_metadata"),
    )


def _values(view: Json) -> dict[str, str]:
    state = inside(view, "state", "values")
    return {
        whole(block): _entered(inside(next(iter(inside(fields).values()), {})))
        for block, fields in state.items()
    }


def fields_of(body: Payload) -> tuple[str, ...]:
    """Return the block ids of a form's fields, in their order."""
    return tuple(_values(inside(body, "view")))


def user_of(body: Payload) -> str:
    """Return the id of whoever did it; empty if Slack does not say."""
    user, event = inside(body, "user"), inside(body, "event")
    return text(body, "user_id") or text(user, "id") or text(event, "user")


def channel_of(body: Payload) -> str:
    """Return the channel's id; empty in forms and on the Home tab."""
    return (
        text(body, "channel_id")
        or text(inside(body, "channel"), "id")
        or text(inside(body, "container"), "channel_id")
        or text(inside(body, "event"), "channel")
    )


def happened_at(body: Payload) -> datetime | None:
    """Return when the person did it, if the payload tells."""
    action = first(body, "actions")
    told = action.get("action_ts") or body.get("action_ts") or body.get("event_time")
    try:
        return datetime.fromtimestamp(float(told), UTC) if told else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _is_talk(event: Json) -> bool:
    if event.get("bot_id") or "edited" in event or not text(event, "user"):
        return False
    if event.get("type") == "app_mention":
        return True
    is_direct = event.get("type") == "message" and event.get("channel_type") == "im"
    return is_direct and event.get("subtype") in (None, "file_share")


def _click_key(body: Payload) -> str:
    # All edits of one form begin alike, so that the newest of them can be told.
    view = inside(body, "view")
    form = text(view, "id") if view.get("type") == "modal" else ""
    return _key(f"click:{form}" if form else "click", body, text(body, "trigger_id"))


def _submission_key(body: Payload) -> str:
    view, ids = inside(body, "view"), ""
    if "id" in view and "hash" in view:
        # What was sent and refused, mended and sent again is the same version of the form.
        told = json.dumps(_values(view), sort_keys=True).encode()
        ids = f"{text(view, 'id')}:{text(view, 'hash')}:{hashlib.sha256(told).hexdigest()[:16]}"
    return _key("submission", body, ids)


def _key(kind: str, body: Payload, told: str) -> str:
    if told:
        return f"{kind}:{told}"
    whole = json.dumps(body, sort_keys=True, default=str).encode()
    return f"{kind}:{hashlib.sha256(whole).hexdigest()}"


def _entered(field: Json) -> str:
    """What an element holds as text; several selected things one a line."""
    for name, value in field.items():
        if name == "value" or name.startswith("selected_"):
            return _text(value)
    return ""


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case {"value": inner}:
            return whole(str(inner))
        case list():
            return "\n".join(_text(one) for one in value)
        case _:
            return whole(str(value))
