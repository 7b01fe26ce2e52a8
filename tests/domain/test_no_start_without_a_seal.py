"""Whatever people decide and whatever becomes of the world, in any order: nothing is sent that was
not approved exactly as it is sent, by enough of the right people.

The machine keeps account in its own way, without seals: it notes what each person could see when
they said yes, and compares that with the world at the moment of each attempt.
"""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.domain.approval import approved, renewed, rescheduled, resumed
from bot.domain.change import (
    IN_FLIGHT,
    Approval,
    Change,
    Move,
    Options,
    State,
    TargetState,
    Timing,
    advance,
    allows,
)
from bot.domain.environment import Environment
from bot.domain.instance import Detail, Status
from bot.domain.person import Person
from bot.domain.plan import Facts, Plan, make_plan, next_batch
from bot.domain.policy import Action, Circle, decide
from bot.domain.preflight import may_send, next_step
from bot.domain.rules import ruled
from bot.domain.seal import seal_of
from bot.domain.sentence import say
from bot.domain.story import Record
from bot.domain.turns import followed
from tests.domain.examples import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    TTL,
    facts,
    instance,
    instance_id,
    version,
)

ANN, BOB, DANA, CARL = "U0ANN", "U0BOB", "U0DANA", "U0CARL"
KERNELS = ("2.0.63.250300", "2.0.69.250900", "2.0.72.251200", "2.0.80.260900")
WINDOWS = ("18:00-22:00", "02:00-06:00")
RULES = tuple(
    Environment.model_validate({"name": "prod", "region": "r", **rules})
    for rules in (
        {},
        {"approvers": (BOB, DANA)},
        {"approvers": (BOB, DANA), "approvals": 2, "protected": True},
        {"approvers": (ANN, BOB, DANA), "approvals": 2, "self_approval": True},
        {"approvers": (ANN, BOB, DANA), "approvals": 2, "reschedule_keeps_approvals": True},
        {"approvers": (BOB, CARL), "approvals": 2},
    )
)
OPTIONS = st.builds(
    Options,
    timing=st.sampled_from((Timing.NOW, Timing.NOW, Timing.IN_WINDOW)),
    wave_sizes=st.sampled_from(((), (1,), (2,))),
    reason=st.sampled_from(("", "why not")),
)


class Database:
    """One instance of the world: what the cloud would tell of it."""

    def __init__(self, number: int) -> None:
        self.number, self.current, self.latest, self.window = number, 0, 2, 0
        self.is_busy = False

    def told(self) -> Facts:
        shown = instance(self.number, Status.BUSY if self.is_busy else Status.NORMAL)
        detail = Detail(id=shown.id, zones=1, nodes=2, window=WINDOWS[self.window])
        offered = version(
            KERNELS[self.current], KERNELS[self.latest], upgradable=self.current < self.latest
        )
        return facts(self.number, instance=shown, detail=detail, version=offered)


World = dict[int, Database]
Event = Callable[[World, int], None]


def joins(_world: World, _number: int) -> None:
    """It is there already."""


def leaves(world: World, number: int) -> None:
    del world[number]


def is_upgraded_by_hand(world: World, number: int) -> None:
    world[number].current = min(world[number].current + 1, world[number].latest)


def gets_a_newer_kernel_offered(world: World, number: int) -> None:
    world[number].latest = len(KERNELS) - 1


def is_what_it_was(world: World, number: int) -> None:
    world[number].current, world[number].latest = 0, 2


def gets_another_window(world: World, number: int) -> None:
    world[number].window = 1 - world[number].window


def turns_busy_or_normal(world: World, number: int) -> None:
    world[number].is_busy = not world[number].is_busy


EVENTS = (
    joins,
    leaves,
    is_upgraded_by_hand,
    gets_a_newer_kernel_offered,
    is_what_it_was,
    is_what_it_was,
    gets_another_window,
    turns_busy_or_normal,
)


