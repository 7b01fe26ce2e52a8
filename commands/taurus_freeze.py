"""`/taurus-freeze`: times in which nothing starts."""

import re
from datetime import datetime

from bot.command import Asker, Call, Command, UsageError
from bot.domain.arguments import Arguments, Option, did_you_mean, read
from bot.domain.freeze import Freeze
from bot.domain.sentence import Sentence, say
from bot.domain.when import WhenError, parse_when
from bot.ports import Message
from bot.service import Desk
from bot.service.access import Access
from bot.service.freezes import concerned, declare, lift
from bot.views.answers import told, told_all, usage
from bot.views.reader import Reader
from bot.views.tables import freeze_list
from commands.environment import environment_of
from commands.reason import reason_of
from commands.understood import local

USAGE = (
    "[list]",
    "add --until TIME [--from TIME] [--env NAME] --reason TEXT",
    "lift ID",
    "help",
)
_OPTIONS = (
    Option(name="--until", words=2),
    Option(name="--from", words=2),
    Option(name="--env"),
    Option(name="--reason"),
)
_ID = re.compile(r"(?:frz-)?(\d{1,9})", re.ASCII | re.IGNORECASE)
_VERBS = ("list", "add", "lift", "help")


async def run(call: Call, asker: Asker, desk: Desk) -> Message | None:
    """List, declare or lift."""
    reader = Reader.of(asker.person.language)

    def is_time(_option: str, value: str) -> bool:
        try:
            parse_when(value, asker.now, asker.zone)
        except WhenError as error:
            return error.is_time
        return True

    given = read(call.text, _OPTIONS, is_time)
    verb, *rest = (word.lower() for word in given.words or ("list",))
    if verb == "add":
        return await _add(call, given, asker, desk)
    if given.problems:
        raise UsageError(*given.problems)
    match verb:
        case "list":
            shown = await Access(desk, asker.person, call.channel).environments()
            calendars = {name: await desk.calendar(one) for name, one in shown.items()}
            return freeze_list(calendars, asker.now, reader)
        case "lift":
            freeze = await lift(desk, asker, _number(rest), channel=call.channel)
            return told(say("{freeze} is lifted.", freeze=freeze.name), reader)
        case "help":
            hint = say("Declare times in which nothing starts, and lift them again.")
            return usage((hint,), reader, tuple(f"/taurus-freeze {form}" for form in USAGE))
    close = did_you_mean(verb, list(_VERBS)) or "list"
    raise UsageError(say("There is no verb {verb}. Did you mean {close}?", verb=verb, close=close))


async def _add(call: Call, given: Arguments, asker: Asker, desk: Desk) -> Message:
    mistakes = list(given.problems)
    if extra := " ".join(given.words[1:]):
        mistakes.append(
            say("{extra} is too much. Put a text with blanks into quotes.", extra=extra)
        )
    start = _time(given, "--from", asker, mistakes) or asker.now
    end = _time(given, "--until", asker, mistakes)
    if end is not None and end <= start:
        mistakes.append(say("It ends before it begins. Check --from and --until."))
    reason = _reason(given, mistakes)
    try:
        environment = environment_of(desk, call.channel, given.options.get("--env"))
    except UsageError as error:
        raise UsageError(*mistakes, *error.problems) from None
    if mistakes or end is None:
        raise UsageError(*mistakes)
    freeze = Freeze(
        key=call.key,
        environment=environment.name,
        start=start,
        end=end,
        reason=reason,
        author=asker.person.id,
    )
    stored = await declare(desk, asker, freeze, channel=call.channel)
    text = say(
        "{freeze} holds from {start} to {end} in your zone {zone}. To end it: "
        "/taurus-freeze lift {freeze}.",
        freeze=stored.name,
        start=local(stored.start, asker),
        end=local(stored.end, asker),
        zone=asker.person.zone,
    )
    return told_all((text, *await concerned(desk, stored)), Reader.of(asker.person.language))


def _reason(given: Arguments, mistakes: list[Sentence]) -> str:
    reason = reason_of(given, "--reason", mistakes)
    if not reason:
        mistakes.append(say("Say why, for those who will be stopped by it: --reason TEXT."))
    return reason


def _time(given: Arguments, option: str, asker: Asker, mistakes: list[Sentence]) -> datetime | None:
    typed = given.options.get(option)
    if typed is None:
        if option == "--until":
            mistakes.append(say("Say until when: --until tomorrow 08:00."))
        return None
    try:
        return parse_when(typed, asker.now, asker.zone).at
    except WhenError as error:
        mistakes.append(error.sentence)
        return None


def _number(rest: list[str]) -> int:
    match = _ID.fullmatch(rest[0]) if rest else None
    if match is None:
        raise UsageError(say("Name the freeze as /taurus-freeze list shows it: lift FRZ-7."))
    return int(match[1])


FREEZE = Command(
    name="/taurus-freeze",
    summary=say("See, declare or lift times in which nothing starts"),
    usage=USAGE,
    run=run,
)
