"""Slack failing at every call of a story, and Slack being away, closed to us or forgetful."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from tests.faults.person import Person
from tests.faults.sample import STRIDE
from tests.faults.trial import ANN, CHANNEL, PATIENCE, SCOPES, Bot, Forks, Trial
from tests.faults.truth import hold

AT_ONCE = 6
NOW = "/taurus-upgrade orders-prod-01"
REQUIRED = (
    "app_mentions:read",
    "chat:write",
    "commands",
    "im:write",
    "usergroups:read",
    "users:read",
)
FAULTS = ("http_500", "ratelimited", "internal_error", "drop_call", "drop_answer")
FOR_EVER = 100_000


async def open_trial(forks: Forks, folder: Path, scopes: Iterable[str] = SCOPES) -> Trial:
    return await Trial.open(forks, folder, f"sqlite:///{folder}.db", scopes=scopes)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_call_that_fails_once_costs_only_time(
    forks: Forks, tmp_path: Path, fault: str
) -> None:
    async def failing_at(number: int) -> bool:
        trial = await open_trial(forks, tmp_path / str(number))
        calls: list[str] = []

        def is_due(name: str, _bot: Bot | None) -> bool:
            if not name.startswith("before slack"):
                return False
            calls.append(name.rsplit(maxsplit=1)[-1])
            return len(calls) == number

        def fails(_bot: Bot | None) -> bool:
            trial.slack.faults.next_calls(calls[-1], fault, retry_after=2)
            return False

        trial.steps.is_due, trial.steps.on_kill = is_due, fails
        trial.start()
        try:
            person = Person(trial, NOW)
            await person.is_served()
            await trial.end()
            await hold(trial, person, "orders-prod-01")
        finally:
            await trial.close()
        return len(calls) >= number

    number, is_over = 1, False
    while not is_over:
        async with asyncio.TaskGroup() as group:
            numbers = range(number, number + AT_ONCE * STRIDE, STRIDE)
            trials = [group.create_task(failing_at(one)) for one in numbers]
        is_over = not all(trial.result() for trial in trials)
        number += AT_ONCE * STRIDE
    assert number > 12, "the story has fewer calls than any real one"


@pytest.fixture
async def trial(forks: Forks, tmp_path: Path) -> AsyncIterator[Trial]:
    trial = await open_trial(forks, tmp_path / "trial")
    trial.start()
    yield trial
    await trial.close()


async def is_served(trial: Trial, person: Person) -> None:
    await person.is_served()
    await trial.end()
    await hold(trial, person, "orders-prod-01")


async def test_a_lost_card_is_looked_for_until_looking_succeeds(trial: Trial) -> None:
    trial.slack.faults.next_calls("chat.postMessage", "drop_answer")
    trial.slack.faults.next_calls("conversations.history", "ratelimited")
    trial.slack.faults.next_calls("conversations.history", "http_500")
    trial.slack.faults.next_calls("conversations.history", "drop_answer")
    await is_served(trial, Person(trial, NOW))


async def test_a_lost_line_is_looked_for_though_the_card_cannot_be_redrawn(trial: Trial) -> None:
    person = Person(trial, NOW)
    await person.goes_on_until(lambda: trial.shows("Proposed"))
    trial.slack.faults.next_calls("chat.postMessage", "drop_answer")
    trial.slack.faults.next_calls("chat.update", "ratelimited", times=3)
    await is_served(trial, person)


async def test_slack_being_away_for_an_hour_costs_only_time(trial: Trial) -> None:
    person = Person(trial, NOW)
    await person.goes_on_until(lambda: trial.shows("Running"))
    trial.slack.faults.next_calls("*", "http_500", times=FOR_EVER)
    await trial.slack.close_sockets()
    await trial.slack.wait_for(lambda: trial.is_new("orders-prod-01"), PATIENCE)
    trial.clock.jump(3600)
    trial.slack.faults.clear()
    await is_served(trial, person)


async def test_an_archived_channel_shows_the_whole_story_when_it_is_brought_back(
    trial: Trial,
) -> None:
    person = Person(trial, NOW)
    await person.goes_on_until(lambda: trial.shows("Running"))
    trial.slack.archive(CHANNEL)
    await trial.slack.wait_for(lambda: trial.is_new("orders-prod-01"), PATIENCE)
    await trial.slack.wait_for(lambda: trial.direct_messages, PATIENCE)
    trial.clock.jump(600)
    trial.slack.unarchive(CHANNEL)
    await is_served(trial, person)
    assert len(trial.direct_messages) == 1, (trial.direct_messages, trial.scene())
    assert "is_archived" in trial.direct_messages[0]


async def test_a_bot_that_was_removed_asks_to_be_invited_and_then_shows_everything(
    trial: Trial,
) -> None:
    trial.slack.remove_bot(CHANNEL)
    person = Person(trial, NOW)
    await person.goes_on_until(lambda: bool(trial.direct_messages))
    assert "/invite" in trial.direct_messages[0]
    trial.clock.jump(60)
    trial.slack.invite_bot(CHANNEL)
    await is_served(trial, person)
    assert len(trial.direct_messages) == 1


async def test_a_card_that_was_deleted_is_posted_anew_with_its_story(trial: Trial) -> None:
    person = Person(trial, NOW)
    await person.goes_on_until(lambda: "answered" in trial.told)
    trial.slack.delete_message(CHANNEL, trial.cards[0]["ts"])
    await is_served(trial, person)


async def test_a_fleet_is_told_within_slacks_rates(trial: Trial) -> None:
    asked: list[str] = []

    async def note(method: str, moment: str) -> None:
        asked.append(f"{moment} {method}")

    trial.slack.on_call = note
    await Person(trial, "/taurus-upgrade orders-*").is_served()
    await trial.end()
    for method in ("chat.postMessage", "chat.update"):
        refused = asked.count(f"before {method}") - asked.count(f"after {method}")
        assert refused == 0, f"Slack had to refuse {refused} calls of {method}"


async def test_without_the_right_to_look_a_stray_card_leads_to_the_live_one(
    forks: Forks, tmp_path: Path
) -> None:
    trial = await open_trial(forks, tmp_path / "trial", scopes=REQUIRED)
    trial.slack.faults.next_calls("chat.postMessage", "drop_answer")
    trial.start()
    try:
        await trial.slack.wait_for(lambda: trial.slack.connections, PATIENCE)
        await trial.slack.command(ANN, CHANNEL, NOW)
        await trial.slack.wait_for(lambda: len(trial.cards) == 2, PATIENCE)
        stray, live = trial.cards
        await trial.slack.click(ANN, CHANNEL, stray["ts"], "change.approve")
        await trial.slack.wait_for(lambda: bool(trial.whispers), PATIENCE)
        assert live["ts"].replace(".", "") in trial.whispers[0]
        assert "nothing was done" in trial.whispers[0]
        assert "actions" not in [block["type"] for block in trial.cards[0]["blocks"]]
        assert "posted twice" in trial.cards[0]["text"]
        assert trial.shows("Proposed")
        await Person(trial, NOW).goes_on_until(lambda: trial.shows("Succeeded"))
        assert len(trial.taurus.submissions("orders-prod-01")) == 1
    finally:
        await trial.close()
