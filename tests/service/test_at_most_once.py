"""What stands between one approval and two upgrades, or none, when machines stand still."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from bot.domain.change import Change, Options, State, TargetState, Timing
from bot.domain.environment import Environment
from bot.domain.story import Record
from bot.ports import StoreError
from bot.sandbox.taurus.fleet import DIRECT, NEWEST
from bot.sandbox.taurus.instances import Fate, Instance
from bot.service import Desk
from bot.service.approve import approve, reschedule
from bot.service.propose import Request, propose
from bot.service.wish import Wish
from bot.store import migrate
from tests.domain.examples import HOUR, MINUTE, SECOND
from tests.interleavings.scene import Activity, MortalChanges, Scene
from tests.interleavings.trouble import late_and_lost, refuses

AnyStage = TypeVar("AnyStage", bound="Stage")
ANN, CHANNEL = "U0ANN", "C0DB"
ENVIRONMENT = Environment(name="default", region="r", poll_interval=MINUTE)
ORDERS = f"{1:032x}in07"


class Stage(Scene):
    """One database, one proposal, two processes."""

    change = 1
    word, options = "orders", Options()
    sleeps_after = ""
    """An operation that the cloud has answered when the machine goes to sleep, once."""

    async def ask(self, desk: Desk, _activity: Activity) -> None:
        asker = self.asker(ANN, self.word)
        request = Request(words=(self.word,), options=self.options, channel=CHANNEL, key=self.word)
        await propose(desk, asker, ENVIRONMENT, request)

    async def confirm(self, desk: Desk, activity: Activity) -> None:
        activity.change = self.change
        await approve(Wish(desk, self.asker(ANN, "confirmed"), CHANNEL, self.change))

    async def agree(self) -> None:
        """Somebody asks, and confirms it."""
        for work in (self.ask, self.confirm):
            await self.finish(await self.begin(work.__name__, 0, work))

    async def _moment(self, operation: str, when: str) -> None:
        await super()._moment(operation, when)
        if (operation, when) == (self.sleeps_after, "after"):
            self.sleeps_after = ""
            self.now += 11 * MINUTE

    async def stored(self) -> Change:
        change = await self.ledger.get(self.change)
        assert change is not None
        return change

    async def kinds(self) -> list[str]:
        return [one.record.kind for one in await self.ledger.story(change=self.change)]

    async def rest(self, slot: int, *, for_: timedelta) -> None:
        """Let a process attend to whatever is due in a time."""
        until = self.now + for_
        while self.now <= until:
            await self.finish(await self.begin("attend", slot, self.attend_next))
            due_at = await self.ledger.next_due_at()
            self.now = max(self.now + SECOND, due_at or until)
        assert not self.mistakes

    @property
    def submissions(self) -> int:
        return len(self.wire.world.submissions[ORDERS])


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)
    stage = Stage(
        url, [Instance(ORDERS, "orders", DIRECT, NEWEST)], ENVIRONMENT, _nothing, _nothing, _nothing
    )
    await stage.open()
    await stage.agree()
    yield stage
    await stage.close()


def _nothing(*_: object) -> None:
    """Nobody listens."""


async def test_a_request_that_others_have_missed_for_minutes_does_not_leave_any_more(
    stage: Stage,
) -> None:
    asleep = await stage.begin("attend", 0, stage.attend_next)
    while asleep.paused_at != "send":
        await stage.go_on(asleep)
    stage.now += timedelta(minutes=11)
    await stage.finish(await stage.begin("attend", 1, stage.attend_next))
    assert (await stage.stored()).state is State.UNKNOWN
    await stage.finish(asleep)
    assert stage.submissions == 0
    await stage.rest(1, for_=HOUR)
    assert (stage.submissions, (await stage.stored()).state) == (1, State.SUCCEEDED)


async def test_a_lost_answer_is_found_though_its_job_takes_minutes_to_appear(stage: Stage) -> None:
    late_and_lost(stage.wire)
    await stage.rest(0, for_=timedelta(minutes=1))
    change = await stage.stored()
    assert (change.state, change.targets[0].state) == (State.UNKNOWN, TargetState.UNKNOWN)
    await stage.rest(1, for_=HOUR)
    assert (stage.submissions, (await stage.stored()).state) == (1, State.SUCCEEDED)


async def test_silence_is_judged_by_the_time_when_it_was_listened_to(stage: Stage) -> None:
    stage.wire.world.find("orders").fate = Fate.STAYS_PENDING
    stage.wire.cloud.faults.set_all({"jobs_late_seconds": 280})
    await stage.finish(await stage.begin("send", 0, stage.attend_next))
    stage.now += 2 * MINUTE
    stage.sleeps_after = "immediate_jobs"
    await stage.finish(await stage.begin("look", 0, stage.attend_next))
    assert (stage.sleeps_after, stage.submissions) == ("", 1)
    assert (await stage.stored()).targets[0].state is TargetState.ACCEPTED


async def test_what_was_read_before_a_machine_slept_is_read_anew_before_anything_is_sent(
    stage: Stage,
) -> None:
    stage.sleeps_after = "immediate_jobs"
    await stage.finish(await stage.begin("send", 0, stage.attend_next))
    assert stage.sleeps_after == ""
    assert "attempt" not in await stage.kinds()
    await stage.rest(0, for_=HOUR)
    assert (stage.submissions, (await stage.stored()).state) == (1, State.SUCCEEDED)


class Many(Stage):
    """A change whose first request is only a part of it, with a cloud that takes its time."""

    word, options = "or*", Options(wave_sizes=(1,))
    is_slow = False

    async def _moment(self, operation: str, when: str) -> None:
        await super()._moment(operation, when)
        if self.is_slow and (operation, when) == ("database_version", "after"):
            self.now += 6 * MINUTE


async def _two(folder: Path, kind: type[AnyStage]) -> AnyStage:
    url = f"sqlite:///{folder}/store.db"
    migrate(url)
    fleet = [
        Instance(ORDERS, "orders", DIRECT, NEWEST),
        Instance(f"{2:032x}in07", "origins", DIRECT, NEWEST),
    ]
    stage = kind(url, fleet, ENVIRONMENT, _nothing, _nothing, _nothing)
    await stage.open()
    return stage


async def test_what_is_proposed_anew_tells_how_long_upgrades_take_by_now(tmp_path: Path) -> None:
    stage = await _two(tmp_path, Stage)
    stage.options = Options(timing=Timing.AT, run_at=stage.now + 3 * HOUR)
    await stage.agree()
    stage.change, stage.word, stage.options = 2, "origins", Options()
    await stage.agree()
    await stage.rest(0, for_=HOUR)
    assert (await stage.stored()).state is State.SUCCEEDED
    stage.change = 1
    assert (await stage.stored()).past == ()
    stage.wire.world.find("orders").kernel = "2.0.69.250900"
    await stage.rest(0, for_=3 * HOUR)
    change = await stage.stored()
    assert (change.state, [one.count for one in change.past]) == (State.PROPOSED, [1])
    await stage.close()


async def test_what_takes_longer_to_read_than_facts_are_good_for_is_sent_all_the_same(
    tmp_path: Path,
) -> None:
    """Of thousands only what is sent has to have been read just before."""
    stage = await _two(tmp_path, Many)
    await stage.agree()
    stage.is_slow = True
    await stage.finish(await stage.begin("send", 0, stage.attend_next))
    stage.is_slow = False
    assert (await stage.kinds()).count("attempt") == stage.submissions == 1
    await stage.rest(0, for_=HOUR)
    assert (await stage.stored()).state is State.SUCCEEDED
    await stage.close()


async def test_a_delivery_that_two_processes_deal_with_is_decided_once(stage: Stage) -> None:
    async def move(desk: Desk, activity: Activity) -> None:
        activity.change = stage.change
        wish = Wish(desk, stage.asker(ANN, "moved"), CHANNEL, stage.change)
        await reschedule(wish, stage.now + HOUR)

    slow = await stage.begin("move", 0, move)
    assert slow.paused_at == "save"
    await stage.finish(await stage.begin("move", 1, move))
    await stage.finish(slow)
    assert (await stage.kinds()).count("reschedule") == 1


async def test_a_cloud_that_calls_the_kernel_newest_has_to_prove_it(stage: Stage) -> None:
    refuses("DBS.05000008")(stage.wire)
    await stage.rest(0, for_=HOUR)
    (target,) = (await stage.stored()).targets
    assert (target.state, stage.submissions) == (TargetState.REFUSED, 0)
    assert "but reports an older one" in str(target.note)


class Away(MortalChanges):
    """A store that is away when the answer of the cloud is there, for a while."""

    times = 3

    async def save(self, change: Change, records: Sequence[Record]) -> Change:
        if "answer" in {one.kind for one in records} and self.times:
            self.times -= 1
            raise StoreError("away")
        return await super().save(change, records)


async def test_an_answer_waits_for_a_store_that_is_away(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    away = Away.open(stage.url)
    assert isinstance(away, Away)
    stage.use(0, away)
    await stage.finish(await stage.begin("attend", 0, stage.attend_next))
    (target,) = (await stage.stored()).targets
    assert (target.state, away.times) == (TargetState.ACCEPTED, 0)
    assert "the answer to an upgrade of CHG-1 waits to be stored: away" in caplog.messages


async def test_an_answer_whose_commit_was_not_confirmed_is_told_once(stage: Stage) -> None:
    class Forgetful(Away):
        """A store that keeps the answer, and goes away before it can say so."""

        times = 1

        async def save(self, change: Change, records: Sequence[Record]) -> Change:
            saved = await MortalChanges.save(self, change, records)
            if "answer" in {one.kind for one in records} and self.times:
                self.times -= 1
                raise StoreError("away")
            return saved

    forgetful = Forgetful.open(stage.url)
    assert isinstance(forgetful, Forgetful)
    stage.use(0, forgetful)
    await stage.finish(await stage.begin("attend", 0, stage.attend_next))
    assert forgetful.times == 0
    assert (await stage.kinds()).count("answer") == 1
