"""What the bot does with everything that Slack delivers: write it down, then acknowledge it.

Nothing else happens here. A worker claims what was written down and runs the command, perhaps in
another process. With `process_before_response` Bolt sends the acknowledgement as soon as a
listener returns, so a listener must be short, and an error in it can't lose the acknowledgement.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Literal

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bot.command import Call, Click, Command, Submission
from bot.domain.sentence import Sentence
from bot.ports import ChatError, Clock, Delivery, Message, StoreError
from bot.slack import answers, payloads
from bot.slack.account import Account, Payload
from bot.slack.answers import Render
from bot.slack.chat import SlackChat
from bot.slack.people import SlackPeople
from bot.slack.tasks import Tasks
from bot.slack.web import quiet_logger

Receive = Callable[[Delivery], Awaitable[bool]]
"""Stores a delivery for good; False if it was stored before. Raises `StoreError`."""

_ANY = re.compile("")
_BUTTON = "button"
_UNAVAILABLE = 503

_log = logging.getLogger(__name__)


class Voice:
    """Tells one person something outside of an acknowledgement."""

    def __init__(self, chat: SlackChat, people: SlackPeople, render: Render, tasks: Tasks) -> None:
        """Whisper by `chat` in tasks that `tasks` owns."""
        self._chat = chat
        self._people = people
        self._render = render
        self._tasks = tasks

    def words(self, sentence: Sentence, user: str) -> str:
        """Say it in the person's language, as far as it is known without asking Slack."""
        return self._render(sentence, self._people.language_of(user))

    def notice(self, sentence: Sentence, user: str) -> dict[str, object]:
        """Say it in a view."""
        return answers.notice(sentence, self._render, self._people.language_of(user))

    def whisper(self, body: Payload, sentence: Sentence) -> None:
        """Say it to whoever caused the payload, after the acknowledgement has left."""
        self._tasks.start(self._whisper(body, sentence))

    async def _whisper(self, body: Payload, sentence: Sentence) -> None:
        user = payloads.user_of(body)
        message = Message(text=self.words(sentence, user))
        url = str(body.get("response_url") or "")
        try:
            await self._chat.whisper(payloads.channel_of(body), user, message, response_url=url)
        except ChatError as error:
            _log.warning("could not tell %s why nothing was done: %s", user, error.code)


