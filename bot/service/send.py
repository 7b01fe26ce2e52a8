"""Send a batch whose attempt is recorded: its request once, and record what came back."""

import logging
from datetime import datetime, timedelta

from bot.domain.change import Change, State, Target
from bot.domain.errors import CloudError
from bot.domain.instance import Answer
from bot.domain.plan import next_batch
from bot.domain.steps import SEND_WITHIN, answered, in_window
from bot.domain.turns import Step
from bot.ports import StoreError
from bot.service.amend import amend
from bot.service.desk import Desk

STORE_PATIENCE = timedelta(hours=1)
"""How long a store that is away is waited for with an answer that nobody else knows."""
STORE_PAUSE = 2.0
"""Seconds."""
_log = logging.getLogger(__name__)


async def send(desk: Desk, change: Change, batch: tuple[Target, ...]) -> None:
    """Send the batch whose attempt was just recorded, once.

    Raises:
        StoreError: the store was away for so long that the answer is lost.
    """
    number = change.batches[-1].number
    rows = [(target.instance_id, str(target.kernel)) for target in batch]
    desk.wake()
    came: Answer | CloudError
    try:
        came = await desk.fleets[change.environment].submit(
            rows, delay=in_window(change), until=change.batches[-1].attempted_at + SEND_WITHIN
        )
    except CloudError as error:
        came = error
    await _record(desk, change.number, number, came)


async def _record(desk: Desk, change: int, batch: int, came: Answer | CloudError) -> None:
    """Store what came back, whatever happened to the change meanwhile.

    It is known here and nowhere else, so a store that is away is waited for.
    """
    now = desk.clock()

    def decision(change: Change) -> Step | None:
        if any(one.number == batch and one.answered_at for one in change.batches):
            return None  # Stored by a commit of which the store could not tell any more.
        fresh, records = answered(change, batch, came, now)
        if not fresh.is_open:
            return fresh, records
        return fresh.model_copy(update={"due_at": _next_due(desk, fresh, now)}), records

    while True:
        try:
            await amend(desk, change, decision)
        except StoreError as error:
            if desk.clock() - now >= STORE_PATIENCE:
                raise
            _log.error("the answer to an upgrade of CHG-%s waits to be stored: %s", change, error)
            await desk.sleep(STORE_PAUSE)
        else:
            return


def _next_due(desk: Desk, change: Change, now: datetime) -> datetime:
    # More batches of the same wave follow at once; a batch to be offered again waits a little.
    planned = next_batch(change.targets)
    if planned and planned[0].note is None and change.state is State.RUNNING:
        return now
    return now + desk.environments[change.environment].poll_interval
