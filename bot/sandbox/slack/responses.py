"""Answers that go by a response URL, or with the acknowledgement of a command."""

from http import HTTPStatus

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.hooks import Hook
from bot.sandbox.slack.posting import bot_message, check_thread, content, require_something, updated
from bot.sandbox.slack.wire import Json, SlackError
from bot.sandbox.slack.workspace import Workspace


class Responses:
    """Shows what the bot answers to one person's command or click."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def use(self, key: str, arguments: Arguments) -> Json:
        """Takes a POST to a response URL; there is nothing to tell but that it worked.

        Raises:
            SlackError: `expired_url`, `used_url`, or what is wrong with the message, none of
                them with HTTP 200.
        """
        hook = self._workspace.hooks.use(key)
        try:
            self._carry_out(hook, arguments)
        except SlackError as refusal:
            if refusal.status == HTTPStatus.OK:
                refusal.status = HTTPStatus.BAD_REQUEST
            raise
        return {}

    def _carry_out(self, hook: Hook, arguments: Arguments) -> None:
        if arguments.flag("delete_original"):
            self._delete(hook)
        elif arguments.flag("replace_original") and hook.source_ts:
            self._replace(hook, arguments)
        else:
            self._add(hook, arguments)

    def immediate(self, channel: str, user: str, body: Json) -> None:
        """Shows what came with a command's acknowledgement.

        Raises:
            SlackError: what is wrong with the message.
        """
        self._add(Hook(channel, user, expires=0), Arguments(body))

    def _delete(self, hook: Hook) -> None:
        if not hook.source_ts:
            raise SlackError("message_not_found", status=404)
        if hook.source_is_private:
            self._workspace.messages.remove_private(hook.user, hook.source_ts)
        else:
            self._workspace.messages.find(hook.channel, hook.source_ts)
            self._workspace.messages.remove(hook.channel, hook.source_ts)

    def _replace(self, hook: Hook, arguments: Arguments) -> None:
        parts = require_something(content(arguments))
        messages = self._workspace.messages
        if hook.source_is_private:
            fresh = bot_message(self._workspace, parts, hook.thread_ts)
            messages.add_private(hook.user, hook.channel, {**fresh, "ts": hook.source_ts})
            return
        before = messages.find(hook.channel, hook.source_ts)
        messages.replace(hook.channel, updated(before, {"text": "", **parts}, None))

    def _add(self, hook: Hook, arguments: Arguments) -> None:
        parts = require_something(content(arguments))
        thread = check_thread(self._workspace, hook.channel, arguments.text("thread_ts"))
        kind = arguments.text("response_type", "ephemeral")
        if kind == "in_channel":
            message = bot_message(self._workspace, parts, thread)
            self._workspace.messages.add(hook.channel, message)
            return
        message = bot_message(self._workspace, parts, thread)
        self._workspace.messages.add_private(hook.user, hook.channel, message)
