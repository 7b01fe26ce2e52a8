"""`/taurus-change`: the changes, and everything a person can decide about one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.command import Asker, Call, Click, Command, Form, Submission, UsageError
from bot.domain.arguments import Arguments, Option, did_you_mean, read
from bot.domain.change import OPEN_STATES, Change
from bot.domain.refused import RefusedError
from bot.domain.sentence import Sentence, say, word
from bot.domain.when import WhenError, parse_duration, parse_when
from bot.ports import Message, View
from bot.service import Desk
from bot.service.access import Access
from bot.service.amend import find
from bot.service.approve import (
    approve,
    cancel,
    halt,
    reject,
    reschedulable,
    reschedule,
    resume,
)
from bot.service.history import send_story, story_of
from bot.service.hold import hold, take_out
from bot.service.retry import retry
from bot.service.tell import place_of
from bot.service.wish import Wish
from bot.views.answers import told, told_all, usage
from bot.views.card import page
from bot.views.forms import reschedule_form
from bot.views.reader import Reader
from bot.views.tables import change_list, fits, history
from commands.approval_form import APPROVAL_FORMS
from commands.change_id import number_of
from commands.pages import PAGE_OPTION, page_number
from commands.reason import reason_of
from commands.understood import planned

USAGE = (
    "[list] [--mine|--all]",
    "show ID [--page N]",
    "reject ID [--reason TEXT]",
    "cancel ID",
    "reschedule ID --at TIME",
    "retry ID",
    "hold ID [--reason TEXT]",
    "take-out ID",
    "halt ID",
    "resume ID",
    "history ID [--file]",
    "history [--since TIME]",
    "help",
)
_OPTIONS = (
    Option(name="--mine", words=0),
    Option(name="--all", words=0),
    Option(name="--file", words=0),
    Option(name="--at", words=2),
    Option(name="--since", words=2),
    Option(name="--reason"),
    PAGE_OPTION,
)
_BY_BUTTON = frozenset({"approve", "confirm"})
"""What is decided in sight of the card only."""
_Verb = Callable[["Line", Desk], Awaitable[Message | None]]


class Line:
    """One line of one person, split into its verb and the rest."""

    def __init__(self, call: Call, asker: Asker) -> None:
        """Read the line.

        Raises:
            UsageError: with every mistake of the line.
        """
        given = read(call.text, _OPTIONS, lambda _option, text: " " in text)
        if given.problems:
            raise UsageError(*given.problems)
        verb, *rest = given.words or ("list",)
        self.call, self.asker, self.given = call, asker, given
        self.verb, self.rest = verb.lower(), rest

    @property
    def reader(self) -> Reader:
        """The asker as a reader."""
        return Reader.of(self.asker.person.language)

    def number(self) -> int:
        """Read the change's id.

        Raises:
            UsageError: it is missing or not an id.
        """
        if not self.rest:
            text = say("Name the change: /taurus-change {verb} CHG-7.", verb=self.verb)
            raise UsageError(text)
        return number_of(self.rest[0])

    def access(self, desk: Desk) -> Access:
        """What the asker may see in this channel."""
        return Access(desk, self.asker.person, self.call.channel)

    def wish(self, desk: Desk) -> Wish:
        """Make the wish about the change that was named."""
        return Wish(desk, self.asker, self.call.channel, self.number())


async def run(call: Call, asker: Asker, desk: Desk) -> Message | None:
    """Do what the verb says."""
    line = Line(call, asker)
    if line.verb == "help":
        hint = say("See the changes, and decide about them.")
        forms = tuple(f"/taurus-change {form}" for form in USAGE)
        return usage((hint,), line.reader, forms)
    verb = _VERBS.get(line.verb)
    if verb is None:
        raise UsageError(_unknown(line.verb))
    return await verb(line, desk)


def _unknown(verb: str) -> Sentence:
    if verb in _BY_BUTTON:
        return say(
            "There is no verb {verb}: approve with the button on the card, or on the Home tab of "
            "this bot.",
            verb=verb,
        )
    close = did_you_mean(verb, list(_VERBS))
    if close:
        return say("There is no verb {verb}. Did you mean {close}?", verb=verb, close=close)
    return say(
        "There is no verb {verb}. The verbs are: {choices}.", verb=verb, choices=", ".join(_VERBS)
    )


async def _list(line: Line, desk: Desk) -> Message:
    mine = line.asker.person.id if "--mine" in line.given.flags else None
    states = None if "--all" in line.given.flags else OPEN_STATES
    found = await desk.changes.find(states=states, requester=mine)
    shown = await line.access(desk).changes(found)
    return change_list(shown, line.reader, elsewhere=len(found) - len(shown))


async def _show(line: Line, desk: Desk) -> Message:
    change = await line.access(desk).change(line.number())
    return page(change, line.reader, page_number(line.given))


async def _history(line: Line, desk: Desk) -> Message:
    if line.rest:
        return await _story(line, desk)
    if "--file" in line.given.flags:
        raise UsageError(say("Name the change: /taurus-change {verb} CHG-7.", verb=line.verb))
    entries = await desk.changes.story(since=line.asker.now - _age(line.given))
    return history(await line.access(desk).entries(entries), line.reader)


async def _story(line: Line, desk: Desk) -> Message:
    """Tell of one change; what is too long for a message goes to the asker as a file."""
    change = await line.access(desk).change(line.number())
    entries = await story_of(desk, change)
    if "--file" not in line.given.flags and fits(entries, line.reader):
        return history(entries, line.reader)
    return history(entries, line.reader, await send_story(desk, line.asker, change, entries))


def _age(given: Arguments) -> timedelta:
    try:
        return parse_duration(given.options.get("--since", "7d"))
    except ValueError:
        raise UsageError(
            say("{text} is not a duration. Write it like 2h or 7d.", text=given.options["--since"])
        ) from None


def _told(done: Callable[[Wish], Awaitable[Change]]) -> _Verb:
    async def verb(line: Line, desk: Desk) -> Message:
        return _standing(await done(line.wish(desk)), line.reader)

    return verb


def _standing(change: Change, reader: Reader) -> Message:
    return told(_state(change), reader)


def _state(change: Change) -> Sentence:
    return say("{change} is {state} now.", change=change.id, state=word(change.state))


async def _reschedule(line: Line, desk: Desk) -> Message:
    typed = line.given.options.get("--at")
    wish = line.wish(desk)
    if typed is None:
        text = say(
            "Say when: /taurus-change reschedule CHG-{number} --at tomorrow 02:00.",
            number=wish.number,
        )
        raise UsageError(text)
    change = await reschedule(wish, _time(typed, line.asker))
    said = [_state(change), planned(change, line.asker)]
    return told_all([one for one in said if one is not None], line.reader)


def _time(typed: str, asker: Asker) -> datetime:
    try:
        return parse_when(typed, asker.now, asker.zone).at
    except WhenError as error:
        raise UsageError(error.sentence) from None


def _with_reason(done: Callable[[Wish, str], Awaitable[Change]]) -> _Verb:
    async def verb(line: Line, desk: Desk) -> Message:
        mistakes: list[Sentence] = []
        reason = reason_of(line.given, "--reason", mistakes)
        if mistakes:
            raise UsageError(*mistakes)
        return _standing(await done(line.wish(desk), reason), line.reader)

    return verb


async def _retry(line: Line, desk: Desk) -> Message:
    change = await retry(
        desk, line.asker, line.number(), key=line.call.key, channel=line.call.channel
    )
    return _standing(change, line.reader)


_VERBS: dict[str, _Verb] = {
    "list": _list,
    "show": _show,
    "reject": _with_reason(reject),
    "cancel": _told(cancel),
    "reschedule": _reschedule,
    "retry": _retry,
    "hold": _with_reason(hold),
    "take-out": _told(take_out),
    "halt": _told(halt),
    "resume": _told(resume),
    "history": _history,
}


def _clicked(
    done: Callable[[Wish], Awaitable[Change]],
) -> Callable[[Click, Asker, Desk], Awaitable[None]]:
    async def click(click: Click, asker: Asker, desk: Desk) -> None:
        await done(Wish(desk, asker, await place_of(click, desk), number_of(click.value)))

    return click


async def _click_retry(click: Click, asker: Asker, desk: Desk) -> None:
    number = number_of(click.value)
    channel = await place_of(click, desk) or (await find(desk, number)).channel
    await retry(desk, asker, number, key=click.key, channel=channel)


async def _fill_reschedule(told: Call | Click, asker: Asker, desk: Desk) -> View:
    assert isinstance(told, Click)  # noqa: S101 - only the button opens it
    wish = Wish(desk, asker, await place_of(told, desk), number_of(told.value))
    change = await reschedulable(wish)
    return reschedule_form(change, asker.person.zone, Reader.of(asker.person.language))


async def _check_reschedule(
    form: Submission, asker: Asker, desk: Desk
) -> Mapping[str, Sequence[Sentence]]:
    try:
        parse_when(form.values.get("at", ""), asker.now, asker.zone)
        await reschedulable(Wish(desk, asker, "", number_of(form.metadata)))
    except WhenError as error:
        return {"at": [error.sentence]}
    except RefusedError as refused:
        return {"at": refused.problems}
    return {}


async def _submit_reschedule(form: Submission, asker: Asker, desk: Desk) -> Message | None:
    wish = Wish(desk, asker, "", number_of(form.metadata))
    await reschedule(wish, _time(form.values.get("at", ""), asker))
    return None


CHANGE = Command(
    name="/taurus-change",
    summary=say("See the changes, cancel, reschedule, retry, halt or resume one"),
    usage=USAGE,
    run=run,
    clicks={
        "change.approve": _clicked(approve),
        "change.reject": _clicked(reject),
        "change.cancel": _clicked(cancel),
        "change.hold": _clicked(hold),
        "change.take_out": _clicked(take_out),
        "change.halt": _clicked(halt),
        "change.resume": _clicked(resume),
        "change.retry": _click_retry,
    },
    forms={
        "change.reschedule.form": Form(
            title=say("Reschedule"),
            opened_by=frozenset({"change.reschedule"}),
            fill=_fill_reschedule,
            check=_check_reschedule,
            submit=_submit_reschedule,
        ),
        **APPROVAL_FORMS,
    },
)
