"""Slack's newer blocks, or what stands in for them.

Not every workspace and client shows them yet, and Slack refuses a whole message for one block
that it does not know. So views offer each with its stand-in, and a setting decides.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.views.blocks import PLAIN

_Block = dict[str, Any]


def settled(blocks: Sequence[_Block], *, newer: bool) -> list[_Block]:
    """Keep the newer blocks or put their stand-ins in their places."""
    return [one for block in blocks for one in _settled(block, newer=newer)]


def _settled(block: _Block, *, newer: bool) -> Iterator[_Block]:
    if PLAIN not in block:
        yield block
    elif newer:
        yield {name: value for name, value in block.items() if name != PLAIN}
    else:
        yield from block[PLAIN]
