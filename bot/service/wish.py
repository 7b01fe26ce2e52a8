"""One person's wish about one change: everything that the policy needs to judge it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.command import Asker
from bot.domain.change import Approval, Change, TargetState, Timing
from bot.domain.environment import Environment
from bot.domain.freeze import Calendar, Closure, closure_of, told
from bot.domain.policy import Action, Circle, decide
from bot.domain.reasons import Reason
from bot.domain.refused import RefusedError
from bot.domain.seal import seal_of
from bot.domain.sentence import Sentence, User, say, word
from bot.domain.story import Record
from bot.service.amend import Step, amend, find
from bot.service.desk import Desk

DELIVERY_AGE = timedelta(minutes=15)
"""Longer than a delivery can wait: older ones are not dealt with any more."""


class Wish:
    """One person's wish about one change, with what the policy needs to judge it."""

    def __init__(self, desk: Desk, asker: Asker, channel: str, number: int) -> None:
        """Nothing is read yet."""
        self.desk = desk
        self.asker = asker
        self.channel = channel
        self.number = number
        self.typed: str | None = None
        """What was typed as the environment's name; None: nothing asked for it yet."""
        self.seen = ""
        """The seal of what the person saw in a form; empty: the card."""
        self.decided: Reason | None = None
        """What the policy said last; None: it was not asked yet."""
        self._circle: Circle | None = None
        self._environment: Environment | None = None
        self._calendar = Calendar()

    async def prepare(self) -> Change:
        """Read what the policy needs.

        Raises:
            RefusedError: there is no such change, or its environment is not configured.
        """
        change = await find(self.desk, self.number)
        environment = self.desk.environments.get(change.environment)
        if environment is None:
            raise RefusedError(
                say(
                    "The environment {env} of {change} is not configured any more.",
                    env=change.environment,
                    change=change.id,
                )
            )
        self._environment = environment
        self._calendar = await self.desk.calendar(environment)
        self._circle = await self.desk.circle(self.asker.person, environment)
        return change

    @property
    def environment(self) -> Environment:
        """The change's, once that was read."""
        assert self._environment is not None  # noqa: S101 - prepare() comes first
        return self._environment

    def check(self, action: Action, change: Change, typed: str | None = None) -> None:
        """Ask the policy about the change as it is now; `typed` is what a form asked for.

        Raises:
            RefusedError: with the policy's reason.
        """
        assert self._circle is not None  # noqa: S101 - prepare() comes first
        # A yes to something else than what the change says now is none: it may be given anew.
        seal = seal_of(change)
        valid = tuple(one for one in change.approvals if one.seal == seal)
        change = change.model_copy(update={"approvals": valid})
        # A form and the Home tab are in no channel: what they do counts as done at the card.
        channel = self.channel or change.channel
        decision = decide(
            action,
            self._circle,
            self.environment,
            channel=channel,
            change=change,
            closure=self._closure(action, change),
            typed=typed,
        )
        self.decided = decision.reason
        if not decision.allowed:
            raise RefusedError(decision.sentence, *decision.more)

    def _closure(self, action: Action, change: Change) -> Closure | None:
        now, options = self.asker.now, change.options
        if action is Action.RESUME:
            options = options.model_copy(update={"run_at": now})
        planned = change.in_state({TargetState.PLANNED})
        return closure_of(options, self._calendar, now, planned)

    def refuse_closed(self, change: Change, run_at: datetime) -> None:
        """Refuse a time at which the change could not start.

        Raises:
            RefusedError: with what closes it, and the next open time.
        """
        options = change.options.model_copy(update={"timing": Timing.AT, "run_at": run_at})
        closure = closure_of(options, self._calendar, self.asker.now)
        if closure is not None:
            raise RefusedError(*told(closure))

    def record(self, kind: str, sentence: Sentence, **data: str) -> Record:
        """Make the record of what this person did."""
        return Record(
            at=self.asker.now,
            actor=self.asker.person.id,
            kind=kind,
            sentence=sentence,
            told=True,
            data={name: value for name, value in (*data.items(), *self._origin()) if value},
        )

    def _origin(self) -> tuple[tuple[str, str], ...]:
        # No channel: a form, the Home tab or a copy of the card, which are this person's alone.
        return (("channel", self.channel), ("delivery", self.asker.key))

    async def amend(self, decision: Callable[[Change], Step]) -> Change:
        """Decide once for each delivery.

        A process may die after it has decided and before it could say so, or be so slow that
        another one takes the delivery over: whoever comes second must neither decide again nor
        say that it came too late. What is stored by then is read after the change, so that the
        swap fails if it happens in between.
        """
        return await amend(self.desk, self.number, decision, unless=self.was_done)

    async def was_done(self) -> bool:
        """Whether this very delivery has had its effect already."""
        if not self.asker.key:
            return False
        since, last = self.asker.now - DELIVERY_AGE, 0
        story = self.desk.changes.story
        while entries := await story(change=self.number, since=since, after_seq=last):
            if any(entry.record.data.get("delivery") == self.asker.key for entry in entries):
                return True
            last = entries[-1].seq
        return False

    def approval(self, seal: str) -> Approval:
        """Make this person's yes, marked if the list that names them may be out of date."""
        stale_since = self._circle.stale_since if self._circle else None
        who = self.asker.person.id
        return Approval(user=who, at=self.asker.now, seal=seal, stale_since=stale_since)

    @property
    def who(self) -> User:
        """The person, as a mention."""
        return User(user=self.asker.person.id)


def too_late(change: Change) -> RefusedError:
    """Say that a button or verb does not fit the state any more."""
    return RefusedError(
        say(
            "{change} is {state} by now, so this does not apply any more: nothing was done. "
            "The card shows how it stands.",
            change=change.id,
            state=word(change.state),
        )
    )
