from datetime import timedelta

import httpx
import pytest

from bot.sandbox.taurus import Fate, Phase, TaurusSimulator, make_fleet
from tests.sandbox.taurus.caller import START, Caller, HandClock, code

NEWEST = "2.0.72.251200"
BATCH = "/instances/database-version/upgrade"


async def finish(caller: Caller, clock: HandClock) -> dict[str, str]:
    """Let every upgrade end and give the states of all jobs by instance name."""
    clock.forward(minutes=5)
    return {job["instance_name"]: job["status"] for job in await caller.jobs()}


async def test_accepted_batch_says_success_and_nothing_else(caller: Caller) -> None:
    answer = await caller.upgrade("orders-prod-01", "orders-prod-02")
    assert (answer.status_code, answer.json()) == (200, {"resp": "success"})
    assert caller.simulator.submissions("orders-prod-01") == [START]


async def test_job_shows_late_runs_with_a_percentage_and_leaves_the_newest_kernel(
    caller: Caller, clock: HandClock
) -> None:
    await caller.upgrade("orders-prod-01")
    clock.forward(seconds=1)
    assert await caller.jobs() == []
    clock.forward(seconds=5)
    [job] = await caller.jobs()
    assert job["instance_name"] == "orders-prod-01"
    clock.forward(seconds=24)
    shown = (await caller.get("/jobs", id=job["job_id"])).json()["job"]
    assert shown["status"] == "Running"
    assert shown["process"].endswith("%")
    assert 20 <= int(shown["process"].removesuffix("%")) <= 60
    assert (await caller.version("orders-prod-01"))["upgrade_flag"] is True
    assert await finish(caller, clock) == {"orders-prod-01": "Completed"}
    ended = (await caller.get("/jobs", id=job["job_id"])).json()["job"]
    assert ended["process"] == ""
    assert ended["ended"] > ended["created"]
    version = await caller.version("orders-prod-01")
    assert version["datastore"]["current_kernel_version"] == NEWEST
    assert version["upgrade_flag"] is False


async def test_direct_upgrade_takes_sixty_to_ninety_seconds(
    caller: Caller, clock: HandClock
) -> None:
    names = ["orders-prod-01", "orders-prod-02", "orders-prod-03", "payments-prod-01"]
    await caller.upgrade(*names)
    clock.forward(seconds=60)
    assert all(caller.simulator.is_upgrading(name) for name in names)
    clock.forward(seconds=35)
    assert not any(caller.simulator.is_upgrading(name) for name in names)


async def test_single_upgrade_gives_the_id_of_its_job(caller: Caller, clock: HandClock) -> None:
    instance_id = caller.simulator.instance("orders-prod-01").id
    answer = await caller.signed("POST", f"{caller.base}/instances/{instance_id}/db-upgrade")
    job_id = answer.json()["job_id"]
    assert code(await caller.get("/jobs", id=job_id)) == (400, "DBS.200543")
    clock.forward(seconds=6)
    shown = (await caller.get("/jobs", id=job_id)).json()["job"]
    assert shown["instance"] == {"id": instance_id, "name": "orders-prod-01"}


async def test_single_upgrade_takes_a_boolean_only(caller: Caller) -> None:
    instance_id = caller.simulator.instance("orders-prod-01").id
    answer = await caller.post(f"/instances/{instance_id}/db-upgrade", {"delay": "true"})
    assert code(answer) == (400, "DBS.200001")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders-prod-04", (400, "DBS.05000008")),
        ("users-prod-03", (409, "DBS.200047")),
        ("catalog-prod-01", (409, "DBS.201205")),
        ("catalog-prod-02", (409, "DBS.200047")),
        ("catalog-prod-03", (409, "DBS.200316")),
        ("billing-prod-01", (400, "DBS.280449")),
        ("billing-prod-02", (400, "DBS.201014")),
        ("billing-staging-01", (400, "DBS.200086")),
        ("search-prod-01", (400, "DBS.05000012")),
        ("payments-dev-01", (409, "DBS.280406")),
    ],
)
async def test_instance_that_cannot_be_upgraded_refuses_the_whole_batch(
    caller: Caller, name: str, expected: tuple[int, str]
) -> None:
    assert code(await caller.upgrade("orders-prod-01", name)) == expected
    assert caller.simulator.submissions("orders-prod-01") == []


