"""The server: two loopback ports, one for TaurusDB and one for IAM, and what tests hold on to."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Self

from aiohttp import web

from bot.sandbox.taurus import iam, reads, tasks, upgrades
from bot.sandbox.taurus.cloud import Cloud, Operation
from bot.sandbox.taurus.errors import CODES
from bot.sandbox.taurus.exchange import Record
from bot.sandbox.taurus.faults import Fault, FaultKind, Faults
from bot.sandbox.taurus.fleet import default_fleet
from bot.sandbox.taurus.gateway import Gateway, Hook
from bot.sandbox.taurus.identity import Credentials, Identity
from bot.sandbox.taurus.ids import Ids
from bot.sandbox.taurus.instances import Fleet, Instance
from bot.sandbox.taurus.switch import SwitchError, Value
from bot.sandbox.taurus.world import Durations, World

SERVICE: tuple[Operation, ...] = (*upgrades.OPERATIONS, *reads.OPERATIONS, *tasks.OPERATIONS)
SCOPES: tuple[str, ...] = (
    *("any", "reads", "writes", "upgrades", "iam"),
    *dict.fromkeys(operation.name for operation in (*SERVICE, *iam.OPERATIONS)),
)
PROJECT_ID = "054e292c9880d4992f02c0196d3ea468"
DOMAIN_ID = "65382450e8f64ac0870cd180d14e684b"
LARGEST_BODY = 12 * 1024 * 1024


class TaurusSimulator:
    """TaurusDB and IAM of one project in one region, on loopback, with real checks.

    It has no life of its own: time comes from the clock it is given, and the world catches up
    whenever it is asked something.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        cloud: Cloud,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """Use `start` instead: it also opens the ports."""
        self._clock = clock
        self._cloud = cloud
        self._gateway = Gateway(cloud, clock, sleep)
        self._runners: list[web.AppRunner] = []
        self.endpoint = ""
        self.iam_endpoint = ""

    @classmethod
    async def start(
        cls,
        *,
        clock: Callable[[], datetime],
        port: int = 0,
        fleet: Fleet | None = None,
        credentials: Credentials | None = None,
        project_id: str = PROJECT_ID,
        region: str = "cn-north-4",
        durations: Durations | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> Self:
        """Open both ports (`port` is the service's, 0 = any) and return the running simulator.

        `clock` gives aware UTC datetimes; `sleep` is used for slow answers only. Raises OSError
        when the port is taken.
        """
        now = clock()
        ids = Ids(f"{project_id}/{now.isoformat()}")
        world = World(fleet or default_fleet(), now, ids, durations or Durations())
        identity = Identity(credentials or Credentials(), ids)
        cloud = Cloud(world, Faults(), identity, project_id, region, DOMAIN_ID)
        simulator = cls(clock, cloud, sleep)
        simulator.endpoint = await simulator._open(SERVICE, port)
        simulator.iam_endpoint = await simulator._open(iam.OPERATIONS, 0)
        return simulator

    async def close(self) -> None:
        """End hanging requests and close the ports."""
        self._gateway.closing.set()
        for runner in self._runners:
            await runner.cleanup()

    @property
    def ak(self) -> str:
        """The access key that works."""
        return self._cloud.identity.credentials.ak

    @property
    def sk(self) -> str:
        """The secret of that key."""
        return self._cloud.identity.credentials.sk

    @property
    def user(self) -> str:
        """The IAM user."""
        return self._cloud.identity.credentials.user

    @property
    def password(self) -> str:
        """The IAM user's password."""
        return self._cloud.identity.credentials.password

    @property
    def domain(self) -> str:
        """The account's name."""
        return self._cloud.identity.credentials.domain

    @property
    def project_id(self) -> str:
        """The project that holds the fleet."""
        return self._cloud.project_id

    @property
    def region(self) -> str:
        """The region's id, which is also the project's name."""
        return self._cloud.region

    @property
    def on_request(self) -> Hook | None:
        """Awaited with an operation's name and "before" or "after" its effect."""
        return self._gateway.on_request

    @on_request.setter
    def on_request(self, hook: Hook | None) -> None:
        self._gateway.on_request = hook

    @property
    def faults(self) -> Faults:
        """The values of all switches."""
        return self._cloud.faults

    @property
    def requests(self) -> list[Record]:
        """The latest requests, oldest first."""
        return list(self._gateway.log)

    @property
    def instances(self) -> list[Instance]:
        """All instances as they are now, copies included."""
        self.advance()
        return list(self._cloud.world.instances.values())

    def instance(self, name_or_id: str) -> Instance:
        """One instance as it is now; raises KeyError if there is none."""
        self.advance()
        return self._cloud.world.find(name_or_id)

    def submissions(self, name_or_id: str) -> list[datetime]:
        """When upgrade requests took effect for an instance."""
        return list(self._cloud.world.submissions[self.instance(name_or_id).id])

    def is_upgrading(self, name_or_id: str) -> bool:
        """Whether an upgrade of it is pending or running."""
        return self._cloud.world.is_upgrading(self.instance(name_or_id))

    def advance(self) -> None:
        """Let everything happen that is due by the clock."""
        self._cloud.world.advance(self._clock())

    def fail(
        self,
        scope: str,
        kind: str,
        *,
        times: int = 1,
        code: str = "",
        status: int = 500,
        retry_after: int | None = None,
    ) -> None:
        """Make the next `times` calls in `scope` go wrong; see `Fault` for the words.

        Raises ValueError for an unknown scope, kind or code: a typo would never fire.
        """
        if scope not in SCOPES:
            raise ValueError(f"{scope!r} is no operation or group; known: {', '.join(SCOPES)}")
        if code and code not in CODES:
            raise ValueError(f"{code!r} is no code of the vendor's")
        fault = Fault(scope, FaultKind(kind), times, code, status, retry_after)
        self.faults.queue.append(fault)

    def switch(self, name: str, value: Value) -> None:
        """Turn one switch; raises SwitchError for an unknown name or an unfit value."""
        self.switch_all({name: value})

    def switch_all(self, wanted: Mapping[str, Value]) -> None:
        """Turn several switches, as `--faults` does; raises SwitchError naming every mistake."""
        self.advance()
        self.faults.set_all(wanted)
        self._expire_tokens()
        self._confirm()

    def _expire_tokens(self) -> None:
        code = self.faults.text("expire_tokens")
        if code:
            self._cloud.identity.kill_tokens(code)
            self.faults.values["expire_tokens"] = ""

    def _confirm(self) -> None:
        name = self.faults.text("apply_upgrade")
        self.faults.values["apply_upgrade"] = ""
        if not name:
            return
        try:
            self._cloud.world.confirm(self._cloud.world.find(name))
        except KeyError as error:
            raise SwitchError([f"apply_upgrade: there is no instance {name!r}"]) from error
        except ValueError as error:
            raise SwitchError([f"apply_upgrade: {error}"]) from error

    async def _open(self, operations: tuple[Operation, ...], port: int) -> str:
        async def answer(request: web.Request) -> web.Response:
            return await self._gateway.handle(request, operations)

        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(
            application, handle_signals=False, access_log=None, shutdown_timeout=1
        )
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"
