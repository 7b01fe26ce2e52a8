from typing import Any

import httpx
import pytest

from bot.sandbox.taurus import TaurusSimulator, default_fleet, make_fleet
from tests.sandbox.taurus.caller import Caller, HandClock, code


def names(answer: httpx.Response) -> list[str]:
    return [instance["name"] for instance in answer.json()["instances"]]


async def test_name_is_exact_or_with_a_star_in_front_a_part(caller: Caller) -> None:
    assert names(await caller.instances(name="orders-prod-01")) == ["orders-prod-01"]
    assert names(await caller.instances(name="orders-prod")) == []
    found = names(await caller.instances(name="*orders-prod"))
    assert found == [f"orders-prod-0{number}" for number in range(1, 5)]


async def test_filters_by_id_address_and_tags_must_all_hold(caller: Caller) -> None:
    instance = caller.simulator.instance("orders-dev-01")
    assert names(await caller.instances(id=instance.id)) == ["orders-dev-01"]
    found = await caller.instances(private_ip=instance.private_ip, tags="service=orders")
    assert names(found) == ["orders-dev-01"]
    assert names(await caller.instances(tags="service=orders,env=dev")) == ["orders-dev-01"]
    assert names(await caller.instances(tags="service=orders,env=nowhere")) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "*"}, "DBS.200001"),
        ({"id": "*"}, "DBS.200001"),
        ({"limit": 0}, "DBS.280439"),
        ({"limit": 101}, "DBS.280439"),
        ({"limit": "ten"}, "DBS.200001"),
        ({"offset": -1}, "DBS.200001"),
        ({"Limit": 5}, "DBS.290001"),
        ({"type": "Single"}, "DBS.200001"),
        ({"datastore_type": "mysql"}, "DBS.200001"),
        ({"tags": "env"}, "DBS.200001"),
        ({"tags": "env=a,env=b"}, "DBS.200001"),
    ],
)
async def test_bad_list_query_is_refused(
    caller: Caller, query: dict[str, Any], expected: str
) -> None:
    assert code(await caller.instances(**query)) == (400, expected)


async def test_pages_of_a_large_fleet_add_up(clock: HandClock, caller: Caller) -> None:
    large = await TaurusSimulator.start(clock=clock, fleet=make_fleet(250))
    caller.simulator = large
    pages = [(await caller.instances(offset=offset)).json() for offset in (0, 100, 200)]
    await large.close()
    assert [len(page["instances"]) for page in pages] == [100, 100, 50]
    assert {page["total_count"] for page in pages} == {250}
    assert len({row["id"] for page in pages for row in page["instances"]}) == 250


