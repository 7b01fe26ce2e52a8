"""The composition root: settings, time and transports in, a running bot out."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import random
from time import monotonic
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot.alarm import Alarm
from bot.calendars import ICalendars
from bot.command import Call, Click, Command, Query, Submission
from bot.oncall import PagerDuty
from bot.ports import Clock, Delivery, Sleep, StoreError, View
from bot.service import Desk
from bot.service.almanac import Almanac
from bot.service.forms import FormDesk
from bot.service.home import Homes
from bot.service.roster import Roster
from bot.service.rota import Rota
from bot.service.timekeeper import Timekeeper
from bot.service.worker import Worker
from bot.settings import Cloud, Settings
from bot.signals import HttpSignals
from bot.slack.answers import rendering
from bot.slack.config import SlackConfig
from bot.slack.front import Forms
from bot.slack.gateway import Hooks, SlackGateway
from bot.store import SqlChanges, migrate
from bot.taurus import AkSk, Limits, Password, TaurusConfig, TaurusFleet, shared_tls
from bot.taurus.calls import Call as CloudCall
from bot.telemetry import NoTraces, Telemetry, Traces, routes

DRAIN_SECONDS = 5.0
_STORE_SECONDS = 2.5
_STORE_SILENT = (
    "The database does not answer: look whether its server is overloaded or stuck, and at the "
    "network on the way."
)
_log = logging.getLogger(__name__)


def real_now() -> datetime:
    """Return the time of this machine, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Surroundings:
    """Time, and how politely the cloud is called; tests and the sandbox bring their own.

    `clock` is the time of the story; `wall` that by which Slack signs and counts calls.
    """

    clock: Clock = real_now
    wall: Clock = real_now
    ticks: Callable[[], float] = monotonic
    """The seconds of `clock`, counted by something that never jumps."""
    sleep: Sleep = asyncio.sleep
    speed: Callable[[], float] = lambda: 1.0
    limits: Limits = field(default_factory=Limits)
    traces: Traces = field(default_factory=NoTraces)


