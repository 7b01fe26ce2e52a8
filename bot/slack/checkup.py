"""Check the way to Slack: tokens, scopes, channels, people. Nothing is posted or changed."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.finding import Finding, mind, ok, skipped, wrong
from bot.ports import Clock
from bot.slack.config import SlackConfig
from bot.slack.errors import chat_error
from bot.slack.manifest import EMAIL_SCOPE, OPTIONAL_SCOPES, SCOPES
from bot.slack.web import open_session, web_client

SKEW_REFUSED = timedelta(minutes=5)
"""Slack's requests are refused as replays if our clock is further away than this."""
SKEW_NOTED = timedelta(minutes=1)
_INVITE = "Check the id, and invite the bot there with /invite."
_AGAIN = "Copy it again from the app's pages; reinstall the app if it was removed."
_BROKEN = (SlackClientError, aiohttp.ClientError, OSError)


async def checkup(
    config: SlackConfig,
    *,
    wall: Clock,
    channels: Sequence[str],
    people: Sequence[str],
    by_email: bool = False,
) -> list[Finding]:
    """Check the tokens, then what the settings name: channel ids, and ids of people and groups.

    `by_email` is whether people have to be found by their addresses.
    """
    session = open_session(config)
    try:
        client = web_client(config, session)
        try:
            answer = await client.auth_test()
        except _BROKEN as error:
            return [wrong("slack: bot token", chat_error(error).code, _AGAIN)]
        team, bot = answer.get("team", "?"), answer.get("user", "?")
        needed = (*SCOPES, EMAIL_SCOPE) if by_email else SCOPES
        asked = await asyncio.gather(
            _transport(config, client),
            *(_channel(client, one) for one in channels),
            *(_person(client, one) for one in people),
        )
        return [
            ok("slack: bot token", f"{bot} in {team}"),
            *_scopes(answer.headers.get("x-oauth-scopes", ""), needed),
            _skew(answer.headers.get("Date", ""), wall),
            skipped(
                "slack: manifest",
                "Slack shows what is installed only to configuration tokens",
                "Compare the app's page App Manifest with python -m bot manifest.",
            ),
            *asked,
        ]
    finally:
        await session.close()


def _scopes(header: str, needed: Sequence[str]) -> list[Finding]:
    granted = {one.strip() for one in header.split(",") if one.strip()}
    if not granted:
        return [skipped("slack: scopes", "Slack did not tell them")]
    missing = sorted(set(needed) - granted)
    optional = sorted(set(OPTIONAL_SCOPES) - granted)
    found = [
        wrong(
            "slack: scopes",
            f"missing: {', '.join(missing)}",
            "Update the app from python -m bot manifest, then reinstall it.",
        )
        if missing
        else ok("slack: scopes", "all that are needed")
    ]
    if optional:
        found.append(
            mind(
                "slack: optional scopes",
                f"missing: {', '.join(optional)}",
                "Without them a card may be posted twice when Slack loses an answer.",
            )
        )
    return found


def _skew(date: str, wall: Clock) -> Finding:
    try:
        skew = abs(wall() - parsedate_to_datetime(date))
    except ValueError:
        return skipped("slack: clock", "Slack told no time")
    words = f"{int(skew.total_seconds())} s from Slack's"
    if skew >= SKEW_REFUSED:
        return wrong("slack: clock", words, "Set this machine's clock (NTP).")
    if skew >= SKEW_NOTED:
        return mind("slack: clock", words, "Set this machine's clock (NTP).")
    return ok("slack: clock", "agrees with Slack's")


async def _transport(config: SlackConfig, client: AsyncWebClient) -> Finding:
    if config.mode == "http":
        return skipped(
            "slack: request URL",
            "only Slack can tell whether it reaches /slack/events",
            "See the app's pages Event Subscriptions and Interactivity.",
        )
    try:
        # This only makes an address; nobody connects to it, and it is void after a minute.
        await client.apps_connections_open(app_token=config.app_token.get_secret_value())
    except _BROKEN as error:
        return wrong(
            "slack: app token",
            chat_error(error).code,
            f"It needs connections:write, and Socket Mode must be on. {_AGAIN}",
        )
    return ok("slack: app token", "opens Socket Mode")


async def _channel(client: AsyncWebClient, channel: str) -> Finding:
    check = f"slack: channel {channel}"
    try:
        # No scope shows a channel to us, but asking for a link to a message that cannot be
        # there tells whether we see the channel.
        await client.chat_getPermalink(channel=channel, message_ts="1.000001")
    except SlackApiError as error:
        code = error.response.get("error", "")
        if code == "message_not_found":
            return ok(check, "is there")
        return wrong(check, str(code), _INVITE)
    except _BROKEN as error:
        return wrong(check, chat_error(error).code, "Try again.")
    return ok(check, "is there")


async def _person(client: AsyncWebClient, id_: str) -> Finding:
    is_group = id_.startswith("S")
    check = f"slack: {'group' if is_group else 'person'} {id_}"
    try:
        if is_group:
            users = (await client.usergroups_users_list(usergroup=id_)).get("users") or []
            if users:
                return ok(check, f"{len(users)} people")
            return wrong(check, "is empty", "Put people into it, or name others.")
        user = (await client.users_info(user=id_)).get("user") or {}
    except _BROKEN as error:
        return wrong(check, chat_error(error).code, "Check the id in Slack's profile or group.")
    if user.get("deleted") or user.get("is_bot"):
        return wrong(check, "is deactivated or a bot", "Name a person who can decide.")
    return ok(check, str(user.get("name", "")))
