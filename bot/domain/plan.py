"""From facts about instances to a plan, or to a refusal that lists every blocker."""

from collections.abc import Sequence

from bot.domain.change import Options, Target, TargetState, Timing
from bot.domain.instance import Detail, Instance, Job, PreCheck, Schedule, Status, Version
from bot.domain.kernel import path_from
from bot.domain.model import Frozen
from bot.domain.past import PastUpgrades
from bot.domain.risk import rounds, some
from bot.domain.sentence import Sentence, say, say_many
from bot.domain.waves import NO_RULES, Member, WaveRules, waves_of

BATCH_LIMIT = 100
"""Instances in one request (console guide and pre-check API; the API's own page is silent)."""


class Facts(Frozen):
    """Everything that was read about one instance before deciding."""

    instance: Instance
    detail: Detail | None = None
    version: Version | None = None
    job: Job | None = None
    """An upgrade job that is not over."""
    schedule: Schedule | None = None
    """An upgrade that waits for the maintenance window already."""
    traces: tuple[str, ...] = ()
    """Ids of what an upgrade leaves and is there already: tasks, over or not, and copies."""
    open_change: int | None = None
    neighbour: str = ""
    """Name of an instance that is being upgraded now and must not be at the same time."""
    precheck: PreCheck | None = None


class Plan(Frozen):
    """What would be done, ready to be approved."""

    targets: tuple[Target, ...]
    warnings: tuple[Sentence, ...]
    patterns: tuple[str, ...] = ()
    """The globs and tags among the words."""
    meant: tuple[str, ...] = ()
    """Ids of all instances that these meant, those that are left out included."""
    past: tuple[PastUpgrades, ...] = ()
    """How long upgrades took here lately."""
    approvals: tuple[Sentence, ...] = ()
    """What it takes before it may run."""


class Refusal(Frozen):
    """Why nothing can be planned: every blocker, each with its next step."""

    problems: tuple[Sentence, ...]


def blockers(facts: Facts) -> tuple[Sentence, ...]:
    """Tell everything that keeps this instance from being upgraded now."""
    if is_newest(facts):
        return (_newest(facts),)
    # A change that is open already knows of its own job or task.
    begun = _claimed(facts) or _under_way(facts)
    found = (begun, _not_normal(facts), _unread(facts), _not_offered(facts))
    return tuple(one for one in found if one is not None)


def is_newest(facts: Facts) -> bool:
    """Whether there is nothing left to upgrade."""
    version = facts.version
    return version is not None and not version.upgradable and version.current >= version.latest


def unready(facts: Facts) -> Sentence | None:
    """Tell why the instance cannot take an upgrade at this moment, though it may later."""
    return _under_way(facts) or _not_normal(facts) or _unread(facts)


def crowded(facts: Facts) -> Sentence | None:
    """Tell if another instance of its group is being upgraded at this moment."""
    if not facts.neighbour:
        return None
    return say(
        "{name} waits for {other}: the policy keeps the two from being upgraded at once.",
        name=facts.instance.name,
        other=facts.neighbour,
    )


def _not_normal(facts: Facts) -> Sentence | None:
    name = facts.instance.name
    match facts.instance.status:
        case Status.FROZEN:
            return say(
                "{name} is frozen. Unfreeze it in the console first (often unpaid bills).",
                name=name,
            )
        case Status.ABNORMAL:
            return say(
                "{name} is abnormal. Repair it, or open a ticket with Huawei Cloud, first.",
                name=name,
            )
        case Status.DELETED:
            return say("{name} is being deleted. Leave it out.", name=name)
        case Status.BUSY if facts.job is None:
            return say(
                "{name} is busy with another operation. Try again when its status is normal.",
                name=name,
            )
        case _:
            return None


def _under_way(facts: Facts) -> Sentence | None:
    name = facts.instance.name
    if facts.job is not None:
        return say(
            "{name} is being upgraded right now (job {job}). Wait for that to end.",
            name=name,
            job=facts.job.id,
        )
    if facts.schedule is not None:
        return say(
            "{name} is scheduled already for its maintenance window (task {task}). "
            "Cancel that task in the console, or leave the instance out.",
            name=name,
            task=facts.schedule.id,
        )
    return None


def _unread(facts: Facts) -> Sentence | None:
    if facts.version is not None:
        return None
    return say("The kernel of {name} could not be read. Try again.", name=facts.instance.name)


def _claimed(facts: Facts) -> Sentence | None:
    if facts.open_change is None:
        return None
    return say(
        "{name} is in CHG-{number} already. See it with /taurus-change show CHG-{number}, "
        "and cancel that first if you mean this instead.",
        name=facts.instance.name,
        number=facts.open_change,
    )


def _newest(facts: Facts) -> Sentence:
    return say(
        "{name} runs the newest kernel {kernel} already. Leave it out.",
        name=facts.instance.name,
        kernel=str(facts.version.current if facts.version else "-"),
    )