async def test_running_upgrade_refuses_another_one(caller: Caller) -> None:
    await caller.upgrade("orders-prod-01")
    assert code(await caller.upgrade("orders-prod-01")) == (409, "DBS.200047")
    assert len(caller.simulator.submissions("orders-prod-01")) == 1


async def test_version_of_a_row_must_be_the_present_one(caller: Caller) -> None:
    answer = await caller.upgrade("orders-prod-01", current_version="2.0.60.241200")
    assert code(answer) == (400, "DBS.280001")


GOOD_ROW = {"instance_id": "0" * 32 + "in07", "current_version": "2.0.60.241200"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"databases_instance_infos": [GOOD_ROW], "delay": False}, (404, "DBS.200002")),
        ({"databases_instance_infos": [], "delay": False}, (400, "DBS.200001")),
        ({"databases_instance_infos": ["x"], "delay": False}, (400, "DBS.200001")),
        ({"databases_instance_infos": {}, "delay": False}, (400, "DBS.200001")),
        ({"databases_instance_infos": [GOOD_ROW]}, (400, "DBS.200001")),
        ({"databases_instance_infos": [GOOD_ROW], "delay": 1}, (400, "DBS.200001")),
        ({"databases_instance_infos": [GOOD_ROW], "delay": "False"}, (400, "DBS.200001")),
        ({"databases_instance_infos": [GOOD_ROW], "delay": None}, (400, "DBS.200001")),
        ({"databases_instance_infos": [GOOD_ROW], "Delay": False}, (400, "DBS.290001")),
        ({"databases_instance_infos": [GOOD_ROW] * 2, "delay": False}, (400, "DBS.200001")),
        ({"databases_instance_infos": [GOOD_ROW] * 101, "delay": False}, (400, "DBS.280001")),
        (
            {"databases_instance_infos": [GOOD_ROW | {"instance_id": "x"}], "delay": False},
            (400, "DBS.280404"),
        ),
        (
            {"databases_instance_infos": [{"instance_id": GOOD_ROW["instance_id"]}], "delay": True},
            (400, "DBS.200001"),
        ),
        ([], (400, "DBS.200001")),
    ],
)
async def test_malformed_batch_is_refused(
    caller: Caller, body: object, expected: tuple[int, str]
) -> None:
    assert code(await caller.post(BATCH, body)) == expected


@pytest.mark.parametrize(
    ("raw", "content_type", "expected"),
    [
        (b"", "application/json", (400, "DBS.200006")),
        (b"{", "application/json", (400, "DBS.200001")),
        (b"{}", "text/plain", (400, "APIGW.0201")),
    ],
)
async def test_body_must_be_json(
    caller: Caller, raw: bytes, content_type: str, expected: tuple[int, str]
) -> None:
    path, headers = caller.base + BATCH, {"Content-Type": content_type}
    assert code(await caller.signed("POST", path, raw=raw, headers=headers)) == expected


async def test_body_above_twelve_megabytes_is_too_large(caller: Caller) -> None:
    huge = b" " * (12 * 1024 * 1024 + 1)
    try:
        answer = await caller.signed("POST", caller.base + BATCH, raw=huge)
    except httpx.WriteError:
        pytest.skip("the connection was closed while the body was still being sent")
    assert code(answer) == (413, "APIGW.0201")


async def test_hundred_rows_are_accepted(clock: HandClock, caller: Caller) -> None:
    caller.simulator = await TaurusSimulator.start(clock=clock, fleet=make_fleet(200))
    behind = [one.name for one in caller.simulator.instances if one.kernel != NEWEST][:100]
    assert (await caller.upgrade(*behind)).status_code == 200
    clock.forward(minutes=5)
    assert all(caller.simulator.instance(name).kernel == NEWEST for name in behind)
    await caller.simulator.close()


