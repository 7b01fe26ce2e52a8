"""The task centre: instant and scheduled tasks, their details, and cancelling."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from bot.sandbox.taurus.calls import Answer, Call, Json, required, whole_number
from bot.sandbox.taurus.cloud import Cloud, Operation, instance_of
from bot.sandbox.taurus.errors import ServiceError
from bot.sandbox.taurus.instances import Job, Schedule
from bot.sandbox.taurus.shapes import status
from bot.sandbox.taurus.world import is_shown

READ = frozenset[Any]({"reads"})
WRITE = frozenset[Any]({"writes"})
INSTANT = "UpgradeGaussDBforMySQLDatabaseVersion"
SCHEDULED = "VERSION_UPGRADE"
SCHEDULE_TYPES = {
    SCHEDULED,
    "PROXY_VERSION_UPGRADE",
    "RESIZE_FLAVOR",
    "REBOOT_NODE",
    "REBOOT_INSTANCE",
}
STATES = {"Pending", "Running", "Completed", "Failed", "Unauthorized", "Canceled"}
INSTANT_LIMITS = {10, 20, 50}
MOST_SCHEDULES = 100
NAMES = {"status", "job_name", "job_id", "instance_id", "start_time", "end_time", "limit", "offset"}
EXIST_STATES = {
    "Pending": "WAITING",
    "Running": "RUNNING",
    "Completed": "SUCCESS",
    "Failed": "FAIL",
    "Canceled": "CANCELED",
}


def show_job(cloud: Cloud, call: Call) -> Answer:
    """GET …/jobs?id=, of an instant or scheduled task; DBS.200543 until it is shown."""
    job_id = call.query.get("id", "")
    if not job_id:
        raise ServiceError("DBS.200001")
    schedule = cloud.world.schedules.get(job_id)
    task = schedule or cloud.world.jobs.get(job_id)
    if task is None or not _is_visible(cloud, call, task):
        raise ServiceError("DBS.200543")
    job = task.job if isinstance(task, Schedule) else task
    state = task.status(call.now)
    shown = {
        "id": job_id,
        "name": INSTANT,
        "status": state,
        "created": _time(task.created_at),
        "ended": _ended(job, state),
        "process": _process(job, call.now),
        "instance": {"id": task.instance_id, "name": task.instance_name},
        "entities": {},
        "fail_reason": job.failure if job and state == "Failed" else "",
    }
    return Answer(body={"job": shown})


def immediate_jobs(cloud: Cloud, call: Call) -> Answer:
    """GET …/immediate-jobs: newest first; how `offset` counts is a switch."""
    _check_query(call)
    limit = whole_number(call, "limit", 10)
    if limit not in INSTANT_LIMITS:
        raise ServiceError("DBS.280439")
    offset = whole_number(call, "offset", 1)
    found = [job for job in _jobs(cloud, call) if _fits(call, job, job.id, INSTANT)]
    first = _first(cloud.faults.text("offset_reading"), offset, limit)
    page = [_instant(cloud, job, call.now) for job in found[first : first + limit]]
    body = {"jobs": page, "total_count": len(found), "action_names": [INSTANT]}
    return Answer(body=body)


def scheduled_jobs(cloud: Cloud, call: Call) -> Answer:
    """GET …/scheduled-jobs: newest first; offset counts records from 0."""
    _check_query(call)
    limit = whole_number(call, "limit", MOST_SCHEDULES)
    if not 1 <= limit <= MOST_SCHEDULES:
        raise ServiceError("DBS.280439")
    offset = whole_number(call, "offset", 0)
    found = [task for task in _schedules(cloud, call) if _fits(call, task, task.id, SCHEDULED)]
    page = [_scheduled(cloud, task, call.now) for task in found[offset : offset + limit]]
    return Answer(body={"schedules": page, "total_count": len(found)})


def cancel_scheduled(cloud: Cloud, call: Call) -> Answer:
    """DELETE …/scheduled-jobs with a body: answers with the ids that really were cancelled."""
    ids = required(call.json(), "job_ids", list)
    if not ids or not all(isinstance(job_id, str) for job_id in ids):
        raise ServiceError("DBS.200001")
    cancelled = [job_id for job_id in ids if cloud.world.cancel(job_id, call.now)]
    return Answer(body={"job_ids": cancelled})


def schedule_exists(cloud: Cloud, call: Call) -> Answer:
    """POST …/schedule-tasks/exist: unfinished scheduled tasks, in a vocabulary of its own."""
    kind = required(call.json(), "schedule_type", str)
    if kind not in SCHEDULE_TYPES:
        raise ServiceError("DBS.200001")
    instance = instance_of(cloud, call.params["instance_id"])
    tasks = [
        _existing(cloud, task, call.now)
        for task in _schedules(cloud, call)
        if kind == SCHEDULED
        and task.instance_id == instance.id
        and task.status(call.now) in {"Pending", "Running"}
    ]
    return Answer(body={"exist": bool(tasks), "scheduled_tasks": tasks})


def task_detail(cloud: Cloud, call: Call) -> Answer:
    """GET …/task-center-detail: the steps of one instant task."""
    instance = instance_of(cloud, call.params["instance_id"])
    job = cloud.world.jobs.get(call.query.get("job_id", ""))
    if "job_name" not in call.query:
        raise ServiceError("DBS.200001")
    if job is None or not _is_visible(cloud, call, job) or job.instance_id != instance.id:
        raise ServiceError("DBS.200543")
    state = job.status(call.now)
    step = {
        "sub_task_name": "UpgradeKernel",
        "percent": str(job.percent(call.now)),
        "status": state,
        "remaining_time": str(job.seconds_left(call.now)),
    }
    body = {
        "instance_id": instance.id,
        "instance_name": instance.name,
        "job_id": job.id,
        "job_name": INSTANT,
        "status": state,
        "sub_task_list": [step],
    }
    return Answer(body=body)


def schedule_events(_cloud: Cloud, _call: Call) -> Answer:
    """GET …/schedule-events: the vendor plans no upgrades of its own here."""
    counts = ("total", "inquiring", "schedule", "executing", "failed")
    return Answer(body={f"{name}_count": 0 for name in counts} | {"events": []})


def _jobs(cloud: Cloud, call: Call) -> list[Job]:
    return [] if cloud.faults.on("jobs_hidden") else cloud.world.visible_jobs(call.now)


def _schedules(cloud: Cloud, call: Call) -> list[Schedule]:
    return [] if cloud.faults.on("jobs_hidden") else cloud.world.visible_schedules(call.now)


def _is_visible(cloud: Cloud, call: Call, task: Job | Schedule) -> bool:
    return is_shown(task, call.now) and not cloud.faults.on("jobs_hidden")


def _check_query(call: Call) -> None:
    wanted = call.query
    if any(name not in NAMES and name.lower() in NAMES for name in wanted):
        raise ServiceError("DBS.290001")
    if wanted.get("status", "Running") not in STATES:
        raise ServiceError("DBS.200001")
    for name in ("start_time", "end_time"):
        if name in wanted:
            _parse(wanted[name])


@lru_cache(maxsize=8)  # asked for every task of a fleet
def _parse(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError as error:
        raise ServiceError("DBS.200001") from error


def _fits(call: Call, task: Job | Schedule, task_id: str, name: str) -> bool:
    wanted = call.query
    after = "start_time" in wanted and task.created_at < _parse(wanted["start_time"])
    before = "end_time" in wanted and task.created_at > _parse(wanted["end_time"])
    is_meant = wanted.get("instance_id", task.instance_id) == task.instance_id
    return (
        not (after or before)
        # Instant tasks have no instance filter: the parameter is ignored there.
        and (is_meant or isinstance(task, Job))
        and wanted.get("job_id", task_id) == task_id
        and wanted.get("job_name", name) == name
        and wanted.get("status", state := task.status(call.now)) == state
    )


def _first(reading: str, offset: int, limit: int) -> int:
    if reading == "page":
        return max(0, offset - 1) * limit
    return max(0, offset - 1) if reading == "record from 1" else offset


def _instant(cloud: Cloud, job: Job, now: datetime) -> Json:
    state = job.status(now)
    return {
        "instance_id": job.instance_id,
        "instance_name": job.instance_name,
        "instance_status": _status_of(cloud, job),
        "job_id": job.id,
        "order_id": "",
        "job_name": INSTANT,
        "status": state,
        "process": "100%" if state == "Completed" else _process(job, now),
        "created_time": _time(job.created_at),
        "ended_time": _ended(job, state),
        "fail_reason": job.failure if state == "Failed" else "",
        "show_detail": True,
        "extend_fields": None,
    }


def _scheduled(cloud: Cloud, task: Schedule, now: datetime) -> Json:
    return {
        "job_id": task.id,
        "instance_id": task.instance_id,
        "instance_name": task.instance_name,
        "instance_status": _status_of(cloud, task),
        "project_id": cloud.project_id,
        "job_name": SCHEDULED,
        "create_time": _time(task.created_at),
        "start_time": _time(task.starts_at),
        "end_time": _time(task.ends_at),
        "job_status": task.status(now),
        "datastore_type": "gaussdb-mysql",
        "target_config": None,
        "proxy_id": "",
        "proxy_name": "",
    }


def _existing(cloud: Cloud, task: Schedule, now: datetime) -> Json:
    return {
        "task_id": task.id,
        "task_name": SCHEDULED,
        "task_status": EXIST_STATES[task.status(now)],
        "instance_id": task.instance_id,
        "instance_name": task.instance_name,
        "instance_status": "NORMAL",
        "project_id": cloud.project_id,
        "create_time": _milliseconds(task.created_at),
        "start_time": _milliseconds(task.starts_at),
        "end_time": _milliseconds(task.ends_at),
        "task_order": 0,
        "datastore_type": "gaussdb-mysql",
    }


def _status_of(cloud: Cloud, task: Job | Schedule) -> str:
    return status(cloud, cloud.world.instances[task.instance_id], unified=True)


def _process(job: Job | None, now: datetime) -> str:
    return f"{job.percent(now)}%" if job and job.status(now) == "Running" else ""


def _ended(job: Job | None, state: str) -> str:
    is_over = job is not None and job.ends_at is not None and state in {"Completed", "Failed"}
    return _time(job.ends_at) if is_over and job and job.ends_at else ""


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S%z")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


_ONE = "/v3/{project_id}/instances/{instance_id}"
_SCHEDULED = "/v3/{project_id}/scheduled-jobs"
OPERATIONS = (
    Operation("show_job", "GET", "/v3/{project_id}/jobs", show_job, READ),
    Operation("immediate_jobs", "GET", "/v3/{project_id}/immediate-jobs", immediate_jobs, READ),
    Operation("scheduled_jobs", "GET", _SCHEDULED, scheduled_jobs, READ),
    Operation("cancel_scheduled", "DELETE", _SCHEDULED, cancel_scheduled, WRITE),
    Operation("schedule_exists", "POST", f"{_ONE}/schedule-tasks/exist", schedule_exists, READ),
    Operation("task_detail", "GET", f"{_ONE}/task-center-detail", task_detail, READ),
    Operation("schedule_events", "GET", "/v3/{project_id}/schedule-events", schedule_events, READ),
)
