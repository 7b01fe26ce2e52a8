"""What is worth a call before people are asked: the vendor's own check, and the fleet's past."""

from collections.abc import Sequence

from bot.domain.change import OPEN_STATES, State
from bot.domain.errors import CloudError
from bot.domain.instance import PreCheck
from bot.domain.outlook import paces
from bot.domain.pace import Pace
from bot.domain.plan import Facts, blockers
from bot.service.desk import Desk

PAST_CHANGES = 5
"""So many closed changes are looked at for how long upgrades take."""
_UNANSWERED = PreCheck(passed=False, is_finished=False)


async def prechecked(desk: Desk, environment: str, facts: Sequence[Facts]) -> tuple[Facts, ...]:
    """Add what the vendor's own pre-check finds; it changes nothing on the databases.

    It is not worth a refusal: what it does not tell in time is a warning.
    """
    rows = [
        (one.instance.id, str(one.version.current))
        for one in facts
        if one.version is not None and not blockers(one)
    ]
    try:
        found = await desk.fleets[environment].prechecks(rows)
    except CloudError:
        found = {}
    if found is None:
        return tuple(facts)
    asked = {instance_id: found.get(instance_id, _UNANSWERED) for instance_id, _ in rows}
    return tuple(one.model_copy(update={"precheck": asked.get(one.instance.id)}) for one in facts)


async def recent_paces(desk: Desk, environment: str) -> tuple[Pace, ...]:
    """Tell how long upgrades took in the last changes of this environment."""
    closed = frozenset(State) - OPEN_STATES
    changes = await desk.changes.find(states=closed, environment=environment, limit=PAST_CHANGES)
    return paces(changes)