@pytest.mark.parametrize("delay", [True, "true"])
async def test_delayed_upgrade_waits_for_the_window_and_runs_in_it(
    caller: Caller, clock: HandClock, delay: object
) -> None:
    assert (await caller.upgrade("orders-prod-01", delay=delay)).json() == {"resp": "success"}
    clock.forward(seconds=6)
    query = {"instance_id": caller.simulator.instance("orders-prod-01").id, "limit": 100}
    [task] = (await caller.get("/scheduled-jobs", offset=0, **query)).json()["schedules"]
    assert (task["job_status"], task["start_time"]) == ("Pending", "2026-01-15T18:00:00+0000")
    assert await caller.jobs() == []
    clock.at = START.replace(hour=18, minute=0, second=30)
    [running] = (await caller.get("/scheduled-jobs", offset=0, **query)).json()["schedules"]
    assert running["job_status"] == "Running"
    assert (await caller.get("/jobs", id=task["job_id"])).json()["job"]["status"] == "Running"
    assert (await finish(caller, clock))["orders-prod-01"] == "Completed"
    assert caller.simulator.instance("orders-prod-01").kernel == NEWEST


async def test_delayed_upgrade_inside_the_window_starts_at_once(
    caller: Caller, clock: HandClock
) -> None:
    clock.at = START + timedelta(hours=16)  # 00:30, past midnight of that window
    await caller.upgrade("orders-dev-01", delay=True)
    assert (await finish(caller, clock))["orders-dev-01"] == "Completed"


async def test_moved_window_does_not_move_what_is_scheduled(
    caller: Caller, clock: HandClock
) -> None:
    await caller.upgrade("orders-prod-01", delay=True)
    caller.simulator.instance("orders-prod-01").window = "10:00-12:00"
    clock.at = START.replace(hour=13)
    assert caller.simulator.instance("orders-prod-01").kernel != NEWEST
    clock.at = START.replace(hour=19)
    assert caller.simulator.instance("orders-prod-01").kernel == NEWEST


async def test_scheduled_upgrade_of_an_instance_that_broke_meanwhile_fails(
    caller: Caller, clock: HandClock
) -> None:
    await caller.upgrade("orders-prod-01", delay=True)
    instance = caller.simulator.instance("orders-prod-01")
    instance.condition = caller.simulator.instance("billing-prod-02").condition
    clock.at = START.replace(hour=19)
    states = (await caller.get("/scheduled-jobs", instance_id=instance.id)).json()["schedules"]
    assert [task["job_status"] for task in states] == ["Failed"]
    assert await caller.jobs(job_id=states[0]["job_id"]) == []


async def test_kernel_below_the_border_needs_several_rounds(
    caller: Caller, clock: HandClock
) -> None:
    steps = []
    for _ in range(3):
        assert (await caller.upgrade("users-prod-01")).status_code == 200
        await finish(caller, clock)
        steps.append(await caller.version("users-prod-01"))
    kernels = [step["datastore"]["current_kernel_version"] for step in steps]
    assert kernels == ["2.0.51.240305"] * 3
    assert [step["upgrade_flag"] for step in steps] == [True] * 3
    instance = caller.simulator.instance("users-prod-01")
    assert instance.phase is Phase.TO_BE_CONFIRMED
    caller.simulator.switch("apply_upgrade", "users-prod-01")
    assert (instance.kernel, instance.phase) == (NEWEST, Phase.NONE)


async def test_two_phase_upgrade_completes_its_pre_upgrade_first(
    caller: Caller, clock: HandClock
) -> None:
    await caller.upgrade("payments-prod-03")
    assert (await finish(caller, clock))["payments-prod-03"] == "Completed"
    assert caller.simulator.instance("payments-prod-03").phase is Phase.PRE_UPGRADED
    assert (await caller.version("payments-prod-03"))["upgrade_flag"] is True


