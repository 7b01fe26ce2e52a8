"""The app's manifest: what Slack has to know about the bot, made from its commands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from bot.command import Command, Shortcut
from bot.slack.shapes import inside, objects, text
from bot.views.reader import Reader

NAME = "Taurus Upgrade Bot"
_DESCRIPTION = "Upgrades TaurusDB databases: shows what would happen, asks, does it once, proves it"
_LONG_DESCRIPTION = (
    "Type /taurus-upgrade with the names of your databases. The bot shows which kernels they run, "
    "what an upgrade would change and what it would interrupt, and asks for confirmation in the "
    "channel. Then it calls the TaurusDB API at the time you said, or in each instance's own "
    "maintenance window, posts every answer into the card's thread and follows each instance "
    "until its new version is proven. Type /taurus-help to see what you may do where you are."
)
_COLOR = "#1d3557"

_EVENTS = ("app_home_opened", "app_mention", "message.im")
SCOPES = (
    "app_mentions:read",
    "chat:write",
    "commands",
    "files:write",
    "im:history",
    "im:write",
    "usergroups:read",
    "users:read",
)
OPTIONAL_SCOPES = ("channels:history", "groups:history")
"""Only for finding a card of our own whose posting was not confirmed."""
EMAIL_SCOPE = "users:read.email"
"""Only where an on-call schedule names approvers by their addresses."""

# Slack docs, App manifest reference: characters, and commands in one app.
_COMMAND, _COMMAND_DESCRIPTION, _USAGE_HINT, _COMMANDS = 32, 2000, 1000, 50


def manifest(
    commands: Sequence[Command],
    *,
    mode: Literal["socket", "http"],
    request_url: str = "",
    by_email: bool = False,
    language: str = "en-us",
) -> dict[str, Any]:
    """Describe the app as Slack's page "From a manifest" takes it.

    `by_email` is whether people have to be found by their addresses. Slack shows the same names
    and descriptions to all readers, so they are in one `language`.

    In http mode `request_url` is the public address of `/slack/events`. Raises ValueError that
    names everything Slack would refuse.
    """
    reader = Reader.of(language)
    problems = [*_problems(commands)]
    if mode == "http" and not request_url.startswith("https://"):
        problems.append("http mode needs the public https:// address of /slack/events")
    if problems:
        raise ValueError("; ".join(problems))
    url = {"url": request_url} if mode == "http" else {}
    scopes = [*SCOPES, *([EMAIL_SCOPE] if by_email else [])]
    return {
        "display_information": _display(),
        "features": _features(commands, url, reader),
        "oauth_config": {"scopes": {"bot": scopes, "bot_optional": list(OPTIONAL_SCOPES)}},
        "settings": _settings(mode, request_url),
    }


def _display() -> dict[str, str]:
    return {
        "name": NAME,
        "description": _DESCRIPTION,
        "long_description": _LONG_DESCRIPTION,
        "background_color": _COLOR,
    }


def _features(commands: Sequence[Command], url: dict[str, str], reader: Reader) -> dict[str, Any]:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": NAME, "always_online": True},
        "shortcuts": [
            _shortcut(shortcut, reader) for command in commands for shortcut in command.shortcuts
        ],
        "slash_commands": [_slash_command(command, url, reader) for command in commands],
    }


def _slash_command(command: Command, url: dict[str, str], reader: Reader) -> dict[str, Any]:
    hint = _usage_hint(command)
    return {
        "command": command.name,
        **url,
        "description": reader.plain(command.summary),
        **({"usage_hint": hint} if hint else {}),
        "should_escape": False,
    }


def _shortcut(shortcut: Shortcut, reader: Reader) -> dict[str, str]:
    return {
        "name": reader.plain(shortcut.name),
        "type": "message" if shortcut.on_message else "global",
        "callback_id": shortcut.callback_id,
        "description": reader.plain(shortcut.description),
    }


def _settings(mode: str, request_url: str) -> dict[str, Any]:
    url = {"request_url": request_url} if mode == "http" else {}
    return {
        "event_subscriptions": {**url, "bot_events": list(_EVENTS)},
        "interactivity": {"is_enabled": True, **url},
        "org_deploy_enabled": False,
        "socket_mode_enabled": mode == "socket",
        "token_rotation_enabled": False,
    }


def _usage_hint(command: Command) -> str:
    """As many of the command's forms as fit."""
    hint = ""
    for form in filter(None, command.usage):
        longer = f"{hint} · {form}" if hint else form
        if len(longer) > _USAGE_HINT:
            break
        hint = longer
    return hint


def _problems(commands: Sequence[Command]) -> Iterator[str]:
    if len(commands) > _COMMANDS:
        yield f"Slack takes {_COMMANDS} commands in one app, not {len(commands)}"
    for command in commands:
        name = command.name
        if not name.startswith("/") or not 1 < len(name) <= _COMMAND or " " in name:
            yield f"{name!r} is no command: it needs a slash and at most {_COMMAND} characters"
        if not 0 < len(str(command.summary)) <= _COMMAND_DESCRIPTION:
            yield f"the summary of {name} needs 1 to {_COMMAND_DESCRIPTION} characters"
    names = [command.name for command in commands]
    yield from (
        f"{name} is there twice" for name in sorted({n for n in names if names.count(n) > 1})
    )


def differences(installed: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[str, ...]:
    """Name what an installed app lacks; what it has besides does no harm."""
    has = frozenset(_parts(installed))
    return tuple(part for part in _parts(wanted) if part not in has)


def _parts(made: Mapping[str, Any]) -> Iterator[str]:
    features, settings = inside(made, "features"), inside(made, "settings")
    yield from (f"command {text(one, 'command')}" for one in objects(features, "slash_commands"))
    yield from (f"shortcut {text(one, 'callback_id')}" for one in objects(features, "shortcuts"))
    scopes = inside(made, "oauth_config", "scopes")
    yield from (f"scope {one}" for one in scopes.get("bot") or ())
    events = inside(settings, "event_subscriptions")
    yield from (f"event {one}" for one in events.get("bot_events") or ())
    if inside(features, "app_home").get("home_tab_enabled"):
        yield "Home tab"
    if inside(settings, "interactivity").get("is_enabled"):
        yield "interactivity"
    yield "Socket Mode" if settings.get("socket_mode_enabled") else "requests over HTTP"
