"""The table of the Web API: each method with its scopes, its rate and who carries it out."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.channel_methods import ChannelMethods
from bot.sandbox.slack.chat_methods import ChatMethods, FileMethods
from bot.sandbox.slack.directory_methods import DirectoryMethods
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.view_methods import ViewMethods
from bot.sandbox.slack.wire import Json
from bot.sandbox.slack.workspace import Workspace


@dataclass(frozen=True)
class Method:
    """One method; any one of `scopes` opens it. Tier 0 is not counted as a whole."""

    run: Callable[[Arguments], Json]
    scopes: tuple[str, ...] = ()
    tier: int = 4


def _any_kind(right: str) -> tuple[str, ...]:
    return tuple(f"{kind}:{right}" for kind in ("channels", "groups", "im", "mpim"))


def bot_methods(workspace: Workspace, rates: Rates | None, files: FileMethods) -> dict[str, Method]:
    """What a bot token opens. Scopes and tiers: Slack docs, the page of each method."""
    chat = ChatMethods(workspace, rates)
    channels = ChannelMethods(workspace)
    directory = DirectoryMethods(workspace)
    views = ViewMethods(workspace)
    write, people, groups = ("chat:write",), ("users:read",), ("usergroups:read",)
    return {
        "auth.test": Method(directory.auth_test, tier=0),
        "bots.info": Method(directory.bot, people, 3),
        "chat.delete": Method(chat.delete, write, 3),
        "chat.getPermalink": Method(chat.permalink, tier=0),
        "chat.postEphemeral": Method(chat.post_ephemeral, write),
        "chat.postMessage": Method(chat.post, write, 0),
        "chat.update": Method(chat.update, write, 3),
        "conversations.history": Method(channels.history, _any_kind("history"), 3),
        "conversations.info": Method(channels.info, _any_kind("read"), 3),
        "conversations.list": Method(channels.list, _any_kind("read"), 2),
        "conversations.members": Method(channels.members, _any_kind("read")),
        "conversations.open": Method(channels.open, ("im:write", "mpim:write"), 3),
        "conversations.replies": Method(channels.replies, _any_kind("history"), 3),
        "files.completeUploadExternal": Method(files.complete, ("files:write",)),
        "files.getUploadURLExternal": Method(files.upload_url, ("files:write",)),
        "team.info": Method(directory.team, ("team:read",), 3),
        "usergroups.list": Method(directory.groups, groups, 2),
        "usergroups.users.list": Method(directory.group_users, groups, 2),
        "users.info": Method(directory.user, people),
        "users.list": Method(directory.users, people, 2),
        "users.lookupByEmail": Method(directory.user_by_email, ("users:read.email",), 3),
        "views.open": Method(views.open),
        "views.publish": Method(views.publish),
        "views.push": Method(views.push),
        "views.update": Method(views.update),
    }
