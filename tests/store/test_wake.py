import asyncio
from collections.abc import Callable

from bot.store import SqlChanges
from tests.postgres import Postgres
from tests.store.examples import change, delivery, fact, lease

Opening = Callable[[str], SqlChanges]


async def heard(woken: asyncio.Event) -> None:
    await asyncio.wait_for(woken.wait(), timeout=20)
    woken.clear()


async def test_whoever_stores_work_is_woken_on_the_loop(store: SqlChanges) -> None:
    woken = asyncio.Event()
    store.listen(woken.set)
    stored = await store.add(change(1), [fact()])
    await heard(woken)
    await store.receive(delivery())
    await heard(woken)
    await store.release(stored.number, lease().owner)
    await heard(woken)
    store.close()


async def test_other_processes_are_woken_through_postgresql(
    postgres: Postgres, migrated_database: str, open_store: Opening
) -> None:
    url = postgres.url(postgres.new_database(migrated_database))
    woken = asyncio.Event()
    open_store(url).listen(woken.set)
    await heard(woken)  # It listens from now on.
    await open_store(url).receive(delivery())
    await heard(woken)


async def test_a_listener_that_was_cut_off_listens_again(
    postgres: Postgres, migrated_database: str, open_store: Opening
) -> None:
    name = postgres.new_database(migrated_database)
    woken = asyncio.Event()
    open_store(postgres.url(name)).listen(woken.set)
    await heard(woken)
    await asyncio.to_thread(postgres.hang_up, name)
    await heard(woken)  # It has connected anew, and looks for what it missed.
    await open_store(postgres.url(name)).receive(delivery())
    await heard(woken)


async def test_a_closed_store_wakes_nobody(
    store: SqlChanges, url: str, open_store: Opening
) -> None:
    woken = asyncio.Event()
    store.listen(woken.set)
    await store.ready()
    store.close()
    await asyncio.sleep(0)
    woken.clear()
    await open_store(url).receive(delivery())
    await asyncio.sleep(0)
    assert not woken.is_set()
