"""Ann, who wants her databases upgraded and does what the card asks of her."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.faults.trial import ANN, CHANNEL, PATIENCE, Trial

Gesture = Callable[[], Awaitable[bool]]
"""Something she does; False if Slack told her that it did not get through."""

EVIDENCE = "probably never began"
"""What the card says of a request that left no trace."""
NOTHING_DONE = "Nothing was done, and nothing was sent"
"""What a private refusal begins with: she tries again."""
PRESSES = {
    "Proposed": "change.approve",
    "Outcome unknown": "change.retry",
    "Failed": "change.retry",
    "Partly failed": "change.retry",
    "Halted": "change.resume",
}


class Person:
    """Repeats only what Slack said did not get through: what was acknowledged must not be lost."""

    def __init__(self, trial: Trial, line: str) -> None:
        self._trial = trial
        self._line = line
        self._done: set[str] = set()
        self.repeated = False
        """Whether she did anything twice."""

    async def is_served(self) -> None:
        """Go on until the last card says that everything is over."""
        await self.goes_on_until(self._is_over)

    async def is_told(self, part: str) -> None:
        """Go on until a private answer came."""
        await self.goes_on_until(lambda: any(part in text for text in self._trial.whispers))

    async def goes_on_until(self, is_over: Callable[[], bool]) -> None:
        """Do what is asked of her until something is seen."""
        while not is_over():
            try:
                await self._trial.slack.wait_for(
                    lambda: is_over() or self._next() is not None, PATIENCE
                )
            except TimeoutError:
                raise AssertionError(f"nothing happens any more; {self._trial.scene()}") from None
            found = self._next()
            if found is not None and not is_over():
                await self._do(*found)

    async def _do(self, name: str, gesture: Gesture) -> None:
        if await gesture():
            self._done.add(name)
        else:
            self.repeated = True

    def _is_over(self) -> bool:
        cards = self._trial.cards
        is_told = all(_ends(self._trial.thread(card)) for card in cards)
        return bool(cards) and is_told and self._trial.shows("Succeeded")

    def _next(self) -> tuple[str, Gesture] | None:
        """Tell what she does next, given what the channel shows; None: she waits."""
        if not self._trial.slack.connections:
            return None
        cards = self._trial.cards
        refused = sum(NOTHING_DONE in text for text in self._trial.whispers)
        again = f"type, refused {refused} times"
        name, gesture = (again, self._types) if not cards else self._answer(cards[-1])
        return None if not name or name in self._done else (name, gesture)

    def _answer(self, card: dict[str, Any]) -> tuple[str, Gesture]:
        number, state = card["text"].split(" · ")[:2]
        if state == "Scheduled" and "--at" in self._line:
            return f"wait for {number}", self._waits
        if state == "Outcome unknown" and EVIDENCE not in str(card["blocks"]):
            return f"look at {number} later", self._looks_later
        action = PRESSES.get(state, "")
        return action and f"{action} {number}", lambda: self._presses(card, action)

    async def _types(self) -> bool:
        answer = await self._trial.slack.command(ANN, CHANNEL, self._line)
        return bool(answer["ok"])

    async def _presses(self, card: dict[str, Any], action: str) -> bool:
        answer = await self._trial.slack.click(ANN, CHANNEL, card["ts"], action)
        return bool(answer["ok"])

    async def _waits(self) -> bool:
        self._trial.on_wait()
        self._trial.clock.jump(3600)
        return True

    async def _looks_later(self) -> bool:
        self._trial.clock.jump(600)
        return True


def _ends(thread: list[str]) -> bool:
    """Whether a thread has its last line: the report, if there is something to report."""
    last = thread[-1] if thread else ""
    return last.startswith("Report of ") or "Nothing was sent" in last
