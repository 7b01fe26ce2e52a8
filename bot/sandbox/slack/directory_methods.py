"""The Web API's methods about people, user groups, the team and the app itself."""

from collections.abc import Sequence
from typing import TypeVar

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.people import TEAM_DOMAIN, TEAM_ID, user_object
from bot.sandbox.slack.wire import Json, SlackError
from bot.sandbox.slack.workspace import Workspace

T = TypeVar("T")


def page_of(items: Sequence[T], arguments: Arguments, default: int) -> tuple[list[T], Json]:
    """One page of `items` and Slack's pointer to the next.

    Raises:
        SlackError: `invalid_cursor`.
    """
    cursor = arguments.text("cursor", "0") or "0"
    if not cursor.isdigit() or int(cursor) > len(items):
        raise SlackError("invalid_cursor")
    start = int(cursor)
    end = start + arguments.number("limit", default, 1000)
    following = str(end) if end < len(items) else ""
    return list(items[start:end]), {"next_cursor": following}


class DirectoryMethods:
    """Tells who is who."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def auth_test(self, _: Arguments) -> Json:
        """`auth.test` with a bot token."""
        app = self._workspace.app
        return {
            "url": f"https://{TEAM_DOMAIN}.slack.com/",
            "team": TEAM_DOMAIN,
            "team_id": TEAM_ID,
            "user": app.name,
            "user_id": app.bot_user,
            "bot_id": app.bot_id,
            "is_enterprise_install": False,
        }

    def auth_test_of_app(self, _: Arguments) -> Json:
        """`auth.test` with an app token."""
        app = self._workspace.app
        return {"app_id": app.id, "app_name": app.name}

    def bot(self, arguments: Arguments) -> Json:
        """`bots.info`."""
        app = self._workspace.app
        if arguments.text("bot", app.bot_id) != app.bot_id:
            raise SlackError("bot_not_found")
        about = {"id": app.bot_id, "app_id": app.id, "user_id": app.bot_user, "name": app.name}
        return {"bot": {**about, "deleted": False, "updated": 0, "icons": {}}}

    def manifest(self, arguments: Arguments) -> Json:
        """`apps.manifest.export`."""
        if arguments.required("app_id") != self._workspace.app.id:
            raise SlackError("invalid_app_id")
        return {"manifest": self._workspace.app.manifest}

    def team(self, _: Arguments) -> Json:
        """`team.info`."""
        return {"team": {"id": TEAM_ID, "name": "Taurus sandbox", "domain": TEAM_DOMAIN}}

    def user(self, arguments: Arguments) -> Json:
        """`users.info`; the locale only where `include_locale` asks for it."""
        return {"user": self._user(arguments.required("user"), arguments)}

    def users(self, arguments: Arguments) -> Json:
        """`users.list`."""
        members = [one.id for one in self._workspace.people.values() if not one.is_guest]
        everybody = [*members, self._workspace.app.bot_user]
        found, pointer = page_of(everybody, arguments, 1000)
        shown = [self._user(one, arguments) for one in found]
        return {"members": shown, "response_metadata": pointer}

    def user_by_email(self, arguments: Arguments) -> Json:
        """`users.lookupByEmail`."""
        email = arguments.required("email").casefold()
        for person in self._workspace.people.values():
            if person.email.casefold() == email and not person.is_guest:
                return {"user": self._user(person.id, arguments)}
        raise SlackError("users_not_found")

    def _user(self, user: str, arguments: Arguments) -> Json:
        app = self._workspace.app
        if user == app.bot_user:
            about = {"id": user, "team_id": TEAM_ID, "name": app.name, "real_name": app.name}
            return {**about, "is_bot": True, "deleted": False, "profile": {"bot_id": app.bot_id}}
        person = self._workspace.person(user)
        if person.is_guest:
            raise SlackError("user_not_found")
        shown = user_object(
            person,
            self._workspace.clock(),
            with_email="users:read.email" in app.scopes,
        )
        if not arguments.flag("include_locale"):
            del shown["locale"]
        return shown

    def groups(self, arguments: Arguments) -> Json:
        """`usergroups.list`."""
        with_users = arguments.flag("include_users")
        found = []
        for group in self._workspace.groups.values():
            shown: Json = {"id": group.id, "team_id": TEAM_ID, "is_usergroup": True}
            shown.update(name=group.name, handle=group.handle, user_count=len(group.users))
            found.append({**shown, "users": list(group.users)} if with_users else shown)
        return {"usergroups": found}

    def group_users(self, arguments: Arguments) -> Json:
        """`usergroups.users.list`."""
        group = self._workspace.groups.get(arguments.required("usergroup"))
        if group is None:
            raise SlackError("no_such_subteam")
        return {"users": list(group.users)}
