"""The audit chain: every fact carries the hash of the one before it."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from hashlib import sha256

from sqlalchemy import Connection, insert, select, update

from bot.domain.model import Frozen
from bot.domain.story import Entry, Record
from bot.store.schema import chain, records

START = "0" * 64


def chained(previous: str, seq: int, change: int | None, document: str) -> str:
    """Hash one record onto the chain: 64 hex digits."""
    material = json.dumps([previous, seq, change, document], separators=(",", ":"))
    return sha256(material.encode()).hexdigest()


def append(connection: Connection, change: int | None, new: Sequence[Record]) -> tuple[Entry, ...]:
    """Append records at the head; the caller's transaction holds the head until it ends."""
    if not new:
        return ()
    head = connection.execute(select(chain).with_for_update()).one()
    seq, last = head.seq, head.hash
    rows, entries = [], []
    for record in new:
        seq += 1
        document = record.model_dump_json()
        digest = chained(last, seq, change, document)
        rows.append(
            {
                "seq": seq,
                "change": change,
                "at": record.at.timestamp(),
                "told": record.told,
                "document": document,
                "prev_hash": last,
                "hash": digest,
            }
        )
        entries.append(Entry(seq=seq, change=change, record=record, hash=digest))
        last = digest
    connection.execute(insert(records), rows)
    connection.execute(update(chain).values(seq=seq, hash=last))
    return tuple(entries)


class Break(Frozen):
    """The first place where the chain does not hold."""

    seq: int
    why: str


def first_break(connection: Connection) -> Break | None:
    """Find the first change, removal, insertion or reordering; None if the chain holds."""
    last, expected = START, 0
    for row in connection.execute(select(records).order_by(records.c.seq)):
        expected += 1
        if row.seq != expected:
            return Break(seq=expected, why="a record is missing")
        if row.prev_hash != last:
            return Break(seq=row.seq, why="the record does not follow the one before it")
        if row.hash != chained(last, row.seq, row.change, row.document):
            return Break(seq=row.seq, why="the record was changed")
        last = row.hash
    head = connection.execute(select(chain)).one()
    if (head.seq, head.hash) != (expected, last):
        return Break(seq=expected + 1, why="records at the end are missing")
    return None


def to_jsonl(entries: Iterable[Entry]) -> str:
    """Write entries as JSON Lines."""
    return "".join(entry.model_dump_json() + "\n" for entry in entries)


def to_csv(entries: Iterable[Entry]) -> str:
    """Write entries as CSV; cells that a spreadsheet would run as a formula are defused."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["seq", "change", "at", "actor", "kind", "sentence", "verbatim", "hash"])
    for entry in entries:
        record = entry.record
        row = [
            str(entry.seq),
            str(entry.change or ""),
            record.at.isoformat(),
            record.actor,
            record.kind,
            str(record.sentence),
            record.verbatim,
            entry.hash,
        ]
        writer.writerow([_defused(cell) for cell in row])
    return out.getvalue()


def _defused(cell: str) -> str:
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
