"""Attend to a change that is due: start it, send its next batch, look, close it.

Whoever calls `attend` holds the change's lease. Safety does not rest on the lease, though: an
attempt is committed by compare-and-swap before its request leaves, and no target that has been
attempted is ever sent again unless the request provably never left.
"""

import asyncio
from datetime import datetime, timedelta

from bot.domain.announcement import announced, early
from bot.domain.change import (
    IN_FLIGHT,
    NEW,
    Change,
    State,
    Target,
    TargetState,
)
from bot.domain.errors import CloudError
from bot.domain.freeze import Closure, closure_of
from bot.domain.health import doubtful, ill, unhealthy
from bot.domain.instance import Instance
from bot.domain.observe import (
    CLOCK_SLACK,
    by_instance,
    next_look,
    observed,
    sight_of,
    wants_version,
)
from bot.domain.plan import Facts, next_batch
from bot.domain.preflight import joined, may_send, next_step
from bot.domain.progress import begins_wave, soaking_until
from bot.domain.sentence import Sentence, say
from bot.domain.signal import parameters
from bot.domain.steps import expired, looked, orphaned, stopped, waits
from bot.domain.turns import Step, settled, turned
from bot.ports import StaleError
from bot.service.amend import amend
from bot.service.desk import Desk
from bot.service.remind import remind
from bot.service.send import send
from bot.service.survey import RUNNING_JOBS_SINCE, recent_upgrades, survey

_LOOKED_AT = frozenset({*IN_FLIGHT, TargetState.NOT_CONFIRMED})
_AFTER_TROUBLE = timedelta(seconds=30)
_FACTS_AGE = timedelta(minutes=10)
"""What was read longer ago is read anew before anything is sent: the machine may have slept."""


async def attend(desk: Desk, change: Change) -> None:
    """Do the next thing for this change, and set when it is due again."""
    if change.environment not in desk.environments:
        await _postpone(desk, change, _unknown(change.environment))
        return
    try:
        await _attend(desk, change)
    except StaleError:
        return  # Somebody was faster; the change is still due and will be read afresh.
    except CloudError as error:
        await _postpone(desk, change, error.sentence)


def _unknown(environment: str) -> Sentence:
    return say(
        "The environment {env} is not configured any more, so nothing is sent and nobody looks. "
        "Whoever runs the bot has to bring it back.",
        env=environment,
    )


async def _attend(desk: Desk, change: Change) -> None:
    now = desk.clock()
    if change.state is State.PROPOSED:
        if (step := expired(change, now)) is not None:
            await desk.changes.save(*step)
        else:
            await remind(desk, change)
        return
    if (step := early(change, now)) is not None:
        await desk.changes.save(*step)
        return
    if (step := orphaned(change, now)) is not None:
        change = await desk.changes.save(*step)
    if change.in_state(_LOOKED_AT):
        change = await look(desk, change)
    if may_send(change):
        # What was seen turns a change by itself; that time passes does not: something is slow.
        if (fresh := settled(change, now)).state is not change.state:
            await desk.changes.save(*turned(change, fresh, now))
            return
        await _send_next(desk, change)
        return
    await _close_or_wait(desk, change)


async def _close_or_wait(desk: Desk, change: Change) -> None:
    now = desk.clock()

    def decision(change: Change) -> Step | None:
        if change.state is State.PROPOSED or may_send(change):
            return None  # A person was faster: it is due for something else by now.
        fresh, records = turned(change, settled(change, now), now)
        if not fresh.is_open:
            return fresh, records
        fresh, more = announced(fresh, now)
        seen = {"due_at": _due(desk, fresh, now), "waiting": (), "waiting_since": None}
        return fresh.model_copy(update=seen), (*records, *more)

    await amend(desk, change.number, decision)


def _due(desk: Desk, change: Change, now: datetime) -> datetime | None:
    # What is out of sight for longer than the limit waits for a person, not for another look.
    of = desk.environments[change.environment]
    flying = change.in_state(IN_FLIGHT)
    looks = (next_look(target, now, of.poll_interval, of.verify_timeout) for target in flying)
    return min((at for at in (*looks, change.announce_at) if at is not None), default=None)


async def _postpone(desk: Desk, change: Change, why: Sentence) -> None:
    """The world cannot be read now: conclude nothing, say so, and try again later."""
    now = desk.clock()

    def decision(change: Change) -> Step | None:
        if not change.is_open:
            return None
        fresh = waits(change, (why,), now)
        return fresh.model_copy(update={"due_at": now + _AFTER_TROUBLE}), ()

    await amend(desk, change.number, decision)


