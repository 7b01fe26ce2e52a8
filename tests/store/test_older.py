"""A store that an older version of the bot has filled: all of it is read, and life goes on.

`tests/data/store_at_0004.sql` was written by the version whose schema was at 0004, and stays as it
is: a scheduled change, a halted one, their story and cards, a click that nobody had dealt with.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.command import Click
from bot.domain.announcement import held
from bot.domain.approval import resumed
from bot.domain.change import State
from bot.domain.environment import Environment
from bot.domain.rules import rules_differ
from bot.domain.seal import is_sealed
from bot.domain.sentence import User
from bot.ports import Lease
from bot.store import SqlChanges, migrate
from tests.domain.examples import approved
from tests.store.examples import fact

DUMP = Path(__file__).parents[1] / "data" / "store_at_0004.sql"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LEASE = Lease(owner="new", until=NOW + timedelta(minutes=1))
RULES = Environment(
    name="prod", region="cn-north-4", approvers=("U0BOB", "S0ONCALL"), notify=("C0NEWS",)
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlChanges]:
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        connection.executescript(DUMP.read_text())
    migrate(url := f"sqlite:///{tmp_path / 'old.db'}")
    opened = SqlChanges.open(url)
    yield opened
    opened.close()


async def test_what_was_approved_before_an_update_is_approved_after_it(store: SqlChanges) -> None:
    change = await store.get(1)
    assert change is not None
    assert (change.state, len(change.targets)) == (State.SCHEDULED, 2)
    assert is_sealed(change)
    assert rules_differ(change, RULES) == ()


async def test_changes_from_before_an_update_can_be_moved(store: SqlChanges) -> None:
    scheduled, halted = await store.get(1), await store.get(2)
    assert scheduled is not None
    assert halted is not None
    bob = User(user="U0BOB")
    await store.save(held(scheduled, bob, "", NOW, timedelta(hours=24)), [fact()])
    moved, _ = resumed(halted, approved(halted, "U0BOB").approvals[0], fact())
    await store.save(moved, [fact()])
    again = [await store.get(number) for number in (1, 2)]
    assert [one and one.state for one in again] == [State.PROPOSED, State.RUNNING]
    assert await store.verify() is None


async def test_story_cards_and_deliveries_from_before_an_update_go_on(store: SqlChanges) -> None:
    assert [one.record.kind for one in await store.story()] == ["request", "outcome"]
    assert await store.verify() is None
    shown = await store.card_at("C0OPS", "1.2")
    assert shown is not None
    assert shown.change == 1
    delivery = await store.claim_delivery(LEASE, NOW)
    assert delivery is not None
    assert Click.model_validate(delivery.payload).value == "CHG-1"
