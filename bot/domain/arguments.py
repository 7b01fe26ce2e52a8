"""From the text of a slash command to words and options, every mistake at once.

Splits as a shell does, with the punctuation that phones make: typographic quotes, and dashes
that were two hyphens once. Linear in the length of the text: no `shlex`, which is quadratic.
"""

import html
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from bot.domain.model import Frozen
from bot.domain.sentence import Sentence, say

_OPENING = "\"'“„‘«”’"
_PIECE = re.compile(
    r"(?P<space>\s+)"
    r"|“(?P<a>[^”]*)”|„(?P<b>[^”“]*)[”“]|‘(?P<c>[^’]*)’|«(?P<d>[^»]*)»"
    r"|”(?P<e>[^”]*)”|\"(?P<f>[^\"]*)\"|'(?P<g>[^']*)'"
    rf"|(?P<plain>[^\s{_OPENING}]+)"
    rf"|(?P<stray>[{_OPENING}])"
)
_DASHES = re.compile(r"^(?:—|–|--|−−)(?=[^\W\d])")


class Token(Frozen):
    """One word of the line; a quoted word is never an option."""

    text: str
    quoted: bool = False


class Option(Frozen):
    """An option that a command knows.

    `words` is how many words its value may take unquoted, such as 2 for `--at tomorrow 02:00`;
    0 makes it a flag.
    """

    name: str
    words: int = 1


class Arguments(Frozen):
    """What was understood of a line, and what was not."""

    words: tuple[str, ...]
    options: dict[str, str]
    flags: frozenset[str]
    problems: tuple[Sentence, ...]


def split(text: str) -> tuple[tuple[Token, ...], bool]:
    """Split into tokens; the second value is False if a quote was never closed.

    An apostrophe within or after a word is part of it, so `ann's` is one word.
    """
    tokens: list[Token] = []
    parts: list[str] = []
    quoted, closed = False, True
    for match in _PIECE.finditer(html.unescape(text)):
        kind = match.lastgroup
        if kind == "space":
            if parts or quoted:
                tokens.append(Token(text="".join(parts), quoted=quoted and len(parts) == 1))
            parts, quoted = [], False
        elif kind in {"plain", "stray"}:
            closed = closed and (kind == "plain" or (bool(parts) and match[0] in "'’"))
            parts.append(match[0])
        else:
            parts.append(match[kind or 0])
            quoted = True
    if parts or quoted:
        tokens.append(Token(text="".join(parts), quoted=quoted and len(parts) == 1))
    return tuple(tokens), closed


def did_you_mean(word: str, choices: Sequence[str]) -> str | None:
    """Find the one choice that looks most like the word."""
    found = get_close_matches(word, choices, n=1, cutoff=0.6)
    return found[0] if found else None


def read(
    text: str, options: Sequence[Option], accepts: Callable[[str, str], bool] = lambda *_: False
) -> Arguments:
    """Read a line. `accepts(option, text)` tells whether several words are one value."""
    tokens, closed = split(text)
    reader = _Reader({option.name: option for option in options}, accepts)
    if not closed:
        reader.problems.append(say("A quotation mark is never closed. Close it, or leave it out."))
    position = 0
    while position < len(tokens):
        position = reader.take(tokens, position)
    return Arguments(
        words=tuple(reader.words),
        options=reader.options,
        flags=frozenset(reader.flags),
        problems=tuple(reader.problems),
    )


class _Reader:
    """Collects what one line says."""

    def __init__(self, known: dict[str, Option], accepts: Callable[[str, str], bool]) -> None:
        self.known = known
        self.accepts = accepts
        self.words: list[str] = []
        self.options: dict[str, str] = {}
        self.flags: set[str] = set()
        self.problems: list[Sentence] = []
        self.only_words = False

    def take(self, tokens: Sequence[Token], position: int) -> int:
        """Read the token at `position` with its value; return the next position."""
        token = tokens[position]
        if self.only_words or token.quoted or not _DASHES.match(token.text):
            if token.text == "--" and not token.quoted and not self.only_words:
                self.only_words = True
            else:
                self.words.append(token.text)
            return position + 1
        name, equals, value = _DASHES.sub("--", token.text).partition("=")
        name = name.lower()
        option = self.known.get(name)
        if option is None:
            self._unknown(name)
            return position + 1
        if option.words == 0:
            self._flag(name, equals)
            return position + 1
        return self._value(option, value if equals else None, tokens, position + 1)

    def _unknown(self, name: str) -> None:
        close = did_you_mean(name, list(self.known))
        if close:
            text = say("There is no option {name}. Did you mean {close}?", name=name, close=close)
        else:
            choices = ", ".join(self.known) or "-"
            text = say(
                "There is no option {name}. The options are: {choices}.",
                name=name,
                choices=choices,
            )
        self.problems.append(text)

    def _flag(self, name: str, equals: str) -> None:
        if equals:
            self.problems.append(say("{name} takes no value.", name=name))
        self.flags.add(name)

    def _value(
        self, option: Option, given: str | None, tokens: Sequence[Token], position: int
    ) -> int:
        name = option.name
        if given is None:
            if position >= len(tokens) or _is_option(tokens[position]):
                self.problems.append(say("{name} needs a value.", name=name))
                return position
            given = tokens[position].text
            position += 1
        for count in range(option.words - 1, 0, -1):
            more = tokens[position : position + count]
            joined = " ".join([given, *(token.text for token in more)])
            fits = len(more) == count and not any(map(_is_option, more))
            if fits and self.accepts(name, joined):
                given, position = joined, position + count
                break
        if name in self.options:
            self.problems.append(say("{name} is given twice.", name=name))
        self.options[name] = given
        return position


def _is_option(token: Token) -> bool:
    return not token.quoted and bool(_DASHES.match(token.text))
