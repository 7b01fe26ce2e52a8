"""What the inputs of a form hold: the `state.values` of submissions and clicks."""

import re
from collections.abc import Iterator
from copy import deepcopy

from bot.sandbox.slack.ids import elements_of
from bot.sandbox.slack.wire import Json

# For each element: the key of its value, the field it starts from, and what "empty" looks like.
_VALUES: dict[str, tuple[str, str, object]] = {
    "plain_text_input": ("value", "initial_value", None),
    "number_input": ("value", "initial_value", None),
    "email_text_input": ("value", "initial_value", None),
    "url_text_input": ("value", "initial_value", None),
    "static_select": ("selected_option", "initial_option", None),
    "external_select": ("selected_option", "initial_option", None),
    "users_select": ("selected_user", "initial_user", None),
    "conversations_select": ("selected_conversation", "initial_conversation", None),
    "channels_select": ("selected_channel", "initial_channel", None),
    "multi_static_select": ("selected_options", "initial_options", []),
    "multi_external_select": ("selected_options", "initial_options", []),
    "multi_users_select": ("selected_users", "initial_users", []),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", []),
    "multi_channels_select": ("selected_channels", "initial_channels", []),
    "checkboxes": ("selected_options", "initial_options", []),
    "radio_buttons": ("selected_option", "initial_option", None),
    "datepicker": ("selected_date", "initial_date", None),
    "timepicker": ("selected_time", "initial_time", None),
    "datetimepicker": ("selected_date_time", "initial_date_time", None),
}
_FORMATS = {
    "selected_date": re.compile(r"\d{4}-\d\d-\d\d"),
    "selected_time": re.compile(r"\d\d:\d\d"),
}


def value_key(element_type: str) -> str | None:
    """The field in which an element of this type carries its value; None for buttons and menus."""
    return _VALUES[element_type][0] if element_type in _VALUES else None


def _inputs(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    for block in blocks:
        for element in elements_of(block):
            if element["type"] in _VALUES:
                yield block, element


def initial_values(blocks: list[Json]) -> Json:
    """`state.values` before anybody typed."""
    values: Json = {}
    for block, element in _inputs(blocks):
        key, initial, empty = _VALUES[element["type"]]
        start = deepcopy(element.get(initial, empty))
        held = {"type": element["type"], key: start}
        values.setdefault(block["block_id"], {})[element["action_id"]] = held
    return values


def problem_of(element: Json, held: Json) -> str:
    """Why Slack's own client would not let this be put into the element; empty if it would."""
    if held.get("type") != element["type"]:
        return f"{element['type']} cannot hold a {held.get('type')}"
    key = _VALUES[element["type"]][0]
    value = held.get(key)
    if value in (None, "", []):
        return ""
    if key.startswith("selected_option"):
        return _option_problem(element, value if isinstance(value, list) else [value])
    if key in _FORMATS and not _FORMATS[key].fullmatch(str(value)):
        return f"{value!r} is not a {key}"
    return _text_problem(element, str(value)) if key == "value" else ""


def _option_problem(element: Json, chosen: list[Json]) -> str:
    if element["type"].endswith("external_select"):
        return ""  # any option the app offered; it was asked for them outside the view
    groups = element.get("option_groups", [element])
    offered = [option["value"] for group in groups for option in group["options"]]
    strange = [one["value"] for one in chosen if one["value"] not in offered]
    return f"{strange[0]!r} is not among the options" if strange else ""


def _text_problem(element: Json, text: str) -> str:
    if element["type"] == "number_input":
        pattern = r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+"
        return "" if re.fullmatch(pattern, text) else "Please enter a number"
    if len(text) < element.get("min_length", 0):
        return f"Must be at least {element['min_length']} characters"
    if len(text) > element.get("max_length", 3000):
        return f"Must be less than {element.get('max_length', 3000) + 1} characters"
    return ""


def merge(view: Json, given: Json) -> dict[str, str]:
    """Puts what a person entered into the view; returns the mistakes by block id."""
    errors: dict[str, str] = {}
    known = {(b["block_id"], e["action_id"]): e for b, e in _inputs(view["blocks"])}
    values = view["state"]["values"]
    for block_id, actions in given.items():
        for action_id, held in actions.items():
            element = known.get((block_id, action_id))
            problem = problem_of(element, held) if element else "there is no such input"
            if problem:
                errors[block_id] = problem
            else:
                values[block_id][action_id] = _held(held)
    return errors


def _held(held: Json) -> Json:
    key, _, empty = _VALUES[held["type"]]
    value = held.get(key)
    return {"type": held["type"], key: deepcopy(empty) if value in ("", None) else value}


def missing(view: Json) -> dict[str, str]:
    """Required inputs that are still empty: the client does not send the form then."""
    errors: dict[str, str] = {}
    for block, element in _inputs(view["blocks"]):
        if block["type"] != "input" or block.get("optional"):
            continue
        held = view["state"]["values"][block["block_id"]][element["action_id"]]
        if held[_VALUES[element["type"]][0]] in (None, "", []):
            errors[block["block_id"]] = "Please complete this required field."
    return errors


def filled(view: Json, answers: Json) -> Json:
    """`values` from shorthand: `{"env": "prod"}` fits whatever input the block `env` holds.

    A dict is taken as it is, `{action_id: {…}}`; texts name options by their value.
    """
    values: Json = {}
    for block, element in _inputs(view["blocks"]):
        answer = answers.get(block["block_id"])
        if isinstance(answer, dict):
            values[block["block_id"]] = answer
        elif block["block_id"] in answers:
            values[block["block_id"]] = {element["action_id"]: entered(element, answer)}
    unknown = {key: {"": {"type": "?"}} for key in answers if key not in values}
    return {**values, **unknown}


def entered(element: Json, answer: object) -> Json:
    """What an element holds after a person chose or typed `answer`."""
    key = value_key(element["type"]) or "selected_option"
    if key == "selected_option" and isinstance(answer, str):
        answer = _option(element, answer)
    elif key == "selected_options" and isinstance(answer, list):
        answer = [_option(element, one) if isinstance(one, str) else one for one in answer]
    return {"type": element["type"], key: answer}


def _option(element: Json, value: str) -> Json:
    groups = element.get("option_groups", [element])
    for group in groups:
        for option in group.get("options", []):
            if option["value"] == value:
                return dict(option)
    return {"text": {"type": "plain_text", "text": value, "emoji": True}, "value": value}
