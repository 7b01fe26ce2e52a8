"""Who and what is in the workspace: people, channels, user groups, in Slack's shapes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.sandbox.slack.wire import Json

TEAM_ID = "T0SANDBOX"
TEAM_DOMAIN = "taurus-sandbox"


@dataclass(frozen=True)
class Person:
    """A member of the workspace whom the page lets you be."""

    id: str
    name: str
    real_name: str
    title: str
    tz: str
    locale: str
    email: str
    emoji: str
    team_id: str = TEAM_ID

    @property
    def is_guest(self) -> bool:
        """Whether they come from another workspace (Slack Connect) and do not resolve here."""
        return self.team_id != TEAM_ID

    def tz_offset(self, now: float) -> int:
        """Seconds east of UTC at `now` (unix seconds)."""
        moment = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(self.tz))
        offset = moment.utcoffset()
        return int(offset.total_seconds()) if offset else 0

    def tz_label(self, now: float) -> str:
        """The name of the zone at `now`, such as `CET`."""
        return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(self.tz)).tzname() or self.tz


@dataclass
class Channel:
    """A conversation. `members` are user ids, the bot's among them where it was invited."""

    id: str
    name: str
    members: list[str] = field(default_factory=list)
    topic: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_im: bool = False
    im_user: str = ""

    @property
    def name_in_payloads(self) -> str:
        """What commands and clicks carry as the channel's name."""
        if self.is_im:
            return "directmessage"
        return "privategroup" if self.is_private else self.name

    @property
    def kind(self) -> str:
        """The prefix of the scopes that concern it: channels, groups or im."""
        if self.is_im:
            return "im"
        return "groups" if self.is_private else "channels"


@dataclass(frozen=True)
class UserGroup:
    """A user group, such as @dba."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]


BOT_IN_CHANNEL = "BOT"  # stands for the bot's user id, which is made when the app is installed

PEOPLE = (
    Person("U0ANN", "ann", "Ann Berger", "Backend engineer, requester", "Europe/Berlin",
           "en-US", "ann@example.com", "👩‍💻"),
    Person("U0BOB", "bob", "Bob Li", "Database administrator, approver", "Asia/Shanghai",
           "en-US", "bob@example.com", "🧑‍🔧"),
    Person("U0CARL", "carl", "Carl Jones", "Marketing, outsider", "America/New_York",
           "en-US", "carl@example.com", "🧔"),
    Person("U0DANA", "dana", "Dana Wu", "On-call, approver", "Asia/Shanghai",
           "en-US", "dana@example.com", "👩‍🚒"),
    Person("U0LIN", "lin", "Lin Yue", "Database engineer, reads Chinese", "Asia/Shanghai",
           "zh-CN", "lin@example.com", "👩‍🔬"),
)  # fmt: skip
GROUPS = (
    UserGroup("S0DBA", "dba", "Database administrators", ("U0BOB", "U0DANA")),
    UserGroup("S0ONCALL", "oncall", "On-call", ("U0BOB", "U0DANA")),
)
NOTICES = "C0NEWS"
"""The channel for those who only watch."""
_ALL = ("U0ANN", "U0BOB", "U0CARL", "U0DANA", "U0LIN")


def default_channels() -> tuple[Channel, ...]:
    """Fresh channels: two with the bot, one without it, and an archived one."""
    return (
        Channel("C0DB", "db-changes", [*_ALL, BOT_IN_CHANNEL], "Database changes"),
        Channel("C0PAY", "payments", [*_ALL, BOT_IN_CHANNEL], "The payments team"),
        Channel(NOTICES, "db-notices", [*_ALL, BOT_IN_CHANNEL], "A short notice of every change"),
        Channel("C0NOBOT", "random", [*_ALL], "The bot was never invited here"),
        Channel("C0OLD", "old-changes", [*_ALL, BOT_IN_CHANNEL], "Archived", is_archived=True),
    )


def user_object(person: Person, now: float, *, with_email: bool) -> Json:
    """A person as `users.info` shows them; the address only with the scope for it."""
    profile: Json = {
        "real_name": person.real_name,
        "display_name": person.name,
        "real_name_normalized": person.real_name,
        "display_name_normalized": person.name,
        "title": person.title,
        "team": TEAM_ID,
    }
    if with_email:
        profile["email"] = person.email
    return {
        "id": person.id,
        "team_id": TEAM_ID,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": False,
        "is_bot": False,
        "is_app_user": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "tz": person.tz,
        "tz_label": person.tz_label(now),
        "tz_offset": person.tz_offset(now),
        "locale": person.locale,
        "profile": profile,
        "updated": int(now),
    }


def channel_object(channel: Channel, bot_user: str) -> Json:
    """A channel as `conversations.info` shows it."""
    if channel.is_im:
        return {"id": channel.id, "is_im": True, "is_archived": False, "user": channel.im_user}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_member": bot_user in channel.members,
        "is_ext_shared": False,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "num_members": len(channel.members),
        "context_team_id": TEAM_ID,
    }
