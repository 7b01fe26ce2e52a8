"""Ids that Slack gives to blocks and elements which came without."""

import secrets
from collections.abc import Iterator
from copy import deepcopy

from bot.sandbox.slack.wire import Json

_NOT_INTERACTIVE = {"image", "plain_text", "mrkdwn"}


def elements_of(block: Json) -> Iterator[Json]:
    """The interactive elements of a block."""
    if block["type"] == "section" and "accessory" in block:
        yield from _interactive([block["accessory"]])
    elif block["type"] == "actions":
        yield from _interactive(block["elements"])
    elif block["type"] == "input":
        yield block["element"]


def _interactive(elements: list[Json]) -> Iterator[Json]:
    return (one for one in elements if one["type"] not in _NOT_INTERACTIVE)


def fill_ids(blocks: list[Json]) -> list[Json]:
    """A copy of valid blocks in which each block and interactive element has its id."""
    filled = deepcopy(blocks)
    for block in filled:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return filled


def find_element(blocks: list[Json], action_id: str, block_id: str | None = None) -> Json | None:
    """The element with this action id, in the block with `block_id` if that is given."""
    for block in blocks:
        if block_id not in {None, block["block_id"]}:
            continue
        for element in elements_of(block):
            if element["action_id"] == action_id:
                return {**element, "block_id": block["block_id"]}
    return None
