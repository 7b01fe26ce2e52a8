"""The arguments of a Web API call, from a form or from JSON."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.slack.wire import Json, invalid


class Arguments:
    """Reads arguments the way Slack does: forms carry JSON and numbers as text."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    def text(self, name: str, default: str = "") -> str:
        """A string; `default` where it is absent.

        Raises:
            SlackError: `invalid_arguments` if it is something else.
        """
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise invalid(f"must provide a string [json-pointer:/{name}]")
        return value

    def required(self, name: str) -> str:
        """A string that must be there.

        Raises:
            SlackError: `invalid_arguments`.
        """
        value = self.text(name)
        if not value:
            raise invalid(f"missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        """A boolean; false where it is absent."""
        return self.values.get(name) in (True, 1, "1", "true", "True")

    def number(self, name: str, default: int, high: int) -> int:
        """A count from 1 to `high`.

        Raises:
            SlackError: `invalid_arguments`.
        """
        value = self.values.get(name, default)
        try:
            found = int(value)
        except (TypeError, ValueError):
            raise invalid(f"must provide an integer [json-pointer:/{name}]") from None
        if not 1 <= found <= high:
            raise invalid(f"must be from 1 to {high} [json-pointer:/{name}]")
        return found

    def has(self, name: str) -> bool:
        """Whether something was given: null and the empty text count as nothing."""
        return self.values.get(name) not in (None, "")

    def data(self, name: str) -> Any:  # noqa: ANN401 - whatever the caller sent
        """A JSON value, decoded if it came as text; text that is no JSON stays text."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            return value


async def read_arguments(request: web.Request) -> Arguments:
    """Reads the query and the body of a call.

    Raises:
        SlackError: `invalid_arguments` for a body that is not a JSON object.
    """
    values: Json = dict(request.query)
    if request.content_type == "application/json":
        values.update(_object(await request.text()))
    elif request.method == "POST":
        values.update(await request.post())
    return Arguments(values)


def _object(text: str) -> Json:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        raise invalid("invalid JSON") from None
    if not isinstance(found, dict):
        raise invalid("must provide an object")
    return found
