"""The simulator as the sandbox and the tests hold it."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

from bot.sandbox.slack.ack import Ack, Delivery
from bot.sandbox.slack.assembly import Deliverer, Parts, assemble
from bot.sandbox.slack.channel_methods import is_reply
from bot.sandbox.slack.http_posts import HttpPosts
from bot.sandbox.slack.ids import find_element
from bot.sandbox.slack.installed import Secrets, install
from bot.sandbox.slack.page_api import Panel
from bot.sandbox.slack.people import (
    GROUPS,
    PEOPLE,
    Channel,
    Person,
    UserGroup,
    default_channels,
)
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.state import entered, filled
from bot.sandbox.slack.web_api import Call, Hook
from bot.sandbox.slack.wire import Json, SlackError
from bot.sandbox.slack.workspace import Workspace

T = TypeVar("T")
PAGE = Path(__file__).parent.parent / "page"


class SlackSimulator:
    """A Slack of one's own: a workspace, its Web API, its deliveries and its page.

    Gestures (`command`, `click`, …) are what people do; each returns `{"ok": true}`, or
    `{"ok": false, "error": …}` with what the person would be told. `start` makes one.
    """

    def __init__(self, parts: Parts) -> None:
        self.faults = parts.faults
        self._workspace = parts.workspace
        self._dispatch = parts.dispatch
        self._sockets = parts.sockets
        self._gestures = parts.gestures
        self._clicks = parts.clicks
        self._web_api = parts.web_api
        self._server = parts.server

    @classmethod
    async def start(  # noqa: PLR0913 - everything about a workspace has a default but the manifest
        cls,
        *,
        manifest: Json,
        port: int = 0,
        mode: Literal["socket", "http"] = "socket",
        request_url: str = "",
        clock: Callable[[], float] = time.time,
        wall: Callable[[], float] = time.time,
        people: Iterable[Person] = PEOPLE,
        channels: Iterable[Channel] | None = None,
        groups: Iterable[UserGroup] = GROUPS,
        scopes: Iterable[str] | None = None,
        secrets: Secrets | None = None,
        panel: Panel | None = None,
        page: Path = PAGE,
        ack_seconds: float = 3.0,
        enforce_rates: bool = True,
    ) -> "SlackSimulator":
        """Installs the app and listens on loopback.

        `clock` is the workspace's time and `wall` the protocol's, both in unix seconds; `scopes`
        None grants the manifest's required ones; `ack_seconds` is how long the bot may take.
        Raises ValueError if Slack would refuse the manifest, OSError if the port is taken.
        """
        app = install(manifest, secrets or Secrets(), scopes)
        workspace = Workspace(
            app,
            people=people,
            channels=default_channels() if channels is None else channels,
            groups=groups,
            clock=clock,
            wall=wall,
        )
        rates = Rates(wall) if enforce_rates else None
        delivery = Deliverer(mode, request_url, wall, ack_seconds)
        parts = assemble(workspace, delivery, rates, panel, page)
        await parts.server.start(port)
        return cls(parts)

    async def close(self) -> None:
        """Hangs up on everybody and stops listening."""
        await self._dispatch.close()
        await self._server.close()

    def regroup(self, group: str, users: Iterable[str]) -> None:
        """Somebody changes who is in a user group."""
        groups = self._workspace.groups
        groups[group] = replace(groups[group], users=tuple(users))

    # --- addresses and secrets ------------------------------------------------------------

    @property
    def url(self) -> str:
        """The page's address."""
        return self._server.url

    @property
    def api_url(self) -> str:
        """The base address of the Web API, with its last slash."""
        return f"{self._server.url}/api/"

    @property
    def bot_token(self) -> str:
        """The `xoxb-…` token."""
        return self._workspace.app.secrets.bot_token

    @property
    def app_token(self) -> str:
        """The `xapp-…` token."""
        return self._workspace.app.secrets.app_token

    @property
    def config_token(self) -> str:
        """Of the person who made the app: it shows the app's manifest."""
        return self._workspace.app.secrets.config_token

    @property
    def signing_secret(self) -> str:
        """What HTTP deliveries are signed with."""
        return self._workspace.app.secrets.signing_secret

    @property
    def bot_user(self) -> str:
        """The bot's user id."""
        return self._workspace.app.bot_user

    @property
    def request_url(self) -> str:
        """Where HTTP deliveries go; empty in socket mode."""
        transport = self._dispatch.transport
        return transport.url if isinstance(transport, HttpPosts) else ""

    @request_url.setter
    def request_url(self, url: str) -> None:
        transport = self._dispatch.transport
        if not isinstance(transport, HttpPosts):
            raise TypeError("in socket mode nothing is delivered to a request URL")
        transport.url = url

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return self._sockets.count

    # --- what people do -------------------------------------------------------------------

    async def command(self, user: str, channel: str, text: str) -> Json:
        """Types a slash command, such as `/taurus-upgrade orders-*`."""
        return await _told(self._gestures.command(user, channel, text))

    def say(self, user: str, channel: str, text: str, thread_ts: str = "") -> str:
        """Says something; returns the message's `ts`; raises `SlackError`."""
        return self._gestures.message(user, channel, text, thread_ts)

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        choice: object = None,
        *,
        block_id: str | None = None,
    ) -> Json:
        """Presses a button on a message, or chooses `choice` in another element."""
        container = {"type": "message", "channel": channel, "ts": ts}
        return await self._act(user, container, (block_id, action_id), choice)

    async def click_in_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        choice: object = None,
        *,
        answers: Json | None = None,
        block_id: str | None = None,
    ) -> Json:
        """The same in a form or on the Home tab; `answers` is what else was typed there."""
        container = {"type": "view", "view_id": view_id}
        return await self._act(user, container, (block_id, action_id), choice, answers)

    async def _act(
        self,
        user: str,
        container: Json,
        spot: tuple[str | None, str],
        choice: object,
        answers: Json | None = None,
    ) -> Json:
        try:
            blocks, _ = self._clicks.place(user, container)
        except SlackError as refusal:
            return refusal.body()
        element = find_element(blocks, spot[1], spot[0]) or {"type": "button"}
        values = filled({"blocks": blocks}, answers or {})
        action = entered(element, choice)
        return await _told(self._clicks.act(user, container, spot, action, values))

    async def options(self, user: str, view_id: str, action_id: str, typed: str) -> Json:
        """Types into an external select of a form; returns what the bot offers."""
        container = {"type": "view", "view_id": view_id}
        try:
            return await self._clicks.options(user, container, (None, action_id), typed)
        except SlackError as refusal:
            return refusal.body()

    async def submit(self, user: str, answers: Json, view_id: str = "") -> Json:
        """Fills in and submits the top form: `{block_id: answer}`, or Slack's own `values`.

        Returns:
            `{"ok", "errors"?, "response_action"?}`.
        """
        try:
            view = self._top(user, view_id)
            return await self._clicks.submit(user, view["id"], filled(view, answers))
        except SlackError as refusal:
            return refusal.body()

    async def close_view(self, user: str, view_id: str = "") -> Json:
        """Puts the top form away."""
        try:
            view = self._top(user, view_id)
        except SlackError as refusal:
            return refusal.body()
        return await _told(self._clicks.close(user, view["id"]))

    def _top(self, user: str, view_id: str) -> Json:
        stack = [one for one in self.modals(user) if view_id in ("", one["id"])]
        if not stack:
            raise SlackError("not_found")
        return stack[-1]

    async def shortcut(self, user: str, callback_id: str, channel: str = "", ts: str = "") -> Json:
        """Uses a global shortcut, or one on the message `ts`."""
        return await _told(self._gestures.shortcut(user, callback_id, channel, ts))

    def open_home(self, user: str, tab: str = "home") -> None:
        """Opens the bot's Home tab; raises `SlackError`."""
        self._gestures.home(user, tab)

    # --- what happens to the workspace ----------------------------------------------------

    async def verify_request_url(self) -> bool:
        """Asks the bot to echo a challenge, as Slack does when the URL is set."""
        challenge = {"type": "url_verification", "challenge": "echo-me", "token": "unused"}
        ack = await self._dispatch.send(Delivery("events_api", challenge))
        return "echo-me" in (ack.body or {}).values()

    def archive(self, channel: str) -> None:
        """Archives a channel."""
        self._workspace.channels[channel].is_archived = True

    def unarchive(self, channel: str) -> None:
        """Brings it back."""
        self._workspace.channels[channel].is_archived = False

    def remove_bot(self, channel: str) -> None:
        """Takes the bot out of a channel."""
        self._workspace.channels[channel].members.remove(self.bot_user)

    def leave(self, user: str, channel: str) -> None:
        """Somebody leaves a channel."""
        self._workspace.channels[channel].members.remove(user)

    def invite_bot(self, channel: str) -> None:
        """Puts the bot into a channel."""
        self._workspace.channels[channel].members.append(self.bot_user)

    def delete_message(self, channel: str, ts: str) -> None:
        """Deletes a message, as an administrator may; raises `SlackError`."""
        self._workspace.messages.find(channel, ts)
        self._workspace.messages.remove(channel, ts)

    def uninstall(self) -> None:
        """Removes the app from the workspace: its token is dead from now on."""
        self._web_api.token_is_revoked = True
        self._gestures.event("app_uninstalled", {"type": "app_uninstalled"})

    async def close_sockets(self) -> None:
        """Hangs up on every connection without a word."""
        await self._sockets.close()

    async def refresh_sockets(self) -> None:
        """Asks every client to reconnect, then hangs up."""
        await self._sockets.refresh()

    async def warn_sockets(self) -> None:
        """Announces a refresh and leaves the connections open."""
        await self._sockets.warn()

    async def deliver_again(self, delivery: Delivery) -> Ack:
        """Repeats one of `deliveries` as it is (or as changed with `dataclasses.replace`)."""
        return await self._dispatch.send(delivery)

    @property
    def retries_waiting(self) -> int:
        """How many events wait for their next attempt."""
        return self._dispatch.waiting

    def hurry_retries(self) -> None:
        """Sends now the events that wait for their next attempt."""
        self._dispatch.hurry_retries()

    @property
    def on_call(self) -> Hook | None:
        """Awaited with a method's name and "before" or "after" its effect, faults or not."""
        return self._web_api.on_call

    @on_call.setter
    def on_call(self, hook: Hook | None) -> None:
        self._web_api.on_call = hook

    # --- what there is to see -------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API, in order."""
        return self._web_api.calls

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that was sent to the bot, in order."""
        return self._dispatch.sent

    def messages(self, channel: str) -> list[Json]:
        """The messages of a channel without the replies in threads, oldest first."""
        return [one for one in self._workspace.messages.of(channel) if not is_reply(one)]

    def thread(self, channel: str, ts: str) -> list[Json]:
        """The replies to the message `ts`, oldest first."""
        every = self._workspace.messages.of(channel)
        return [one for one in every if one.get("thread_ts") == ts != one["ts"]]

    def ephemerals(self, user: str, channel: str) -> list[Json]:
        """The ephemeral messages that `user` sees in `channel`, oldest first."""
        return self._workspace.messages.private(user, channel)

    def modals(self, user: str) -> list[Json]:
        """The forms that `user` has open, the top one last."""
        return self._workspace.views.modals(user)

    def home(self, user: str) -> Json | None:
        """What `user` sees in the Home tab."""
        return self._workspace.views.home(user)

    def im(self, user: str) -> str:
        """The id of the direct messages between the bot and `user`."""
        return self._workspace.im(user).id

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 5) -> T:
        """Waits until `predicate()` is truthy and returns it; raises `TimeoutError`."""
        return await self._workspace.hub.wait_for(predicate, timeout)


async def _told(gesture: Awaitable[None]) -> Json:
    try:
        await gesture
    except SlackError as refusal:
        return refusal.body()
    return {"ok": True}
