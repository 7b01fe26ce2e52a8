"""The schedule: how late what is due is begun among many that wait, and how fast a bot starts.

The cloud does not answer here: what is measured is the schedule, and not the upgrades.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy import insert, update

from bot.alarm import Alarm
from bot.domain.change import Change, Options, State, Target, Timing
from bot.domain.kernel import Kernel, Path
from bot.ports import Lease
from bot.store import SqlChanges, migrate
from bot.store.engine import open_engine
from bot.store.rows import change_row, target_rows
from bot.store.schema import changes, targets
from tests.bench.processes import now
from tests.bench.table import Row, at_most, percentile, plain

WAITING, DUE = 10_000, 300


def measure(*, quick: bool) -> Iterator[Row]:
    waiting, due = (200, 20) if quick else (WAITING, DUE)
    yield from asyncio.run(_schedule(waiting, due))


def _real_now() -> datetime:
    return datetime.now(UTC)


async def _schedule(waiting: int, due: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        migrate(url)
        at = fill(url, waiting, due)
        started = now()
        store = SqlChanges.open(url)
        await store.ready()
        await store.next_due_at()
        ready = now() - started
        async with _blocked() as gaps:
            woken, claimed = await _claims(store, due, at)
        store.close()
    late = [(one - at).total_seconds() * 1e3 for one in claimed]
    told = f"{waiting:,} changes wait, {due} are due at one instant"
    return [
        at_most(f"{told}: the alarm is late by", (woken - at).total_seconds() * 1e3, 100, " ms"),
        plain(f"{told}: claimed after, p50", median(late), " ms"),
        at_most(f"{told}: claimed after, p99", percentile(late, 0.99), 100, " ms"),
        at_most(f"{told}: the event loop is blocked for", max(gaps) * 1e3, 50, " ms"),
        plain(f"store opened and asked with {waiting:,} changes in it", ready * 1e3, " ms"),
    ]


async def _claims(store: SqlChanges, due: int, at: datetime) -> tuple[datetime, list[datetime]]:
    awake = asyncio.Event()
    alarm = Alarm(awake.set, store.next_due_at, _real_now)
    alarm.start()
    claimed: list[datetime] = []
    woken = at
    while len(claimed) < due:
        awake.clear()
        await awake.wait()
        if _real_now() < at:
            continue
        woken = woken if claimed else _real_now()
        until = _real_now() + timedelta(seconds=15)
        while await store.claim_due(Lease(owner="bench", until=until), _real_now()):
            claimed.append(_real_now())
    alarm.stop()
    return woken, claimed


def fill(url: str, waiting: int, due: int) -> datetime:
    """Store changes of tomorrow, some of which are due soon; returns when."""
    tomorrow = _real_now() + timedelta(days=1)
    made = [_change(number, tomorrow) for number in range(waiting)]
    engine = open_engine(url)
    with engine.begin() as connection:
        rows = [{**change_row(one), "number": one.number} for one in made]
        connection.execute(insert(changes), rows)
        connection.execute(insert(targets), [row for one in made for row in target_rows(one)])
        soon = _real_now() + timedelta(seconds=3)
        connection.execute(update(changes).where(changes.c.number <= due).values(due_at=soon))
    engine.dispose()
    return soon


def _change(number: int, at: datetime) -> Change:
    target = Target(
        instance_id=f"{number:032x}in07",
        name=f"orders-{number}",
        kernel=Kernel("2.0.63.250300"),
        newest=Kernel("2.0.72.251200"),
        path=Path.DIRECT,
    )
    return Change(
        number=number + 1,
        environment="default",
        channel="C0DB",
        requester="U0ANN",
        key=f"bench-{number}",
        state=State.SCHEDULED,
        options=Options(timing=Timing.AT, run_at=at),
        targets=(target,),
        created_at=at,
        expires_at=at,
        due_at=at,
    )


@asynccontextmanager
async def _blocked() -> AsyncIterator[list[float]]:
    """Note by how much the event loop comes too late to what it should do each millisecond."""
    gaps: list[float] = [0.0]

    async def watch() -> None:
        while True:
            started = now()
            await asyncio.sleep(0.001)
            gaps.append(now() - started - 0.001)

    watching = asyncio.create_task(watch())
    try:
        yield gaps
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
