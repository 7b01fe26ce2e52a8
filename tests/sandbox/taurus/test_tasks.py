from typing import Any

import httpx
import pytest

from tests.sandbox.taurus.caller import Caller, HandClock, code

THREE = ["orders-prod-01", "orders-prod-02", "orders-prod-03"]


async def three_jobs(caller: Caller, clock: HandClock) -> list[str]:
    """Three upgrades a minute apart; ids of their jobs, newest first."""
    for name in THREE:
        await caller.upgrade(name)
        clock.forward(minutes=1)
    return [job["job_id"] for job in await caller.jobs()]


async def listed(caller: Caller, **query: object) -> list[str]:
    jobs = (await caller.get("/immediate-jobs", **query)).json()["jobs"]
    return [job["job_id"] for job in jobs]


async def test_jobs_are_listed_newest_first(caller: Caller, clock: HandClock) -> None:
    assert len(await three_jobs(caller, clock)) == 3
    assert [job["instance_name"] for job in await caller.jobs()] == THREE[::-1]


@pytest.mark.parametrize(
    ("reading", "offset", "first"),
    [
        ("record from 0", 0, 0),
        ("record from 0", 1, 1),
        ("record from 1", 0, 0),
        ("record from 1", 1, 0),
        ("record from 1", 2, 1),
        ("page", 0, 0),
        ("page", 1, 0),
        ("page", 2, 10),
    ],
)
async def test_offset_is_read_as_the_switch_says(
    caller: Caller, clock: HandClock, reading: str, offset: int, first: int
) -> None:
    ids = await three_jobs(caller, clock)
    caller.simulator.switch("offset_reading", reading)
    assert await listed(caller, limit=10, offset=offset) == ids[first:]


async def test_offset_is_one_unless_given(caller: Caller, clock: HandClock) -> None:
    ids = await three_jobs(caller, clock)
    assert await listed(caller) == ids[1:]


async def test_jobs_are_filtered_by_state_name_id_and_time(
    caller: Caller, clock: HandClock
) -> None:
    newest, middle, oldest = await three_jobs(caller, clock)
    assert await listed(caller, offset=0, job_id=middle) == [middle]
    assert await listed(caller, offset=0, job_name="RebootGaussDBforMySQLInstance") == []
    assert oldest in await listed(caller, offset=0, status="Completed")
    assert newest in await listed(caller, offset=0, status="Running")
    since = "2026-01-15T16:31:00+0800"
    assert await listed(caller, offset=0, start_time=since) == [newest, middle]
    assert await listed(caller, offset=0, end_time="2026-01-15T08:30:30+0000") == [oldest]


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/immediate-jobs", {"limit": 30}, "DBS.280439"),
        ("/immediate-jobs", {"status": "running"}, "DBS.200001"),
        ("/immediate-jobs", {"start_time": "yesterday"}, "DBS.200001"),
        ("/immediate-jobs", {"Status": "Running"}, "DBS.290001"),
        ("/scheduled-jobs", {"limit": 101}, "DBS.280439"),
        ("/scheduled-jobs", {"offset": "x"}, "DBS.200001"),
        ("/jobs", {}, "DBS.200001"),
        ("/jobs", {"id": "nobody"}, "DBS.200543"),
    ],
)
async def test_bad_task_query_is_refused(
    caller: Caller, path: str, query: dict[str, Any], expected: str
) -> None:
    assert code(await caller.get(path, **query)) == (400, expected)


async def test_unencoded_plus_sign_is_a_blank_and_no_time(caller: Caller) -> None:
    token = (await caller.password()).headers["X-Subject-Token"]
    answer = await caller.with_token(token, "/immediate-jobs?start_time=2026-01-15T08:00:00+0000")
    assert code(answer) == (400, "DBS.200001")


async def test_tasks_are_forgotten_after_thirty_days(caller: Caller, clock: HandClock) -> None:
    [_, _, oldest] = await three_jobs(caller, clock)
    clock.forward(days=30)
    assert oldest not in [job["job_id"] for job in await caller.jobs()]
    assert code(await caller.get("/jobs", id=oldest)) == (400, "DBS.200543")


