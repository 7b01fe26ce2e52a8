"""Check everything that can be wrong between a fresh install and the first upgrade."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.app import cloud_config, slack_config
from bot.calendars.checkup import checkup as check_calendars
from bot.command import Command
from bot.domain.duty import is_source
from bot.domain.finding import Finding, Verdict, ok, wrong
from bot.oncall import PagerDuty
from bot.oncall.checkup import checkup as check_on_call
from bot.ports import Clock, Sleep
from bot.settings import Settings, SettingsError, read_settings
from bot.signals import HttpSignals
from bot.signals.checkup import checkup as check_signals
from bot.slack.checkup import Wanted
from bot.slack.checkup import checkup as check_slack
from bot.slack.manifest import manifest
from bot.store.checkup import checkup as check_store
from bot.taurus import REGIONS, Limits
from bot.taurus.checkup import checkup as check_cloud

_WIDTH = 8
_SOME_URL = "https://bot.example.com/slack/events"
"""Only the app knows where requests are sent; it is not compared."""


async def examine(
    environ: Mapping[str, str], commands: Sequence[Command], *, clock: Clock, sleep: Sleep
) -> list[Finding]:
    """Check the settings, then everything they name at the same time; changes nothing."""
    try:
        settings = read_settings(environ, REGIONS)
    except SettingsError as error:
        return [_problem(one) for one in error.problems]
    groups = await asyncio.gather(
        asyncio.to_thread(check_store, settings.database_url.get_secret_value()),
        _slack(settings, commands, clock),
        _cloud(settings, clock, sleep),
        _on_call(settings),
        _signals(settings, clock),
        check_calendars(settings.calendars(), clock()),
    )
    return [ok("settings", "complete"), *(one for group in groups for one in group)]


def _problem(text: str) -> Finding:
    name, _, mend = text.partition(": ")
    return wrong(f"setting {name}", mend, "Set it, then look again: the rest was not checked.")


async def _slack(settings: Settings, commands: Sequence[Command], clock: Clock) -> list[Finding]:
    rules = settings.environments
    places = (
        (*one.channels, *one.notify, *(other.channel for other in one.subscriptions))
        for one in rules
    )
    channels = dict.fromkeys(id_ for ids in places for id_ in ids)
    named = (id_ for one in rules for id_ in (*one.requesters, *one.approvers))
    people = dict.fromkeys(id_ for id_ in named if not is_source(id_))
    return await check_slack(
        slack_config(settings),
        wall=clock,
        channels=list(channels),
        people=list(people),
        wanted=Wanted(_manifest(settings, commands), settings.slack_config_token),
    )


def _manifest(settings: Settings, commands: Sequence[Command]) -> Mapping[str, Any]:
    return manifest(
        commands,
        mode=settings.slack_mode,
        request_url=_SOME_URL,
        by_email=bool(_sources(settings)),
    )


def _sources(settings: Settings) -> list[str]:
    """Return the on-call schedules that name approvers."""
    named = (one for environment in settings.environments for one in environment.approvers)
    return [one for one in dict.fromkeys(named) if is_source(one)]


async def _on_call(settings: Settings) -> list[Finding]:
    pagerduty = PagerDuty(settings.pagerduty_token, settings.pagerduty_url)
    try:
        return await check_on_call(pagerduty, _sources(settings))
    finally:
        await pagerduty.aclose()


async def _signals(settings: Settings, clock: Clock) -> list[Finding]:
    signals = HttpSignals(clock)
    try:
        checks = (check_signals(signals, one) for one in settings.environments)
        return [one for found in await asyncio.gather(*checks) for one in found]
    finally:
        await signals.aclose()


async def _cloud(settings: Settings, clock: Clock, sleep: Sleep) -> list[Finding]:
    checks = (
        check_cloud(cloud_config(settings, cloud, Limits()), clock=clock, sleep=sleep, name=name)
        for name, cloud in settings.clouds.items()
    )
    return [one for found in await asyncio.gather(*checks) for one in found]


def is_healthy(findings: Sequence[Finding]) -> bool:
    """Whether nothing is wrong."""
    return all(one.verdict is not Verdict.WRONG for one in findings)


def as_lines(findings: Sequence[Finding]) -> str:
    """Write one line a check, each remedy below its line."""
    lines: list[str] = []
    for one in findings:
        lines.append(f"{one.verdict.value:<{_WIDTH}} {one.check}: {one.found}")
        if one.remedy:
            lines.append(f"{'':<{_WIDTH}} → {one.remedy}")
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """Write them for machines."""
    shown = {"healthy": is_healthy(findings), "checks": [one.model_dump() for one in findings]}
    return json.dumps(shown, indent=2, ensure_ascii=False)
