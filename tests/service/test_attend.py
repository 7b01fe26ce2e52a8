"""What becomes of changes that cannot be attended to."""

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from bot.domain.change import Change, Move, State, TargetState, advance
from bot.ports import Lease
from bot.service import Desk
from bot.service.attend import attend
from bot.service.forms import FormDesk
from bot.service.worker import Worker
from bot.store import SqlChanges
from tests.domain.examples import NOW, SECOND, change, sent, target, under_way


async def test_a_change_whose_environment_is_gone_waits_and_says_so(desk: Desk) -> None:
    asked = change(target(), environment="gone", number=0)
    stored = await desk.changes.add(asked, ())
    await attend(desk, stored)
    waiting = await desk.changes.get(stored.number)
    assert waiting is not None
    assert [str(one) for one in waiting.waiting] == [
        (
            "The environment gone is not configured any more, so nothing is sent and nobody looks. "
            "Whoever runs the bot has to bring it back."
        )
    ]
    assert waiting.due_at == NOW + 30 * SECOND
    assert waiting.state is stored.state


async def test_what_a_person_resumed_meanwhile_stays_due(desk: Desk) -> None:
    failed = sent(1, TargetState.FAILED, ended_at=NOW)
    halted = under_way(failed, target(2), state=State.HALTED, environment="default", number=0)
    stored = await desk.changes.add(halted, ())
    await desk.changes.save(advance(stored, Move.RESUME, due_at=NOW, resumed_at=NOW), ())
    await attend(desk, stored)
    after = await desk.changes.get(stored.number)
    assert after is not None
    assert (after.state, after.due_at) == (State.RUNNING, NOW), "nobody would look at it again"


class Watched(SqlChanges):
    """The store, which tells what was claimed."""

    claims: "asyncio.Queue[Change | None]"

    async def claim_due(self, lease: Lease, now: datetime) -> Change | None:
        claimed = await super().claim_due(lease, now)
        self.claims.put_nowait(claimed)
        return claimed


async def test_a_mistake_of_ours_is_not_repeated_before_its_lease_ends(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stored = await desk.changes.add(change(target(), environment="default", number=0), ())
    store = Watched.open(f"sqlite:///{tmp_path}/store.db")
    assert isinstance(store, Watched)
    store.claims = asyncio.Queue()
    mistaken = replace(desk, changes=store, fleets={}, sleep=asyncio.sleep)
    worker = Worker(mistaken, {}, FormDesk(mistaken, ()))
    worker.start()
    assert await store.claims.get() == stored
    assert await store.claims.get() is None
    await worker.stop(1)
    store.close()
    assert "a mistake of ours; CHG-1 is taken up again" in caplog.messages
    mine = Lease(owner="another", until=NOW + 60 * SECOND)
    assert await desk.changes.claim_due(mine, NOW) is None
    assert await desk.changes.claim_due(mine, NOW + 16 * SECOND) == stored
