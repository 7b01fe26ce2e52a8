"""Forms between Slack and the commands: what opens one, who fills, checks and takes it."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from bot.command import Asker, Call, Click, Command, Form, Query, Submission
from bot.domain.errors import CloudError
from bot.ports import ChatError, Message, StoreError, View
from bot.service.desk import Desk
from bot.views.forms import loading, notice
from bot.views.reader import Reader

_CLOSED = "not_found"
_OVERTAKEN = "hash_conflict"
_log = logging.getLogger(__name__)


class FormDesk:
    """Every form of the commands, by what opens it and by its callback id."""

    def __init__(self, desk: Desk, commands: Sequence[Command]) -> None:
        """Know the forms of `commands`."""
        self._desk = desk
        self._forms = {name: form for one in commands for name, form in one.forms.items()}
        self._opened = {
            cause: name for name, form in self._forms.items() for cause in form.opened_by
        }

    # --- within three seconds -----------------------------------------------------------------

    def loading(self, told: Call | Click, language: str) -> View | None:
        """Return what to open at once; None if this opens nothing."""
        name = self._opened.get(_cause(told))
        if name is None or not _is_opened_by(told, self._forms[name]):
            return None
        return loading(name, self._forms[name].title, Reader.of(language or self._desk.language))

    async def check(self, form: Submission) -> Mapping[str, str]:
        """Find mistakes by block id, in the person's language."""
        try:
            asker = await self._asker(form.user)
            found = await self._forms[form.callback_id].check(form, asker, self._desk)
        except (ChatError, CloudError, StoreError) as error:
            _log.warning("a form was taken unchecked: %s", error)
            return {}
        reader = Reader.of(asker.person.language)
        return {
            block: " ".join(reader.plain(one, asker.zone) for one in sentences)
            for block, sentences in found.items()
        }

    async def suggest(self, query: Query) -> Mapping[str, Any]:
        """Offer options."""
        form = self._forms.get(query.form.callback_id)
        if form is None or form.suggest is None:
            return {"options": []}
        try:
            return await form.suggest(query, await self._asker(query.user), self._desk)
        except (ChatError, CloudError, StoreError) as error:
            _log.warning("a menu was left empty: %s", error)
            return {"options": []}

    async def _asker(self, user: str) -> Asker:
        return Asker(person=await self._desk.people.person(user), now=self._desk.clock())

    # --- when there is time -------------------------------------------------------------------

    async def draw(self, told: Call | Click, asker: Asker) -> View:
        """Fill what was opened, or draw anew what was edited."""
        if isinstance(told, Click) and told.form is not None:
            edit = self._forms[told.form.callback_id].edit
            assert edit is not None  # noqa: S101 - only those are taken
            return await edit(told, asker, self._desk)
        return await self._forms[self._opened[_cause(told)]].fill(told, asker, self._desk)

    async def submit(self, form: Submission, asker: Asker) -> Message | None:
        """Do what the form asks for."""
        return await self._forms[form.callback_id].submit(form, asker, self._desk)

    async def show(self, told: Call | Click, shown: View | Message) -> None:
        """Show what was drawn, or say in the form's place why there is none."""
        seen = ""
        if isinstance(told, Click) and told.form is not None:
            seen = told.form.hash
            if isinstance(shown, Message):
                return  # What was typed matters more than why the preview could not be drawn.
        if isinstance(shown, Message):
            shown = await self._notice(told, shown)
        try:
            await self._desk.forms.update(told.view, shown, seen=seen)
        except ChatError as error:
            await self._show_again(told, shown, error)

    async def _notice(self, told: Call | Click, message: Message) -> View:
        try:
            language = (await self._desk.people.person(told.user)).language
        except ChatError:
            language = self._desk.language
        title = self._forms[self._opened[_cause(told)]].title
        return notice(message, title, Reader.of(language))

    async def _show_again(self, told: Call | Click, shown: View, error: ChatError) -> None:
        # Drawn meanwhile for an earlier edit: ours is newer, if nobody edited it after us.
        overtaken = error.code == _OVERTAKEN and await self.is_newest(told)
        if not overtaken and error.retry_after is None:
            level = logging.DEBUG if error.code in {_CLOSED, _OVERTAKEN} else logging.WARNING
            _log.log(level, "a form was not drawn: %s", error.code)
            return
        if not overtaken:
            await self._desk.sleep(min(error.retry_after or 0.0, 5.0))
        try:
            await self._desk.forms.update(told.view, shown)
        except ChatError as again:
            _log.log(logging.WARNING, "a form was not drawn: %s", again.code)

    async def is_newest(self, told: Call | Click) -> bool:
        """Whether nobody edited the form after this: else drawing it is the later one's work."""
        if not isinstance(told, Click) or told.form is None:
            return True
        return await self._desk.changes.newest_delivery(_edits(told)) == told.key


def _is_opened_by(told: Call | Click, form: Form) -> bool:
    return not form.block or (isinstance(told, Click) and told.block.startswith(form.block))


def _cause(told: Call | Click) -> str:
    if isinstance(told, Click):
        return told.action_id
    return "" if told.text.strip() else told.command


def _edits(click: Click) -> str:
    """How the keys of all edits of the same form begin."""
    return click.key.rpartition(":")[0] + ":"
