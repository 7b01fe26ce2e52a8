"""What the bot does with everything that Slack delivers: write it down, then acknowledge it.

A worker claims what was written down and runs the command, perhaps in another process. Only what
cannot wait that long happens here, by the `Front`: forms are opened, menus and checks answered.
With `process_before_response` Bolt sends the acknowledgement as soon as a listener returns, so a
listener must be short, and an error in it can't lose the acknowledgement.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bot.command import Call, Click, Command
from bot.domain.correlation import correlation_id
from bot.domain.sentence import Sentence
from bot.ports import Clock
from bot.slack import answers, payloads
from bot.slack.account import Account, Payload
from bot.slack.allowance import Middleware
from bot.slack.forms import drawn
from bot.slack.front import Front
from bot.slack.keeping import Keeper
from bot.slack.shapes import first
from bot.slack.voice import Voice
from bot.slack.web import quiet_logger

_ANY = re.compile("")
_BUTTON = "button"
_UNAVAILABLE = 503

_log = logging.getLogger(__name__)


class Listeners:
    """Bolt's listeners. Every one of them takes everything of its kind."""

    def __init__(
        self,
        commands: Sequence[Command],
        *,
        keeper: Keeper,
        front: Front,
        clock: Clock,
        voice: Voice,
    ) -> None:
        """Take what `commands` know, and tell people about the rest."""
        forms = {name: form for one in commands for name, form in one.forms.items()}
        self._commands = frozenset(one.name for one in commands)
        self._clicks = frozenset(name for one in commands for name in one.clicks)
        self._forms = frozenset(forms)
        self._edited = frozenset(name for name, form in forms.items() if form.edit)
        self._keeper = keeper
        self._front = front
        self._clock = clock
        self._voice = voice

    async def on_command(self, ack: AsyncAck, body: Payload) -> None:
        """Take a slash command; the acknowledgement itself can carry a refusal."""
        call = payloads.call_from_command(body, self._clock())
        problem: Sentence | None = None
        if call.command not in self._commands:
            problem = answers.UNKNOWN_COMMAND.model_copy(update={"args": {"command": call.command}})
        elif not self._front.opened(call, body):
            problem = await self._keeper.keep(call, body)
        await ack(self._voice.words(problem, call.user) if problem else "")

    async def on_action(self, ack: AsyncAck, body: Payload) -> None:
        """Take a click; other elements of a form are read when it is sent."""
        click = payloads.click_from_action(body, self._clock())
        problem: Sentence | None = None
        if click.form and click.form.callback_id in self._edited:
            problem = await self._keeper.keep(click, body)
        elif self._front.opened(click, body):
            problem = None
        elif click.action_id in self._clicks:
            problem = await self._keeper.keep(click, body)
        elif first(body, "actions").get("type") == _BUTTON:
            problem = answers.UNKNOWN_BUTTON
        if problem:
            self._voice.whisper(body, problem)
        await ack()

    async def on_view(self, ack: AsyncAck, body: Payload) -> None:
        """Take a form; on failure what was typed stays on the screen."""
        form = payloads.submission_from_view(body, self._clock())
        if form.callback_id not in self._forms:
            view = self._voice.notice(answers.UNKNOWN_FORM, form.user)
            await ack(response_action="update", view=drawn(view))
            return
        if mistakes := await self._front.check(form):
            await ack(response_action="errors", errors=dict(mistakes))
            return
        problem = await self._keeper.keep(form, body)
        if problem and form.values:
            errors = {next(iter(form.values)): self._voice.words(problem, form.user)}
            await ack(response_action="errors", errors=errors)
        elif problem:
            view = self._voice.notice(problem, form.user)
            await ack(response_action="update", view=drawn(view))
        else:
            await ack()

    async def on_event(self, ack: AsyncAck, body: Payload) -> BoltResponse | None:
        """Take what somebody wrote to the bot, and that they look at its Home tab.

        Slack repeats what is not acknowledged.
        """
        now = self._clock()
        told: Call | Click | None = payloads.call_from_event(body, now, self._commands)
        if told is None and payloads.HOME in self._clicks:
            told = payloads.click_from_home(body, now)
        problem = await self._keeper.keep(told, body) if told else None
        if problem and problem.template in answers.FOR_A_REPEAT:
            return BoltResponse(status=_UNAVAILABLE, body="")
        if problem and isinstance(told, Call):
            self._voice.whisper(body, problem)
        await ack()
        return None

    async def on_shortcut(self, ack: AsyncAck, body: Payload) -> None:
        """Take an entry of Slack's menus: a click without a button."""
        click = payloads.click_from_shortcut(body, self._clock())
        problem: Sentence | None = None
        if self._front.opened(click, body):
            problem = None
        elif click.action_id in self._clicks:
            problem = await self._keeper.keep(click, body)
        else:
            problem = answers.UNKNOWN_SHORTCUT
        if problem:
            self._voice.whisper(body, problem)
        await ack()

    async def on_options(self, ack: AsyncAck, body: Payload) -> None:
        """Offer what fits the letters that were typed."""
        query = payloads.query_from_options(body, self._clock())
        offered = await self._front.suggest(query) if query else {"options": []}
        await ack(**offered)

    async def on_closed(self, ack: AsyncAck) -> None:
        """Let go of a form that was closed."""
        await ack()

    async def on_error(self, error: Exception, body: Payload) -> BoltResponse:
        """Acknowledge what a mistake of ours has hit, and tell the person."""
        _log.error("a listener failed on a %s", payloads.kind_of(body), exc_info=error)
        unsure = answers.with_id(answers.UNSURE, correlation_id(payloads.key_of(body)))
        if payloads.kind_of(body) == "call":
            text = self._voice.words(unsure, payloads.user_of(body))
            return BoltResponse(status=200, body=text)
        if payloads.user_of(body):
            self._voice.whisper(body, unsure)
        return BoltResponse(status=200, body="")


def bolt_app(listeners: Listeners, account: Account, voice: Voice, *steps: Middleware) -> AsyncApp:
    """Make the Bolt app; `steps` come before its listeners.

    Signatures are checked before Bolt parses anything.
    """

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
    _admit_ours(app, account, voice)
    for step in steps:
        app.use(step)
    _register(app, listeners)
    return app


def _admit_ours(app: AsyncApp, account: Account, voice: Voice) -> None:
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


def _register(app: AsyncApp, listeners: Listeners) -> None:
    app.command(_ANY)(listeners.on_command)
    app.action(_ANY)(listeners.on_action)
    app.view(_ANY)(listeners.on_view)
    app.view_closed(_ANY)(listeners.on_closed)
    app.shortcut(_ANY)(listeners.on_shortcut)
    app.options(_ANY)(listeners.on_options)
    app.event(_ANY)(listeners.on_event)
    app.error(listeners.on_error)
