import asyncio
import sys
from collections.abc import Callable

import pytest

from bot.domain.change import TargetState
from bot.ports import StaleError
from bot.store import SqlChanges
from tests.store.examples import LEASE, NOW, SECOND, change, delivery, ended, lease

Opening = Callable[[str], SqlChanges]


async def test_what_is_due_longest_is_claimed_first(store: SqlChanges) -> None:
    for number, seconds in enumerate((-1, -3, 0)):
        due_at = NOW + seconds * SECOND
        await store.add(change(number, key=str(number), due_at=due_at), [])
    claimed = [await store.claim_due(lease(), NOW) for _ in range(4)]
    assert [found and found.key for found in claimed] == ["1", "0", "2", None]


async def test_what_is_not_due_yet_or_never_is_not_claimed(store: SqlChanges) -> None:
    await store.add(change(1, due_at=NOW + SECOND / 1_000_000), [])
    await store.add(change(2, key="never", due_at=None), [])
    assert await store.claim_due(lease(), NOW) is None
    assert await store.claim_due(lease(), NOW + SECOND) is not None


async def test_a_claimed_change_is_taken_over_when_its_lease_has_ended(store: SqlChanges) -> None:
    stored = await store.add(change(1), [])
    assert await store.claim_due(lease("one"), NOW) == stored
    assert await store.claim_due(lease("two"), NOW + LEASE - SECOND) is None
    assert await store.claim_due(lease("two", NOW + LEASE), NOW + LEASE) == stored
    assert not await store.renew(stored.number, lease("one", NOW + LEASE))
    assert await store.renew(stored.number, lease("two", NOW + 2 * LEASE))


async def test_a_renewed_lease_keeps_others_out(store: SqlChanges) -> None:
    stored = await store.add(change(1), [])
    await store.claim_due(lease("one"), NOW)
    assert await store.renew(stored.number, lease("one", NOW + LEASE))
    assert await store.claim_due(lease("two", NOW + LEASE), NOW + LEASE) is None


async def test_a_released_change_is_free_at_once(store: SqlChanges) -> None:
    stored = await store.add(change(1), [])
    await store.claim_due(lease("one"), NOW)
    await store.release(stored.number, "two")
    assert await store.claim_due(lease("two"), NOW) is None
    await store.release(stored.number, "one")
    assert await store.claim_due(lease("two"), NOW) == stored


async def test_the_next_due_time_waits_for_leases_too(store: SqlChanges) -> None:
    assert await store.next_due_at() is None
    await store.add(change(1, due_at=NOW), [])
    await store.add(change(2, key="later", due_at=NOW + 2 * LEASE), [])
    assert await store.next_due_at() == NOW
    await store.claim_due(lease(), NOW)
    assert await store.next_due_at() == NOW + LEASE


async def test_a_save_keeps_the_claim(store: SqlChanges) -> None:
    await store.add(change(1), [])
    claimed = await store.claim_due(lease("one"), NOW)
    assert claimed is not None
    await store.save(claimed, [])
    assert await store.claim_due(lease("two"), NOW) is None


async def test_of_many_tasks_each_claims_something_else(
    store: SqlChanges, url: str, open_store: Opening
) -> None:
    for number in range(10):
        await store.add(change(number, key=str(number)), [])
    stores = (store, open_store(url))
    racing = [where.claim_due(lease(f"{n}"), NOW) for n in range(8) for where in stores]
    claimed = [found.number for found in await asyncio.gather(*racing) if found is not None]
    assert len(claimed) == len(set(claimed))
    # Whoever found only rows that others were claiming comes back at the next sweep.
    while (left := await store.claim_due(lease(), NOW)) is not None:
        claimed.append(left.number)
    assert sorted(claimed) == list(range(1, 11))


