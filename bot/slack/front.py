"""What the bot does within Slack's three seconds besides writing down: forms, menus, checks."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.command import Call, Click, Query, Submission
from bot.ports import ChatError, View
from bot.slack import answers
from bot.slack.account import Payload
from bot.slack.forms import SlackForms
from bot.slack.keeping import Keeper
from bot.slack.voice import Voice

_EXCHANGED = "exchanged_trigger_id"

_log = logging.getLogger(__name__)


async def _no_mistakes(_form: Submission) -> Mapping[str, str]:
    return {}


async def _no_options(_query: Query) -> Mapping[str, Any]:
    return {"options": []}


@dataclass(frozen=True)
class Forms:
    """What is known of forms here; the composition root provides it."""

    loading: Callable[[Call | Click, str], View | None] = lambda _told, _language: None
    """What to open at once for this, in a language; None if it opens nothing."""
    check: Callable[[Submission], Awaitable[Mapping[str, str]]] = _no_mistakes
    """Mistakes by block id."""
    suggest: Callable[[Query], Awaitable[Mapping[str, Any]]] = _no_options
    """Options, as Slack takes them."""
    seconds: float = 2.0
    """For a check or a menu; what is left of the three is for the way there and back."""


class Front:
    """Opens forms outside of the acknowledgement, and answers what cannot wait in time."""

    def __init__(self, screen: SlackForms, forms: Forms, keeper: Keeper, voice: Voice) -> None:
        """Open by `screen`; tell people by `voice` what could not be done."""
        self._screen = screen
        self._forms = forms
        self._keeper = keeper
        self._voice = voice

    def opened(self, told: Call | Click, body: Payload) -> bool:
        """Begin to open a form, if this opens one; neither Slack nor the store is waited for.

        The call or click is stored when the form stands: what was not opened within three
        seconds never will be, so there is nothing that a crash could lose.
        """
        view = self._forms.loading(told, self._voice.language_of(told.user))
        trigger = str(body.get("trigger_id") or "")
        if view is None or not trigger:
            return False
        self._voice.later(self._open(trigger, view, told, body))
        return True

    async def check(self, form: Submission) -> Mapping[str, str]:
        """Find mistakes by block id; none if looking takes too long, as the work finds them too."""
        try:
            async with asyncio.timeout(self._forms.seconds):
                return await self._forms.check(form)
        except TimeoutError:
            _log.warning("a form was taken unchecked: looking took too long")
            return {}

    async def suggest(self, query: Query) -> Mapping[str, Any]:
        """Offer options; none if that takes too long."""
        try:
            async with asyncio.timeout(self._forms.seconds):
                return await self._forms.suggest(query)
        except TimeoutError:
            _log.warning("a menu was left empty: looking took too long")
            return {"options": []}

    async def _open(self, trigger: str, view: View, told: Call | Click, body: Payload) -> None:
        try:
            opened = await self._screen.open(trigger, view)
        except ChatError as error:
            if error.code != _EXCHANGED:  # else a repeat, and the first one has opened it
                _log.warning("a form could not be opened: %s", error.code)
                self._voice.whisper(body, answers.NOT_OPENED)
            return
        problem = await self._keeper.keep(told.model_copy(update={"view": opened}), body)
        if problem is not None:
            await self._screen.update(opened, self._voice.notice(problem, told.user))
