"""TaurusDB and IAM on loopback: the other side of the wire, which checks everything by itself."""

from bot.sandbox.taurus.exchange import Record
from bot.sandbox.taurus.fleet import LARGEST, default_fleet, make_fleet
from bot.sandbox.taurus.identity import Credentials
from bot.sandbox.taurus.instances import Condition, Fate, Fleet, Instance, Phase
from bot.sandbox.taurus.panel import TaurusPanel
from bot.sandbox.taurus.simulator import TaurusSimulator
from bot.sandbox.taurus.switch import Switch, SwitchError
from bot.sandbox.taurus.switches import SWITCHES, read_faults
from bot.sandbox.taurus.world import Durations

__all__ = [
    "LARGEST",
    "SWITCHES",
    "Condition",
    "Credentials",
    "Durations",
    "Fate",
    "Fleet",
    "Instance",
    "Phase",
    "Record",
    "Switch",
    "SwitchError",
    "TaurusPanel",
    "TaurusSimulator",
    "default_fleet",
    "make_fleet",
    "read_faults",
]
