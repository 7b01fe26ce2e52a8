"""The operations that start, check and schedule upgrades."""

from datetime import timedelta
from typing import Any

from bot.sandbox.taurus.calls import Answer, Call, Json, required
from bot.sandbox.taurus.cloud import Cloud, Operation, instance_of
from bot.sandbox.taurus.errors import ServiceError
from bot.sandbox.taurus.instances import Condition, Fate, Instance, Phase
from bot.sandbox.taurus.kernels import is_behind, start_fate

MOST_ROWS = 100
UPGRADE = frozenset[Any]({"upgrades", "writes"})
READ = frozenset[Any]({"reads"})
Row = tuple[str, str]

REFUSED_IN: dict[Condition, str] = {
    Condition.ABNORMAL: "DBS.201014",
    Condition.FROZEN: "DBS.280449",
    Condition.BACKING_UP: "DBS.201205",
    Condition.MODIFYING: "DBS.200047",
    Condition.CREATING: "DBS.200086",
    Condition.STORAGE_FULL: "DBS.200316",
}


def batch_upgrade(cloud: Cloud, call: Call) -> Answer:
    """POST …/instances/database-version/upgrade: all rows or, when one is bad, none."""
    fields = call.json()
    rows = _rows(fields)
    delay = _delay(cloud, fields)
    good: list[Instance] = []
    bad: list[ServiceError] = []
    for instance_id, version in rows:
        _sort_row(cloud, instance_id, version, good, bad)
    lenient = cloud.faults.text("partial_rejection")
    if bad and lenient == "off":
        raise bad[0]
    for instance in good[: max(0, len(good) - int(cloud.faults.number("dropped_rows")))]:
        _submit(cloud, call, instance, delay=delay)
    if bad and lenient == "error":
        raise bad[0]
    return Answer(body={"resp": "success"})


def single_upgrade(cloud: Cloud, call: Call) -> Answer:
    """POST …/instances/{instance_id}/db-upgrade: answers with a job id."""
    fields = call.json() if call.body else {}
    if not isinstance(fields.get("delay", False), bool):
        raise ServiceError("DBS.200001")
    instance = instance_of(cloud, call.params["instance_id"])
    _check(cloud, instance)
    job_id = _submit(cloud, call, instance, delay=fields.get("delay", False))
    return Answer(body={"job_id": job_id})


def pre_check(cloud: Cloud, call: Call) -> Answer:
    """POST …/upgrade/pre-check: accepted for rows that all have one source version."""
    lasts = timedelta(seconds=cloud.faults.number("precheck_seconds"))
    for instance in _pre_check_rows(cloud, call):
        cloud.world.prechecked_at[instance.id] = call.now + lasts
    return Answer(body={"job_ids": [cloud.identity.ids.job()]})


def pre_check_result(cloud: Cloud, call: Call) -> Answer:
    """POST …/upgrade/pre-check-result: four checks for every instance, once they are done."""
    instances = _pre_check_rows(cloud, call)
    done_at = [cloud.world.prechecked_at.get(instance.id) for instance in instances]
    is_done = all(at is not None and at <= call.now for at in done_at)
    details = [
        detail
        for instance in (instances if is_done else ())
        for detail in _checks(instance, failing=cloud.faults.text("precheck") == "failing")
    ]
    passed = all(detail["check_status"] == "passed" for detail in details)
    body = {
        "upgrade_precheck_result": str(passed).lower() if is_done else "",
        "updated_at": int(call.now.timestamp() * 1000),
        "upgrade_precheck_detail": details,
    }
    return Answer(body=body)


def _rows(fields: Json) -> list[Row]:
    rows = required(fields, "databases_instance_infos", list)
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ServiceError("DBS.200001")
    if len(rows) > MOST_ROWS:
        raise ServiceError("DBS.280001")
    read = [
        (required(row, "instance_id", str), required(row, "current_version", str)) for row in rows
    ]
    if len({instance_id for instance_id, _ in read}) < len(read):
        raise ServiceError("DBS.200001")
    return read


