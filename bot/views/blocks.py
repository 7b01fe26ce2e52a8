"""Block Kit as small functions that keep Slack's limits."""

from collections.abc import Iterable, Sequence
from typing import Any

from bot.domain.sentence import say_many
from bot.ports import Message
from bot.views.reader import Reader

SECTION = 2900
"""Characters of one section; Slack refuses more than 3,000."""
BUDGET = 9000
"""Characters of all blocks; Slack fails from about 13,200, undocumented."""
TEXT = 3000
"""Characters of the top-level text; Slack refuses more than 4,000 in an update."""
VALUE = 2000
"""Characters of a button's value."""
Block = dict[str, Any]
PLAIN = "plain"
"""Where a newer block keeps its stand-ins; Slack itself never sees this key."""


def cut(text: str, limit: int) -> str:
    """Shorten a text to a limit."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def section(text: str) -> Block:
    """Make a paragraph."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, SECTION)}}


def context(text: str) -> Block:
    """Make a small print paragraph."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(text, SECTION)}]}


def newer(block: Block, plain: Sequence[Block]) -> Block:
    """Offer one of Slack's newer blocks, with what stands in for it where it is not shown."""
    return {**block, PLAIN: list(plain)}


def alert(text: str, level: str) -> Block:
    """Make a paragraph that stands out in a form: `info`, `warning`, `error` or `success`."""
    told = section(text)
    return newer({"type": "alert", "level": level, "text": told["text"]}, [told])


def sections(lines: Iterable[str], budget: int = BUDGET) -> tuple[list[Block], int]:
    """Pack lines into sections; the second value is how many did not fit the budget."""
    packed: list[str] = []
    used = left = 0
    for line in lines:
        if left or used + len(line) + 1 > budget:
            left += 1
            continue
        used += len(line) + 1
        if packed and len(packed[-1]) + len(line) + 1 <= SECTION:
            packed[-1] += "\n" + line
        else:
            packed.append(line)
    return [section(text) for text in packed], left


def listed(lines: Iterable[str], reader: Reader, budget: int = BUDGET) -> list[Block]:
    """Pack lines into sections, and say how many did not fit the budget."""
    blocks, hidden = sections(lines, budget)
    return [*blocks, *more(hidden, reader)]


def more(hidden: int, reader: Reader) -> list[Block]:
    """Say how many are not shown; nothing if all are."""
    if not hidden:
        return []
    return [context(reader(say_many("… and {n} more.", "… and {n} more.", hidden)))]


def button(action_id: str, text: str, value: str, style: str = "") -> Block:
    """Make a button; it carries a change id, or a line as somebody might type it."""
    made: Block = {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": cut(text, 75)},
        "value": value,
    }
    return {**made, "style": style} if style else made


def confirm(title: str, text: str, yes: str, no: str) -> Block:
    """Make Slack's own question before a click counts."""
    return {
        "title": {"type": "plain_text", "text": cut(title, 100)},
        "text": {"type": "mrkdwn", "text": cut(text, 300)},
        "confirm": {"type": "plain_text", "text": cut(yes, 30)},
        "deny": {"type": "plain_text", "text": cut(no, 30)},
    }


def message(text: str, blocks: Sequence[Block]) -> Message:
    """Make a message whose top-level text tells the story alone."""
    return Message(text=cut(text, TEXT), blocks=tuple(blocks))
