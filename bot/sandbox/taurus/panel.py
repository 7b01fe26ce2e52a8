"""The simulator as the page's panel shows it: clock, switches and fleet as plain JSON."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.sandbox.clock import SandboxClock
from bot.sandbox.taurus.instances import Condition, Fate, Instance
from bot.sandbox.taurus.simulator import TaurusSimulator
from bot.sandbox.taurus.switch import Value
from bot.sandbox.taurus.switches import SWITCHES

LONGEST_JUMP = timedelta(days=31)


class TaurusPanel:
    """Reads and changes one simulator and the sandbox's clock."""

    def __init__(self, simulator: TaurusSimulator, clock: SandboxClock) -> None:
        """`clock` is the one that the simulator runs by."""
        self._simulator = simulator
        self._clock = clock

    async def read(self) -> dict[str, Any]:
        """Everything that the panel shows."""
        return {
            "clock": {"now": self._clock.now().timestamp(), "speed": self._clock.speed},
            "switches": [one.shown(self._simulator.faults.values[one.name]) for one in SWITCHES],
            "fleet": [self._row(instance) for instance in self._simulator.instances],
        }

    async def apply(self, change: Mapping[str, Any]) -> None:
        """Turn a switch, move the clock or change its speed.

        `change` is {"switch", "value"}, {"advance_seconds"} or {"speed"}. Raises ValueError, with a
        sentence for people, for anything else.
        """
        if "switch" in change:
            self._simulator.switch(str(change["switch"]), change.get("value", ""))
        elif "advance_seconds" in change:
            self._clock.advance(_jump(change["advance_seconds"]))
            self._simulator.advance()
        elif "speed" in change:
            self._clock.set_speed(_number(change["speed"]))
        else:
            raise ValueError("the panel knows switch, advance_seconds and speed")

    def _row(self, instance: Instance) -> dict[str, Any]:
        upgrading = self._simulator.is_upgrading(instance.id)
        return {
            "id": instance.id,
            "name": instance.name,
            "status": "upgrading" if upgrading else instance.condition.value,
            "kernel": instance.kernel,
            "latest": instance.latest,
            "note": _note(instance),
        }


def _note(instance: Instance) -> str:
    notes = [instance.phase.value]
    if instance.condition is Condition.NORMAL and instance.fate is not Fate.SUCCEEDS:
        notes.append(instance.fate.value)
    if instance.replica_delay_seconds:
        notes.append(f"replicas {instance.replica_delay_seconds} s behind")
    if instance.end_of_service:
        notes.append("kernel out of service")
    return ", ".join(note for note in notes if note)


def _number(value: Value) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{value!r} is not a number") from error


def _jump(value: Value) -> timedelta:
    seconds = _number(value)
    if not 0 <= seconds <= LONGEST_JUMP.total_seconds():
        raise ValueError("the clock goes forward by 0 seconds to 31 days at a time")
    return timedelta(seconds=seconds)
