"""Targets in words: what they are, what is expected, how they stand."""

from collections.abc import Sequence

from bot.domain.change import NOT_NEW, UNSEEN, Options, Target, TargetState, Timing
from bot.domain.sentence import At, Sentence, say, say_many
from bot.views.reader import Reader, escaped

_ATTENTION = (*UNSEEN, *NOT_NEW)


def target_line(target: Target, reader: Reader) -> str:
    """Describe one target in one line."""
    kernel = f"{target.kernel} → {target.newest}"
    state = "" if target.state is TargetState.PLANNED else f" · *{_state(target, reader)}*"
    expected = reader(
        say_many("{n} failover", "{n} failovers", target.failovers)
        if target.state is TargetState.PLANNED
        else say("now {kernel}", kernel=str(target.found or target.kernel))
    )
    note = f"\n    {reader(target.note)}" if target.note else ""
    name = escaped(target.name)
    return f"• *{name}* `{escaped(target.instance_id)}` {kernel} · {expected}{state}{note}"


def _state(target: Target, reader: Reader) -> str:
    word = reader(say(target.state.value))
    return f"{word} {escaped(target.progress)}".rstrip()


def in_order(targets: Sequence[Target]) -> list[Target]:
    """Put first what needs attention."""
    return sorted(targets, key=lambda target: target.state not in _ATTENTION)


def timing(options: Options) -> Sentence:
    """Say when it will run."""
    match options.timing:
        case Timing.AT if options.run_at is not None:
            return say("Runs {at}.", at=At(at=options.run_at))
        case Timing.IN_WINDOW:
            return say("TaurusDB runs it in each instance's own maintenance window.")
        case _:
            return say("Runs at once when it is approved.")
