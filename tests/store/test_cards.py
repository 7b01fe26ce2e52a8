from collections.abc import Callable

import pytest
from sqlalchemy import text

from bot.domain.change import Change
from bot.domain.subscription import Subscription
from bot.ports import Card, Role, StaleError
from bot.store import SqlChanges
from tests.store.conftest import Database
from tests.store.examples import LEASE, NOW, SECOND, change, fact, lease

Opening = Callable[[str], SqlChanges]
OPS = "C0OPS"


async def drawn(store: SqlChanges, stored: Change) -> Card:
    """Show all there is, as the notifier would."""
    story = await store.story(change=stored.number)
    seen = {"ts": "1.1", "drawn_version": stored.version, "told_seq": story[-1].seq}
    card = await store.claim_card(lease("drawer"), NOW + LEASE)
    assert card is not None
    assert card.change == stored.number
    card = card.model_copy(update=seen)
    await store.keep_card(card, lease("drawer"), retry_at=NOW)
    return card


async def test_a_new_change_has_a_card_to_be_drawn(store: SqlChanges) -> None:
    stored = await store.add(change(1), [fact(told=True)])
    card = Card(id=1, change=stored.number, channel="C0OPS")
    assert await store.card(stored.number) == card
    assert await store.claim_card(lease(), NOW) == card
    assert await store.claim_card(lease("two"), NOW) is None
    assert await store.claim_card(lease("two"), NOW + LEASE) == card


async def test_a_card_that_shows_everything_is_left_alone(store: SqlChanges) -> None:
    stored = await store.add(change(1), [fact(told=True)])
    card = await drawn(store, stored)
    assert await store.claim_card(lease(), NOW) is None
    assert await store.card_at("C0OPS", "1.1") == card
    assert await store.card_at("C0OPS", "2.2") is None
    assert await store.card(99) is None


async def test_a_new_version_or_line_makes_the_card_stale_again(store: SqlChanges) -> None:
    stored = await store.add(change(1), [fact()])
    await drawn(store, stored)
    saved = await store.save(stored, [])
    claimed = await store.claim_card(lease(), NOW)
    assert claimed is not None
    seen = {"drawn_version": saved.version}
    await store.keep_card(claimed.model_copy(update=seen), lease(), retry_at=NOW)
    assert await store.claim_card(lease(), NOW) is None
    again = await store.save(saved, [fact(told=True)])
    claimed = await store.claim_card(lease(), NOW)
    assert claimed is not None
    drawn_only = claimed.model_copy(update={"drawn_version": again.version})
    await store.keep_card(drawn_only, lease(), retry_at=NOW)
    assert await store.claim_card(lease(), NOW) is not None


async def test_a_delayed_card_waits_for_its_time(store: SqlChanges) -> None:
    stored = await store.add(change(1), [fact()])
    claimed = await store.claim_card(lease(), NOW)
    assert claimed is not None
    await store.keep_card(
        claimed.model_copy(update={"trouble": "x"}), lease(), retry_at=NOW + SECOND
    )
    assert await store.claim_card(lease(), NOW) is None
    later = await store.claim_card(lease(), NOW + SECOND)
    assert later is not None
    assert (later.change, later.trouble) == (stored.number, "x")


async def test_keeping_a_card_half_way_keeps_the_claim(store: SqlChanges) -> None:
    await store.add(change(1), [fact()])
    claimed = await store.claim_card(lease(), NOW)
    assert claimed is not None
    await store.keep_card(claimed.model_copy(update={"ts": "1.1"}), lease(now=NOW + SECOND))
    assert await store.claim_card(lease("two"), NOW + LEASE) is None


async def test_one_who_was_overtaken_does_not_make_lines_untold(store: SqlChanges) -> None:
    stored = await store.add(change(1), [fact(told=True)])
    slow = await store.claim_card(lease("slow"), NOW)
    assert slow is not None
    fast = await drawn(store, stored)
    with pytest.raises(StaleError):
        await store.keep_card(slow.model_copy(update={"ts": "1.1"}), lease("slow"))
    assert await store.card(stored.number) == fast


