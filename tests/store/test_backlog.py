"""What waits in the store, as those who watch the bot count it, and what it tells of itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.backlog import Queue
from bot.domain.change import OPEN_STATES, Change, State
from bot.domain.story import Record
from bot.ports import StaleError, StoreError
from bot.store import SqlChanges
from bot.store.backlog import backlog
from tests.store.conftest import Database
from tests.store.examples import NOW, SECOND, change, delivery, ended, fact, lease


async def test_an_empty_store_has_nothing_waiting(store: SqlChanges) -> None:
    found = await store.backlog(NOW)
    assert set(found.queues) == {"deliveries", "changes", "cards"}
    assert set(found.queues.values()) == {Queue()}
    assert found.open_changes == dict.fromkeys(OPEN_STATES, 0)
    assert found.replicas == 0


async def test_what_could_be_begun_is_counted_with_its_age(store: SqlChanges) -> None:
    await store.receive(delivery("old", NOW - 9 * SECOND))
    await store.receive(delivery("new", NOW))
    await store.add(
        change(1, key="due", due_at=NOW - SECOND), [fact(told=True, at=NOW - 3 * SECOND)]
    )
    await store.add(change(2, key="later", due_at=NOW + SECOND), [])
    found = await store.backlog(NOW)
    assert found.queues["deliveries"] == Queue(length=2, lag=9 * SECOND)
    assert found.queues["changes"] == Queue(length=1, lag=SECOND)
    assert found.queues["cards"] == Queue(length=2, lag=3 * SECOND)
    assert found.open_changes[State.PROPOSED] == 2


async def test_what_somebody_is_at_does_not_wait(store: SqlChanges) -> None:
    await store.receive(delivery())
    await store.claim_delivery(lease("one"), NOW)
    await store.add(change(1), [])
    await store.claim_due(lease("one"), NOW)
    await store.claim_card(lease("two"), NOW)
    found = await store.backlog(NOW)
    assert set(found.queues.values()) == {Queue(leased=1)}
    assert found.replicas == 2


async def test_what_is_over_is_not_open(store: SqlChanges) -> None:
    await store.save(ended(await store.add(change(1), [])), [])
    assert set((await store.backlog(NOW)).open_changes.values()) == {0}


async def test_only_what_was_stored_is_told(store: SqlChanges) -> None:
    saved: list[tuple[Change, Sequence[Record]]] = []
    store.watch(lambda change, records: saved.append((change, records)), lambda: None)
    added = await store.add(change(1), [fact("ask")])
    await store.save(added, [fact("approve")])
    with pytest.raises(StaleError):
        await store.save(added, [fact("approve")])
    assert [(one.number, one.version, [fact.kind for fact in facts]) for one, facts in saved] == [
        (added.number, 0, ["ask"]),
        (added.number, 1, ["approve"]),
    ]


async def test_a_store_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    troubles: list[str] = []
    store = SqlChanges.open(f"sqlite:///{tmp_path}/none.db")
    store.watch(lambda *_: None, lambda: troubles.append("again"))
    for ask in (store.ready, store.next_due_at):
        with pytest.raises(StoreError):
            await ask()
    store.close()
    assert troubles == ["again", "again"]


def test_a_look_costs_what_the_work_is_and_not_what_ever_was(database: Database) -> None:
    """On SQLite the plan is certain; PostgreSQL's depends on statistics."""
    if not database.url.startswith("sqlite"):
        return
    plans: list[str] = []

    def explained(_: object, cursor: Any, statement: str, given: Any, *_more: object) -> None:  # noqa: ANN401
        plans.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given))

    event.listen(database.engine, "before_cursor_execute", explained)
    with database.engine.begin() as connection:
        backlog(connection, NOW)
    tables = ("deliveries", "changes", "cards", "records")
    assert [plan for plan in plans if plan in {f"SCAN {table}" for table in tables}] == []
    assert sum("INDEX" in plan for plan in plans) > 6
