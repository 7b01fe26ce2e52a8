"""What can be made to go wrong: one-shot faults of an operation, and the switch table's values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.taurus.switch import Switch, SwitchError, Value
from bot.sandbox.taurus.switches import BY_NAME, COUNTERS, problems_in


class FaultKind(StrEnum):
    """How a call goes wrong; the names say whether it takes effect first."""

    THROTTLE = "throttle"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    HTML_BEFORE = "html_before"
    HTML_AFTER = "html_after"
    EMPTY = "empty"
    WRONG_RESP = "wrong_resp"
    REFUSE = "refuse"

    @property
    def is_before(self) -> bool:
        """Whether the call is stopped before it takes effect."""
        return self in _BEFORE


_BEFORE = {
    FaultKind.THROTTLE,
    FaultKind.ERROR_BEFORE,
    FaultKind.CUT_BEFORE,
    FaultKind.HANG_BEFORE,
    FaultKind.HTML_BEFORE,
    FaultKind.REFUSE,
}


@dataclass
class Fault:
    """What happens to the next `times` calls in `scope`.

    `scope` is an operation's name, "reads", "writes", "upgrades", "iam" or "any". `code` is an
    error code (kind REFUSE), `status` an HTTP status (the 5xx and HTML kinds), `retry_after`
    seconds (THROTTLE; None = the header is absent).
    """

    scope: str
    kind: FaultKind
    times: int = 1
    code: str = ""
    status: int = 500
    retry_after: int | None = None


class Faults:
    """The values of all switches, and the queue of one-shot faults."""

    def __init__(self) -> None:
        """Everything works."""
        self.values: dict[str, Value] = {name: switch.default for name, switch in BY_NAME.items()}
        self.queue: list[Fault] = []

    def set_all(self, wanted: Mapping[str, object]) -> None:
        """Turn several switches or, with SwitchError naming every mistake, none."""
        problems = problems_in(wanted)
        if problems:
            raise SwitchError(problems)
        self.values.update({name: BY_NAME[name].read(value) for name, value in wanted.items()})

    def on(self, name: str) -> bool:
        """Whether a toggle is on."""
        return bool(self.values[name])

    def number(self, name: str) -> float:
        """The value of a number switch."""
        return float(self.values[name])

    def text(self, name: str) -> str:
        """The value of a text or choice switch."""
        return str(self.values[name])

    def take(self, operation: str, groups: frozenset[str]) -> Fault | None:
        """Use up one fault that applies to this call, if there is any."""
        scopes = groups | {operation, "any"}
        for fault in self.queue:
            if fault.scope in scopes:
                fault.times -= 1
                if fault.times <= 0:
                    self.queue.remove(fault)
                return fault
        return self._take_counter(scopes) or self._take_refusal(groups)

    def _take_counter(self, scopes: frozenset[str]) -> Fault | None:
        for switch in COUNTERS:
            scope = switch.scope or self.text("fault_scope")
            if self.number(switch.name) > 0 and scope in scopes:
                self.values[switch.name] = int(self.number(switch.name)) - 1
                return self._fault_of(switch, scope)
        return None

    def _fault_of(self, switch: Switch, scope: str) -> Fault:
        waits = int(self.number("retry_after_seconds")) if switch.with_retry_after else None
        status = int(self.text("server_error_status"))
        return Fault(scope, FaultKind(switch.fault), status=status, retry_after=waits)

    def _take_refusal(self, groups: frozenset[str]) -> Fault | None:
        code = self.text("next_upgrade_error")
        if not code or "upgrades" not in groups:
            return None
        self.values["next_upgrade_error"] = ""
        return Fault("upgrades", FaultKind.REFUSE, code=code)
