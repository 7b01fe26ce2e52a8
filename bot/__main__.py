"""The verbs of the command line; the only code that reads the environment and signals."""

import argparse
import asyncio
import errno
import json
import logging
import os
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from bot.app import App, Surroundings, real_now
from bot.doctor import as_json, as_lines, examine, is_healthy
from bot.domain.duty import is_source
from bot.domain.explain import Question, explain
from bot.domain.policy import Action
from bot.ports import StoreError
from bot.settings import (
    Settings,
    SettingsError,
    database_url,
    is_rule,
    language,
    read_policy,
    read_settings,
)
from bot.slack.manifest import manifest
from bot.store import SqlChanges, migrate
from bot.taurus import REGIONS, Limits
from bot.telemetry import configure_logging, open_traces
from commands import COMMANDS

if TYPE_CHECKING:
    from bot.sandbox.clock import SandboxClock
    from bot.sandbox.wanted import Wanted
    from bot.sandbox.world import World

_USAGE = 2
_SWITCH_SECONDS = 0.0005
_BROKEN = 1
_REFUSED = 1
_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    args = _parser().parse_args(argv)
    configure_logging(os.environ.get("LOG_LEVEL", "INFO"), os.environ.get("LOG_FORMAT", ""))
    run: Callable[[argparse.Namespace], int] = args.run
    try:
        return run(args)
    except SettingsError as error:
        return _complain(*error.problems)
    except (StoreError, ValueError) as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(_trouble(error))
    except Exception:  # noqa: BLE001 - Python would print it unmasked
        _log.exception("a mistake of this program has ended it")
        return _BROKEN


