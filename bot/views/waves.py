"""Waves in words: which there are, what goes first, how far each is."""

from collections.abc import Sequence

from bot.domain.change import Change, Options, State, Target, TargetState
from bot.domain.outlook import outlook
from bot.domain.past import PastUpgrades
from bot.domain.progress import Stage, Stretch, soaking_until, stretches
from bot.domain.risk import risk
from bot.domain.sentence import At, Sentence, say, say_many
from bot.views.blocks import Block, newer, section
from bot.views.reader import Reader
from bot.views.targets import timing

_STATUS = {
    Stage.PLANNED: "pending",
    Stage.UNDER_WAY: "in_progress",
    Stage.PROVEN: "complete",
    Stage.OVER: "error",
}
SHOWN = 8
"""Lines of waves on a card; the targets tell the rest."""


def gist(
    targets: Sequence[Target], options: Options, past: Sequence[PastUpgrades]
) -> list[Sentence]:
    """Say what an upgrade means: the risk first, then when, until when, and in which waves."""
    until = outlook(targets, options, past)
    return [*risk(targets), timing(options), *until, *waves(targets)]


def waves(targets: Sequence[Target]) -> list[Sentence]:
    """Say what goes in which wave; nothing if there is only one."""
    return _waves(stretches(targets))


def _waves(found: Sequence[Stretch]) -> list[Sentence]:
    said = [_stretch(one) for one in found[:SHOWN]]
    if (hidden := len(found) - SHOWN) > 0:
        said.append(say_many("… and {n} more.", "… and {n} more.", hidden))
    return said


def waves_block(targets: Sequence[Target], reader: Reader) -> list[Block]:
    """Draw the waves as steps of a plan, or as lines; nothing if there is only one."""
    found = stretches(targets)
    if not found:
        return []
    lines = [reader(one) for one in _waves(found)]
    tasks = [
        {
            "type": "task_card",
            "task_id": f"wave-{of.first}",
            "title": reader.plain(_task(of)),
            "status": _STATUS[of.stage],
        }
        for of in found[:SHOWN]
    ]
    plan = {"type": "plan", "title": reader.plain(say("Waves")), "tasks": tasks}
    return [newer(plan, [section("\n".join(lines))])]


def _task(of: Stretch) -> Sentence:
    return say_many(
        "{wave}: {n} database, {new} proven.",
        "{wave}: {n} databases, {new} proven.",
        len(of.targets),
        wave=_named(of),
        new=of.new,
    )


def _named(of: Stretch) -> Sentence:
    if of.first == of.last:
        return say("Wave {wave}", wave=of.name)
    return say("Waves {waves}", waves=of.name)


def _stretch(of: Stretch) -> Sentence:
    count = len(of.targets)
    match of.stage:
        case Stage.PROVEN if of.ended_at is not None:
            return say_many(
                "{wave}: {n} database, proven {at}.",
                "{wave}: {n} databases, proven {at}.",
                count,
                wave=_named(of),
                at=At(at=of.ended_at),
            )
        case Stage.UNDER_WAY:
            return say_many(
                "{wave}: {n} database, under way, {new} proven.",
                "{wave}: {n} databases, under way, {new} proven.",
                count,
                wave=_named(of),
                new=of.new,
            )
        case Stage.OVER if all(one.state is TargetState.CANCELLED for one in of.targets):
            return say_many(
                "{wave}: {n} database, cancelled.",
                "{wave}: {n} databases, cancelled.",
                count,
                wave=_named(of),
            )
        case Stage.PROVEN | Stage.OVER:
            return say_many(
                "{wave}: {n} database, over, {new} proven.",
                "{wave}: {n} databases, over, {new} proven.",
                count,
                wave=_named(of),
                new=of.new,
            )
        case Stage.PLANNED:
            return say_many(
                "{wave}: {n} database.", "{wave}: {n} databases.", count, wave=_named(of)
            )


def soak(change: Change) -> list[Sentence]:
    """Say until when the next wave is held back by the soak."""
    if change.state is not State.RUNNING or not change.options.soak:
        return []
    planned = [target.wave for target in change.in_state({TargetState.PLANNED})]
    if not planned:
        return []
    before = [stretch for stretch in stretches(change.targets) if stretch.last < min(planned)]
    until = soaking_until(change, min(planned))
    if until is None or any(one.stage not in {Stage.PROVEN, Stage.OVER} for one in before):
        return []
    return [
        say(
            "Wave {wave} starts {at} at the earliest: the one before soaks.",
            wave=min(planned),
            at=At(at=until),
        )
    ]
