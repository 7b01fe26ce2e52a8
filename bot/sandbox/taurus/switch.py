"""One switch: what it is called, what it takes, and what is wrong with a value."""

from dataclasses import dataclass
from typing import Any, Literal

Value = bool | float | str
Kind = Literal["toggle", "number", "text", "choice"]


class SwitchError(ValueError):
    """Switches that do not exist or values that do not fit; `problems` lists all of them."""

    def __init__(self, problems: list[str]) -> None:
        """One sentence a problem."""
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Switch:
    """One row of the table.

    A switch with a `fault` counts: its value is how many of the next calls go wrong that way, in
    `scope` or, where that is empty, in the scope of the switch `fault_scope`.
    """

    name: str
    label: str
    help: str
    kind: Kind
    default: Value
    choices: tuple[str, ...] = ()
    fault: str = ""
    scope: str = ""
    with_retry_after: bool = False

    def problem(self, value: object) -> str:
        """What is wrong with a value, or an empty string."""
        fits = {"toggle": _is_toggle, "number": _is_number, "text": _is_text, "choice": _is_text}
        if not fits[self.kind](value):
            return f"{self.name}: {value!r} is not a {_WORDS[self.kind]}"
        if self.choices and str(value) not in self.choices:
            return f"{self.name}: {value!r} is none of {', '.join(map(repr, self.choices))}"
        return ""

    def read(self, value: object) -> Value:
        """A value without problems as the type of this switch."""
        if self.kind == "toggle":
            return bool(value)
        return float(str(value)) if self.kind == "number" else str(value)

    def shown(self, value: Value) -> dict[str, Any]:
        """This switch, set to `value`, as a panel shows it."""
        told = {"name": self.name, "label": self.label, "help": self.help, "kind": self.kind}
        shown: dict[str, Any] = {**told, "value": value}
        return shown | {"choices": list(self.choices)} if self.choices else shown


_WORDS = {
    "toggle": "true or false",
    "number": "number of 0 or more",
    "text": "text",
    "choice": "text",
}


def _is_toggle(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def counter(name: str, label: str, text: str, fault: str, *, scope: str = "") -> Switch:
    """A switch whose value is how many of the next calls go wrong."""
    return Switch(name, label, text, "number", 0, fault=fault, scope=scope)


def choice(name: str, label: str, text: str, *choices: str) -> Switch:
    """A switch with a few values, the first of which is normal."""
    return Switch(name, label, text, "choice", choices[0], choices)


def toggle(name: str, label: str, text: str) -> Switch:
    """A switch that is on or off."""
    return Switch(name, label, text, "toggle", default=False)
