from datetime import timedelta

import pytest

from bot.domain.errors import CloudError, Effect, Reaction
from bot.domain.instance import JobState, PreCheck, Status
from bot.domain.kernel import Kernel
from bot.ports import Fleet
from bot.sandbox.taurus import TaurusSimulator, make_fleet
from bot.taurus import TaurusFleet
from bot.taurus.fleet import prechecks_of
from tests.taurus.conftest import HandClock, Opener, login, signing

NEWEST = "2.0.72.251200"
UNKNOWN = "0" * 32 + "in07"


def row(simulator: TaurusSimulator, name: str) -> tuple[str, str]:
    instance = simulator.instance(name)
    return instance.id, instance.kernel


def test_it_is_the_fleet_that_the_services_ask_for(fleet: TaurusFleet) -> None:
    port: Fleet = fleet
    assert port is fleet


async def test_an_upgrade_is_accepted_followed_and_proven(
    fleet: TaurusFleet, simulator: TaurusSimulator, clock: HandClock
) -> None:
    instance_id, kernel = row(simulator, "orders-prod-01")
    before = await fleet.version(instance_id)
    assert (str(before.current), str(before.latest), before.upgradable) == (kernel, NEWEST, True)

    since = clock()
    answer = await fleet.submit([(instance_id, kernel)], delay=False)
    assert (answer.resp, answer.status) == ("success", 200)
    assert answer.request_id == simulator.requests[-1].request_id

    clock.forward(seconds=20)
    (job,) = await fleet.jobs(since)
    assert (job.instance_id, job.state, job.created_at) == (instance_id, JobState.RUNNING, since)
    assert job.progress.endswith("%")

    clock.forward(minutes=5)
    (job,) = await fleet.jobs(since)
    assert job.state is JobState.COMPLETED
    assert job.ended_at is not None
    after = await fleet.version(instance_id)
    assert (after.current, after.upgradable) == (Kernel(NEWEST), False)


async def test_an_upgrade_in_the_window_is_scheduled_and_can_be_cancelled_once(
    fleet: TaurusFleet, simulator: TaurusSimulator, clock: HandClock
) -> None:
    instance_id, kernel = row(simulator, "orders-prod-02")
    await fleet.submit([(instance_id, kernel)], delay=True)
    clock.forward(seconds=10)

    found = [task for task in await fleet.schedules() if task.instance_id == instance_id]
    assert [task.state for task in found] == [JobState.PENDING]
    assert found[0].start_at == clock().replace(hour=18, minute=0, second=0, microsecond=0)

    assert await fleet.cancel_schedules([found[0].id, "0" * 32]) == (found[0].id,)
    assert await fleet.cancel_schedules([found[0].id]) == ()


async def test_cancelling_nothing_calls_nobody(fleet: TaurusFleet, opener: Opener) -> None:
    assert await fleet.cancel_schedules([]) == ()
    assert opener.calls == []


async def test_the_list_has_every_page_and_what_a_report_needs(
    opener: Opener, clock: HandClock
) -> None:
    simulator = await TaurusSimulator.start(clock=clock, fleet=make_fleet(230))
    try:
        fleet = opener(signing(simulator))
        found = await fleet.instances()
        details = await fleet.details([one.id for one in found[:45]])
    finally:
        await simulator.close()
    assert len({one.id for one in found}) == 230
    first = next(one for one in found if one.name == "orders-prod-0001")
    assert first.status is Status.NORMAL
    assert first.kernel == Kernel("2.0.63.250300")
    assert first.tags == {"env": "prod", "service": "orders", "team": "shop", "ring": "2"}
    assert first.region == "cn-north-4"
    assert [one.id for one in details] == [one.id for one in found[:45]]
    lists = [call for call in opener.calls if call.operation == "list_instances"]
    chunks = [call for call in opener.calls if call.operation == "instance_details"]
    assert (len(lists), len(chunks)) == (3, 3)