class Approvals(RuleBasedStateMachine):
    """One change after another, in a world that does not stand still."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.policy = RULES[0]
        self.world = {number: Database(number) for number in (1, 2, 3)}
        self.change: Change | None = None
        self.chosen: set[str] = set()
        """What the glob or tag meant when it was asked for."""
        self.yeses: list[tuple[str, object]] = []

    @initialize(rules=st.sampled_from(RULES), options=OPTIONS, first=st.integers(0, 4))
    def somebody_asks_first(self, rules: Environment, options: Options, first: int) -> None:
        self.policy = rules
        self.somebody_asks(ANN, options)
        self.everybody_says_yes(first)

    # --- people -----------------------------------------------------------------------------

    @precondition(lambda self: self.change is None or not self.change.is_open)
    @rule(who=st.sampled_from((ANN, BOB)), options=OPTIONS)
    def somebody_asks(self, who: str, options: Options) -> None:
        plan = make_plan([one.told() for one in self.world.values()], options)
        if not isinstance(plan, Plan):
            return
        made = Change(
            number=1,
            environment="prod",
            channel="C0DB",
            requester=who,
            key="k",
            options=options,
            targets=plan.targets,
            created_at=self.now,
            expires_at=self.now + TTL,
        )
        self.change, self.yeses = ruled(made, self.policy), []
        self.chosen = {target.instance_id for target in plan.targets}

    @precondition(lambda self: self.change is not None)
    @rule(
        who=st.sampled_from((ANN, BOB, DANA, CARL)), is_typed=st.sampled_from((True, True, False))
    )
    def somebody_says_yes(self, who: str, is_typed: bool) -> None:  # noqa: FBT001
        change = self.change
        assert change is not None
        if change.state not in {State.PROPOSED, State.HALTED}:
            return
        action = Action.APPROVE if change.state is State.PROPOSED else Action.RESUME
        circle = Circle(person=Person(id=who, name=who, zone="UTC"))
        seal, typed = seal_of(change), self.policy.name if is_typed else ""
        valid = [one for one in change.approvals if one.seal == seal]
        about = change.model_copy(update={"approvals": tuple(valid)})
        if not decide(
            action, circle, self.policy, channel="C0DB", change=about, typed=typed
        ).allowed:
            return
        if (fresh := renewed(change, self.policy)) is not None:
            self.change, self.yeses = fresh, []
            return
        agreed = approved if action is Action.APPROVE else resumed
        self.yeses.append((who, _seen(change)))
        approval = Approval(user=who, at=self.now, seal=seal)
        self.change, _ = agreed(
            change, approval, Record(at=self.now, actor=who, kind="approve", sentence=say("yes"))
        )

    @precondition(lambda self: self.change is not None)
    @rule(first=st.integers(0, 2))
    def everybody_says_yes(self, first: int) -> None:
        for who in (ANN, BOB, DANA, CARL)[first:]:
            self.somebody_says_yes(who, is_typed=True)

    @precondition(lambda self: self.change is not None)
    @rule(hours=st.integers(1, 3))
    def somebody_moves_it(self, hours: int) -> None:
        change = self.change
        assert change is not None
        if not allows(change, Move.RESCHEDULE) or change.in_state(IN_FLIGHT):
            return
        before = _seen(change)
        self.change = rescheduled(change, self.now + hours * HOUR, self.policy, self.now)
        after = _seen(self.change)
        kept = self.yeses if self.policy.reschedule_keeps_approvals else []
        self.yeses = [(who, after) for who, seen in kept if seen == before]

    @precondition(lambda self: self.change is not None)
    @rule(move=st.sampled_from((Move.REJECT, Move.HALT)))
    def somebody_rejects_or_halts(self, move: Move) -> None:
        if self.change is not None and allows(self.change, move):
            halt = {"halt_reason": say("halt"), "approvals": ()} if move is Move.HALT else {}
            self.change, self.yeses = advance(self.change, move, **halt), []

    @rule(rules=st.sampled_from(RULES))
    def the_policy_changes(self, rules: Environment) -> None:
        self.policy = rules

    # --- the world --------------------------------------------------------------------------

    @rule(event=st.sampled_from(EVENTS), number=st.integers(1, 6))
    def something_becomes_different(self, event: Event, number: int) -> None:
        if number in self.world:
            event(self.world, number)
        elif event is joins:
            self.world[number] = Database(number)

    # --- the bot ----------------------------------------------------------------------------

    @precondition(lambda self: self.change is not None and may_send(self.change))
    @rule(minutes=st.sampled_from((0, 31, 180)))
    def the_bot_attends(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        change = self.change
        assert change is not None
        run_at = change.options.run_at
        if not may_send(change) or (run_at is not None and run_at > self.now):
            return
        batch = next_batch(change.targets)
        checked = batch if change.batches else change.in_state({TargetState.PLANNED})
        wanted = {target.instance_id for target in checked}
        read = [one.told() for one in self.world.values() if instance_id(one.number) in wanted]
        fresh, records = next_step(change, batch, checked, read, self.policy, self.now)
        self.change = fresh
        if len(fresh.batches) > len(change.batches):
            self._check(change, fresh)
        elif "void" in {record.kind for record in records}:
            self.yeses = []

    def _check(self, change: Change, fresh: Change) -> None:
        """What is sent is what enough of the right people saw, and what there is."""
        seen, rules = _seen(change), self.policy
        yes = {who for who, what in self.yeses if what == seen}
        right = (set(rules.approvers) or {change.requester}) - (
            {change.requester} if rules.approvers and not rules.self_approval else set()
        )
        assert len(yes & right) >= (rules.approvals if rules.approvers else 1)
        for target in fresh.targets:
            if target.batch != len(fresh.batches):
                continue
            assert target.instance_id in self.chosen, "joined after the approval"
            one = self.world[int(target.instance_id[:32], 16)]
            assert not one.is_busy
            assert (str(target.kernel), str(target.newest)) == (
                KERNELS[one.current],
                KERNELS[one.latest],
            )
            if change.options.timing is Timing.IN_WINDOW:
                assert target.window == WINDOWS[one.window]

    @precondition(lambda self: self.change is not None and self.change.in_state(IN_FLIGHT))
    @rule(is_good=st.sampled_from((True, True, False)))
    def a_batch_ends(self, is_good: bool) -> None:  # noqa: FBT001
        change = self.change
        assert change is not None
        if not (flying := change.in_state(IN_FLIGHT)):
            return
        self.now += SECOND  # Nothing ends in the very moment in which somebody decides.
        state = TargetState.SUCCEEDED if is_good else TargetState.FAILED
        ended = {"state": state, "ended_at": self.now}
        moved = [target.model_copy(update=ended) for target in flying]
        self.change = followed(change, moved, self.now)
        # A halt takes back every yes; so does, while it is halted, what goes wrong after one.
        was_halted = change.state is State.HALTED
        if self.change.state is State.HALTED and not (was_halted and is_good):
            self.yeses = []
        for target in flying:
            number = int(target.instance_id[:32], 16)
            if is_good and number in self.world:
                self.world[number].current = KERNELS.index(str(target.newest))


def _seen(change: Change) -> object:
    """Everything that the card tells of what would be done, and under which rules."""
    in_window = change.options.timing is Timing.IN_WINDOW
    return (
        [
            (one.instance_id, one.kernel, one.newest, one.wave, one.window if in_window else "")
            for one in change.targets
        ],
        change.options,
        (set(change.approvers), change.approvals_needed, change.self_approval, change.protected),
    )


TestNothingStartsUnapproved = Approvals.TestCase
TestNothingStartsUnapproved.settings = settings(
    max_examples=300, stateful_step_count=40, deadline=timedelta(seconds=5)
)
