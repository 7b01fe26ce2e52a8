"""A look-alike of Slack that enforces its rules, for the sandbox and for the tests."""

from bot.sandbox.slack.ack import Ack, Delivery
from bot.sandbox.slack.installed import Secrets
from bot.sandbox.slack.page_api import Panel
from bot.sandbox.slack.people import BOT_IN_CHANNEL, NOTICES, Channel, Person, UserGroup
from bot.sandbox.slack.simulator import SlackSimulator
from bot.sandbox.slack.web_api import Call
from bot.sandbox.slack.wire import Json, SlackError

__all__ = [
    "BOT_IN_CHANNEL",
    "NOTICES",
    "Ack",
    "Call",
    "Channel",
    "Delivery",
    "Json",
    "Panel",
    "Person",
    "Secrets",
    "SlackError",
    "SlackSimulator",
    "UserGroup",
]
