"""How far a change is, wave by wave."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from bot.domain.change import IN_FLIGHT, NEW, Change, State, Target, TargetState, Timing
from bot.domain.model import Frozen
from bot.domain.sentence import At, Sentence, say, say_many

_WAVE, _STATE, _RING = map(attrgetter, ("wave", "state", "ring"))
_OPEN = frozenset({*IN_FLIGHT, TargetState.PLANNED})


class Stage(StrEnum):
    """Where a wave stands."""

    PLANNED = "planned"
    UNDER_WAY = "under way"
    PROVEN = "proven"
    """Every instance of it runs the newest kernel."""
    OVER = "over"
    """Nothing of it is under way or planned any more, and not all of it is proven."""


class Stretch(Frozen):
    """Waves next to each other that stand alike: a card names them in one line."""

    first: int
    last: int
    ring: str
    stage: Stage
    targets: tuple[Target, ...]

    @property
    def name(self) -> str:
        """The numbers of its waves and their ring, such as `3-5 (ring=early)`."""
        numbers = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{numbers} ({self.ring})" if self.ring else numbers

    @property
    def new(self) -> int:
        """How many of its instances are proven."""
        return sum(target.state in NEW for target in self.targets)

    @property
    def ended_at(self) -> datetime | None:
        """When its last instance ended, as far as they did."""
        return max((one.ended_at for one in self.targets if one.ended_at), default=None)


def stage_of(targets: Sequence[Target]) -> Stage:
    """Tell where a wave stands from its targets."""
    if all(target.state in NEW for target in targets):
        return Stage.PROVEN
    if not any(target.state in _OPEN for target in targets):
        return Stage.OVER
    is_begun = any(target.batch is not None for target in targets)
    return Stage.UNDER_WAY if is_begun else Stage.PLANNED


def waves(targets: Sequence[Target]) -> dict[int, tuple[Target, ...]]:
    """Sort targets by their wave, the first wave first; without those that were taken out."""
    if len(set(map(_WAVE, targets))) == 1 and TargetState.TAKEN_OUT not in map(_STATE, targets):
        return {targets[0].wave: tuple(targets)}
    found: defaultdict[int, list[Target]] = defaultdict(list)
    for target in targets:
        if target.state is not TargetState.TAKEN_OUT:
            found[target.wave].append(target)
    return {number: tuple(found[number]) for number in sorted(found)}


def stretches(targets: Sequence[Target]) -> tuple[Stretch, ...]:
    """Tell how the waves stand, with those next to each other that stand alike as one.

    A wave under way stands for itself; nothing is told of what is all one wave of no ring.
    """
    by_number = waves(targets)
    if len(by_number) == 1 and not any(map(_RING, targets)):
        return ()
    single = [
        Stretch(first=number, last=number, ring=its[0].ring, stage=stage_of(its), targets=its)
        for number, its in by_number.items()
    ]
    found: list[Stretch] = []
    for one in single:
        before = found[-1] if found else None
        if before and _are_alike(before, one):
            joined = (*before.targets, *one.targets)
            found[-1] = before.model_copy(update={"last": one.last, "targets": joined})
        else:
            found.append(one)
    return tuple(found)


def _are_alike(one: Stretch, other: Stretch) -> bool:
    return (one.ring, one.stage) == (other.ring, other.stage) and one.stage is not Stage.UNDER_WAY


def soaking_until(change: Change, wave: int) -> datetime | None:
    """Until when the next wave has to wait because the last one soaks."""
    before = [
        target.ended_at
        for target in change.targets
        if target.wave < wave and target.ended_at is not None
    ]
    return max(before) + (change.options.soak or timedelta()) if before else None


def begins_wave(change: Change, batch: Sequence[Target]) -> bool:
    """Whether this would be the first batch of another wave than the first."""
    wave = batch[0].wave
    attempted_in = {target.wave for target in change.targets if target.batch is not None}
    return bool(attempted_in) and wave not in attempted_in


def begun_at(target: Target, timing: Timing) -> datetime | None:
    """When an upgrade began: its job, or else its request; a request for a window tells nothing."""
    if timing is Timing.IN_WINDOW:
        return target.began_at
    return target.began_at or target.submitted_at


def begun(change: Change, batch: Sequence[Target]) -> Sentence | None:
    """Announce a wave with its first batch; None if it is not its first, or the only wave."""
    by_number = waves(change.targets)
    its = by_number[batch[0].wave]
    if len(by_number) == 1 or any(target.batch is not None for target in its):
        return None
    stretch = Stretch(
        first=its[0].wave, last=its[0].wave, ring=its[0].ring, stage=Stage.PLANNED, targets=its
    )
    return say_many(
        "Wave {wave} of {all} begins: {n} database.",
        "Wave {wave} of {all} begins: {n} databases.",
        len(its),
        wave=stretch.name,
        all=max(by_number),
    )


def ended(before: Change, after: Change) -> tuple[Sentence, ...]:
    """Tell of waves that are over by now while others are still to come, and of the soak.

    A halt says more about its wave than this could.
    """
    if after.state is not State.RUNNING:
        return ()
    was, by_number = waves(before.targets), waves(after.targets)
    planned = [target.wave for target in after.in_state({TargetState.PLANNED})]
    said: list[Sentence] = []
    for number, its in by_number.items():
        is_over = stage_of(its) in {Stage.PROVEN, Stage.OVER}
        had_ended = stage_of(was[number]) in {Stage.PROVEN, Stage.OVER}
        if is_over and not had_ended and planned and number < min(planned):
            said.append(_ended(after, number, its, min(planned)))
    return tuple(said)


def _ended(change: Change, number: int, its: Sequence[Target], following: int) -> Sentence:
    new, soak_until = sum(target.state in NEW for target in its), soaking_until(change, following)
    if not change.options.soak or soak_until is None:
        return say(
            "Wave {wave} is over: {new} of {all} are proven on the newest kernel.",
            wave=number,
            new=new,
            all=len(its),
        )
    return say(
        "Wave {wave} is over: {new} of {all} are proven on the newest kernel. It soaks, so wave "
        "{next} does not start before {at}.",
        wave=number,
        new=new,
        all=len(its),
        next=following,
        at=At(at=soak_until),
    )
