"""Which page of a long list a line asks for."""

from bot.command import UsageError
from bot.domain.arguments import Arguments, Option
from bot.domain.sentence import say

PAGE_OPTION = Option(name="--page")
LAST = 10_000


def page_number(given: Arguments) -> int:
    """Read `--page`, from 1.

    Raises:
        UsageError: it is no number of a page.
    """
    typed = given.options.get(PAGE_OPTION.name, "1")
    if not (typed.isdecimal() and 0 < int(typed) <= LAST):
        raise UsageError(say("{text} is not a page. Pages are numbered from 1.", text=typed))
    return int(typed)
