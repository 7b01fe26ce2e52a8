"""The Home tab of one person."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from pydantic import Field

from bot.domain.change import IN_FLIGHT, NEW, Change, State, TargetState
from bot.domain.drift import Drift
from bot.domain.freeze import Calendar
from bot.domain.model import Frozen
from bot.domain.risk import risk
from bot.domain.sentence import Sentence, say, say_many
from bot.views.blocks import Block, context, cut, listed, section
from bot.views.card import buttons, headline
from bot.views.fleet import drift_lines
from bot.views.forms import opener
from bot.views.reader import Reader, escaped
from bot.views.tables import freeze_lines
from bot.views.targets import timing

_PLANNED = frozenset({State.PROPOSED, State.SCHEDULED})
LISTED = 8
"""Changes in one part; with their buttons, all parts stay below Slack's 100 blocks."""
NAMED = 5
"""Databases of a change that are named; its card has them all."""
_FREEZES = 4000


class Fleet(Frozen):
    """How one environment's databases stand, as far as it is known without asking."""

    environment: str
    drift: Drift | None = None
    trouble: Sentence | None = None


class HomeTab(Frozen):
    """What one person's tab shows; all changes are open ones, newest first."""

    waiting: tuple[Change, ...] = ()
    """For this person's yes."""
    mine: tuple[Change, ...] = ()
    running: tuple[Change, ...] = ()
    scheduled: tuple[Change, ...] = ()
    fleets: tuple[Fleet, ...] = ()
    calendars: dict[str, Calendar] = Field(default_factory=dict)
    """By environment."""
    now: datetime


def home(tab: HomeTab, reader: Reader) -> tuple[Block, ...]:
    """Draw the tab."""
    drawn: set[int] = set()
    return (
        opener(reader),
        *_part(say("Waits for you"), tab.waiting, drawn, reader),
        *_part(say("Your changes"), tab.mine, drawn, reader),
        *_part(say("Running now"), tab.running, drawn, reader),
        *_part(say("Scheduled for the next 7 days"), tab.scheduled, drawn, reader),
        *_calendar(tab, reader),
        *(block for fleet in tab.fleets for block in _fleet(fleet, reader)),
    )


def _part(
    title: Sentence, changes: Sequence[Change], drawn: set[int], reader: Reader
) -> Iterator[Block]:
    yield _header(reader(title))
    if not changes:
        yield context(reader(say("Nothing.")))
    for change in changes[:LISTED]:
        is_told = change.number in drawn  # above, with its buttons; only progress is worth a repeat
        lines = [] if is_told and change.state in _PLANNED else _lines(change, reader)
        yield section("\n".join([f"*{headline(change, reader)}*", *lines]))
        if not is_told:
            yield from buttons(change, reader)
        drawn.add(change.number)
    if left := len(changes[LISTED:]):
        more = say_many(
            "… and {n} more: see /taurus-change list.",
            "… and {n} more: see /taurus-change list.",
            left,
        )
        yield context(reader(more))


def _lines(change: Change, reader: Reader) -> Iterator[str]:
    if change.state in _PLANNED:
        names = [target.name for target in change.kept]
        shown = [escaped(name) for name in names[:NAMED]]
        yield ", ".join([*shown, "…"] if len(names) > NAMED else shown)
        yield from (reader(one) for one in (*risk(change.kept), timing(change.options)))
        return
    counts = change.counts()
    yield reader(
        say(
            "{done} of {all} run the newest kernel, {now} under way, {left} to come.",
            done=sum(counts[state] for state in NEW),
            all=len(change.kept),
            now=sum(counts[state] for state in IN_FLIGHT),
            left=counts[TargetState.PLANNED],
        )
    )
    if change.halt_reason is not None and change.state is State.HALTED:
        yield reader(change.halt_reason)


def _calendar(tab: HomeTab, reader: Reader) -> Iterator[Block]:
    yield _header(reader(say("Freezes and change windows")))
    yield from listed(freeze_lines(tab.calendars, tab.now, reader), reader, _FREEZES)


def _fleet(fleet: Fleet, reader: Reader) -> Iterator[Block]:
    title = say("Databases of {env} by kernel", env=fleet.environment)
    yield _header(reader.plain(title))
    if fleet.trouble is not None:
        yield section(reader(fleet.trouble))
    if fleet.drift is not None and fleet.drift.total:
        yield section("\n".join(drift_lines(fleet.drift, reader)))
    elif fleet.trouble is None:
        yield context(reader(say("One moment, reading the databases…")))


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": cut(text, 150)}}
