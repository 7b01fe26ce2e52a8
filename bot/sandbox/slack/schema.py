"""A small language for Slack's JSON schemas; a rule yields what is wrong, with JSON pointers."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from bot.sandbox.slack.wire import Json

Rule: TypeAlias = Callable[[object, str], Iterator[str]]
Check: TypeAlias = Callable[[Json, str], Iterator[str]]


def at(message: str, pointer: str) -> str:
    """A reason and the place it speaks of, as Slack writes them."""
    return f"{message} [json-pointer:{pointer}]"


def string(high: int, low: int = 1, pattern: str = "") -> Rule:
    """A string of `low` to `high` characters."""

    def rule(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield at("must provide a string", pointer)
        elif len(value) < low:
            yield at(f"must be more than {low - 1} characters", pointer)
        elif len(value) > high:
            yield at(f"must be less than {high + 1} characters", pointer)
        elif pattern and not re.fullmatch(pattern, value):
            yield at("does not match the allowed format", pointer)

    return rule


def integer(low: int, high: int) -> Rule:
    """A whole number from `low` to `high`."""

    def rule(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield at("must provide an integer", pointer)
        elif not low <= value <= high:
            yield at(f"must be from {low} to {high}", pointer)

    return rule


def boolean(value: object, pointer: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield at("must provide a boolean", pointer)


def one_of(*allowed: str) -> Rule:
    """One of the words."""

    def rule(value: object, pointer: str) -> Iterator[str]:
        if value not in allowed:
            yield at(f"must be one of: {', '.join(allowed)}", pointer)

    return rule


def array(item: Rule, low: int, high: int) -> Rule:
    """A list of `low` to `high` items."""

    def rule(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield at("must provide an array", pointer)
            return
        if len(value) < low:
            yield at(f"no fewer than {low} items allowed", pointer)
        if len(value) > high:
            yield at(f"no more than {high} items allowed", pointer)
        for number, one in enumerate(value):
            yield from item(one, f"{pointer}/{number}")

    return rule


def record(
    required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *checks: Check
) -> Rule:
    """An object with these fields and no others; `checks` look at sound objects as a whole."""
    fields = {**required, **(optional or {})}

    def rule(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield at("must provide an object", pointer)
            return
        missing = [at(f"missing required field: {n}", pointer) for n in required if n not in value]
        problems = [*missing, *_field_problems(fields, value, pointer)]
        yield from problems or (one for check in checks for one in check(value, pointer))

    return rule


def _field_problems(fields: Mapping[str, Rule], value: Json, pointer: str) -> Iterator[str]:
    for name, one in value.items():
        if name in fields:
            yield from fields[name](one, f"{pointer}/{name}")
        elif name != "type":  # `variant` has read the type
            yield at(f"invalid additional property: {name}", pointer)


def variant(rules: Mapping[str, Rule]) -> Rule:
    """An object whose `type` says which rule holds."""

    def rule(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield at("must provide an object", pointer)
        elif "type" not in value:
            yield at("missing required field: type", pointer)
        elif value["type"] not in rules:
            yield at(f"unsupported type: {value['type']}", f"{pointer}/type")
        else:
            yield from rules[value["type"]](value, pointer)

    return rule
