from collections.abc import Sequence

import pytest

from bot.sandbox.slack import Json, SlackError
from bot.sandbox.slack.blocks import check_message_blocks, check_view
from tests.sandbox.slack.conftest import button, field, modal, plain, section


def option(value: str = "a", **more: object) -> Json:
    return {"text": plain(value), "value": value, **more}


def actions(*elements: Json, **more: object) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def table(rows: int, columns: int) -> Json:
    cell = {"type": "raw_text", "text": "x"}
    return {"type": "table", "rows": [[cell] * columns] * rows}


def data_table(rows: int, columns: int, **more: object) -> Json:
    return {**table(rows, columns), "type": "data_table", "caption": "c", **more}


def plan(*statuses: str) -> Json:
    task = {"type": "task_card", "title": "t"}
    tasks = [{**task, "task_id": str(n), "status": one} for n, one in enumerate(statuses)]
    return {"type": "plan", "title": "p", "tasks": tasks}


def rich(*elements: Json) -> Json:
    parts = [{"type": "rich_text_section", "elements": list(elements)}]
    return {"type": "rich_text", "elements": parts}


CONFIRM = {
    "title": plain("Sure?"),
    "text": plain("Yes?"),
    "confirm": plain("y"),
    "deny": plain("n"),
}
SELECT = {"type": "static_select", "action_id": "s", "options": [option()]}
GROUPS = [{"label": plain("g"), "options": [option()]}]
IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}

GOOD = [
    section("x" * 3000),
    {"type": "section", "fields": [plain("x" * 2000), *[plain("x")] * 9]},
    section("x", accessory={**button("b"), "confirm": CONFIRM}),
    section("x", accessory={**IMAGE}),
    section("x", accessory={"type": "overflow", "options": [option()] * 5}),
    {"type": "header", "text": plain("x" * 150)},
    {"type": "divider", "block_id": "d"},
    {"type": "context", "elements": [plain("x"), IMAGE] * 5},
    actions(*[button(str(n)) for n in range(25)]),
    actions(SELECT, {"type": "datetimepicker", "action_id": "d"}),
    actions({"type": "static_select", "option_groups": GROUPS, "initial_option": option()}),
    actions({"type": "checkboxes", "options": [option()], "initial_options": [option()]}),
    actions({"type": "radio_buttons", "options": [option("a"), option("b")]}),
    actions({"type": "timepicker", "initial_time": "02:00"}),
    {**IMAGE, "title": plain("x")},
    field("f", {"type": "plain_text_input", "min_length": 1, "max_length": 10}),
    field("f", {"type": "number_input", "is_decimal_allowed": False, "min_value": "1"}),
    {"type": "markdown", "text": "# x"},
    rich({"type": "text", "text": "x", "style": {"bold": True}}, {"type": "user", "user_id": "U1"}),
    table(100, 20),
    data_table(101, 20, page_size=100, row_header_column_index=0),
    plan("pending", "in_progress", "complete", "error"),
]

