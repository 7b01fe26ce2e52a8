import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.sandbox.taurus import SWITCHES, SwitchError, TaurusSimulator, read_faults
from bot.sandbox.taurus.simulator import SCOPES
from tests.sandbox.taurus.caller import START, Caller, HandClock, code

ONE = "orders-prod-01"


def taken(caller: Caller, name: str = ONE) -> int:
    return len(caller.simulator.submissions(name))


async def test_throttled_calls_recover_after_the_number_asked_for(caller: Caller) -> None:
    caller.simulator.switch("throttle_next", 2)
    for _ in range(2):
        answer = await caller.instances()
        assert code(answer) == (429, "APIGW.0308")
        assert "Retry-After" not in answer.headers
    assert (await caller.instances()).status_code == 200


async def test_throttle_may_tell_how_long_to_wait(caller: Caller) -> None:
    caller.simulator.switch_all({"throttle_next_retry_after": 1, "retry_after_seconds": 7})
    assert (await caller.instances()).headers["Retry-After"] == "7"


async def test_iam_throttles_with_its_own_code(caller: Caller) -> None:
    caller.simulator.switch_all({"throttle_next": 1, "fault_scope": "iam"})
    assert (await caller.instances()).status_code == 200
    assert code(await caller.password()) == (429, "IAM.0012")


async def test_fault_of_one_operation_leaves_the_others_alone(caller: Caller) -> None:
    caller.simulator.fail("list_instances", "throttle", times=2, retry_after=1)
    assert (await caller.get("/immediate-jobs")).status_code == 200
    assert [(await caller.instances()).status_code for _ in range(3)] == [429, 429, 200]


@pytest.mark.parametrize("status", ["500", "502", "503", "504"])
async def test_reads_fail_while_upgrades_work(caller: Caller, status: str) -> None:
    caller.simulator.switch_all({"reads_fail_next": 1, "server_error_status": status})
    assert (await caller.upgrade(ONE)).status_code == 200
    answer = await caller.instances()
    assert answer.status_code == int(status)
    assert answer.json()["error_code"]


@pytest.mark.parametrize(
    ("switch", "effects"), [("upgrade_fails_before_next", 0), ("upgrade_fails_after_next", 1)]
)
async def test_upgrade_fails_with_and_without_effect(
    caller: Caller, switch: str, effects: int
) -> None:
    caller.simulator.switch(switch, 1)
    assert (await caller.upgrade(ONE)).status_code == 500
    assert taken(caller) == effects


