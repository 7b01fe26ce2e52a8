"""The Web API's `conversations.*` methods."""

from copy import deepcopy

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.directory_methods import page_of
from bot.sandbox.slack.people import Channel, channel_object
from bot.sandbox.slack.wire import Json, SlackError, invalid
from bot.sandbox.slack.workspace import Workspace

KINDS = {"channels": "public_channel", "groups": "private_channel", "im": "im"}


class ChannelMethods:
    """Tells what happens where, as far as the token's scopes reach."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def info(self, arguments: Arguments) -> Json:
        """`conversations.info`."""
        channel = self._visible(arguments, "read")
        return {"channel": channel_object(channel, self._workspace.app.bot_user)}

    def members(self, arguments: Arguments) -> Json:
        """`conversations.members`."""
        channel = self._visible(arguments, "read")
        members, pointer = page_of(channel.members, arguments, 100)
        return {"members": members, "response_metadata": pointer}

    def list(self, arguments: Arguments) -> Json:
        """`conversations.list`; public channels unless `types` says otherwise."""
        kinds = arguments.text("types", "public_channel").replace(" ", "").split(",")
        bot = self._workspace.app.bot_user
        for kind, name in KINDS.items():
            if name in kinds:
                self._require(f"{kind}:read")
        found = [
            one
            for one in self._workspace.channels.values()
            if KINDS[one.kind] in kinds and (one.kind == "channels" or bot in one.members)
            if not (one.is_archived and arguments.flag("exclude_archived"))
        ]
        shown, pointer = page_of(found, arguments, 100)
        channels = [channel_object(one, bot) for one in shown]
        return {"channels": channels, "response_metadata": pointer}

    def open(self, arguments: Arguments) -> Json:
        """`conversations.open` of direct messages with one person."""
        users = arguments.text("users")
        if not users and not arguments.has("channel"):
            raise SlackError("users_list_not_supplied")
        if "," in users:
            raise invalid("this workspace has no group messages")
        before = set(self._workspace.channels)
        channel = self._workspace.im(users) if users else self._im(arguments.text("channel"))
        shown: Json = {"id": channel.id}
        if arguments.flag("return_im"):
            shown = channel_object(channel, self._workspace.app.bot_user)
        known = channel.id in before
        return {"channel": shown, "already_open": known, "no_op": known}

    def _im(self, channel: str) -> Channel:
        found = self._workspace.seen_by_bot(channel)
        if not found.is_im:
            raise SlackError("channel_not_found")
        return found

    def history(self, arguments: Arguments) -> Json:
        """`conversations.history`: newest first, replies left out."""
        channel = self._readable(arguments)
        found = [one for one in self._workspace.messages.of(channel.id) if not is_reply(one)]
        found = [one for one in reversed(found) if within(one, arguments)]
        shown, pointer = page_of(found, arguments, 100)
        messages = [_without_metadata(one, arguments) for one in shown]
        more = bool(pointer["next_cursor"])
        return {"messages": messages, "has_more": more, "response_metadata": pointer}

    def replies(self, arguments: Arguments) -> Json:
        """`conversations.replies`: the message and its thread, oldest first."""
        channel = self._readable(arguments)
        ts = arguments.required("ts")
        found = thread(self._workspace.messages.of(channel.id), ts)
        if not found:
            raise SlackError("thread_not_found")
        kept = [one for one in found if one["ts"] == ts or within(one, arguments)]
        shown, pointer = page_of(kept, arguments, 1000)
        messages = [_without_metadata(one, arguments) for one in shown]
        more = bool(pointer["next_cursor"])
        return {"messages": messages, "has_more": more, "response_metadata": pointer}

    def _readable(self, arguments: Arguments) -> Channel:
        channel = self._visible(arguments, "history")
        return self._workspace.joined(channel.id)

    def _visible(self, arguments: Arguments, right: str) -> Channel:
        channel = self._workspace.seen_by_bot(arguments.required("channel"))
        self._require(f"{channel.kind}:{right}")
        return channel

    def _require(self, scope: str) -> None:
        provided = self._workspace.app.scopes
        if scope not in provided:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(provided)))


def is_reply(message: Json) -> bool:
    """Whether it shows in a thread only."""
    in_thread = bool(message.get("thread_ts", message["ts"]) != message["ts"])
    return in_thread and message.get("subtype") != "thread_broadcast"


def thread(messages: list[Json], ts: str) -> list[Json]:
    """The message `ts` and the replies to it."""
    return [one for one in messages if ts in (one["ts"], one.get("thread_ts"))]


def within(message: Json, arguments: Arguments) -> bool:
    """Whether a message lies between `oldest` and `latest`."""
    at = float(message["ts"])
    oldest = float(arguments.values.get("oldest") or 0)
    latest = float(arguments.values.get("latest") or "inf")
    if arguments.flag("inclusive"):
        return oldest <= at <= latest
    return oldest < at < latest


def _without_metadata(message: Json, arguments: Arguments) -> Json:
    shown = deepcopy(message)
    if not arguments.flag("include_all_metadata"):
        shown.pop("metadata", None)
    return shown
