import csv
import io
import json
from hashlib import sha256

import pytest

from bot.ports import StaleError, StoreError
from bot.store import SqlChanges
from bot.store.audit import START, Break
from tests.store.conftest import Database
from tests.store.examples import NOW, SECOND, change, fact


@pytest.fixture
async def told(store: SqlChanges) -> SqlChanges:
    """Five entries: three of a change, two of none."""
    stored = await store.add(change(1), [fact("ask"), fact("plan", told=True)])
    await store.record(fact("start", at=NOW + SECOND))
    await store.save(stored, [fact("approve", at=NOW + 2 * SECOND)])
    await store.record(fact("stop", at=NOW + 3 * SECOND))
    return store


async def test_the_story_is_one_chain_without_gaps(told: SqlChanges) -> None:
    story = await told.story()
    assert [entry.seq for entry in story] == [1, 2, 3, 4, 5]
    assert [entry.change for entry in story] == [1, 1, None, 1, None]
    assert story[1].record == fact("plan", told=True)
    assert await told.verify() is None


async def test_the_story_can_be_asked_for_in_parts(told: SqlChanges) -> None:
    async def seqs(**wanted: object) -> list[int]:
        return [entry.seq for entry in await told.story(**wanted)]  # type: ignore[arg-type]

    assert await seqs(change=1) == [1, 2, 4]
    assert await seqs(after_seq=3) == [4, 5]
    assert await seqs(since=NOW + 2 * SECOND) == [4, 5]
    assert await seqs(limit=2) == [1, 2]


async def test_a_refused_change_leaves_no_gap(told: SqlChanges, database: Database) -> None:
    database.execute("CREATE UNIQUE INDEX one_channel ON cards (channel)")
    with pytest.raises(StoreError):
        await told.add(change(2, key="second"), [fact()])
    await told.record(fact())
    assert [entry.seq for entry in await told.story(after_seq=4)] == [5, 6]
    assert await told.get(2) is None


def _copied(seq: int, *, to: int) -> str:
    columns = 'change, "at", actor, kind, told, document, prev_hash, hash'
    return (
        f"INSERT INTO records (seq, {columns}) "  # noqa: S608 - numbers of this file
        f"SELECT {to}, {columns} FROM records WHERE seq = {seq}"
    )


_TAMPERED = {
    "a changed document": (
        ("UPDATE records SET document = replace(document, 'plan', 'plot') WHERE seq = 2",),
        Break(seq=2, why="this entry was changed"),
    ),
    "a change moved to another": (
        ("UPDATE records SET change = 9 WHERE seq = 3",),
        Break(seq=3, why="this entry was changed"),
    ),
    "a changed column": (
        ("UPDATE records SET actor = 'U0EVE' WHERE seq = 4",),
        Break(seq=4, why="the columns of this entry were changed, and differ from its document"),
    ),
    "a removed entry": (
        ("DELETE FROM records WHERE seq = 3",),
        Break(seq=3, why="an entry is missing here"),
    ),
    "a removed end": (
        ("DELETE FROM records WHERE seq = 5",),
        Break(seq=5, why="entries at the end are missing"),
    ),
    "everything removed": (
        ("DELETE FROM records",),
        Break(seq=1, why="entries at the end are missing"),
    ),
    "two entries swapped": (
        (
            "UPDATE records SET seq = 99 WHERE seq = 2",
            "UPDATE records SET seq = 2 WHERE seq = 3",
            "UPDATE records SET seq = 3 WHERE seq = 99",
        ),
        Break(seq=2, why="this entry does not follow the one before it"),
    ),
    "an entry put before all": (
        (_copied(1, to=0),),
        Break(seq=0, why="this entry was put in"),
    ),
    "an entry put behind the end": (
        (_copied(5, to=6),),
        Break(seq=6, why="this entry does not follow the one before it"),
    ),
    "an entry forged behind the end": (
        (_copied(5, to=6), "UPDATE records SET prev_hash = 'f', hash = 'f' WHERE seq = 6"),
        Break(seq=6, why="this entry does not follow the one before it"),
    ),
    "a removed end and a head set back by number only": (
        ("DELETE FROM records WHERE seq = 5", "UPDATE chain SET seq = 4"),
        Break(seq=5, why="entries do not agree with the head of the chain"),
    ),
    "a head set back": (
        ("UPDATE chain SET seq = 4",),
        Break(seq=5, why="entries do not agree with the head of the chain"),
    ),
    "a head removed": (
        ("DELETE FROM chain",),
        Break(seq=6, why="the head of the chain is missing"),
    ),
}


