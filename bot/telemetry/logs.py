"""Logs: one line an event, no secret, and nothing that could play tricks on a terminal.

The code logs through the standard library; structlog makes the lines. Facts that were bound by
`structlog.contextvars` (which delivery, which change) stand on every line of that task.
"""

import json
import logging
import re
from collections.abc import Callable, Collection
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
# They log every call at INFO; ours are counted, and logged where they matter.
_CHATTY = ("aiohttp.access", "alembic", "apscheduler", "httpx")
_MASK = "***"
# What only the code writes; looking for secrets in there is a third of what a line costs.
_OURS = frozenset({"timestamp", "level", "logger", "correlation_id"})
_SHORTEST_SECRET = 6  # masking shorter ones would tear harmless words apart

_NAMES = (
    r"(?:x-auth-token|x-subject-token|x-security-token|x-slack-signature|authorization"
    r"|response_url|password|signing_secret|client_secret|access_key|secret_key|security_token"
    r"|ticket)"
)
_NAME = re.compile(_NAMES, re.IGNORECASE)
_NAMED = rf"(?is)\b({_NAMES}\\*[\"']?\s*[:=]\s*)"
_SECRETS = (
    (re.compile(r"\b(xox[a-z]|xapp)-[\w-]+"), rf"\1-{_MASK}"),
    (re.compile(r"(hooks\.slack\.com/\w+/)[^\s\"'\\]+"), rf"\1{_MASK}"),
    (re.compile(r"(://[^\s:/@\"']*:)[^\s/@\"']+@"), rf"\1{_MASK}@"),
    (re.compile(r"\b(Access|Signature)=[\w+/=-]+"), rf"\1={_MASK}"),
    # "name": "value", 'name': b'value', also within JSON within JSON; then name: value, name=value.
    (re.compile(_NAMED + r"(b?)(\\*[\"'])(?:(?!\3).)*"), rf"\1\2\3{_MASK}"),
    (re.compile(_NAMED + r"(?!b?\\*[\"'])(?:(?:bearer|basic)\s+)?[^\s,;&}]+"), rf"\1{_MASK}"),
)
# Beyond what JSON escapes: C1 controls (a terminal obeys them), line separators, and marks that
# turn the direction of writing.
_TRICKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def configure_logging(
    level: str, form: str, stream: TextIO | None = None, *, secrets: Collection[str] = ()
) -> None:
    """Send all logs to `stream` (none: stderr), as `json` or `console`.

    Without a form it is `console` on a terminal, else `json`. A level that is none is taken as
    `INFO`, so that settings can complain. `secrets` are masked wherever they turn up, beside
    everything that looks like one.
    """
    handler = logging.StreamHandler(stream)
    is_console = form == "console" or (form != "json" and handler.stream.isatty())
    handler.setFormatter(_formatter(_console if is_console else _json, _masker(secrets)))
    level = level.strip().upper()
    logging.basicConfig(level=level if level in _LEVELS else "INFO", handlers=[handler], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _formatter(
    render: Callable[[EventDict], str], mask: Callable[[str], str]
) -> structlog.stdlib.ProcessorFormatter:
    def last(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
        return render({name: _masked(name, value, mask) for name, value in event.items()})

    gather: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        foreign_pre_chain=gather,
    )


def _json(event: EventDict) -> str:
    line = json.dumps(event, ensure_ascii=False)
    return _TRICKS.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def _console(event: EventDict) -> str:
    """Write for eyes: a traceback follows on lines of its own, which begin with a blank."""
    traceback = str(event.pop("exception", ""))
    at, level, logger, text = (
        _harmless(str(event.pop(name, ""))) for name in ("timestamp", "level", "logger", "event")
    )
    facts = "".join(f" {_harmless(name)}={str(value)!r}" for name, value in event.items())
    lines = "".join(f"\n    {_harmless(line)}" for line in traceback.splitlines())
    return f"{at} {level.upper():<8} {logger}: {text}{facts}{lines}"


def _harmless(text: str) -> str:
    return _TRICKS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def _masked(name: str, value: object, mask: Callable[[str], str]) -> object:
    if _NAME.fullmatch(name):
        return _MASK
    if name in _OURS or isinstance(value, int | float | None):
        return value
    return mask(str(value))


def _masker(secrets: Collection[str]) -> Callable[[str], str]:
    """Make the function that takes secrets out of a text, wherever it came from."""
    known = {form for one in secrets for form in (one, json.dumps(one)[1:-1])}
    literal = [re.escape(one) for one in known if len(one) >= _SHORTEST_SECRET]
    exactly = re.compile("|".join(sorted(literal, key=len, reverse=True)) or r"(?!)")

    def mask(text: str) -> str:
        text = exactly.sub(_MASK, text)
        for pattern, replacement in _SECRETS:
            text = pattern.sub(replacement, text)
        return text

    return mask
