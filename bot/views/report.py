"""The report at the end of a change: a table in the thread, or a file if it is long."""

from datetime import timedelta

from bot.domain.change import Change
from bot.domain.report import Row, rows
from bot.domain.sentence import Sentence, say, say_many, word
from bot.ports import Message
from bot.views.blocks import Block, cut, message, newer, section
from bot.views.reader import Reader

LONGEST_TABLE = 40
"""Rows that are still read in a thread; Slack takes 100."""
BUDGET = 8000
"""Characters of all cells; Slack takes 10,000."""
_CELL = 120
_NOTE = 200
_MINUTE = 60
_PAGED: Block = {"type": "data_table", "page_size": 20, "row_header_column_index": 0}


def report(change: Change, reader: Reader) -> Message | None:
    """Draw the report as a table; None if it is too long to be read in a thread."""
    head = heading(change, reader)
    titles = (
        say("Instance"),
        say("Before"),
        say("After"),
        say("State"),
        say("Took"),
        say("Failovers expected"),
        say("Remarks"),
    )
    found = [_row(row, reader) for row in rows(change)]
    length = sum(len(cell["text"]) for row in found for cell in row)
    if len(found) > LONGEST_TABLE or length > BUDGET:
        return None
    lines = [[_cell(reader(title)) for title in titles], *found]
    table = newer({**_PAGED, "caption": head, "rows": lines}, [{"type": "table", "rows": lines}])
    return message(head, [section(head), table])


def heading(change: Change, reader: Reader) -> str:
    """Say what the report is of."""
    return reader(
        say_many(
            "Report of {change}: {n} instance.",
            "Report of {change}: {n} instances.",
            len(change.targets),
            change=change.id,
        )
    )


def _row(row: Row, reader: Reader) -> list[Block]:
    target = row.target
    note = reader.plain(target.note) if target.note else ""
    return [
        _cell(target.name),
        _cell(str(target.kernel)),
        _cell(row.after),
        _cell(reader(word(target.state))),
        _cell(reader(_took(row.took)) if row.took is not None else "–"),
        _cell(str(target.failovers)),
        _cell(note, _NOTE),
    ]


def _took(took: timedelta) -> Sentence:
    seconds = int(took.total_seconds())
    if seconds < _MINUTE:
        return say("{seconds} s", seconds=seconds)
    return say("{minutes} min", minutes=round(seconds / _MINUTE))


def _cell(text: str, limit: int = _CELL) -> Block:
    # Slack refuses an empty cell.
    return {"type": "raw_text", "text": cut(text, limit) or "–"}