class App:
    """One process of the bot. `start`, then `stop`; both within one event loop."""

    def __init__(
        self, settings: Settings, commands: Sequence[Command], around: Surroundings
    ) -> None:
        """Build everything; nothing is sent or opened before `start`."""
        self._settings = settings
        self._clock = around.clock
        self._telemetry = Telemetry(around.traces)
        self.changes = SqlChanges.open(settings.database_url.get_secret_value())
        self.changes.watch(self._telemetry.on_saved, self._telemetry.metrics.on_store_error)
        tls = shared_tls()
        self._fleets = {
            name: TaurusFleet.open(
                cloud_config(settings, cloud, around.limits),
                clock=around.clock,
                sleep=around.sleep,
                random=random,
                on_call=partial(self._on_cloud, name),
                tls=tls,
            )
            for name, cloud in settings.clouds.items()
        }
        self._timekeeper = Timekeeper(
            around.clock, around.ticks, self._ask_time, self.changes.forget_waits
        )
        self._signals = HttpSignals(around.clock, tls)
        self._calendars = ICalendars()
        self._pagerduty = PagerDuty(settings.pagerduty_token, settings.pagerduty_url, tls)
        self._homes = Homes()
        self._gateway = self._make_gateway(commands, around)
        self.desk = self._make_desk(around)
        self._forms = FormDesk(self.desk, commands)
        self._worker = Worker(
            self.desk, {command.name: command for command in commands}, self._forms
        )
        self._alarm = Alarm(self.wake, self.changes.next_due_at, around.clock, around.speed)
        self._keeping: tuple[asyncio.Task[None], ...] = ()
        self._runner: web.AppRunner | None = None
        self.port: int | None = None

    def _make_gateway(self, commands: Sequence[Command], around: Surroundings) -> SlackGateway:
        return SlackGateway(
            slack_config(self._settings),
            commands,
            receive=self._receive,
            clock=around.clock,
            sleep=asyncio.sleep,
            wall=around.wall,
            hooks=Hooks(
                render=rendering(self._settings.language),
                forms=Forms(self._loading, self._check, self._suggest),
                on_call=self._telemetry.on_slack,
                on_ack=self._telemetry.metrics.on_ack,
                watch=self._telemetry,
            ),
        )

    def _make_desk(self, around: Surroundings) -> Desk:
        return Desk(
            changes=self.changes,
            fleets=self._fleets,
            rosters={
                name: Roster(fleet, around.clock, self._homes.wake)
                for name, fleet in self._fleets.items()
            },
            environments={one.name: one for one in self._settings.environments},
            chat=self._gateway.chat,
            forms=self._gateway.forms,
            homes=self._homes,
            people=self._gateway.people,
            rota=Rota(self._gateway.people, {"pagerduty": self._pagerduty}, around.clock),
            almanac=Almanac(
                self._calendars, self._settings.calendars(), around.clock, around.sleep
            ),
            signals=self._signals,
            clock=around.clock,
            sleep=around.sleep,
            owner=uuid4().hex,
            language=self._settings.language,
            wake=self.wake,
            watch=self._telemetry,
            is_sure=self._timekeeper.is_sure,
            sure=self._timekeeper.sure,
        )

    def wake(self) -> None:
        """Look at once for something to do."""
        self._worker.wake()
        self._homes.wake()

    def _on_cloud(self, environment: str, call: CloudCall) -> None:
        self._telemetry.on_cloud(call)
        if call.outcome.isdigit():
            self._timekeeper.hears(environment, call.answered_at, call.seconds)

    async def _ask_time(self) -> None:
        await asyncio.gather(*(fleet.ask_time() for fleet in self._fleets.values()))

    # The gateway is part of the desk, and the desk of the forms: they meet when one is used.

    def _loading(self, told: Call | Click, language: str) -> View | None:
        return self._forms.loading(told, language)

    async def _check(self, form: Submission) -> Mapping[str, str]:
        return await self._forms.check(form)

    async def _suggest(self, query: Query) -> Mapping[str, Any]:
        return await self._forms.suggest(query)

    async def _receive(self, delivery: Delivery) -> bool:
        is_new = await self._worker.receive(delivery)
        self._telemetry.on_delivery(delivery.kind, is_new=is_new)
        return is_new

    async def start(self) -> None:
        """Migrate a SQLite store, connect, and begin to work.

        Raises:
            StoreError: the store cannot be used.
            ValueError: Slack refuses a token.
            OSError: the port is taken.
        """
        url = self._settings.database_url.get_secret_value()
        if url.startswith("sqlite"):
            await asyncio.to_thread(migrate, url)
        await self.changes.ready()
        self.changes.listen(self.wake)
        if self._settings.port is not None:
            await self._listen(self._settings.host, self._settings.port)
        await self._gateway.start()
        self._worker.start()
        self._keeping = (
            asyncio.create_task(self.desk.almanac.run(self._homes.wake)),
            asyncio.create_task(self._homes.run(self.desk)),
            asyncio.create_task(self._timekeeper.run(asyncio.sleep)),
        )
        self._alarm.start()

    async def _listen(self, host: str, port: int) -> None:
        server = web.Application()
        server.add_routes(self._gateway.routes())
        checks = {
            "slack": self._slack_state,
            "store": self._store_state,
            "clock": self._clock_state,
        }
        server.add_routes(
            routes(
                checks,
                self._telemetry.metrics,
                warnings=self._warnings,
                refresh=self._count_backlog,
            )
        )
        self._runner = web.AppRunner(
            server, handle_signals=False, access_log=None, shutdown_timeout=1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Take nothing more, let the work under way end, and close; within 10 seconds."""
        self._alarm.stop()
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        left, _ = await asyncio.gather(self._worker.stop(DRAIN_SECONDS), self._gateway.hang_up())
        if left:
            _log.warning("left to whoever takes over: %s", ", ".join(left))
        await self._gateway.stop()
        for roster in self.desk.rosters.values():
            await roster.close()
        if self._runner is not None:
            await self._runner.cleanup()
        for fleet in self._fleets.values():
            await fleet.aclose()
        await self._pagerduty.aclose()
        await self._signals.aclose()
        await self._calendars.aclose()
        await asyncio.to_thread(self.changes.close)
        await asyncio.to_thread(self._telemetry.close)

    async def _count_backlog(self) -> None:
        try:
            found = await self.changes.backlog(self._clock())
        except StoreError:
            found = None
        self._telemetry.metrics.on_backlog(found)

    async def _slack_state(self) -> str:
        return "" if self._gateway.connected() else "not connected to Slack"

    async def _store_state(self) -> str:
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await self.changes.ready()
        except StoreError as error:
            return str(error)
        except TimeoutError:
            return self.changes.trouble or _STORE_SILENT
        return ""

    async def _clock_state(self) -> str:
        if not self._alarm.is_running:
            return "the alarm clock does not run"
        if not self._worker.is_running:
            return "nobody takes up what is due; see the log"
        return self._timekeeper.trouble()

    def _warnings(self) -> Mapping[str, str]:
        warning = self._timekeeper.warning()
        return {"clock": warning} if warning else {}


def slack_config(settings: Settings) -> SlackConfig:
    """Hand the settings of Slack to the rooms that speak to it."""
    return SlackConfig(
        mode=settings.slack_mode,
        bot_token=settings.slack_bot_token,
        app_token=settings.slack_app_token,
        signing_secret=settings.slack_signing_secret,
        api_url=settings.slack_api_url,
        language=settings.language,
        new_blocks=settings.slack_new_blocks,
    )


def cloud_config(settings: Settings, cloud: Cloud, limits: Limits) -> TaurusConfig:
    """Hand the settings of one cloud to the rooms that speak to it."""
    token = cloud.security_token if cloud.security_token.get_secret_value() else None
    credentials: AkSk | Password = (
        AkSk(ak=cloud.ak, sk=cloud.sk, security_token=token)
        if cloud.ak.get_secret_value()
        else Password(user=cloud.iam_user, password=cloud.iam_password, domain=cloud.iam_domain)
    )
    return TaurusConfig(
        credentials=credentials,
        region=cloud.region,
        endpoint=cloud.endpoint,
        iam_endpoint=cloud.iam_endpoint,
        project_id=cloud.project_id or None,
        language=settings.language,
        delay_format=settings.delay_format,
        limits=limits,
    )
