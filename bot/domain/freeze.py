"""When nothing may start: freezes that people declare, those that come again, change windows.

They stop starts of every kind, each next batch of a running change included. What the cloud
itself starts, each instance in its own maintenance window, is judged by that window.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.domain.change import Options, Target, Timing
from bot.domain.feed import Event, Feed
from bot.domain.model import Frozen
from bot.domain.sentence import At, Sentence, User, say
from bot.domain.windows import Span, Window, WindowError, next_opening, parse_window, span_at

LOOKS_AHEAD = 250
"""How many closures in a row are looked behind for an opening."""
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)


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


class Hold(Frozen):
    """One freeze while it is in force."""

    name: str
    """What an override names: `FRZ-3`, or the words of the policy."""
    start: datetime
    end: datetime
    sentence: Sentence


class Calendar(Frozen):
    """Everything that closes one environment."""

    windows: tuple[Window, ...] = ()
    recurring: tuple[RecurringFreeze, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    feeds: tuple[Feed, ...] = ()

    def closure(self, at: datetime) -> Closure | None:
        """Tell what keeps something from starting at a moment, if anything does."""
        return self.over(instant(at))

    def over(self, span: Span) -> Closure | None:
        """Tell what keeps something from starting at any moment of a span."""
        if holds := self.holds(span):
            return self._closure(holds[0].sentence, span, is_freeze=True)
        if not self.windows:
            return None
        covering = span_at(self.windows, span.start)
        if covering is not None and covering.end >= span.end:
            return None
        text = say(
            "Changes of this environment may only start in its change windows: {windows}.",
            windows="; ".join(map(str, self.windows)),
        )
        return self._closure(text, span, is_freeze=False)

    def holds(self, span: Span) -> tuple[Hold, ...]:
        """List the freezes that are in force within a span; what ends last stands first."""
        every = [_declared(freeze) for freeze in self.freezes]
        every += [hold for one in self.recurring for hold in _repeated(one, span.start)]
        every += [hold for feed in self.feeds for hold in _fed(feed, span)]
        found = (hold for hold in every if hold.start < span.end and span.start < hold.end)
        return tuple(sorted(found, key=lambda hold: hold.end, reverse=True))

    def next_open(self, after: datetime) -> datetime | None:
        """Find the first moment from `after` on at which something may start."""
        at = after
        if any(feed.is_closed for feed in self.feeds):
            return None
        for _ in range(LOOKS_AHEAD):
            if holds := self.holds(instant(at)):
                at = holds[0].end
            elif self.windows and span_at(self.windows, at) is None:
                opening = next_opening(self.windows, at)
                if opening is None:
                    return None
                at = opening
            else:
                return at
        return None

    def past(self, names: Iterable[str]) -> "Calendar":
        """Leave out the windows, and the freezes of these names: what is overridden."""
        gone = frozenset(names)
        return self.model_copy(
            update={
                "windows": (),
                "recurring": tuple(one for one in self.recurring if str(one.when) not in gone),
                "freezes": tuple(one for one in self.freezes if one.name not in gone),
                "feeds": tuple(_without(feed, gone) for feed in self.feeds),
            }
        )

    def _closure(self, sentence: Sentence, span: Span, *, is_freeze: bool) -> Closure:
        opens_at = self.next_open(span.end - _INSTANT)
        return Closure(sentence=sentence, is_freeze=is_freeze, opens_at=opens_at)


def _declared(freeze: Freeze) -> Hold:
    sentence = say(
        "{freeze} holds until {end}, declared by {who}: {reason}",
        freeze=freeze.name,
        end=At(at=freeze.end),
        who=User(user=freeze.author),
        reason=freeze.reason,
    )
    return Hold(name=freeze.name, start=freeze.start, end=freeze.end, sentence=sentence)


def _repeated(freeze: RecurringFreeze, at: datetime) -> Iterable[Hold]:
    for span in freeze.when.spans(at, wide=True):
        sentence = say(
            "A freeze of the policy holds until {end}: {reason}",
            end=At(at=span.end),
            reason=freeze.reason,
        )
        yield Hold(name=str(freeze.when), start=span.start, end=span.end, sentence=sentence)


def _fed(feed: Feed, span: Span) -> Iterable[Hold]:
    for event in feed.events:
        sentence = say(
            "A freeze of the calendar {calendar} holds until {end}: {reason}",
            calendar=feed.name,
            end=At(at=event.end),
            reason=event.reason or "-",
        )
        name = _name(feed, event)
        yield Hold(name=name, start=event.start, end=event.end, sentence=sentence)
    if feed.is_closed:
        yield Hold(name=feed.name, start=span.start, end=span.end, sentence=feed.doubt)


def _name(feed: Feed, event: Event) -> str:
    # With its times: a freeze that is moved or made longer later is another one.
    return f"{feed.name}/{event.uid}/{event.start.isoformat()}/{event.end.isoformat()}"


def _without(feed: Feed, gone: frozenset[str]) -> Feed:
    events = tuple(one for one in feed.events if _name(feed, one) not in gone)
    is_closed = feed.is_closed and feed.name not in gone
    return feed.model_copy(update={"events": events, "is_closed": is_closed})


def told(closure: Closure) -> tuple[Sentence, ...]:
    """Say why nothing starts, and when it may again."""
    if closure.opens_at is None:
        return (closure.sentence,)
    return (
        closure.sentence,
        say("The next open time begins {at}.", at=At(at=closure.opens_at)),
    )


def instant(at: datetime) -> Span:
    """Make the shortest span that a moment is in."""
    return Span(at, at + _INSTANT)


def starts_at(options: Options, now: datetime) -> datetime:
    """When something is going to be sent, if nothing stands in its way."""
    run_at = options.run_at if options.timing is Timing.AT else None
    return max(run_at, now) if run_at else now


def closure_of(
    options: Options, calendar: Calendar, now: datetime, targets: Sequence[Target] = ()
) -> Closure | None:
    """Tell what closes the time at which this would start, if anything does.

    Without `targets` it is not known yet when the cloud would start them by itself.
    """
    if options.override:
        calendar = calendar.past(options.overridden)
    if options.timing is not Timing.IN_WINDOW:
        return calendar.closure(starts_at(options, now))
    # It may be sent at any time, unless nothing may be at all: it starts in the instances' windows.
    sent = calendar.model_copy(update={"windows": ()}).closure(now)
    spans = [_maintenance(window, now) for window in dict.fromkeys(one.window for one in targets)]
    found = (sent, *(calendar.over(span) for span in spans))
    return next((one for one in found if one is not None), None)


def _maintenance(window: str, now: datetime) -> Span:
    """Read a maintenance window, in UTC and every day; one that is not known is any time of day."""
    try:
        spans = parse_window(f"daily {window} UTC").spans(now, wide=True)
    except WindowError:
        return Span(now, now + _DAY)
    start, end = min(span for span in spans if span.end > now)
    return Span(max(start, now), end)
