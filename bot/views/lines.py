"""Lines in the thread of a card."""

from bot.domain.change import Change
from bot.domain.sentence import User, say
from bot.domain.story import Entry
from bot.ports import Message
from bot.views.blocks import cut, message, section
from bot.views.reader import Reader

VERBATIM = 2500


def line(entry: Entry, change: Change, reader: Reader) -> Message:
    """Draw one fact of the story; the cloud's own words stand verbatim below it."""
    record = entry.record
    text = reader(record.sentence)
    if record.kind == "closed":
        text = f"{text} {_mentions(change, reader)}"
    if not record.verbatim:
        return message(text, [section(text)])
    words = cut(record.verbatim, VERBATIM)
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("```", "ˋˋˋ")):
        words = words.replace(sign, entity)
    return message(f"{text} {words}", [section(f"{text}\n```{words}```")])


def _mentions(change: Change, reader: Reader) -> str:
    people = dict.fromkeys([change.requester, *(one.user for one in change.approvals)])
    return " ".join(reader(say("{who}", who=User(user=one))) for one in people)
