"""How the work on one change grows with the instances in it."""

import asyncio
import gc
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from time import process_time
from zoneinfo import ZoneInfo

from bot.domain.change import Change, Options, Target, TargetState
from bot.domain.instance import Detail, Instance, Job, JobState, Status, Version
from bot.domain.kernel import Kernel
from bot.domain.observe import by_instance, observed, sight_of
from bot.domain.plan import Facts, Plan, make_plan
from bot.domain.selection import select
from bot.domain.steps import looked
from bot.store import SqlChanges, migrate
from bot.views.card import card
from bot.views.reader import Reader
from commands.taurus_upgrade import parse
from tests.bench.table import Row, at_most, exponent, plain, shorten

SIZES = (1, 10, 100, 1000, 5000)
FITTED = 100
"""Smaller ones tell of what is always done, and nothing of growth."""
_AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
_OLD, _NEW = Kernel("2.0.63.250300"), Kernel("2.0.72.251200")


def measure(*, quick: bool) -> Iterator[Row]:
    rounds, sizes = (1, (1, 100, 200)) if quick else (7, SIZES)
    for name, limit, make in _WORKS:
        taken = {size: _median(make(size), rounds) for size in sizes}
        points = [(size, seconds) for size, seconds in taken.items() if size >= FITTED]
        title = f"{name}: exponent of growth, {FITTED} to {sizes[-1]:,} instances"
        if limit is None:
            yield plain(title, exponent(points))
        else:
            yield at_most(title, exponent(points), limit)
        counts = ", ".join(f"{size:,}" for size in sizes)
        shown = ", ".join(shorten(seconds * 1e3) for seconds in taken.values())
        yield Row(f"{name}: {counts} instances", f"{shown} ms")


def _median(work: Callable[[], object], rounds: int) -> float:
    """Take processor time, which other processes do not stretch, without the collector's."""
    work()
    taken = []
    for _ in range(rounds):
        gc.collect()
        gc.disable()
        started = process_time()
        work()
        taken.append(process_time() - started)
        gc.enable()
    return median(taken)


def _id(number: int) -> str:
    return f"{number:032x}in07"


def _fleet(size: int) -> list[Instance]:
    return [
        Instance(id=_id(one), name=f"orders-prod-{one:04d}", status=Status.NORMAL, kernel=_OLD)
        for one in range(size)
    ]


def _facts(size: int) -> list[Facts]:
    version = Version(current=_OLD, latest=_NEW, upgradable=True)
    return [Facts(instance=one, version=version, detail=Detail(id=one.id)) for one in _fleet(size)]


def _change(size: int, state: TargetState = TargetState.PLANNED) -> Change:
    plan = make_plan(_facts(size), Options())
    assert isinstance(plan, Plan)
    sent = {"state": state, "submitted_at": _AT, "batch": 1}
    targets = plan.targets
    if state is not TargetState.PLANNED:
        targets = tuple(one.model_copy(update=sent) for one in targets)
    return Change(
        number=7,
        environment="prod",
        channel="C0DB",
        requester="U0ANN",
        key="bench",
        options=Options(),
        targets=targets,
        warnings=plan.warnings,
        created_at=_AT,
        expires_at=_AT + timedelta(days=1),
    )


def _parsing(size: int) -> Callable[[], object]:
    text = " ".join(one.name for one in _fleet(size))
    zone = ZoneInfo("Asia/Shanghai")
    return lambda: parse(text, _AT, zone)


def _selecting(size: int) -> Callable[[], object]:
    fleet = _fleet(size)
    words = [one.name for one in fleet]
    return lambda: select(words, fleet)


def _planning(size: int) -> Callable[[], object]:
    facts = _facts(size)
    return lambda: make_plan(facts, Options())


def _drawing(size: int) -> Callable[[], object]:
    change, reader = _change(size), Reader.of("en-us")
    return lambda: card(change, reader)


def _committing(size: int) -> Callable[[], object]:
    change = _change(size).model_copy(update={"number": 0})

    async def once() -> None:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.db"
            migrate(url)
            store = SqlChanges.open(url)
            stored = await store.add(change, ())
            await store.save(stored, ())
            store.close()

    return lambda: asyncio.run(once())


def _polling(size: int) -> Callable[[], object]:
    change = _change(size, TargetState.ACCEPTED)
    jobs = [
        Job(id=f"job-{one}", instance_id=_id(one), state=JobState.RUNNING, created_at=_AT)
        for one in range(size)
    ]
    named = {one.name: one.id for one in _fleet(size)}
    limit = timedelta(hours=2)

    def seen(target: Target, begun: Mapping[str, Sequence[Job]]) -> Target:
        sight = sight_of(target, begun.get(target.instance_id, ()), (), named)
        return observed(target, sight, _AT, limit)

    def once() -> object:
        begun = by_instance(jobs)
        return looked(change, [seen(one, begun) for one in change.targets], _AT)

    return once


_WORKS: tuple[tuple[str, float | None, Callable[[int], Callable[[], object]]], ...] = (
    ("parse", 1.3, _parsing),
    ("select", 1.3, _selecting),
    ("plan", 1.3, _planning),
    ("card", 0.25, _drawing),
    ("commit", 1.3, _committing),
    ("poll", 1.3, _polling),
)