async def cancel(caller: Caller, body: object) -> httpx.Response:
    return await caller.signed("DELETE", f"{caller.base}/scheduled-jobs", json_body=body)


async def test_cancelled_upgrade_never_runs_and_is_named_in_the_answer(
    caller: Caller, clock: HandClock
) -> None:
    await caller.upgrade("orders-prod-01", delay=True)
    clock.forward(seconds=6)
    instance_id = caller.simulator.instance("orders-prod-01").id
    [task] = (await caller.get("/scheduled-jobs", instance_id=instance_id)).json()["schedules"]
    answer = await cancel(caller, {"job_ids": [task["job_id"], "unknown"]})
    assert answer.json() == {"job_ids": [task["job_id"]]}
    assert (await cancel(caller, {"job_ids": [task["job_id"]]})).json() == {"job_ids": []}
    clock.forward(days=1)
    [task] = (await caller.get("/scheduled-jobs", instance_id=instance_id)).json()["schedules"]
    assert task["job_status"] == "Canceled"
    assert caller.simulator.instance("orders-prod-01").kernel == "2.0.63.250300"
    assert (await caller.upgrade("orders-prod-01")).status_code == 200


async def test_running_upgrade_cannot_be_cancelled(caller: Caller, clock: HandClock) -> None:
    await caller.upgrade("orders-prod-01", delay=True)
    clock.at = clock.at.replace(hour=18, minute=1)
    tasks = (await caller.get("/scheduled-jobs", status="Running")).json()["schedules"]
    ids = [task["job_id"] for task in tasks]
    assert ids
    assert (await cancel(caller, {"job_ids": ids})).json() == {"job_ids": []}


@pytest.mark.parametrize("body", [{}, {"job_ids": []}, {"job_ids": [1]}, {"job_ids": "x"}])
async def test_malformed_cancel_is_refused(caller: Caller, body: object) -> None:
    assert code(await cancel(caller, body)) == (400, "DBS.200001")


async def exists(caller: Caller, name: str, kind: str = "VERSION_UPGRADE") -> httpx.Response:
    instance_id = caller.simulator.instance(name).id
    path = f"/instances/{instance_id}/schedule-tasks/exist"
    return await caller.post(path, {"schedule_type": kind})


async def test_existing_schedule_is_told_in_its_own_vocabulary(
    caller: Caller, clock: HandClock
) -> None:
    clock.forward(seconds=6)
    found = (await exists(caller, "users-prod-03")).json()
    assert found["exist"] is True
    assert found["scheduled_tasks"][0]["task_status"] == "WAITING"
    assert found["scheduled_tasks"][0]["start_time"] == 1768500000000
    assert (await exists(caller, "orders-prod-01")).json()["exist"] is False
    other = await exists(caller, "users-prod-03", "REBOOT_INSTANCE")
    assert other.json() == {"exist": False, "scheduled_tasks": []}
    assert code(await exists(caller, "users-prod-03", "LUNCH")) == (400, "DBS.200001")


async def test_what_was_scheduled_before_the_story_is_listed_at_once(caller: Caller) -> None:
    tasks = (await caller.get("/scheduled-jobs")).json()["schedules"]
    assert [task["instance_name"] for task in tasks] == ["users-prod-03"]


async def test_task_detail_counts_down(caller: Caller, clock: HandClock) -> None:
    await caller.upgrade("orders-prod-01")
    clock.forward(seconds=30)
    [job] = await caller.jobs()
    path = f"/instances/{job['instance_id']}/task-center-detail"
    query = {"job_id": job["job_id"], "job_name": job["job_name"]}
    detail = (await caller.get(path, **query)).json()
    [step] = detail["sub_task_list"]
    assert (detail["status"], step["status"]) == ("Running", "Running")
    assert 20 <= int(step["percent"]) <= 60
    assert 20 <= int(step["remaining_time"]) <= 70
    other = f"/instances/{caller.simulator.instance('orders-prod-02').id}/task-center-detail"
    assert code(await caller.get(other, **query)) == (400, "DBS.200543")
    assert code(await caller.get(path, job_id=job["job_id"])) == (400, "DBS.200001")
