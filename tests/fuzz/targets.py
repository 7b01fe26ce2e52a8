"""What is fed with anything at all: each must answer or refuse in its own words, and in time."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from inspect import getmembers, isclass
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from pydantic import ValidationError

from bot.domain.arguments import read
from bot.domain.duration import parse_duration
from bot.domain.waves import WavesError, parse_waves
from bot.domain.when import WhenError, parse_when
from bot.domain.windows import WindowError, parse_times, parse_window
from bot.slack import payloads
from bot.slack.account import Home
from bot.taurus import errors, wire
from commands.taurus_upgrade import parse


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # the clocks of Berlin are about to be changed
ZONE = ZoneInfo("Europe/Berlin")
HOME = Home(team="T0", bot="B0", user="U0", app="A0")
ANSWERS: tuple[type[wire.Wire], ...] = tuple(
    model
    for name, model in getmembers(wire, isclass)
    if name.endswith("Answer") and issubclass(model, wire.Wire)
)
DEEPEST = 6
NAMES = _words(
    "type command user user_id id team team_id event event_id view state values actions value "
    "selected_options container channel message action_ts event_time trigger_id hash text bot_id "
    "authorizations subtype edited instances job_ids jobs schedules datastore error_code error_msg "
    "current_kernel_version latest_kernel_version created_time status total_count nodes"
)
KINDS = _words(
    "block_actions view_submission block_suggestion event_callback modal app_mention message im "
    "app_home_opened home shortcut button normal Completed 2.0.60.241200"
)
_COMMANDS = frozenset({"/taurus-fleet", "/taurus-help"})


def grammar(text: str) -> None:
    """A command line, as typed."""
    read(text, ())
    parse(text, NOW, ZONE)


def times(text: str) -> None:
    """Times, durations, waves and windows, as typed or written in a policy file."""
    readers: tuple[tuple[Callable[[str], object], type[Exception]], ...] = (
        (lambda typed: parse_when(typed, NOW, ZONE), WhenError),
        (parse_duration, ValueError),
        (parse_waves, WavesError),
        (parse_window, WindowError),
        (parse_times, WindowError),
    )
    for reader, refusal in readers:
        try:
            reader(text)
        except refusal as refused:
            # Not one of Python's own, which are ValueErrors as well: those have no words of ours.
            assert type(refused) is refusal  # noqa: PT017 - nothing has to be raised here


def delivered(body: Mapping[str, Any]) -> None:
    """Whatever Slack has signed: it is read, or found to be of no kind that is known."""
    assert payloads.kind_of(body)
    assert payloads.key_of(body)
    HOME.owns(body)
    payloads.happened_at(body)
    told = (
        payloads.call_from_command(body, NOW),
        payloads.call_from_event(body, NOW, _COMMANDS),
        payloads.click_from_action(body, NOW),
        payloads.click_from_home(body, NOW),
        payloads.click_from_shortcut(body, NOW),
        payloads.query_from_options(body, NOW),
        payloads.submission_from_view(body, NOW),
    )
    for one in told:
        if one is not None:
            one.model_dump_json()  # as it is stored


def payload(text: str) -> None:
    """A delivery grown from any text."""
    body = grown(text)
    delivered(body if isinstance(body, dict) else {"type": "block_actions", "view": body})


def answer(text: str) -> None:
    """An answer grown from any text."""
    answered(text.encode(errors="replace"))
    answered(json.dumps(grown(text)).encode())


def answered(content: bytes) -> None:
    """An answer of the cloud: read as what was promised, refused, or judged as an error."""
    told = "".join(filter(str.isprintable, content[:9].decode("ascii", errors="ignore"))).strip()
    for model in ANSWERS:
        try:
            _said(model.model_validate_json(content))
        except ValidationError:
            continue
    for status in (200, 202, 400, 401, 404, 429, 500):
        response = httpx.Response(status, content=content, headers={"Retry-After": told})
        assert str(errors.refused(response))
        assert str(errors.unreadable(response))
        errors.retry_after(response.headers)


def _said(read: wire.Wire) -> None:
    """Say it in the domain's words, every row of it."""
    for value in (read, *(row for _, rows in read for row in _rows(rows))):
        for name in dir(type(value)):
            if name.startswith("to_"):
                getattr(value, name)()


def _rows(value: object) -> tuple[object, ...]:
    return (
        tuple(one for one in value if isinstance(one, wire.Wire))
        if isinstance(value, tuple)
        else ()
    )


def grown(text: str) -> object:
    """Grow a value as JSON has them: a fuzzer would never type one by chance."""
    return _grown(iter(text), 0)


def _grown(signs: Iterator[str], depth: int) -> object:
    kind = ord(next(signs, "\0"))
    size = kind // 8 % 6
    match kind % 8 if depth < DEEPEST else kind % 4:
        case 0:
            return None
        case 1:
            return kind
        case 2:
            return "".join(next(signs, "") for _ in range(size))
        case 3:
            return KINDS[kind // 8 % len(KINDS)]
        case 4:
            return [_grown(signs, depth + 1) for _ in range(size)]
        case _:
            names = [NAMES[ord(next(signs, "\0")) % len(NAMES)] for _ in range(size)]
            return {name: _grown(signs, depth + 1) for name in names}


def anything(text: str) -> None:
    """One of the others: the first sign tells which."""
    chosen = (grammar, times, payload, answer)
    chosen[ord(text[:1] or "\0") % len(chosen)](text[1:])


TARGETS: Mapping[str, Callable[[str], None]] = {
    "anything": anything,
    "grammar": grammar,
    "times": times,
    "payload": payload,
    "answer": answer,
}