def _not_offered(facts: Facts) -> Sentence | None:
    if facts.version is None or facts.version.upgradable:
        return None
    return say(
        "The cloud does not offer an upgrade for {name} (kernel {kernel}). "
        "See the instance in the console, or ask Huawei Cloud.",
        name=facts.instance.name,
        kernel=str(facts.version.current),
    )


def make_plan(
    facts: Sequence[Facts],
    options: Options,
    exact: frozenset[str] = frozenset(),
    if_behind: frozenset[str] = frozenset(),
    rules: WaveRules = NO_RULES,
) -> Plan | Refusal:
    """Decide what would be done with these instances.

    Instances that run the newest kernel already block the plan only if they were named one by
    one (`exact`); a glob or a tag that also matches some of them just leaves them out. So does
    whoever wants only those that can be upgraded now (`if_behind`), whatever keeps the others.
    `rules` order the waves.
    """
    left_out = [one for one in facts if is_newest(one) and one.instance.id not in exact]
    unfit = [
        one
        for one in facts
        if one.instance.id in if_behind and not is_newest(one) and blockers(one)
    ]
    left_ids = {one.instance.id for one in (*left_out, *unfit)}
    rest = [one for one in facts if one.instance.id not in left_ids]
    if problems := [problem for one in rest or facts for problem in blockers(one)]:
        return Refusal(problems=tuple(problems))
    targets = _in_waves([_target(one, rules) for one in rest], options, rules)
    surprising = [one for one in left_out if one.instance.id not in if_behind]
    said = (*_left_out(surprising), *_unfit(unfit), *_rearranged(targets, options))
    return Plan(targets=targets, warnings=(*said, *warnings(targets, rest, options)))


def _in_waves(targets: Sequence[Target], options: Options, rules: WaveRules) -> tuple[Target, ...]:
    places = {ring: place for place, ring in enumerate((*rules.rings, ""))}
    members = [Member(ring=places[target.ring], group=target.group) for target in targets]
    waves = waves_of(members, options.wave_sizes)
    pairs = zip(targets, waves, strict=True)
    return tuple(target.model_copy(update={"wave": wave}) for target, wave in pairs)


def _rearranged(targets: Sequence[Target], options: Options) -> tuple[Sentence, ...]:
    """Tell if the policy makes more waves than the sizes alone would."""
    waves = len({target.wave for target in targets})
    plain = len(set(waves_of([Member()] * len(targets), options.wave_sizes)))
    if waves == plain:
        return ()
    return (
        say(
            "The policy makes {waves} waves of it instead of {plain}: rings go one after the "
            "other, and instances that share a service or the like are kept apart.",
            waves=waves,
            plain=plain,
        ),
    )


def _target(facts: Facts, rules: WaveRules) -> Target:
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
        tags=facts.instance.tags,
        ring=rules.ring_of(facts.instance.tags),
        group=rules.group_of(facts.instance.tags),
    )


def _left_out(facts: Sequence[Facts]) -> tuple[Sentence, ...]:
    if not facts:
        return ()
    return (
        say_many(
            "{n} instance runs the newest kernel already and is left out: {names}.",
            "{n} instances run the newest kernel already and are left out: {names}.",
            len(facts),
            names=some([one.instance.name for one in facts]),
        ),
    )


def _unfit(facts: Sequence[Facts]) -> tuple[Sentence, ...]:
    if not facts:
        return ()
    return (
        say_many(
            "{n} instance cannot be upgraded now and is left out: {names}.",
            "{n} instances cannot be upgraded now and are left out: {names}.",
            len(facts),
            names=some([one.instance.name for one in facts]),
        ),
    )


def warnings(
    targets: Sequence[Target], facts: Sequence[Facts], options: Options
) -> tuple[Sentence, ...]:
    """Tell what an approver should know beyond the list of targets."""
    found = [*rounds(targets), *_precheck_findings(facts)]
    if proxied := [one.instance.name for one in facts if one.detail and one.detail.proxies]:
        found.append(
            say(
                "Database proxies are not upgraded along; do that in the console: {names}.",
                names=some(proxied),
            )
        )
    if ageing := [fact.instance.name for fact in facts if fact.instance.end_of_service]:
        found.append(say("End of service, upgrade soon: {names}.", names=some(ageing)))
    unknown = [target.name for target in targets if not target.window]
    if unknown and options.timing is Timing.IN_WINDOW:
        found.append(
            say("The maintenance window could not be read for {names}.", names=some(unknown))
        )
    return tuple(found)


def _precheck_findings(facts: Sequence[Facts]) -> tuple[Sentence, ...]:
    unanswered = [
        fact.instance.name for fact in facts if fact.precheck and not fact.precheck.is_finished
    ]
    late = say(
        "Huawei Cloud's pre-check has no result yet for {names}. It may find something later.",
        names=some(unanswered),
    )
    found = tuple(
        say(
            "Huawei Cloud's pre-check found a problem with {name}: {findings}",
            name=fact.instance.name,
            findings="; ".join(fact.precheck.findings) or "-",
        )
        for fact in facts
        if fact.precheck is not None and fact.precheck.is_finished and not fact.precheck.passed
    )
    return (*found, late) if unanswered else found


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