@pytest.mark.parametrize(("switch", "effects"), [("cut_before_next", 0), ("cut_after_next", 1)])
async def test_connection_is_cut_before_or_after_the_effect(
    caller: Caller, switch: str, effects: int
) -> None:
    caller.simulator.switch(switch, 1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await caller.upgrade(ONE)
    assert taken(caller) == effects
    assert caller.simulator.requests[-1].status is None
    assert (await caller.instances()).status_code == 200


@pytest.mark.parametrize(("switch", "effects"), [("hang_before_next", 0), ("hang_after_next", 1)])
async def test_hanging_call_ends_at_once_when_the_simulator_closes(
    clock: HandClock, caller: Caller, switch: str, effects: int
) -> None:
    simulator = await TaurusSimulator.start(clock=clock)
    arrived = asyncio.Event()

    async def note(_operation: str, moment: str) -> None:
        if moment == ("after" if effects else "before"):
            arrived.set()

    simulator.on_request = note
    simulator.switch(switch, 1)
    caller.simulator = simulator
    call = asyncio.create_task(caller.upgrade(ONE))
    await arrived.wait()
    assert len(simulator.submissions(ONE)) == effects
    await asyncio.wait_for(simulator.close(), 2)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await call


@pytest.mark.parametrize(("switch", "effects"), [("html_next", 0), ("html_after_next", 1)])
async def test_page_of_a_proxy_is_no_json(caller: Caller, switch: str, effects: int) -> None:
    caller.simulator.switch(switch, 1)
    answer = await caller.upgrade(ONE)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<html>" in answer.text
    assert taken(caller) == effects


async def test_empty_answer_comes_after_the_effect(caller: Caller) -> None:
    caller.simulator.switch("empty_next", 1)
    answer = await caller.upgrade(ONE)
    assert (answer.status_code, answer.content) == (200, b"")
    assert taken(caller) == 1


async def test_wrong_resp_is_no_success(caller: Caller) -> None:
    caller.simulator.switch("wrong_resp_next", 1)
    assert (await caller.instances()).json()["instances"]
    assert (await caller.upgrade(ONE)).json() == {"resp": "failed"}


@pytest.mark.parametrize(
    ("wanted", "status"), [("DBS.05000009", 400), ("DBS.212033", 409), ("APIGW.0308", 429)]
)
async def test_next_upgrade_is_refused_with_the_code_chosen(
    caller: Caller, wanted: str, status: int
) -> None:
    caller.simulator.switch("next_upgrade_error", wanted)
    assert (await caller.instances()).status_code == 200
    assert code(await caller.upgrade(ONE)) == (status, wanted)
    assert taken(caller) == 0
    assert (await caller.upgrade(ONE)).status_code == 200


async def test_dropped_rows_are_answered_with_success(caller: Caller) -> None:
    caller.simulator.switch("dropped_rows", 1)
    answer = await caller.upgrade(ONE, "orders-prod-02")
    assert answer.json() == {"resp": "success"}
    assert (taken(caller), taken(caller, "orders-prod-02")) == (1, 0)


@pytest.mark.parametrize(("mode", "status"), [("error", 400), ("success", 200)])
async def test_partial_rejection_starts_the_good_rows(
    caller: Caller, mode: str, status: int
) -> None:
    caller.simulator.switch("partial_rejection", mode)
    answer = await caller.upgrade("billing-prod-01", ONE)
    assert answer.status_code == status
    assert (taken(caller), taken(caller, "billing-prod-01")) == (1, 0)


async def test_accepted_upgrade_may_leave_no_trace(caller: Caller, clock: HandClock) -> None:
    caller.simulator.switch("never_starts", "no job")
    await caller.upgrade(ONE)
    clock.forward(hours=1)
    assert await caller.jobs() == []
    assert (await caller.version(ONE))["upgrade_flag"] is True


async def test_accepted_upgrade_may_stay_pending(caller: Caller, clock: HandClock) -> None:
    caller.simulator.switch("never_starts", "pending")
    await caller.upgrade(ONE)
    clock.forward(hours=1)
    [job] = await caller.jobs()
    assert (job["status"], job["process"], job["ended_time"]) == ("Pending", "", "")
    path = f"/instances/{job['instance_id']}/task-center-detail"
    detail = await caller.get(path, job_id=job["job_id"], job_name=job["job_name"])
    assert detail.json()["sub_task_list"][0]["remaining_time"] == "0"


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        ("fails_half_way", "rolled back"),
        ("fails_under_load", "Reduce the service load"),
        ("leaves_copy", "orders-prod-01_copy"),
    ],
)
async def test_upgrade_fails_with_the_reason_switched_on(
    caller: Caller, clock: HandClock, switch: str, reason: str
) -> None:
    caller.simulator.switch(switch, value=True)
    await caller.upgrade(ONE)
    clock.forward(minutes=5)
    [job] = await caller.jobs()
    assert job["status"] == "Failed"
    assert reason in job["fail_reason"]
    assert (await caller.version(ONE))["upgrade_flag"] is True


async def test_jobs_can_be_later_still_or_hidden(caller: Caller, clock: HandClock) -> None:
    caller.simulator.switch("jobs_late_seconds", 120)
    await caller.upgrade(ONE)
    clock.forward(seconds=120)
    assert await caller.jobs() == []
    clock.forward(seconds=6)
    [job] = await caller.jobs()
    caller.simulator.switch("jobs_hidden", value=True)
    assert await caller.jobs() == []
    assert code(await caller.get("/jobs", id=job["job_id"])) == (400, "DBS.200543")


async def test_list_may_miss_instances_that_it_counts(caller: Caller) -> None:
    caller.simulator.switch("list_omits", 3)
    listed = (await caller.instances()).json()
    assert len(listed["instances"]) == listed["total_count"] - 3


