"""Check that those who are on call can be read. Changes nothing."""

import asyncio
from collections.abc import Sequence

from bot.domain.finding import Finding, mind, ok, wrong
from bot.oncall import PagerDuty
from bot.ports import OnCallError


async def checkup(pagerduty: PagerDuty, sources: Sequence[str]) -> list[Finding]:
    """Read every schedule and policy that the rules name, all at the same time."""
    return list(await asyncio.gather(*(_source(pagerduty, one) for one in sources)))


async def _source(pagerduty: PagerDuty, source: str) -> Finding:
    check = f"on call: {source}"
    try:
        shifts = await pagerduty.shifts(source)
    except OnCallError as error:
        return wrong(check, str(error), "Check PAGERDUTY_TOKEN, PAGERDUTY_API_URL and the id.")
    if not shifts:
        return mind(check, "nobody is on call now", "Until somebody is, nobody of it can approve.")
    return ok(check, f"{len(shifts)} people")
