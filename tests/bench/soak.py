"""A soak: hundreds of changes on replicas that die, with a Slack and a cloud that fail.

`python -m tests.bench.soak --minutes 10 --changes 300` prints how many databases were submitted
once, lost or doubled, and ends with 1 if any was lost or doubled. Real processes on a real
PostgreSQL; only Slack, the cloud and the pace of time are simulated.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from bot.domain.change import Change, State
from bot.domain.model import Frozen
from bot.sandbox.taurus.fleet import DIRECT, NEWEST
from bot.sandbox.taurus.instances import Fleet, Instance
from bot.store import SqlChanges, migrate
from tests.bench.calamity import Calamity
from tests.faults.person import EVIDENCE, NOTHING_DONE, PRESSES
from tests.faults.trial import ANN, CHANNEL, Forks, Trial
from tests.faults.truth import shown
from tests.postgres import serving

SPEED = 12.0
"""How fast the story runs: ten minutes are two hours then, and a lease is over in 1.25 seconds."""
ASKING = 0.7
"""Share of the time in which people ask; the rest is for ends."""
LOOK_EVERY = 0.5
"""Real seconds between two looks of people at the channel."""
AGAIN = 180.0
"""Seconds of the story after which people who see nothing happen do it again."""
PATIENCE = 300.0
"""Real seconds for everything to come to its end once nothing fails any more."""
MANY = 100_000
UNFINISHED = frozenset(State) - {State.SUCCEEDED}
REPLICAS = ("one", "two", "three")


class Result(Frozen):
    """What became of the databases, and what stood against it."""

    asked: int
    once: int
    lost: tuple[str, ...]
    """Databases that were not upgraded, and changes that Slack does not show as they are."""
    doubled: tuple[str, ...]
    changes: int
    requests: int
    """Upgrade requests that left, those included that were refused or never arrived."""
    troubles: dict[str, int]
    seconds: float
    story_seconds: float

    @property
    def is_good(self) -> bool:
        """Whether every database was submitted once, and everything is shown."""
        return not self.lost and not self.doubled

    def table(self) -> str:
        """Write it for people."""
        troubles = ", ".join(f"{name} {count}" for name, count in sorted(self.troubles.items()))
        rows = {
            "databases asked for": self.asked,
            "changes (retries included)": self.changes,
            "upgrade requests": self.requests,
            "submitted once": self.once,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "minutes, of the story": f"{self.seconds / 60:.1f}, {self.story_seconds / 60:.0f}",
            "troubles": troubles,
        }
        lines = [f"{name:28} {value}" for name, value in rows.items()]
        return "\n".join([*lines, *(f"lost: {one}" for one in self.lost), *self._doubled()])

    def _doubled(self) -> list[str]:
        return [f"doubled: {one}" for one in self.doubled]


@dataclass
class Wanted:
    """One database that somebody wants upgraded."""

    name: str
    done: dict[str, float] = field(default_factory=dict)
    """What was done for it, and when it may be done again."""


class Team:
    """People who ask, confirm and retry as the cards say, many at a time."""

    def __init__(self, trial: Trial, store: SqlChanges, names: Sequence[str]) -> None:
        self._trial, self._store = trial, store
        self._wanted = [Wanted(name) for name in names]
        self._newest: dict[str, Change] = {}
        self._refusals_used = 0
        self._gestures: set[asyncio.Task[None]] = set()
        self.is_done = False

    async def look(self, share: float) -> None:
        """Look at the channel once; that share of the databases has been thought of by now."""
        trial = self._trial
        made = await self._store.find(states=UNFINISHED, limit=MANY)
        self._newest |= {change.targets[0].name: change for change in reversed(made)}
        cards = {card["text"].split(" · ")[0]: card for card in trial.cards}
        over = 0
        for one in self._wanted[: 1 + int(share * len(self._wanted))]:
            change = self._newest.get(one.name)
            if change is None:
                self._ask(one)
            elif card := cards.get(change.id):
                over += self._press(one, card)
        self.is_done = over == len(self._wanted)

    def _ask(self, one: Wanted) -> None:
        # Somebody who was told that nothing was done asks again; whoever heard nothing waits.
        if "ask" in one.done:
            refused = sum(NOTHING_DONE in text for text in self._trial.whispers)
            if refused <= self._refusals_used or not self._may(one, "ask"):
                return
            self._refusals_used += 1
        self._begin(one, "ask", self._types(one))

    def _press(self, one: Wanted, card: dict[str, object]) -> bool:
        number, state = str(card["text"]).split(" · ")[:2]
        if state == "Succeeded":
            return True
        action = PRESSES.get(state, "")
        if state == "Outcome unknown" and EVIDENCE not in str(card["blocks"]):
            action = ""
        name = f"{action} {number}"
        if action and self._may(one, name):
            self._begin(one, name, self._clicks(one, name, str(card["ts"]), action))
        return False

    def _may(self, one: Wanted, name: str) -> bool:
        return one.done.get(name, 0.0) <= self._trial.clock.seconds()

    def _begin(self, one: Wanted, name: str, gesture: Coroutine[None, None, None]) -> None:
        one.done[name] = self._trial.clock.seconds() + AGAIN
        task = asyncio.ensure_future(gesture)
        self._gestures.add(task)
        task.add_done_callback(self._gestures.discard)

    async def _types(self, one: Wanted) -> None:
        answer = await self._trial.slack.command(ANN, CHANNEL, f"/taurus-upgrade {one.name}")
        if not answer["ok"]:
            one.done.pop("ask", None)  # Slack said that it did not get through.

    async def _clicks(self, one: Wanted, name: str, ts: str, action: str) -> None:
        answer = await self._trial.slack.click(ANN, CHANNEL, ts, action)
        if not answer["ok"]:
            one.done.pop(name, None)


async def soak(minutes: float, changes: int, seed: int, url: str, folder: Path) -> Result:
    """Play it on an empty PostgreSQL database, and count."""
    fleet = Fleet([_instance(number) for number in range(changes)])
    forks = Forks()
    await asyncio.to_thread(migrate, url)
    trial = await Trial.open(
        forks, folder / "soak", url, speed=SPEED, fleet=fleet, TAURUS_POLL_INTERVAL="20s"
    )
    store = SqlChanges.open(url)
    try:
        return await _soaked(trial, store, minutes, random.Random(seed))
    finally:
        await asyncio.to_thread(store.close)
        await trial.close()
        forks.close()


async def _soaked(trial: Trial, store: SqlChanges, minutes: float, chance: random.Random) -> Result:
    names = [one.name for one in trial.taurus.instances]
    began_at, story_at = time.monotonic(), trial.clock.seconds()
    calamity = Calamity(trial, chance, REPLICAS)
    await trial.slack.wait_for(lambda: trial.slack.connections > 0, PATIENCE)
    await _play(Team(trial, store, names), calamity, minutes * 60)
    unshown = await _settled(trial, store)
    made = await store.find(limit=MANY)
    sent = {name: len(trial.taurus.submissions(name)) for name in names}
    never = tuple(f"{name} was never upgraded" for name in names if not trial.is_new(name))
    return Result(
        asked=len(names),
        once=sum(1 for count in sent.values() if count == 1),
        lost=(*never, *unshown),
        doubled=tuple(_doubled(sent, made)),
        changes=len(made),
        requests=trial.steps.count("before cloud batch_upgrade"),
        troubles=dict(calamity.count),
        seconds=time.monotonic() - began_at,
        story_seconds=trial.clock.seconds() - story_at,
    )


async def _play(team: Team, calamity: Calamity, seconds: float) -> None:
    began_at = time.monotonic()
    while not team.is_done:
        passed = time.monotonic() - began_at
        if passed < seconds:
            await calamity.strike(passed)
        else:
            await calamity.end()
        if passed > seconds + PATIENCE:
            return  # What is not over by now is lost.
        await team.look(passed / (seconds * ASKING))
        await asyncio.sleep(LOOK_EVERY)
    await calamity.end()


async def _settled(trial: Trial, store: SqlChanges) -> tuple[str, ...]:
    """Wait until Slack shows what the store has; tells what it still does not show at last."""
    open_or_unshown = {one.number: "is not over" for one in await store.find(limit=MANY)}
    until = time.monotonic() + PATIENCE
    while open_or_unshown and time.monotonic() < until:
        for change in await store.find(limit=MANY):
            if change.number in open_or_unshown and not change.is_open:
                open_or_unshown[change.number] = await _difference(trial, store, change)
        open_or_unshown = {number: why for number, why in open_or_unshown.items() if why}
        await asyncio.sleep(LOOK_EVERY)
    return tuple(f"CHG-{number} {why}" for number, why in sorted(open_or_unshown.items()))


async def _difference(trial: Trial, store: SqlChanges, change: Change) -> str:
    try:
        await shown(trial, store, change)
    except AssertionError as error:
        return f"is not shown as it is: {str(error).splitlines()[0]}"
    return ""


def _instance(number: int) -> Instance:
    name = f"orders-prod-{number + 1:04d}"
    return Instance(f"{sha256(name.encode()).hexdigest()[:32]}in07", name, DIRECT, NEWEST)


def _doubled(sent: Mapping[str, int], made: Sequence[Change]) -> list[str]:
    wishes = Counter((one.targets[0].name, one.parent) for one in made)
    twice = [f"{name} was submitted {count} times" for name, count in sent.items() if count > 1]
    more = [f"{name}: {n} changes for a wish" for (name, _), n in wishes.items() if n > 1]
    return twice + more


def main(argv: Sequence[str]) -> int:
    """Run it from the command line; 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--changes", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="another seed, other troubles")
    given = parser.parse_args(argv)
    with serving() as postgres, tempfile.TemporaryDirectory() as folder:
        url = postgres.url(postgres.new_database())
        result = asyncio.run(soak(given.minutes, given.changes, given.seed, url, Path(folder)))
    print(result.table())
    return 0 if result.is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
