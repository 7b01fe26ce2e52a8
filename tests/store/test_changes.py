import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, event

from bot.domain.change import Change, State, TargetState, with_targets
from bot.ports import StaleError, TakenError
from bot.store import SqlChanges
from tests.store.conftest import Database
from tests.store.examples import NOW, SECOND, change, ended, fact, instance_id

Opening = Callable[[str], SqlChanges]


async def test_a_stored_change_is_read_back_as_it_was(store: SqlChanges) -> None:
    stored = await store.add(change(1, 2), [fact()])
    assert stored == change(1, 2).model_copy(update={"number": 1})
    assert await store.get(1) == stored


async def test_a_change_that_is_not_there_is_none(store: SqlChanges) -> None:
    assert await store.get(7) is None


async def test_the_same_key_gives_back_the_change_that_it_made(store: SqlChanges) -> None:
    first = await store.add(change(1), [fact()])
    again = await store.add(change(2), [fact()])
    assert again == first
    assert len(await store.story()) == 1


async def test_the_same_key_makes_one_change_even_in_a_race(
    store: SqlChanges, url: str, open_store: Opening
) -> None:
    other = open_store(url)
    racing = [where.add(change(1), [fact()]) for where in (store, other) * 8]
    assert {made.number for made in await asyncio.gather(*racing)} == {1}


async def test_an_instance_is_never_in_two_open_changes(store: SqlChanges) -> None:
    first = await store.add(change(1, 2), [])
    with pytest.raises(TakenError) as refused:
        await store.add(change(2, 3, key="second"), [fact()])
    assert refused.value.taken == {instance_id(2): first.number}
    assert await store.find() == (first,)
    assert await store.story() == ()


async def test_an_instance_that_was_taken_out_is_free_for_another_change(
    store: SqlChanges,
) -> None:
    first = await store.add(change(1, 2), [])
    out = first.targets[1].model_copy(update={"state": TargetState.TAKEN_OUT})
    first = await store.save(with_targets(first, [out]), [])
    second = await store.add(change(2, key="second"), [])
    first = await store.save(first.model_copy(update={"due_at": None}), [])
    assert await store.open_changes_of([instance_id(1), instance_id(2)]) == {
        instance_id(1): first.number,
        instance_id(2): second.number,
    }
    with pytest.raises(TakenError):
        await store.save(with_targets(first, change(2).targets), [])
    await store.save(ended(first), [])
    assert await store.open_changes_of([instance_id(2)]) == {instance_id(2): second.number}


async def test_an_instance_is_taken_once_even_in_a_race(
    store: SqlChanges, url: str, open_store: Opening
) -> None:
    other = open_store(url)
    racing = [
        where.add(change(1, number + 2, key=f"key-{number}"), [fact()])
        for number, where in enumerate((store, other) * 8)
    ]
    made = await asyncio.gather(*racing, return_exceptions=True)
    won = [result for result in made if isinstance(result, Change)]
    lost = [result for result in made if isinstance(result, TakenError)]
    assert (len(won), len(lost)) == (1, 15)
    assert all(error.taken == {instance_id(1): won[0].number} for error in lost)


async def test_an_ended_change_lets_its_instances_go(store: SqlChanges) -> None:
    first = await store.add(change(1), [])
    assert await store.open_changes_of([instance_id(1), instance_id(2)]) == {instance_id(1): 1}
    await store.save(ended(first), [])
    assert await store.open_changes_of([instance_id(1)]) == {}
    assert (await store.add(change(1, key="second"), [])).number > first.number


async def test_a_change_does_not_open_again_over_another(store: SqlChanges) -> None:
    closed = await store.save(ended(await store.add(change(1), [])), [])
    second = await store.add(change(1, key="second"), [])
    with pytest.raises(TakenError) as refused:
        await store.save(closed.model_copy(update={"state": State.RUNNING}), [])
    assert refused.value.taken == {instance_id(1): second.number}
    assert await store.get(closed.number) == closed


async def test_a_change_may_open_again_if_nobody_took_its_instances(store: SqlChanges) -> None:
    closed = await store.save(ended(await store.add(change(1), [])), [])
    await store.save(closed.model_copy(update={"state": State.RUNNING}), [])
    assert await store.open_changes_of([instance_id(1)]) == {instance_id(1): closed.number}


async def test_the_slower_of_two_saves_is_stale_and_leaves_nothing(store: SqlChanges) -> None:
    read = await store.add(change(1), [])
    faster = await store.save(read.model_copy(update={"state": State.SCHEDULED}), [fact("fast")])
    with pytest.raises(StaleError):
        await store.save(ended(read), [fact("slow")])
    assert await store.get(read.number) == faster
    assert [entry.record.kind for entry in await store.story()] == ["fast"]


