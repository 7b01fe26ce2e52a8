"""From the text of a slash command to words and options, every mistake at once.

Splits as a shell does, with the punctuation that phones make: typographic quotes, and dashes
that were two hyphens once. Every pattern reads each character once, so the time is linear in
the length of the text (`shlex` is quadratic).
"""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from bot.domain.model import Frozen
from bot.domain.sentence import Sentence, say

# Slack escapes these three and no others; one pass, so that `&amp;lt;` stays what was typed.
_ESCAPE = re.compile("&(amp|lt|gt);")
_ESCAPED = {"amp": "&", "lt": "<", "gt": ">"}
# Signs without width travel along when text is copied from pages and tables.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
# Chinese keyboards make wide ones of the signs that options are written with.
_WIDE = str.maketrans("\uff0d\uff1d\uff02", '-="')

# A quote that is never closed takes the rest. A single quote opens only where a word or a value
# begins; elsewhere it is an apostrophe.
_PIECE = re.compile(
    r"(?P<space>\s++)"
    r'|"(?P<double>(?:[^"\\]|\\.?)*+)(?P<end1>"?)'
    r"|“(?P<curly>[^”]*+)(?P<end2>”?)"
    r"|„(?P<low>[^“”]*+)(?P<end3>[“”]?)"
    r"|”(?P<same>[^”]*+)(?P<end4>”?)"
    r"|«(?P<angle>[^»]*+)(?P<end5>»?)"
    r"|「(?P<corner>[^」]*+)(?P<end9>」?)"
    r"|(?<![^\s=])'(?P<single>[^']*+)(?P<end6>'?)"
    r"|(?<![^\s=])‘(?P<curly1>[^’]*+)(?P<end7>’?)"
    r"|(?<![^\s=])’(?P<same1>[^’]*+)(?P<end8>’?)"
    r"|\\(?P<escaped>.?)"
    r"|(?P<plain>(?:[^\s\"“„”«「\\=]|=(?!['‘’]))++|=)",
    re.DOTALL,
)
_QUOTED_ESCAPE = re.compile(r'\\(["\\])')
_DASHES = re.compile(r"(?:[—―–]+|[-‐‑−–—―]{2,})(?=[^\W\d_])")
_END_OF_OPTIONS = re.compile("--|[—―–]")
_HYPHEN = re.compile(r"[-‐‑−](?=[^\W\d_])")


class Token(Frozen):
    """One word of the line; a word that begins with a quote is never an option."""

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
    """Split into tokens; the second value is False if a quote was never closed."""
    tokens: list[Token] = []
    parts: list[str] | None = None
    quoted, closed = False, True
    for match in _PIECE.finditer(_as_typed(text)):
        piece, is_quote, is_closed = _piece(match)
        closed = closed and is_closed
        if piece is None:
            if parts is not None:
                tokens.append(Token(text="".join(parts), quoted=quoted))
            parts = None
        elif parts is None:
            parts, quoted = [piece], is_quote
        else:
            parts.append(piece)
    if parts is not None:
        tokens.append(Token(text="".join(parts), quoted=quoted))
    return tuple(tokens), closed


def _as_typed(text: str) -> str:
    """Undo what Slack and copying did to the text."""
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], text).translate(_INVISIBLE | _WIDE)


def _piece(match: re.Match[str]) -> tuple[str | None, bool, bool]:
    """Read one piece: its text (None for a blank), whether it is quoted, and properly closed."""
    kind = match.lastgroup or ""
    if kind == "space":
        return None, False, True
    if not kind.startswith("end"):
        return match[kind], False, True
    text = match[match.lastindex - 1] if match.lastindex else ""
    if match["double"] is not None:
        text = _QUOTED_ESCAPE.sub(r"\1", text)
    return text, True, bool(match[kind])


def did_you_mean(word: str, choices: Sequence[str]) -> str | None:
    """Find the one choice that looks most like the word, or that only it begins."""
    known = {choice.lower(): choice for choice in choices}
    word = word.lower()
    begun = [choice for choice in known if choice.startswith(word)] if word.strip("-") else []
    found = begun if len(begun) == 1 else get_close_matches(word, list(known), n=1, cutoff=0.6)
    return known[found[0]] if found else None


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
        token, position = tokens[position], position + 1
        if self.only_words or not _is_special(token):
            self.words.append(token.text)
        elif _END_OF_OPTIONS.fullmatch(token.text):
            self.only_words = True
        else:
            return self._option(token.text, tokens, position)
        return position

    def _option(self, text: str, tokens: Sequence[Token], position: int) -> int:
        name, equals, value = _DASHES.sub("--", text, count=1).partition("=")
        name = name.lower()
        option = self.known.get(name)
        if option is None:
            return self._unknown(name, equals, tokens, position)
        if option.words == 0:
            self._flag(name, equals)
            return position
        return self._value(option, value if equals else None, tokens, position)

    def _unknown(self, name: str, equals: str, tokens: Sequence[Token], position: int) -> int:
        """Tell of an option that there is not, and pass over the value of the one it resembles."""
        close = did_you_mean(f"--{name.lstrip('-')}", list(self.known))
        if close:
            text = say("There is no option {name}. Did you mean {close}?", name=name, close=close)
        elif self.known:
            text = say(
                "There is no option {name}. The options are: {choices}.",
                name=name,
                choices=", ".join(self.known),
            )
        else:
            text = say("There is no option {name}: this takes no options.", name=name)
        self.problems.append(text)
        meant = self.known[close] if close else None
        if not meant or not meant.words or equals:
            return position
        if position == len(tokens) or _is_special(tokens[position]):
            return position
        more = tokens[position + 1 : position + meant.words]
        return position + 1 + self._longest(meant, tokens[position].text, more)[1]

    def _flag(self, name: str, equals: str) -> None:
        if equals:
            self.problems.append(say("{name} takes no value.", name=name))
        self.flags.add(name)

    def _value(
        self, option: Option, given: str | None, tokens: Sequence[Token], position: int
    ) -> int:
        name = option.name
        if given is None and position < len(tokens) and not _is_special(tokens[position]):
            given, position = tokens[position].text, position + 1
        if not given:
            self.problems.append(say("{name} needs a value.", name=name))
            return position
        given, taken = self._longest(option, given, tokens[position : position + option.words - 1])
        if name in self.options:
            self.problems.append(say("{name} is given twice.", name=name))
        self.options[name] = given
        return position + taken

    def _longest(self, option: Option, given: str, more: Sequence[Token]) -> tuple[str, int]:
        """Join as many of the following words to the value as are accepted."""
        for count in range(len(more), 0, -1):
            joined = " ".join([given, *(token.text for token in more[:count])])
            if not any(map(_is_special, more[:count])) and self.accepts(option.name, joined):
                return joined, count
        return given, 0


def _is_special(token: Token) -> bool:
    """Whether it is an option, or the mark after which there are none."""
    forms = (_DASHES, _HYPHEN)
    return not token.quoted and (
        any(form.match(token.text) for form in forms)
        or _END_OF_OPTIONS.fullmatch(token.text) is not None
    )