class Listeners:
    """Bolt's listeners. Every one of them takes everything of its kind."""

    def __init__(
        self, commands: Sequence[Command], *, receive: Receive, clock: Clock, voice: Voice
    ) -> None:
        """Take what `commands` know, and tell people about the rest."""
        self._commands = frozenset(one.name for one in commands)
        self._clicks = frozenset(name for one in commands for name in one.clicks)
        self._forms = frozenset(name for one in commands for name in one.submissions)
        self._receive = receive
        self._clock = clock
        self._voice = voice

    async def on_command(self, ack: AsyncAck, body: Payload) -> None:
        """Take a slash command; the acknowledgement itself can carry a refusal."""
        call = payloads.call_from_command(body, self._clock())
        if call.command in self._commands:
            problem = await self._keep(call, body)
        else:
            problem = answers.UNKNOWN_COMMAND.model_copy(update={"args": {"command": call.command}})
        await ack(self._voice.words(problem, call.user) if problem else "")

    async def on_action(self, ack: AsyncAck, body: Payload) -> None:
        """Take a click; other elements of a form are read when it is sent."""
        click = payloads.click_from_action(body, self._clock())
        problem: Sentence | None = None
        if click.action_id in self._clicks:
            problem = await self._keep(click, body)
        elif body["actions"][0].get("type") == _BUTTON:
            problem = answers.UNKNOWN_BUTTON
        if problem:
            self._voice.whisper(body, problem)
        await ack()

    async def on_view(self, ack: AsyncAck, body: Payload) -> None:
        """Take a form; on failure what was typed stays on the screen."""
        form = payloads.submission_from_view(body, self._clock())
        if form.callback_id not in self._forms:
            view = self._voice.notice(answers.UNKNOWN_FORM, form.user)
            await ack(response_action="update", view=view)
            return
        problem = await self._keep(form, body)
        if problem and form.values:
            errors = {next(iter(form.values)): self._voice.words(problem, form.user)}
            await ack(response_action="errors", errors=errors)
        elif problem:
            await ack(response_action="update", view=self._voice.notice(problem, form.user))
        else:
            await ack()

    async def on_event(self, ack: AsyncAck, body: Payload) -> BoltResponse | None:
        """Take what somebody wrote to the bot; Slack repeats what is not acknowledged."""
        call = payloads.call_from_event(body, self._clock())
        problem = await self._keep(call, body) if call else None
        if problem is answers.NOT_STORED:
            return BoltResponse(status=_UNAVAILABLE, body="")
        if problem:
            self._voice.whisper(body, problem)
        await ack()
        return None

    async def on_shortcut(self, ack: AsyncAck, body: Payload) -> None:
        """Tell that there are no shortcuts."""
        self._voice.whisper(body, answers.UNKNOWN_SHORTCUT)
        await ack()

    async def on_options(self, ack: AsyncAck) -> None:
        """Offer nothing."""
        await ack(options=[])

    async def on_closed(self, ack: AsyncAck) -> None:
        """Let go of a form that was closed."""
        await ack()

    async def on_error(self, error: Exception, body: Payload) -> BoltResponse:
        """Acknowledge what a mistake of ours has hit, and tell the person."""
        _log.error("a listener failed on a %s", payloads.kind_of(body), exc_info=error)
        if payloads.kind_of(body) == "call":
            text = self._voice.words(answers.UNSURE, payloads.user_of(body))
            return BoltResponse(status=200, body=text)
        if payloads.user_of(body):
            self._voice.whisper(body, answers.UNSURE)
        return BoltResponse(status=200, body="")

    async def _keep(self, told: Call | Click | Submission, body: Payload) -> Sentence | None:
        """Write it down; returns what to tell the person if that was not to be."""
        if _is_stale(body, told.received_at):
            return answers.TOO_OLD
        delivery = Delivery(
            key=told.key,
            kind=_kind(told),
            payload=told.model_dump(mode="json"),
            received_at=told.received_at,
        )
        try:
            await self._receive(delivery)
        except StoreError as error:
            _log.error("a %s was not stored: %s", delivery.kind, error)
            return answers.NOT_STORED
        return None


def bolt_app(listeners: Listeners, account: Account, voice: Voice) -> AsyncApp:
    """Make the Bolt app. Signatures are checked before Bolt parses anything."""

    async def authorize() -> AuthorizeResult:
        home = account.home
        return AuthorizeResult(
            enterprise_id=home.enterprise or None,
            team_id=home.team,
            bot_id=home.bot,
            bot_user_id=home.user,
            bot_token="",  # listeners get no client: they only write down
        )

    app = AsyncApp(
        name="taurus-upgrade-bot",
        logger=quiet_logger(logging.ERROR),  # its warnings are about settings it guesses at
        process_before_response=True,
        request_verification_enabled=False,
        authorize=authorize,
    )
    _register(app, listeners, account, voice)
    return app


def _register(app: AsyncApp, listeners: Listeners, account: Account, voice: Voice) -> None:
    async def only_ours(
        ack: AsyncAck,
        body: Payload,
        next: Callable[[], Awaitable[None]],  # noqa: A002 - Bolt's
    ) -> BoltResponse | None:
        if account.home.owns(body):
            await next()
            return None
        _log.warning("refused a %s for another app or workspace", payloads.kind_of(body))
        is_call = payloads.kind_of(body) == "call"
        return await ack(voice.words(answers.ELSEWHERE, "") if is_call else "")

    app.use(only_ours)
    app.command(_ANY)(listeners.on_command)
    app.action(_ANY)(listeners.on_action)
    app.view(_ANY)(listeners.on_view)
    app.view_closed(_ANY)(listeners.on_closed)
    app.shortcut(_ANY)(listeners.on_shortcut)
    app.options(_ANY)(listeners.on_options)
    app.event(_ANY)(listeners.on_event)
    app.error(listeners.on_error)


def _is_stale(body: Payload, now: datetime) -> bool:
    at = payloads.happened_at(body)
    return at is not None and now - at > answers.MAX_AGE


def _kind(told: Call | Click | Submission) -> Literal["call", "click", "submission"]:
    match told:
        case Call():
            return "call"
        case Click():
            return "click"
        case Submission():
            return "submission"
