"""What befalls replicas, Slack and the cloud, again and again, as chance has it."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from tests.faults.trial import Trial

EVERY = 1.5
"""Real seconds between two troubles, on average."""
REPLACED_AFTER = 1.0
"""Real seconds until a platform starts another process in place of a dead one."""
_CHANGING = (
    *("cut_before", "cut_after", "hang_after", "html_after", "error_before", "error_after"),
    *("throttle", "wrong_resp", "empty"),
)
_READING = ("error_before", "cut_before", "html_before", "throttle")
_CALLS = ("http_500", "ratelimited", "internal_error", "drop_call", "drop_answer")
_METHODS = ("*", "*", "chat.postMessage", "chat.update", "chat.postEphemeral")


class Calamity:
    """Strikes while it is let; afterwards everything is well, and every replica lives."""

    def __init__(self, trial: Trial, chance: random.Random, replicas: Sequence[str]) -> None:
        self._trial, self._chance = trial, chance
        self._next = 0.0
        self._restarts: set[asyncio.Task[None]] = set()
        self._replicas = replicas
        self._replaced: set[str] = set()
        self.count: Counter[str] = Counter()
        for replica in replicas:
            trial.start(replica)

    async def strike(self, passed: float) -> None:
        """Let happen what is due so many seconds after the beginning."""
        while self._next <= passed:
            self._next += self._chance.expovariate(1 / EVERY)
            name, happens = self._chance.choice(self._troubles)
            self.count[name] += 1
            await happens()

    async def end(self) -> None:
        """No more of it."""
        self._trial.taurus.faults.queue.clear()
        self._trial.taurus.switch_all({"jobs_late_seconds": 0, "dropped_rows": 0})
        self._trial.slack.faults.clear()
        await asyncio.gather(*self._restarts)

    @property
    def _troubles(self) -> tuple[tuple[str, Callable[[], Awaitable[None]]], ...]:
        return (
            ("kill", self._kill),
            ("order to end", self._order_to_end),
            ("upgrade that fails", self._upgrade_fails),
            ("upgrade that fails", self._upgrade_fails),
            ("reads that fail", self._reads_fail),
            ("late or dropped rows", self._rows),
            ("Slack calls that fail", self._slack_fails),
            ("Slack calls that fail", self._slack_fails),
            ("repeated deliveries", self._repeats),
            ("broken sockets", self._trial.slack.close_sockets),
        )

    async def _kill(self) -> None:
        self._replace(lambda name: self._trial.bots[name].kill())

    async def _order_to_end(self) -> None:
        self._replace(lambda name: self._trial.bots[name].terminate())

    def _replace(self, ends: Callable[[str], None]) -> None:
        name = self._chance.choice(self._replicas)
        if name in self._replaced or not self._trial.bots[name].was_heard.is_set():
            return  # It is dying already, or just being born.
        self._replaced.add(name)
        ends(name)
        task = asyncio.ensure_future(self._again(name))
        self._restarts.add(task)
        task.add_done_callback(self._restarts.discard)

    async def _again(self, name: str) -> None:
        await self._trial.bots[name].gone.wait()
        await asyncio.sleep(REPLACED_AFTER)
        self._trial.start(name)
        self._replaced.discard(name)

    async def _upgrade_fails(self) -> None:
        self._trial.taurus.fail("upgrades", self._chance.choice(_CHANGING))

    async def _reads_fail(self) -> None:
        kind, times = self._chance.choice(_READING), self._chance.randint(1, 6)
        self._trial.taurus.fail("reads", kind, times=times)

    async def _rows(self) -> None:
        late, dropped = self._chance.choice((0, 0, 280)), self._chance.choice((0, 0, 1))
        self._trial.taurus.switch_all({"jobs_late_seconds": late, "dropped_rows": dropped})

    async def _slack_fails(self) -> None:
        method, kind = self._chance.choice(_METHODS), self._chance.choice(_CALLS)
        self._trial.slack.faults.next_calls(method, kind, times=self._chance.randint(1, 3))

    async def _repeats(self) -> None:
        self._trial.slack.faults.next_deliveries("twice", times=self._chance.randint(1, 4))
