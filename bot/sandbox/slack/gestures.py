"""What people do outside of blocks: commands, chat, shortcuts, the Home tab."""

import re

from bot.sandbox.slack.ack import Ack
from bot.sandbox.slack.dispatch import Dispatch
from bot.sandbox.slack.payloads import Payloads
from bot.sandbox.slack.people import TEAM_ID, Channel
from bot.sandbox.slack.posting import check_thread
from bot.sandbox.slack.responses import Responses
from bot.sandbox.slack.wire import Json, SlackError
from bot.sandbox.slack.workspace import Workspace

INVITE, REMOVE = "/invite", "/remove"  # Slack's own commands, for the bot only
_EVENT_OF = {"channels": "message.channels", "groups": "message.groups", "im": "message.im"}
_TYPE_OF = {"channels": "channel", "groups": "group", "im": "im"}
_SCOPE_OF_MENTIONS = "app_mentions:read"


def require_ack(ack: Ack) -> Json | None:
    """What the bot answered at once.

    Raises:
        SlackError: what the person is told when the bot did not answer in time.
    """
    if ack.error:
        raise SlackError(ack.error)
    return ack.body


class Gestures:
    """Each gesture raises `SlackError` with what the person would be told."""

    def __init__(
        self, workspace: Workspace, dispatch: Dispatch, payloads: Payloads, responses: Responses
    ) -> None:
        self._workspace = workspace
        self._dispatch = dispatch
        self._payloads = payloads
        self._responses = responses

    async def command(self, user: str, channel: str, text: str) -> None:
        """Types a slash command.

        Raises:
            SlackError: `not_a_command`, `operation_timeout`, `dispatch_failed`, …
        """
        place = self._workspace.require_member(user, channel)
        name, _, rest = text.strip().partition(" ")
        if name in {INVITE, REMOVE}:
            self._move_bot(user, place, invited=name == INVITE)
            return
        command = self._workspace.app.commands.get(name)
        if command is None:
            raise SlackError("not_a_command", text=f"{name} is not a valid command.")
        escaped = self._escape(rest.strip(), mentions=bool(command.get("should_escape")))
        payload = self._payloads.command(user, place, name, escaped)
        body = require_ack(await self._dispatch.deliver("slash_commands", payload))
        if body:
            self._show(channel, user, body)

    def _show(self, channel: str, user: str, body: Json) -> None:
        try:
            self._responses.immediate(channel, user, body)
        except SlackError as refusal:
            raise SlackError("invalid_command_response", why=refusal.body()) from None

    def _escape(self, text: str, *, mentions: bool) -> str:
        """Slack docs, Slash commands: `&`, `<`, `>` always, names only with `should_escape`."""
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if not mentions:
            return escaped
        for person in self._workspace.people.values():
            link = f"<@{person.id}|{person.name}>"
            escaped = re.sub(rf"@{person.name}\b", link, escaped)
        for channel in self._workspace.channels.values():
            link = f"<#{channel.id}|{channel.name}>"
            escaped = re.sub(rf"#{re.escape(channel.name)}\b", link, escaped)
        return escaped

    def _move_bot(self, user: str, channel: Channel, *, invited: bool) -> None:
        bot = self._workspace.app.bot_user
        if channel.is_im or invited == (bot in channel.members):
            raise SlackError("already_in_channel" if invited else "not_in_channel")
        if invited:
            channel.members.append(bot)
        else:
            channel.members.remove(bot)
        done = f"<@{bot}> was {'added' if invited else 'removed'} by <@{user}>."
        subtype = "channel_join" if invited else "channel_leave"
        self._add(channel, user, done, subtype=subtype)

    def _add(self, channel: Channel, user: str, text: str, **more: str) -> Json:
        message: Json = {
            "type": "message",
            "user": user,
            "ts": self._workspace.timestamps.next(),
            "team": TEAM_ID,
            "text": text,
            **more,
        }
        self._workspace.messages.add(channel.id, message)
        return message

    def message(self, user: str, channel: str, text: str, thread_ts: str = "") -> str:
        """Says something; the bot hears it where its scopes and subscriptions let it.

        Returns:
            The message's `ts`.

        Raises:
            SlackError: `no_text`, `restricted_action` where the bot takes no messages, …
        """
        place = self._workspace.require_member(user, channel)
        if not text.strip():
            raise SlackError("no_text")
        if place.is_im and not self._workspace.app.takes_messages:
            raise SlackError("restricted_action")
        thread = check_thread(self._workspace, channel, thread_ts)
        reply = {"thread_ts": thread} if thread else {}
        message = self._add(place, user, self._with_mention(text), **reply)
        self._tell_bot(place, message)
        return str(message["ts"])

    def _with_mention(self, text: str) -> str:
        app = self._workspace.app
        return re.sub(
            rf"@{re.escape(app.name)}(?!\w)", f"<@{app.bot_user}>", text, flags=re.IGNORECASE
        )

    def _tell_bot(self, channel: Channel, message: Json) -> None:
        app = self._workspace.app
        if app.bot_user not in channel.members:
            return
        seen = {**message, "channel": channel.id, "event_ts": message["ts"]}
        kind = _EVENT_OF[channel.kind]
        if f"{channel.kind}:history" in app.scopes:
            self.event(kind, {**seen, "channel_type": _TYPE_OF[channel.kind]})
        mentioned = f"<@{app.bot_user}>" in message["text"] and not channel.is_im
        if mentioned and _SCOPE_OF_MENTIONS in app.scopes:
            self.event("app_mention", {**seen, "type": "app_mention"})

    def event(self, subscription: str, event: Json) -> None:
        """Delivers an event if the app subscribed to it."""
        if subscription in self._workspace.app.events:
            self._dispatch.event(self._payloads.event(event))

    async def shortcut(self, user: str, callback_id: str, channel: str = "", ts: str = "") -> None:
        """Uses a global shortcut, or one on the message `ts`.

        Raises:
            SlackError: `not_a_shortcut`, `message_not_found`, `operation_timeout`, …
        """
        shortcut = self._workspace.app.shortcuts.get(callback_id)
        if shortcut is None:
            raise SlackError("not_a_shortcut")
        on_message = shortcut["type"] == "message"
        kind = "message_action" if on_message else "shortcut"
        payload = self._payloads.interaction(kind, user)
        payload.update(callback_id=callback_id, action_ts=self._workspace.timestamps.next())
        if on_message:
            place = self._workspace.require_member(user, channel)
            message = self._workspace.messages.find(channel, ts)
            where = self._payloads.in_message(user, place, message)
            del where["container"]
            payload.update(where, message_ts=ts)
        require_ack(await self._dispatch.deliver("interactive", payload))

    def home(self, user: str, tab: str = "home") -> None:
        """Opens the bot's Home tab, or its Messages tab.

        Raises:
            SlackError: `not_enabled` without a Home tab.
        """
        if tab == "home" and not self._workspace.app.has_home:
            raise SlackError("not_enabled")
        channel = self._workspace.im(user).id
        event: Json = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab}
        view = self._workspace.views.home(user)
        if tab == "home" and view:
            event["view"] = view
        self.event("app_home_opened", event)
