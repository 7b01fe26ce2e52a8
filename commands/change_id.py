"""The id of a change, as people write it."""

import re

from bot.command import UsageError
from bot.domain.sentence import say

_ID = re.compile(r"(?:chg-)?(\d{1,9})", re.ASCII | re.IGNORECASE)


def number_of(text: str) -> int:
    """Read `CHG-7` or `7`.

    Raises:
        UsageError: it is something else.
    """
    match = _ID.fullmatch(text)
    if match is None:
        raise UsageError(say("{text} is not a change id. It looks like CHG-7.", text=text))
    return int(match[1])
