import asyncio
from datetime import timedelta

import pytest

from bot.domain.errors import CloudError, Effect, Reaction
from bot.sandbox.taurus import TaurusSimulator
from bot.taurus import AkSk, Limits, TaurusFleet
from tests.taurus.conftest import HandClock, Opener, signing
from tests.taurus.recorder import Recorder, Reply

VERSION = Reply(
    {"datastore": {"current_kernel_version": "2.0.1.1", "latest_kernel_version": "2.0.2.1"}}
)
THROTTLED = {"error_code": "APIGW.0308", "error_msg": "The throttling threshold has been reached"}
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
async def ready(fleet: TaurusFleet) -> TaurusFleet:
    """A fleet that knows its project, so that faults hit the calls they are meant for."""
    await fleet.project_id()
    return fleet


def row(simulator: TaurusSimulator, name: str = "orders-prod-01") -> tuple[str, str]:
    instance = simulator.instance(name)
    return instance.id, instance.kernel


def count(simulator: TaurusSimulator, operation: str) -> int:
    return [record.operation for record in simulator.requests].count(operation)


READ_FAULTS = ["error_before", "cut_before", "html_before", "empty", "throttle"]


@pytest.mark.parametrize("kind", READ_FAULTS)
async def test_a_read_is_repeated_until_it_succeeds(
    kind: str, ready: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.fail("list_instances", kind, times=2)
    assert len(await ready.instances()) == len(simulator.instances)
    assert count(simulator, "list_instances") == 3


@pytest.mark.parametrize("kind", READ_FAULTS)
async def test_a_read_is_given_up_after_three_tries(
    kind: str, ready: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.fail("list_instances", kind, times=9)
    with pytest.raises(CloudError) as caught:
        await ready.instances()
    assert caught.value.reaction is Reaction.BACK_OFF
    assert caught.value.effect is Effect.REFUSED
    assert "No database was changed" in str(caught.value)
    assert count(simulator, "list_instances") == 3


async def test_waits_between_tries_grow_and_are_partly_random(
    opener: Opener, simulator: TaurusSimulator, clock: HandClock
) -> None:
    fleet = opener(signing(simulator, limits=Limits(tries=9)), random=lambda: 0.5)
    await fleet.project_id()
    simulator.fail("list_instances", "error_before", times=8)
    await fleet.instances()
    assert clock.slept == [0.75, 1.5, 3, 6, 12, 24, 45, 45]


async def test_a_wait_that_the_cloud_asks_for_is_kept(
    ready: TaurusFleet, simulator: TaurusSimulator, clock: HandClock
) -> None:
    simulator.fail("list_instances", "throttle", retry_after=17)
    await ready.instances()
    assert clock.slept == [17]


async def test_a_wait_of_minutes_is_left_to_the_caller(
    ready: TaurusFleet, simulator: TaurusSimulator, clock: HandClock
) -> None:
    simulator.fail("list_instances", "throttle", times=9, retry_after=61)
    with pytest.raises(CloudError, match="limits how often"):
        await ready.instances()
    assert clock.slept == []


async def test_a_date_in_retry_after_is_read_by_the_clouds_own_clock(
    recorder: Recorder, opener: Opener, key: AkSk, clock: HandClock
) -> None:
    headers = {
        "Date": "Thu, 15 Jan 2026 10:00:00 GMT",
        "Retry-After": "Thu, 15 Jan 2026 10:00:09 GMT",
    }
    nonsense = {"Retry-After": "soon"}
    recorder.reply(Reply(THROTTLED, 429, headers), Reply(THROTTLED, 429, nonsense), VERSION)
    await opener(recorder.config(key)).version("id")
    assert clock.slept == [9, 1]


async def test_a_refusal_for_good_is_not_repeated(
    ready: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.fail("list_instances", "refuse", code="APIGW.0302", times=9)
    with pytest.raises(CloudError) as caught:
        await ready.instances()
    assert caught.value.reaction is Reaction.DENY
    assert count(simulator, "list_instances") == 1


async def test_a_wrong_signature_is_not_repeated(
    opener: Opener, simulator: TaurusSimulator
) -> None:
    config = signing(simulator)
    simulator.switch("clock_ahead_seconds", 901)
    with pytest.raises(CloudError, match="clock") as caught:
        await opener(config).instances()
    assert (caught.value.code, caught.value.reaction) == ("APIGW.0303", Reaction.FIX)
    assert len(simulator.requests) == 1


UNCLEAR_FAULTS = ["error_before", "error_after", "cut_before", "cut_after", "html_after", "empty"]


@pytest.mark.parametrize("kind", UNCLEAR_FAULTS)
async def test_an_upgrade_without_a_clear_answer_is_unclear_and_sent_once(
    kind: str, ready: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.fail("upgrades", kind, times=9)
    with pytest.raises(CloudError, match="may have been accepted") as caught:
        await ready.submit([row(simulator)], delay=False)
    assert caught.value.effect is Effect.UNCLEAR
    assert caught.value.reaction is Reaction.OPERATIONS
    assert count(simulator, "batch_upgrade") == 1


async def test_an_upgrade_with_another_word_than_success_is_unclear_and_quoted(
    ready: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.fail("upgrades", "wrong_resp")
    with pytest.raises(CloudError) as caught:
        await ready.submit([row(simulator)], delay=False)
    assert (caught.value.effect, caught.value.message) == (Effect.UNCLEAR, "failed")
    assert (caught.value.status, caught.value.code) == (200, "")
    assert caught.value.request_id == simulator.requests[-1].request_id


async def test_a_throttled_upgrade_is_certainly_refused_and_not_repeated(
    ready: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.fail("upgrades", "throttle")
    with pytest.raises(CloudError) as caught:
        await ready.submit([row(simulator)], delay=False)
    assert (caught.value.effect, caught.value.reaction) == (Effect.REFUSED, Reaction.BACK_OFF)
    assert (caught.value.code, caught.value.status) == ("APIGW.0308", 429)
    assert count(simulator, "batch_upgrade") == 1


async def test_an_upgrade_that_cannot_leave_is_tried_again_and_certainly_not_sent(
    opener: Opener, recorder: Recorder, key: AkSk
) -> None:
    fleet = opener(recorder.config(key, endpoint=NOWHERE))
    with pytest.raises(CloudError, match="cannot be reached") as caught:
        await fleet.submit([("id", "2.0.1.1")], delay=False)
    assert (caught.value.effect, caught.value.reaction) == (Effect.NOT_SENT, Reaction.BACK_OFF)
    assert caught.value.message.startswith("ConnectError")
    assert [call.outcome for call in opener.calls] == ["ConnectError"] * 3


async def test_an_upgrade_whose_turn_comes_too_late_is_not_sent(
    ready: TaurusFleet, simulator: TaurusSimulator, clock: HandClock
) -> None:
    (first, second) = (row(simulator, name) for name in ("orders-prod-01", "orders-prod-02"))
    await ready.submit([first], delay=False, until=clock.now)
    with pytest.raises(CloudError, match="did not send it any more") as caught:
        await ready.submit([second], delay=False, until=clock.now + timedelta(seconds=5))
    assert caught.value.effect is Effect.NOT_SENT
    assert count(simulator, "batch_upgrade") == 1
    await ready.submit([second], delay=False, until=clock.now + timedelta(seconds=6))
    assert count(simulator, "batch_upgrade") == 2


async def test_a_refusal_of_something_in_between_proves_nothing(
    recorder: Recorder, opener: Opener, key: AkSk
) -> None:
    recorder.reply(Reply(status=403, text="<html>blocked by proxy</html>"))
    with pytest.raises(CloudError) as caught:
        await opener(recorder.config(key)).submit([("id", "2.0.1.1")], delay=False)
    assert caught.value.effect is Effect.UNCLEAR
    assert caught.value.message == "<html>blocked by proxy</html>"


async def test_a_redirect_is_not_followed(recorder: Recorder, opener: Opener, key: AkSk) -> None:
    recorder.reply(Reply(status=307, headers={"Location": "/elsewhere"}))
    with pytest.raises(CloudError) as caught:
        await opener(recorder.config(key)).submit([("id", "2.0.1.1")], delay=False)
    assert (caught.value.effect, caught.value.status) == (Effect.UNCLEAR, 307)
    assert caught.value.message == "Temporary Redirect"
    assert len(recorder.seen) == 1


async def test_a_cancellation_without_an_answer_is_unclear(
    ready: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.fail("cancel_scheduled", "cut_after")
    with pytest.raises(CloudError, match="may still start") as caught:
        await ready.cancel_schedules(["0" * 32])
    assert caught.value.effect is Effect.UNCLEAR
    assert count(simulator, "cancel_scheduled") == 1


async def test_reads_are_paced_after_a_burst_and_writes_at_once(
    recorder: Recorder, opener: Opener, key: AkSk, clock: HandClock
) -> None:
    limits = Limits(reads_per_second=4, read_burst=2, between_writes=timedelta(seconds=6))
    fleet = opener(recorder.config(key, limits=limits))
    recorder.reply(VERSION)
    for _ in range(4):
        await fleet.version("id")
    assert clock.slept == [0.25, 0.25]

    clock.slept.clear()
    recorder.reply(Reply({"resp": "success"}))
    for _ in range(3):
        await fleet.submit([("id", "2.0.1.1")], delay=False)
    assert clock.slept == [6, 6]


async def test_the_burst_comes_back_with_time_but_not_more(
    recorder: Recorder, opener: Opener, key: AkSk, clock: HandClock
) -> None:
    fleet = opener(recorder.config(key, limits=Limits(reads_per_second=1, read_burst=3)))
    recorder.reply(VERSION)
    for _ in range(3):
        await fleet.version("id")
    clock.forward(hours=1)
    for _ in range(4):
        await fleet.version("id")
    assert clock.slept == [1]


async def test_a_clock_that_is_set_back_makes_nobody_wait(
    recorder: Recorder, opener: Opener, key: AkSk, clock: HandClock
) -> None:
    fleet = opener(recorder.config(key, limits=Limits(reads_per_second=1, read_burst=1)))
    recorder.reply(VERSION)
    await fleet.version("id")
    clock.forward(hours=-1)
    await fleet.version("id")
    assert clock.slept == [1]


async def test_no_more_calls_are_in_flight_than_allowed(
    opener: Opener, simulator: TaurusSimulator
) -> None:
    fleet = opener(signing(simulator, limits=Limits(in_flight=3, read_burst=50)))
    await fleet.project_id()
    inside, most = 0, 0
    is_full, may_go = asyncio.Event(), asyncio.Event()

    async def watch(_operation: str, moment: str) -> None:
        nonlocal inside, most
        inside += 1 if moment == "before" else -1
        most = max(most, inside)
        if inside == 3:
            is_full.set()
        await may_go.wait()

    simulator.on_request = watch
    all_calls = [asyncio.create_task(fleet.version(simulator.instances[0].id)) for _ in range(12)]
    await is_full.wait()
    for _ in range(100):  # whoever else could come would come now
        await asyncio.sleep(0)
    assert inside == 3
    may_go.set()
    await asyncio.gather(*all_calls)
    assert most == 3


async def test_a_hanging_call_can_be_cancelled_and_gives_its_place_back(
    opener: Opener, simulator: TaurusSimulator
) -> None:
    fleet = opener(signing(simulator, limits=Limits(in_flight=1)))
    await fleet.project_id()
    arrived = asyncio.Event()

    async def watch(_operation: str, _moment: str) -> None:
        arrived.set()

    simulator.on_request = watch
    simulator.fail("list_instances", "hang_before")
    hanging = asyncio.create_task(fleet.instances())
    await arrived.wait()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    assert len(await fleet.instances()) == len(simulator.instances)
