import asyncio
from datetime import timedelta

import pytest

from bot.domain.errors import CloudError, Effect, Reaction
from bot.sandbox.taurus import TaurusSimulator
from bot.taurus import Password, TaurusFleet
from tests.taurus.conftest import START, HandClock, Opener, login
from tests.taurus.recorder import Recorder, Reply


@pytest.fixture
def fleet(opener: Opener, simulator: TaurusSimulator) -> TaurusFleet:
    return opener(login(simulator))


def logins(opener: Opener) -> int:
    return [call.operation for call in opener.calls].count("create_token")


def token(value: str, hours: float = 24) -> Reply:
    ends_at = START + timedelta(hours=hours)
    body = {"token": {"issued_at": START.isoformat(), "expires_at": ends_at.isoformat()}}
    return Reply(body, 201, {"X-Subject-Token": value})


EMPTY = Reply({"instances": [], "total_count": 0})
REFUSED = Reply({"error_code": "APIGW.0301", "error_msg": "decrypt token fail"}, 401)


async def test_many_calls_at_once_log_in_once(fleet: TaurusFleet, opener: Opener) -> None:
    await asyncio.gather(*(fleet.instances() for _ in range(5)))
    assert logins(opener) == 1


async def test_a_token_is_kept_until_half_an_hour_before_its_end(
    fleet: TaurusFleet, opener: Opener, clock: HandClock
) -> None:
    await fleet.instances()
    clock.forward(hours=23, minutes=29)
    await fleet.instances()
    assert logins(opener) == 1
    clock.forward(minutes=1)
    await fleet.instances()
    assert logins(opener) == 2


async def test_a_short_token_is_renewed_after_four_fifths_of_its_life(
    fleet: TaurusFleet, opener: Opener, simulator: TaurusSimulator, clock: HandClock
) -> None:
    simulator.switch("token_lifetime_seconds", 600)
    await fleet.instances()
    clock.forward(seconds=479)
    await fleet.instances()
    assert logins(opener) == 1
    clock.forward(seconds=1)
    await fleet.instances()
    assert logins(opener) == 2


@pytest.mark.parametrize("code", ["APIGW.0301", "APIGW.0307"])
async def test_a_token_that_died_early_is_replaced_even_for_an_upgrade(
    code: str, fleet: TaurusFleet, opener: Opener, simulator: TaurusSimulator
) -> None:
    instance = simulator.instance("orders-prod-01")
    await fleet.instances()
    simulator.switch("expire_tokens", code)
    answer = await fleet.submit([(instance.id, instance.kernel)], delay=False)
    assert answer.resp == "success"
    assert logins(opener) == 2
    assert len(simulator.submissions(instance.id)) == 1


async def test_many_calls_with_a_dead_token_renew_it_once(
    fleet: TaurusFleet, opener: Opener, simulator: TaurusSimulator
) -> None:
    await fleet.instances()
    simulator.switch("expire_tokens", "APIGW.0307")
    await asyncio.gather(*(fleet.instances() for _ in range(5)))
    assert logins(opener) == 2


async def test_a_token_of_another_tenant_is_replaced(
    recorder: Recorder, opener: Opener, user: Password
) -> None:
    foreign = Reply({"error_code": "DBS.280056", "error_msg": "The token is invalid."}, 403)
    recorder.reply(token("one"), foreign, token("two"), EMPTY)
    assert await opener(recorder.config(user)).instances() == ()
    assert [seen.headers.get("X-Auth-Token") for seen in recorder.seen] == [
        None,
        "one",
        None,
        "two",
    ]


async def test_a_new_token_that_is_refused_too_ends_the_matter(
    recorder: Recorder, opener: Opener, user: Password
) -> None:
    recorder.reply(token("one"), REFUSED, token("two"), REFUSED)
    with pytest.raises(CloudError) as caught:
        await opener(recorder.config(user)).submit([("id", "2.0.1.1")], delay=False)
    assert (caught.value.effect, caught.value.reaction) == (Effect.REFUSED, Reaction.AUTHENTICATE)
    assert len(recorder.seen) == 4