async def test_status_during_an_upgrade_is_a_switch(caller: Caller, clock: HandClock) -> None:
    await caller.upgrade(ONE)
    clock.forward(seconds=10)
    rows = (await caller.instances(name=ONE)).json()["instances"]
    assert rows[0]["status"] == "normal"
    caller.simulator.switch("status_while_upgrading", "upgrading")
    rows = (await caller.instances(name=ONE)).json()["instances"]
    assert rows[0]["status"] == "upgrading"
    old = await caller.signed("GET", f"{caller.base}/instances", [("name", ONE)])
    assert old.json()["instances"][0]["status"] == "MODIFYING"


@pytest.mark.parametrize(
    ("accepted", "delay", "status"),
    [
        ("boolean", False, 200),
        ("boolean", "false", 400),
        ("string", "false", 200),
        ("string", False, 400),
    ],
)
async def test_type_of_delay_can_be_narrowed(
    caller: Caller, accepted: str, delay: object, status: int
) -> None:
    caller.simulator.switch("delay_accepted", accepted)
    assert (await caller.upgrade(ONE, delay=delay)).status_code == status


async def test_pre_check_may_fail_or_not_exist_in_the_region(caller: Caller) -> None:
    rows = {"databases_instance_infos": [caller.row(ONE)]}
    path = "/instances/database-version/upgrade/pre-check"
    assert (await caller.post(path, rows)).status_code == 200
    passed = (await caller.post(f"{path}-result", rows)).json()
    assert passed["upgrade_precheck_result"] == "true"
    caller.simulator.switch("precheck", "failing")
    failed = (await caller.post(f"{path}-result", rows)).json()
    assert failed["upgrade_precheck_result"] == "false"
    caller.simulator.switch("precheck", "absent")
    assert code(await caller.post(path, rows)) == (404, "APIGW.0101")
    assert code(await caller.post(f"{path}-result", rows)) == (404, "APIGW.0101")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("error_code", {"error_code": "DBS.280449", "error_msg": "The instance is frozen."}),
        ("errorCode", {"errorCode": "DBS.280449", "errorMsg": "The instance is frozen."}),
        ("code", {"code": "DBS.280449", "message": "The instance is frozen."}),
        (
            "nested",
            {"error": {"code": 400, "message": "The instance is frozen.", "title": "DBS.280449"}},
        ),
    ],
)
async def test_errors_have_one_of_four_shapes(
    caller: Caller, shape: str, expected: dict[str, Any]
) -> None:
    caller.simulator.switch("error_shape", shape)
    assert (await caller.upgrade("billing-prod-01")).json() == expected


async def test_slow_answers_wait_by_the_sleep_given(clock: HandClock, caller: Caller) -> None:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    caller.simulator = await TaurusSimulator.start(clock=clock, sleep=sleep)
    caller.simulator.switch("slow_seconds", 4)
    assert (await caller.instances()).status_code == 200
    await caller.simulator.close()
    assert slept == [4.0]


@pytest.mark.parametrize("expected", ["APIGW.0301", "APIGW.0307"])
async def test_tokens_expire_on_demand_and_new_ones_work(caller: Caller, expected: str) -> None:
    token = (await caller.password()).headers["X-Subject-Token"]
    caller.simulator.switch("expire_tokens", expected)
    assert code(await caller.with_token(token)) == (401, expected)
    fresh = (await caller.password()).headers["X-Subject-Token"]
    assert (await caller.with_token(fresh)).status_code == 200


async def test_life_of_tokens_is_a_switch(caller: Caller, clock: HandClock) -> None:
    caller.simulator.switch("token_lifetime_seconds", 60)
    token = (await caller.password()).headers["X-Subject-Token"]
    clock.forward(seconds=60)
    assert (await caller.with_token(token)).status_code == 401


async def test_iam_down_leaves_signatures_working(caller: Caller) -> None:
    caller.simulator.switch("iam_down", value=True)
    assert code(await caller.password()) == (503, "IAM.0006")
    assert (await caller.instances()).status_code == 200


async def test_clock_of_the_cloud_can_be_wrong(caller: Caller) -> None:
    caller.simulator.switch("clock_ahead_seconds", 901)
    answer = await caller.instances()
    assert code(answer) == (401, "APIGW.0303")
    assert answer.headers["Date"] == "Thu, 15 Jan 2026 08:45:01 GMT"


