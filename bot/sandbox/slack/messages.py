"""Every message of the workspace, and the ephemeral ones that only one person sees."""

from collections.abc import Callable, Collection

from bot.sandbox.slack.hub import Hub
from bot.sandbox.slack.wire import Json, SlackError

MICROSECONDS = 1_000_000


class Timestamps:
    """Slack's `ts`: unix seconds with six digits, each given out once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """A `ts` of now, later than all before even if the clock stands still."""
        self._last = max(self._last + 1, int(self._clock() * MICROSECONDS))
        return f"{self._last // MICROSECONDS}.{self._last % MICROSECONDS:06d}"


class Messages:
    """Messages as Slack shapes them, by channel and `ts`.

    A message is never changed, only replaced, so that reading many of them costs little.
    """

    def __init__(self, hub: Hub, audience: Callable[[str], Collection[str]]) -> None:
        self._hub = hub
        self._audience = audience  # who sees a channel, by its id
        self._public: dict[str, dict[str, Json]] = {}
        self._private: dict[str, dict[str, Json]] = {}

    def add(self, channel: str, message: Json) -> None:
        """Adds a message; a reply is counted on the message that its thread hangs on."""
        self._public.setdefault(channel, {})[message["ts"]] = message
        self._tell("message", channel, message)
        if message.get("thread_ts", message["ts"]) != message["ts"]:
            self._count_reply(channel, message)

    def _count_reply(self, channel: str, reply: Json) -> None:
        parent = self._public[channel][reply["thread_ts"]]
        users = list(dict.fromkeys([*parent.get("reply_users", []), reply["user"]]))
        counted = {
            "thread_ts": parent["ts"],
            "reply_count": parent.get("reply_count", 0) + 1,
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": reply["ts"],
        }
        self.replace(channel, {**parent, **counted})

    def replace(self, channel: str, message: Json) -> None:
        """Puts `message` in the place of the one with its `ts`."""
        self._public[channel][message["ts"]] = message
        self._tell("message_changed", channel, message)

    def remove(self, channel: str, ts: str) -> None:
        """Takes a message away."""
        del self._public[channel][ts]
        self._hub.tell(
            {"type": "message_deleted", "channel": channel, "ts": ts}, self._audience(channel)
        )

    def find(self, channel: str, ts: str) -> Json:
        """The public message itself.

        Raises:
            SlackError: `message_not_found`.
        """
        try:
            return self._public[channel][ts]
        except KeyError:
            raise SlackError("message_not_found") from None

    def has(self, channel: str, ts: str) -> bool:
        """Whether there is a public message with this `ts`."""
        return ts in self._public.get(channel, {})

    def of(self, channel: str) -> list[Json]:
        """All public messages of a channel with their threads, oldest first."""
        return [dict(one) for _, one in sorted(self._public.get(channel, {}).items())]

    def add_private(self, user: str, channel: str, message: Json) -> None:
        """Shows an ephemeral message to `user`, or replaces the one with its `ts`."""
        known = message["ts"] in self._private.get(user, {})
        shown = {**message, "channel": channel, "ephemeral": True}
        self._private.setdefault(user, {})[message["ts"]] = shown
        kind = "message_changed" if known else "ephemeral"
        self._hub.tell({"type": kind, "channel": channel, "message": shown}, [user])

    def remove_private(self, user: str, ts: str) -> None:
        """Takes an ephemeral message away; none is fine, for people dismiss them."""
        gone = self._private.get(user, {}).pop(ts, None)
        if gone:
            event = {"type": "message_deleted", "channel": gone["channel"], "ts": ts}
            self._hub.tell(event, [user])

    def private(self, user: str, channel: str) -> list[Json]:
        """The ephemeral messages that `user` sees in `channel`, oldest first."""
        mine = self._private.get(user, {}).values()
        return [dict(one) for one in mine if one["channel"] == channel]

    def _tell(self, kind: str, channel: str, message: Json) -> None:
        event = {"type": kind, "channel": channel, "message": {**message, "channel": channel}}
        self._hub.tell(event, self._audience(channel))
