"""The Web API's `chat.*` methods. Errors: Slack docs, the page of each method."""

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.people import TEAM_DOMAIN
from bot.sandbox.slack.posting import (
    UPDATE_TEXT,
    bot_message,
    check_thread,
    content,
    require_something,
    updated,
)
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.wire import Json, SlackError, invalid
from bot.sandbox.slack.workspace import Workspace


class ChatMethods:
    """Posts, edits and deletes the bot's messages."""

    def __init__(self, workspace: Workspace, rates: Rates | None) -> None:
        self._workspace = workspace
        self._rates = rates

    def post(self, arguments: Arguments) -> Json:
        """`chat.postMessage`."""
        channel = self._workspace.writable(arguments.required("channel"))
        parts = require_something(content(arguments))
        thread = check_thread(self._workspace, channel.id, arguments.text("thread_ts"))
        if self._rates:
            self._rates.count_post(channel.id)
        message = bot_message(self._workspace, parts, thread)
        if thread and arguments.flag("reply_broadcast"):
            message["subtype"] = "thread_broadcast"
        self._workspace.messages.add(channel.id, message)
        shown = self._workspace.messages.find(channel.id, message["ts"])
        return {"channel": channel.id, "ts": message["ts"], "message": dict(shown)}

    def update(self, arguments: Arguments) -> Json:
        """`chat.update`; ephemeral messages and other people's are refused."""
        channel, message = self._own(arguments, "is_inactive", "cant_update_message")
        parts = content(arguments)
        given = {"blocks", "attachments"} & parts.keys()
        if not parts.get("text") and not given:
            raise SlackError("no_text")
        if len(arguments.text("text")) > UPDATE_TEXT:
            raise SlackError("msg_too_long")
        editor = {"user": message["user"], "ts": self._workspace.timestamps.next()}
        after = require_something(updated(message, parts, editor))
        self._workspace.messages.replace(channel, after)
        return {"channel": channel, "ts": after["ts"], "text": after["text"], "message": after}

    def delete(self, arguments: Arguments) -> Json:
        """`chat.delete`."""
        channel, message = self._own(arguments, "cant_delete_message", "cant_delete_message")
        self._workspace.messages.remove(channel, message["ts"])
        return {"channel": channel, "ts": message["ts"]}

    def _own(self, arguments: Arguments, archived: str, foreign: str) -> tuple[str, Json]:
        channel = self._workspace.seen_by_bot(arguments.required("channel"))
        message = self._workspace.messages.find(channel.id, arguments.required("ts"))
        if channel.is_archived:
            raise SlackError(archived)
        if message.get("bot_id") != self._workspace.app.bot_id:
            raise SlackError(foreign)
        return channel.id, message

    def post_ephemeral(self, arguments: Arguments) -> Json:
        """`chat.postEphemeral`."""
        channel = self._workspace.writable(arguments.required("channel"))
        user = arguments.required("user")
        if user not in channel.members:
            raise SlackError("user_not_in_channel")
        parts = require_something(content(arguments))
        thread = check_thread(self._workspace, channel.id, arguments.text("thread_ts"))
        message = bot_message(self._workspace, parts, thread)
        self._workspace.messages.add_private(user, channel.id, message)
        return {"message_ts": message["ts"]}

    def permalink(self, arguments: Arguments) -> Json:
        """`chat.getPermalink`."""
        channel = self._workspace.seen_by_bot(arguments.required("channel"))
        message = self._workspace.messages.find(channel.id, arguments.required("message_ts"))
        digits = message["ts"].replace(".", "")
        link = f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{digits}"
        return {"channel": channel.id, "permalink": link}


class FileMethods:
    """Uploads in Slack's three steps: ask for an address, send the bytes, share."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def upload_url(self, arguments: Arguments) -> Json:
        """`files.getUploadURLExternal`."""
        name = arguments.required("filename")
        length = arguments.number("length", 0, 1 << 30)
        key = self._workspace.new_id("F")
        self._workspace.files[key] = {"id": key, "name": name, "title": name, "size": length}
        return {"upload_url": f"{self._workspace.hooks.base}/upload/{key}", "file_id": key}

    def receive(self, key: str, body: bytes) -> None:
        """Takes the bytes of a file.

        Raises:
            SlackError: `file_not_found`, or `invalid_arguments` for another length than announced.
        """
        file = self._workspace.files.get(key)
        if file is None:
            raise SlackError("file_not_found", status=404)
        if len(body) != file["size"]:
            raise invalid("the length is not the announced one")
        file["preview"] = body.decode("utf-8", errors="replace")

    def complete(self, arguments: Arguments) -> Json:
        """`files.completeUploadExternal`."""
        wanted = arguments.data("files")
        if not isinstance(wanted, list) or not wanted:
            raise invalid("missing required field: files")
        files = [self._uploaded(one) for one in wanted]
        if arguments.has("channel_id"):
            self._share(arguments, files)
        return {"files": files}

    def _uploaded(self, wanted: Json) -> Json:
        file = self._workspace.files.get(wanted.get("id", ""))
        if file is None or "preview" not in file:
            raise SlackError("file_not_found")
        file["title"] = wanted.get("title") or file["name"]
        return dict(file)

    def _share(self, arguments: Arguments, files: list[Json]) -> None:
        channel = self._workspace.joined(arguments.text("channel_id"))
        if channel.is_archived:
            raise SlackError("is_archived")
        thread = check_thread(self._workspace, channel.id, arguments.text("thread_ts"))
        parts = {"text": arguments.text("initial_comment"), "files": files}
        self._workspace.messages.add(channel.id, bot_message(self._workspace, parts, thread))
