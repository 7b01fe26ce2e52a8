"""Which app in which workspace the bot is, and whether a payload is meant for it."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.model import Frozen
from bot.ports import ChatError
from bot.slack.config import SlackConfig
from bot.slack.errors import AWAY, TokenError
from bot.slack.shapes import inside, objects, text
from bot.slack.web import WebApi

Payload = Mapping[str, Any]


class Home(Frozen):
    """The bot's place in Slack."""

    team: str
    bot: str
    """Its `B…` id, which its messages carry."""
    user: str
    """Its `U…` id, which mentions carry."""
    enterprise: str = ""
    app: str = ""
    """Its `A…` id; empty if Slack did not tell."""

    def owns(self, payload: Payload) -> bool:
        """Whether a payload is for this app in this workspace.

        Guests from other workspaces (Slack Connect) press our buttons with their own team in the
        payload; the message or form then still names our bot.
        """
        app = payload.get("api_app_id")
        if app and self.app and app != self.app:
            return False
        teams, bots = set(_teams(payload)), set(_bots(payload))
        return not teams or self.team in teams or self.bot in bots


class Account:
    """The bot's account: known after `sign_in`."""

    def __init__(self, config: SlackConfig, api: WebApi) -> None:
        """Nothing is asked yet."""
        self._config = config
        self._api = api
        self._home: Home | None = None

    @property
    def is_known(self) -> bool:
        """Whether Slack has confirmed the token."""
        return self._home is not None

    @property
    def home(self) -> Home:
        """The bot's place; raises `ChatError` as long as Slack has not told it."""
        if self._home is None:
            raise ChatError("not_signed_in", retry_after=AWAY)
        return self._home

    async def sign_in(self) -> None:
        """Ask Slack who we are.

        Raises `TokenError` if it refuses the token, `ChatError` if it does not answer.
        """
        try:
            answer = await self._api.call("auth.test", self._api.client.auth_test())
        except ChatError as error:
            raise refused_token(error, "SLACK_BOT_TOKEN") from None
        home = Home(
            team=answer.get("team_id", ""),
            bot=answer.get("bot_id", ""),
            user=answer.get("user_id", ""),
            enterprise=answer.get("enterprise_id") or "",
        )
        app = await self._app_of(home.bot)
        self._check_app_token(app)
        self._home = home.model_copy(update={"app": app})

    async def _app_of(self, bot: str) -> str:
        try:
            answer = await self._api.call("bots.info", self._api.client.bots_info(bot=bot))
        except ChatError:
            return ""  # then payloads are told apart by workspace alone
        return str(answer.get("bot", {}).get("app_id", ""))

    def _check_app_token(self, app: str) -> None:
        # App-level tokens read xapp-1-<app id>-<number>-<secret>.
        parts = self._config.app_token.get_secret_value().split("-")
        named = parts[2] if len(parts) > 2 and parts[2].startswith("A") else ""  # noqa: PLR2004
        if self._config.mode == "socket" and app and named and named != app:
            raise TokenError(
                f"SLACK_APP_TOKEN belongs to another Slack app ({named}) than SLACK_BOT_TOKEN "
                f"({app}): take both from the same app's pages"
            )


def refused_token(error: ChatError, setting: str) -> Exception:
    """Tell a refusal, which only a person can mend, from an outage, which passes."""
    if error.retry_after is not None:
        return error
    return TokenError(
        f"Slack refuses {setting} ({error.code}): copy it again from the app's pages, and "
        "reinstall the app if it was removed from the workspace"
    )


def _teams(payload: Payload) -> Iterator[str]:
    view = inside(payload, "view")
    found = (
        text(payload, "team_id"),
        text(payload, "team") or text(inside(payload, "team"), "id"),
        text(view, "app_installed_team_id") or text(view, "team_id"),
        *(text(one, "team_id") for one in objects(payload, "authorizations")),
    )
    return (one for one in found if one)


def _bots(payload: Payload) -> Iterator[str]:
    for place in ("view", "message"):
        bot = text(inside(payload, place), "bot_id")
        if bot:
            yield bot