@pytest.mark.parametrize("count", [0, 5001])
def test_fleet_has_one_to_five_thousand_instances(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 5000"):
        make_fleet(count)


def test_largest_fleet_has_distinct_ids_names_and_addresses() -> None:
    instances = make_fleet(5000).instances
    assert len({one.id for one in instances}) == 5000
    assert len({one.name for one in instances}) == 5000
    assert len({one.private_ip for one in instances}) == 5000


def test_default_fleet_is_tagged_and_has_two_dozen_instances() -> None:
    instances = default_fleet().instances
    assert len(instances) >= 24
    assert all(set(one.tags) == {"team", "ring", "service", "env"} for one in instances)


@pytest.mark.parametrize(
    ("name", "current", "historical"),
    [
        ("orders-prod-01", "normal", "ACTIVE"),
        ("catalog-prod-01", "normal", "BACKING UP"),
        ("catalog-prod-02", "normal", "MODIFYING INSTANCE TYPE"),
        ("catalog-prod-03", "abnormal", "STORAGE FULL"),
        ("billing-prod-01", "abnormal", "FROZEN"),
        ("billing-prod-02", "abnormal", "FAILED"),
        ("billing-staging-01", "creating", "BUILD"),
    ],
)
async def test_status_words_differ_between_the_api_versions(
    caller: Caller, name: str, current: str, historical: str
) -> None:
    instance_id = caller.simulator.instance(name).id
    new = await caller.signed("GET", f"{caller.base_v31}/instances/{instance_id}")
    old = await caller.get(f"/instances/{instance_id}")
    assert new.json()["instance"]["status"] == current
    assert old.json()["instance"]["status"] == historical
    assert "eos_tag" not in old.json()["instance"]


async def test_busy_instance_becomes_normal_by_and_by(caller: Caller, clock: HandClock) -> None:
    clock.forward(minutes=10)
    assert caller.simulator.instance("catalog-prod-01").condition.value == "normal"
    assert caller.simulator.instance("catalog-prod-02").condition.value != "normal"


async def test_detail_tells_zones_nodes_proxies_and_window(caller: Caller) -> None:
    wanted = ["payments-prod-01", "orders-prod-02"]
    ids = ",".join(caller.simulator.instance(name).id for name in wanted)
    answer = await caller.signed(
        "GET", f"{caller.base_v31}/instances/details", [("instance_ids", ids)]
    )
    several, single = answer.json()["instances"]
    assert (several["az_mode"], single["az_mode"]) == ("multi", "single")
    assert len({node["az_code"] for node in several["nodes"]}) == 3
    assert [node["type"] for node in several["nodes"]] == ["master", "slave", "slave", "slave"]
    assert (len(several["proxies"]), single["proxies"]) == (2, [])
    assert single["maintenance_window"] == "18:00-22:00"


async def test_details_take_twenty_ids_at_most(caller: Caller) -> None:
    ids = [instance.id for instance in caller.simulator.instances]
    path = f"{caller.base_v31}/instances/details"
    twenty = await caller.signed("GET", path, [("instance_ids", ",".join(ids[:20]))])
    assert len(twenty.json()["instances"]) == 20
    more = await caller.signed("GET", path, [("instance_ids", ",".join(ids[:21]))])
    assert code(more) == (400, "DBS.200001")


@pytest.mark.parametrize(
    ("instance_id", "expected"),
    [
        ("0" * 32 + "in07", (404, "DBS.200002")),
        ("0" * 32 + "in01", (400, "DBS.280404")),
        ("short", (400, "DBS.280404")),
    ],
)
async def test_unknown_and_malformed_ids_are_told_apart(
    caller: Caller, instance_id: str, expected: tuple[int, str]
) -> None:
    assert code(await caller.get(f"/instances/{instance_id}/database-version")) == expected


async def test_version_tells_whether_an_upgrade_is_offered(caller: Caller) -> None:
    behind = await caller.version("orders-prod-01")
    assert behind["upgrade_flag"] is True
    assert behind["datastore"]["current_kernel_version"] == "2.0.63.250300"
    assert behind["datastore"]["latest_kernel_version"] == "2.0.72.251200"
    assert (await caller.version("orders-prod-04"))["upgrade_flag"] is False


async def test_engine_version_is_the_newest_kernel(caller: Caller) -> None:
    answer = await caller.get("/datastores/gaussdb-mysql")
    assert answer.json()["datastores"][0]["kernel_version"] == "2.0.72.251200"
    assert code(await caller.get("/datastores/mysql")) == (400, "DBS.200001")


async def set_window(caller: Caller, start: str, end: str) -> httpx.Response:
    instance_id = caller.simulator.instance("orders-prod-01").id
    path = f"{caller.base}/instances/{instance_id}/ops-window"
    return await caller.signed("PUT", path, json_body={"start_time": start, "end_time": end})


async def test_window_may_pass_midnight(caller: Caller) -> None:
    assert (await set_window(caller, "22:00", "02:00")).status_code == 200
    assert caller.simulator.instance("orders-prod-01").window == "22:00-02:00"


@pytest.mark.parametrize(
    ("start", "end"), [("18:30", "22:00"), ("18:00", "18:00"), ("18:00", "23:00"), ("24:00", "x")]
)
async def test_window_is_one_to_four_full_hours(caller: Caller, start: str, end: str) -> None:
    assert code(await set_window(caller, start, end)) == (400, "DBS.200001")
    assert caller.simulator.instance("orders-prod-01").window == "18:00-22:00"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v3/{p}/Instances"),
        ("GET", "/v3/{p}/instances/"),
        ("POST", "/v3/{p}/instances"),
        ("GET", "/v3/{p}/nothing"),
        ("GET", "/"),
    ],
)
async def test_unknown_path_method_or_letter_case_is_no_api(
    caller: Caller, method: str, path: str
) -> None:
    answer = await caller.signed(method, path.replace("{p}", caller.simulator.project_id))
    assert code(answer) == (404, "APIGW.0101")
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"]


async def test_every_answer_has_a_request_id_of_its_own_and_the_clouds_date(
    caller: Caller, simulator: TaurusSimulator
) -> None:
    answers = [await caller.instances(), await caller.instances(limit=0)]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(ids)) == 2
    assert [record.request_id for record in simulator.requests] == ids
    assert [record.status for record in simulator.requests] == [200, 400]
    assert answers[0].headers["Date"] == "Thu, 15 Jan 2026 08:30:00 GMT"


async def test_messages_come_in_the_language_asked_for(caller: Caller) -> None:
    path = f"{caller.base}/instances/{'0' * 32}in07/database-version"
    chinese = await caller.signed("GET", path, headers={"X-Language": "zh-cn"})
    english = await caller.signed("GET", path)
    assert chinese.json()["error_msg"] == "实例不存在。"
    assert english.json()["error_msg"] == "The instance does not exist."


async def test_taken_port_is_reported(clock: HandClock, simulator: TaurusSimulator) -> None:
    port = int(simulator.endpoint.rpartition(":")[2])
    with pytest.raises(OSError, match="address"):
        await TaurusSimulator.start(clock=clock, port=port)
