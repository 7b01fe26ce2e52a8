"""The operations that read instances and versions, and the one that moves a window."""

import re
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.taurus.calls import Answer, Call, required, whole_number
from bot.sandbox.taurus.cloud import Cloud, Operation, instance_of
from bot.sandbox.taurus.errors import ServiceError
from bot.sandbox.taurus.instances import Instance
from bot.sandbox.taurus.kernels import is_behind, kernel_key
from bot.sandbox.taurus.shapes import detail, row

READ = frozenset[Any]({"reads"})
WRITE = frozenset[Any]({"writes"})
MOST_LISTED = 100
MOST_DETAILS = 20
NAMES = frozenset(
    "id name type datastore_type vpc_id subnet_id private_ip proxy_ip offset limit tags".split()  # noqa: SIM905
)
_HOUR = re.compile(r"([01]\d|2[0-3]):00")


def list_instances(cloud: Cloud, call: Call) -> Answer:
    """GET /v3.1/{project_id}/instances."""
    return _list(cloud, call, unified=True)


def list_instances_v3(cloud: Cloud, call: Call) -> Answer:
    """GET /v3/{project_id}/instances: the same with the historical status words."""
    return _list(cloud, call, unified=False)


def show_instance(cloud: Cloud, call: Call) -> Answer:
    """GET /v3.1/{project_id}/instances/{instance_id}."""
    instance = instance_of(cloud, call.params["instance_id"])
    return Answer(body={"instance": detail(cloud, instance, unified=True)})


def show_instance_v3(cloud: Cloud, call: Call) -> Answer:
    """GET /v3/{project_id}/instances/{instance_id}."""
    instance = instance_of(cloud, call.params["instance_id"])
    return Answer(body={"instance": detail(cloud, instance, unified=False)})


def instance_details(cloud: Cloud, call: Call) -> Answer:
    """GET …/instances/details?instance_ids=a,b: at most 20."""
    ids = call.query.get("instance_ids", "").split(",")
    if len(ids) > MOST_DETAILS:
        raise ServiceError("DBS.200001")
    found = [instance_of(cloud, instance_id) for instance_id in ids]
    return Answer(body={"instances": [detail(cloud, one, unified=True) for one in found]})


def database_version(cloud: Cloud, call: Call) -> Answer:
    """GET …/instances/{instance_id}/database-version: the only place with `upgrade_flag`."""
    instance = instance_of(cloud, call.params["instance_id"])
    store = {
        "current_version": instance.mysql,
        "current_kernel_version": instance.kernel,
        "latest_version": instance.mysql,
        "latest_kernel_version": instance.latest,
    }
    return Answer(body={"datastore": store, "upgrade_flag": is_behind(instance)})


def engine_versions(cloud: Cloud, call: Call) -> Answer:
    """GET …/datastores/gaussdb-mysql: what a new instance would get."""
    if call.params["engine"] != "gaussdb-mysql":
        raise ServiceError("DBS.200001")
    newest = max((one.latest for one in cloud.world.instances.values()), key=kernel_key, default="")
    store = {
        "id": "87620726-6802-46c0-9028-a8785e1f1921",
        "name": "8.0",
        "version": "8.0.22",
        "kernel_version": newest,
    }
    return Answer(body={"datastores": [store]})


def set_window(cloud: Cloud, call: Call) -> Answer:
    """PUT …/instances/{instance_id}/ops-window: full hours UTC, 1 to 4 hours, may pass midnight."""
    fields = call.json()
    start, end = (required(fields, name, str) for name in ("start_time", "end_time"))
    instance = instance_of(cloud, call.params["instance_id"])
    if not _HOUR.fullmatch(start) or not _HOUR.fullmatch(end):
        raise ServiceError("DBS.200001")
    length = (_clock(end) - _clock(start)) % timedelta(days=1)
    if not timedelta(hours=1) <= length <= timedelta(hours=4):
        raise ServiceError("DBS.200001")
    instance.window = f"{start}-{end}"
    return Answer()


def _clock(text: str) -> datetime:
    return datetime.strptime(f"{text}+0000", "%H:%M%z")


def _list(cloud: Cloud, call: Call, *, unified: bool) -> Answer:
    wanted = call.query
    _check_list_query(wanted)
    offset, limit = whole_number(call, "offset", 0), whole_number(call, "limit", MOST_LISTED)
    if not 1 <= limit <= MOST_LISTED:
        raise ServiceError("DBS.280439")
    tags = _tags(wanted.get("tags", ""))
    found = [one for one in cloud.world.instances.values() if _fits(one, wanted, tags)]
    shown = found[: max(0, len(found) - int(cloud.faults.number("list_omits")))]
    page = shown[offset : offset + limit]
    rows = [row(cloud, instance, unified=unified) for instance in page]
    return Answer(body={"instances": rows, "total_count": len(found)})


def _check_list_query(wanted: dict[str, str]) -> None:
    if any(name not in NAMES and name.lower() in NAMES for name in wanted):
        raise ServiceError("DBS.290001")
    if wanted.get("type", "Cluster") != "Cluster":
        raise ServiceError("DBS.200001")
    if wanted.get("datastore_type", "gaussdb-mysql") != "gaussdb-mysql":
        raise ServiceError("DBS.200001")
    if "*" in (wanted.get("id"), wanted.get("name")):
        raise ServiceError("DBS.200001")


def _tags(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if text]
    tags = {key: value for key, _, value in pairs}
    if len(tags) < len(pairs) or any(not key or not sign for key, sign, _ in pairs):
        raise ServiceError("DBS.200001")
    return tags


def _fits(instance: Instance, wanted: dict[str, str], tags: dict[str, str]) -> bool:
    return (
        _matches(instance.id, wanted.get("id"))
        and _matches(instance.name, wanted.get("name"))
        and wanted.get("private_ip") in (None, instance.private_ip)
        and tags.items() <= instance.tags.items()
    )


def _matches(text: str, wanted: str | None) -> bool:
    if wanted is None:
        return True
    return wanted[1:] in text if wanted.startswith("*") else wanted == text


_ONE = "/{project_id}/instances/{instance_id}"
OPERATIONS = (
    Operation("list_instances", "GET", "/v3.1/{project_id}/instances", list_instances, READ),
    Operation("list_instances_v3", "GET", "/v3/{project_id}/instances", list_instances_v3, READ),
    # Before the two paths with an id in this place: the first match wins.
    Operation(
        "instance_details", "GET", "/v3.1/{project_id}/instances/details", instance_details, READ
    ),
    Operation("show_instance", "GET", f"/v3.1{_ONE}", show_instance, READ),
    Operation("show_instance_v3", "GET", f"/v3{_ONE}", show_instance_v3, READ),
    Operation("database_version", "GET", f"/v3{_ONE}/database-version", database_version, READ),
    Operation(
        "engine_versions", "GET", "/v3/{project_id}/datastores/{engine}", engine_versions, READ
    ),
    Operation("set_window", "PUT", f"/v3{_ONE}/ops-window", set_window, WRITE),
)
