"""Lines in the thread of a card."""

from collections.abc import Sequence

from bot.domain.change import Change
from bot.domain.sentence import Users
from bot.domain.story import Entry
from bot.ports import Message
from bot.views.blocks import cut, listed, message, section
from bot.views.reader import Reader

VERBATIM = 2500
"""Characters of the cloud's words as they are sent: the code block has to close in its section."""
TOGETHER = 10
"""Facts in one message; the cloud's words share its space then."""


def line(entries: Sequence[Entry], change: Change, reader: Reader) -> Message:
    """Draw a fact of the story, or several that were found at once."""
    limit = VERBATIM if len(entries) == 1 else VERBATIM * 2 // TOGETHER
    drawn = [_drawn(entry, change, reader, limit) for entry in entries]
    return message(
        " ".join(one.text for one in drawn), [block for one in drawn for block in one.blocks]
    )


def _drawn(entry: Entry, change: Change, reader: Reader, limit: int) -> Message:
    """Draw one fact; what belongs to it and the cloud's own words, verbatim, stand below it."""
    record = entry.record
    text = reader(record.sentence)
    if record.kind == "closed":
        text = f"{text} {_mentions(change, reader)}"
    blocks = [section(text), *listed((reader(one) for one in record.more), reader, limit)]
    if not record.verbatim:
        return message(text, blocks)
    words = record.verbatim
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("```", "ˋˋˋ")):
        words = words.replace(sign, entity)
    words = cut(words, limit)
    return message(with_words(text, words), [*blocks, section(f"```{words}```")])


def with_words(text: str, words: str) -> str:
    """Put the cloud's words behind a sentence that leads up to them, or says all by itself."""
    return f"{text} {words}" if text.endswith((":", "：")) else f"{text} ({words})"


def _mentions(change: Change, reader: Reader) -> str:
    people = dict.fromkeys([change.requester, *(one.user for one in change.approvals)])
    return reader.shown(Users(users=tuple(people)))