async def test_those_who_only_watch_get_a_notice_of_their_own(store: SqlChanges) -> None:
    asked = change(1).model_copy(update={"notify": ("C0NEWS", "C0TEAM")})
    stored = await store.add(asked, [fact(told=True)])
    card = await drawn(store, stored)
    claimed = [await store.claim_card(lease(), NOW) for _ in range(3)]
    notices = [one for one in claimed if one is not None]
    assert [(one.role, one.channel) for one in notices] == [
        (Role.NOTICE, "C0NEWS"),
        (Role.NOTICE, "C0TEAM"),
    ]
    await store.keep_card(notices[0].model_copy(update={"ts": "2.2", "drawn_version": 0}), lease())
    assert await store.card(stored.number) == card
    assert (await store.card_at("C0NEWS", "2.2")) is not None


async def test_a_channel_that_subscribes_gets_one_notice_whatever_it_hears_of(
    store: SqlChanges,
) -> None:
    tags = (("team", "a", "C0NEWS"), ("team", "a", "C0PAY"), ("r", "0", "C0PAY"), ("r", "0", OPS))
    update = {
        "notify": ("C0NEWS",),
        "subscriptions": tuple(
            Subscription(key=key, value=value, channel=channel) for key, value, channel in tags
        ),
    }
    await store.add(change(1).model_copy(update=update), [fact(told=True)])
    claimed = [await store.claim_card(lease(), NOW) for _ in range(4)]
    places = [(one.role, one.channel) for one in claimed if one is not None]
    assert places == [(Role.CARD, OPS), (Role.NOTICE, "C0NEWS"), (Role.NOTICE, "C0PAY")]


async def test_the_card_not_drawn_for_longest_is_first(store: SqlChanges) -> None:
    for number, seconds in ((1, 2), (2, 1)):
        stored = await store.add(change(number, key=str(number)), [])
        claimed = await store.claim_card(lease(), NOW)
        assert claimed is not None
        assert claimed.change == stored.number
        await store.keep_card(claimed, lease(), retry_at=NOW + seconds * SECOND)
    claimed = await store.claim_card(lease(), NOW + LEASE)
    assert claimed is not None
    assert claimed.change == 2


async def test_claiming_reads_stale_cards_only(database: Database) -> None:
    """On SQLite the plan is certain; PostgreSQL's depends on statistics."""
    if not database.url.startswith("sqlite"):
        return
    query = (
        "EXPLAIN QUERY PLAN SELECT change FROM cards WHERE "
        "(cards.version > cards.drawn_version OR cards.last_told > cards.told_seq) "
        "AND cards.retry_at <= 5 ORDER BY cards.retry_at LIMIT 1"
    )
    with database.engine.begin() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(query)))
    assert "USING INDEX cards_stale" in plan


async def test_each_approver_who_is_asked_has_a_copy_until_it_is_dropped(store: SqlChanges) -> None:
    asked = change(1).model_copy(update={"asked": ("U0BOB", "U0DANA")})
    await store.add(asked, [fact()])
    claimed = [await store.claim_card(lease(), NOW) for _ in range(3)]
    copies = [one for one in claimed if one is not None and one.role is Role.DIRECT]
    assert [(one.person, one.channel) for one in copies] == [("U0BOB",) * 2, ("U0DANA",) * 2]
    await store.keep_card(copies[0].model_copy(update={"channel": "D1", "ts": "1.1"}), lease())
    found = await store.card_at("D1", "1.1")
    assert found is not None
    assert (found.role, found.person) == (Role.DIRECT, "U0BOB")
    await store.drop_card(copies[1].id)
    later = NOW + LEASE
    left = [await store.claim_card(lease("two", later), later) for _ in range(3)]
    assert {one.role for one in left if one} == {Role.CARD, Role.DIRECT}
    assert {one.person for one in left if one} == {"", "U0BOB"}
