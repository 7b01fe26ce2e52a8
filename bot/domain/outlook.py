"""How long upgrades of this fleet took lately, and so how long the next one may take."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from bot.domain.change import Change, Options, Target, TargetState, Timing
from bot.domain.kernel import Path
from bot.domain.past import PastUpgrades
from bot.domain.progress import begun_at, waves
from bot.domain.sentence import At, Sentence, say, say_many

LATEST = 20
"""So many upgrades by one path tell how long the next one takes; older ones do not."""
_UNBEGUN = frozenset({TargetState.REFUSED, TargetState.NEVER_STARTED})
_MEASURED = frozenset({TargetState.SUCCEEDED, TargetState.FURTHER_ROUND})


def took(target: Target, timing: Timing) -> timedelta | None:
    """How long a target took; None if its beginning or its end was not seen.

    What was refused or never started took no time.
    """
    if target.state in _UNBEGUN:
        return None
    began_at = begun_at(target, timing)
    if began_at is None or target.ended_at is None:
        return None
    return max(target.ended_at - began_at, timedelta())


def past_upgrades(changes: Iterable[Change]) -> tuple[PastUpgrades, ...]:
    """Measure the targets of past changes, the latest first."""
    by_path: defaultdict[Path, list[timedelta]] = defaultdict(list)
    for change in changes:
        for target in change.in_state(_MEASURED):
            duration = took(target, change.options.timing)
            if duration is not None and len(by_path[target.path]) < LATEST:
                by_path[target.path].append(duration)
    return tuple(
        PastUpgrades(
            path=path,
            count=len(found),
            shortest=min(found),
            median=timedelta(seconds=median(one.total_seconds() for one in found)),
            longest=max(found),
        )
        for path, found in sorted(by_path.items())
    )


def lasts(
    by_number: Mapping[int, Sequence[Target]], options: Options, known: Sequence[PastUpgrades]
) -> timedelta | None:
    """How long a change of these waves takes at worst, soaks included; None if that is not known.

    Each wave takes as long as the slowest upgrade by one of its paths did lately.
    """
    longest = {one.path: one.longest for one in known}
    paths = [{target.path for target in its} for its in by_number.values()]
    if options.timing is Timing.IN_WINDOW or not all(path <= longest.keys() for path in paths):
        return None
    soaks = (options.soak or timedelta()) * (len(by_number) - 1)
    return sum((max(longest[one] for one in path) for path in paths), soaks)


def outlook(
    targets: Sequence[Target],
    options: Options,
    known: Sequence[PastUpgrades],
    started_at: datetime | None = None,
) -> tuple[Sentence, ...]:
    """Say how long upgrades took here lately, and until when this may take."""
    if not known and options.timing is not Timing.IN_WINDOW:
        return ()
    by_number = waves(targets)
    present = {target.path for target in targets}
    said = [_past(one) for one in known if one.path in present]
    count = len(by_number)
    if options.timing is Timing.IN_WINDOW and count > 1:
        said.append(
            say(
                "Each wave waits for the maintenance windows of the one before: {count} waves may "
                "take {count} days.",
                count=count,
            )
        )
    worst = lasts(by_number, options, known)
    if worst is not None:
        begins_at = started_at or options.run_at
        said.append(_until(begins_at, worst))
    return tuple(said)


def _until(begins_at: datetime | None, worst: timedelta) -> Sentence:
    if begins_at is not None:
        return say("Done by about {at} if nothing takes longer.", at=At(at=begins_at + worst))
    return say(
        "Done about {minutes} min after it starts if nothing takes longer.",
        minutes=_minutes(worst),
    )


def _past(past: PastUpgrades) -> Sentence:
    shortest, longest, half = map(_minutes, (past.shortest, past.longest, past.median))
    if shortest == longest:
        return _alike(past)
    facts = {"count": past.count, "shortest": shortest, "longest": longest, "median": half}
    match past.path:
        case Path.TWO_PHASE:
            return say(
                "The last {count} upgrades in two phases here took {shortest} to {longest} min, "
                "half of them at most {median}.",
                **facts,
            )
        case Path.SEVERAL_ROUNDS:
            return say(
                "The last {count} first rounds here took {shortest} to {longest} min, half of "
                "them at most {median}.",
                **facts,
            )
        case Path.DIRECT:
            return say(
                "The last {count} upgrades here took {shortest} to {longest} min, half of them "
                "at most {median}.",
                **facts,
            )


def _alike(past: PastUpgrades) -> Sentence:
    """Say it of one upgrade, or of several that took about as long as each other."""
    minutes = _minutes(past.longest)
    match past.path:
        case Path.TWO_PHASE:
            return say_many(
                "The last upgrade in two phases here took {minutes} min.",
                "The last {n} upgrades in two phases here took {minutes} min each.",
                past.count,
                minutes=minutes,
            )
        case Path.SEVERAL_ROUNDS:
            return say_many(
                "The last first round here took {minutes} min.",
                "The last {n} first rounds here took {minutes} min each.",
                past.count,
                minutes=minutes,
            )
        case Path.DIRECT:
            return say_many(
                "The last upgrade here took {minutes} min.",
                "The last {n} upgrades here took {minutes} min each.",
                past.count,
                minutes=minutes,
            )


def _minutes(duration: timedelta) -> int:
    return max(1, round(duration.total_seconds() / 60))
