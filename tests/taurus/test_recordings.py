"""Our requests against those that the vendor's SDK puts on the wire, as they were recorded."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.domain.instance import JobState
from bot.taurus import AkSk, Password, TaurusConfig
from bot.taurus.calls import Call, Caller
from bot.taurus.client import TaurusClient
from bot.taurus.fleet import connect, open_http
from tests.taurus.conftest import HandClock
from tests.taurus.recorder import Recorder, Reply

DATA = Path(__file__).parents[1] / "data" / "sdk_requests.json"
RECORDED = {one["operation"]: one for one in json.loads(DATA.read_text())["requests"]}
FIRST, SECOND = "6754902da1f447269c6979b0590102a5in07", "a48e43ff268f4c0e879652d65e63d0fbin07"
JOB, SCHEDULE = "a9767ede-fe0f-4888-9003-e843a4c90514", "56d3c1138dcf4f1da73b0170700c78d0"
OLD, NEWER = "2.0.48.231200", "2.0.54.240600"
DAY = datetime(2026, 1, 15, tzinfo=UTC)

Connect = Callable[[TaurusConfig], TaurusClient]

CALLS: dict[str, Callable[[TaurusClient], Awaitable[object]]] = {
    "batch_upgrade_databases": lambda client: client.upgrade(
        [(FIRST, OLD), (SECOND, NEWER)], delay=False
    ),
    "check_kernel_upgrade": lambda client: client.start_precheck([(FIRST, OLD), (SECOND, OLD)]),
    "show_kernel_upgrade_check_result": lambda client: client.precheck_result([(FIRST, OLD)]),
    "show_instance_database_version": lambda client: client.version(FIRST),
    "list_instance_details_v3_1": lambda client: client.details([FIRST, SECOND]),
    "show_job": lambda client: client.job(JOB),
    "cancel_schedule_task": lambda client: client.cancel_schedules([SCHEDULE]),
}
# Recorded with filters that the bot has no use for, or with another page.
NARROWER: dict[str, tuple[Callable[[TaurusClient], Awaitable[object]], str]] = {
    "list_instances_v3_1": (lambda client: client.list_instances(), "limit=100&offset=0"),
    "list_instances_v3_historical": (
        lambda client: client.list_instances_v3(),
        "limit=100&offset=0",
    ),
    "list_immediate_jobs": (
        lambda client: client.upgrade_jobs(DAY),
        (
            "job_name=UpgradeGaussDBforMySQLDatabaseVersion&limit=50&offset=0"
            "&start_time=2026-01-15T00%3A00%3A00%2B0000"
        ),
    ),
    "list_schedule_jobs": (
        lambda client: client.schedules(),
        "job_name=VERSION_UPGRADE&limit=100&offset=0",
    ),
}


@pytest.fixture
async def connected(clock: HandClock) -> AsyncIterator[Connect]:
    opened = []

    def connect_to(config: TaurusConfig) -> TaurusClient:
        calls: list[Call] = []
        http = open_http(config)
        opened.append(http)
        caller = Caller(
            http,
            config.limits,
            clock=clock,
            sleep=clock.sleep,
            random=float,
            on_call=calls.append,
        )
        return connect(config, caller, clock)

    yield connect_to
    for http in opened:
        await http.aclose()


def replay(recorder: Recorder, operation: str) -> dict[str, Any]:
    recorded: dict[str, Any] = RECORDED[operation]
    canned = recorded["canned_reply"]
    recorder.reply(Reply(canned["body"], canned["status"], canned["headers"]))
    return recorded


def assert_same_headers(ours: dict[str, str], recorded: dict[str, Any]) -> None:
    """All that the SDK sends but for its own name; the language is ours to add."""
    for name, value in recorded["headers"].items():
        if name != "User-Agent":
            assert ours[name] == value
    assert ours["User-Agent"] == "taurus-upgrade-bot"
    assert ours.get("Content-Length") == recorded["content_length"]
    signed = ours["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    assert sorted({*recorded["signed_headers"], "x-language"}) == signed


@pytest.mark.parametrize("operation", CALLS)
async def test_the_request_is_the_recorded_one(
    operation: str, recorder: Recorder, connected: Connect, key: AkSk
) -> None:
    recorded = replay(recorder, operation)
    await CALLS[operation](connected(recorder.config(key)))
    (seen,) = recorder.seen
    query = f"?{recorded['raw_query']}" if recorded["raw_query"] else ""
    assert (seen.method, seen.target) == (recorded["method"], recorded["path"] + query)
    assert seen.body.decode() == (recorded["raw_body"] or "")
    assert_same_headers(seen.headers, recorded)


@pytest.mark.parametrize("operation", NARROWER)
async def test_lists_are_asked_for_as_recorded_but_for_the_filters(
    operation: str, recorder: Recorder, connected: Connect, key: AkSk
) -> None:
    recorded = replay(recorder, operation)
    call, query = NARROWER[operation]
    found = await call(connected(recorder.config(key)))
    assert isinstance(found, tuple)
    assert len(found) == 1
    (seen,) = recorder.seen
    assert (seen.method, seen.target) == (recorded["method"], f"{recorded['path']}?{query}")
    assert {part.split("=")[0] for part in query.split("&")} <= {
        name for name, _ in recorded["query"]
    }
    assert_same_headers(seen.headers, recorded)


async def test_a_delayed_upgrade_in_chinese_is_the_recorded_one(
    recorder: Recorder, connected: Connect, key: AkSk
) -> None:
    recorded = replay(recorder, "batch_upgrade_databases_delayed_zh")
    client = connected(recorder.config(key, language="zh-cn"))
    await client.upgrade([(FIRST, OLD)], delay=True)
    assert recorder.seen[0].body.decode() == recorded["raw_body"]
    assert_same_headers(recorder.seen[0].headers, recorded)


async def test_a_temporary_key_sends_its_token_signed(
    recorder: Recorder, connected: Connect, key: AkSk
) -> None:
    recorded = replay(recorder, "batch_upgrade_databases_temporary_credential")
    token = SecretStr(recorded["headers"]["X-Security-Token"])
    temporary = key.model_copy(update={"security_token": token})
    await connected(recorder.config(temporary)).upgrade([(FIRST, OLD)], delay=False)
    assert recorder.seen[0].body.decode() == recorded["raw_body"]
    assert_same_headers(recorder.seen[0].headers, recorded)


async def test_delay_can_be_sent_as_text(recorder: Recorder, connected: Connect, key: AkSk) -> None:
    replay(recorder, "batch_upgrade_databases")
    client = connected(recorder.config(key, delay_format="string"))
    await client.upgrade([(FIRST, OLD)], delay=False)
    assert json.loads(recorder.seen[0].body)["delay"] == "false"


async def test_a_login_is_the_recorded_one_without_any_authentication(
    recorder: Recorder, connected: Connect, user: Password
) -> None:
    recorded = replay(recorder, "iam_keystone_create_user_token_by_password")
    client = connected(recorder.config(user, project_id=None))
    assert await client.project_id() == "054e292c9880d4992f02c0196d3ea468"
    (seen,) = recorder.seen
    assert (seen.method, seen.target) == ("POST", "/v3/auth/tokens?nocatalog=true")
    assert seen.body.decode() == recorded["raw_body"]
    assert seen.headers["Content-Type"] == recorded["headers"]["Content-Type"]
    assert not {"Authorization", "X-Auth-Token"} & set(seen.headers)


async def test_the_project_lookup_is_the_recorded_one(
    recorder: Recorder, connected: Connect, key: AkSk
) -> None:
    recorded = replay(recorder, "iam_keystone_list_projects")
    client = connected(recorder.config(key, project_id=None))
    assert await client.project_id() == "054e292c9880d4992f02c0196d3ea468"
    (seen,) = recorder.seen
    assert seen.target == f"{recorded['path']}?{recorded['raw_query']}"
    assert seen.headers["Content-Type"] == recorded["headers"]["Content-Type"]


async def test_recorded_answers_are_understood(
    recorder: Recorder, connected: Connect, key: AkSk
) -> None:
    client = connected(recorder.config(key))
    replay(recorder, "show_job")
    job = await client.job(JOB)
    assert (job.instance_id, job.state, job.progress) == (FIRST, JobState.RUNNING, "60%")
