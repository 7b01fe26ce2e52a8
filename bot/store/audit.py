"""The audit chain: every fact carries the hash of the one before it.

The hash of an entry is the SHA-256 of the compact JSON array [hash of the entry before, seq,
change, document], where document is the record as JSON text; the first entry follows `START`.
An export names every hash: kept elsewhere, it proves even that the whole chain was not forged
anew.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Integer, Row, insert, select, type_coerce, update

from bot.domain.model import Frozen
from bot.domain.report import defused
from bot.domain.story import Entry, Record
from bot.ports import StoreError
from bot.store.rows import read_entry
from bot.store.schema import chain, micros, records

START = "0" * 64
_AT_A_TIME = 1000


def chained(previous: str, seq: int, change: int | None, document: str) -> str:
    """Hash one record onto the chain: 64 hex digits."""
    material = json.dumps([previous, seq, change, document], separators=(",", ":"))
    return sha256(material.encode()).hexdigest()


def hold_chain(connection: Connection) -> tuple[int, str]:
    """Read the head of the chain, and keep it from all others until the transaction ends.

    Raises:
        StoreError: somebody has removed the head.
    """
    head = connection.execute(select(chain).with_for_update()).one_or_none()
    if head is None:
        raise StoreError(
            "The head of the audit chain is missing: somebody has changed the database by hand. "
            "Nothing can be recorded, so nothing is done. Restore a backup."
        )
    return head.seq, head.hash


def append(connection: Connection, change: int | None, new: Sequence[Record]) -> tuple[Entry, ...]:
    """Append records at the head of the chain."""
    if not new:
        return ()
    last_seq, last_hash = hold_chain(connection)
    rows = []
    for seq, record in enumerate(new, start=last_seq + 1):
        rows.append(_row(last_hash, seq, change, record))
        last_hash = rows[-1]["hash"]
    connection.execute(insert(records), rows)
    connection.execute(update(chain).values(seq=rows[-1]["seq"], hash=last_hash))
    return tuple(
        Entry(seq=row["seq"], change=change, record=record, hash=row["hash"])
        for row, record in zip(rows, new, strict=True)
    )


def record(connection: Connection, fact: Record) -> Entry:
    """Append a fact that belongs to no change."""
    return append(connection, None, [fact])[0]


def _row(previous: str, seq: int, change: int | None, fact: Record) -> dict[str, Any]:
    document = fact.model_dump_json()
    return {
        "seq": seq,
        "change": change,
        **_searched(fact),
        "document": document,
        "prev_hash": previous,
        "hash": chained(previous, seq, change, document),
    }


def _searched(fact: Record) -> dict[str, Any]:
    """Return what is kept in columns too, so that it can be searched."""
    return {"at": fact.at, "actor": fact.actor, "kind": fact.kind, "told": fact.told}


def story(
    connection: Connection,
    change: int | None,
    since: datetime | None,
    after_seq: int,
    limit: int,
) -> tuple[Entry, ...]:
    """Read entries in order; None is any change and any time."""
    query = select(records).where(records.c.seq > after_seq).order_by(records.c.seq).limit(limit)
    if change is not None:
        query = query.where(records.c.change == change)
    if since is not None:
        query = query.where(records.c.at >= since)
    return tuple(read_entry(row) for row in connection.execute(query))


# Whatever somebody has written into a column must be read as it is, to be found wrong.
_RAW = [type_coerce(one, Integer).label(one.name) if one.name == "at" else one for one in records.c]


class Break(Frozen):
    """The first place where the chain does not hold."""

    seq: int
    why: str


def first_break(connection: Connection) -> Break | None:
    """Find the first change, removal, insertion or reordering; None if the chain holds.

    Removal at the end is seen by the head of the chain. Who removes entries and forges the head
    as well is only caught by an earlier export.
    """
    last, expected = START, 1
    query = select(*_RAW).order_by(records.c.seq).execution_options(yield_per=_AT_A_TIME)
    with connection.execute(query) as rows:
        for row in rows:
            if why := _broken(row, expected, last):
                return Break(seq=min(row.seq, expected), why=why)
            last, expected = row.hash, expected + 1
    return _broken_head(connection, expected - 1, last)


def _broken(row: Row[Any], expected: int, last: str) -> str:
    if row.seq > expected:
        return "an entry is missing here"
    if row.seq < expected:
        return "this entry was put in"
    if row.prev_hash != last:
        return "this entry does not follow the one before it"
    if row.hash != chained(last, row.seq, row.change, row.document):
        return "this entry was changed"
    searched = _searched(read_entry(row).record)
    searched["at"] = micros(searched["at"])
    if any(getattr(row, name) != value for name, value in searched.items()):
        return "the columns of this entry were changed, and differ from its document"
    return ""


def _broken_head(connection: Connection, seq: int, last: str) -> Break | None:
    head = connection.execute(select(chain)).one_or_none()
    if head is None:
        return Break(seq=seq + 1, why="the head of the chain is missing")
    if head.seq > seq:
        return Break(seq=seq + 1, why="entries at the end are missing")
    if (head.seq, head.hash) != (seq, last):
        return Break(seq=head.seq + 1, why="entries do not agree with the head of the chain")
    return None


def to_jsonl(entries: Iterable[Entry]) -> str:
    """Write entries as JSON Lines."""
    return "".join(entry.model_dump_json() + "\n" for entry in entries)


_CSV = ("seq", "change", "at", "actor", "kind", "sentence", "verbatim", "data", "told", "hash")


def to_csv(entries: Iterable[Entry], *, header: bool = True) -> str:
    """Write entries as CSV; cells that a spreadsheet would run as a formula are defused."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(_CSV)
    for entry in entries:
        writer.writerow([defused(cell) for cell in _cells(entry)])
    return out.getvalue()


def _cells(entry: Entry) -> list[str]:
    fact = entry.record
    return [
        str(entry.seq),
        "" if entry.change is None else str(entry.change),
        fact.at.isoformat(),
        fact.actor,
        fact.kind,
        " ".join(str(one) for one in (fact.sentence, *fact.more)),
        fact.verbatim,
        json.dumps(fact.data, ensure_ascii=False) if fact.data else "",
        "yes" if fact.told else "no",
        entry.hash,
    ]
