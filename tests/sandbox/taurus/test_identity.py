from datetime import timedelta

import httpx
import pytest

from bot.sandbox.taurus import TaurusSimulator
from tests.sandbox.taurus.caller import Caller, HandClock, code


async def token_of(caller: Caller) -> str:
    return (await caller.password()).headers["X-Subject-Token"]


async def test_token_of_the_right_password_opens_the_service(caller: Caller) -> None:
    answer = await caller.password()
    assert answer.status_code == 201
    assert answer.json()["token"]["expires_at"] == "2026-01-16T08:30:00.000000Z"
    assert answer.json()["token"]["project"]["id"] == caller.simulator.project_id
    assert (await caller.with_token(answer.headers["X-Subject-Token"])).status_code == 200


async def test_catalog_comes_unless_told_not_to(caller: Caller) -> None:
    assert (await caller.password()).json()["token"]["catalog"] == []
    token = await token_of(caller)
    answer = await caller.http.get(
        f"{caller.simulator.iam_endpoint}/v3/auth/tokens",
        headers={"X-Auth-Token": token, "X-Subject-Token": token},
    )
    assert answer.json()["token"]["catalog"]


async def test_five_wrong_passwords_lock_the_user_for_a_quarter_of_an_hour(
    caller: Caller, clock: HandClock
) -> None:
    for _ in range(5):
        assert code(await caller.password("wrong")) == (401, "IAM.0062")
    assert code(await caller.password()) == (401, "IAM.0061")
    clock.forward(minutes=15)
    assert (await caller.password()).status_code == 201


async def test_right_password_forgives_the_wrong_ones_before(caller: Caller) -> None:
    for _ in range(4):
        await caller.password("wrong")
    assert (await caller.password()).status_code == 201
    assert code(await caller.password("wrong")) == (401, "IAM.0062")
    assert (await caller.password()).status_code == 201


async def test_token_dies_after_a_day(caller: Caller, clock: HandClock) -> None:
    token = await token_of(caller)
    clock.forward(hours=24)
    answer = await caller.with_token(token)
    assert code(answer) == (401, "APIGW.0301")
    assert "token expires, expires_at: 2026-01-16T08:30:00" in answer.json()["error_msg"]


async def test_unknown_token_and_no_token_are_told_apart(caller: Caller) -> None:
    unknown = await caller.with_token("MIIwrong")
    assert "decrypt token fail" in unknown.json()["error_msg"]
    nothing = await caller.http.get(caller.simulator.endpoint + caller.base + "/instances")
    assert code(nothing) == (401, "APIGW.0301")
    assert "x-auth-token not found" in nothing.json()["error_msg"]


async def test_token_and_signature_together_are_refused(caller: Caller) -> None:
    answer = await caller.signed(
        "GET", f"{caller.base}/instances", headers={"X-Auth-Token": await token_of(caller)}
    )
    assert code(answer) == (401, "APIGW.0301")


async def test_token_without_project_scope_is_of_no_use_here(caller: Caller) -> None:
    answer = await caller.password(scope={"domain": {"name": caller.simulator.domain}})
    assert "project" not in answer.json()["token"]
    assert code(await caller.with_token(answer.headers["X-Subject-Token"])) == (403, "DBS.280056")


async def test_foreign_project_is_forbidden(caller: Caller) -> None:
    answer = await caller.signed("GET", f"/v3.1/{'0' * 32}/instances")
    assert code(answer) == (403, "DBS.200044")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"identity": {}}, (400, "IAM.0011")),
        ({"identity": None}, (400, "IAM.0011")),
        ({"identity": {"methods": ["magic"]}}, (400, "IAM.0011")),
        ({"identity": {"methods": ["password"]}}, (400, "IAM.0011")),
        ({"scope": {"project": {"name": "nowhere-1"}}}, (404, "IAM.0004")),
        ({"identity": {"methods": ["assume_role"]}}, (401, "APIGW.0301")),
    ],
)
async def test_malformed_token_request_is_refused(
    caller: Caller, changes: dict[str, object], expected: tuple[int, str]
) -> None:
    assert code(await caller.password(None, **changes)) == expected


async def test_check_of_a_bad_token_finds_nothing(caller: Caller) -> None:
    token = await token_of(caller)
    url = f"{caller.simulator.iam_endpoint}/v3/auth/tokens"
    headers = {"X-Auth-Token": token, "X-Subject-Token": "MIIother"}
    assert code(await caller.http.get(url, headers=headers)) == (404, "IAM.0004")
    headers["X-Subject-Token"] = token
    head = await caller.http.head(url, headers=headers)
    assert (head.status_code, head.content) == (200, b"")


async def test_project_is_found_by_the_name_of_the_region(caller: Caller) -> None:
    iam = caller.simulator.iam_endpoint
    found = await caller.signed("GET", "/v3/projects", [("name", "cn-north-4")], endpoint=iam)
    assert [project["id"] for project in found.json()["projects"]] == [caller.simulator.project_id]
    none = await caller.signed("GET", "/v3/projects", [("name", "eu-1")], endpoint=iam)
    assert none.json()["projects"] == []


async def test_signature_is_refused_when_the_clock_is_more_than_fifteen_minutes_off(
    caller: Caller,
) -> None:
    path = f"{caller.base}/instances"
    assert (await caller.signed("GET", path, shift=timedelta(minutes=15))).status_code == 200
    late = await caller.signed("GET", path, shift=timedelta(minutes=-15, seconds=-1))
    assert code(late) == (401, "APIGW.0303")


