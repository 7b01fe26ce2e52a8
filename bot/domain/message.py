"""What people are shown, as Slack takes it."""

from typing import Any

from bot.domain.model import Frozen


class Message(Frozen):
    """A message for Slack: the top-level text tells the story alone."""

    text: str
    blocks: tuple[dict[str, Any], ...] = ()
    replaces: bool = False
    """Whether, as an answer to a click, it takes the place of the message with the button."""


class View(Frozen):
    """A form for Slack. Blocks and elements keep their ids as long as they keep their meaning."""

    title: str
    blocks: tuple[dict[str, Any], ...]
    close: str
    submit: str = ""
    """Empty: there is nothing to send, only to read."""
    callback_id: str = ""
    metadata: str = ""


class File(Frozen):
    """A text file for people."""

    name: str
    title: str
    text: str
