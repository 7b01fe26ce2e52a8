"""From a wish to a stored change that asks for approval."""

from collections.abc import Mapping, Sequence

from bot.command import Asker
from bot.domain.change import Change, Options, Timing
from bot.domain.environment import Environment
from bot.domain.errors import CloudError
from bot.domain.freeze import closure_of, instant, starts_at, told
from bot.domain.instance import Version
from bot.domain.model import Frozen
from bot.domain.owners import subscribed
from bot.domain.plan import Facts, Plan, Refusal, make_plan
from bot.domain.policy import Action, decide
from bot.domain.refused import RefusedError
from bot.domain.reminders import awaiting
from bot.domain.rules import approvals, ruled
from bot.domain.seal import sealed_facts
from bot.domain.selection import Selection, is_pattern, select
from bot.domain.sentence import At, Sentence, User, say, say_many
from bot.domain.story import Record
from bot.domain.waves import WaveRules
from bot.ports import TakenError
from bot.service.approvers import asked_for, called, lacking
from bot.service.desk import Desk
from bot.service.survey import prechecked, recent_upgrades, survey
from bot.service.timekeeper import trust_time


class Request(Frozen):
    """What somebody asks for: which databases, how, where, and by which delivery."""

    words: tuple[str, ...]
    options: Options
    channel: str
    key: str
    """The same delivery makes one change."""
    parent: int | None = None
    """The change of which it retries the rest."""


async def permit(
    desk: Desk,
    asker: Asker,
    environment: Environment,
    channel: str,
    options: Options | None = None,
) -> None:
    """Refuse those who may not ask for changes here, and times at which nothing may start.

    Raises:
        RefusedError: with the policy's reason.
    """
    circle = await desk.circle(asker.person, environment)
    closure = None
    if options is not None:
        options = await overriding(desk, environment, options)
        closure = closure_of(options, await desk.calendar(environment), asker.now)
    overrides = options is not None and bool(options.override)
    action = Action.OVERRIDE if overrides else Action.REQUEST
    decision = decide(action, circle, environment, channel=channel, closure=closure)
    if not decision.allowed:
        raise RefusedError(decision.sentence, *decision.more)


async def overriding(desk: Desk, environment: Environment, options: Options) -> Options:
    """Name the freezes that an override goes past: those that are known now, and no later ones.

    Raises:
        RefusedError: there is nothing to override.
    """
    if not options.override:
        return options
    calendar, at = await desk.calendar(environment), starts_at(options, desk.clock())
    if calendar.closure(at) is None:
        raise RefusedError(
            say("Nothing keeps this from starting at {at}: leave --break-glass out.", at=At(at=at))
        )
    names = tuple(hold.name for hold in calendar.holds(instant(at)))
    return options.model_copy(update={"overridden": names})


async def draft(
    desk: Desk,
    environment: Environment,
    words: Sequence[str],
    options: Options,
    known: Mapping[str, Version] | None = None,
) -> Plan:
    """Plan an upgrade of what the words mean; nothing is stored.

    A preview brings the versions that are `known`: it needs no call for each instance, and
    leaves out what takes its time.

    Raises:
        RefusedError: with every problem of the words and every blocker at once.
        CloudError: the cloud could not be read.
    """
    options = completed(options, environment)
    listed = await desk.fleets[environment.name].instances()
    selection = select(words, listed)
    facts = await survey(desk, environment.name, selection.chosen, listed, known)
    plan = _planned(selection, facts, options, environment.wave_rules)
    await _refuse_maintenance(desk, environment, plan, options)
    if known is None:
        facts = await prechecked(desk, environment.name, facts)
        plan = _planned(selection, facts, options, environment.wave_rules)
    patterns = tuple(one for one in words if is_pattern(one))
    meant = tuple(one.id for one in selection.chosen) if patterns else ()
    past = await recent_upgrades(desk, environment.name)
    needed = approvals(plan.targets, environment, options)
    update = {"past": past, "approvals": needed, "patterns": patterns, "meant": meant}
    return plan.model_copy(update=update)


async def _refuse_maintenance(
    desk: Desk, environment: Environment, plan: Plan, options: Options
) -> None:
    """Refuse what TaurusDB would start at a closed time; `permit` looks at the others."""
    if options.timing is not Timing.IN_WINDOW:
        return
    calendar, now = await desk.calendar(environment), desk.clock()
    closure = closure_of(options, calendar, now, plan.targets)
    if closure is not None and closure_of(options, calendar, now) is None:
        raise RefusedError(*told(closure))


async def objections(
    desk: Desk, asker: Asker, environment: Environment, request: Request
) -> tuple[Sentence, ...]:
    """Everything that would keep this from being planned, for a line with mistakes of its own."""
    found: list[Sentence] = []
    try:
        await permit(desk, asker, environment, request.channel, request.options)
        if request.words:
            await draft(desk, environment, request.words, request.options)
    except RefusedError as refused:
        found.extend(refused.problems)
    except CloudError as error:
        found.append(error.sentence)
    return tuple(found)


