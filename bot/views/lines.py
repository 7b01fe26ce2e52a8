"""Lines in the thread of a card."""

from bot.domain.change import Change
from bot.domain.sentence import User, say
from bot.domain.story import Entry
from bot.ports import Message
from bot.views.blocks import cut, message, section
from bot.views.reader import Reader

VERBATIM = 2500
"""Characters of the cloud's words as they are sent: the code block has to close in its section."""


def line(entry: Entry, change: Change, reader: Reader) -> Message:
    """Draw one fact of the story; the cloud's own words stand verbatim below it."""
    record = entry.record
    text = reader(record.sentence)
    if record.kind == "closed":
        text = f"{text} {_mentions(change, reader)}"
    if not record.verbatim:
        return message(text, [section(text)])
    words = record.verbatim
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("```", "ˋˋˋ")):
        words = words.replace(sign, entity)
    words = cut(words, VERBATIM)
    return message(f"{text} {words}", [section(text), section(f"```{words}```")])


def _mentions(change: Change, reader: Reader) -> str:
    people = dict.fromkeys([change.requester, *(one.user for one in change.approvals)])
    return " ".join(reader(say("{who}", who=User(user=one))) for one in people)
