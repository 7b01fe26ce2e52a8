"""What is read of the world and of the past before people are asked."""

from bot.domain.change import State, TargetState
from bot.service import Desk
from bot.service.survey import PAST_CHANGES, recent_upgrades
from tests.domain.examples import HOUR, MINUTE, NOW, sent, target, under_way


async def test_what_was_refused_or_never_begun_does_not_hide_how_long_upgrades_took(
    desk: Desk,
) -> None:
    done = sent(1, TargetState.SUCCEEDED, began_at=NOW, ended_at=NOW + 5 * MINUTE)
    shared = {"environment": "default", "number": 0, "due_at": None}
    upgraded = under_way(done, state=State.SUCCEEDED, key="done", **shared)
    await desk.changes.add(upgraded, ())
    for number in range(PAST_CHANGES):
        later = {"key": f"no-{number}", "created_at": NOW + HOUR, "batches": ()}
        rejected = under_way(target(1), state=State.REJECTED, **shared, **later)
        await desk.changes.add(rejected, ())
    (past,) = await recent_upgrades(desk, "default")
    assert past.longest == 5 * MINUTE
