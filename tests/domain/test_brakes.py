"""Whatever happens in whatever order: nothing starts after a halt until people say so."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.change import (
    IN_FLIGHT,
    Change,
    Move,
    TargetState,
    advance,
    allows,
)
from bot.domain.errors import CloudError, Effect
from bot.domain.instance import Answer
from bot.domain.plan import next_batch
from bot.domain.preflight import may_send
from bot.domain.sentence import say
from bot.domain.steps import answered, attempted, looked, orphaned
from bot.domain.turns import Step, settled, turned
from tests.domain.examples import MINUTE, NOW, SUCCESS, change, error, target

OUTCOMES = (TargetState.UPGRADING, TargetState.SUCCEEDED, TargetState.FAILED, TargetState.UNKNOWN)
ANSWERS: tuple[Answer | CloudError, ...] = (SUCCESS, SUCCESS, error(), error(Effect.UNCLEAR))
ALARMING = {TargetState.FAILED, TargetState.REFUSED, TargetState.UNKNOWN}


class Story:
    """A change whose executor, cloud and people act in an order that chance chooses."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.now = NOW
        self.is_halted = False
        self.starts = 0

    def take(self, step: Step | None) -> None:
        if step is None:
            return
        self.change, records = step
        self.is_halted |= any(one.kind == "halt" for one in records)

    def executes(self) -> None:
        if not may_send(self.change):
            return
        fresh = settled(self.change, self.now)
        if fresh.state is not self.change.state:
            self.take(turned(self.change, fresh, self.now))
            return
        batch = next_batch(self.change.targets)
        assert not self.is_halted, "a target started after a halt"
        begun = [one for one in self.change.in_state(IN_FLIGHT) if one.wave < batch[0].wave]
        assert begun == [], "a wave began while another was under way"
        self.take(attempted(self.change, batch, [], self.now))
        self.starts += len(batch)

    def answers(self, came: Answer | CloudError) -> None:
        sent = self.change.in_state({TargetState.SUBMITTING})
        if sent and sent[0].batch:
            self.take(answered(self.change, sent[0].batch, came, self.now))

    def sees(self, state: TargetState, number: int) -> None:
        flying = self.change.in_state(IN_FLIGHT - {TargetState.SUBMITTING})
        if flying:
            seen = flying[number % len(flying)]
            ended_at = None if state in IN_FLIGHT else self.now
            update = {"state": state, "ended_at": ended_at}
            self.take(looked(self.change, [seen.model_copy(update=update)], self.now))

    def dies(self) -> None:
        self.take(orphaned(self.change, self.now))

    def is_halted_by_a_person(self) -> None:
        if allows(self.change, Move.HALT):
            self.change = advance(self.change, Move.HALT, halt_reason=say("Ann halted it."))
            self.is_halted = True

    def is_resumed(self) -> None:
        if allows(self.change, Move.RESUME):
            update = {"halt_reason": None, "resumed_at": self.now}
            self.change = advance(self.change, Move.RESUME, **update)
            self.is_halted = False


def happens(story: Story, what: str, chance: int, at: datetime) -> None:
    story.now = at
    match what:
        case "execute":
            story.executes()
        case "answer":
            story.answers(ANSWERS[chance % len(ANSWERS)])
        case "see":
            story.sees(OUTCOMES[chance % len(OUTCOMES)], chance)
        case "die":
            story.dies()
        case "halt":
            story.is_halted_by_a_person()
        case _:
            story.is_resumed()


EVENTS = st.tuples(
    st.sampled_from(["execute", "execute", "answer", "see", "see", "die", "halt", "resume"]),
    st.integers(0, 30),
)


@settings(max_examples=250)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=8),
    st.integers(1, 2),
    st.lists(EVENTS, max_size=40),
)
def test_no_target_starts_after_a_halt(
    waves: list[int], halt_after: int, events: list[tuple[str, int]]
) -> None:
    targets = [target(number, wave=wave) for number, wave in enumerate(sorted(waves))]
    story = Story(change(*targets, halt_after=halt_after))
    for minute, (what, chance) in enumerate(events):
        known = story.change.resumed_at
        bad = [one for one in story.change.targets if one.state in ALARMING]
        news = [one for one in bad if known is None or (one.ended_at or story.now) > known]
        starts = story.starts
        happens(story, what, chance, NOW + minute * MINUTE + timedelta(seconds=1))
        if len(news) >= halt_after and what == "execute":
            assert story.starts == starts, "a target started after too many failures"
