"""Rows of the one table: a name, a value, what it should be, and whether it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from statistics import median


@dataclass(frozen=True)
class Row:
    """One measured thing."""

    name: str
    value: str
    target: str = ""
    is_met: bool | None = None
    """None: nothing was promised."""

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "MISSED"}[self.is_met]


def at_most(name: str, value: float, limit: float, unit: str = "") -> Row:
    """Make a row of something that should not be more than a limit."""
    shown, wanted = (f"{shorten(number)}{unit}" for number in (value, limit))
    return Row(name, shown, f"≤ {wanted}", value <= limit)


def plain(name: str, value: float, unit: str = "") -> Row:
    """Make a row of something that nothing is promised about."""
    return Row(name, f"{shorten(value)}{unit}")


def shorten(number: float) -> str:
    """Write a number with as many digits as mean something."""
    if abs(number) >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.2g}" if abs(number) < 1 else f"{number:.1f}"


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """Fit y = c * x^e through (x, y) by least squares of the logarithms; returns e."""
    xs = [log(x) for x, _ in points]
    ys = [log(max(y, 1e-9)) for _, y in points]
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - middle_x) ** 2 for x in xs)


def ratio(pairs: Iterable[tuple[float, float]]) -> float:
    """Give the median of what each round's subject took, in floors of the same round."""
    return median(subject / floor for subject, floor in pairs)


def percentile(values: Sequence[float], part: float) -> float:
    """Give the value that `part` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def markdown(rows: Sequence[Row]) -> str:
    """Write the table."""
    lines = ["| measured | value | target | |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.name} | {row.value} | {row.target} | {row.verdict} |" for row in rows]
    return "\n".join(lines)