async def test_a_wrong_password_is_tried_once_and_not_until_the_user_is_locked(
    opener: Opener, simulator: TaurusSimulator, clock: HandClock
) -> None:
    fleet = opener(login(simulator, password="wrong"))
    for _ in range(7):
        with pytest.raises(CloudError, match=r"restart it.*30 minutes.*lock") as caught:
            await fleet.instances()
        assert caught.value.code == "IAM.0062"
        assert caught.value.reaction is Reaction.FIX
    assert logins(opener) == 1

    clock.forward(minutes=30)
    with pytest.raises(CloudError):
        await fleet.instances()
    assert logins(opener) == 2


async def test_a_wrong_password_stops_everybody_who_waits_for_the_token(
    opener: Opener, simulator: TaurusSimulator
) -> None:
    fleet = opener(login(simulator, password="wrong"))
    found = await asyncio.gather(*(fleet.instances() for _ in range(6)), return_exceptions=True)
    assert {type(error).__name__ for error in found} == {"TaurusError"}
    assert logins(opener) == 1


async def test_a_corrected_password_works_again(
    opener: Opener, recorder: Recorder, user: Password, clock: HandClock
) -> None:
    wrong = Reply({"error": {"code": 401, "message": "wrong password", "title": "no"}}, 401)
    recorder.reply(wrong, token("one"), EMPTY)
    fleet = opener(recorder.config(user))
    with pytest.raises(CloudError) as caught:
        await fleet.instances()
    assert (caught.value.code, caught.value.message) == ("401", "wrong password")
    clock.forward(minutes=31)
    assert await fleet.instances() == ()


async def test_iam_in_trouble_is_asked_again_within_limits(
    fleet: TaurusFleet, opener: Opener, simulator: TaurusSimulator
) -> None:
    simulator.switch("iam_down", value=True)
    with pytest.raises(CloudError) as caught:
        await fleet.instances()
    assert (caught.value.code, caught.value.reaction) == ("IAM.0006", Reaction.BACK_OFF)
    assert logins(opener) == 3


async def test_a_living_token_is_used_while_iam_is_down(
    fleet: TaurusFleet, opener: Opener, simulator: TaurusSimulator, clock: HandClock
) -> None:
    await fleet.instances()
    clock.forward(hours=23, minutes=45)
    simulator.switch("iam_down", value=True)
    for _ in range(3):
        await fleet.instances()
    assert logins(opener) == 2, "the failed renewal is not repeated with every call"
    clock.forward(minutes=1)
    await fleet.instances()
    assert logins(opener) == 3
    clock.forward(minutes=15)
    with pytest.raises(CloudError):
        await fleet.instances()


async def test_an_answer_without_a_token_is_not_understood(
    recorder: Recorder, opener: Opener, user: Password
) -> None:
    recorder.reply(Reply({"token": {}}, 201))
    with pytest.raises(CloudError, match="cannot read"):
        await opener(recorder.config(user)).instances()


async def test_a_token_without_dates_counts_as_a_usual_one(
    recorder: Recorder, opener: Opener, user: Password, clock: HandClock
) -> None:
    undated = Reply({"token": {"project": None}}, 201, {"X-Subject-Token": "one"})
    recorder.reply(undated, EMPTY)
    fleet = opener(recorder.config(user))
    await fleet.instances()
    clock.forward(hours=23)
    await fleet.instances()
    assert len(recorder.seen) == 3


async def test_a_login_that_names_no_project_falls_back_on_the_lookup(
    recorder: Recorder, opener: Opener, user: Password
) -> None:
    projects = Reply({"projects": [{"id": "p1", "name": "cn-north-4"}]})
    recorder.reply(token("one"), projects)
    fleet = opener(recorder.config(user, project_id=None))
    assert await fleet.project_id() == "p1"
    assert recorder.seen[-1].headers["X-Auth-Token"] == "one"


async def test_the_end_of_a_token_does_not_depend_on_our_clock_being_right(
    fleet: TaurusFleet, opener: Opener, simulator: TaurusSimulator, clock: HandClock
) -> None:
    simulator.switch("clock_ahead_seconds", 36000)
    await fleet.instances()
    clock.forward(hours=23)
    await fleet.instances()
    assert logins(opener) == 1