async def test_processes_share_the_work_and_double_none(store: SqlChanges, url: str) -> None:
    for number in range(30):
        await store.add(change(number, key=str(number)), [])
        await store.receive(delivery(str(number)))
    done = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.store.claimer", url, owner, stdout=asyncio.subprocess.PIPE
        )
        for owner in ("one", "two", "three")
    ]
    outputs = [(await process.communicate())[0].decode() for process in done]
    assert [process.returncode for process in done] == [0, 0, 0]
    lines = "".join(outputs).splitlines()
    assert len(lines) == len(set(lines)) == 90


async def test_deliveries_are_stored_once_and_claimed_oldest_first(store: SqlChanges) -> None:
    assert await store.receive(delivery("b", NOW))
    assert await store.receive(delivery("a", NOW - SECOND))
    assert not await store.receive(delivery("b", NOW + SECOND))
    assert await store.claim_delivery(lease(), NOW) == delivery("a", NOW - SECOND)
    assert await store.claim_delivery(lease(), NOW) == delivery("b", NOW)
    assert await store.claim_delivery(lease(), NOW) is None


async def test_a_delivery_that_a_dead_process_held_is_taken_over(store: SqlChanges) -> None:
    await store.receive(delivery())
    await store.claim_delivery(lease("one"), NOW)
    assert await store.claim_delivery(lease("two"), NOW + LEASE) == delivery()


async def test_a_finished_delivery_never_comes_back_and_is_forgotten(store: SqlChanges) -> None:
    await store.receive(delivery("done", NOW))
    await store.receive(delivery("open", NOW))
    await store.finish_delivery("done", NOW)
    assert await store.claim_delivery(lease(), NOW + LEASE) == delivery("open", NOW)
    assert not await store.receive(delivery("done", NOW))
    assert await store.forget_deliveries(NOW) == 0
    assert await store.forget_deliveries(NOW + SECOND) == 1
    assert await store.receive(delivery("done", NOW))


async def test_what_a_wrong_clock_has_leased_for_hours_is_free(store: SqlChanges) -> None:
    stored = await store.add(change(1), [])
    await store.receive(delivery())
    later = NOW + 3 * 3600 * SECOND
    claims = (store.claim_due, store.claim_delivery, store.claim_card)
    for claim in claims:
        assert await claim(lease("wrong", later), later) is not None
    taken = [await claim(lease("right"), NOW) for claim in claims]
    assert taken[:2] == [stored, delivery()]
    assert taken[2] is not None
    assert [await claim(lease("third"), NOW) for claim in claims] == [None, None, None]


async def test_what_a_wrong_clock_has_put_off_is_made_due_and_what_is_planned_is_not(
    store: SqlChanges,
) -> None:
    later = NOW + 3 * 3600 * SECOND
    flying = change(1, due_at=later)
    sent = flying.targets[0].model_copy(update={"state": TargetState.ACCEPTED})
    await store.add(flying.model_copy(update={"targets": (sent,)}), [])
    await store.add(change(2, key="planned", due_at=later), [])
    for _ in range(2):
        card = await store.claim_card(lease(), NOW)
        assert card is not None
        await store.keep_card(card, lease(), retry_at=later)
    assert await store.claim_card(lease(), NOW) is None
    await store.forget_waits(NOW)
    assert await store.next_due_at() == NOW
    due = await store.claim_due(lease(), NOW)
    assert (due and due.key, await store.claim_due(lease(), NOW)) == ("first", None)
    assert await store.claim_card(lease(), NOW) is not None


async def test_of_two_replicas_whose_clocks_differ_only_one_moves_what_both_have_claimed(
    store: SqlChanges,
) -> None:
    await store.add(change(1), [])
    later = NOW + 3600 * SECOND
    mine = await store.claim_due(lease("right"), NOW)
    theirs = await store.claim_due(lease("ahead", later), later)
    assert mine is not None
    assert mine == theirs
    await store.save(ended(mine), [])
    with pytest.raises(StaleError):
        await store.save(ended(theirs), [])
