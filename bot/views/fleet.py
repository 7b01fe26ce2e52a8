"""A fleet: how far it is behind, and its databases page by page."""

from collections.abc import Iterator

from bot.domain.drift import Drift, KernelGroup
from bot.domain.instance import Status
from bot.domain.kernel import Path
from bot.domain.model import Frozen
from bot.domain.risk import some
from bot.domain.sentence import Sentence, say, say_many, word
from bot.ports import Message
from bot.views.blocks import VALUE, button, context, message, section, sections
from bot.views.forms import DRAFT
from bot.views.reader import Reader, escaped

PREVIOUS, NEXT = "fleet.previous", "fleet.next"
KERNELS = 8
_ROWS = 6000
"""Characters for the rows; the rest of the budget is for what sums them up."""


class FleetRow(Frozen):
    """One instance in the fleet list."""

    id: str
    name: str
    status: Status
    kernel: str
    newest: str = ""
    """Empty if there is nothing newer."""
    window: str = ""


class FleetPage(Frozen):
    """One page of a fleet or of a part of it, and lines that lead on from there."""

    environment: str
    rows: tuple[FleetRow, ...]
    drift: Drift
    """Of the whole, not of the page."""
    first: int
    """Number of the first one shown, from 1."""
    total: int
    previous: str = ""
    """The line of the command that shows the page before; empty if there is none."""
    next: str = ""
    draft: str = ""
    """The line that plans an upgrade of those that are behind; empty if none is."""


def fleet_list(page: FleetPage, reader: Reader) -> Message:
    """List one page of instances under a summary of all of them."""
    head = reader(
        say_many(
            "{n} database in {env}", "{n} databases in {env}", page.total, env=page.environment
        )
    )
    rows, hidden = sections((_line(row, reader) for row in page.rows), _ROWS)
    blocks = [section(f"*{head}*"), section("\n".join(drift_lines(page.drift, reader))), *rows]
    shown = len(page.rows) - hidden
    if shown < page.total:
        blocks.append(context(reader(_place(page, shown))))
    buttons = [
        button(action, reader(text), line, style)
        for action, text, line, style in (
            (PREVIOUS, say("Previous"), page.previous, ""),
            (NEXT, say("Next"), page.next, ""),
            (DRAFT, say("Plan their upgrade"), page.draft, "primary"),
        )
        if 0 < len(line) <= VALUE
    ]
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return message(head, blocks)


def digest(environment: str, drift: Drift, draft: str, reader: Reader) -> Message:
    """Tell a channel how far an environment's databases are behind."""
    if not drift.behind and not drift.unread:
        text = reader(
            say_many(
                "Nothing to upgrade in {env}: its {n} database is as new as TaurusDB offers.",
                "Nothing to upgrade in {env}: its {n} databases are as new as TaurusDB offers.",
                drift.total,
                env=environment,
            )
        )
        return message(text, [section("\n".join([text, *_ending(drift, reader)]))])
    head = reader(
        say_many(
            "{behind} of {n} database in {env} could be upgraded.",
            "{behind} of {n} databases in {env} could be upgraded.",
            drift.total,
            behind=drift.behind,
            env=environment,
        )
    )
    blocks = [section("\n".join([f"*{head}*", *_facts(drift, reader)]))]
    if not drift.behind:
        return message(head, blocks)
    offer = button(DRAFT, reader(say("Plan their upgrade")), draft, "primary")
    return message(head, [*blocks, {"type": "actions", "elements": [offer]}])


def drift_lines(drift: Drift, reader: Reader) -> Iterator[str]:
    """Sum up a fleet: kernels, paths, end of service, and what is not known yet."""
    head = say_many(
        "{behind} of {n} database could be upgraded.",
        "{behind} of {n} databases could be upgraded.",
        drift.total,
        behind=drift.behind,
    )
    yield f"*{reader(head)}*"
    yield from _facts(drift, reader)


def _facts(drift: Drift, reader: Reader) -> Iterator[str]:
    for group in drift.groups[:KERNELS]:
        kernel = str(group.kernel) if group.kernel else "?"
        yield f"• `{kernel}`  {reader(_group(group))}"
    if left := len(drift.groups[KERNELS:]):
        yield reader(say_many("… and {n} more kernel.", "… and {n} more kernels.", left))
    if drift.behind:
        yield reader(
            say(
                "Ways to the newest kernel: {direct} direct, {two} in two phases, {several} in "
                "several rounds.",
                direct=drift.paths.get(Path.DIRECT, 0),
                two=drift.paths.get(Path.TWO_PHASE, 0),
                several=drift.paths.get(Path.SEVERAL_ROUNDS, 0),
            )
        )
    yield from _ending(drift, reader)
    yield from _unread(drift, reader)


def _group(group: KernelGroup) -> Sentence:
    if group.months:
        return say_many(
            "{n} database, {behind} behind, {months} months older than the newest",
            "{n} databases, {behind} behind, {months} months older than the newest",
            group.count,
            behind=group.behind,
            months=group.months,
        )
    return say_many(
        "{n} database, {behind} behind",
        "{n} databases, {behind} behind",
        group.count,
        behind=group.behind,
    )


def _ending(drift: Drift, reader: Reader) -> Iterator[str]:
    if drift.ending:
        yield reader(
            say_many(
                "{n} has reached the end of service: {names}.",
                "{n} have reached the end of service: {names}.",
                len(drift.ending),
                names=some(drift.ending),
            )
        )


def _unread(drift: Drift, reader: Reader) -> Iterator[str]:
    if drift.unread:
        text = say_many("{n} is not looked at yet.", "{n} are not looked at yet.", drift.unread)
        yield reader(text)


def _place(page: FleetPage, shown: int) -> Sentence:
    return say(
        "{first} to {last} of {all}. See the others with --page, or fewer with a pattern, "
        "such as orders-*.",
        first=page.first if shown else 0,
        last=page.first + shown - 1 if shown else 0,
        all=page.total,
    )


def _line(row: FleetRow, reader: Reader) -> str:
    kernel = f"{row.kernel} → {row.newest}" if row.newest else row.kernel
    window = f" · {reader(say('window {window} UTC', window=row.window))}" if row.window else ""
    return (
        f"• *{escaped(row.name)}* `{escaped(row.id)}` {escaped(kernel)} · "
        f"{reader(word(row.status))}{window}"
    )
