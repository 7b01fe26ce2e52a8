"""Read the world: everything that a decision about instances needs, concurrently."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from bot.domain.change import IN_FLIGHT, State
from bot.domain.errors import CloudError, Reaction
from bot.domain.instance import Instance, Job, PreCheck, Schedule, Version
from bot.domain.observe import by_instance, copy_of
from bot.domain.outlook import past_upgrades
from bot.domain.past import PastUpgrades
from bot.domain.plan import Facts, blockers
from bot.ports import Fleet
from bot.service.desk import Desk

_Task = TypeVar("_Task", Job, Schedule)

RUNNING_JOBS_SINCE = timedelta(days=1)
"""No upgrade job runs longer than this: the longest known take some hours."""

PAST_CHANGES = 5
"""So many changes are looked at for how long upgrades take."""
_DONE = frozenset({State.SUCCEEDED, State.PARTLY_FAILED, State.FAILED})
_UNANSWERED = PreCheck(passed=False, is_finished=False)


async def survey(
    desk: Desk,
    environment: str,
    instances: Sequence[Instance],
    listed: Sequence[Instance],
    known: Mapping[str, Version] | None = None,
) -> tuple[Facts, ...]:
    """Gather the facts about these instances out of all `listed`.

    `known` versions are not read again: for looks on which nothing is decided. Raises
    `CloudError` if one of the lists cannot be read.
    """
    fleet = desk.fleets[environment]
    ids = [instance.id for instance in instances]
    details, statuses, versions, jobs, schedules, taken = await asyncio.gather(
        fleet.details(ids),
        fleet.statuses(),
        asyncio.gather(*(_version(fleet, one, known or {}) for one in ids)),
        fleet.jobs(desk.clock() - RUNNING_JOBS_SINCE),
        fleet.schedules(),
        desk.changes.open_changes_of(ids),
    )
    begun, planned = by_instance(jobs), by_instance(schedules)
    by_id, copies = {one.id: one for one in details}, {one.name: one.id for one in listed}
    neighbours = await _neighbours(desk, environment, instances, listed, begun)

    def fact(instance: Instance, version: Version | None) -> Facts:
        its_jobs, its_tasks = begun.get(instance.id, ()), planned.get(instance.id, ())
        return Facts(
            instance=instance.refined(statuses.get(instance.id)),
            detail=by_id.get(instance.id),
            version=version,
            job=_unfinished(its_jobs),
            schedule=_unfinished(its_tasks),
            traces=_traces(its_jobs, its_tasks, copies.get(copy_of(instance.name))),
            open_change=taken.get(instance.id),
            neighbour=neighbours.get(instance.id, ""),
        )

    return tuple(fact(one, version) for one, version in zip(instances, versions, strict=True))


async def _version(fleet: Fleet, instance_id: str, known: Mapping[str, Version]) -> Version | None:
    return known.get(instance_id) or await version_of(fleet, instance_id)


async def version_of(fleet: Fleet, instance_id: str) -> Version | None:
    """Read one version; None if the cloud refuses to tell it for this instance."""
    try:
        return await fleet.version(instance_id)
    except CloudError as error:
        if error.reaction in {Reaction.FIX, Reaction.WAIT}:
            return None
        raise


def _traces(jobs: Sequence[Job], tasks: Sequence[Schedule], copy: str | None) -> tuple[str, ...]:
    left = (*(job.id for job in jobs), *(task.id for task in tasks))
    return (*left, copy) if copy else left


async def _neighbours(
    desk: Desk,
    environment: str,
    instances: Sequence[Instance],
    listed: Sequence[Instance],
    begun: Mapping[str, Sequence[Job]],
) -> dict[str, str]:
    """Name for each instance another one of its group that is under way, whoever began it.

    A job takes some seconds to show, so what our own open changes have sent counts as well.
    """
    rules = desk.environments[environment].wave_rules
    if not rules.one_at_a_time:
        return {}
    groups = {group for one in instances if (group := rules.group_of(one.tags))}
    alike = [one for one in listed if rules.group_of(one.tags) in groups]
    taken = await desk.changes.open_changes_of([one.id for one in alike])
    changes = [await desk.changes.get(number) for number in sorted(set(taken.values()))]
    flying = {one.instance_id for change in changes if change for one in change.in_state(IN_FLIGHT)}
    busy = [one for one in alike if one.id in flying or _unfinished(begun.get(one.id, ()))]
    found: dict[str, str] = {}
    for one in instances:
        group = rules.group_of(one.tags)
        others = (other for other in busy if other.id != one.id)
        other = next((other for other in others if rules.group_of(other.tags) == group), None)
        if group and other is not None:
            found[one.id] = other.name
    return found


def _unfinished(tasks: Sequence[_Task]) -> _Task | None:
    return next((task for task in tasks if not task.state.is_over), None)


async def prechecked(desk: Desk, environment: str, facts: Sequence[Facts]) -> tuple[Facts, ...]:
    """Add what the vendor's own pre-check finds; it changes nothing on the databases.

    It is not worth a refusal: what it does not tell in time is a warning.
    """
    rows = [
        (one.instance.id, str(one.version.current))
        for one in facts
        if one.version is not None and not blockers(one)
    ]
    try:
        found = await desk.fleets[environment].prechecks(rows)
    except CloudError:
        found = {}
    if found is None:
        return tuple(facts)
    asked = {instance_id: found.get(instance_id, _UNANSWERED) for instance_id, _ in rows}
    return tuple(one.model_copy(update={"precheck": asked.get(one.instance.id)}) for one in facts)


async def recent_upgrades(desk: Desk, environment: str) -> tuple[PastUpgrades, ...]:
    """Tell how long upgrades took in the last changes of this environment."""
    changes = await desk.changes.find(states=_DONE, environment=environment, limit=PAST_CHANGES)
    return past_upgrades(changes)
