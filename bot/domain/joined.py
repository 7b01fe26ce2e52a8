"""What joined a glob or a tag after the change was asked for: never touched, but told."""

from collections.abc import Sequence

from bot.domain.change import Change
from bot.domain.instance import Instance
from bot.domain.risk import some
from bot.domain.selection import select
from bot.domain.sentence import Sentence, say_many


def joined(change: Change, fleet: Sequence[Instance]) -> tuple[Sentence, ...]:
    """Name the instances that the words of the request mean by now, and did not mean then."""
    if not change.patterns:
        return ()
    known = frozenset(change.meant)
    names = [one.name for one in select(change.patterns, fleet).chosen if one.id not in known]
    if not names:
        return ()
    return (
        say_many(
            "{n} instance has joined {words} since this was asked for; nobody approved it, so it "
            "is left alone: {names}.",
            "{n} instances have joined {words} since this was asked for; nobody approved them, "
            "so they are left alone: {names}.",
            len(names),
            words=" ".join(change.patterns),
            names=some(names),
        ),
    )