@pytest.mark.parametrize("name", ["search-prod-02", "search-staging-01"])
async def test_unmet_precondition_is_accepted_but_never_starts(
    caller: Caller, clock: HandClock, name: str
) -> None:
    assert (await caller.upgrade(name)).json() == {"resp": "success"}
    assert await finish(caller, clock) == {}
    assert len(caller.simulator.submissions(name)) == 1
    assert (await caller.version(name))["upgrade_flag"] is True


async def test_scheduled_upgrade_with_unmet_precondition_stays_pending(
    caller: Caller, clock: HandClock
) -> None:
    await caller.upgrade("search-prod-02", delay=True)
    clock.forward(days=2)
    query = {"instance_id": caller.simulator.instance("search-prod-02").id}
    [task] = (await caller.get("/scheduled-jobs", **query)).json()["schedules"]
    assert task["job_status"] == "Pending"


async def test_upgrade_under_load_fails_once_and_succeeds_on_retry(
    caller: Caller, clock: HandClock
) -> None:
    await caller.upgrade("reports-prod-01")
    clock.forward(minutes=5)
    [job] = await caller.jobs()
    assert job["status"] == "Failed"
    assert "Reduce the service load of the instance and click Retry" in job["fail_reason"]
    assert caller.simulator.instance("reports-prod-01").kernel != NEWEST
    await caller.upgrade("reports-prod-01")
    clock.forward(minutes=5)
    assert caller.simulator.instance("reports-prod-01").kernel == NEWEST


async def test_failed_upgrade_may_leave_a_copy_and_the_original_out_of_order(
    caller: Caller, clock: HandClock
) -> None:
    await caller.upgrade("reports-prod-02")
    assert await finish(caller, clock) == {"reports-prod-02": "Failed"}
    original = caller.simulator.instance("reports-prod-02")
    copy = caller.simulator.instance("reports-prod-02_copy")
    assert original.condition.value == "abnormal"
    assert (copy.condition.value, copy.kernel, copy.fate) == (
        "normal",
        original.kernel,
        Fate.SUCCEEDS,
    )
    assert copy.id != original.id


async def test_failed_upgrade_keeps_the_old_kernel(caller: Caller, clock: HandClock) -> None:
    await caller.upgrade("reports-dev-01")
    assert await finish(caller, clock) == {"reports-dev-01": "Failed"}
    assert (await caller.version("reports-dev-01"))["upgrade_flag"] is True


async def test_pre_check_names_what_stands_in_the_way(caller: Caller) -> None:
    rows = {"databases_instance_infos": [caller.row("search-prod-01")]}
    assert len((await caller.post(f"{BATCH}/pre-check", rows)).json()["job_ids"]) == 1
    result = (await caller.post(f"{BATCH}/pre-check-result", rows)).json()
    assert result["upgrade_precheck_result"] == "false"
    failed = [row for row in result["upgrade_precheck_detail"] if row["check_status"] == "failed"]
    assert [row["check_item"] for row in failed] == ["Upgrade permission check"]


async def test_a_pre_check_has_a_result_only_when_it_was_begun_and_is_done(
    caller: Caller, clock: HandClock
) -> None:
    rows = {"databases_instance_infos": [caller.row("orders-prod-01")]}
    caller.simulator.switch("precheck_seconds", 30)

    async def result() -> str:
        answer = await caller.post(f"{BATCH}/pre-check-result", rows)
        return str(answer.json()["upgrade_precheck_result"])

    assert await result() == ""
    await caller.post(f"{BATCH}/pre-check", rows)
    assert await result() == ""
    clock.forward(seconds=30)
    assert await result() == "true"


async def test_pre_check_wants_one_source_version(caller: Caller) -> None:
    rows = [caller.row("orders-prod-01"), caller.row("orders-prod-03")]
    answer = await caller.post(f"{BATCH}/pre-check", {"databases_instance_infos": rows})
    assert code(answer) == (400, "DBS.280001")
