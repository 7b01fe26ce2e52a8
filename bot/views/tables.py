"""Lists: the changes, the history, the freezes, the help."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.command import Command
from bot.domain.change import Change
from bot.domain.feed import Feed
from bot.domain.freeze import Calendar, Freeze
from bot.domain.sentence import At, Sentence, User, all_of, say, say_many
from bot.domain.story import Entry
from bot.ports import Message
from bot.views.blocks import context, listed, message, section, sections
from bot.views.card import headline
from bot.views.lines import with_words
from bot.views.reader import Reader, escaped

COMING = 5
"""Freezes of one calendar that are listed."""


def change_list(changes: Sequence[Change], reader: Reader, *, elsewhere: int = 0) -> Message:
    """List changes, newest first; `elsewhere` of them are not for this place."""
    hint = [context(reader(_elsewhere(elsewhere)))] if elsewhere else []
    if not changes:
        text = reader(
            say(
                "There is no such change. /taurus-change list --all shows closed ones, too; "
                "/taurus-upgrade plans a new one."
            )
        )
        return message(text, [section(text), *hint])
    head = reader(say_many("{n} change", "{n} changes", len(changes)))
    blocks = listed((f"• {headline(change, reader)}" for change in changes), reader)
    return message(head, [section(f"*{head}*"), *blocks, *hint])


def _elsewhere(count: int) -> Sentence:
    return say_many(
        "{n} change of another environment is not shown here: ask in a channel of that.",
        "{n} changes of other environments are not shown here: ask in their channels.",
        count,
    )


def history(entries: Sequence[Entry], reader: Reader, note: Sentence | None = None) -> Message:
    """Tell the story of changes, in order; `note` tells where all of it is."""
    head = reader(say_many("{n} entry of the history", "{n} entries of the history", len(entries)))
    blocks = listed(_history_lines(entries, reader), reader)
    if note is not None:
        blocks.append(section(reader(note)))
    return message(head, [section(f"*{head}*"), *blocks])


def fits(entries: Sequence[Entry], reader: Reader) -> bool:
    """Whether a message has room for all of them."""
    _, hidden = sections(_history_lines(entries, reader))
    return not hidden


def _history_lines(entries: Sequence[Entry], reader: Reader) -> Iterator[str]:
    """Tell facts in order; among several changes each fact names its own, but once."""
    are_several = len({entry.change for entry in entries}) > 1
    for entry in entries:
        at = reader.shown(At(at=entry.record.at))
        change = f"CHG-{entry.change} " if entry.change and are_several else ""
        told = reader.shown(all_of((entry.record.sentence, *entry.record.more)))
        if entry.record.verbatim:
            told = with_words(told, escaped(entry.record.verbatim))
        yield f"{at} {change}{told.removeprefix(change)}"


def freeze_list(calendars: Mapping[str, Calendar], now: datetime, reader: Reader) -> Message:
    """Tell for each environment what closes it, and when it is open next."""
    head = reader(say("Freezes and change windows"))
    blocks = listed(freeze_lines(calendars, now, reader), reader)
    return message(head, [section(f"*{head}*"), *blocks])


def freeze_lines(calendars: Mapping[str, Calendar], now: datetime, reader: Reader) -> Iterator[str]:
    """Tell the same line by line."""
    for name, calendar in calendars.items():
        yield f"*{escaped(name)}*: {reader(_openness(calendar, now))}"
        yield from (f"• {reader(_freeze_line(freeze))}" for freeze in calendar.freezes)
        for one in calendar.recurring:
            yield "• " + reader(say("{when}: {reason}", when=str(one.when), reason=one.reason))
        for feed in calendar.feeds:
            yield from (f"• {reader(one)}" for one in _of_calendar(feed, now))


def _of_calendar(feed: Feed, now: datetime) -> Iterator[Sentence]:
    """Tell the next freezes of a calendar, and whether it can be read."""
    if feed.is_unread or feed.stale_since is not None:
        yield feed.doubt
    coming = [event for event in feed.events if event.end > now]
    for event in coming[:COMING]:
        yield say(
            "{calendar} from {start} to {end}: {reason}",
            calendar=feed.name,
            start=At(at=event.start),
            end=At(at=event.end),
            reason=event.reason or "-",
        )
    if more := len(coming[COMING:]):
        yield say_many(
            "{calendar}: {n} more freeze within a year.",
            "{calendar}: {n} more freezes within a year.",
            more,
            calendar=feed.name,
        )


def _openness(calendar: Calendar, now: datetime) -> Sentence:
    closure = calendar.closure(now)
    if closure is None:
        return say("changes may start now.")
    if closure.opens_at is None:
        return say("nothing may start, and no open time is known.")
    return say("nothing may start now; the next open time begins {at}.", at=At(at=closure.opens_at))


def _freeze_line(freeze: Freeze) -> Sentence:
    return say(
        "{freeze} from {start} to {end}, by {who}: {reason}",
        freeze=freeze.name,
        start=At(at=freeze.start),
        end=At(at=freeze.end),
        who=User(user=freeze.author),
        reason=freeze.reason,
    )


def help_page(commands: Sequence[Command], standing: Sequence[Sentence], reader: Reader) -> Message:
    """Show every command with its forms, and what the reader may do here."""
    head = reader(say("What you can say here"))
    blocks = [section(f"*{head}*")]
    for command in commands:
        forms = "\n".join(f"{command.name} {escaped(form)}".rstrip() for form in command.usage)
        blocks.append(section(f"*{reader(command.summary)}*\n```{forms}```"))
    lines, _ = sections(reader(one) for one in standing)
    return message(head, [*blocks, *lines])
