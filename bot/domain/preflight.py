"""The last questions before anything is sent: is what was approved still what there is?

What joined a glob or a tag after the change was asked for is never touched, but told.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.change import IN_FLIGHT, Change, State, Target
from bot.domain.environment import Environment
from bot.domain.instance import Instance
from bot.domain.plan import Facts, next_batch
from bot.domain.risk import some
from bot.domain.rules import ruled, rules_differ
from bot.domain.seal import difference, is_sealed
from bot.domain.selection import select
from bot.domain.sentence import Sentence, say, say_many
from bot.domain.steps import BUSY_LIMIT, attempted, not_ready, voided, waits
from bot.domain.turns import Step, fact


def may_send(change: Change) -> bool:
    """Whether the change is at a point at which its next batch may be thought of."""
    planned = next_batch(change.targets)
    if not planned or change.state not in {State.SCHEDULED, State.RUNNING}:
        return False
    if change.state is State.SCHEDULED and change.batches:
        return False
    flying = change.in_state(IN_FLIGHT)
    return all(target.wave >= planned[0].wave for target in flying)


def next_step(
    change: Change,
    batch: Sequence[Target],
    checked: Sequence[Target],
    facts: Sequence[Facts],
    rules: Environment,
    now: datetime,
    added: tuple[Sentence, ...] = (),
) -> Step:
    """Void the approval, wait for busy instances, or record the attempt to send the batch.

    `facts` about the `checked` targets were read just before. Only what this records as attempted
    may be sent. What was `added` to the world since is told, and left alone.
    """
    why = (
        *rules_differ(change, rules),
        *difference(checked, facts, change.options.timing),
    )
    if why or not is_sealed(change):
        why = why or (say("The approvals do not cover what the change says now."),)
        fresh, records = voided(
            ruled(change, rules), checked, facts, (*why, *added), now, rules.approval_ttl
        )
        # What it takes to approve it follows from what would be done by now.
        return ruled(fresh, rules), records
    if busy := not_ready(batch, facts):
        return _waiting(change, busy, checked, facts, rules, now)
    fresh, records = attempted(change, batch, facts, now)
    return fresh, (*(fact(now, "joined", one) for one in added), *records)


def joined(change: Change, fleet: Sequence[Instance]) -> tuple[Sentence, ...]:
    """Name the instances that the words of the request mean by now, and did not mean then."""
    if not change.patterns:
        return ()
    known = frozenset(change.meant)
    names = [one.name for one in select(change.patterns, fleet).chosen if one.id not in known]
    if not names:
        return ()
    return (
        say_many(
            "{n} instance has joined {words} since this was asked for; nobody approved it, so it "
            "is left alone: {names}.",
            "{n} instances have joined {words} since this was asked for; nobody approved them, "
            "so they are left alone: {names}.",
            len(names),
            words=" ".join(change.patterns),
            names=some(names),
        ),
    )


def _waiting(
    change: Change,
    busy: tuple[Sentence, ...],
    checked: Sequence[Target],
    facts: Sequence[Facts],
    rules: Environment,
    now: datetime,
) -> Step:
    """Wait for busy instances for a while, then ask people again."""
    waiting = waits(change, busy, now)
    if now - (waiting.waiting_since or now) >= BUSY_LIMIT:
        return voided(waiting, checked, facts, busy, now, rules.approval_ttl)
    return waiting.model_copy(update={"due_at": now + rules.poll_interval}), ()
