"""The state of the simulated workspace, shared by the Web API, the deliveries and the page."""

import itertools
from collections.abc import Callable, Iterable

from bot.sandbox.slack.hooks import Hooks
from bot.sandbox.slack.hub import Hub
from bot.sandbox.slack.installed import InstalledApp
from bot.sandbox.slack.messages import Messages, Timestamps
from bot.sandbox.slack.people import BOT_IN_CHANNEL, Channel, Person, UserGroup
from bot.sandbox.slack.triggers import Triggers
from bot.sandbox.slack.views import Views
from bot.sandbox.slack.wire import Json, SlackError


class Workspace:
    """People, channels, messages, forms and the one app.

    Args:
        app: the installed app.
        people, channels, groups: who is there; channels name the bot as `BOT_IN_CHANNEL`.
        clock: the workspace's time (unix seconds): message timestamps and events.
        wall: the protocol's time (unix seconds): lives of trigger ids and response URLs.
    """

    def __init__(
        self,
        app: InstalledApp,
        *,
        people: Iterable[Person],
        channels: Iterable[Channel],
        groups: Iterable[UserGroup],
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.app = app
        self.clock = clock
        self.hub = Hub()
        self.people = {one.id: one for one in people}
        self.groups = {one.id: one for one in groups}
        self.channels = {one.id: one for one in channels}
        for channel in self.channels.values():
            channel.members = [app.bot_user if m == BOT_IN_CHANNEL else m for m in channel.members]
        self.timestamps = Timestamps(clock)
        self.messages = Messages(self.hub, lambda channel: self.channels[channel].members)
        self.views = Views(self.hub, clock, app)
        self.triggers = Triggers(wall)
        self.hooks = Hooks(wall)
        self.files: dict[str, Json] = {}
        self._numbers = itertools.count(1)

    def new_id(self, prefix: str) -> str:
        """A fresh id in Slack's style, such as `F00000001`."""
        return f"{prefix}{next(self._numbers):08X}"

    def person(self, user: str) -> Person:
        """A member by id.

        Raises:
            SlackError: `user_not_found`.
        """
        if user not in self.people:
            raise SlackError("user_not_found")
        return self.people[user]

    def im(self, user: str) -> Channel:
        """The direct messages between the bot and `user`, opened when first needed."""
        person = self.person(user)
        key = "D" + user[1:]
        if key not in self.channels:
            members = [person.id, self.app.bot_user]
            self.channels[key] = Channel(key, person.name, members, is_im=True, im_user=user)
        return self.channels[key]

    def seen_by_bot(self, channel: str) -> Channel:
        """A channel that the bot's token can name: public ones, and those it is in.

        Raises:
            SlackError: `channel_not_found`.
        """
        found = self.channels.get(channel)
        hidden = found and found.is_private and self.app.bot_user not in found.members
        if found is None or hidden:
            raise SlackError("channel_not_found")
        return found

    def joined(self, channel: str) -> Channel:
        """A channel that the bot can read.

        Raises:
            SlackError: `channel_not_found` or `not_in_channel`.
        """
        found = self.seen_by_bot(channel)
        if self.app.bot_user not in found.members:
            raise SlackError("not_in_channel")
        return found

    def writable(self, channel: str) -> Channel:
        """A channel that the bot can post to; a user id means that person's direct messages.

        Raises:
            SlackError: `channel_not_found`, `not_in_channel`, `is_archived` or
                `messages_tab_disabled`.
        """
        found = self.im(channel) if channel in self.people else self.seen_by_bot(channel)
        if found.is_archived:
            raise SlackError("is_archived")
        if found.is_im and not self.app.has_messages:
            raise SlackError("messages_tab_disabled")
        public = not found.is_private and "chat:write.public" in self.app.scopes
        if self.app.bot_user not in found.members and not public:
            raise SlackError("not_in_channel")
        return found

    def require_member(self, user: str, channel: str) -> Channel:
        """A channel in which `user` can speak, as Slack's own client sees to it.

        Raises:
            SlackError: `channel_not_found` or `is_archived`.
        """
        self.person(user)
        found = self.channels.get(channel)
        if found is None or user not in found.members:
            raise SlackError("channel_not_found")
        if found.is_archived:
            raise SlackError("is_archived")
        return found
