"""Who people are: the `People` port on Slack's Web API."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.person import Group
from bot.ports import ChatError, Clock, Person
from bot.slack.account import Account, Home
from bot.slack.memory import Memory
from bot.slack.web import WebApi

_UNKNOWN = frozenset({"user_not_found", "user_not_visible"})
_NO_SUCH_ADDRESS = "users_not_found"
_UTC = "UTC"


class SlackPeople:
    """People and user groups, remembered for a while.

    A person is asked for every 10 minutes; while Slack is away an answer of the last day serves,
    since names and zones change rarely. Who is in a group decides who may approve, so it is asked
    for every minute, and while Slack is away an answer serves for 10 minutes and no longer.
    """

    def __init__(
        self, api: WebApi, account: Account, clock: Clock, language: str = "en-us"
    ) -> None:
        """Ask as `account`; who has no language of their own reads `language`."""
        self._language = language
        self._api = api
        self._account = account
        self._people = Memory(
            self._load_person, clock, fresh=timedelta(minutes=10), usable=timedelta(days=1)
        )
        self._emails = Memory(
            self._load_email, clock, fresh=timedelta(minutes=10), usable=timedelta(days=1)
        )
        self._groups = Memory(
            self._load_members, clock, fresh=timedelta(minutes=1), usable=timedelta(minutes=10)
        )

    async def person(self, user: str) -> Person:
        """Look somebody up; somebody whom Slack does not show us is foreign."""
        return await self._people.get(user)

    async def members(self, group: str) -> frozenset[str]:
        """User ids of a user group."""
        return await self._groups.get(group)

    async def group(self, group: str) -> Group:
        """Tell a user group with when it was read."""
        read_at, users = await self._groups.read(group)
        return Group(users=users, read_at=read_at, is_stale=not self._groups.is_fresh(read_at))

    async def by_email(self, email: str) -> str | None:
        """Find a user by their address; needs the optional scope `users:read.email`."""
        return (await self._emails.get(email)) or None

    def language_of(self, user: str) -> str:
        """Return a person's language if it is known without asking, else an empty string."""
        person = self._people.peek(user)
        return person.language if person else ""

    async def _load_person(self, user: str) -> Person:
        request = self._api.client.users_info(user=user, include_locale=True)
        try:
            answer = await self._api.call("users.info", request)
        except ChatError as error:
            if error.code in _UNKNOWN:
                language = _language(self._language)
                return Person(id=user, name=user, zone=_UTC, language=language, is_foreign=True)
            raise
        found = {"locale": self._language, **_told(answer.get("user") or {})}
        return _person(found, user, self._account.home)

    async def _load_email(self, email: str) -> str:
        request = self._api.client.users_lookupByEmail(email=email)
        try:
            answer = await self._api.call("users.lookupByEmail", request)
        except ChatError as error:
            if error.code == _NO_SUCH_ADDRESS:
                return ""
            raise
        return str((answer.get("user") or {}).get("id", ""))

    async def _load_members(self, group: str) -> frozenset[str]:
        request = self._api.client.usergroups_users_list(usergroup=group)
        answer = await self._api.call("usergroups.users.list", request)
        return frozenset(answer.get("users", ()))


def _told(user: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in user.items() if value is not None}


def _person(user: Mapping[str, Any], asked: str, home: Home) -> Person:
    profile = user.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("name"), asked)
    return Person(
        id=asked,
        name=next(name for name in names if name),
        zone=_zone(user.get("tz")),
        language=_language(user["locale"]),
        is_bot=bool(user.get("is_bot")),
        is_active=not user.get("deleted"),
        is_foreign=_is_foreign(user, home),
    )


def _is_foreign(user: Mapping[str, Any], home: Home) -> bool:
    if user.get("is_stranger"):
        return True
    # In an organisation of several workspaces a colleague's first one may be another.
    teams = (user.get("enterprise_user") or {}).get("teams", ())
    return user.get("team_id", home.team) != home.team and home.team not in teams


def _zone(name: str | None) -> str:
    try:
        return ZoneInfo(name).key if name else _UTC
    except (KeyError, OSError, ValueError):  # unknown, or no name of a zone at all
        return _UTC


def _language(locale: str) -> str:
    return "zh" if locale.lower().startswith("zh") else "en"