def _trouble(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "The port is taken by another program: stop that, or choose another port."
    return f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")


def _complain(*problems: str) -> int:
    print("\n".join(problems), file=sys.stderr)
    return _USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Upgrade fleets of TaurusDB databases from Slack."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    sandbox = verbs.add_parser("sandbox", help="play the whole story on this machine")
    # Read as text, so that all mistakes are told at once: argparse ends at the first.
    sandbox.add_argument("--port", metavar="N", default="8765", help="of the page (default: 8765)")
    sandbox.add_argument("--fleet", metavar="N", help="N generated instances instead")
    sandbox.add_argument("--no-browser", action="store_true", help="do not open the page")
    sandbox.add_argument("--speed", metavar="X", default="10", help="of time (default: 10)")
    sandbox.add_argument("--faults", metavar="FILE", help="TOML or JSON of faults to begin with")
    sandbox.set_defaults(run=_sandbox)
    verbs.add_parser("run", help="run the bot").set_defaults(run=_run)
    doctor = verbs.add_parser("doctor", help="check everything that can be wrong; change nothing")
    doctor.add_argument("--json", action="store_true", help="for machines")
    doctor.set_defaults(run=_doctor)
    shown = verbs.add_parser("manifest", help="print the Slack app manifest")
    shown.add_argument(
        "--request-url", default="", metavar="URL", help="for http mode: https://…/slack/events"
    )
    shown.set_defaults(run=_manifest)
    verbs.add_parser("migrate", help="update the store's schema").set_defaults(run=_migrate)
    _add_audit(verbs.add_parser("audit", help="check or export the record"))
    _add_policy(verbs.add_parser("policy", help="ask the policy, offline"))
    return parser


def _add_policy(policy: argparse.ArgumentParser) -> None:
    verbs = policy.add_subparsers(required=True, metavar="VERB")
    shown = verbs.add_parser("explain", help="what it would decide, and why")
    shown.add_argument("--user", required=True, metavar="U", help="Slack user id")
    shown.add_argument("--env", required=True, metavar="NAME")
    shown.add_argument("--action", required=True, choices=[one.value for one in Action])
    shown.add_argument("--channel", default="", metavar="C", help="Slack channel id")
    shown.add_argument(
        "--member-of", action="append", default=[], metavar="S", help="suppose this group"
    )
    shown.set_defaults(run=_explain)


def _add_audit(audit: argparse.ArgumentParser) -> None:
    verbs = audit.add_subparsers(required=True, metavar="VERB")
    verbs.add_parser("verify", help="check the hash chain").set_defaults(run=_verify)
    export = verbs.add_parser("export", help="write the record")
    export.add_argument("--since", type=_moment, metavar="T", help="ISO 8601, UTC by default")
    export.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    export.set_defaults(run=_export)


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        hint = "use a time such as 2026-11-01 or 2026-11-01T02:00+08:00"
        raise argparse.ArgumentTypeError(hint) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _run(_args: argparse.Namespace) -> int:
    settings = read_settings(os.environ, REGIONS)
    configure_logging(settings.log_level, settings.log_format, secrets=settings.secrets())
    _leave_no_core()

    async def run() -> None:
        await serve(App(settings, COMMANDS, Surroundings(traces=open_traces(os.environ))))

    return _in_loop(run())


def _leave_no_core() -> None:
    """Keep a crash from writing the process's memory, and so its secrets, to a file."""
    try:
        import resource  # noqa: PLC0415 - Windows has none, and writes no core files
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


async def serve(app: App) -> None:
    """Run a bot until SIGTERM or Ctrl-C, and let its work under way end."""
    stopped = _stop_event()
    try:
        await app.start()
        await stopped.wait()
    finally:
        await app.stop()


def _in_loop(work: Coroutine[None, None, None]) -> int:
    # The store's thread asks for the interpreter several times a commit, and Slack waits for that.
    # By default a busy loop would let it wait for 5 ms each time.
    sys.setswitchinterval(_SWITCH_SECONDS)
    asyncio.run(work)
    return 0


def _stop_event() -> asyncio.Event:
    """Make an event that SIGTERM and Ctrl-C set."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def _sandbox(args: argparse.Namespace) -> int:
    # Not loaded by the bot itself: it would be there for nothing, every day.
    from bot.sandbox.wanted import read_wanted  # noqa: PLC0415

    logging.getLogger("bot").setLevel(logging.WARNING)
    wanted = read_wanted(port=args.port, fleet=args.fleet, speed=args.speed, faults=args.faults)
    with tempfile.TemporaryDirectory(prefix="taurus-sandbox-") as folder:
        return _in_loop(_play(wanted, not args.no_browser, f"sqlite:///{folder}/sandbox.db"))


async def _play(wanted: "Wanted", opens: bool, url: str) -> None:  # noqa: FBT001
    from bot.sandbox.world import World, welcome  # noqa: PLC0415

    stopped = _stop_event()
    spoken = language(os.environ)
    world = await World.start(
        manifest(COMMANDS, mode="socket", language=spoken),
        real_now,
        port=wanted.port,
        speed=wanted.speed,
        fleet=wanted.fleet,
        faults=wanted.faults,
    )
    world.bot.values["language"] = spoken
    if any(map(os.environ.get, ("TAURUS_CONFIG", "TAURUS_APPROVERS"))):
        world.bot.hidden.add("approvers")
    bot = SandboxBot(world, url, os.environ)
    world.bot.on_change = bot.follow
    try:
        await bot.follow()
        welcome(world)
        if opens:
            await asyncio.to_thread(webbrowser.open, world.slack.url)
        await stopped.wait()
    finally:
        await bot.stop()
        await world.close()


class SandboxBot:
    """The bot between the two simulators, run as the page says."""

    def __init__(self, world: "World", url: str, environ: Mapping[str, str]) -> None:
        """Take the rules from `environ`, and the way to Slack and the cloud from the world."""
        self._world = world
        self._url = url
        self._environ = environ
        self._app: App | None = None
        self._one_change = asyncio.Lock()

    async def follow(self) -> None:
        """Run with the settings that are chosen now, or not at all."""
        async with self._one_change:
            await self.stop()
            if self._world.bot.is_on:
                self._app = App(self._settings(), COMMANDS, surroundings_of(self._world.clock))
                await self._app.start()

    def _settings(self) -> Settings:
        told = {"DATABASE_URL": self._url, "SLACK_MODE": "socket"}
        rules = {name: value for name, value in self._environ.items() if value and is_rule(name)}
        chosen = {**self._world.environ(), **self._world.bot.environ(), **rules, **told}
        settings = read_settings(chosen)
        if not self._environ.get("TAURUS_CONFIG"):
            return settings
        environments = read_policy(self._environ)
        (cloud,) = settings.clouds.values()
        clouds = {one.name: cloud for one in environments}
        return settings.model_copy(update={"environments": environments, "clouds": clouds})

    async def stop(self) -> None:
        """As by SIGTERM; what is left undone is in the store."""
        app, self._app = self._app, None
        if app is not None:
            await app.stop()


def surroundings_of(clock: "SandboxClock") -> Surroundings:
    """Let a bot live by the sandbox's clock."""
    return Surroundings(
        clock=clock.now,
        # Who plays with time does not want to hear that the clock jumps.
        ticks=lambda: clock.now().timestamp(),
        sleep=clock.sleep,
        speed=lambda: clock.speed,
        limits=Limits(reads_per_second=50, read_burst=50, between_writes=timedelta(seconds=1)),
    )


def _doctor(args: argparse.Namespace) -> int:
    findings = asyncio.run(examine(os.environ, COMMANDS, clock=real_now, sleep=asyncio.sleep))
    print(as_json(findings) if args.json else as_lines(findings))
    return 0 if is_healthy(findings) else _BROKEN


def _manifest(args: argparse.Namespace) -> int:
    mode: Literal["socket", "http"] = "http" if args.request_url else "socket"
    by_email = any(
        map(is_source, (name for one in read_policy(os.environ) for name in one.approvers))
    )
    made = manifest(
        COMMANDS,
        mode=mode,
        request_url=args.request_url,
        by_email=by_email,
        language=language(os.environ),
    )
    print(json.dumps(made, indent=2, ensure_ascii=False))
    return 0


def _migrate(_args: argparse.Namespace) -> int:
    revision = migrate(database_url(os.environ))
    print(f"The store's schema is at {revision}.")
    return 0


def _explain(args: argparse.Namespace) -> int:
    environments = {one.name: one for one in read_policy(os.environ)}
    if args.env not in environments:
        return _complain(f"--env: there is no {args.env}; there are: {', '.join(environments)}")
    question = Question(
        action=Action(args.action),
        user=args.user,
        channel=args.channel,
        groups=tuple(args.member_of),
    )
    told = explain(question, environments[args.env])
    print(f"decision: {'allowed' if told.decision.allowed else 'refused'}")
    print(f"reason: {told.decision.reason.value}")
    print(told.decision.sentence)
    for note in told.notes:
        print(f"note: {note}")
    return 0 if told.decision.allowed else _REFUSED


def _record() -> SqlChanges:
    # Its trouble is told once, as the answer; here nothing waits, and nothing goes on by itself.
    logging.getLogger("bot.store").setLevel(logging.CRITICAL)
    return SqlChanges.open(database_url(os.environ))


def _verify(_args: argparse.Namespace) -> int:
    changes = _record()
    try:
        found = asyncio.run(changes.verify())
    finally:
        changes.close()
    if found is None:
        print("The record is whole.")
        return 0
    print(f"The record is broken at {found.seq}: {found.why}.")
    return _BROKEN


def _export(args: argparse.Namespace) -> int:
    changes = _record()

    async def write() -> None:
        async for page in changes.export(since=args.since, format=args.format):
            sys.stdout.write(page)

    try:
        asyncio.run(write())
    finally:
        changes.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
