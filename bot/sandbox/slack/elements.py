"""Slack's rules for text, options, confirm dialogs and interactive elements.

Limits: Slack docs, Block Kit reference (composition objects, block elements).
"""

from collections.abc import Iterator, Mapping

from bot.sandbox.slack.schema import (
    Check,
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

ID = string(255)
URL = string(3000, pattern=r"(?i)(https?|slack|mailto|tel):\S+")
DATE = string(10, pattern=r"\d{4}-\d\d-\d\d")
TIME = string(5, pattern=r"([01]\d|2[0-3]):[0-5]\d")
NUMBER = string(100, pattern=r"-?\d+(\.\d+)?")


def plain(high: int) -> Rule:
    """A `plain_text` object of at most `high` characters."""
    return variant({"plain_text": record({"text": string(high)}, {"emoji": boolean})})


def text(high: int) -> Rule:
    """A text object of either kind."""
    return variant(
        {
            "plain_text": record({"text": string(high)}, {"emoji": boolean}),
            "mrkdwn": record({"text": string(high)}, {"verbatim": boolean}),
        }
    )


CONFIRM = record(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
_VALUE = {"value": string(150)}
OPTION = record({"text": plain(75), **_VALUE}, {"description": plain(75)})
RICH_OPTION = record({"text": text(75), **_VALUE}, {"description": text(75)})
MENU_OPTION = record({"text": plain(75), **_VALUE}, {"description": plain(75), "url": URL})
OPTION_GROUP = record({"label": plain(75), "options": array(OPTION, 1, 100)})


def _options_or_groups(value: Json, pointer: str) -> Iterator[str]:
    if ("options" in value) == ("option_groups" in value):
        yield at("must provide exactly one of options and option_groups", pointer)


def _offered(value: Json) -> list[Json]:
    groups = value.get("option_groups", [value])
    return [option for group in groups for option in group["options"]]


def _initial_is_offered(value: Json, pointer: str) -> Iterator[str]:
    if not {"options", "option_groups"} & value.keys():
        return
    chosen = value.get("initial_options", [])
    if "initial_option" in value:
        chosen = [value["initial_option"]]
    for one in chosen:
        if one not in _offered(value):
            yield at("initial option must match one of the options", pointer)


def _min_not_above_max(value: Json, pointer: str) -> Iterator[str]:
    if value.get("min_length", 0) > value.get("max_length", 3000):
        yield at("min_length must not be above max_length", pointer)


def _element(
    required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *checks: Check
) -> Rule:
    shared = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": boolean}
    return record(required, {**shared, **(optional or {})}, *checks)


def _typed(required: Mapping[str, Rule], optional: Mapping[str, Rule], *checks: Check) -> Rule:
    dispatch = record(
        {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 1, 2)}
    )
    shared = {
        "action_id": ID,
        "focus_on_load": boolean,
        "placeholder": plain(150),
        "dispatch_action_config": dispatch,
    }
    return record(required, {**shared, **optional}, *checks)


_PLACEHOLDER = {"placeholder": plain(150)}
_STATIC = {
    **_PLACEHOLDER,
    "options": array(OPTION, 1, 100),
    "option_groups": array(OPTION_GROUP, 1, 100),
}
_MULTI = {**_PLACEHOLDER, "max_selected_items": integer(1, 100)}
_FILTER = record(
    {},
    {
        "include": array(one_of("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
_CONVERSATIONS = {"default_to_current_conversation": boolean, "filter": _FILTER}
_CHOICES = {"options": array(RICH_OPTION, 1, 10)}

IMAGE = record(
    {"image_url": URL, "alt_text": string(2000)},
)
BUTTON = record(
    {"text": plain(75)},
    {
        "action_id": ID,
        "url": URL,
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
OVERFLOW = record(
    {"options": array(MENU_OPTION, 1, 5)},
    {"action_id": ID, "confirm": CONFIRM},
)

SELECTS: dict[str, Rule] = {
    "static_select": _element(
        {}, {**_STATIC, "initial_option": OPTION}, _options_or_groups, _initial_is_offered
    ),
    "external_select": _element(
        {}, {**_PLACEHOLDER, "initial_option": OPTION, "min_query_length": integer(0, 1000)}
    ),
    "users_select": _element({}, {**_PLACEHOLDER, "initial_user": ID}),
    "conversations_select": _element(
        {}, {**_PLACEHOLDER, **_CONVERSATIONS, "initial_conversation": ID}
    ),
    "channels_select": _element({}, {**_PLACEHOLDER, "initial_channel": ID}),
    "multi_static_select": _element(
        {},
        {**_STATIC, **_MULTI, "initial_options": array(OPTION, 1, 100)},
        _options_or_groups,
        _initial_is_offered,
    ),
    "multi_external_select": _element(
        {},
        {
            **_MULTI,
            "initial_options": array(OPTION, 1, 100),
            "min_query_length": integer(0, 1000),
        },
    ),
    "multi_users_select": _element({}, {**_MULTI, "initial_users": array(ID, 1, 100)}),
    "multi_conversations_select": _element(
        {}, {**_MULTI, **_CONVERSATIONS, "initial_conversations": array(ID, 1, 100)}
    ),
    "multi_channels_select": _element({}, {**_MULTI, "initial_channels": array(ID, 1, 100)}),
}
CHOOSERS: dict[str, Rule] = {
    **SELECTS,
    "radio_buttons": _element(_CHOICES, {"initial_option": RICH_OPTION}, _initial_is_offered),
    "checkboxes": _element(
        _CHOICES, {"initial_options": array(RICH_OPTION, 1, 10)}, _initial_is_offered
    ),
    "datepicker": _element({}, {**_PLACEHOLDER, "initial_date": DATE}),
    "timepicker": _element({}, {**_PLACEHOLDER, "initial_time": TIME, "timezone": string(100)}),
}
_DATETIME: dict[str, Rule] = {
    "datetimepicker": _element({}, {"initial_date_time": integer(1_000_000_000, 9_999_999_999)})
}
_TYPED: dict[str, Rule] = {
    "plain_text_input": _typed(
        {},
        {
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        _min_not_above_max,
    ),
    "number_input": _typed(
        {"is_decimal_allowed": boolean},
        {"initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER},
    ),
    "email_text_input": _typed({}, {"initial_value": string(3000, 0)}),
    "url_text_input": _typed({}, {"initial_value": string(3000, 0)}),
}
_BUTTONS: dict[str, Rule] = {"button": BUTTON, "overflow": OVERFLOW}

# Which element may stand where: Slack docs, Block elements, "Works with block types".
IN_ACTIONS = variant({**_BUTTONS, **CHOOSERS, **_DATETIME})
IN_SECTION = variant({**_BUTTONS, **CHOOSERS, "image": IMAGE})
IN_INPUT = variant({**CHOOSERS, **_DATETIME, **_TYPED})
IN_CONTEXT = variant(
    {
        "image": IMAGE,
        "plain_text": record({"text": string(3000)}, {"emoji": boolean}),
        "mrkdwn": record({"text": string(3000)}, {"verbatim": boolean}),
    }
)
OPTIONS_ANSWER = record(
    {},
    {"options": array(OPTION, 0, 100), "option_groups": array(OPTION_GROUP, 0, 100)},
    _options_or_groups,
)
