"""A yes in a protected environment: a form asks to type the environment's name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.command import Asker, Call, Click, Form, Submission
from bot.domain.change import Change
from bot.domain.model import Frozen
from bot.domain.refused import RefusedError
from bot.domain.seal import seal_of
from bot.domain.sentence import Sentence, say
from bot.ports import Message, View
from bot.service import Desk
from bot.service.approve import approvable, approve, resumable, resume
from bot.service.tell import place_of
from bot.service.wish import Wish
from bot.views.card import TYPED
from bot.views.forms import approval_form
from bot.views.reader import Reader
from commands.change_id import number_of

_Decision = Callable[[Wish], Awaitable[Change]]


class Note(Frozen):
    """What the form carries along: where the button was pressed, and what the person saw."""

    change: int
    channel: str
    seal: str


def _form(title: Sentence, action: str, possible: _Decision, done: _Decision) -> Form:
    async def fill(told: Call | Click, asker: Asker, desk: Desk) -> View:
        assert isinstance(told, Click)  # noqa: S101 - only the button opens it
        channel = await place_of(told, desk)
        change = await possible(Wish(desk, asker, channel, number_of(told.value)))
        note = Note(change=change.number, channel=channel, seal=seal_of(change))
        reader = Reader.of(asker.person.language)
        drawn = approval_form(change, title, note.model_dump_json(), reader)
        return drawn.model_copy(update={"callback_id": f"{action}.form"})

    async def check(form: Submission, asker: Asker, desk: Desk) -> Mapping[str, Sequence[Sentence]]:
        try:
            await possible(_wish(form, asker, desk))
        except RefusedError as refused:
            return {"name": refused.problems}
        return {}

    async def submit(form: Submission, asker: Asker, desk: Desk) -> Message | None:
        await done(_wish(form, asker, desk))
        return None

    return Form(
        title=title,
        opened_by=frozenset({action}),
        fill=fill,
        check=check,
        submit=submit,
        block=TYPED,
    )


def _wish(form: Submission, asker: Asker, desk: Desk) -> Wish:
    note = Note.model_validate_json(form.metadata)
    wish = Wish(desk, asker, note.channel, note.change)
    wish.typed, wish.seen = form.values.get("name", ""), note.seal
    return wish


APPROVAL_FORMS: Mapping[str, Form] = {
    "change.approve.form": _form(say("Approve"), "change.approve", approvable, approve),
    "change.resume.form": _form(say("Resume"), "change.resume", resumable, resume),
}
