"""Attend to a proposal: ask again, see who is on call by now."""

from bot.domain.change import Change
from bot.domain.reminders import waited
from bot.service.approvers import called
from bot.service.desk import Desk


async def remind(desk: Desk, change: Change) -> None:
    """Do what is due for a proposal that waits for approvals.

    Raises:
        StaleError: somebody has moved it meanwhile.
    """
    duties = await called(desk, change.approvers)
    await desk.changes.save(*waited(change, duties, desk.clock()))
