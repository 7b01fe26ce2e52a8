"""Read the world: everything that a decision about instances needs, concurrently."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from bot.domain.errors import CloudError, Reaction
from bot.domain.instance import Instance, Job, Schedule, Version
from bot.domain.observe import by_instance, copy_of
from bot.domain.plan import Facts
from bot.ports import Fleet
from bot.service.desk import Desk

_Task = TypeVar("_Task", Job, Schedule)

RUNNING_JOBS_SINCE = timedelta(days=1)
"""No upgrade job runs longer than this: the longest known take some hours."""


async def survey(
    desk: Desk, environment: str, instances: Sequence[Instance], listed: Sequence[Instance]
) -> tuple[Facts, ...]:
    """Gather the facts about these instances; the client bounds the calls in flight.

    `listed` are all instances of the project, these included.

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
    begun, planned = by_instance(jobs), by_instance(schedules)
    copies = {one.name: one.id for one in listed}

    def fact(instance: Instance, version: Version | None) -> Facts:
        its_jobs, its_tasks = begun.get(instance.id, ()), planned.get(instance.id, ())
        copy = copies.get(copy_of(instance.name))
        left = [*(job.id for job in its_jobs), *(task.id for task in its_tasks)]
        return Facts(
            instance=instance.refined(statuses.get(instance.id)),
            detail=by_id.get(instance.id),
            version=version,
            job=_unfinished(its_jobs),
            schedule=_unfinished(its_tasks),
            traces=(*left, copy) if copy else tuple(left),
            open_change=taken.get(instance.id),
        )

    return tuple(fact(one, version) for one, version in zip(instances, versions, strict=True))


async def _version(fleet: Fleet, instance_id: str) -> Version | None:
    """Read one version; None if the cloud refuses to tell it for this instance."""
    try:
        return await fleet.version(instance_id)
    except CloudError as error:
        if error.reaction in {Reaction.FIX, Reaction.WAIT}:
            return None
        raise


def _unfinished(tasks: Sequence[_Task]) -> _Task | None:
    return next((task for task in tasks if not task.state.is_over), None)
