"""From facts about instances to a plan, or to a refusal that lists every blocker."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.change import Options, Target, TargetState, Timing
from bot.domain.instance import Detail, Instance, Job, PreCheck, Schedule, Status, Version
from bot.domain.kernel import Path, path_from
from bot.domain.model import Frozen
from bot.domain.sentence import Sentence, say, say_many
from bot.domain.waves import waves_of

BATCH_LIMIT = 100
"""Instances in one request (console guide and pre-check API; the API's own page is silent)."""
INTERRUPTION = (timedelta(seconds=30), timedelta(seconds=90))
"""How long workloads are interrupted by an ordinary upgrade (operation guide)."""
DICTIONARY_INTERRUPTION = (timedelta(minutes=1), timedelta(minutes=2))
"""The same when the data dictionary is upgraded, which takes 15 to 20 minutes in all."""


class Facts(Frozen):
    """Everything that was read about one instance before deciding."""

    instance: Instance
    detail: Detail | None = None
    version: Version | None = None
    job: Job | None = None
    """An upgrade job that is not over."""
    schedule: Schedule | None = None
    """An upgrade that waits for the maintenance window already."""
    open_change: int | None = None
    precheck: PreCheck | None = None


class Plan(Frozen):
    """What would be done, ready to be approved."""

    targets: tuple[Target, ...]
    warnings: tuple[Sentence, ...]


class Refusal(Frozen):
    """Why nothing can be planned: every blocker, each with its next step."""

    problems: tuple[Sentence, ...]


def blocker(facts: Facts) -> Sentence | None:
    """Tell what keeps this instance from being upgraded now, if anything does."""
    return _claimed(facts) or unready(facts) or _newest(facts)


def is_newest(facts: Facts) -> bool:
    """Whether there is nothing left to upgrade."""
    version = facts.version
    return version is not None and not version.upgradable and version.current >= version.latest


_NOT_NORMAL = {
    Status.FROZEN: "{name} is frozen. Unfreeze it in the console first (often unpaid bills).",
    Status.ABNORMAL: "{name} is abnormal. Repair it, or open a ticket with Huawei Cloud, first.",
    Status.DELETED: "{name} is being deleted. Leave it out.",
    Status.BUSY: "{name} is busy with another operation. Try again when its status is normal.",
}


def unready(facts: Facts) -> Sentence | None:
    """Tell why the instance cannot take an upgrade at this moment, though it may later."""
    name = facts.instance.name
    if facts.job is not None:
        return say(
            "{name} is being upgraded right now (job {job}). Wait for that to end.",
            name=name,
            job=facts.job.id,
        )
    if facts.instance.status is not Status.NORMAL:
        return say(_NOT_NORMAL[facts.instance.status], name=name)
    if facts.schedule is not None:
        return say(
            "{name} is scheduled already for its maintenance window (task {task}). "
            "Cancel that task in the console, or leave the instance out.",
            name=name,
            task=facts.schedule.id,
        )
    return None


def _claimed(facts: Facts) -> Sentence | None:
    if facts.open_change is None:
        return None
    return say(
        "{name} is in CHG-{number} already. See it with /taurus-change show CHG-{number}, "
        "and cancel that first if you mean this instead.",
        name=facts.instance.name,
        number=facts.open_change,
    )


def _newest(facts: Facts) -> Sentence | None:
    name = facts.instance.name
    if facts.version is None:
        return say("The kernel of {name} could not be read. Try again.", name=name)
    if is_newest(facts):
        return say(
            "{name} runs the newest kernel {kernel} already. Leave it out.",
            name=name,
            kernel=str(facts.version.current),
        )
    if not facts.version.upgradable:
        return say(
            "The cloud does not offer an upgrade for {name} (kernel {kernel}). "
            "See the instance in the console, or ask Huawei Cloud.",
            name=name,
            kernel=str(facts.version.current),
        )
    return None


def make_plan(
    facts: Sequence[Facts],
    options: Options,
    exact: frozenset[str] = frozenset(),
) -> Plan | Refusal:
    """Decide what would be done with these instances.

    Instances that run the newest kernel already block the plan only if they were named one by
    one (`exact`); a glob or a tag that also matches some of them just leaves them out.
    """
    left_out = [fact for fact in facts if is_newest(fact) and fact.instance.id not in exact]
    rest = [fact for fact in facts if fact not in left_out]
    problems = [problem for fact in rest if (problem := blocker(fact))]
    if not rest:
        problems = [problem for fact in facts if (problem := blocker(fact))]
    if problems:
        return Refusal(problems=tuple(problems))
    waves = waves_of(len(rest), options.wave_sizes)
    targets = tuple(_target(fact, wave) for fact, wave in zip(rest, waves, strict=True))
    return Plan(targets=targets, warnings=(*_left_out(left_out), *warnings(targets, rest, options)))


def _target(facts: Facts, wave: int) -> Target:
    version, detail = facts.version, facts.detail
    assert version is not None  # noqa: S101 - a plan is only made when nothing blocks
    return Target(
        instance_id=facts.instance.id,
        name=facts.instance.name,
        kernel=version.current,
        newest=version.latest,
        path=path_from(version.current),
        zones=detail.zones if detail else 2,
        nodes=detail.nodes if detail else 1,
        window=detail.window if detail else "",
        region=facts.instance.region,
        wave=wave,
    )


def _left_out(facts: Sequence[Facts]) -> tuple[Sentence, ...]:
    if not facts:
        return ()
    names = ", ".join(fact.instance.name for fact in facts[:5])
    more = ", …" if len(facts) > 5 else ""  # noqa: PLR2004 - enough to recognise them
    return (
        say_many(
            "{n} instance runs the newest kernel already and is left out: {names}.",
            "{n} instances run the newest kernel already and are left out: {names}.",
            len(facts),
            names=names + more,
        ),
    )


_BY_PATH = {
    Path.SEVERAL_ROUNDS: (
        "{n} instance is so old that it needs several rounds; this change does one: {names}.",
        "{n} instances are so old that they need several rounds; this change does one: {names}.",
    ),
    Path.TWO_PHASE: (
        (
            "{n} instance upgrades in two phases: afterwards it blocks other operations until "
            "somebody continues and applies the upgrade in the console: {names}."
        ),
        (
            "{n} instances upgrade in two phases: afterwards they block other operations until "
            "somebody continues and applies the upgrade in the console: {names}."
        ),
    ),
}


def warnings(
    targets: Sequence[Target], facts: Sequence[Facts], options: Options
) -> tuple[Sentence, ...]:
    """Tell what an approver should know beyond the list of targets."""
    found: list[Sentence] = []
    for path, (one, many) in _BY_PATH.items():
        if names := [target.name for target in targets if target.path is path]:
            found.append(say_many(one, many, len(names), names=_some(names)))
    found.extend(_precheck_findings(facts))
    if ageing := [fact.instance.name for fact in facts if fact.instance.end_of_service]:
        found.append(say("End of service, upgrade soon: {names}.", names=_some(ageing)))
    unknown = [target.name for target in targets if not target.window]
    if unknown and options.timing is Timing.IN_WINDOW:
        text = "The maintenance window could not be read for {names}."
        found.append(say(text, names=_some(unknown)))
    return tuple(found)


def _precheck_findings(facts: Sequence[Facts]) -> tuple[Sentence, ...]:
    return tuple(
        say(
            "Huawei Cloud's pre-check found a problem with {name}: {findings}",
            name=fact.instance.name,
            findings="; ".join(fact.precheck.findings) or "-",
        )
        for fact in facts
        if fact.precheck is not None and not fact.precheck.passed
    )


def _some(names: Sequence[str], limit: int = 8) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown}, …" if len(names) > limit else shown


def next_batch(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Choose what the next request carries: one wave, one kernel, at most 100 instances.

    The kernels of one request are equal because the vendor's pre-check demands it, and its
    upgrade call is silent about mixtures. Deterministic: a new process chooses the same.
    """
    planned = [target for target in targets if target.state is TargetState.PLANNED]
    if not planned:
        return ()
    wave = min(target.wave for target in planned)
    first = next(target for target in planned if target.wave == wave)
    same = [target for target in planned if target.wave == wave and target.kernel == first.kernel]
    return tuple(same[:BATCH_LIMIT])
