"""What came of every instance of a change, as rows for a table or a file."""

import csv
import io
from datetime import datetime, timedelta

from bot.domain.change import Change, Target
from bot.domain.model import Frozen
from bot.domain.outlook import took

COLUMNS = (
    "change",
    "wave",
    "name",
    "instance_id",
    "kernel_before",
    "kernel_after",
    "state",
    "submitted_at",
    "began_at",
    "ended_at",
    "seconds",
    "failovers_expected",
    "note",
)


class Row(Frozen):
    """One instance: from which kernel to which, how long it took, and what was unexpected."""

    target: Target
    took: timedelta | None = None
    """From its beginning to its end, as far as both were seen."""

    @property
    def after(self) -> str:
        """The kernel that was read last."""
        return str(self.target.found or self.target.kernel)


def rows(change: Change) -> tuple[Row, ...]:
    """One row an instance, in the order of the waves."""
    ordered = sorted(change.targets, key=lambda target: target.wave)
    timing = change.options.timing
    return tuple(Row(target=target, took=took(target, timing)) for target in ordered)


def to_csv(change: Change) -> str:
    """Write the report as CSV; times are ISO 8601 in UTC."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows(change):
        writer.writerow([defused(cell) for cell in _cells(change, row)])
    return out.getvalue()


def _cells(change: Change, row: Row) -> list[str]:
    target = row.target
    return [
        change.id,
        str(target.wave),
        target.name,
        target.instance_id,
        str(target.kernel),
        row.after,
        target.state.value,
        _written(target.submitted_at),
        _written(target.began_at),
        _written(target.ended_at),
        "" if row.took is None else str(int(row.took.total_seconds())),
        str(target.failovers),
        str(target.note or ""),
    ]


def _written(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="seconds")


def defused(cell: str) -> str:
    """Put an apostrophe before what begins like a formula (OWASP, "CSV Injection")."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
