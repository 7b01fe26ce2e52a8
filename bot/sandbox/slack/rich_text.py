"""Slack's rules for the two composed blocks: rich text and tables.

Limits: Slack docs, Block Kit reference (rich text block, table block).
"""

from collections.abc import Iterator

from bot.sandbox.slack.elements import ID, URL
from bot.sandbox.slack.schema import (
    Rule,
    array,
    at,
    boolean,
    integer,
    one_of,
    record,
    string,
    variant,
)
from bot.sandbox.slack.wire import Json

TABLE_ROWS, TABLE_COLUMNS = 100, 20
_MANY = 1000

_STYLE = record(
    {},
    dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight"), boolean),
)
_STYLED: dict[str, Rule] = {"style": _STYLE}
_INLINE = variant(
    {
        "text": record({"text": string(_MANY * 10)}, _STYLED),
        "link": record({"url": URL}, {"text": string(3000), "unsafe": boolean, **_STYLED}),
        "user": record({"user_id": ID}, _STYLED),
        "usergroup": record({"usergroup_id": ID}, _STYLED),
        "channel": record({"channel_id": ID}, _STYLED),
        "emoji": record({"name": string(100)}, {"unicode": string(100), **_STYLED}),
        "broadcast": record({"range": one_of("here", "channel", "everyone")}, _STYLED),
        "date": record(
            {"timestamp": integer(0, 99_999_999_999), "format": string(_MANY)},
            {"url": URL, "fallback": string(_MANY), **_STYLED},
        ),
    }
)
_INLINES = array(_INLINE, 0, _MANY)
_SECTION = record({"elements": _INLINES})
_BORDER: dict[str, Rule] = {"border": integer(0, 1)}
_LIST = record(
    {
        "style": one_of("bullet", "ordered"),
        "elements": array(variant({"rich_text_section": _SECTION}), 1, _MANY),
    },
    {"indent": integer(0, 8), "offset": integer(0, _MANY), **_BORDER},
)
_PARTS = array(
    variant(
        {
            "rich_text_section": _SECTION,
            "rich_text_list": _LIST,
            "rich_text_preformatted": record(
                {"elements": _INLINES}, {**_BORDER, "language": string(50)}
            ),
            "rich_text_quote": record({"elements": _INLINES}, _BORDER),
        }
    ),
    1,
    _MANY,
)
RICH_TEXT = record({"elements": _PARTS}, {"block_id": ID})


def _rows_are_even(table: Json, pointer: str) -> Iterator[str]:
    widths = {len(row) for row in table["rows"]}
    if len(widths) > 1:
        yield at("all rows must have the same number of cells", f"{pointer}/rows")


_CELL = variant(
    {
        "raw_text": record({"text": string(_MANY * 10)}),
        "rich_text": record({"elements": _PARTS}),
    }
)
_COLUMN = record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})
_HEAD = variant({"raw_text": record({"text": string(_MANY * 10)})})
_TABLE_TEXTS = 10_000


def _table_of_data(table: Json, pointer: str) -> Iterator[str]:
    yield from _rows_are_even(table, pointer)
    yield from array(_HEAD, 1, TABLE_COLUMNS)(table["rows"][0], f"{pointer}/rows/0")
    cells = [cell for row in table["rows"] for cell in row]
    if sum(len(cell.get("text", "")) for cell in cells) > _TABLE_TEXTS:
        yield at(f"must be less than {_TABLE_TEXTS + 1} characters in all", f"{pointer}/rows")


DATA_TABLE = record(
    {
        "caption": string(_MANY),
        "rows": array(array(_CELL, 1, TABLE_COLUMNS), 2, TABLE_ROWS + 1),
    },
    {"block_id": ID, "page_size": integer(1, 100), "row_header_column_index": integer(0, 19)},
    _table_of_data,
)
TABLE = record(
    {"rows": array(array(_CELL, 1, TABLE_COLUMNS), 1, TABLE_ROWS)},
    {"block_id": ID, "column_settings": array(_COLUMN, 0, TABLE_COLUMNS)},
    _rows_are_even,
)
