"""On which line of a TOML file something stands: the parser of the standard library forgets it.

A scan for headers and keys, over a text that the parser has accepted. What it cannot place, such
as a key within an inline table, it places at what surrounds it.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)(?P<path>[^\[\]]+)\]\]?\s*(#.*)?")
_KEY = re.compile(r"""\s*(?P<path>[\w."' -]+?)\s*=""")
_MANY = '"""', "'''"


class Lines:
    """The line of every table and key, by its path."""

    def __init__(self, text: str) -> None:
        """Scan a text that is valid TOML."""
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        table: Path = ()
        for number, line in _outside_of_strings(text):
            if header := _HEADER.fullmatch(line):
                table = self._table(_keys(header["path"]), is_list=header[1] == "[[")
                for length in range(1, len(table) + 1):
                    self._lines.setdefault(table[:length], number)
            elif key := _KEY.match(line):
                self._lines.setdefault((*table, *_keys(key["path"])), number)

    def of(self, path: Sequence[str | int]) -> int:
        """The line of a path, or of the nearest thing around it; 1 if there is none."""
        for length in range(len(path), 0, -1):
            if (line := self._lines.get(tuple(path[:length]))) is not None:
                return line
        return 1

    def _table(self, path: Path, *, is_list: bool) -> Path:
        if not is_list:
            return path
        number = self._counts.get(path, 0)
        self._counts[path] = number + 1
        return (*path, number)


def _outside_of_strings(text: str) -> Iterator[tuple[int, str]]:
    ending = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not ending:
            yield number, line
        for mark in _MANY:
            if ending in {"", mark} and line.count(mark) % 2:
                ending = "" if ending else mark


def _keys(written: str) -> Path:
    """Split a dotted key as TOML does."""
    try:
        made: Any = tomllib.loads(f"{written} = 0")
    except tomllib.TOMLDecodeError:
        return (written,)
    keys: list[str] = []
    while isinstance(made, dict):
        ((key, made),) = made.items()
        keys.append(key)
    return tuple(keys)
