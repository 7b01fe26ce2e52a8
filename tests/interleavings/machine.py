"""Random lives of changes: people, processes, clocks, faults, in any order and interleaving."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.change import (
    OPEN_STATES,
    UNSEEN,
    Change,
    Options,
    State,
    Target,
    TargetState,
    Timing,
)
from bot.domain.environment import Environment
from bot.domain.kernel import Kernel
from bot.domain.plan import BATCH_LIMIT
from bot.domain.seal import is_sealed, seal_of
from bot.domain.steps import SEND_WITHIN
from bot.domain.story import Record
from bot.sandbox.taurus.fleet import DIRECT, NEWEST
from bot.sandbox.taurus.instances import Condition, Instance, Job
from bot.service import Desk
from bot.service.approve import approve, cancel, halt, reject, reschedule, resume
from bot.service.deliver import TOO_OLD
from bot.service.hold import hold
from bot.service.propose import Request, propose
from bot.service.retry import retry
from bot.service.wish import Wish
from bot.store import ledger
from bot.store.engine import open_engine, reading, transact
from tests.interleavings.scene import Activity, Scene
from tests.interleavings.trouble import EVENTS, TROUBLES, Event, Trouble
from tests.interleavings.wire import Sent

CHANNEL = "C0DB"
ANN, BOB, DANA, CARL = "U0ANN", "U0BOB", "U0DANA", "U0CARL"
NAMES = ("one", "two", "three", "four", "five")
RESTING = frozenset({State.HALTED, State.UNKNOWN}) | (frozenset(State) - OPEN_STATES)
ENVIRONMENTS = (
    Environment(name="default", region="r", poll_interval=timedelta(minutes=1)),
    Environment(
        name="default",
        region="r",
        approvers=(BOB, DANA),
        approvals=1,
        self_approval=True,
        poll_interval=timedelta(minutes=1),
    ),
    Environment(
        name="default",
        region="r",
        approvers=(BOB, DANA),
        approvals=2,
        poll_interval=timedelta(minutes=1),
    ),
)
Deed = Callable[[Desk, Activity], Awaitable[object]]
DECISIONS: dict[str, Callable[[Wish], Awaitable[Change]]] = {
    "approve": approve,
    "reject": reject,
    "cancel": cancel,
    "hold": hold,
    "halt": halt,
    "resume": resume,
}


def _options(timing: Timing, waves: tuple[int, ...], soak: int) -> Callable[[datetime], Options]:
    def at(now: datetime) -> Options:
        run_at = now + timedelta(hours=1) if timing is Timing.AT else None
        return Options(timing=timing, run_at=run_at, wave_sizes=waves, soak=timedelta(seconds=soak))

    return at


OPTIONS = st.builds(
    _options,
    st.sampled_from((Timing.NOW, Timing.NOW, Timing.AT, Timing.IN_WINDOW)),
    st.sampled_from(((), (1,), (2,))),
    st.sampled_from((0, 0, 300)),
)
AT_ONCE = st.sampled_from((True, True, False))
"""Whether something comes to its end before anything else happens."""
STEPS = (1, 10, 20, 60, 240, 11 * 60, 31 * 60, 3 * 3600, 25 * 3600)


def fleet() -> list[Instance]:
    """Five instances: three alike, an old one, and one of two phases."""
    kernels = (DIRECT, DIRECT, DIRECT, "2.0.48.231200", "2.0.51.240305")
    windows = ("02:00-06:00", "18:00-22:00", "22:00-02:00", "03:00-04:00", "12:00-16:00")
    rows = zip(NAMES, kernels, windows, strict=True)
    return [
        Instance(f"{number:032x}in07", name, kernel, NEWEST, window=window)
        for number, (name, kernel, window) in enumerate(rows, start=1)
    ]


class Lives(RuleBasedStateMachine):
    """What may happen, and what must hold whatever happens."""

    url = ""
    """Of an empty store."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.keys = count(1)
        self.consumed: set[tuple[int, str]] = set()
        """Attempts that may have taken effect: there must be no second one in the change."""
        self.effective: set[tuple[int, str]] = set()
        self.by_hand: set[str] = set()
        """Instances that somebody upgraded in the console: the cloud's truth is not ours alone."""
        self.closed: dict[int, Change] = {}
        self.done: set[tuple[str, int]] = set()
        self.deeds: list[tuple[datetime, str, Deed]] = []
        """What people asked for, and when, so that a process may come to it once more."""
        self.kinds: defaultdict[int, list[str]] = defaultdict(list)
        self.scene: Scene | None = None

    def do(self, work: Awaitable[object]) -> None:
        async def all_of_it() -> None:
            await work

        self.loop.run_until_complete(all_of_it())

    @property
    def stage(self) -> Scene:
        assert self.scene is not None
        return self.scene

    # --- what happens -----------------------------------------------------------------------

    @initialize(
        environment=st.sampled_from(ENVIRONMENTS),
        names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True),
        options=OPTIONS,
    )
    def the_bot_starts(
        self, environment: Environment, names: list[str], options: Callable[[datetime], Options]
    ) -> None:
        self.scene = Scene(
            self.url,
            fleet(),
            environment,
            self._check_attempt,
            self._note_saved,
            self._check_sent,
            self._check_leaving,
        )
        self._engine = reading(open_engine(self.url))
        self.do(self.scene.open())
        self.somebody_asks(ANN, 0, at_once=True, names=names, options=options)
        self.whoever_may_approves(0, 0, at_once=True)

    def _begin(
        self,
        name: str,
        slot: int,
        work: Deed,
        *,
        at_once: bool,
    ) -> None:
        async def all_of_it() -> None:
            activity = await self.stage.begin(name, slot, work)
            if at_once:
                await self.stage.finish(activity)

        self.loop.run_until_complete(all_of_it())

    @rule(
        user=st.sampled_from((ANN, BOB)),
        slot=st.integers(0, 1),
        at_once=AT_ONCE,
        names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True),
        options=OPTIONS,
    )
    def somebody_asks(
        self,
        user: str,
        slot: int,
        at_once: bool,  # noqa: FBT001
        names: list[str],
        options: Callable[[datetime], Options],
    ) -> None:
        wanted = options(self.stage.now)
        key = f"call-{next(self.keys)}"

        async def ask(desk: Desk, _activity: Activity) -> None:
            asker = self.stage.asker(user, key)
            environment = desk.environments["default"]
            request = Request(words=tuple(names), options=wanted, channel=CHANNEL, key=key)
            await propose(desk, asker, environment, request)

        self.deeds.append((self.stage.now, "propose", ask))
        self._begin("propose", slot, ask, at_once=at_once)

    @rule(which=st.integers(0, 3), slot=st.integers(0, 1), at_once=AT_ONCE)
    def whoever_may_approves(self, which: int, slot: int, at_once: bool) -> None:  # noqa: FBT001
        waiting = [one for one in self._newest() if one.state is State.PROPOSED]
        if waiting:
            change = waiting[which % len(waiting)]
            for user in change.approvers or (change.requester,):
                self._decide(user, slot, "approve", change.number, at_once=at_once)

    @rule(which=st.integers(0, 3), slot=st.integers(0, 1))
    def whoever_may_tries_again(self, which: int, slot: int) -> None:
        left = [one for one in self._newest() if one.batches and one.state is not State.SUCCEEDED]
        if left:
            change = left[which % len(left)]
            user = next(iter(change.approvers), change.requester)
            self._decide(user, slot, "retry", change.number, at_once=True)
            self.whoever_may_approves(0, slot, at_once=True)

    @rule(
        user=st.sampled_from((ANN, BOB, DANA, CARL)),
        slot=st.integers(0, 1),
        at_once=AT_ONCE,
        verb=st.sampled_from(
            ("approve", "approve", "approve", *DECISIONS, "resume", "reschedule", "retry")
        ),
        which=st.integers(0, 3),
    )
    def somebody_decides(
        self,
        user: str,
        slot: int,
        at_once: bool,  # noqa: FBT001
        verb: str,
        which: int,
    ) -> None:
        if numbers := [change.number for change in self._newest()]:
            self._decide(user, slot, verb, numbers[which % len(numbers)], at_once=at_once)

    def _decide(self, user: str, slot: int, verb: str, number: int, *, at_once: bool) -> None:
        key, run_at = f"call-{next(self.keys)}", self.stage.now + timedelta(hours=2)

        async def decide(desk: Desk, activity: Activity) -> None:
            asker = self.stage.asker(user, key)
            activity.change = number
            if verb == "retry":
                await retry(desk, asker, number, key=key, channel=CHANNEL)
            elif verb == "reschedule":
                await reschedule(Wish(desk, asker, CHANNEL, number), run_at)
            else:
                await DECISIONS[verb](Wish(desk, asker, CHANNEL, number))

        self.deeds.append((self.stage.now, verb, decide))
        self._begin(verb, slot, decide, at_once=at_once)

    @rule(slot=st.integers(0, 1), which=st.integers(1, 5))
    def a_delivery_is_taken_up_again(self, slot: int, which: int) -> None:
        """Whoever had it died before it counted as dealt with; old ones are not begun again."""
        received_at, name, deed = self.deeds[-min(which, len(self.deeds))]
        if self.stage.now - received_at <= TOO_OLD:
            self._begin(f"{name} again", slot, deed, at_once=True)

    @rule(slot=st.integers(0, 1))
    def a_process_attends(self, slot: int) -> None:
        self._begin("attend", slot, self.stage.attend_next, at_once=False)

    @rule(slot=st.integers(0, 1), moments=st.integers(0, 4), is_killed=st.booleans())
    def a_process_stops_in_the_middle(
        self,
        slot: int,
        moments: int,
        is_killed: bool,  # noqa: FBT001
    ) -> None:
        self.do(self._stopped(slot, moments))
        if is_killed:
            self.do(self.stage.kill(slot))
        self.stage.now += timedelta(seconds=20)  # others may take over now

    async def _stopped(self, slot: int, moments: int) -> None:
        activity = await self.stage.begin("attend", slot, self.stage.attend_next)
        for _ in range(moments):
            if not activity.is_done:
                await self.stage.go_on(activity)

    @rule(slot=st.integers(0, 1), times=st.integers(1, 20))
    def a_process_works_for_a_while(self, slot: int, times: int) -> None:
        for _ in range(times):
            if not self.loop.run_until_complete(self._attended(slot)):
                self._wait_for_something_due()

    def _wait_for_something_due(self) -> None:
        due_at = self.loop.run_until_complete(self.stage.ledger.next_due_at())
        if due_at is not None and due_at - self.stage.now < timedelta(minutes=30):
            self.stage.now = max(self.stage.now, due_at)

    async def _attended(self, slot: int) -> bool:
        found = False

        async def attend(desk: Desk, activity: Activity) -> None:
            nonlocal found
            found = await self.stage.attend_next(desk, activity)

        activity = await self.stage.begin("attend", slot, attend)
        await self.stage.finish(activity)
        return found

    @precondition(lambda self: self.scene and self.scene.under_way)
    @rule(which=st.integers(0, 5))
    def something_goes_on(self, which: int) -> None:
        under_way = self.stage.under_way
        self.do(self.stage.go_on(under_way[which % len(under_way)]))

    @precondition(lambda self: self.scene and self.scene.under_way)
    @rule(which=st.integers(0, 5))
    def something_comes_to_its_end(self, which: int) -> None:
        under_way = self.stage.under_way
        self.do(self.stage.finish(under_way[which % len(under_way)]))

    @rule(slot=st.integers(0, 1))
    def a_process_is_killed(self, slot: int) -> None:
        self.do(self.stage.kill(slot))

    @rule(seconds=st.sampled_from(STEPS))
    def time_passes(self, seconds: int) -> None:
        self.stage.now += timedelta(seconds=seconds)

    @rule(trouble=TROUBLES)
    def the_cloud_misbehaves(self, trouble: Trouble) -> None:
        trouble(self.stage.wire)

    @rule(name=st.sampled_from(NAMES), event=EVENTS)
    def the_world_changes(self, name: str, event: Event) -> None:
        self.by_hand |= event(self.stage.wire, name)

    # --- what must hold ---------------------------------------------------------------------

    def _check_attempt(self, change: Change, records: Sequence[Record]) -> None:
        """What is about to be attempted was approved, and is still as it was approved."""
        if "attempt" not in {one.kind for one in records}:
            return
        batch = change.batches[-1]
        sent = [one for one in change.targets if one.batch == batch.number]
        assert is_sealed(change)
        people = set(change.approvers) or {change.requester}
        assert {one.user for one in change.approvals} <= people
        if change.approvers and not change.self_approval:
            people.discard(change.requester)
        yes = {one.user for one in change.approvals if one.seal == seal_of(change)}
        assert len(yes & people) >= change.approvals_needed
        assert [one.instance_id for one in sent] == list(batch.instance_ids)
        assert len({(one.kernel, one.wave) for one in sent}) == 1
        assert 1 <= len(sent) <= BATCH_LIMIT
        for target in sent:
            if target.instance_id not in self.by_hand:
                instance = self.stage.wire.world.instances[target.instance_id]
                assert (instance.kernel, instance.latest) == (
                    str(target.kernel),
                    str(target.newest),
                )

    def _note_saved(self, change: Change, records: Sequence[Record]) -> None:
        self.kinds[change.number] += [one.kind for one in records]
        for delivery in {one.data["delivery"] for one in records if "delivery" in one.data}:
            assert (delivery, change.number) not in self.done, "each delivery's deed once"
            self.done.add((delivery, change.number))

    def _check_leaving(self, number: int) -> None:
        attempted_at = self._read(number).batches[-1].attempted_at
        assert self.stage.now - attempted_at <= SEND_WITHIN, "others have judged by its absence"

    def _check_sent(self, number: int, sent: Sent) -> None:
        change = self._read(number)
        kernels = {one.instance_id: str(one.kernel) for one in change.targets}
        attempted = [
            tuple((one, kernels[one]) for one in batch.instance_ids) for batch in change.batches
        ]
        assert sent.rows in attempted
        for instance_id, _ in sent.rows:
            assert (number, instance_id) not in self.consumed, "sent at most once"
            if not sent.is_refused or len(sent.rows) > 1:
                self.consumed.add((number, instance_id))
            if instance_id in sent.effective:
                self.effective.add((number, instance_id))

    def _read(self, number: int) -> Change:
        change = transact(self._engine, ledger.get, number)
        assert change is not None
        return change

    def _newest(self, limit: int = 8) -> tuple[Change, ...]:
        return self.loop.run_until_complete(self.stage.ledger.find(limit=limit))

    @invariant()
    def there_is_no_mistake(self) -> None:
        if self.scene is not None and self.scene.mistakes:
            raise AssertionError("a mistake of ours") from self.scene.mistakes[0]

    @invariant()
    def an_instance_is_in_one_open_change_and_a_closed_change_stays_as_it_is(self) -> None:
        if self.scene is None:
            return
        taken: set[str] = set()
        for change in self._newest(limit=100):
            if not change.is_open:
                before = self.closed.setdefault(change.number, change)
                assert change == before.model_copy(update={"version": change.version})
                continue
            ids = {one.instance_id for one in change.targets}
            assert not ids & taken
            taken |= ids

    # --- how it ends ------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if self.scene is not None and not self.scene.mistakes:
                self._calm_down()
                self._check_ends()
        finally:
            if self.scene is not None:
                self.do(self.scene.close())
                self._engine.dispose()
            self.loop.close()

    def _calm_down(self) -> None:
        """No more faults, no more people; time passes until nothing is due any more."""
        scene = self.stage
        for activity in list(scene.under_way):
            self.do(scene.finish(activity))
        scene.wire.cloud.faults.queue.clear()
        scene.wire.unreachable = 0
        for instance in scene.wire.world.instances.values():
            if instance.condition in {Condition.BACKING_UP, Condition.FROZEN}:
                instance.condition = Condition.NORMAL
        scene.now += timedelta(seconds=20)  # whatever the dead held
        for _ in range(2000):
            if self.loop.run_until_complete(self._attended(0)):
                continue
            due_at = self.loop.run_until_complete(scene.ledger.next_due_at())
            if due_at is None:
                return
            scene.now = max(scene.now, due_at)
        raise AssertionError("the bot does not come to rest")

    def _check_ends(self) -> None:
        self.there_is_no_mistake()
        assert self.loop.run_until_complete(self.stage.ledger.verify()) is None
        for change in self._newest(limit=100):
            assert change.state in RESTING, change
            ends = self.kinds[change.number].count("closed")
            assert ends == (0 if change.is_open else 1), "one closing line"
            for target in change.targets:
                if target.instance_id not in self.by_hand:
                    self._check_truth(change, target)

    def _check_truth(self, change: Change, target: Target) -> None:
        """What the change says of a target is what became of it in the cloud."""
        instance = self.stage.wire.world.instances[target.instance_id]
        told = f"{change.id} says {target.name} {target.state.value}: {target.note}"
        was_sent = (change.number, target.instance_id) in self.effective
        jobs = self._jobs(target)
        now = Kernel(instance.kernel)
        match target.state:
            case TargetState.SUCCEEDED:
                assert now >= target.newest, told
                assert was_sent, told
            case TargetState.ALREADY_NEWEST:
                assert now >= target.newest, told
            case TargetState.FAILED:
                assert any(job.failure for job in jobs) or self._could_not_begin(target), told
            case TargetState.REFUSED | TargetState.PLANNED:
                assert not was_sent, told
            case TargetState.NEVER_STARTED:
                assert not jobs, told
            case TargetState.FURTHER_ROUND:
                assert was_sent, told
                assert now > target.kernel or instance.phase, told
            case TargetState.CANCELLED:
                assert not jobs, told
            case _:
                assert target.state in UNSEEN, told
                assert not any(job.ends_at for job in jobs), told

    def _could_not_begin(self, target: Target) -> bool:
        """Whether a task that waited for the window found the instance unfit when it opened."""
        tasks = self.stage.wire.world.schedules.values()
        return any(
            one.instance_id == target.instance_id and one.closed_as == "Failed" for one in tasks
        )

    def _jobs(self, target: Target) -> list[Job]:
        """Jobs in the cloud that came of the target's attempt."""
        world, since = self.stage.wire.world, target.submitted_at
        if since is None:
            return []
        until = target.ended_at or self.stage.now
        return [
            job
            for job in world.jobs.values()
            if job.instance_id == target.instance_id and since <= job.created_at <= until
        ]
