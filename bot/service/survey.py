"""Read the world: everything that a decision about instances needs, concurrently."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from bot.domain.errors import CloudError, Reaction
from bot.domain.instance import Instance, Job, Schedule, Version
from bot.domain.plan import Facts
from bot.ports import Fleet
from bot.service.desk import Desk

_Task = TypeVar("_Task", Job, Schedule)

RUNNING_JOBS_SINCE = timedelta(days=1)
"""No upgrade job runs longer than this: the longest known take some hours."""


async def survey(desk: Desk, environment: str, instances: Sequence[Instance]) -> tuple[Facts, ...]:
    """Gather the facts about these instances; the client bounds the calls in flight.

    Raises:
        CloudError: one of the lists could not be read.
    """
    fleet = desk.fleets[environment]
    ids = [instance.id for instance in instances]
    details, statuses, versions, jobs, schedules, taken = await asyncio.gather(
        fleet.details(ids),
        fleet.statuses(),
        asyncio.gather(*(_version(fleet, instance_id) for instance_id in ids)),
        fleet.jobs(desk.clock() - RUNNING_JOBS_SINCE),
        fleet.schedules(),
        desk.changes.open_changes_of(ids),
    )
    by_id = {detail.id: detail for detail in details}
    running = _unfinished(jobs)
    waiting = _unfinished(schedules)
    return tuple(
        Facts(
            instance=instance.refined(statuses.get(instance.id)),
            detail=by_id.get(instance.id),
            version=version,
            job=running.get(instance.id),
            schedule=waiting.get(instance.id),
            open_change=taken.get(instance.id),
        )
        for instance, version in zip(instances, versions, strict=True)
    )


async def _version(fleet: Fleet, instance_id: str) -> Version | None:
    """Read one version; None if the cloud refuses to tell it for this instance."""
    try:
        return await fleet.version(instance_id)
    except CloudError as error:
        if error.reaction in {Reaction.FIX, Reaction.WAIT}:
            return None
        raise


def _unfinished(tasks: Sequence[_Task]) -> Mapping[str, _Task]:
    return {task.instance_id: task for task in tasks if not task.state.is_over}
