"""Check the way to the cloud: sign in, find the project, read the fleet. Changes nothing."""

from datetime import timedelta

from bot.domain.errors import CloudError, Reaction
from bot.domain.finding import Finding, mind, ok, skipped, wrong
from bot.domain.instance import Instance
from bot.ports import Clock, Sleep
from bot.taurus.calls import Call
from bot.taurus.config import TaurusConfig
from bot.taurus.fleet import TaurusFleet

SKEW_NOTED = timedelta(minutes=1)
SKEW_REFUSED = timedelta(minutes=15)
"""How far our clock may be from the gateway's before signed calls are refused (APIGW.0301)."""
UPGRADE_ACTION = "gaussdbformysql:instance:upgrade"
"""The right that the batch upgrade and the pre-check both ask for (TaurusDB API docs)."""
_RIGHTS = (
    "Give the user or agency gaussdbformysql:instance:list, gaussdbformysql:instance:get, "
    f"gaussdbformysql:task:list and {UPGRADE_ACTION}."
)


async def checkup(config: TaurusConfig, *, clock: Clock, sleep: Sleep, name: str) -> list[Finding]:
    """Check one environment; every line begins with its name."""
    calls: list[Call] = []
    fleet = TaurusFleet.open(config, clock=clock, sleep=sleep, random=_half, on_call=calls.append)
    try:
        found = await _checked(fleet, config, name)
    finally:
        await fleet.aclose()
    return [*found, _skew(calls, clock, name)]


async def _checked(fleet: TaurusFleet, config: TaurusConfig, name: str) -> list[Finding]:
    found: list[Finding] = []
    try:
        project = await fleet.project_id()
        found.append(ok(f"{name}: project", f"{project} in {config.region or 'its region'}"))
        listed = await fleet.instances()
    except CloudError as error:
        what = "read" if found else "sign in"
        return [*found, wrong(f"{name}: {what}", _words(error), _remedy(error))]
    found.append(ok(f"{name}: list", f"{len(listed)} instances at {config.endpoints.service}"))
    found.append(await _reads(fleet, listed, name))
    found.append(await _may_upgrade(fleet, listed, name))
    return found


async def _reads(fleet: TaurusFleet, listed: tuple[Instance, ...], name: str) -> Finding:
    check = f"{name}: read"
    if not listed:
        return mind(check, "the project has no TaurusDB instance", "Check project and region.")
    try:
        version = await fleet.version(listed[0].id)
        await fleet.schedules()
    except CloudError as error:
        return wrong(check, _words(error), _remedy(error))
    return ok(check, f"versions and tasks, such as {listed[0].name} at {version.current}")


async def _may_upgrade(fleet: TaurusFleet, listed: tuple[Instance, ...], name: str) -> Finding:
    """Ask for the vendor's pre-check: it needs the same right, and changes nothing."""
    check = f"{name}: right to upgrade"
    known = [one for one in listed if one.kernel is not None]
    if not known:
        return skipped(check, "there is no instance to ask about")
    try:
        found = await fleet.prechecks([(known[0].id, str(known[0].kernel))])
    except CloudError as error:
        if error.reaction in {Reaction.DENY, Reaction.AUTHENTICATE}:
            return wrong(check, _words(error), _RIGHTS)
        return ok(check, "the cloud takes such requests")
    if found is None:
        return skipped(
            check,
            "this region has no pre-check, so only an upgrade would tell",
            f"See that the user or agency has {UPGRADE_ACTION}.",
        )
    return ok(check, "the cloud takes such requests")


def _skew(calls: list[Call], clock: Clock, name: str) -> Finding:
    check = f"{name}: clock"
    told = [call.answered_at for call in calls if call.answered_at is not None]
    if not told:
        return skipped(check, "the cloud told no time")
    skew = abs(clock() - told[-1])
    seconds = int(skew.total_seconds())
    if skew >= SKEW_REFUSED:
        return wrong(check, f"{seconds} s from the cloud's", "Set this machine's clock (NTP).")
    if skew >= SKEW_NOTED:
        return mind(check, f"{seconds} s from the cloud's", "Set this machine's clock (NTP).")
    return ok(check, "agrees with the cloud's")


def _words(error: CloudError) -> str:
    return f"{error.code}: {error.message}" if error.code else str(error.sentence)


def _remedy(error: CloudError) -> str:
    if error.reaction is Reaction.DENY:
        return _RIGHTS
    return str(error.sentence)


def _half() -> float:
    return 0.5
