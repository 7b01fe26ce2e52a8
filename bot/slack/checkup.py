"""Check the way to Slack: tokens, scopes, channels, people. Nothing is posted or changed."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.finding import Finding, mind, ok, skipped, wrong
from bot.ports import Clock
from bot.slack.config import SlackConfig
from bot.slack.errors import chat_error
from bot.slack.manifest import OPTIONAL_SCOPES, differences
from bot.slack.web import open_session, web_client

SKEW_REFUSED = timedelta(minutes=5)
"""Slack's requests are refused as replays if our clock is further away than this."""
SKEW_NOTED = timedelta(minutes=1)
_UPDATE = "Update the app from python -m bot manifest, then reinstall it."
_INVITE = "Check the id, and invite the bot there with /invite."
_AGAIN = "Copy it again from the app's pages; reinstall the app if it was removed."
_BROKEN = (SlackClientError, aiohttp.ClientError, OSError)


class Wanted(NamedTuple):
    """What the app should be, and the token that shows what it is; empty if there is none."""

    manifest: Mapping[str, Any]
    token: SecretStr


async def checkup(
    config: SlackConfig,
    *,
    wall: Clock,
    channels: Sequence[str],
    people: Sequence[str],
    wanted: Wanted,
) -> list[Finding]:
    """Check the tokens, then what the settings name: channel ids, and ids of people and groups.

    `wanted` is the manifest that the app should have.
    """
    session = open_session(config)
    try:
        client = web_client(config, session)
        try:
            answer = await client.auth_test()
        except _BROKEN as error:
            return [wrong("slack: bot token", chat_error(error).code, _AGAIN)]
        team, bot = answer.get("team", "?"), answer.get("user", "?")
        needed = wanted.manifest["oauth_config"]["scopes"]["bot"]
        asked = await asyncio.gather(
            _transport(config, client),
            _manifest(wanted, client, answer.get("bot_id", "")),
            *(_channel(client, one) for one in channels),
            *(_person(client, one) for one in people),
        )
        return [
            ok("slack: bot token", f"{bot} in {team}"),
            *_scopes(answer.headers.get("x-oauth-scopes", ""), needed),
            _skew(answer.headers.get("Date", ""), wall),
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
            _UPDATE,
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


async def _manifest(wanted: Wanted, client: AsyncWebClient, bot: str) -> Finding:
    check = "slack: manifest"
    token = wanted.token.get_secret_value()
    if not token:
        return skipped(
            check,
            "Slack shows what is installed only to configuration tokens (SLACK_CONFIG_TOKEN)",
            "Compare the app's page App Manifest with python -m bot manifest.",
        )
    try:
        about = await client.bots_info(bot=bot)
        app = (about.get("bot") or {}).get("app_id", "")
        answer = await client.apps_manifest_export(app_id=app, token=token)
    except _BROKEN as error:
        return wrong(
            check,
            chat_error(error).code,
            "Make a new configuration token at api.slack.com/apps: they end after 12 hours.",
        )
    lacking = differences(answer.get("manifest") or {}, wanted.manifest)
    if lacking:
        return wrong(check, f"is without: {', '.join(lacking)}", _UPDATE)
    return ok(check, "is what this version of the bot wants")


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
