"""What travels between the simulator, the bot and the page: JSON objects and refusals."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class SlackError(Exception):
    """A refusal as the Web API words it: `{"ok": false, "error": …}`.

    Attributes:
        error: Slack's error string, such as `channel_not_found`.
        status: the HTTP status that carries it; 200 except for rate limits.
        headers: extra HTTP headers, such as `Retry-After` (seconds).
        details: further fields of the answer, such as `response_metadata`.
    """

    def __init__(
        self,
        error: str,
        *,
        messages: Sequence[str] = (),
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **details: object,
    ) -> None:
        super().__init__(error, *messages)
        self.error = error
        self.status = status
        self.headers = dict(headers or {})
        self.details: Json = dict(details)
        if messages:
            self.details["response_metadata"] = {"messages": [f"[ERROR] {m}" for m in messages]}

    def body(self) -> Json:
        """The JSON that the caller of the method reads."""
        return {"ok": False, "error": self.error, **self.details}


def invalid(*messages: str) -> SlackError:
    """`invalid_arguments` with a reason a line, as Slack answers malformed calls."""
    return SlackError("invalid_arguments", messages=messages)
