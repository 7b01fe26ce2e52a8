"""Reasons that people give, as long as a card shows them."""

from bot.domain.arguments import Arguments
from bot.domain.sentence import Sentence, say

REASON_LIMIT = 300
"""Characters of a reason, as many as a card shows of one."""


def reason_of(given: Arguments, option: str, mistakes: list[Sentence]) -> str:
    """Read the reason that an option gives; what is too long is a mistake."""
    reason = given.options.get(option, "")
    if len(reason) > REASON_LIMIT:
        mistakes.append(
            say(
                "The reason has {length} characters; {limit} fit on the card. Shorten it.",
                length=len(reason),
                limit=REASON_LIMIT,
            )
        )
    return reason[:REASON_LIMIT]
