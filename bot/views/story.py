"""The whole story of a change as a text that can be kept, sent on and searched."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from bot.domain.change import Change
from bot.domain.sentence import say, say_many
from bot.domain.story import Entry
from bot.ports import File
from bot.views.card import headline_of
from bot.views.reader import Reader

_OURS = frozenset({"delivery"})
"""What ties a record to Slack's deliveries: of no use to people."""
_INDENT = "    "


def story_file(
    change: Change,
    entries: Sequence[Entry],
    names: Mapping[str, str],
    zone: tzinfo,
    reader: Reader,
) -> File:
    """Write every entry in the reader's language and zone; `names` are people by user id."""
    head = reader.plain(headline_of(change), zone)
    where = reader.plain(
        say(
            "Times are of {zone}. The number and the hash find an entry in the record.",
            zone=str(zone),
        )
    )
    lines = [head, where]
    for entry in entries:
        lines += ["", *_lines(entry, names, zone, reader)]
    return File(
        name=f"{change.id}-history.txt",
        title=title(change, entries, reader),
        text="\n".join(lines) + "\n",
    )


def title(change: Change, entries: Sequence[Entry], reader: Reader) -> str:
    """Name the file for people."""
    return reader.plain(
        say_many(
            "History of {change}: {n} entry",
            "History of {change}: {n} entries",
            len(entries),
            change=change.id,
        )
    )


def _lines(entry: Entry, names: Mapping[str, str], zone: tzinfo, reader: Reader) -> Iterator[str]:
    record = entry.record
    at = record.at.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    name = names.get(record.actor)
    who = f"{name} ({record.actor})" if name else record.actor
    yield f"{at}  {who}  {record.kind}"
    for sentence in (record.sentence, *record.more):
        yield _INDENT + reader.plain(sentence, zone)
    yield from (f"{_INDENT}| {line}" for line in record.verbatim.splitlines())
    data = {key: value for key, value in record.data.items() if key not in _OURS}
    yield from (f"{_INDENT}{key}: {value}" for key, value in data.items())
    yield f"{_INDENT}#{entry.seq} {entry.hash}"
