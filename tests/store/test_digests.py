"""Digests as rows: each is claimed by one process, and known until it was posted."""

from datetime import timedelta

import pytest

from bot.ports import Digest, StaleError
from bot.store import SqlChanges
from tests.store.examples import LEASE, NOW, SECOND, lease

WEEK = timedelta(days=7)
DUE = Digest(environment="prod", due_at=NOW)


async def test_a_digest_is_claimed_by_one_process_when_it_is_due(store: SqlChanges) -> None:
    await store.plan_digest("prod", "Mon 09:00 UTC", NOW)
    assert await store.claim_digest(lease(), NOW - SECOND) is None
    assert await store.claim_digest(lease("one"), NOW) == DUE
    assert await store.claim_digest(lease("two"), NOW) is None
    assert await store.renew_digest("prod", lease("one", NOW + LEASE))
    assert await store.claim_digest(lease("two"), NOW + LEASE) is None


async def test_what_was_planned_stays_until_the_schedule_changes(store: SqlChanges) -> None:
    await store.plan_digest("prod", "Mon 09:00 UTC", NOW)
    await store.plan_digest("prod", "Mon 09:00 UTC", NOW + WEEK)
    assert await store.claim_digest(lease(), NOW) == DUE
    await store.plan_digest("prod", "Tue 09:00 UTC", NOW + WEEK)
    assert await store.claim_digest(lease(), NOW + WEEK - SECOND) is None


async def test_a_digest_whose_post_was_begun_is_taken_over_as_such(store: SqlChanges) -> None:
    await store.plan_digest("prod", "Mon 09:00 UTC", NOW)
    await store.claim_digest(lease("one"), NOW)
    begun = DUE.model_copy(update={"is_unclear": True})
    await store.keep_digest(begun, lease("one"))
    later = NOW + LEASE
    assert await store.claim_digest(lease("two", later), later) == begun
    with pytest.raises(StaleError):
        await store.keep_digest(DUE, lease("one", later), retry_at=later)


async def test_what_could_not_be_posted_waits_until_it_is_tried_again(store: SqlChanges) -> None:
    await store.plan_digest("prod", "Mon 09:00 UTC", NOW)
    await store.claim_digest(lease(), NOW)
    await store.keep_digest(DUE, lease(), retry_at=NOW + 3 * LEASE)
    assert await store.claim_digest(lease("two"), NOW + 2 * LEASE) is None
    assert await store.claim_digest(lease("two"), NOW + 3 * LEASE) == DUE
