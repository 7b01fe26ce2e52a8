"""What the bot needs to know to be this workspace's bot."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

_WRONG_BOT = (
    "SLACK_BOT_TOKEN is not a bot token: take the one that starts with xoxb- from the app's page "
    "OAuth & Permissions"
)
_WRONG_APP = (
    "SLACK_APP_TOKEN is not an app-level token: take one that starts with xapp- and has the scope "
    "connections:write from the app's page Basic Information"
)
_EMPTY_SIGNING = "SLACK_SIGNING_SECRET is empty: copy it from the app's page Basic Information"

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SlackConfig(BaseModel):
    """Tokens and addresses. In socket mode the app token counts, in http mode the secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    mode: Literal["socket", "http"]
    bot_token: SecretStr
    app_token: SecretStr = SecretStr("")
    signing_secret: SecretStr = SecretStr("")
    api_url: str = "https://slack.com/api/"
    language: str = "en-us"
    """Of people whose own Slack does not tell."""
    new_blocks: bool = False
    """Whether the workspace shows Slack's newer blocks."""

    @property
    def is_local(self) -> bool:
        """Whether Slack is played by this machine, so that no proxy must come between."""
        return urlsplit(self.api_url).hostname in _LOOPBACK

    @model_validator(mode="after")
    def _tokens_are_in_their_places(self) -> Self:
        problems = [*_bot_token_problems(self), *_mode_problems(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _bot_token_problems(config: SlackConfig) -> list[str]:
    if config.bot_token.get_secret_value().startswith("xoxb-"):
        return []
    return [_WRONG_BOT]


def _mode_problems(config: SlackConfig) -> list[str]:
    if config.mode == "socket" and not config.app_token.get_secret_value().startswith("xapp-"):
        return [_WRONG_APP]
    if config.mode == "http" and not config.signing_secret.get_secret_value().strip():
        return [_EMPTY_SIGNING]
    return []