async def test_hook_sees_each_operation_before_and_after_its_effect(caller: Caller) -> None:
    seen = []

    async def hook(operation: str, moment: str) -> None:
        seen.append((operation, moment, taken(caller)))

    caller.simulator.on_request = hook
    await caller.upgrade(ONE)
    assert seen == [("batch_upgrade", "before", 0), ("batch_upgrade", "after", 1)]
    assert caller.simulator.on_request is hook


async def test_log_keeps_what_was_asked_and_when(caller: Caller) -> None:
    await caller.upgrade(ONE)
    record = caller.simulator.requests[-1]
    assert (record.operation, record.method, record.status) == ("batch_upgrade", "POST", 200)
    assert record.body["databases_instance_infos"] == [caller.row(ONE)]
    assert record.at == START
    await caller.signed("POST", record.path, raw=b"{")
    assert caller.simulator.requests[-1].body == "{"


def test_table_has_a_help_text_and_a_fitting_default_for_every_switch() -> None:
    assert len({switch.name for switch in SWITCHES}) == len(SWITCHES)
    for switch in SWITCHES:
        assert switch.label
        assert switch.help.endswith(".")
        assert switch.problem(switch.default) == ""


async def test_every_wrong_switch_is_reported_and_none_is_turned(
    simulator: TaurusSimulator,
) -> None:
    wanted: dict[str, str | int] = {
        "iam_dwn": True,
        "iam_down": 1,
        "precheck": "maybe",
        "throttle_next": -1,
    }
    with pytest.raises(SwitchError) as caught:
        simulator.switch_all({"slow_seconds": 3, **wanted})
    assert caught.value.problems == (
        "iam_dwn: no such switch; did you mean iam_down?",
        "iam_down: 1 is not a true or false",
        "precheck: 'maybe' is none of 'passing', 'failing', 'absent'",
        "throttle_next: -1 is not a number of 0 or more",
    )
    assert simulator.faults.number("slow_seconds") == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("apply_upgrade", "nobody"), ("apply_upgrade", ONE), ("zzz", 1), ("fault_scope", 3)],
)
async def test_switch_that_cannot_be_turned_says_why(
    simulator: TaurusSimulator, name: str, value: str | int
) -> None:
    with pytest.raises(SwitchError, match=name):
        simulator.switch(name, value)


@pytest.mark.parametrize(("scope", "kind"), [("any", "explode"), ("list_instance", "throttle")])
async def test_unknown_scope_or_kind_of_fault_is_an_error(
    simulator: TaurusSimulator, scope: str, kind: str
) -> None:
    with pytest.raises(ValueError, match=r"explode|list_instance"):
        simulator.fail(scope, kind)


async def test_code_that_the_vendor_does_not_have_is_an_error(simulator: TaurusSimulator) -> None:
    with pytest.raises(ValueError, match=r"DBS\.999999"):
        simulator.fail("list_instances", "refuse", code="DBS.999999")


def test_scopes_on_the_panel_are_known_to_the_simulator() -> None:
    [scope] = [switch for switch in SWITCHES if switch.name == "fault_scope"]
    assert set(scope.choices) <= set(SCOPES)


def test_faults_file_is_toml_or_json(tmp_path: Path) -> None:
    toml = tmp_path / "faults.toml"
    toml.write_text('iam_down = true\nthrottle_next = 2\nprecheck = "absent"\n')
    expected = {"iam_down": True, "throttle_next": 2.0, "precheck": "absent"}
    assert read_faults(toml) == expected
    as_json = tmp_path / "faults.json"
    as_json.write_text('{"iam_down": true, "throttle_next": 2, "precheck": "absent"}')
    assert read_faults(as_json) == expected


@pytest.mark.parametrize(
    ("name", "text", "problems"),
    [
        ("f.toml", "a = 1\nb = 2\n", 2),
        ("f.toml", "a =", 1),
        ("f.json", "[]", 1),
        ("f.json", "{", 1),
    ],
)
def test_bad_faults_file_is_reported_with_all_its_mistakes(
    tmp_path: Path, name: str, text: str, problems: int
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(SwitchError) as caught:
        read_faults(path)
    assert len(caught.value.problems) == problems
