"""Which target goes in which wave."""

from collections.abc import Sequence

REST = 0
"""A wave size that means: everything that is left."""


class WavesError(ValueError):
    """A list of wave sizes that cannot be understood."""


def parse_waves(text: str) -> tuple[int, ...]:
    """Read `1,5,rest` or `5`; `rest` may only stand last.

    Raises:
        WavesError: anything else.
    """
    *first, last = (part.strip().lower() for part in text.split(","))
    sizes = [_size(part) for part in first]
    sizes.append(REST if last == "rest" else _size(last))
    return tuple(sizes)


def _size(part: str) -> int:
    if not part.isascii() or not part.isdigit() or int(part[:9]) < 1:
        raise WavesError(part)
    return int(part[:9])


def waves_of(count: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """Give each of `count` targets, in order, its wave number from 1.

    The last size repeats until nothing is left; no sizes at all make one wave.
    """
    waves: list[int] = []
    number = 0
    while len(waves) < count:
        size = (sizes[min(number, len(sizes) - 1)] if sizes else REST) or count
        number += 1
        waves.extend([number] * min(size, count - len(waves)))
    return tuple(waves)
