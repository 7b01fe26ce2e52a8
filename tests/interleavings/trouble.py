"""What a cloud does to a bot, and a world to its databases."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st

from bot.sandbox.taurus.faults import Fault, FaultKind
from bot.sandbox.taurus.instances import Condition, Fate
from bot.sandbox.taurus.kernels import is_behind
from bot.sandbox.taurus.switch import Value
from tests.interleavings.wire import Wire

NEW_RELEASE = "2.0.75.260100"

Trouble = Callable[[Wire], None]
Event = Callable[[Wire, str], frozenset[str]]
"""Happens to an instance; returns the ids of those that somebody upgrades by hand."""

_KINDS = (
    *("cut_before", "cut_after", "hang_after", "html_after", "error_before", "error_after"),
    *("throttle", "wrong_resp", "empty"),
)
_CODES = ("DBS.200047", "DBS.05000008", "DBS.05000012", "DBS.280449", "APIGW.0302", "DBS.280001")
_SWITCHES: tuple[tuple[str, Value], ...] = (
    ("dropped_rows", 1),
    ("dropped_rows", 0),
    ("partial_rejection", "error"),
    ("partial_rejection", "success"),
    ("partial_rejection", "off"),
    ("jobs_late_seconds", 0),
    ("jobs_late_seconds", 280),
    ("status_while_upgrading", "upgrading"),
    ("offset_reading", "page"),
)


def refuses(code: str) -> Trouble:
    """The next upgrade is refused with a code of the vendor's."""
    return _fault("upgrades", "refuse", 1, code)


def _fault(scope: str, kind: str, times: int = 1, code: str = "") -> Trouble:
    def happens(wire: Wire) -> None:
        wire.cloud.faults.queue.append(Fault(scope, FaultKind(kind), times, code))

    return happens


def _switch(name: str, value: Value) -> Trouble:
    def happens(wire: Wire) -> None:
        wire.cloud.faults.set_all({name: value})

    return happens


def _away(times: int) -> Trouble:
    def happens(wire: Wire) -> None:
        wire.unreachable = times

    return happens


def late_and_lost(wire: Wire) -> None:
    """The answer is lost after the effect, and the jobs take minutes to appear."""
    _switch("jobs_late_seconds", 280)(wire)
    _fault("upgrades", "cut_after")(wire)


TROUBLES: st.SearchStrategy[Trouble] = st.one_of(
    st.builds(_fault, st.just("upgrades"), st.sampled_from(_KINDS)),
    st.builds(refuses, st.sampled_from(_CODES)),
    st.builds(
        _fault,
        st.just("reads"),
        st.sampled_from(("error_before", "cut_before", "html_before")),
        st.integers(1, 6),
    ),
    st.sampled_from((_fault("writes", "cut_after"), late_and_lost)),
    st.sampled_from(_SWITCHES).map(lambda one: _switch(*one)),
    st.builds(_away, st.integers(1, 8)),
)


def _meets(fate: Fate) -> Event:
    def happens(wire: Wire, name: str) -> frozenset[str]:
        wire.world.find(name).fate = fate
        return frozenset()

    return happens


def _becomes(condition: Condition) -> Event:
    def happens(wire: Wire, name: str) -> frozenset[str]:
        wire.world.find(name).condition = condition
        return frozenset()

    return happens


def _by_hand(wire: Wire, name: str) -> frozenset[str]:
    world = wire.world
    one = world.find(name)
    is_taken = world.is_upgrading(one) or world.waits_for_window(one)
    if is_taken or one.condition is not Condition.NORMAL or not is_behind(one):
        return frozenset()
    world.submit(one, wire.clock(), delay=False, fate=one.fate, late=timedelta())
    return frozenset({one.id})


def _task_is_cancelled(wire: Wire, name: str) -> frozenset[str]:
    world, now = wire.world, wire.clock()
    for task in list(world.schedules.values()):
        if task.instance_name == name and task.status(now) == "Pending":
            world.cancel(task.id, now)
    return frozenset()


def _newer_kernel(wire: Wire, _name: str) -> frozenset[str]:
    for instance in wire.world.instances.values():
        instance.latest = NEW_RELEASE
    return frozenset()


def _spoils_its_batch(wire: Wire, name: str) -> frozenset[str]:
    """The service refuses it, and starts the others of its batch all the same."""
    _switch("partial_rejection", "error")(wire)
    wire.world.find(name).fate = Fate.SUPPORT_ONLY
    return frozenset()


EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from(Fate).map(_meets),
    st.sampled_from((Condition.NORMAL, Condition.BACKING_UP, Condition.FROZEN)).map(_becomes),
    st.sampled_from((_by_hand, _task_is_cancelled, _newer_kernel, _spoils_its_batch)),
)
