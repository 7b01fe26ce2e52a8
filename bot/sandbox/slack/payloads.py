"""What the bot is sent, shaped as Slack shapes it.

Shapes: Slack docs, Slash commands; Interaction payloads; The Events API.
"""

from copy import deepcopy

from bot.sandbox.slack.people import TEAM_DOMAIN, TEAM_ID, Channel
from bot.sandbox.slack.wire import Json
from bot.sandbox.slack.workspace import Workspace

MESSAGE_FIELDS_OF_PAGE = ("ephemeral", "channel")


class Payloads:
    """Builds payloads about what people do."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def command(self, user: str, channel: Channel, command: str, text: str) -> Json:
        """A slash command."""
        workspace = self._workspace
        return {
            "token": workspace.app.secrets.verification,
            "team_id": TEAM_ID,
            "team_domain": TEAM_DOMAIN,
            "channel_id": channel.id,
            "channel_name": channel.name_in_payloads,
            "user_id": user,
            "user_name": workspace.person(user).name,
            "command": command,
            "text": text,
            "api_app_id": workspace.app.id,
            "is_enterprise_install": "false",
            "response_url": workspace.hooks.issue(channel.id, user),
            "trigger_id": workspace.triggers.issue(user),
        }

    def interaction(self, kind: str, user: str, *, from_view: bool = False) -> Json:
        """What all interactions share."""
        workspace = self._workspace
        person = workspace.person(user)
        name, team = person.name, person.team_id
        return {
            "type": kind,
            "user": {"id": user, "username": name, "name": name, "team_id": team},
            "api_app_id": workspace.app.id,
            "token": workspace.app.secrets.verification,
            "team": {"id": team, "domain": TEAM_DOMAIN if team == TEAM_ID else "elsewhere"},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": workspace.triggers.issue(user, from_view=from_view),
        }

    def in_message(self, user: str, channel: Channel, message: Json) -> Json:
        """Where a click on a message happened; ephemeral ones are not shown again."""
        is_ephemeral = bool(message.get("ephemeral", False))
        container = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": is_ephemeral,
        }
        thread_ts = message.get("thread_ts", "")
        if thread_ts:
            container["thread_ts"] = thread_ts
        hook = self._workspace.hooks.issue(
            channel.id,
            user,
            source_ts=message["ts"],
            source_is_private=is_ephemeral,
            thread_ts=thread_ts,
        )
        place: Json = {"container": container, "channel": self.channel(channel)}
        if not is_ephemeral:
            place["message"] = self.message(message)
        return {**place, "response_url": hook}

    @staticmethod
    def in_view(view: Json) -> Json:
        """Where a click on a form or on the Home tab happened."""
        return {"container": {"type": "view", "view_id": view["id"]}, "view": deepcopy(view)}

    @staticmethod
    def channel(channel: Channel) -> Json:
        """A channel as interactions carry it."""
        return {"id": channel.id, "name": channel.name_in_payloads}

    @staticmethod
    def message(message: Json) -> Json:
        """A message without what only the page knows."""
        return {k: deepcopy(v) for k, v in message.items() if k not in MESSAGE_FIELDS_OF_PAGE}

    def event(self, event: Json) -> Json:
        """An event in its wrapping."""
        workspace = self._workspace
        ts = event.get("event_ts") or workspace.timestamps.next()
        authorization = {
            "enterprise_id": None,
            "team_id": TEAM_ID,
            "user_id": workspace.app.bot_user,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": workspace.app.secrets.verification,
            "team_id": TEAM_ID,
            "context_team_id": TEAM_ID,
            "context_enterprise_id": None,
            "api_app_id": workspace.app.id,
            "event": {**event, "event_ts": ts},
            "type": "event_callback",
            "event_id": workspace.new_id("Ev"),
            "event_time": int(float(ts)),
            "authorizations": [authorization],
            "is_ext_shared_channel": False,
        }
