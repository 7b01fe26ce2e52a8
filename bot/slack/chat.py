"""Messages in channels, threads and private: the `Chat` port on Slack's Web API."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.ports import ChatError, Clock, File, Message
from bot.slack.account import Account
from bot.slack.newer import settled
from bot.slack.pace import Pace
from bot.slack.web import WebApi

TAG_TYPE = "taurus_change"
"""The `event_type` of our messages' metadata."""

# Slack docs, Rate Limits: one message a second and channel with short bursts; chat.update is
# tier 3, about 50 a minute for the whole workspace. Ten at once and 40 a minute stay below it.
_POST_EVERY, _POST_BURST = timedelta(seconds=1), 3
_UPDATE_EVERY, _UPDATE_BURST = timedelta(seconds=1.5), 10
_WORKSPACE = "workspace"

_TEXT_LENGTH = 4000
_NO_WORDS = "(shown in Slack)"
_DIRECT = ("", "D", "U", "W")
"""How the ids of places begin that only one person reads; nothing is one such, too."""
_PAGE, _PAGES = 200, 10
_PEOPLE = ("U", "W")
"""How ids of people begin."""
_NOT_THERE = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "user_not_in_channel"}
)


class SlackChat:
    """Posts, redraws and whispers; every method raises `ChatError` and never waits in secret."""

    def __init__(self, api: WebApi, account: Account, clock: Clock, *, newer: bool = False) -> None:
        """Speak as `account`; `clock` paces; `newer` blocks are shown if the workspace can."""
        self._api = api
        self._newer = newer
        self._account = account
        self._posts = Pace(clock, every=_POST_EVERY, burst=_POST_BURST)
        self._updates = Pace(clock, every=_UPDATE_EVERY, burst=_UPDATE_BURST)

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        tag: dict[str, str],
        thread: str = "",
        broadcast: bool = False,
    ) -> str:
        """Post a message and return its ts; `tag` finds it again.

        It is sent once. If `ChatError.unclear` is set it may have been posted: look for it with
        `find_post` before posting again.
        """
        self._posts.take(channel)
        request = self._api.client.chat_postMessage(
            channel=channel,
            thread_ts=thread or None,
            reply_broadcast=True if thread and broadcast else None,
            metadata={"event_type": TAG_TYPE, "event_payload": tag},
            unfurl_links=False,
            unfurl_media=False,
            **self._shown(message),
        )
        try:
            answer = await self._api.call("chat.postMessage", request)
        except ChatError as error:
            _hold(self._posts, channel, error)
            raise
        return str(answer.get("ts", ""))

    async def find_post(
        self, channel: str, tag: dict[str, str], *, since: datetime, thread: str = ""
    ) -> str | None:
        """Find the ts of our own message by its tag, among those since `since`.

        None if there is none, or if the app lacks the optional scopes for looking.
        """
        cursor = ""
        for _ in range(_PAGES):
            try:
                page = await self._read(channel, since, thread, cursor)
            except ChatError as error:
                if error.code == "missing_scope":
                    return None
                raise
            found = [one for one in page.get("messages", ()) if self._is_ours(one, tag)]
            if found:
                return str(found[0]["ts"])
            cursor = page.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                break
        return None

    async def upload(self, channel: str, file: File, *, thread: str = "") -> None:
        """Share a file: ask for an address, send the bytes, share (Slack docs, Uploading files).

        Only the last step shows anything to anybody, so only it can be unclear.
        """
        self._posts.take(channel)
        content = file.text.encode()
        client = self._api.client
        request = client.files_getUploadURLExternal(filename=file.name, length=len(content))
        place = await self._api.call("files.getUploadURLExternal", request)
        await self._api.send_file(str(place.get("upload_url", "")), content)
        request = client.files_completeUploadExternal(
            files=[{"id": str(place.get("file_id", "")), "title": file.title}],
            channel_id=channel if channel[:1] not in _PEOPLE else await self.direct(channel),
            thread_ts=thread or None,
        )
        await self._api.call("files.completeUploadExternal", request)

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Redraw a message of ours in place."""
        self._updates.take(_WORKSPACE)
        request = self._api.client.chat_update(channel=channel, ts=ts, **self._shown(message))
        try:
            await self._api.call("chat.update", request)
        except ChatError as error:
            _hold(self._updates, _WORKSPACE, error)
            raise

    async def link(self, channel: str, ts: str) -> str:
        """Return an address that leads people to a message."""
        request = self._api.client.chat_getPermalink(channel=channel, message_ts=ts)
        answer = await self._api.call("chat.getPermalink", request)
        return str(answer.get("permalink", ""))

    async def nudge(self, channel: str, user: str, message: Message) -> bool:
        """Tell one person something in a channel; False if they do not read that channel."""
        return await self._appeared(channel, user, message)

    async def direct(self, user: str) -> str:
        """Return the id of the direct messages with somebody."""
        request = self._api.client.conversations_open(users=user)
        answer = await self._api.call("conversations.open", request)
        return str((answer.get("channel") or {}).get("id", ""))

    async def whisper(
        self, channel: str, user: str, message: Message, *, response_url: str = ""
    ) -> None:
        """Tell one person privately: where they asked, else in the channel, else directly.

        Whoever asked must hear the answer, so a way that failed leads to the next one, even if
        its outcome is unclear: a private answer read twice does no harm.
        """
        if response_url and await self._responded(response_url, message):
            return
        # What is said in direct messages is private anyway, and should still be there tomorrow.
        if channel[:1] not in _DIRECT and await self._appeared(channel, user, message):
            return
        request = self._api.client.chat_postMessage(
            channel=user, unfurl_links=False, unfurl_media=False, **self._shown(message)
        )
        await self._api.call("chat.postMessage", request)

    async def _responded(self, response_url: str, message: Message) -> bool:
        body = {
            **self._shown(message),
            "response_type": "ephemeral",
            "replace_original": message.replaces,
        }
        try:
            await self._api.respond(response_url, body)
        except ChatError:
            return False
        return True

    async def _appeared(self, channel: str, user: str, message: Message) -> bool:
        request = self._api.client.chat_postEphemeral(
            channel=channel, user=user, **self._shown(message)
        )
        try:
            await self._api.call("chat.postEphemeral", request)
        except ChatError as error:
            if error.code in _NOT_THERE:
                return False
            raise
        return True

    async def _read(
        self, channel: str, since: datetime, thread: str, cursor: str
    ) -> Mapping[str, Any]:
        arguments: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{since.timestamp():.6f}",
            "inclusive": True,
            "include_all_metadata": True,
            "limit": _PAGE,
            "cursor": cursor or None,
        }
        client = self._api.client
        if thread:
            request = client.conversations_replies(ts=thread, **arguments)
            return await self._api.call("conversations.replies", request)
        request = client.conversations_history(**arguments)
        return await self._api.call("conversations.history", request)

    def _is_ours(self, message: Mapping[str, Any], tag: dict[str, str]) -> bool:
        # Anybody may write our tag into a message of theirs; our bot id is Slack's word.
        if message.get("bot_id") != self._account.home.bot:
            return False
        if "file" in tag:
            return any(one.get("name") == tag["file"] for one in message.get("files") or ())
        metadata = message.get("metadata") or {}
        return (
            metadata.get("event_type") == TAG_TYPE
            and tag.items() <= (metadata.get("event_payload") or {}).items()
        )

    def _shown(self, message: Message) -> dict[str, Any]:
        # Notifications and screen readers need the text; a text too long fails the whole call.
        text = message.text or _NO_WORDS
        if len(text) > _TEXT_LENGTH:
            text = text[: _TEXT_LENGTH - 1] + "…"
        blocks = settled(message.blocks, newer=self._newer)
        return {"text": text, "blocks": blocks} if blocks else {"text": text}


def _hold(pace: Pace, key: str, error: ChatError) -> None:
    if error.code == "ratelimited" and error.retry_after is not None:
        pace.hold(key, error.retry_after)