async def _send_next(desk: Desk, change: Change, others: tuple[Facts, ...] = ()) -> None:
    """Send a batch if nothing speaks against it; `others` of the change were read already."""
    now = desk.clock()
    batch = next_batch(change.targets)
    soak_until = soaking_until(change, batch[0].wave)
    if soak_until is not None and soak_until > now:
        await desk.changes.save(change.model_copy(update={"due_at": soak_until}), ())
        return
    if (closure := await _closed(desk, change, now)) is not None:
        of = desk.environments[change.environment]
        look_at = now + of.poll_interval
        await desk.changes.save(*stopped(change, closure, now, of.approval_ttl, look_at))
        return
    if begins_wave(change, batch) and (bad := await _bad_health(desk, change, batch)):
        await desk.changes.save(*unhealthy(change, bad, now))
        return
    checked = change.in_state({TargetState.PLANNED}) if not change.batches else batch
    asked = batch if others else checked
    facts, added = await _facts(desk, change, asked)
    if desk.clock() - now > _FACTS_AGE:
        if len(asked) > len(batch):
            # Thousands always take longer to read than that; what is sent of them does not.
            await _send_next(desk, change, _without(batch, facts))
        return  # It is still due.
    facts = (*others, *facts)
    rules = desk.environments[change.environment]
    fresh, records = next_step(change, batch, checked, facts, rules, desk.clock(), added)
    if fresh.state is State.PROPOSED:  # Asked anew, people see how long upgrades take by now.
        past = await recent_upgrades(desk, change.environment)
        fresh = fresh.model_copy(update={"past": past})
    saved = await desk.changes.save(fresh, records)
    if len(saved.batches) > len(change.batches):
        await send(desk, saved, batch)


def _without(batch: tuple[Target, ...], facts: tuple[Facts, ...]) -> tuple[Facts, ...]:
    sent = {target.instance_id for target in batch}
    return tuple(one for one in facts if one.instance.id not in sent)


async def _bad_health(
    desk: Desk, change: Change, batch: tuple[Target, ...]
) -> tuple[Sentence, ...]:
    """Tell what speaks against the next wave: upgraded instances, and the team's own signals."""
    environment = desk.environments[change.environment]
    facts = parameters(change, batch[0].wave)
    fleet = desk.fleets[change.environment]
    listed, statuses, jobs, readings = await asyncio.gather(
        fleet.instances(),
        fleet.statuses(),
        fleet.jobs(desk.clock() - RUNNING_JOBS_SINCE),
        desk.signals.read(environment.signals, facts),
    )
    by_id = {one.id: one.refined(statuses.get(one.id)) for one in listed}
    upgraded = change.in_state(NEW)
    unsure = doubtful(upgraded, by_id)
    versions = await asyncio.gather(*(fleet.version(one) for one in unsure))
    unwell = ill(upgraded, by_id, by_instance(jobs), dict(zip(unsure, versions, strict=True)))
    return (*unwell, *(one.words for one in readings if not one.is_good))


async def _closed(desk: Desk, change: Change, now: datetime) -> Closure | None:
    calendar = await desk.calendar(desk.environments[change.environment])
    # A start that comes late, after an outage, is judged by the time it is now.
    options = change.options.model_copy(update={"run_at": now})
    return closure_of(options, calendar, now, next_batch(change.targets))


async def _facts(
    desk: Desk, change: Change, targets: tuple[Target, ...]
) -> tuple[tuple[Facts, ...], tuple[Sentence, ...]]:
    """Read the targets, and what joined the change's glob or tag before anything was sent."""
    wanted = {target.instance_id for target in targets}
    fleet = await desk.fleets[change.environment].instances()
    chosen = [one for one in fleet if one.id in wanted]
    added = () if change.batches else joined(change, fleet)
    return await survey(desk, change.environment, chosen, fleet), added


async def look(desk: Desk, change: Change) -> Change:
    """Read jobs, schedules and versions, and record what became of the targets.

    Raises:
        CloudError: the world could not be read; nothing is concluded from that.
    """
    environment = desk.environments[change.environment]
    fleet = desk.fleets[change.environment]
    flying = change.in_state(_LOOKED_AT)
    # Silence tells of the time when it was listened to, however long it takes to judge it.
    now = desk.clock()
    since = min(target.submitted_at or desk.clock() for target in flying) - CLOCK_SLACK
    jobs, schedules, listed = await asyncio.gather(
        fleet.jobs(since), fleet.schedules(), fleet.instances()
    )
    begun, planned = by_instance(jobs), by_instance(schedules)
    listed_ids = {one.id: one for one in listed}
    named = {one.name: one.id for one in listed}

    async def seen(target: Target) -> Target:
        of = target.instance_id
        sight = sight_of(target, begun.get(of, ()), planned.get(of, ()), named)
        listed_is_new = _listed_new(target, listed_ids)
        if wants_version(target, sight, now, listed_is_new=listed_is_new):
            sight = sight.model_copy(update={"version": await fleet.version(of)})
        return observed(target, sight, now, environment.verify_timeout)

    targets = await asyncio.gather(*(seen(target) for target in flying))
    step = looked(change, targets, desk.clock())
    return change if step is None else await desk.changes.save(*step)


def _listed_new(target: Target, listed: dict[str, Instance]) -> bool:
    instance = listed.get(target.instance_id)
    return (
        instance is not None and instance.kernel is not None and (instance.kernel > target.kernel)
    )
