"""Kernel versions of TaurusDB and the upgrade path that each one has.

Source: TaurusDB user guide, "Upgrading the Minor Kernel Version of a DB Instance" (2025-12-11),
and the kernel release history: versions are four numbers, since 2023 the last one is YYMMNN.
"""

import re
from enum import StrEnum
from functools import total_ordering

from pydantic import RootModel, field_validator

_PATTERN = re.compile(r"\d{1,9}(\.\d{1,9}){3}", re.ASCII)
_DATED = re.compile(r"(\d\d)(0[1-9]|1[0-2])\d\d", re.ASCII)
_FIRST_DATED_YEAR = 23


@total_ordering
class Kernel(RootModel[str], frozen=True):
    """A kernel version such as `2.0.48.231200`, ordered by its numbers and never as text."""

    @field_validator("root")
    @classmethod
    def _is_four_numbers(cls, value: str) -> str:
        if not _PATTERN.fullmatch(value):
            msg = f"{value!r} is not a kernel version of four numbers"
            raise ValueError(msg)
        return value

    @property
    def numbers(self) -> tuple[int, ...]:
        """The four numbers, the only thing by which versions are compared."""
        return tuple(int(part) for part in self.root.split("."))

    @property
    def month(self) -> int | None:
        """The month of its release, counted from the year 2000; None of undated versions."""
        dated = _DATED.fullmatch(self.root.rpartition(".")[2])
        if dated is None or int(dated[1]) < _FIRST_DATED_YEAR:
            return None
        return int(dated[1]) * 12 + int(dated[2]) - 1

    def months_behind(self, newest: "Kernel") -> int | None:
        """How many months of releases lie between; None if one of the two is undated."""
        if self.month is None or newest.month is None:
            return None
        return max(0, newest.month - self.month)

    def __lt__(self, other: "Kernel") -> bool:
        """Order by number: 2.0.9 comes before 2.0.48."""
        return self.numbers < other.numbers

    def __str__(self) -> str:
        """Return the version as the API writes it."""
        return self.root


class Path(StrEnum):
    """How an instance gets to the newest kernel."""

    DIRECT = "direct"
    TWO_PHASE = "two_phase"
    SEVERAL_ROUNDS = "several_rounds"


TWO_PHASE_FIRST = Kernel("2.0.51.240305")
TWO_PHASE_LAST = Kernel("2.0.51.240311")


def path_from(current: Kernel) -> Path:
    """Tell the upgrade path from the current kernel.

    The user guide and the operation guide disagree on the border; the closed range
    240305 … 240311 is treated as two-phase, which is the careful reading.
    """
    if current < TWO_PHASE_FIRST:
        return Path.SEVERAL_ROUNDS
    if current <= TWO_PHASE_LAST:
        return Path.TWO_PHASE
    return Path.DIRECT
