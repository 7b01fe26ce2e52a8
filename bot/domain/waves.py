"""Which target goes in which wave."""

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from bot.domain.model import Frozen

REST = 0
"""A wave size that means: everything that is left."""


class WavesError(ValueError):
    """A list of wave sizes that cannot be understood."""


_THE_REST = frozenset({"rest", "其余", "剩余"})


def parse_waves(text: str) -> tuple[int, ...]:
    """Read `1,5,rest` or `5`; `rest`, or `其余`, may only stand last.

    Raises:
        WavesError: anything else.
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("、", ",")
    *first, last = (part.strip() for part in plain.split(","))
    sizes = [_size(part) for part in first]
    sizes.append(REST if last in _THE_REST else _size(last))
    return tuple(sizes)


def _size(part: str) -> int:
    if not part.isascii() or not part.isdigit() or int(part[:9]) < 1:
        raise WavesError(part)
    return int(part[:9])


class WaveRules(Frozen):
    """What a policy says of waves beyond their sizes, by the tags of instances."""

    rings: tuple[str, ...] = ()
    """Tags (`ring=canary`) in the order in which their instances go; all others go last."""
    one_at_a_time: str = ""
    """A tag's key: two instances with one value of it are never in one wave."""

    def ring_of(self, tags: Mapping[str, str]) -> str:
        """The first ring that an instance is in; empty if it is in none."""
        return next((ring for ring in self.rings if _has(tags, ring)), "")

    def group_of(self, tags: Mapping[str, str]) -> str:
        """What keeps an instance apart from others, such as `service=orders`; empty if nothing."""
        value = tags.get(self.one_at_a_time, "") if self.one_at_a_time else ""
        return f"{self.one_at_a_time}={value}" if value else ""


NO_RULES = WaveRules()


def _has(tags: Mapping[str, str], ring: str) -> bool:
    key, _, value = ring.partition("=")
    return tags.get(key) == value


class Member(Frozen):
    """What waves have to know of one target."""

    ring: int = 0
    """The place of its ring."""
    group: str = ""
    """Two of one group never share a wave; empty: it is in none."""


def waves_of(members: Sequence[Member], sizes: Sequence[int]) -> tuple[int, ...]:
    """Give each member its wave number from 1: the first wave that still has room for it.

    The last size repeats until nothing is left; no sizes at all mean no limit. A wave holds
    members of one ring only, and rings go one after the other.
    """
    given = [0] * len(members)
    for ring in sorted({member.ring for member in members}):
        places = [place for place, member in enumerate(members) if member.ring == ring]
        found = _in_one_ring([members[place].group for place in places], sizes, max(given) + 1)
        for place, wave in zip(places, found, strict=True):
            given[place] = wave
    return tuple(given)


def _in_one_ring(groups: Sequence[str], sizes: Sequence[int], first: int) -> list[int]:
    filled: Counter[int] = Counter()
    latest: dict[str, int] = {}
    given: list[int] = []
    for group in groups:
        while filled[first] >= _room(sizes, first):
            first += 1
        wave = max(first, latest.get(group, 0) + 1) if group else first
        while filled[wave] >= _room(sizes, wave):
            wave += 1
        filled[wave] += 1
        latest[group] = wave
        given.append(wave)
    return given


def _room(sizes: Sequence[int], wave: int) -> float:
    size = sizes[min(wave, len(sizes)) - 1] if sizes else REST
    return size or math.inf
