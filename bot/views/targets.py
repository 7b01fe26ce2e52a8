"""Targets in words: what they are, what is expected, how they stand."""

from collections.abc import Sequence
from operator import attrgetter

from bot.domain.change import IN_FLIGHT, NOT_NEW, UNSEEN, Options, Target, TargetState, Timing
from bot.domain.sentence import At, Sentence, say, say_many, word
from bot.views.blocks import Block, sections
from bot.views.reader import Reader, escaped

_SHORTEST = 50
"""Characters of a line at the least: its id alone has 36."""
_WAVE, _STATE = attrgetter("wave"), attrgetter("state")
_ATTENTION = UNSEEN | NOT_NEW


def target_lines(
    targets: Sequence[Target], reader: Reader, among: Sequence[Target] = ()
) -> list[str]:
    """Describe targets, one a line, with their waves if all `among` them have several."""
    with_wave = len(set(map(_WAVE, among or targets))) > 1
    return [_line(target, reader, with_wave=with_wave) for target in targets]


def target_sections(
    targets: Sequence[Target], reader: Reader, budget: int
) -> tuple[list[Block], int]:
    """Describe as many as fit; the second value is how many do not."""
    # A card is drawn again and again: what surely has no room is not even described.
    likely = targets[: budget // _SHORTEST]
    blocks, hidden = sections(target_lines(likely, reader, targets), budget)
    return blocks, hidden + len(targets) - len(likely)


def _line(target: Target, reader: Reader, *, with_wave: bool) -> str:
    kernel = f"{target.kernel} → {target.newest}"
    state = "" if target.state is TargetState.PLANNED else f" · *{_state(target, reader)}*"
    expected = reader(
        say_many("{n} failover", "{n} failovers", target.failovers)
        if target.state is TargetState.PLANNED
        else say("now {kernel}", kernel=str(target.found or target.kernel))
    )
    note = f"\n    {reader(target.note)}" if target.note else ""
    name = escaped(target.name)
    wave = f" · {reader(say('wave {wave}', wave=target.wave))}" if with_wave else ""
    told = f"{kernel}{wave} · {expected}{state}{_time(target, reader)}{note}"
    return f"• *{name}* `{escaped(target.instance_id)}` {told}"


def _state(target: Target, reader: Reader) -> str:
    return f"{reader(word(target.state))} {escaped(target.progress)}".rstrip()


def _time(target: Target, reader: Reader) -> str:
    if target.ended_at is not None:
        return f" {reader.shown(At(at=target.ended_at))}"
    began_at = target.began_at or target.submitted_at
    if began_at is None or target.state not in IN_FLIGHT:
        return ""
    return f" {reader(say('since {at}', at=At(at=began_at)))}"


def in_order(targets: Sequence[Target]) -> list[Target]:
    """Put first what needs attention, and then what goes first."""
    # A sort by a number alone costs next to nothing where all is in order already.
    by_wave = sorted(targets, key=_WAVE)
    if _ATTENTION.isdisjoint(map(_STATE, by_wave)):
        return by_wave
    return sorted(by_wave, key=lambda target: target.state not in _ATTENTION)


def timing(options: Options) -> Sentence:
    """Say when it will run."""
    match options.timing:
        case Timing.AT if options.run_at is not None:
            return say("Runs {at}.", at=At(at=options.run_at))
        case Timing.IN_WINDOW:
            return say("TaurusDB runs it in each instance's own maintenance window.")
        case _:
            return say("Runs at once when it is approved.")