@pytest.mark.parametrize("deed", list(_TAMPERED))
async def test_tampering_is_found_where_it_begins(
    told: SqlChanges, database: Database, deed: str
) -> None:
    statements, found = _TAMPERED[deed]
    for statement in statements:
        database.execute(statement)
    assert await told.verify() == found


_OTHER = {
    "seq": "seq + 50",
    "change": "coalesce(change, 0) + 1",
    "at": '"at" + 1',
    "actor": "'U0EVE'",
    "kind": "'approve ' || kind",
    "told": "NOT told",
    "document": "replace(document, 'ann', 'eve')",
    "prev_hash": "'0' || substr(hash, 2)",
    "hash": "substr(hash, 2) || 'f'",
}


@pytest.mark.parametrize("column", _OTHER)
async def test_no_cell_of_any_entry_can_be_changed_unnoticed(
    told: SqlChanges, database: Database, column: str
) -> None:
    database.execute("CREATE TABLE original AS SELECT * FROM records")
    for seq in range(1, 6):
        update = f'UPDATE records SET "{column}" = {_OTHER[column]} WHERE seq = {seq}'  # noqa: S608
        database.execute(update)
        found = await told.verify()
        assert found is not None, update
        assert found.seq <= seq
        database.execute("DELETE FROM records")
        database.execute("INSERT INTO records SELECT * FROM original")
        assert await told.verify() is None


async def test_a_moment_that_is_none_is_found_and_not_stumbled_over(
    told: SqlChanges, database: Database
) -> None:
    if database.engine.dialect.name != "sqlite":
        return  # A typed column takes nothing else.
    database.execute("UPDATE records SET \"at\" = 'yesterday' WHERE seq = 3")
    found = await told.verify()
    assert found is not None
    assert (found.seq, found.why[:11]) == (3, "the columns")


async def test_a_change_that_is_not_saved_leaves_no_record(
    told: SqlChanges, database: Database
) -> None:
    stored = await told.get(1)
    assert stored is not None
    database.execute("UPDATE changes SET version = version + 1")
    with pytest.raises(StaleError):
        await told.save(stored, [fact("approve")])
    assert len(await told.story()) == 5
    assert await told.verify() is None


async def test_without_the_head_nothing_is_done(told: SqlChanges, database: Database) -> None:
    database.execute("DELETE FROM chain")
    with pytest.raises(StoreError, match="changed the database by hand"):
        await told.record(fact())


async def test_an_export_proves_the_chain_by_itself(told: SqlChanges) -> None:
    exported = "".join([page async for page in told.export()])
    last = START
    for line in exported.splitlines():
        entry = json.loads(line)
        document = json.dumps(entry["record"], separators=(",", ":"), ensure_ascii=False)
        material = [last, entry["seq"], entry["change"], document]
        last = sha256(json.dumps(material, separators=(",", ":")).encode()).hexdigest()
        assert entry["hash"] == last
    assert len(exported.splitlines()) == 5


async def test_an_export_as_csv_defuses_formulas(told: SqlChanges) -> None:
    await told.record(fact().model_copy(update={"verbatim": "=cmd()", "data": {"resp": "ok"}}))
    exported = "".join([page async for page in told.export(format="csv", since=NOW + SECOND)])
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert [row["seq"] for row in rows] == ["3", "4", "5"]
    everything = "".join([page async for page in told.export(format="csv")])
    last = list(csv.DictReader(io.StringIO(everything)))[-1]
    assert last["verbatim"] == "'=cmd()"
    assert last["sentence"] == "'=ann asked"
    assert last["data"] == '{"resp": "ok"}'
    assert (last["change"], last["told"]) == ("", "no")


async def test_an_empty_export_has_its_header_only(store: SqlChanges) -> None:
    assert "".join([page async for page in store.export()]) == ""
    exported = "".join([page async for page in store.export(format="csv")])
    assert exported.startswith("seq,change,at,")
    assert exported.count("\n") == 1
