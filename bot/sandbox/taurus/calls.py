"""One request as the handlers see it, and the answer they give."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from bot.sandbox.taurus.errors import ServiceError

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A request: `path` and `raw_query` exactly as they came over the wire."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    params: Mapping[str, str] = field(default_factory=dict)
    is_too_large: bool = False

    @cached_property
    def query(self) -> dict[str, str]:
        """The decoded query; of a repeated name the last one."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def language(self) -> str:
        """The language asked for."""
        return self.headers.get("X-Language", "en-us")

    def json(self) -> Json:
        """The body as a JSON object; raises ServiceError when it is none."""
        if not self.body:
            raise ServiceError("DBS.200006")
        if "json" not in self.headers.get("Content-Type", ""):
            raise ServiceError("APIGW.0201", "the content type must be JSON")
        try:
            parsed = json.loads(self.body)
        except ValueError as error:
            raise ServiceError("DBS.200001") from error
        if not isinstance(parsed, dict):
            raise ServiceError("DBS.200001")
        return parsed


@dataclass
class Answer:
    """What goes back: JSON, nothing, or (`text`) something that is not JSON at all."""

    status: int = 200
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""


def required(fields: Mapping[str, Any], name: str, kind: type) -> Any:  # noqa: ANN401
    """A required field of a body; DBS.290001 when only its letter case is wrong."""
    if name in fields and type(fields[name]) is kind:
        return fields[name]
    if name not in fields and name.lower() in {other.lower() for other in fields}:
        raise ServiceError("DBS.290001")
    raise ServiceError("DBS.200001")


def whole_number(call: Call, name: str, default: int) -> int:
    """A number of the query that must not be negative."""
    text = call.query.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise ServiceError("DBS.200001")
    return int(text)
