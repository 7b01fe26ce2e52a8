"""The content of messages: what Slack takes, and the message it makes of it."""

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.blocks import check_message_blocks
from bot.sandbox.slack.ids import fill_ids
from bot.sandbox.slack.people import TEAM_ID
from bot.sandbox.slack.wire import Json, SlackError
from bot.sandbox.slack.workspace import Workspace

# Slack docs: chat.postMessage cuts off longer texts, chat.update refuses them.
POST_TEXT, UPDATE_TEXT = 40_000, 4_000
ATTACHMENTS = 100
METADATA_BYTES = 16_000


def content(arguments: Arguments) -> Json:
    """The given ones of text, blocks, attachments and metadata, checked.

    Raises:
        SlackError: `no_text` if there is nothing to show, or what is wrong with a part.
    """
    parts: Json = {}
    if arguments.has("text"):
        parts["text"] = arguments.text("text")[:POST_TEXT]
    if arguments.has("blocks"):
        parts["blocks"] = fill_ids(check_message_blocks(arguments.data("blocks")))
    if arguments.has("attachments"):
        parts["attachments"] = _attachments(arguments.data("attachments"))
    if arguments.has("metadata"):
        parts["metadata"] = _metadata(arguments.data("metadata"))
    return parts


def require_something(parts: Json) -> Json:
    """The parts, if a reader would see anything.

    Raises:
        SlackError: `no_text`.
    """
    if not (parts.get("text") or parts.get("blocks") or parts.get("attachments")):
        raise SlackError("no_text")
    return parts


def _attachments(value: object) -> list[Json]:
    if not isinstance(value, list):
        raise SlackError("invalid_attachments")
    if len(value) > ATTACHMENTS:
        raise SlackError("too_many_attachments")
    for one in value:
        if "blocks" in one:
            one["blocks"] = fill_ids(check_message_blocks(one["blocks"]))
    return value


def _metadata(value: object) -> Json:
    if not isinstance(value, dict) or value == {}:
        if value == {}:
            return {}
        raise SlackError("invalid_metadata_format")
    kind, payload = value.get("event_type"), value.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise SlackError("invalid_metadata_schema")
    if len(str(value)) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return {"event_type": kind, "event_payload": payload}


def bot_message(workspace: Workspace, parts: Json, thread_ts: str = "") -> Json:
    """A new message of the bot."""
    app = workspace.app
    message = {
        "type": "message",
        "user": app.bot_user,
        "ts": workspace.timestamps.next(),
        "bot_id": app.bot_id,
        "app_id": app.id,
        "team": TEAM_ID,
        "text": "",
        "bot_profile": bot_profile(workspace),
        **parts,
    }
    if not message.get("metadata", True):
        del message["metadata"]
    if thread_ts:
        message["thread_ts"] = thread_ts
    return message


def bot_profile(workspace: Workspace) -> Json:
    """The bot as its messages carry it."""
    app = workspace.app
    return {
        "id": app.bot_id,
        "app_id": app.id,
        "user_id": app.bot_user,
        "name": app.name,
        "team_id": TEAM_ID,
        "deleted": False,
        "updated": 0,
        "icons": {},
    }


def check_thread(workspace: Workspace, channel: str, thread_ts: str) -> str:
    """The thread that a reply goes to; a reply to a reply joins the reply's thread.

    Raises:
        SlackError: `thread_not_found`.
    """
    if not thread_ts:
        return ""
    if not workspace.messages.has(channel, thread_ts):
        raise SlackError("thread_not_found")
    return str(workspace.messages.find(channel, thread_ts).get("thread_ts", thread_ts))


def updated(message: Json, parts: Json, editor: Json | None) -> Json:
    """The message after `chat.update` with `parts`.

    Text without blocks removes the blocks, blocks without text keep the text, and metadata and
    attachments stay unless given (Slack docs, chat.update).
    """
    after = {**message, **parts}
    if parts.get("text") and "blocks" not in parts:
        after.pop("blocks", None)
    for name in ("blocks", "attachments", "metadata"):
        if not after.get(name, True):
            del after[name]
    if editor and parts.get("text") and "blocks" not in parts:
        after["edited"] = editor
    return after
