"""Slack's rules for blocks, messages of blocks, and views.

Limits: Slack docs, Block Kit reference and the views reference; the sum of all texts of a message
is not documented and was measured at about 13,200 characters.
"""

import json
from collections import Counter
from collections.abc import Iterator

from bot.sandbox.slack.elements import (
    ID,
    IN_ACTIONS,
    IN_CONTEXT,
    IN_INPUT,
    IN_SECTION,
    URL,
    plain,
    text,
)
from bot.sandbox.slack.ids import elements_of
from bot.sandbox.slack.rich_text import DATA_TABLE, RICH_TEXT, TABLE
from bot.sandbox.slack.schema import Rule, array, at, boolean, one_of, record, string, variant
from bot.sandbox.slack.wire import Json, SlackError

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MESSAGE_TEXTS = 13_200
MARKDOWN_TEXTS = 12_000
VIEW_BYTES = 250_000


def _text_or_fields(section: Json, pointer: str) -> Iterator[str]:
    if "text" not in section and "fields" not in section:
        yield at("must provide text or fields", pointer)


def _action_ids_differ(block: Json, pointer: str) -> Iterator[str]:
    counts = Counter(one["action_id"] for one in block["elements"] if "action_id" in one)
    for action_id, times in counts.items():
        if times > 1:
            yield at(f"action_id `{action_id}` already exists in the block", pointer)


_BLOCK_ID: dict[str, Rule] = {"block_id": ID}
EVERYWHERE: dict[str, Rule] = {
    "actions": record({"elements": array(IN_ACTIONS, 1, 25)}, _BLOCK_ID, _action_ids_differ),
    "context": record({"elements": array(IN_CONTEXT, 1, 10)}, _BLOCK_ID),
    "divider": record({}, _BLOCK_ID),
    "header": record({"text": plain(150)}, _BLOCK_ID),
    "image": record(
        {"image_url": URL, "alt_text": string(2000)}, {**_BLOCK_ID, "title": plain(2000)}
    ),
    "input": record(
        {"label": plain(2000), "element": IN_INPUT},
        {**_BLOCK_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
    "section": record(
        {},
        {
            **_BLOCK_ID,
            "text": text(3000),
            "fields": array(text(2000), 1, 10),
            "accessory": IN_SECTION,
            "expand": boolean,
        },
        _text_or_fields,
    ),
}
_RICH = variant({"rich_text": RICH_TEXT})
_TASK = record(
    {
        "task_id": string(255),
        "title": string(2000),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    {**_BLOCK_ID, "details": _RICH, "output": _RICH},
)
_ALERT = record(
    {"text": text(3000)},
    {**_BLOCK_ID, "level": one_of("default", "info", "warning", "error", "success")},
)
_IN_MESSAGES = {
    **EVERYWHERE,
    "data_table": DATA_TABLE,
    "plan": record(
        {"title": string(2000)},
        {**_BLOCK_ID, "tasks": array(variant({"task_card": _TASK}), 0, 100)},
    ),
    "markdown": record({"text": string(MARKDOWN_TEXTS)}, _BLOCK_ID),
    "table": TABLE,
}
_MESSAGE = array(variant(_IN_MESSAGES), 0, MESSAGE_BLOCKS)
_VIEW_BLOCKS = array(variant(EVERYWHERE), 0, VIEW_BLOCKS)
# Slack docs, Block Kit reference: alerts stand in modals only.
_MODAL_BLOCKS = array(variant({**EVERYWHERE, "alert": _ALERT}), 0, VIEW_BLOCKS)
_VIEW: dict[str, Rule] = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_MODAL = record(
    {"title": plain(24), "blocks": _MODAL_BLOCKS},
    {
        **_VIEW,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
    },
)
_HOME = record({"blocks": _VIEW_BLOCKS}, _VIEW)


def check_message_blocks(blocks: object) -> list[Json]:
    """The blocks of a message, if Slack would take them.

    Raises:
        SlackError: `invalid_blocks_format`, `invalid_blocks` with the reasons, or
            `msg_blocks_too_long`.
    """
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    problems = list(_MESSAGE(blocks, "/blocks")) or list(_whole_problems(blocks, "/blocks"))
    problems = problems or list(_message_problems(blocks))
    if problems:
        raise SlackError("invalid_blocks", messages=problems, errors=problems)
    if sum(map(len, texts(blocks))) > MESSAGE_TEXTS:
        raise SlackError("msg_blocks_too_long")
    return blocks


def check_view(view: object, kind: str) -> list[str]:
    """What Slack would not like about a view; empty if it would take it.

    Raises:
        SlackError: `view_too_large` above 250 kB.
    """
    rule = variant({"modal": _MODAL} if kind == "modal" else {"home": _HOME})
    problems = list(rule(view, "/view"))
    if problems or not isinstance(view, dict):
        return problems
    if len(json.dumps(view)) > VIEW_BYTES:
        raise SlackError("view_too_large")
    blocks = view["blocks"]
    return [*_whole_problems(blocks, "/view/blocks"), *_view_problems(view, kind)]


def _whole_problems(blocks: list[Json], pointer: str) -> Iterator[str]:
    counts = Counter(block["block_id"] for block in blocks if "block_id" in block)
    for block_id, times in counts.items():
        if times > 1:
            yield at(f"block_id `{block_id}` already exists", pointer)


def _message_problems(blocks: list[Json]) -> Iterator[str]:
    if sum(block["type"] == "table" for block in blocks) > 1:
        yield at("only one table allowed", "/blocks")
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MARKDOWN_TEXTS:
        yield at(f"markdown must be less than {MARKDOWN_TEXTS + 1} characters", "/blocks")


def _view_problems(view: Json, kind: str) -> Iterator[str]:
    has_input = any(block["type"] == "input" for block in view["blocks"])
    if kind == "modal" and has_input and "submit" not in view:
        yield at("missing required field: submit (the view has an input block)", "/view")
    elements = [element for block in view["blocks"] for element in elements_of(block)]
    if sum(bool(element.get("focus_on_load")) for element in elements) > 1:
        yield at("only one element may have focus_on_load", "/view/blocks")


def texts(value: object) -> Iterator[str]:
    """Every text inside blocks: what a reader sees."""
    if isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name == "text" and isinstance(one, str):
                yield one
            else:
                yield from texts(one)
