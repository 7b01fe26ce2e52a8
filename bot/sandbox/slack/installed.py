"""The installed app: what its manifest grants it and the secrets Slack gave it."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.sandbox.slack.wire import Json

APP_ID = "A0SANDBOX"

# App manifest reference: https://docs.slack.dev/reference/app-manifest
_NAME, _DESCRIPTION, _LONG_MIN, _LONG_MAX = 35, 140, 175, 4000
_COMMAND, _COMMAND_DESCRIPTION, _USAGE_HINT = 32, 2000, 1000
_COMMANDS_MAX, _SHORTCUTS_MAX, _SHORTCUT_NAME, _CALLBACK_ID = 50, 10, 24, 255


def _token(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(16)}"


@dataclass(frozen=True)
class Secrets:
    """What Slack hands out on installation; made up afresh unless given."""

    bot_token: str = field(default_factory=lambda: _token("xoxb"), repr=False)
    app_token: str = field(default_factory=lambda: _token(f"xapp-1-{APP_ID}-1"), repr=False)
    config_token: str = field(default_factory=lambda: _token("xoxe.xoxp"), repr=False)
    """Of the person who made the app, for its configuration; not of the app."""
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    verification: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)


@dataclass(frozen=True)
class InstalledApp:
    """An app as its manifest describes it."""

    manifest: Json
    scopes: frozenset[str]
    secrets: Secrets
    id: str = APP_ID
    bot_id: str = "B0TAURUS"
    bot_user: str = "U0TAURUS"

    @property
    def name(self) -> str:
        """The bot's display name."""
        bot_user = self._features.get("bot_user", {})
        return str(bot_user.get("display_name") or self.manifest["display_information"]["name"])

    @property
    def commands(self) -> dict[str, Json]:
        """The slash commands by name, slash included."""
        return {one["command"]: one for one in self._features.get("slash_commands", [])}

    @property
    def shortcuts(self) -> dict[str, Json]:
        """The shortcuts by callback id."""
        return {one["callback_id"]: one for one in self._features.get("shortcuts", [])}

    @property
    def events(self) -> frozenset[str]:
        """The bot events it subscribed to, such as `message.im`."""
        return frozenset(self._settings.get("event_subscriptions", {}).get("bot_events", []))

    @property
    def is_interactive(self) -> bool:
        """Whether clicks and forms are delivered at all."""
        return bool(self._settings.get("interactivity", {}).get("is_enabled", False))

    @property
    def has_home(self) -> bool:
        """Whether there is a Home tab."""
        return bool(self._features.get("app_home", {}).get("home_tab_enabled", False))

    @property
    def has_messages(self) -> bool:
        """Whether it can be written to and can write direct messages."""
        return bool(self._features.get("app_home", {}).get("messages_tab_enabled", True))

    @property
    def takes_messages(self) -> bool:
        """Whether people may write to it."""
        home = self._features.get("app_home", {})
        return self.has_messages and not home.get("messages_tab_read_only_enabled", False)

    @property
    def _features(self) -> Json:
        return dict(self.manifest.get("features", {}))

    @property
    def _settings(self) -> Json:
        return dict(self.manifest.get("settings", {}))


def install(manifest: Json, given: Secrets, scopes: Iterable[str] | None = None) -> InstalledApp:
    """Installs the app that `manifest` describes.

    Args:
        manifest: the app manifest as JSON.
        given: the secrets it gets.
        scopes: what the workspace granted; None grants all required bot scopes, no optional one.

    Raises:
        ValueError: naming everything Slack would refuse in the manifest.
    """
    problems = [*_general_problems(manifest), *_feature_problems(manifest.get("features", {}))]
    if problems:
        raise ValueError("Slack would refuse this manifest: " + "; ".join(problems))
    required = manifest.get("oauth_config", {}).get("scopes", {}).get("bot", [])
    return InstalledApp(manifest, frozenset(required if scopes is None else scopes), given)


def _general_problems(manifest: Json) -> Iterable[str]:
    shown = manifest.get("display_information", {})
    if not 1 <= len(shown.get("name", "")) <= _NAME:
        yield f"display_information.name must have 1 to {_NAME} characters"
    if len(shown.get("description", "")) > _DESCRIPTION:
        yield f"display_information.description is longer than {_DESCRIPTION} characters"
    long = shown.get("long_description")
    if long is not None and not _LONG_MIN <= len(long) <= _LONG_MAX:
        yield f"long_description must have {_LONG_MIN} to {_LONG_MAX} characters"


def _feature_problems(features: Json) -> Iterable[str]:
    commands, shortcuts = features.get("slash_commands", []), features.get("shortcuts", [])
    if len(commands) > _COMMANDS_MAX:
        yield f"more than {_COMMANDS_MAX} slash commands"
    if len(shortcuts) > _SHORTCUTS_MAX:
        yield f"more than {_SHORTCUTS_MAX} shortcuts"
    for command in commands:
        yield from _command_problems(command)
    for one in shortcuts:
        if one.get("type") not in {"global", "message"}:
            yield f"shortcut {one.get('name')!r} is neither global nor message"
        if not 1 <= len(one.get("name", "")) <= _SHORTCUT_NAME:
            yield f"the name of shortcut {one.get('name')!r} must have 1 to {_SHORTCUT_NAME}"
        if not 1 <= len(one.get("callback_id", "")) <= _CALLBACK_ID:
            yield f"the callback_id of shortcut {one.get('name')!r} is missing or too long"


def _command_problems(command: Json) -> Iterable[str]:
    name = command.get("command", "")
    if not name.startswith("/") or not 1 < len(name) <= _COMMAND or " " in name:
        yield f"{name!r} is not a command of at most {_COMMAND} characters with its slash"
    if not 1 <= len(command.get("description", "")) <= _COMMAND_DESCRIPTION:
        yield f"the description of {name} must have 1 to {_COMMAND_DESCRIPTION} characters"
    if len(command.get("usage_hint", "")) > _USAGE_HINT:
        yield f"the usage hint of {name} is longer than {_USAGE_HINT} characters"
