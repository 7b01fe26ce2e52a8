"""Reaching into what Slack delivers without being surprised by its shape. Pure; never raises.

What is signed may still be of a kind that nobody thought of: what is not as expected is as absent.
"""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def inside(value: object, *names: str) -> Json:
    """Return the object that the names lead to; an empty one if there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def text(value: Json, name: str) -> str:
    """Return a text; empty if it is absent or none."""
    found = value.get(name)
    return whole(found) if isinstance(found, str) else ""


def whole(found: str) -> str:
    """Make a text storable: JSON can carry half a sign, which is none in any encoding."""
    return found if found.isascii() else found.encode(errors="replace").decode()


def objects(value: Json, name: str) -> tuple[Json, ...]:
    """Return the objects of a list."""
    found = value.get(name)
    return tuple(map(inside, found)) if isinstance(found, list | tuple) else ()


def first(value: Json, name: str) -> Json:
    """Return the first object of a list; an empty one if there is none."""
    return next(iter(objects(value, name)), {})
