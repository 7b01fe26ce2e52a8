"""The bot's Slack side in one piece, for the composition root."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from aiohttp import web

from bot.command import Command
from bot.ports import ChatError, Clock, Sleep
from bot.slack.account import Account
from bot.slack.allowance import Allowance, keep_to
from bot.slack.answers import Render, rendering
from bot.slack.chat import SlackChat
from bot.slack.config import SlackConfig
from bot.slack.errors import AWAY, TokenError
from bot.slack.forms import SlackForms
from bot.slack.front import Forms, Front
from bot.slack.keeping import Keeper, Receive
from bot.slack.listeners import Listeners, bolt_app
from bot.slack.people import SlackPeople
from bot.slack.reception import HttpReception, OnAck, Reception
from bot.slack.sockets import Sockets
from bot.slack.tasks import Tasks
from bot.slack.voice import Voice
from bot.slack.web import OnCall, Ticks, WebApi, open_session, web_client
from bot.watch import Unwatched, Watch

_REFUSED = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)
_WITHOUT_BOT_TOKEN = frozenset({"apps.connections.open", "response_url"})
_ANSWERS, _ACKS, _WHISPERS = 2.0, 1.0, 2.0
"""Seconds for the steps of stopping; with what else has to end below the 10 that platforms give."""

_log = logging.getLogger(__name__)


def _deaf(*_: object) -> None:
    """Listen to nothing."""


@dataclass(frozen=True)
class Hooks:
    """What the gateway is built with besides its duty: words, forms, watchers, a steady clock."""

    render: Render = field(default_factory=lambda: rendering("en-us"))
    forms: Forms = field(default_factory=Forms)
    on_call: OnCall = _deaf
    on_ack: OnAck = _deaf
    ticks: Ticks = perf_counter
    watch: Watch = field(default_factory=Unwatched)


class SlackGateway:
    """Slack, connected: deliveries come in; `chat`, `forms` and `people` speak through it."""

    def __init__(
        self,
        config: SlackConfig,
        commands: Sequence[Command],
        *,
        receive: Receive,
        clock: Clock,
        sleep: Sleep,
        wall: Clock | None = None,
        hooks: Hooks | None = None,
    ) -> None:
        """Build everything, inside a running loop; nothing is sent before `start`.

        `clock` tells when people did something; `wall` is the time by which Slack signs and
        counts calls. They only differ where somebody plays with time.
        """
        wall = wall or clock
        self._config = config
        self._sleep = sleep
        self._hooks = hooks or Hooks()
        self._token_refused = False
        self._session = open_session(config)
        self._api = WebApi(
            web_client(config, self._session),
            self._session,
            on_call=self._note_call,
            ticks=self._hooks.ticks,
        )
        self._account = Account(config, self._api)
        self.chat = SlackChat(self._api, self._account, wall, newer=config.new_blocks)
        self.forms = SlackForms(self._api, wall, newer=config.new_blocks)
        self.people = SlackPeople(self._api, self._account, clock, config.language)
        self._whispers = Tasks()
        self._reception = self._build_reception(commands, receive, clock)
        self._routes = self._build_routes(wall)
        self._sockets = self._build_sockets()
        self._starting: asyncio.Task[None] | None = None

    def connected(self) -> bool:
        """Whether people reach the bot: the token is good, and in socket mode a socket stands."""
        is_reached = self._config.mode == "http" or self._sockets.is_connected
        return self._reception.is_open and not self._token_refused and is_reached

    def routes(self) -> list[web.RouteDef]:
        """Routes for the process's HTTP server; none in socket mode."""
        return self._routes

    async def start(self) -> None:
        """Sign in and connect; if Slack is away this goes on in the background.

        Raises `TokenError`, which names the setting that Slack refuses.
        """
        try:
            await self._connect()
        except ChatError as error:
            _log.warning("Slack does not answer (%s); the bot keeps trying", error.code)
            self._starting = asyncio.ensure_future(self._connect_later())

    async def hang_up(self) -> None:
        """Take nothing more, let acknowledgements out, hang up; what is said still leaves."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self._reception.close(_ANSWERS)
        await self._sockets.stop(_ACKS)

    async def stop(self) -> None:
        """Hang up, let private answers out, and close; below 10 seconds."""
        await self.hang_up()
        await self._whispers.drain(_WHISPERS)
        await self._session.close()

    async def _connect(self) -> None:
        await self._account.sign_in()
        if self._config.mode == "socket":
            await self._sockets.start()

    async def _connect_later(self) -> None:
        connected = False
        while not connected:
            await self._sleep(AWAY)
            with contextlib.suppress(ChatError):
                connected = await self._connected_at_last()

    async def _connected_at_last(self) -> bool:
        try:
            await self._connect()
        except TokenError as error:
            _log.error("%s", error)
            return False
        _log.info("connected to Slack")
        return True

    def _build_reception(
        self, commands: Sequence[Command], receive: Receive, clock: Clock
    ) -> Reception:
        voice = Voice(self.chat, self.people, self._hooks.render, self._whispers)
        keeper = Keeper(receive)
        front = Front(self.forms, self._hooks.forms, keeper, voice)
        listeners = Listeners(commands, keeper=keeper, front=front, clock=clock, voice=voice)
        hooks = self._hooks
        not_too_fast = keep_to(Allowance(), clock, voice, hooks.watch)
        app = bolt_app(listeners, self._account, voice, not_too_fast)
        return Reception(
            app, self._account, on_ack=hooks.on_ack, ticks=hooks.ticks, watch=hooks.watch
        )

    def _build_routes(self, wall: Clock) -> list[web.RouteDef]:
        if self._config.mode == "socket":
            return []
        secret = self._config.signing_secret.get_secret_value()
        return HttpReception(self._reception, secret, wall).routes()

    def _build_sockets(self) -> Sockets:
        token = self._config.app_token.get_secret_value()
        return Sockets(self._api, self._session, token, self._reception, sleep=self._sleep)

    def _note_call(self, method: str, outcome: str, seconds: float) -> None:
        if method not in _WITHOUT_BOT_TOKEN:
            self._token_refused = outcome in _REFUSED
        self._hooks.on_call(method, outcome, seconds)
