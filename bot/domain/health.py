"""Whether what was upgraded is well, before the next wave begins."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.change import Change, Move, Target, advance
from bot.domain.instance import Instance, Job, Status, Version
from bot.domain.sentence import Sentence, all_of, say
from bot.domain.turns import Step, turned


def unhealthy(change: Change, why: Sequence[Sentence], now: datetime) -> Step:
    """Halt before the next wave because something is not well."""
    reason = say("Halted before the next wave: {why}", why=all_of(why))
    halted = advance(change, Move.HALT, halt_reason=reason, approvals=(), due_at=now)
    return turned(change, halted, now)


def ill(
    targets: Sequence[Target],
    listed: Mapping[str, Instance],
    jobs: Mapping[str, Sequence[Job]],
    versions: Mapping[str, Version],
) -> tuple[Sentence, ...]:
    """Tell which upgraded instances are not well by now.

    `versions` are those of instances whose kernel in the list is not the proven one: the list
    may be behind.
    """
    found = (_ailment(target, listed.get(target.instance_id), jobs, versions) for target in targets)
    return tuple(one for one in found if one is not None)


def _ailment(
    target: Target,
    instance: Instance | None,
    jobs: Mapping[str, Sequence[Job]],
    versions: Mapping[str, Version],
) -> Sentence | None:
    name, of = target.name, target.instance_id
    if instance is None:
        return say("{name} is not in the list of instances any more.", name=name)
    if instance.status is Status.ABNORMAL:
        return say("{name} is abnormal.", name=name)
    if instance.status is Status.FROZEN:
        return say("{name} is frozen.", name=name)
    if of in versions and target.found is not None and versions[of].current < target.found:
        now = str(versions[of].current)
        return say("{name} runs {kernel} again.", name=name, kernel=now)
    running = next((job for job in jobs.get(of, ()) if not job.state.is_over), None)
    if running is not None:
        return say("{name} is being upgraded again (job {job}).", name=name, job=running.id)
    return None


def doubtful(targets: Sequence[Target], listed: Mapping[str, Instance]) -> tuple[str, ...]:
    """Name upgraded instances of which the list shows an older kernel than was proven."""
    return tuple(
        target.instance_id
        for target in targets
        if target.found is not None
        and (instance := listed.get(target.instance_id)) is not None
        and instance.kernel is not None
        and instance.kernel < target.found
    )