async def test_five_bad_signatures_lock_the_key_for_five_minutes(
    caller: Caller, clock: HandClock
) -> None:
    right = caller.keys
    caller.keys = (right[0], "wrong")
    for _ in range(5):
        answer = await caller.instances()
        assert "verify aksk signature fail" in answer.json()["error_msg"]
    caller.keys = right
    locked = await caller.instances()
    assert locked.status_code == 401
    assert "AK access failed to reach the limit,forbidden" in locked.json()["error_msg"]
    clock.forward(minutes=5)
    assert (await caller.instances()).status_code == 200


async def test_unknown_key_is_named(caller: Caller) -> None:
    caller.keys = ("NOBODY", "x")
    answer = await caller.instances()
    assert "Get secretKey failed,ak:NOBODY,err:ak not exist" in answer.json()["error_msg"]


@pytest.mark.parametrize(
    "header", ["Bearer x", "SDK-HMAC-SHA256 Access=A,SignedHeaders=host,Signature=0"]
)
async def test_malformed_authorization_is_refused(caller: Caller, header: str) -> None:
    url = caller.simulator.endpoint + caller.base + "/instances"
    answer = await caller.http.get(url, headers={"Authorization": header})
    assert "authorization format is incorrect" in answer.json()["error_msg"]


@pytest.mark.parametrize("names", ["host", "host;x-sdk-date;x-missing"])
async def test_signature_must_cover_host_and_date_and_only_headers_that_came(
    caller: Caller, names: str
) -> None:
    signature = f"SignedHeaders={names}, Signature={'0' * 64}"
    headers = {
        "X-Sdk-Date": "20260115T083000Z",
        "Authorization": f"SDK-HMAC-SHA256 Access={caller.simulator.ak}, {signature}",
    }
    url = caller.simulator.endpoint + caller.base + "/instances"
    answer = await caller.http.get(url, headers=headers)
    assert "verify aksk signature fail" in answer.json()["error_msg"]


async def test_signature_without_a_date_is_refused(caller: Caller) -> None:
    signature = f"SignedHeaders=host;x-sdk-date, Signature={'0' * 64}"
    headers = {"Authorization": f"SDK-HMAC-SHA256 Access={caller.simulator.ak}, {signature}"}
    url = caller.simulator.endpoint + caller.base + "/instances"
    answer = await caller.http.get(url, headers=headers)
    assert "x-sdk-date" in answer.json()["error_msg"]


async def test_payload_hash_may_be_given_in_a_header(caller: Caller) -> None:
    # A wrong hash in the header is what gets signed, so the recomputed signature differs.
    answer = await caller.signed(
        "POST",
        f"{caller.base}/instances/database-version/upgrade",
        raw=b"{}",
        headers={"X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"},
    )
    assert code(answer) == (401, "APIGW.0301")


async def temporary_key(caller: Caller, details: dict[str, object]) -> httpx.Response:
    [method] = details
    identity = {"methods": [method], **details}
    return await caller.signed(
        "POST",
        "/v3.0/OS-CREDENTIAL/securitytokens",
        json_body={"auth": {"identity": identity}},
        endpoint=caller.simulator.iam_endpoint,
    )


async def test_temporary_key_works_with_its_security_token_until_it_expires(
    caller: Caller, clock: HandClock
) -> None:
    agency = {"agency_name": "db_upgrade", "domain_name": "acme", "duration_seconds": 900}
    credential = (await temporary_key(caller, {"assume_role": agency})).json()["credential"]
    caller.keys = (credential["access"], credential["secret"])
    path = f"{caller.base}/instances"
    proof = {"X-Security-Token": credential["securitytoken"]}
    assert (await caller.signed("GET", path, headers=proof)).status_code == 200
    assert code(await caller.signed("GET", path)) == (401, "APIGW.0301")
    clock.forward(seconds=900)
    assert code(await caller.signed("GET", path, headers=proof)) == (401, "IAM.1108")


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"token": {"id": "MIIwrong"}}, (401, "APIGW.0301")),
        ({"assume_role": {"agency_name": "nobody", "domain_name": "a"}}, (404, "IAM.0004")),
        ({"assume_role": {"agency_name": "db_upgrade"}}, (400, "IAM.0011")),
        (
            {
                "assume_role": {
                    "agency_name": "db_upgrade",
                    "domain_name": "a",
                    "duration_seconds": 1,
                }
            },
            (400, "IAM.0011"),
        ),
    ],
)
async def test_bad_request_for_a_temporary_key_is_refused(
    caller: Caller, details: dict[str, object], expected: tuple[int, str]
) -> None:
    assert code(await temporary_key(caller, details)) == expected


async def test_each_port_knows_only_its_own_service(caller: Caller) -> None:
    simulator = caller.simulator
    on_iam = await caller.signed("GET", f"{caller.base}/instances", endpoint=simulator.iam_endpoint)
    assert code(on_iam) == (404, "APIGW.0101")
    assert code(await caller.signed("GET", "/v3/projects")) == (404, "APIGW.0101")


async def test_no_secret_is_kept_in_the_log_or_in_a_repr(
    caller: Caller, simulator: TaurusSimulator
) -> None:
    token = await token_of(caller)
    await caller.with_token(token)
    await caller.instances()
    await temporary_key(caller, {"token": {"id": token}})
    kept = repr(simulator.requests)
    assert token not in kept
    assert simulator.password not in kept
    assert "Signature=" not in kept
    assert simulator.sk not in repr(simulator._cloud)  # noqa: SLF001
    assert simulator.password not in repr(simulator._cloud)  # noqa: SLF001
