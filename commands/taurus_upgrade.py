"""`/taurus-upgrade`: plan an upgrade, and ask for confirmation in the channel."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.command import Asker, Call, Command, UsageError
from bot.domain.arguments import Arguments, Option, read
from bot.domain.change import Options, Timing
from bot.domain.environment import Environment
from bot.domain.model import Frozen
from bot.domain.sentence import Sentence, say
from bot.domain.waves import WavesError, parse_waves
from bot.domain.when import WhenError, parse_duration, parse_when
from bot.ports import Message
from bot.service import Desk
from bot.service.approvers import lacking
from bot.service.propose import Request, draft, objections, permit, propose
from bot.service.twice import refuse_twice
from bot.views.answers import preview, told_all, usage
from bot.views.forms import opener
from bot.views.reader import Reader
from commands.environment import environment_of
from commands.reason import reason_of
from commands.understood import planned
from commands.upgrade_form import FORM, SHORTCUTS

USAGE = (
    "",
    (
        "INSTANCE… [--env NAME] [--at TIME | --in-window] [--reason TEXT] "
        "[--wave-size N | --waves 1,5,rest] [--soak DURATION] [--dry-run] "
        "[--break-glass REASON] [--again]"
    ),
    "help",
)
_OPTIONS = (
    Option(name="--env"),
    Option(name="--at", words=2),
    Option(name="--in-window", words=0),
    Option(name="--reason"),
    Option(name="--wave-size"),
    Option(name="--waves"),
    Option(name="--soak"),
    Option(name="--dry-run", words=0),
    Option(name="--break-glass"),
    Option(name="--again", words=0),
)


class Line(Frozen):
    """A line as far as it was understood, and every mistake in it."""

    words: tuple[str, ...]
    environment: str | None
    options: Options
    dry_run: bool
    is_meant: bool
    """Though the same was asked just now."""
    mistakes: tuple[Sentence, ...]


def parse(text: str, now: datetime, zone: ZoneInfo) -> Line:
    """Read the line; what is wrong with it does not keep the rest from being read."""

    def is_time(_option: str, value: str) -> bool:
        try:
            parse_when(value, now, zone)
        except WhenError as error:
            # Two words that are a time, though an impossible one, are still the time meant.
            return error.is_time
        return True

    given = read(text, _OPTIONS, is_time)
    mistakes = list(given.problems)
    timing, run_at = _timing(given, now, zone, mistakes)
    options = Options(
        timing=timing,
        run_at=run_at,
        reason=reason_of(given, "--reason", mistakes),
        override=reason_of(given, "--break-glass", mistakes),
        wave_sizes=_wave_sizes(given, mistakes),
        soak=_soak(given, mistakes),
    )
    if options.override and timing is Timing.IN_WINDOW:
        mistakes.append(
            say(
                "--break-glass and --in-window exclude each other: TaurusDB would choose the "
                "time. Keep one of them."
            )
        )
    if not given.words:
        mistakes.append(say("Name at least one instance: an id, a name, a glob or tag:KEY=VALUE."))
    return Line(
        words=given.words,
        environment=given.options.get("--env"),
        options=options,
        dry_run="--dry-run" in given.flags,
        is_meant="--again" in given.flags,
        mistakes=tuple(mistakes),
    )


def _timing(
    given: Arguments, now: datetime, zone: ZoneInfo, mistakes: list[Sentence]
) -> tuple[Timing, datetime | None]:
    typed = given.options.get("--at")
    if "--in-window" in given.flags:
        if typed is not None:
            mistakes.append(say("--at and --in-window exclude each other. Keep one of them."))
            _at(typed, now, zone, mistakes)
        return Timing.IN_WINDOW, None
    if typed is None:
        return Timing.NOW, None
    return _at(typed, now, zone, mistakes)


def _at(
    typed: str, now: datetime, zone: ZoneInfo, mistakes: list[Sentence]
) -> tuple[Timing, datetime | None]:
    try:
        when = parse_when(typed, now, zone)
    except WhenError as error:
        mistakes.append(error.sentence)
        return Timing.NOW, None
    return (Timing.NOW, None) if when.is_now else (Timing.AT, when.at)


def _wave_sizes(given: Arguments, mistakes: list[Sentence]) -> tuple[int, ...]:
    sizes = [given.options[name] for name in ("--wave-size", "--waves") if name in given.options]
    if len(sizes) > 1:
        mistakes.append(say("--wave-size and --waves exclude each other. Keep one of them."))
    try:
        return parse_waves(sizes[0]) if sizes else ()
    except WavesError:
        mistakes.append(
            say("{text} is not a list of wave sizes. Write it like 5 or 1,5,rest.", text=sizes[0])
        )
        return ()


def _soak(given: Arguments, mistakes: list[Sentence]) -> timedelta | None:
    typed = given.options.get("--soak")
    if typed is None:
        return None
    try:
        return parse_duration(typed)
    except ValueError:
        mistakes.append(say("{text} is not a duration. Write it like 10m or 2h.", text=typed))
        return None


async def run(call: Call, asker: Asker, desk: Desk) -> Message | None:
    """Plan, and let the card ask; or answer privately what is wrong."""
    reader = Reader.of(asker.person.language)
    if call.text.strip().lower() in {"", "help"}:
        return _hint(reader)
    line = parse(call.text, asker.now, asker.zone)
    environment = await _checked(line, call, asker, desk)
    if line.dry_run:
        await permit(desk, asker, environment, call.channel, line.options)
        plan = await draft(desk, environment, line.words, line.options)
        return preview(
            plan, line.options, environment.name, reader, protected=environment.protected
        )
    request = _request(line, call)
    if not line.is_meant:
        await refuse_twice(desk, environment, request, asker.now)
    change = await propose(desk, asker, environment, request)
    said = [one for one in (planned(change, asker), await lacking(desk, change)) if one is not None]
    return told_all(said, reader) if said else None


def _request(line: Line, call: Call) -> Request:
    return Request(words=line.words, options=line.options, channel=call.channel, key=call.key)


async def _checked(line: Line, call: Call, asker: Asker, desk: Desk) -> Environment:
    """Find the line's environment; with any mistake in the line, tell all there are at once.

    Raises:
        UsageError: the mistakes of the line itself, then those about what it names.
    """
    try:
        environment = environment_of(desk, call.channel, line.environment)
    except UsageError as error:
        raise UsageError(*line.mistakes, *error.problems) from None
    if line.mistakes:
        others = await objections(desk, asker, environment, _request(line, call))
        raise UsageError(*line.mistakes, *others)
    return environment


def _hint(reader: Reader) -> Message:
    hints = (
        say("Name what to upgrade: /taurus-upgrade orders-* or /taurus-upgrade tag:team=payments."),
        say("Add --at tomorrow 02:00 for later, or --in-window for each maintenance window."),
        say("Add --dry-run to see what would happen. See the databases with /taurus-fleet."),
    )
    made = usage(hints, reader, tuple(f"/taurus-upgrade {form}".rstrip() for form in USAGE))
    # Said to the bot instead of typed as a command, nothing can open the form at once: a click can.
    return made.model_copy(update={"blocks": (*made.blocks, opener(reader))})


UPGRADE = Command(
    name="/taurus-upgrade",
    summary=say("Upgrade TaurusDB databases to the newest kernel, after confirmation"),
    usage=USAGE,
    run=run,
    forms={"upgrade.form": FORM},
    shortcuts=SHORTCUTS,
)
