"""The form of `/taurus-upgrade`: the same plan as the line, chosen instead of typed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from bot.command import Asker, Call, Click, Form, Query, Shortcut, Submission, UsageError
from bot.domain.arguments import Option, read
from bot.domain.change import Change, Options, Timing
from bot.domain.choice import Choice, matching
from bot.domain.environment import Environment
from bot.domain.errors import CloudError
from bot.domain.freeze import Closure, closure_of
from bot.domain.freeze import told as explained
from bot.domain.instance import Instance
from bot.domain.localtime import typed
from bot.domain.model import Frozen
from bot.domain.refused import RefusedError
from bot.domain.selection import is_pattern, select
from bot.domain.sentence import Sentence, say
from bot.domain.waves import REST, WavesError, parse_waves
from bot.domain.when import WhenError, parse_when
from bot.ports import Message, View
from bot.service import Desk
from bot.service.access import Access
from bot.service.approvers import lacking
from bot.service.propose import Request, draft, permit, propose
from bot.service.tell import place_of
from bot.views.answers import told as answer
from bot.views.forms import (
    CHOSEN,
    DRAFT,
    OPEN,
    OPTION_VALUE,
    OPTIONS,
    Entered,
    Preview,
    menu,
    upgrade_form,
)
from bot.views.reader import Reader
from commands.environment import environment_of

SIMILAR = "upgrade.similar"
_DRAFT_OPTIONS = (Option(name="--env"),)
SHORTCUTS = (
    Shortcut(
        callback_id=OPEN,
        name=say("Upgrade databases"),
        description=say("Plan an upgrade of TaurusDB databases"),
    ),
    Shortcut(
        callback_id=SIMILAR,
        name=say("Plan a similar change"),
        description=say("Open the form filled in as the change on this card"),
        on_message=True,
    ),
)


class Note(Frozen):
    """What the form carries along: where it was opened, and what it has no field for."""

    channel: str = ""
    soak: timedelta | None = None


class Sent(Frozen):
    """A filled form, understood as far as it can be without looking at the databases."""

    options: Options
    mistakes: dict[str, list[Sentence]]
    """By block id."""


async def fill(told: Call | Click, asker: Asker, desk: Desk) -> View:
    """Draw the form: empty, or as the change on the card that it was opened from."""
    note = Note(channel=told.channel)
    if isinstance(told, Click) and told.action_id == SIMILAR:
        return await _similar(told, asker, desk)
    if isinstance(told, Click) and told.action_id == DRAFT:
        return await _drafted(told, asker, desk)
    environment = _nearest(desk, note.channel)
    if note.channel:
        await permit(desk, asker, environment, note.channel)
    await desk.rosters[environment.name].known()
    entered = Entered(env=environment.name, asks_channel=not note.channel)
    return _drawn(entered, note, Preview(protected=environment.protected), asker, desk)


async def _drafted(click: Click, asker: Asker, desk: Desk) -> View:
    """Fill in what a line asks for, as a list of databases or a digest offers it."""
    line = read(click.value, _DRAFT_OPTIONS)
    environment = environment_of(desk, click.channel, line.options.get("--env"))
    usual = environment.channels
    # Those who only watch may read it in a channel where nothing can be asked for.
    channel = click.channel if not usual or click.channel in usual else ""
    if channel:
        await permit(desk, asker, environment, channel)
    entered = Entered(
        env=environment.name,
        instances=tuple((word, word) for word in line.words[:CHOSEN]),
        channel="" if channel else usual[0],
        asks_channel=not channel,
    )
    note = Note(channel=channel)
    return _drawn(entered, note, await _preview(entered, note, asker, desk), asker, desk)


async def _similar(told: Click, asker: Asker, desk: Desk) -> View:
    card = await desk.changes.card_at(told.channel, told.message_ts)
    change = await desk.changes.get(card.change) if card else None
    if change is None or change.environment not in desk.environments:
        raise RefusedError(
            say(
                "This message is no card of a change. Use the shortcut on a card, or type "
                "/taurus-upgrade."
            )
        )
    entered = _as_planned(change, asker)
    channel = await place_of(told, desk) or change.channel
    note = Note(channel=channel, soak=change.options.soak)
    preview = await _preview(entered, note, asker, desk)
    return _drawn(entered, note, preview, asker, desk)


def _as_planned(change: Change, asker: Asker) -> Entered:
    options = change.options
    timing, at = options.timing, ""
    if timing is Timing.AT and options.run_at is not None and options.run_at > asker.now:
        at = typed(options.run_at, asker.zone)
    elif timing is Timing.AT:
        timing = Timing.NOW
    sizes = ("rest" if size == REST else str(size) for size in options.wave_sizes)
    return Entered(
        env=change.environment,
        instances=tuple((one.instance_id, one.name) for one in change.kept[:CHOSEN]),
        when=timing.value,
        at=at,
        waves=",".join(sizes),
        reason=options.reason,
    )


async def edit(click: Click, asker: Asker, desk: Desk) -> View:
    """Draw the form anew with a preview of what it says now."""
    assert click.form is not None  # noqa: S101 - an edit is made in a form
    note = _note(click.form.metadata)
    entered = await _entered(click.form.values, desk)
    preview = await _preview(entered, note, asker, desk)
    return _drawn(entered, note, preview, asker, desk)


async def check(form: Submission, asker: Asker, desk: Desk) -> dict[str, list[Sentence]]:
    """Find what is wrong with the form, from what is known without asking the cloud."""
    entered = await _entered(form.values, desk)
    note = _note(form.metadata)
    sent = _understood(entered, note, asker.now, asker.zone)
    mistakes = sent.mistakes
    environment = desk.environments.get(entered.env)
    if environment is None:
        return {**mistakes, "env": [say("This environment is not configured any more.")]}
    try:
        await permit(desk, asker, environment, entered.channel or note.channel)
    except RefusedError as refused:
        mistakes["env"] = list(refused.problems)
    if (closure := await _closure(sent, environment, asker, desk)) is not None:
        field = "at" if sent.options.timing is Timing.AT else "when"
        mistakes.setdefault(field, list(explained(closure)))
    if problems := await _unchoosable(entered, desk):
        mistakes["instances"] = problems
    return mistakes


async def submit(form: Submission, asker: Asker, desk: Desk) -> Message | None:
    """Propose what the form says, as the line would."""
    entered = await _entered(form.values, desk)
    note = _note(form.metadata)
    sent = _understood(entered, note, asker.now, asker.zone)
    if sent.mistakes:
        raise UsageError(*(one for found in sent.mistakes.values() for one in found))
    request = Request(
        words=tuple(value for value, _ in entered.instances),
        options=sent.options,
        channel=entered.channel or note.channel,
        key=form.key,
    )
    environment = environment_of(desk, note.channel, entered.env)
    change = await propose(desk, asker, environment, request)
    missing = await lacking(desk, change)
    return None if missing is None else answer(missing, Reader.of(asker.person.language))


async def suggest(query: Query, asker: Asker, desk: Desk) -> Mapping[str, Any]:
    """Offer the databases that fit what is typed, and the pattern itself."""
    environment = (
        query.form.values.get("env") or _nearest(desk, _note(query.form.metadata).channel).name
    )
    access = Access(desk, asker.person, _place(query.form.values, query.form.metadata))
    if not (await access.decision(desk.environments[environment])).allowed:
        return menu((), None, Reader.of(asker.person.language))
    choices = await _choices(environment, desk)
    found = matching(query.typed, choices)
    shown = found[:OPTIONS]
    desk.rosters[environment].want([one.instance.id for one in shown])
    return menu(found, _pattern(query.typed, choices), Reader.of(asker.person.language))


def _place(values: Mapping[str, str], metadata: str) -> str:
    return values.get("channel") or _note(metadata).channel


def _pattern(text: str, choices: Sequence[Choice]) -> tuple[str, int] | None:
    text = text.strip()
    if not is_pattern(text) or len(text) > OPTION_VALUE:
        return None
    chosen = select([text], [one.instance for one in choices]).chosen
    return (text, len(chosen)) if chosen else None


async def _choices(environment: str, desk: Desk) -> list[Choice]:
    known = await desk.rosters[environment].known()
    taken = await desk.changes.open_changes_of([one.id for one in known.instances])
    return [
        Choice(instance=one, version=known.versions.get(one.id), open_change=taken.get(one.id))
        for one in known.instances
    ]


async def _unchoosable(entered: Entered, desk: Desk) -> list[Sentence]:
    choices = {one.instance.id: one for one in await _choices(entered.env, desk)}
    fleet: list[Instance] = [one.instance for one in choices.values()]
    selection = select([value for value, _ in entered.instances], fleet)
    named = [choices[one.id] for one in selection.chosen if one.id in selection.exact]
    return [
        *selection.problems,
        *(
            say("{name} {why}.", name=one.instance.name, why=one.hindrance)
            for one in named
            if one.hindrance is not None
        ),
    ]


async def _closure(
    sent: Sent, environment: Environment, asker: Asker, desk: Desk
) -> Closure | None:
    if "at" in sent.mistakes:
        return None  # It is not known yet when it would start.
    return closure_of(sent.options, await desk.calendar(environment), asker.now)


async def _preview(entered: Entered, note: Note, asker: Asker, desk: Desk) -> Preview:
    sent = _understood(entered, note, asker.now, asker.zone)
    problems = [one for found in sent.mistakes.values() for one in found]
    environment = desk.environments.get(entered.env)
    protected = environment is not None and environment.protected
    if environment is None or not entered.instances:
        return Preview(problems=tuple(problems) if entered.instances else (), protected=protected)
    if (closure := await _closure(sent, environment, asker, desk)) is not None:
        problems += explained(closure)
    words = [value for value, _ in entered.instances]
    access = Access(desk, asker.person, entered.channel or note.channel)
    try:
        await access.permit(environment)
        known = await desk.rosters[environment.name].known()
        plan = await draft(desk, environment, words, sent.options, known.versions)
    except RefusedError as refused:
        return Preview(problems=(*problems, *refused.problems), protected=protected)
    except CloudError as error:
        return Preview(problems=(*problems, error.sentence), protected=protected)
    return Preview(plan=plan, options=sent.options, problems=tuple(problems), protected=protected)


def _understood(entered: Entered, note: Note, now: datetime, zone: ZoneInfo) -> Sent:
    mistakes: dict[str, list[Sentence]] = {}
    if not entered.instances:
        mistakes["instances"] = [say("Choose at least one database.")]
    timing, run_at = Timing.NOW, None
    try:
        timing, run_at = _timing(entered, now, zone)
    except WhenError as error:
        mistakes["at"] = [error.sentence]
    sizes: tuple[int, ...] = ()
    try:
        sizes = parse_waves(entered.waves) if entered.waves.strip() else ()
    except WavesError:
        mistakes["waves"] = [
            say(
                "{text} is not a list of wave sizes. Write it like 5 or 1,5,rest.",
                text=entered.waves,
            )
        ]
    options = Options(
        timing=timing, run_at=run_at, reason=entered.reason, wave_sizes=sizes, soak=note.soak
    )
    return Sent(options=options, mistakes=mistakes)


def _timing(entered: Entered, now: datetime, zone: ZoneInfo) -> tuple[Timing, datetime | None]:
    timing, text = Timing(entered.when), entered.at.strip()
    if timing is not Timing.AT:
        if text:
            raise WhenError(
                say("A time is typed, but not chosen above. Choose it, or clear the time.")
            )
        return timing, None
    if not text:
        raise WhenError(say("Type the time, such as tomorrow 02:00."))
    when = parse_when(text, now, zone)
    return (Timing.NOW, None) if when.is_now else (Timing.AT, when.at)


async def _entered(values: Mapping[str, str], desk: Desk) -> Entered:
    """Read the fields; databases get their names back, as far as they are known."""
    env = values.get("env", "")
    names: dict[str, str] = {}
    if env in desk.rosters:
        names = {one.id: one.name for one in (await desk.rosters[env].known()).instances}
    chosen = values.get("instances", "").split("\n") if values.get("instances") else []
    return Entered(
        env=env,
        instances=tuple((one, names.get(one, one)) for one in chosen),
        when=values.get("when") or Timing.NOW.value,
        at=values.get("at", ""),
        waves=values.get("waves", ""),
        reason=values.get("reason", ""),
        channel=values.get("channel", ""),
        asks_channel="channel" in values,
    )


def _note(metadata: str) -> Note:
    try:
        return Note.model_validate_json(metadata)
    except ValidationError:
        return Note(channel=metadata)


def _nearest(desk: Desk, channel: str) -> Environment:
    """The environment that the channel speaks of, else the first: the form lets one change it."""
    return desk.environment_for(channel) or next(iter(desk.environments.values()))


def _drawn(entered: Entered, note: Note, preview: Preview, asker: Asker, desk: Desk) -> View:
    return upgrade_form(
        entered,
        list(desk.environments),
        preview,
        zone=asker.person.zone,
        metadata=note.model_dump_json(),
        reader=Reader.of(asker.person.language),
    )


FORM = Form(
    title=say("Upgrade databases"),
    opened_by=frozenset({"/taurus-upgrade", OPEN, SIMILAR, DRAFT}),
    fill=fill,
    edit=edit,
    check=check,
    submit=submit,
    suggest=suggest,
)
