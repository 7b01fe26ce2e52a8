"""What is known without asking: at once, of a bounded age, and read politely."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import CloudError, Effect, Reaction
from bot.domain.instance import (
    Answer,
    Detail,
    Instance,
    Job,
    PreCheck,
    Schedule,
    Status,
    Version,
)
from bot.domain.kernel import Kernel
from bot.domain.sentence import say
from bot.service.roster import AT_ONCE, FRESH, USABLE, VERSION_FRESH, Roster

OLD, NEW = Kernel("2.0.60.241200"), Kernel("2.0.72.251200")


class SlowFleet:
    """A cloud that answers when it is let, and counts what it is asked."""

    def __init__(self, count: int) -> None:
        self.listed = [
            Instance(id=f"{number:032}in07", name=f"db-{number}", status=Status.NORMAL, kernel=OLD)
            for number in range(count)
        ]
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: CloudError | None = None
        self.listings = 0
        self.asked: list[str] = []
        self.most_at_once = 0
        self._under_way = 0

    async def instances(self) -> tuple[Instance, ...]:
        self.listings += 1
        await self.gate.wait()
        if self.error:
            raise self.error
        return tuple(self.listed)

    async def statuses(self) -> dict[str, Status]:
        return {self.listed[0].id: Status.FROZEN} if self.listed else {}

    async def version(self, instance_id: str) -> Version:
        self.asked.append(instance_id)
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        await asyncio.sleep(0)
        self._under_way -= 1
        if self.error:
            raise self.error
        return Version(current=OLD, latest=NEW, upgradable=True)

    async def details(self, instance_ids: Sequence[str]) -> tuple[Detail, ...]:
        raise AssertionError(instance_ids)

    async def jobs(self, since: datetime) -> tuple[Job, ...]:
        raise AssertionError(since)

    async def schedules(self) -> tuple[Schedule, ...]:
        raise AssertionError

    async def prechecks(self, versions: Sequence[tuple[str, str]]) -> dict[str, PreCheck] | None:
        raise AssertionError(versions)

    async def submit(
        self, versions: Sequence[tuple[str, str]], *, delay: bool, until: datetime | None = None
    ) -> Answer:
        raise AssertionError(versions, delay, until)

    async def cancel_schedules(self, job_ids: Sequence[str]) -> tuple[str, ...]:
        raise AssertionError(job_ids)


class Desk:
    """A roster with a clock in the hand."""

    def __init__(self, count: int = 5) -> None:
        self.now = datetime(2026, 12, 1, tzinfo=UTC)
        self.fleet = SlowFleet(count)
        self.news = asyncio.Semaphore(0)
        self.roster = Roster(self.fleet, lambda: self.now, self.news.release)

    @property
    def trouble(self) -> str:
        return str(self.roster.trouble or "")

    async def heard(self, times: int = 1) -> None:
        async with asyncio.timeout(5):
            for _ in range(times):
                await self.news.acquire()


def away(reaction: Reaction = Reaction.BACK_OFF) -> CloudError:
    return CloudError(say("The cloud is away."), effect=Effect.NOT_SENT, reaction=reaction)


async def test_a_young_listing_is_used_as_it_is() -> None:
    desk = Desk()
    await desk.roster.known()
    desk.now += FRESH - timedelta(seconds=1)
    assert len((await desk.roster.known()).instances) == 5
    assert desk.fleet.listings == 1
    await desk.roster.close()


async def test_an_older_one_is_shown_at_once_while_it_is_read_anew() -> None:
    desk = Desk()
    await desk.roster.known()
    await desk.heard(2)  # the listing and the versions
    desk.fleet.gate.clear()
    desk.now += FRESH
    before = await desk.roster.known()
    assert len((await desk.roster.known()).instances) == 5
    desk.fleet.listed.pop()
    desk.fleet.gate.set()
    await desk.heard()
    assert desk.fleet.listings == 2
    after = await desk.roster.known()
    assert (len(before.instances), len(after.instances)) == (5, 4)
    assert len(after.versions) == 4
    await desk.roster.close()


async def test_a_listing_too_old_is_waited_for() -> None:
    desk = Desk()
    await desk.roster.known()
    desk.fleet.gate.clear()
    desk.now += USABLE
    waiting = asyncio.create_task(desk.roster.known())
    await asyncio.sleep(0)
    assert not waiting.done()
    desk.fleet.gate.set()
    assert (await waiting).read_at == desk.now
    await desk.roster.close()


async def test_one_who_waits_no_longer_does_not_take_the_listing_from_others() -> None:
    desk = Desk()
    desk.fleet.gate.clear()
    impatient, patient = (asyncio.create_task(desk.roster.known()) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    desk.fleet.gate.set()
    assert len((await patient).instances) == 5
    assert desk.fleet.listings == 1
    await desk.roster.close()


async def test_a_cloud_that_is_away_is_told_and_asked_again() -> None:
    desk = Desk()
    desk.fleet.error = away()
    with pytest.raises(CloudError):
        await desk.roster.known()
    assert desk.roster.glance() is None
    assert desk.trouble == "The cloud is away."
    await desk.heard()
    desk.fleet.error = None
    again = await desk.roster.known()
    assert (len(again.instances), desk.trouble) == (5, "")
    await desk.roster.close()


async def test_the_finer_words_for_what_an_instance_does_are_kept() -> None:
    desk = Desk()
    known = await desk.roster.known()
    assert [one.status for one in known.instances[:2]] == [Status.FROZEN, Status.NORMAL]
    await desk.roster.close()


async def test_versions_are_read_in_the_background_few_at_a_time_the_wanted_ones_first() -> None:
    desk = Desk(count=50)
    desk.fleet.gate.clear()
    listing = asyncio.create_task(desk.roster.known())
    await asyncio.sleep(0)
    wanted = [one.id for one in desk.fleet.listed[40:43]]
    desk.roster.want(wanted)
    desk.fleet.gate.set()
    assert (await listing).versions == {}
    await desk.heard(2)
    known = desk.roster.glance()
    assert known is not None
    assert len(known.versions) == 50
    assert desk.fleet.asked[:3] == wanted
    assert len(desk.fleet.asked) == 50
    assert desk.fleet.most_at_once <= AT_ONCE
    desk.now += VERSION_FRESH
    await desk.roster.known()
    await desk.heard(2)
    assert len(desk.fleet.asked) == 100
    await desk.roster.close()


async def test_an_instance_whose_version_is_refused_does_not_hold_up_the_others() -> None:
    desk = Desk()
    await desk.roster.known()
    desk.fleet.error = away(Reaction.FIX)
    await desk.heard(2)
    assert len(desk.fleet.asked) == 5
    known = await desk.roster.known()
    assert known.versions == {}
    assert len(desk.fleet.asked) == 5
    await desk.roster.close()


async def test_a_cloud_that_goes_away_meanwhile_is_not_pestered() -> None:
    desk = Desk(count=50)
    await desk.roster.known()
    desk.fleet.error = away()
    await desk.heard(2)
    assert len(desk.fleet.asked) <= AT_ONCE
    desk.fleet.error = None
    await desk.roster.known()
    await desk.heard()
    assert len((await desk.roster.known()).versions) == 50
    await desk.roster.close()


async def test_a_version_of_before_an_upgrade_is_not_shown() -> None:
    desk = Desk(count=1)
    await desk.roster.known()
    await desk.heard(2)
    desk.fleet.listed = [desk.fleet.listed[0].model_copy(update={"kernel": NEW})]
    desk.now += FRESH
    await desk.roster.known()
    await desk.heard()
    assert (await desk.roster.known()).versions == {}
    await desk.roster.close()