def completed(options: Options, environment: Environment) -> Options:
    """Fill in from the environment's rules what the requester left open."""
    soak = environment.soak if options.soak is None else options.soak
    usual = (environment.wave_size,) if environment.wave_size else ()
    return options.model_copy(update={"soak": soak, "wave_sizes": options.wave_sizes or usual})


def _planned(
    selection: Selection, facts: Sequence[Facts], options: Options, rules: WaveRules
) -> Plan:
    outcome: Plan | Refusal = Refusal(problems=())
    if facts:
        outcome = make_plan(facts, options, selection.exact, selection.if_behind, rules)
    blockers = outcome.problems if isinstance(outcome, Refusal) else ()
    if isinstance(outcome, Refusal) or selection.problems:
        raise RefusedError(*selection.problems, *blockers)
    return outcome


async def propose(desk: Desk, asker: Asker, environment: Environment, request: Request) -> Change:
    """Plan, store and so ask for approval; the notifier posts the card.

    Raises:
        RefusedError, CloudError: as `draft`; nothing is stored then.
    """
    await trust_time(desk)
    await permit(desk, asker, environment, request.channel, request.options)
    options = await overriding(desk, environment, completed(request.options, environment))
    try:
        plan = await draft(desk, environment, request.words, options)
    except RefusedError:
        # Asked a second time for the same delivery, it is blocked by what it made itself.
        made = await _made_by(desk, request.key, asker)
        if made is None:
            raise
        return made
    request = request.model_copy(update={"options": options})
    change = _change(asker, environment, plan, request)
    change = await _addressed(desk, change)
    try:
        stored = await desk.changes.add(change, (_asked(change),))
    except TakenError as taken:
        raise RefusedError(*_taken(taken, plan)) from taken
    desk.wake()
    return stored


async def _addressed(desk: Desk, change: Change) -> Change:
    """Note who is asked, who is on call, and if there is nobody who could approve."""
    missing = await lacking(desk, change)
    warnings = change.warnings if missing is None else (missing, *change.warnings)
    asked, duties = await asked_for(desk, change), await called(desk, change.approvers)
    update = {"asked": asked, "duties": duties or (), "warnings": warnings}
    return awaiting(change.model_copy(update=update), change.created_at)


async def _made_by(desk: Desk, key: str, asker: Asker) -> Change | None:
    mine = await desk.changes.find(requester=asker.person.id, limit=20)
    return next((change for change in mine if change.key == key), None)


def _taken(taken: TakenError, plan: Plan) -> list[Sentence]:
    names = {target.instance_id: target.name for target in plan.targets}
    return [
        say(
            "{name} has just become part of CHG-{number}. See it with /taurus-change show "
            "CHG-{number}.",
            name=names.get(instance_id, instance_id),
            number=number,
        )
        for instance_id, number in taken.taken.items()
    ]


def _change(asker: Asker, environment: Environment, plan: Plan, request: Request) -> Change:
    expires_at = asker.now + environment.approval_ttl
    made = Change(
        environment=environment.name,
        channel=request.channel,
        requester=asker.person.id,
        key=request.key,
        options=request.options,
        targets=plan.targets,
        warnings=plan.warnings,
        patterns=plan.patterns,
        meant=plan.meant,
        past=plan.past,
        halt_after=environment.halt_after_failures,
        slow_after=environment.slow_after,
        notify=tuple(one for one in environment.notify if one != request.channel),
        subscriptions=subscribed(environment.subscriptions, plan.targets),
        approvers=environment.approvers,
        self_approval=environment.self_approval,
        created_at=asker.now,
        expires_at=expires_at,
        parent=request.parent,
    )
    return ruled(made, environment)


def _asked(change: Change) -> Record:
    overrides = bool(change.options.override)
    data = {
        "reason": change.options.override or change.options.reason,
        "environment": change.environment,
        "channel": change.channel,
        "delivery": change.key,
        "retries": f"CHG-{change.parent}" if change.parent is not None else "",
        **sealed_facts(change),
    }
    return Record(
        at=change.created_at,
        actor=change.requester,
        kind="override" if overrides else "request",
        sentence=_asked_for(change),
        told=overrides,
        data={name: value for name, value in data.items() if value},
    )


def _asked_for(change: Change) -> Sentence:
    who = User(user=change.requester)
    if change.options.override:
        return say(
            "BREAK GLASS: {who} asked to upgrade {env} in spite of freezes and change windows: "
            "{reason}",
            who=who,
            env=change.environment,
            reason=change.options.override,
        )
    return say_many(
        "{who} asked to upgrade {n} instance of {env}.",
        "{who} asked to upgrade {n} instances of {env}.",
        len(change.targets),
        who=who,
        env=change.environment,
    )
