"""What happens next to a change that is under way: pure decisions for the executor.

The order of a run: seal checked -> attempt recorded -> request sent once -> answer recorded ->
looked at until proven -> closed. Each function here decides one of these steps.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.change import (
    IN_FLIGHT,
    UNSEEN,
    Batch,
    Change,
    Move,
    State,
    Target,
    TargetState,
    Timing,
    advance,
    allows,
    ending,
    with_targets,
)
from bot.domain.errors import CloudError, Effect, Reaction
from bot.domain.freeze import Closure, told
from bot.domain.instance import Answer, Instance, Status
from bot.domain.plan import Facts, unready
from bot.domain.seal import replanned
from bot.domain.sentence import Sentence, say, say_many
from bot.domain.story import Record

Step = tuple[Change, tuple[Record, ...]]

BUSY_LIMIT = timedelta(minutes=30)
"""How long a start waits for busy instances (a backup, say) before it asks people again."""
SEND_TRIES = 5
"""How often a batch that provably never left, or was throttled by name, is offered again."""
REASON = 280
"""Characters of why something was halted: the card shows one argument up to 300."""
NAMED = 5
"""How many instances a line names; the card has them all."""
_ALARMING = frozenset({TargetState.FAILED, TargetState.REFUSED, TargetState.NEVER_STARTED, *UNSEEN})


def fact(at: datetime, kind: str, sentence: Sentence, verbatim: str = "", **data: str) -> Record:
    """Record something that the bot saw or did, as a line of the thread."""
    return Record(
        at=at,
        actor="bot",
        kind=kind,
        sentence=sentence,
        told=True,
        verbatim=verbatim,
        data={key: value for key, value in data.items() if value},
    )


def turned(before: Change, after: Change, now: datetime, *records: Record) -> Step:
    """Complete a step: a turn that people must hear of becomes a line of its own."""
    if after.state is before.state:
        return after, records
    if after.state is State.HALTED and after.halt_reason is not None:
        return after, (*records, fact(now, "halt", after.halt_reason))
    if after.state is State.UNKNOWN:
        return after, (*records, _lost(after, now))
    return after, (*records, closing(after, now)) if not after.is_open else records


def _lost(change: Change, now: datetime) -> Record:
    unseen = change.in_state(UNSEEN)
    text = say_many(
        "The outcome of {n} instance is not known ({names}). Nothing is sent again; the card "
        "tells what was seen.",
        "The outcome of {n} instances is not known ({names}). Nothing is sent again; the card "
        "tells what was seen.",
        len(unseen),
        names=_names(unseen),
    )
    return fact(now, "unknown", text)


def _names(targets: Sequence[Target]) -> str:
    shown = [target.name for target in targets[:NAMED]]
    return ", ".join([*shown, "…"] if len(targets) > NAMED else shown)


def expired(change: Change, now: datetime) -> Step | None:
    """Close a proposal that nobody approved in time."""
    if change.state is not State.PROPOSED or now < change.expires_at:
        return None
    text = say("Nobody approved it in time, so it expired. Nothing was sent.")
    closed = advance(change, Move.EXPIRE, due_at=None, ended_at=now)
    return turned(change, closed, now, fact(now, "expire", text))


def voided(
    change: Change,
    difference: tuple[Sentence, ...],
    facts: Sequence[Facts],
    now: datetime,
    ttl: timedelta,
) -> Step:
    """Void the approval because the world differs from what was approved.

    Before anything was sent the change is proposed anew; afterwards its rest is halted.
    """
    fresh = replanned(change, facts).model_copy(
        update={
            "approvals": (),
            "difference": difference,
            "waiting": (),
            "waiting_since": None,
        }
    )
    text = say("What was approved is no longer true, so the approval is void. Nothing was sent.")
    record = fact(now, "void", text, "\n".join(str(one) for one in difference))
    if not fresh.in_state({TargetState.PLANNED}):
        move = ending(fresh)
        fresh = advance(fresh, move, due_at=None, ended_at=now) if allows(fresh, move) else fresh
        if fresh.is_open:
            fresh = advance(fresh, Move.CANCEL, due_at=None, ended_at=now)
        return turned(change, fresh, now, record)
    if change.state is State.SCHEDULED:
        expires_at = now + ttl
        fresh = advance(fresh, Move.VOID, expires_at=expires_at, due_at=expires_at)
        return fresh, (record,)
    reason = say("Halted: the approval of the rest became void, so nothing more starts.")
    halted = advance(fresh, Move.HALT, halt_reason=reason, due_at=now)
    return turned(change, halted, now, record)


def stopped(change: Change, closure: Closure, now: datetime, ttl: timedelta) -> Step:
    """Stop a start that a freeze or a closed window forbids.

    What has not begun needs a new time or a new yes: it must not start by itself at a moment that
    nobody chose. What runs is halted before its next batch.
    """
    why = told(closure)
    text = say("It was not started, and the approval is void: {why}", why=str(closure.sentence))
    if change.state is State.SCHEDULED:
        update = {"approvals": (), "difference": why, "expires_at": now + ttl}
        fresh = advance(change, Move.VOID, due_at=now + ttl, **update)
        return turned(change, fresh, now, fact(now, "void", text))
    halted = advance(change, Move.HALT, halt_reason=closure.sentence, approvals=(), due_at=now)
    return turned(change, halted, now)


def unhealthy(change: Change, why: Sequence[Sentence], now: datetime) -> Step:
    """Halt before the next wave because something is not well."""
    reason = say(
        "Halted before the next wave: {why}", why=" ".join(str(one) for one in why)[:REASON]
    )
    halted = advance(change, Move.HALT, halt_reason=reason, approvals=(), due_at=now)
    return turned(change, halted, now)


def ill(targets: Sequence[Target], listed: Mapping[str, Instance]) -> tuple[Sentence, ...]:
    """Tell which upgraded instances are not well by now."""
    return tuple(
        say("{name} is {status}.", name=target.name, status=listed[target.instance_id].status.value)
        for target in targets
        if target.instance_id in listed
        and listed[target.instance_id].status in {Status.ABNORMAL, Status.FROZEN}
    )


def begins_wave(change: Change, batch: Sequence[Target]) -> bool:
    """Whether this would be the first batch of another wave than the first."""
    wave = batch[0].wave
    attempted_in = {target.wave for target in change.targets if target.batch is not None}
    return bool(attempted_in) and wave not in attempted_in


def not_ready(batch: Sequence[Target], facts: Sequence[Facts]) -> tuple[Sentence, ...]:
    """Tell which instances cannot take an upgrade at this moment."""
    wanted = {target.instance_id for target in batch}
    return tuple(
        problem
        for one in facts
        if one.instance.id in wanted and (problem := unready(one)) is not None
    )


def waits(change: Change, why: tuple[Sentence, ...], now: datetime) -> Change:
    """Say on the card what the next step waits for, and since when."""
    since = change.waiting_since or now
    return change.model_copy(update={"waiting": why, "waiting_since": since})


def attempted(change: Change, batch: Sequence[Target], now: datetime) -> Step:
    """Record the attempt: this is committed before the request leaves."""
    number = len(change.batches) + 1
    ids = tuple(target.instance_id for target in batch)
    change = with_targets(
        change,
        (
            target.model_copy(
                update={
                    "state": TargetState.SUBMITTING,
                    "batch": number,
                    "submitted_at": now,
                    "note": None,
                }
            )
            for target in batch
        ),
    )
    batches = (*change.batches, Batch(number=number, instance_ids=ids, attempted_at=now))
    change = change.model_copy(
        update={"batches": batches, "difference": (), "waiting": (), "waiting_since": None}
    )
    if change.state is State.SCHEDULED:
        change = advance(change, Move.START, started_at=now, due_at=now)
    sentence = say_many(
        "Sending the upgrade of {n} instance to TaurusDB (batch {batch}).",
        "Sending the upgrade of {n} instances to TaurusDB (batch {batch}).",
        len(ids),
        batch=number,
    )
    record = fact(now, "attempt", sentence, batch=str(number))
    return change, (record.model_copy(update={"told": False}),)


def _in_batch(change: Change, number: int) -> tuple[Target, ...]:
    # Whoever took over may have called them unknown meanwhile; what is proven stays proven.
    unsettled = change.in_state({TargetState.SUBMITTING, TargetState.UNKNOWN})
    return tuple(target for target in unsettled if target.batch == number)


def _with_batch(change: Change, number: int, **update: object) -> Change:
    batches = tuple(
        batch.model_copy(update=update) if batch.number == number else batch
        for batch in change.batches
    )
    return change.model_copy(update={"batches": batches})


def _moved(targets: Sequence[Target], **update: object) -> list[Target]:
    return [target.model_copy(update=update) for target in targets]


def accepted(change: Change, number: int, answer: Answer, now: datetime) -> Step:
    """Record that the cloud took a batch: acceptance, not yet success."""
    targets = _moved(_in_batch(change, number), state=TargetState.ACCEPTED, note=None)
    answered = _with_batch(
        with_targets(change, targets),
        number,
        answered_at=now,
        resp=answer.resp,
        status=answer.status,
        request_id=answer.request_id,
        unclear=False,
    )
    text = say(
        "TaurusDB answered batch {batch} (request {request}):",
        batch=number,
        request=answer.request_id or "-",
    )
    record = fact(now, "answer", text, answer.resp, request_id=answer.request_id)
    return turned(change, settled(answered, now), now, record)


def unanswered(change: Change, number: int, error: CloudError, now: datetime) -> Step:
    """Record an answer that is not an acceptance: refused, not sent, or unclear."""
    targets = _in_batch(change, number)
    answered = _with_batch(
        change,
        number,
        answered_at=now,
        error_code=error.code,
        error_msg=error.message,
        status=error.status,
        request_id=error.request_id,
        unclear=error.effect is Effect.UNCLEAR,
    )
    verbatim = f"{error.code}: {error.message}" if error.code else error.message
    text = say(
        "Batch {batch} (request {request}): {what}",
        batch=number,
        request=error.request_id or "-",
        what=str(error.sentence),
    )
    record = fact(now, "answer", text, verbatim, request_id=error.request_id, code=error.code)
    answered = with_targets(answered, _after_error(answered, targets, error, now))
    return turned(change, settled(answered, now), now, record)


def _after_error(
    change: Change, targets: Sequence[Target], error: CloudError, now: datetime
) -> list[Target]:
    if error.effect is Effect.UNCLEAR:
        return _moved(targets, state=TargetState.UNKNOWN, note=error.sentence)
    again = error.effect is Effect.NOT_SENT or error.reaction is Reaction.BACK_OFF
    ids = {target.instance_id for target in targets}
    tries = sum(1 for batch in change.batches if ids & set(batch.instance_ids))
    if again and tries < SEND_TRIES:
        return _moved(
            targets, state=TargetState.PLANNED, batch=None, submitted_at=None, note=error.sentence
        )
    if error.reaction is Reaction.DONE and len(targets) == 1:
        return _moved(targets, state=TargetState.ALREADY_NEWEST, ended_at=now, note=error.sentence)
    return _moved(targets, state=TargetState.REFUSED, ended_at=now, note=error.sentence)


def orphaned(change: Change, now: datetime) -> Step | None:
    """Call attempts without an answer unknown: whoever sent them is gone.

    The process that holds the change is not sending, so nobody will hear the answer any more.
    """
    lost = change.in_state({TargetState.SUBMITTING})
    if not lost:
        return None
    text = say("The bot was interrupted while it was sending. Looking for what came of it.")
    unseen = with_targets(change, _moved(lost, state=TargetState.UNKNOWN, note=text))
    for number in {target.batch for target in lost if target.batch}:
        unseen = _with_batch(unseen, number, unclear=True)
    return turned(change, settled(unseen, now), now, fact(now, "interrupted", text))


def settled(change: Change, now: datetime) -> Change:
    """Bring the change's state in line with its targets'."""
    if change.state in {State.RUNNING, State.HALTED} and change.in_state(UNSEEN):
        return advance(change, Move.LOSE_SIGHT, due_at=now)
    if change.state is State.UNKNOWN and not change.in_state(UNSEEN):
        change = advance(change, Move.REGAIN_SIGHT, due_at=now)
    if change.in_state({*IN_FLIGHT, TargetState.PLANNED}):
        return _between(change, now)
    if change.state in {State.RUNNING, State.HALTED} or (
        change.state is State.SCHEDULED and change.batches
    ):
        move = ending(change)
        if move is not Move.LOSE_SIGHT:
            return advance(_running(change), move, due_at=None, ended_at=now)
    return change


def _running(change: Change) -> Change:
    return advance(change, Move.START) if change.state is State.SCHEDULED else change


def _between(change: Change, now: datetime) -> Change:
    flying = change.in_state(IN_FLIGHT)
    planned = change.in_state({TargetState.PLANNED})
    waiting = all(target.state is TargetState.WAITING for target in flying)
    if change.state is State.RUNNING and planned and (reason := _alarm(change)):
        return advance(change, Move.HALT, halt_reason=reason, approvals=(), due_at=now)
    if change.state is State.RUNNING and flying and waiting and not planned:
        return advance(change, Move.HAND_OVER)
    if change.state is State.SCHEDULED and flying and not waiting:
        return advance(change, Move.START)
    return change


def _alarm(change: Change) -> Sentence | None:
    bad = change.in_state(_ALARMING)
    if not bad:
        return None
    return say_many(
        "Halted: {n} instance did not go as planned ({names}), so nothing more starts.",
        "Halted: {n} instances did not go as planned ({names}), so nothing more starts.",
        len(bad),
        names=_names(bad),
    )


def soaking_until(change: Change, wave: int) -> datetime | None:
    """Until when the next wave has to wait because the last one soaks."""
    before = [
        target.ended_at
        for target in change.targets
        if target.wave < wave and target.ended_at is not None
    ]
    return max(before) + (change.options.soak or timedelta()) if before else None


def looked(change: Change, targets: Sequence[Target], now: datetime) -> Step | None:
    """Record what was seen; None if nothing is new."""
    before = {target.instance_id: target for target in change.targets}
    if all(target == before[target.instance_id] for target in targets):
        return None
    records = [
        told
        for target in targets
        if (told := _outcome(before[target.instance_id], target, now)) is not None
    ]
    return turned(change, settled(with_targets(change, targets), now), now, *records)


def _outcome(before: Target, after: Target, now: datetime) -> Record | None:
    if before.state is after.state or after.state in IN_FLIGHT:
        return None
    text = say(
        "{name}: {state}, kernel {kernel}.",
        name=after.name,
        state=after.state.value,
        kernel=str(after.found or after.kernel),
    )
    note = str(after.note) if after.note else ""
    return fact(now, "outcome", text, note, instance=after.instance_id, job=after.job_id)


def closing(change: Change, now: datetime) -> Record:
    """Make the one closing line of a change; a view adds the mentions."""
    if not change.batches:
        text = say(
            "{change} is over: {state}. Nothing was sent to the databases.",
            change=change.id,
            state=change.state.value,
        )
        return fact(now, "closed", text)
    counts = change.counts()
    new = counts[TargetState.SUCCEEDED] + counts[TargetState.ALREADY_NEWEST]
    text = say(
        "{change} is over: {state}. {new} of {all} run the newest kernel.",
        change=change.id,
        state=change.state.value,
        new=new,
        all=len(change.targets),
    )
    return fact(now, "closed", text)


def in_window(change: Change) -> bool:
    """Whether the cloud itself starts the upgrades, in each maintenance window."""
    return change.options.timing is Timing.IN_WINDOW
