"""When nothing may start: freezes that people declare, those that come again, change windows.

A freeze stops starts of every kind, each next batch of a running change included. A change window
only says when a change may begin: one that has begun in time is not cut in the middle.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.change import Options, Timing
from bot.domain.model import Frozen
from bot.domain.sentence import At, Sentence, say
from bot.domain.windows import Span, Window, next_opening, span_at

LOOKS_AHEAD = 100
"""How many closures in a row are looked behind for an opening."""


WINDOWS_COME_WITHIN = timedelta(days=1)
"""Maintenance windows recur every day (TaurusDB user guide)."""


class Freeze(Frozen):
    """A time in which nothing starts, declared by a person."""

    id: int = 0
    key: str
    """The delivery that declared it: the same delivery never makes a second freeze."""
    environment: str
    start: datetime
    end: datetime
    reason: str
    author: str

    @property
    def name(self) -> str:
        """What people call it."""
        return f"FRZ-{self.id}"


class RecurringFreeze(Frozen):
    """A time in which nothing starts, as the policy file says."""

    when: Window
    reason: str


class Closure(Frozen):
    """Why nothing starts at a moment, and when it may again."""

    sentence: Sentence
    is_freeze: bool
    opens_at: datetime | None
    """None: nothing is known to open again."""


class Calendar(Frozen):
    """Everything that closes one environment."""

    windows: tuple[Window, ...] = ()
    recurring: tuple[RecurringFreeze, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    def closure(self, at: datetime, *, begins: bool = True) -> Closure | None:
        """Tell what keeps something from starting at a moment, if anything does.

        `begins` is whether it would be the first of its change: windows only ask about that.
        """
        if (sentence := self._frozen(at)) is not None:
            return self._closure(sentence, at, is_freeze=True, begins=begins)
        if begins and self.windows and span_at(self.windows, at) is None:
            text = say(
                "Changes of this environment may only start in its change windows: {windows}.",
                windows="; ".join(map(str, self.windows)),
            )
            return self._closure(text, at, is_freeze=False, begins=begins)
        return None

    def next_open(self, after: datetime, *, begins: bool = True) -> datetime | None:
        """Find the first moment from `after` on at which something may start."""
        at = after
        for _ in range(LOOKS_AHEAD):
            if (end := self._frozen_until(at)) is not None:
                at = end
            elif begins and self.windows and span_at(self.windows, at) is None:
                opening = next_opening(self.windows, at)
                if opening is None:
                    return None
                at = opening
            else:
                return at
        return None

    def overlapping(self, at: datetime, ahead: timedelta) -> Closure | None:
        """Tell which freeze touches a span that begins at a moment, if one does."""
        starts = [freeze.start for freeze in self.freezes if at < freeze.start < at + ahead]
        opening = next_opening([one.when for one in self.recurring], at)
        if opening is not None and opening < at + ahead:
            starts.append(opening)
        moments = [at, *sorted(starts)]
        found = (self.closure(moment, begins=False) for moment in moments)
        return next((one for one in found if one is not None), None)

    def _closure(
        self, sentence: Sentence, at: datetime, *, is_freeze: bool, begins: bool
    ) -> Closure:
        opens_at = self.next_open(at, begins=begins)
        return Closure(sentence=sentence, is_freeze=is_freeze, opens_at=opens_at)

    def _frozen(self, at: datetime) -> Sentence | None:
        for freeze in self.freezes:
            if freeze.start <= at < freeze.end:
                return say(
                    "{freeze} holds until {end}: {reason}",
                    freeze=freeze.name,
                    end=At(at=freeze.end),
                    reason=freeze.reason,
                )
        for one in self.recurring:
            span = span_at([one.when], at, wide=True)
            if span is not None:
                return say(
                    "A freeze of the policy holds until {end}: {reason}",
                    end=At(at=span.end),
                    reason=one.reason,
                )
        return None

    def _frozen_until(self, at: datetime) -> datetime | None:
        spans: Sequence[Span] = [Span(freeze.start, freeze.end) for freeze in self.freezes]
        ends = [span.end for span in spans if span.has(at)]
        found = span_at([one.when for one in self.recurring], at, wide=True)
        return max([*ends, *([found.end] if found else [])], default=None)


def told(closure: Closure) -> tuple[Sentence, ...]:
    """Say why nothing starts, and when it may again."""
    if closure.opens_at is None:
        return (closure.sentence,)
    return (
        closure.sentence,
        say("The next open time begins {at}.", at=At(at=closure.opens_at)),
    )


def closure_of(options: Options, calendar: Calendar, now: datetime) -> Closure | None:
    """Tell what closes the time at which this would start, if anything does."""
    match options.timing:
        case Timing.AT:
            return calendar.closure(options.run_at or now)
        case Timing.IN_WINDOW:
            # Each instance starts in its own window, which comes within a day: windows of ours
            # do not matter, but a freeze in that day does, as nothing of ours could stop it then.
            return calendar.overlapping(now, WINDOWS_COME_WITHIN)
        case Timing.NOW:
            return calendar.closure(now)
