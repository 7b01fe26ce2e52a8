"""What happens next to a change that is under way: pure decisions for the executor.

The order of a run: seal checked -> attempt recorded -> request sent once -> answer recorded ->
looked at until proven -> closed. Each function here decides one of these steps.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.announcement import announcing
from bot.domain.change import (
    IN_FLIGHT,
    Batch,
    Change,
    Move,
    State,
    Target,
    TargetState,
    Timing,
    advance,
    with_targets,
)
from bot.domain.errors import CloudError, Effect, Reaction
from bot.domain.freeze import Closure, told
from bot.domain.instance import Answer
from bot.domain.plan import Facts, crowded, unready
from bot.domain.progress import begun
from bot.domain.reminders import awaiting
from bot.domain.seal import replanned, seal_of, sealed_facts
from bot.domain.sentence import Sentence, say, say_many, word
from bot.domain.story import Record
from bot.domain.turns import Step, fact, followed, settled, started, turned

BUSY_LIMIT = timedelta(minutes=30)
"""How long a start waits for busy instances (a backup, say) before it asks people again."""
SEND_TRIES = 5
"""How often a batch that provably never left, or was throttled by name, is offered again."""
SEND_WITHIN = timedelta(minutes=2)
"""How long after its attempt was recorded a request may still leave. A process that was stopped in
between (a machine put to sleep, say) must not send what others have judged by its absence."""


def expired(change: Change, now: datetime) -> Step | None:
    """Close a proposal that nobody approved in time."""
    if change.state is not State.PROPOSED or now < change.expires_at:
        return None
    text = say("Nobody approved it in time, so it expired. Nothing was sent.")
    closed = advance(change, Move.EXPIRE, due_at=None, ended_at=now)
    return turned(change, closed, now, fact(now, "expire", text))


def voided(
    change: Change,
    checked: Sequence[Target],
    facts: Sequence[Facts],
    why: tuple[Sentence, ...],
    now: datetime,
    ttl: timedelta,
) -> Step:
    """Void the approval because the world differs from what was approved.

    Only `checked` targets were compared with `facts`; `why` tells the difference. Before
    anything was sent the change is proposed anew; afterwards its rest is halted.
    """
    fresh = replanned(change, checked, facts).model_copy(
        update={"approvals": (), "difference": why, "waiting": (), "waiting_since": None}
    )
    text = say("What was approved is no longer true, so the approval is void. Nothing was sent.")
    if change.batches:
        text = say("What was approved is no longer true, so nothing more is sent of it.")
    record = fact(now, "void", text, more=why, **sealed_facts(fresh))
    if not fresh.in_state({TargetState.PLANNED}):
        return turned(change, settled(fresh, now), now, record)
    if change.state is State.SCHEDULED:
        expires_at = now + ttl
        fresh = awaiting(advance(fresh, Move.VOID, expires_at=expires_at), now)
        return fresh, (record,)
    reason = say("Halted: the approval of the rest became void, so nothing more starts.")
    halted = advance(fresh, Move.HALT, halt_reason=reason, due_at=now)
    return turned(change, halted, now, record)


def stopped(
    change: Change, closure: Closure, now: datetime, ttl: timedelta, look_at: datetime
) -> Step:
    """Stop a start that a freeze or a closed window forbids.

    What has not begun needs a new time or a new yes: it must not start by itself at a moment that
    nobody chose. What runs is halted by a freeze before its next batch; at the end of a change
    window it waits for the next one: those are its approved hours.
    """
    if change.state is State.SCHEDULED:
        text = say("It was not started, and the approval is void. Nothing was sent.")
        update = {"approvals": (), "difference": told(closure), "expires_at": now + ttl}
        fresh = awaiting(advance(change, Move.VOID, **update), now)
        why = fact(now, "closed time", closure.sentence)
        return turned(change, fresh, now, fact(now, "void", text), why)
    if not closure.is_freeze and closure.opens_at is not None:
        waiting = {"waiting": told(closure), "waiting_since": None}
        due_at = min(closure.opens_at, look_at) if change.in_state(IN_FLIGHT) else closure.opens_at
        return change.model_copy(update={**waiting, "due_at": due_at}), ()
    halted = advance(change, Move.HALT, halt_reason=closure.sentence, approvals=(), due_at=now)
    return turned(change, halted, now)


def not_ready(batch: Sequence[Target], facts: Sequence[Facts]) -> tuple[Sentence, ...]:
    """Tell which instances cannot take an upgrade at this moment."""
    wanted = {target.instance_id for target in batch}
    return tuple(
        problem
        for one in facts
        if one.instance.id in wanted and (problem := unready(one) or crowded(one)) is not None
    )


def waits(change: Change, why: tuple[Sentence, ...], now: datetime) -> Change:
    """Say on the card what the next step waits for, and since when."""
    since = change.waiting_since or now
    return change.model_copy(update={"waiting": why, "waiting_since": since})


def attempted(
    change: Change, batch: Sequence[Target], facts: Sequence[Facts], now: datetime
) -> Step:
    """Record the attempt: this is committed before the request leaves.

    `facts` were read just before: the tasks that were there already are not of this attempt.
    """
    number = len(change.batches) + 1
    ids = tuple(target.instance_id for target in batch)
    traces = {one.instance.id: one.traces for one in facts}
    wave = begun(change, batch)
    sent = {"state": TargetState.SUBMITTING, "batch": number, "submitted_at": now, "note": None}
    change = with_targets(
        change,
        (
            target.model_copy(update={**sent, "traces_before": traces.get(target.instance_id, ())})
            for target in batch
        ),
    )
    batches = (*change.batches, Batch(number=number, instance_ids=ids, attempted_at=now))
    change = change.model_copy(
        update={"batches": batches, "difference": (), "waiting": (), "waiting_since": None}
    )
    if change.state is State.SCHEDULED:
        change = advance(change, Move.START, started_at=now, due_at=now)
    record = _attempt(change, batches[-1], now)
    records = (record,) if number > 1 or in_window(change) else (record, started(change, now))
    return change, records if wave is None else (fact(now, "wave", wave), *records)


def _attempt(change: Change, batch: Batch, now: datetime) -> Record:
    sentence = say_many(
        "Sending the upgrade of {n} instance to TaurusDB (batch {batch}).",
        "Sending the upgrade of {n} instances to TaurusDB (batch {batch}).",
        len(batch.instance_ids),
        batch=batch.number,
    )
    seal, ids = seal_of(change), " ".join(batch.instance_ids)
    record = fact(now, "attempt", sentence, batch=str(batch.number), seal=seal, instances=ids)
    return record.model_copy(update={"told": False})


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


def answered(change: Change, number: int, came: Answer | CloudError, now: datetime) -> Step:
    """Record what came back for a batch: acceptance, which is not yet success, or an error.

    A change that a person has closed meanwhile keeps the fact, and stays as it is.
    """
    targets = _in_batch(change, number)
    seen = {"answered_at": now, "status": came.status, "request_id": came.request_id}
    if isinstance(came, Answer):
        moved = _moved(targets, state=TargetState.ACCEPTED, answered_at=now, note=None)
        known = _with_batch(change, number, **seen, resp=came.resp, unclear=False)
    else:
        moved = _after_error(change, targets, came, now)
        words = {"error_code": came.code, "error_msg": came.message}
        unclear = came.effect is Effect.UNCLEAR
        known = _with_batch(change, number, **seen, **words, unclear=unclear)
    record = _answer(number, came, now)
    if not change.is_open:
        return change, (record,)
    return turned(change, followed(known, moved, now), now, record)


def _answer(number: int, came: Answer | CloudError, now: datetime) -> Record:
    asked = _asked(number, came.request_id)
    if isinstance(came, Answer):
        text = say("{asked}: TaurusDB answered:", asked=asked)
        return fact(now, "answer", text, came.resp, request_id=came.request_id, batch=str(number))
    text = say("{asked}: {what}", asked=asked, what=came.sentence)
    if came.effect is Effect.IN_PART:
        text = say(
            "{asked} was refused because of at least one of its instances. Looking whether any of "
            "the others began all the same.",
            asked=asked,
        )
    return fact(
        now,
        "answer",
        text,
        _words(came),
        request_id=came.request_id,
        code=came.code,
        batch=str(number),
    )


def _asked(number: int, request: str) -> Sentence:
    """Name a request; the cloud gives it an id, unless its answer was lost."""
    if not request:
        return say("Batch {batch}", batch=number)
    return say("Batch {batch} (request {request})", batch=number, request=request)


def _words(error: CloudError) -> str:
    return f"{error.code}: {error.message}" if error.code else error.message


def _after_error(
    change: Change, targets: Sequence[Target], error: CloudError, now: datetime
) -> list[Target]:
    if error.effect is Effect.UNCLEAR:
        return _moved(targets, state=TargetState.UNKNOWN, answered_at=now, note=error.sentence)
    if (refusal := _to_be_seen(targets, error)) is not None:
        return _moved(
            targets, state=TargetState.UNKNOWN, answered_at=now, refusal=refusal, note=None
        )
    again = error.effect is Effect.NOT_SENT or error.reaction is Reaction.BACK_OFF
    ids = {target.instance_id for target in targets}
    tries = sum(1 for batch in change.batches if ids & set(batch.instance_ids))
    if again and tries < SEND_TRIES:
        return _moved(
            targets, state=TargetState.PLANNED, batch=None, submitted_at=None, note=error.sentence
        )
    return _moved(targets, state=TargetState.REFUSED, ended_at=now, note=error.sentence)


def _to_be_seen(targets: Sequence[Target], error: CloudError) -> Sentence | None:
    """Tell why each was refused, if the refusal alone does not tell how each stands."""
    if error.effect is Effect.IN_PART:
        return say(
            "The cloud refused its batch because of at least one instance ({words}), and this one "
            "did not begin. See what is wrong with /taurus-fleet, then use Retry.",
            words=_words(error),
        )
    if error.reaction is Reaction.DONE and len(targets) == 1:
        # A moment ago there was something to upgrade: only the kernel proves which is true.
        return say(
            "The cloud refused it because the newest kernel runs already ({words}), but reports an "
            "older one. Nothing began. Look at the instance, then use Retry.",
            words=_words(error),
        )
    return None


def orphaned(change: Change, now: datetime) -> Step | None:
    """Call attempts without an answer unknown: whoever sent them is gone.

    The process that holds the change is not sending, so nobody will hear the answer any more.
    """
    lost = change.in_state({TargetState.SUBMITTING})
    if not lost:
        return None
    text = say("The bot was interrupted while it was sending. Looking for what came of it.")
    unclear = change
    for number in {target.batch for target in lost if target.batch}:
        unclear = _with_batch(unclear, number, unclear=True)
    unseen = _moved(lost, state=TargetState.UNKNOWN, note=text)
    after = followed(unclear, unseen, now)
    return turned(change, after, now, fact(now, "interrupted", text))


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
    fresh = followed(change, targets, now)
    if fresh.state is State.SCHEDULED and change.state is not State.SCHEDULED:
        fresh = announcing(fresh, now)
    return turned(change, fresh, now, *records)


def _outcome(before: Target, after: Target, now: datetime) -> Record | None:
    if before.state is after.state or after.state in IN_FLIGHT:
        return None
    text = say(
        "{name}: {state}, kernel {kernel}.",
        name=after.name,
        state=word(after.state),
        kernel=str(after.found or after.kernel),
    )
    more = (after.note,) if after.note else ()
    return fact(now, "outcome", text, more=more, instance=after.instance_id, job=after.job_id)


def in_window(change: Change) -> bool:
    """Whether the cloud itself starts the upgrades, in each maintenance window."""
    return change.options.timing is Timing.IN_WINDOW