def _delay(cloud: Cloud, fields: Json) -> bool:
    accepted = cloud.faults.text("delay_accepted")
    value = required(fields, "delay", type(fields.get("delay")))
    if isinstance(value, bool) and accepted != "string":
        return value
    if isinstance(value, str) and value in {"true", "false"} and accepted != "boolean":
        return value == "true"
    raise ServiceError("DBS.200001")


def _sort_row(
    cloud: Cloud,
    instance_id: str,
    version: str,
    good: list[Instance],
    bad: list[ServiceError],
) -> None:
    try:
        instance = instance_of(cloud, instance_id)
        _check(cloud, instance)
        if version != instance.kernel:
            raise ServiceError("DBS.280001")  # noqa: TRY301
    except ServiceError as error:
        bad.append(error)
    else:
        good.append(instance)


def _check(cloud: Cloud, instance: Instance) -> None:
    """Raise ServiceError unless the instance can be upgraded now."""
    if instance.condition is not Condition.NORMAL:
        raise ServiceError(REFUSED_IN[instance.condition])
    if cloud.world.is_upgrading(instance) or cloud.world.waits_for_window(instance):
        raise ServiceError("DBS.200047")
    if instance.phase is Phase.TO_BE_CONFIRMED:
        raise ServiceError("DBS.280406")
    if not is_behind(instance):
        raise ServiceError("DBS.05000008")
    if instance.fate is Fate.SUPPORT_ONLY:
        raise ServiceError("DBS.05000012")


def _submit(cloud: Cloud, call: Call, instance: Instance, *, delay: bool) -> str:
    late = timedelta(seconds=cloud.faults.number("jobs_late_seconds"))
    fate = _fate(cloud, instance)
    return cloud.world.submit(instance, call.now, delay=delay, fate=fate, late=late)


def _fate(cloud: Cloud, instance: Instance) -> Fate:
    faults = cloud.faults
    switched = {
        Fate.NEVER_STARTS: faults.text("never_starts") == "no job",
        Fate.STAYS_PENDING: faults.text("never_starts") == "pending",
        Fate.LEAVES_COPY: faults.on("leaves_copy"),
        Fate.UNDER_LOAD: faults.on("fails_under_load"),
        Fate.FAILS: faults.on("fails_half_way"),
    }
    return next((fate for fate, is_on in switched.items() if is_on), start_fate(instance))


def _pre_check_rows(cloud: Cloud, call: Call) -> list[Instance]:
    if cloud.faults.text("precheck") == "absent":
        raise ServiceError("APIGW.0101")
    rows = _rows(call.json())
    if len({version for _, version in rows}) > 1:
        raise ServiceError("DBS.280001")
    return [instance_of(cloud, instance_id) for instance_id, _ in rows]


def _checks(instance: Instance, *, failing: bool) -> list[Json]:
    passed = {
        "Upgrade permission check": instance.fate is not Fate.SUPPORT_ONLY,
        "Instance version check": is_behind(instance),
        "Resource check": instance.condition is Condition.NORMAL and not failing,
        "Upgrade feature compatibility check": start_fate(instance) is not Fate.NEVER_STARTS,
    }
    return [
        {
            "check_item": item,
            "check_description": "",
            "check_object": instance.id,
            "check_status": "passed" if fits else "failed",
        }
        for item, fits in passed.items()
    ]


_BATCH = "/v3/{project_id}/instances/database-version/upgrade"
OPERATIONS = (
    Operation("batch_upgrade", "POST", _BATCH, batch_upgrade, UPGRADE),
    Operation(
        "single_upgrade",
        "POST",
        "/v3/{project_id}/instances/{instance_id}/db-upgrade",
        single_upgrade,
        UPGRADE,
    ),
    Operation("pre_check", "POST", f"{_BATCH}/pre-check", pre_check, READ),
    Operation("pre_check_result", "POST", f"{_BATCH}/pre-check-result", pre_check_result, READ),
)