async def test_a_list_that_promises_more_than_it_has_still_ends(
    fleet: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.switch("list_omits", 3)
    assert len(await fleet.instances()) == len(simulator.instances) - 3


async def test_states_of_instances_are_told_in_our_words(
    fleet: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.switch("status_while_upgrading", "upgrading")
    await fleet.submit([row(simulator, "orders-prod-01")], delay=False)
    by_name = {one.name: one for one in await fleet.instances()}
    assert by_name["orders-prod-01"].status is Status.BUSY
    assert by_name["billing-prod-02"].status is Status.ABNORMAL
    assert by_name["users-prod-01"].end_of_service


async def test_finer_words_tell_what_the_list_calls_normal_or_abnormal(fleet: TaurusFleet) -> None:
    statuses = await fleet.statuses()
    by_name = {one.name: one.refined(statuses.get(one.id)) for one in await fleet.instances()}
    assert by_name["catalog-prod-01"].status is Status.BUSY
    assert by_name["billing-prod-01"].status is Status.FROZEN
    assert by_name["orders-prod-01"].status is Status.NORMAL


async def test_the_coarse_words_do_where_the_finer_ones_are_gone(
    fleet: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.fail("list_instances_v3", "refuse", code="APIGW.0101")
    assert await fleet.statuses() == {}
    asked = len(simulator.requests)
    assert await fleet.statuses() == {}
    assert len(simulator.requests) == asked
    assert await fleet.instances()


async def test_details_tell_zones_nodes_proxies_and_window(
    fleet: TaurusFleet, simulator: TaurusSimulator
) -> None:
    names = ["orders-prod-01", "orders-prod-02", "payments-prod-01"]
    found = await fleet.details([simulator.instance(name).id for name in names])
    assert [(one.zones, one.nodes, one.proxies) for one in found] == [
        (2, 3, 0),
        (1, 2, 0),
        (2, 4, 2),
    ]
    assert found[0].window == "18:00-22:00"


async def test_details_leave_out_what_the_cloud_does_not_know(
    fleet: TaurusFleet, simulator: TaurusSimulator
) -> None:
    known = [one.id for one in simulator.instances[:7]]
    found = await fleet.details([*known[:3], UNKNOWN, *known[3:]])
    assert [one.id for one in found] == known


async def test_details_do_not_hide_other_refusals(
    opener: Opener, simulator: TaurusSimulator
) -> None:
    fleet = opener(signing(simulator, project_id="f" * 32))
    with pytest.raises(CloudError) as caught:
        await fleet.details([simulator.instances[0].id])
    assert caught.value.code == "DBS.200044"
    assert caught.value.reaction is Reaction.DENY


@pytest.mark.parametrize("reading", ["record from 0", "record from 1", "page"])
async def test_every_job_is_found_whatever_offset_means(
    reading: str, opener: Opener, clock: HandClock
) -> None:
    simulator = await TaurusSimulator.start(clock=clock, fleet=make_fleet(200))
    try:
        simulator.switch("offset_reading", reading)
        fleet = opener(signing(simulator))
        since = clock()
        upgradable = [one for one in simulator.instances if one.kernel != one.latest]
        wanted = [one.id for one in upgradable[:130]]
        for start in range(0, len(wanted), 100):
            rows = [(one, simulator.instance(one).kernel) for one in wanted[start : start + 100]]
            await fleet.submit(rows, delay=False)
        clock.forward(minutes=10)
        jobs = await fleet.jobs(since)
    finally:
        await simulator.close()
    assert sorted(job.instance_id for job in jobs) == sorted(wanted)
    assert len({job.id for job in jobs}) == 130


async def test_jobs_before_the_moment_are_not_told(
    fleet: TaurusFleet, simulator: TaurusSimulator, clock: HandClock
) -> None:
    await fleet.submit([row(simulator, "orders-prod-01")], delay=False)
    clock.forward(minutes=1)
    assert await fleet.jobs(clock() - timedelta(seconds=30)) == ()
    assert await fleet.jobs(clock()) == ()
    assert len(await fleet.jobs(clock() - timedelta(minutes=2))) == 1


async def test_a_refused_upgrade_is_certainly_refused(
    fleet: TaurusFleet, simulator: TaurusSimulator
) -> None:
    with pytest.raises(CloudError) as caught:
        await fleet.submit([row(simulator, "orders-prod-04")], delay=False)
    error = caught.value
    assert (error.effect, error.reaction) == (Effect.REFUSED, Reaction.DONE)
    assert (error.code, error.status) == ("DBS.05000008", 400)
    assert error.message == "The current version is the latest. No update is available."
    assert error.request_id == simulator.requests[-1].request_id


@pytest.mark.parametrize("shape", ["error_code", "errorCode", "code", "nested"])
async def test_every_shape_of_error_is_read(
    shape: str, fleet: TaurusFleet, simulator: TaurusSimulator
) -> None:
    simulator.switch("error_shape", shape)
    with pytest.raises(CloudError) as caught:
        await fleet.submit([row(simulator, "billing-prod-01")], delay=False)
    assert caught.value.message == "The instance is frozen."
    assert caught.value.code == ("400" if shape == "nested" else "DBS.280449")
    assert caught.value.effect is Effect.REFUSED


async def test_prechecks_are_asked_in_groups_and_attributed_one_by_one(
    fleet: TaurusFleet, simulator: TaurusSimulator, opener: Opener
) -> None:
    names = ("orders-prod-01", "orders-prod-02", "catalog-prod-01", "orders-prod-03")
    found = await fleet.prechecks([row(simulator, name) for name in names])
    assert found is not None
    by_name = {name: found[row(simulator, name)[0]] for name in names}
    failed = PreCheck(passed=False, findings=("Resource check",))
    assert by_name == {**dict.fromkeys(names, PreCheck(passed=True)), "catalog-prod-01": failed}
    calls = [call.operation for call in opener.calls]
    assert calls.count("pre_check") == 2, "one for each kernel"


def test_at_most_a_hundred_are_prechecked_with_one_request() -> None:
    versions = [(f"{number:032x}in07", "2.0.63.250300") for number in range(250)]
    assert [len(rows) for rows in prechecks_of(versions)] == [100, 100, 50]


async def test_prechecks_without_a_result_in_time_or_in_the_region_are_told_apart(
    fleet: TaurusFleet, simulator: TaurusSimulator, opener: Opener
) -> None:
    rows = [row(simulator, "orders-prod-01")]
    simulator.switch("precheck_seconds", 3600)
    assert await fleet.prechecks([(UNKNOWN, "2.0.63.250300")]) == {}, "refused, not absent"
    assert await fleet.prechecks(rows) == {}
    simulator.switch("precheck", "absent")
    assert await fleet.prechecks(rows) is None
    before = len(opener.calls)
    assert await fleet.prechecks(rows) is None
    assert len(opener.calls) == before


async def test_the_project_is_looked_up_once_by_key(
    fleet: TaurusFleet, simulator: TaurusSimulator, opener: Opener
) -> None:
    await fleet.instances()
    await fleet.instances()
    assert await fleet.project_id() == simulator.project_id
    assert [call.operation for call in opener.calls].count("list_projects") == 1


async def test_the_project_of_a_login_comes_with_the_token(
    opener: Opener, simulator: TaurusSimulator
) -> None:
    fleet = opener(login(simulator))
    assert await fleet.project_id() == simulator.project_id
    assert [call.operation for call in opener.calls] == ["create_token"]


async def test_a_region_without_a_project_is_explained(
    opener: Opener, simulator: TaurusSimulator
) -> None:
    fleet = opener(signing(simulator, region="cn-east-3"))
    with pytest.raises(CloudError, match=r"0 projects called cn-east-3.*PROJECT_ID") as caught:
        await fleet.instances()
    assert (caught.value.effect, caught.value.reaction) == (Effect.NOT_SENT, Reaction.FIX)


@pytest.mark.parametrize(("delay_format", "accepted"), [("boolean", True), ("string", False)])
async def test_delay_is_sent_as_configured(
    delay_format: str, *, accepted: bool, opener: Opener, simulator: TaurusSimulator
) -> None:
    simulator.switch("delay_accepted", "boolean")
    fleet = opener(signing(simulator, delay_format=delay_format))
    rows = [row(simulator, "orders-prod-01")]
    if accepted:
        assert (await fleet.submit(rows, delay=True)).resp == "success"
    else:
        with pytest.raises(CloudError, match="mistake in the request"):
            await fleet.submit(rows, delay=True)
    assert simulator.requests[-1].body["delay"] in (True, "true")


async def test_messages_come_in_the_configured_language(
    opener: Opener, simulator: TaurusSimulator
) -> None:
    fleet = opener(signing(simulator, language="zh-cn"))
    with pytest.raises(CloudError) as caught:
        await fleet.version(UNKNOWN)
    assert caught.value.message == "实例不存在。"


async def test_every_call_is_reported(
    fleet: TaurusFleet, simulator: TaurusSimulator, opener: Opener, clock: HandClock
) -> None:
    await fleet.project_id()
    with pytest.raises(CloudError):
        await fleet.version(UNKNOWN)
    call = opener.calls[-1]
    assert (call.operation, call.outcome, call.seconds) == ("database_version", "404", 0)
    assert call.request_id == simulator.requests[-1].request_id
    assert call.answered_at == clock()


@pytest.mark.parametrize(
    ("fault", "code", "effect"),
    [
        ("refuse", "DBS.200047", Effect.IN_PART),
        ("throttle", "", Effect.REFUSED),
        ("refuse", "APIGW.0302", Effect.REFUSED),
        ("error_before", "", Effect.UNCLEAR),
    ],
)
async def test_what_the_service_itself_refuses_of_several_it_may_have_refused_in_part(
    fleet: TaurusFleet, simulator: TaurusSimulator, fault: str, code: str, effect: Effect
) -> None:
    simulator.fail("upgrades", fault, code=code)
    rows = [row(simulator, "orders-prod-01"), row(simulator, "orders-prod-02")]
    with pytest.raises(CloudError) as caught:
        await fleet.submit(rows, delay=False)
    assert caught.value.effect is effect
