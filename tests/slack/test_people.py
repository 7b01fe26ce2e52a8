"""Who people are: remembered, asked once for many, and never guessed."""

import asyncio
from typing import Any

import pytest

from bot.domain.person import Person
from bot.ports import ChatError
from bot.slack.account import Account
from bot.slack.people import SlackPeople
from bot.slack.web import WebApi
from tests.slack.conftest import HandClock
from tests.slack.scripted import TEAM, Reply, ScriptedSlack, Wait


def user(**fields: object) -> dict[str, Any]:
    known = {
        "id": "U0ANN",
        "team_id": TEAM,
        "name": "ann",
        "tz": "Europe/Berlin",
        "locale": "en-US",
        "profile": {"display_name": "Ann", "real_name": "Ann Berger"},
    }
    return {"ok": True, "user": {**known, **fields}}


async def test_a_colleague_is_known_with_zone_and_language(
    people: SlackPeople, slack: ScriptedSlack
) -> None:
    slack.will("users.info", user())
    assert await people.person("U0ANN") == Person(id="U0ANN", name="Ann", zone="Europe/Berlin")
    (asked,) = slack.calls("users.info")
    assert asked["include_locale"] == "1"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"locale": "zh-CN"}, {"language": "zh"}),
        ({"locale": None}, {"language": "en"}),
        ({"tz": "Middle/Earth"}, {"zone": "UTC"}),
        ({"tz": "../etc/passwd"}, {"zone": "UTC"}),
        ({"tz": None}, {"zone": "UTC"}),
        ({"profile": {"real_name": "Ann Berger"}}, {"name": "Ann Berger"}),
        ({"profile": {}}, {"name": "ann"}),
        ({"profile": None, "name": None}, {"name": "U0ANN"}),
        ({"is_bot": True}, {"is_bot": True}),
        ({"deleted": True}, {"is_active": False}),
        ({"team_id": "T0OTHER"}, {"is_foreign": True}),
        ({"is_stranger": True}, {"is_foreign": True}),
        ({"team_id": "T0SISTER", "enterprise_user": {"teams": [TEAM]}}, {"is_foreign": False}),
    ],
)
async def test_what_slack_says_about_somebody(
    people: SlackPeople, slack: ScriptedSlack, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    slack.will("users.info", user(**fields))
    person = await people.person("U0ANN")
    assert {name: getattr(person, name) for name in expected} == expected


@pytest.mark.parametrize("code", ["user_not_found", "user_not_visible"])
async def test_somebody_whom_slack_does_not_show_is_foreign(
    people: SlackPeople, slack: ScriptedSlack, code: str
) -> None:
    slack.will("users.info", {"ok": False, "error": code})
    stranger = Person(id="U0X", name="U0X", zone="UTC", is_foreign=True)
    assert await people.person("U0X") == stranger


async def test_a_person_is_asked_for_again_after_ten_minutes(
    people: SlackPeople, slack: ScriptedSlack, clock: HandClock
) -> None:
    slack.will("users.info", user(), user(tz="Asia/Shanghai"))
    await people.person("U0ANN")
    clock.advance(599)
    assert (await people.person("U0ANN")).zone == "Europe/Berlin"
    clock.advance(1)
    assert (await people.person("U0ANN")).zone == "Asia/Shanghai"


async def test_while_slack_is_away_an_old_answer_serves_for_a_day(
    people: SlackPeople, slack: ScriptedSlack, clock: HandClock
) -> None:
    slack.will("users.info", user(), Reply("", 503), Reply("", 503))
    await people.person("U0ANN")
    clock.advance(3600)
    assert (await people.person("U0ANN")).name == "Ann"
    clock.advance(86_400)
    with pytest.raises(ChatError, match="http_503"):
        await people.person("U0ANN")


async def test_a_refusal_is_not_covered_up_by_an_old_answer(
    people: SlackPeople, slack: ScriptedSlack, clock: HandClock
) -> None:
    slack.will("users.info", user(), {"ok": False, "error": "missing_scope"})
    await people.person("U0ANN")
    clock.advance(3600)
    with pytest.raises(ChatError, match="missing_scope"):
        await people.person("U0ANN")


async def test_readers_who_ask_at_once_share_one_question(
    people: SlackPeople, slack: ScriptedSlack
) -> None:
    slack.will("usergroups.users.list", {"ok": True, "users": ["U0BOB"]})
    answers = await asyncio.gather(*(people.members("S0DBA") for _ in range(5)))
    assert answers == [frozenset({"U0BOB"})] * 5
    assert len(slack.calls("usergroups.users.list")) == 1


async def test_a_reader_who_gives_up_does_not_take_the_answer_from_others(
    people: SlackPeople, slack: ScriptedSlack
) -> None:
    gate = asyncio.Event()
    slack.will("users.info", Wait(gate))
    impatient = asyncio.ensure_future(people.person("U0ANN"))
    await slack.wait_until(lambda: slack.calls("users.info"))
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    patient = asyncio.ensure_future(people.person("U0ANN"))
    gate.set()
    assert (await patient).name == "U0ANN"
    assert len(slack.calls("users.info")) == 1


async def test_a_failed_question_is_asked_again(people: SlackPeople, slack: ScriptedSlack) -> None:
    slack.will("users.info", Reply("", 503), user())
    with pytest.raises(ChatError):
        await people.person("U0ANN")
    assert (await people.person("U0ANN")).name == "Ann"


async def test_who_is_in_a_group_is_asked_every_minute_and_serves_for_ten(
    people: SlackPeople, slack: ScriptedSlack, clock: HandClock
) -> None:
    members = "usergroups.users.list"
    slack.will(members, {"ok": True, "users": ["U0BOB"]}, Reply("", 503), Reply("", 503))
    await people.members("S0DBA")
    clock.advance(59)
    await people.members("S0DBA")
    assert len(slack.calls(members)) == 1
    clock.advance(500)
    assert await people.members("S0DBA") == {"U0BOB"}
    clock.advance(41)
    with pytest.raises(ChatError, match="http_503"):
        await people.members("S0DBA")


async def test_who_has_no_language_of_their_own_reads_the_bots(
    api: WebApi, account: Account, slack: ScriptedSlack, clock: HandClock
) -> None:
    people = SlackPeople(api, account, clock, "zh-cn")
    for answer in (
        user(locale=None),
        user(locale="en-GB"),
        {"ok": False, "error": "user_not_found"},
    ):
        slack.will("users.info", answer)
    found = [(await people.person(one)).language for one in ("U0ANN", "U0BOB", "U0EVE")]
    assert found == ["zh", "en", "zh"]


async def test_a_language_is_known_without_asking_once_the_person_is(
    people: SlackPeople, slack: ScriptedSlack
) -> None:
    assert people.language_of("U0BOB") == ""
    slack.will("users.info", user(locale="zh-CN"))
    await people.person("U0BOB")
    assert people.language_of("U0BOB") == "zh"
    assert len(slack.calls("users.info")) == 1
