"""The requests that the vendor's SDK sends get answers of the shape that its models accept."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.sandbox.taurus import Credentials, Fleet, Instance, TaurusSimulator
from tests.sandbox.taurus.caller import Caller, HandClock

DATA = Path(__file__).parents[2] / "data"
RECORDED = json.loads((DATA / "sdk_requests.json").read_text())["requests"]
VECTORS = json.loads((DATA / "signing_vectors.json").read_text())
ORDERS = "6754902da1f447269c6979b0590102a5in07"
OTHER = "a48e43ff268f4c0e879652d65e63d0fbin07"
NOT_SERVED = {
    "delete_schedule_task_record",
    "delete_task_record",
    "show_proxy_list",
    "show_proxy_version",
    "upgrade_proxy_version",
    "list_enterprise_projects",
}
SERVED = [recorded for recorded in RECORDED if recorded["operation"] not in NOT_SERVED]
NEEDS_TOKEN = {"iam_create_temporary_access_key_by_token", "iam_keystone_validate_token"}
NEEDS_TASK = {"show_job", "show_task_details"}


def two_instances() -> Fleet:
    newest = "2.0.72.251200"
    tags = {"env": "prod", "team": "db"}
    return Fleet(
        [
            Instance(ORDERS, "orders-prod-01", "2.0.48.231200", newest, tags=tags, proxies=1),
            Instance(OTHER, "users-prod-01", "2.0.54.240600", newest, tags=tags),
        ]
    )


def assert_shape(answer: object, canned: object, at: str) -> None:
    if isinstance(canned, dict):
        assert isinstance(answer, dict), at
        # The recorder's reply has eos_tag everywhere, the documents in v3.1 only.
        optional = {"eos_tag"} if "historical" in at else set()
        assert set(canned) - optional <= set(answer), at
        for name in set(canned) & set(answer):
            assert_shape(answer[name], canned[name], f"{at}.{name}")
    elif isinstance(canned, list):
        assert isinstance(answer, list), at
        if canned and answer:
            assert_shape(answer[0], canned[0], f"{at}[0]")
    else:
        assert type(answer) is type(canned), at


async def prepare(
    caller: Caller, recorded: dict[str, Any], clock: HandClock
) -> list[tuple[str, Any]]:
    """Let the task or schedule that the recording asks about exist."""
    query = [(name, value) for name, value in recorded["query"]]
    if recorded["operation"] in {"list_immediate_jobs", *NEEDS_TASK}:
        await caller.upgrade("orders-prod-01")
        clock.forward(seconds=10)
        job_id = (await caller.jobs())[0]["job_id"]
        ids = {"id": job_id, "job_id": job_id}
        return [(name, ids.get(name, value)) for name, value in query]
    if recorded["operation"] in {"list_schedule_jobs", "check_schedule_task_exist"}:
        await caller.upgrade("orders-prod-01", delay=True)
        clock.forward(seconds=10)
    return query


async def body_and_headers(
    caller: Caller, recorded: dict[str, Any]
) -> tuple[bytes, dict[str, str]]:
    raw = (recorded["raw_body"] or "").encode()
    headers = {name: value for name, value in recorded["headers"].items() if name != "User-Agent"}
    headers.pop("X-Security-Token", None)
    if recorded["operation"] in NEEDS_TOKEN:
        token = (await caller.password()).headers["X-Subject-Token"]
        raw = raw.replace(b"MIIExampleToken", token.encode())
        if "X-Subject-Token" in headers:
            headers["X-Subject-Token"] = token
    return raw, headers


@pytest.mark.parametrize("recorded", SERVED, ids=lambda recorded: recorded["operation"])
async def test_recorded_request_gets_an_answer_of_the_recorded_shape(
    recorded: dict[str, Any], clock: HandClock
) -> None:
    account = Credentials(user="bot", password="P@ssw0rd-example", domain="acme")
    simulator = await TaurusSimulator.start(clock=clock, fleet=two_instances(), credentials=account)
    async with httpx.AsyncClient() as http:
        caller = Caller(http, simulator, clock)
        query = await prepare(caller, recorded, clock)
        raw, headers = await body_and_headers(caller, recorded)
        endpoint = simulator.iam_endpoint if recorded["service"] == "iam" else simulator.endpoint
        answer = await caller.signed(
            recorded["method"],
            recorded["path"],
            query,
            raw=raw,
            headers=headers,
            endpoint=endpoint,
        )
    await simulator.close()
    canned = recorded["canned_reply"]
    assert answer.status_code == canned["status"], answer.text
    assert set(canned["headers"]) <= {name.title() for name in answer.headers}
    if canned["body"] is None:
        assert answer.content == b""
    else:
        assert_shape(answer.json(), canned["body"], recorded["operation"])


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
async def test_signature_of_the_vendors_signer_is_accepted(
    vector: dict[str, Any], clock: HandClock
) -> None:
    sent = vector["input"]
    keys = Credentials(
        ak=VECTORS["access_key"],
        sk=VECTORS["secret_key"],
        security_token=sent["headers"].get("X-Security-Token", ""),
    )
    simulator = await TaurusSimulator.start(clock=clock, credentials=keys)
    headers = {**sent["headers"], "Authorization": vector["expected"]["authorization"]}
    async with httpx.AsyncClient() as http:
        answer = await http.request(
            sent["method"],
            simulator.endpoint + vector["expected"]["wire_request_target"],
            headers=headers,
            content=sent["body"].encode(),
        )
        forged = await http.request(
            sent["method"],
            simulator.endpoint + vector["expected"]["wire_request_target"],
            headers=headers,
            content=sent["body"].encode() + b" ",
        )
    await simulator.close()
    assert answer.status_code not in {401, 403}, answer.text
    # A path that is no API here is answered before anybody looks at the signature.
    assert forged.status_code == (404 if "APIGW.0101" in answer.text else 401)