BAD = [
    (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    (data_table(1, 1), "no fewer than 2 items allowed"),
    (data_table(102, 1), "no more than 101 items allowed"),
    (data_table(2, 1, caption=""), "must be more than 0 characters"),
    (data_table(2, 1, page_size=101), "must be from 1 to 100"),
    (
        {**data_table(2, 1), "rows": [[{"type": "raw_text", "text": "x" * 5001}]] * 2},
        "must be less than 10001 characters in all",
    ),
    ({**data_table(2, 1), "rows": [[rich()], [rich()]]}, "unsupported type: rich_text"),
    (plan("completed"), "must be one of: pending, in_progress, complete, error"),
    ({"type": "alert", "text": plain("x")}, "unsupported type: alert"),
    ({"type": "section"}, "must provide text or fields [json-pointer:/blocks/0]"),
    ({"type": "section", "fields": []}, "no fewer than 1 items allowed"),
    ({"type": "section", "fields": [plain("x")] * 11}, "no more than 10 items allowed"),
    ({"type": "section", "fields": [plain("x" * 2001)]}, "must be less than 2001"),
    ({"type": "section", "text": "x"}, "must provide an object [json-pointer:/blocks/0/text]"),
    (section("x", colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
    (section("x", block_id="x" * 256), "must be less than 256"),
    ({"type": "header", "text": plain("x" * 151)}, "must be less than 151"),
    (
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    ({"type": "header"}, "missing required field: text [json-pointer:/blocks/0]"),
    ({"type": "alert"}, "unsupported type: alert [json-pointer:/blocks/0/type]"),
    ({"text": plain("x")}, "missing required field: type"),
    ("text", "must provide an object [json-pointer:/blocks/0]"),
    (
        {"type": "context", "elements": [plain("x")] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    ({"type": "context", "elements": []}, "no fewer than 1 items allowed"),
    ({"type": "context", "elements": "x"}, "must provide an array"),
    (
        actions(*[button(str(n)) for n in range(26)]),
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (actions(button("a"), button("a")), "action_id `a` already exists"),
    (actions({"type": "plain_text_input"}), "unsupported type: plain_text_input"),
    (actions({**button("a"), "text": plain("x" * 76)}), "must be less than 76"),
    (actions(button("a", "x" * 2001)), "must be less than 2001"),
    (actions({**button("a"), "value": 1}), "must provide a string"),
    (actions({**button("a"), "style": "green"}), "must be one of: primary, danger"),
    (actions({**button("a"), "url": "example.com"}), "does not match the allowed format"),
    (
        actions({**button("a"), "confirm": {**CONFIRM, "title": plain("x" * 101)}}),
        "must be less than 101",
    ),
    (actions({**button("a"), "confirm": {"title": plain("x")}}), "missing required field: deny"),
    (actions({"type": "static_select", "options": []}), "no fewer than 1 items allowed"),
    (actions({"type": "static_select"}), "exactly one of options and option_groups"),
    (
        actions({"type": "static_select", "options": [option()], "option_groups": GROUPS}),
        "exactly one of options and option_groups",
    ),
    (actions({**SELECT, "options": [option()] * 101}), "no more than 100 items allowed"),
    (actions({**SELECT, "initial_option": option("z")}), "must match one of the options"),
    (actions({**SELECT, "options": [option("x" * 151)]}), "must be less than 151"),
    (actions({**SELECT, "options": [option("a", url="https://a.b")]}), "invalid additional"),
    (actions({"type": "overflow", "options": [option()] * 6}), "no more than 5 items allowed"),
    (actions({"type": "checkboxes", "options": [option()] * 11}), "no more than 10 items"),
    (actions({"type": "datepicker", "initial_date": "2026-1-1"}), "does not match"),
    (actions({"type": "timepicker", "initial_time": "24:00"}), "does not match"),
    (actions({"type": "datetimepicker", "initial_date_time": "x"}), "must provide an integer"),
    (
        actions({"type": "external_select", "min_query_length": -1}),
        "must be from 0 to 1000",
    ),
    (section("x", expand="yes"), "must provide a boolean"),
    (section("x", accessory={"type": "datetimepicker"}), "unsupported type: datetimepicker"),
    (field("f", button("x")), "unsupported type: button"),
    (
        field("f", {"type": "plain_text_input", "min_length": 5, "max_length": 4}),
        "min_length must not be above max_length",
    ),
    (table(101, 1), "no more than 100 items allowed [json-pointer:/blocks/0/rows]"),
    (table(1, 21), "no more than 20 items allowed"),
    (
        {**table(1, 1), "rows": [*table(1, 1)["rows"], *table(1, 2)["rows"]]},
        "same number of cells",
    ),
    (rich({"type": "text", "text": ""}), "must be more than 0 characters"),
    ({"type": "rich_text", "elements": []}, "no fewer than 1 items"),
]


def reasons(blocks: object) -> tuple[str, Sequence[str]]:
    with pytest.raises(SlackError) as caught:
        check_message_blocks(blocks)
    messages = caught.value.details.get("response_metadata", {}).get("messages", [])
    return caught.value.error, messages


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block["type"])
def test_what_slack_takes_is_taken(block: Json) -> None:
    assert check_message_blocks([block]) == [block]


@pytest.mark.parametrize(("block", "reason"), BAD, ids=[reason[:60] for _, reason in BAD])
def test_what_slack_refuses_is_refused_with_the_place(block: object, reason: str) -> None:
    error, messages = reasons([block])
    assert error == "invalid_blocks"
    assert any(reason in message and message.startswith("[ERROR] ") for message in messages)


def test_fifty_blocks_are_a_message_and_one_more_is_not() -> None:
    assert check_message_blocks([{"type": "divider"}] * 50)
    assert reasons([{"type": "divider"}] * 51)[1] == [
        "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    ]


def test_a_message_of_too_much_text_is_refused_though_each_block_is_fine() -> None:
    assert check_message_blocks([section("x" * 2640)] * 5)
    assert reasons([section("x" * 2641)] * 5)[0] == "msg_blocks_too_long"


def test_block_ids_must_differ() -> None:
    assert "already exists" in reasons([section("x", block_id="a")] * 2)[1][0]


def test_blocks_must_be_a_list() -> None:
    assert reasons({"type": "divider"})[0] == "invalid_blocks_format"


def test_there_is_one_table_in_a_message() -> None:
    assert "only one table" in reasons([table(1, 1)] * 2)[1][0]


def test_markdown_has_a_limit_for_all_blocks_together() -> None:
    assert "12001" in reasons([{"type": "markdown", "text": "x" * 6001}] * 2)[1][0]


TEXT = field("f", {"type": "plain_text_input"})


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (modal(TEXT, title=plain("x" * 25)), "must be less than 25"),
        (modal(TEXT, submit=plain("x" * 25)), "must be less than 25"),
        (modal(TEXT, private_metadata="x" * 3001), "must be less than 3001"),
        (modal(*[{"type": "divider"}] * 101), "no more than 100 items"),
        (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
        (modal(table(1, 1)), "unsupported type: table"),
        (
            {"type": "modal", "title": plain("x"), "blocks": [TEXT]},
            "missing required field: submit",
        ),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "home", "blocks": []}, "unsupported type: home"),
        ("view", "must provide an object"),
        (
            modal(
                *[
                    field(name, {"type": "plain_text_input", "focus_on_load": True})
                    for name in ("a", "b")
                ]
            ),
            "only one element may have focus_on_load",
        ),
    ],
)
def test_a_wrong_form_is_refused(view: Json, reason: str) -> None:
    assert any(reason in problem for problem in check_view(view, "modal"))


def test_a_form_and_a_home_tab_that_slack_takes_are_taken() -> None:
    assert check_view(modal(TEXT, callback_id="c", close=plain("Close")), "modal") == []
    assert check_view({"type": "home", "blocks": [section("x")] * 100}, "home") == []
    alert = {"type": "alert", "level": "warning", "text": plain("x")}
    assert check_view(modal(TEXT, alert, close=plain("Close")), "modal") == []
    assert check_view({"type": "home", "blocks": [alert]}, "home")
    assert check_view({"type": "home", "blocks": [], "title": plain("x")}, "home")


def test_a_view_has_a_size() -> None:
    with pytest.raises(SlackError) as caught:
        check_view(modal(*[section("x" * 3000)] * 90), "modal")
    assert caught.value.error == "view_too_large"