async def test_of_many_saves_at_once_one_wins(
    store: SqlChanges, url: str, open_store: Opening
) -> None:
    read = await store.add(change(1), [])
    racing = [where.save(read, [fact()]) for where in (store, open_store(url)) * 8]
    results = await asyncio.gather(*racing, return_exceptions=True)
    assert sum(isinstance(result, Change) for result in results) == 1
    assert sum(isinstance(result, StaleError) for result in results) == 15
    assert len(await store.story()) == 1


async def test_targets_may_be_changed_added_and_dropped(store: SqlChanges) -> None:
    read = await store.add(change(1, 2, 3), [])
    swapped = (read.targets[2], read.targets[0])
    fewer = await store.save(read.model_copy(update={"targets": swapped}), [])
    assert await store.get(read.number) == fewer
    more = await store.save(fewer.model_copy(update={"targets": change(4, 1, 2, 3).targets}), [])
    assert await store.get(read.number) == more


async def test_a_save_writes_only_the_targets_that_differ(
    store: SqlChanges, database: Database
) -> None:
    read = await store.add(change(*range(20)), [])
    moved = read.targets[3].model_copy(update={"state": TargetState.UPGRADING})
    database.execute("CREATE TABLE written (position integer)")
    trigger = _NOTE_ON_SQLITE if database.url.startswith("sqlite") else _NOTE_ON_POSTGRES
    for statement in trigger:
        database.execute(statement)
    await store.save(with_targets(read, [moved]), [])
    assert database.value("SELECT count(*) FROM written") == 1
    assert database.value("SELECT position FROM written") == 3


_NOTE_ON_SQLITE = (
    """CREATE TRIGGER note AFTER INSERT ON targets
       BEGIN INSERT INTO written VALUES (new.position); END""",
)
_NOTE_ON_POSTGRES = (
    """CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
       'BEGIN INSERT INTO written VALUES (new.position); RETURN new; END'""",
    "CREATE TRIGGER note AFTER INSERT ON targets FOR EACH ROW EXECUTE FUNCTION note()",
)


async def test_the_number_of_statements_does_not_grow_with_the_targets(store: SqlChanges) -> None:
    counts = [await _statements(store, range(1)), await _statements(store, range(100, 400))]
    assert counts[0] == counts[1]


async def _statements(store: SqlChanges, instances: range) -> int:
    seen: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(store._engine, "before_cursor_execute", note)  # noqa: SLF001
    read = await store.add(change(*instances, key=str(instances)), [fact()])
    moved = [target.model_copy(update={"progress": "50"}) for target in read.targets]
    await store.save(with_targets(read, moved), [fact()])
    await store.get(read.number)
    event.remove(store._engine, "before_cursor_execute", note)  # noqa: SLF001
    return len(seen)


async def test_changes_are_found_newest_first_by_what_is_asked(store: SqlChanges) -> None:
    ann = await store.add(change(1, key="a"), [])
    bob = await store.add(
        change(2, key="b", requester="U0BOB", environment="test", created_at=NOW + SECOND), []
    )
    closed = await store.save(ended(await store.add(change(3, key="c"), [])), [])
    assert await store.find() == (closed, bob, ann)
    assert await store.find(limit=1) == (closed,)
    assert await store.find(states=frozenset({State.CANCELLED})) == (closed,)
    assert await store.find(states=frozenset()) == ()
    assert await store.find(requester="U0BOB") == (bob,)
    assert await store.find(environment="test") == (bob,)
    assert await store.find(since=NOW + SECOND) == (bob,)


async def test_a_reader_never_sees_half_a_save(
    store: SqlChanges, url: str, open_store: Opening
) -> None:
    read = await store.add(change(*range(50)), [])
    other = open_store(url)

    async def write() -> None:
        stored = read
        for step in range(15):
            moved = [t.model_copy(update={"progress": str(step)}) for t in stored.targets]
            stored = await store.save(with_targets(stored, moved), [])

    writing = asyncio.create_task(write())
    while not writing.done():
        seen = await other.get(read.number)
        assert seen is not None
        assert {target.progress for target in seen.targets} == {
            "" if seen.version == 0 else str(seen.version - 1)
        }
    await writing


async def test_a_change_without_targets_can_be_kept(store: SqlChanges) -> None:
    assert await store.get((await store.add(change(), [])).number) is not None
