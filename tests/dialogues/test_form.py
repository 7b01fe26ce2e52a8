"""An upgrade is planned, and a change moved, in forms."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.dialogues.stage import CHANNEL, Stage

ANN, BOB = "U0ANN", "U0BOB"


def one(stage: Stage, name: str) -> str:
    return stage.world.taurus.instance(name).id


def blocks(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def offered(answer: dict[str, Any]) -> dict[str, str]:
    return {one["text"]["text"]: one["description"]["text"] for one in answer["options"]}


async def opened(stage: Stage, user: str = ANN) -> dict[str, Any]:
    await stage.says(user, "/taurus-upgrade")
    await stage.until_form(user, "instances")
    return stage.form(user)


async def test_the_form_leads_to_the_same_card_as_the_line(stage: Stage) -> None:
    view = await opened(stage)
    assert view["callback_id"] == "upgrade.form"
    fields = blocks(view)
    assert list(fields) == ["env", "instances", "when", "at", "waves", "reason"]
    assert all(block["element"]["action_id"] == name for name, block in fields.items())
    chosen = [one(stage, "orders-prod-01"), one(stage, "orders-prod-02")]
    answer = await stage.sends(ANN, instances=chosen, waves="1,rest", reason="patch")
    assert answer == {"ok": True}
    assert stage.world.slack.modals(ANN) == []
    await stage.until_state("Proposed")
    assert "Reason: patch" in stage.shown
    assert "orders-prod-02" in stage.shown
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Succeeded")
    assert len(stage.cards) == 1


async def test_a_slow_cloud_does_not_keep_the_form_from_opening(stage: Stage) -> None:
    answers = asyncio.Event()

    async def hold(operation: str, _moment: str) -> None:
        if operation == "list_instances":
            await answers.wait()

    stage.world.taurus.on_request = hold
    await stage.says(ANN, "/taurus-upgrade")
    await stage.until_form(ANN, "One moment")
    answers.set()
    await stage.until_form(ANN, "instances")


async def test_a_cloud_that_does_not_answer_is_told_in_the_form(stage: Stage) -> None:
    stage.world.taurus.fail("list_instances", "error_before", times=30)
    await stage.says(ANN, "/taurus-upgrade")
    await stage.until_form(ANN, "Nothing was done")
    assert stage.form(ANN)["submit"] is None


async def test_databases_are_found_by_name_id_and_tag_as_one_types(stage: Stage) -> None:
    await opened(stage)
    wanted = one(stage, "orders-prod-01")
    region = stage.world.taurus.region
    told = ""
    while "…" in told or not told:  # kernels are read in the background
        found = offered(await stage.types(ANN, "orders-prod-01"))
        told = found["orders-prod-01"]
    assert told == f"{region} · 2.0.63.250300 → 2.0.72.251200"
    assert list(offered(await stage.types(ANN, wanted.upper()))) == ["orders-prod-01"]
    assert "orders-prod-01" in offered(await stage.types(ANN, "orders env=prod"))
    assert offered(await stage.types(ANN, "nosuch")) == {}


async def test_what_cannot_be_chosen_says_why(stage: Stage) -> None:
    await stage.says(BOB, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await opened(stage)
    found = offered(await stage.types(ANN, "orders-prod-01"))
    assert found["orders-prod-01"] == "Not now: is in CHG-1 already"
    answer = await stage.sends(ANN, instances=[one(stage, "orders-prod-01")])
    assert answer["errors"] == {"instances": "orders-prod-01 is in CHG-1 already."}
    assert stage.world.slack.modals(ANN)


async def test_a_pattern_can_be_chosen(stage: Stage) -> None:
    await opened(stage)
    answer = await stage.types(ANN, "orders-prod-*")
    assert offered(answer)["orders-prod-*"].startswith("all that match: ")
    assert (await stage.sends(ANN, instances=["orders-prod-*"]))["ok"]
    await stage.until_state("Proposed")
    assert "orders-prod-02" in stage.shown


async def test_the_preview_follows_what_is_chosen_and_nothing_typed_is_lost(stage: Stage) -> None:
    view = await opened(stage)
    await stage.chooses(ANN, "reason", "patch")
    await stage.chooses(ANN, "instances", [one(stage, "orders-prod-01")])
    await stage.until_form(ANN, "1 database would be upgraded.")
    await stage.until_form(ANN, "It takes no approval but your own confirmation.")
    await stage.chooses(ANN, "when", "at")
    await stage.until_form(ANN, "Type the time")
    await stage.chooses(ANN, "at", "yesterday")
    await stage.until_form(ANN, "is not a time I know")
    await stage.chooses(ANN, "at", "+3h")
    await stage.until_form(ANN, "Runs <!date")
    await stage.chooses(ANN, "waves", "many")
    await stage.until_form(ANN, "many is not a list of wave sizes")
    await stage.chooses(ANN, "waves", "1")
    await stage.until_form(ANN, "1 database would be upgraded.")
    now = stage.form(ANN)
    assert list(blocks(now)) == list(blocks(view))
    held = now["state"]["values"]
    assert held["reason"]["reason"]["value"] == "patch"
    assert held["at"]["at"]["value"] == "+3h"
    assert held["when"]["when"]["selected_option"]["value"] == "at"
    assert (await stage.sends(ANN))["ok"]
    await stage.until_state("Proposed")
    assert "Runs <!date" in stage.shown


@pytest.mark.parametrize(
    ("field", "answers", "part"),
    [
        ("at", {"when": "at"}, "Type the time"),
        ("at", {"when": "at", "at": "25:99"}, "is not a time I know"),
        ("at", {"when": "at", "at": "2020-01-01 02:00"}, "is in the past. Did you mean"),
        ("at", {"at": "02:00"}, "not chosen"),
        ("waves", {"waves": "a,b"}, "is not a list of wave sizes"),
        ("instances", {"instances": ["nosuch"]}, "There is no instance nosuch"),
    ],
)
async def test_a_mistake_stands_at_its_field(
    stage: Stage, field: str, answers: dict[str, Any], part: str
) -> None:
    await opened(stage)
    chosen = {"instances": [one(stage, "orders-prod-01")], **answers}
    answer = await stage.sends(ANN, **chosen)
    assert not answer["ok"]
    assert part in answer["errors"][field]
    assert list(answer["errors"]) == [field]
    mended = {"when": "now", "at": None, "waves": "1"}
    answer = await stage.sends(ANN, instances=[one(stage, "orders-prod-01")], **mended)
    assert answer["ok"], answer
    await stage.until_state("Proposed")


async def test_a_freeze_stands_in_the_preview_and_at_the_choice_of_the_time(stage: Stage) -> None:
    await stage.says(BOB, "/taurus-freeze add --until +2h --reason audit")
    await stage.until_whispered(BOB, "FRZ-1")
    await opened(stage)
    await stage.chooses(ANN, "instances", [one(stage, "orders-prod-01")])
    await stage.until_form(ANN, "This stands in the way")
    assert "FRZ-1 holds until" in str(stage.form(ANN)["blocks"])
    errors = (await stage.sends(ANN))["errors"]
    assert list(errors) == ["when"]
    assert "FRZ-1 holds until" in errors["when"]
    assert (await stage.sends(ANN, when="at", at="+3h"))["ok"]
    await stage.until_state("Proposed")


async def test_only_requesters_get_a_form(guarded_stage: Stage) -> None:
    stage = guarded_stage
    await stage.says(ANN, "/taurus-upgrade")
    await stage.until_form(ANN, "not among those who may ask")
    assert stage.form(ANN)["submit"] is None
    await opened(stage, BOB)


async def test_the_shortcut_asks_where_the_card_belongs(stage: Stage) -> None:
    await stage.opens_from_menu(ANN, "upgrade.open")
    await stage.until_form(ANN, "conversations_select")
    chosen = [one(stage, "orders-prod-01")]
    assert (await stage.sends(ANN, instances=chosen, channel=CHANNEL))["ok"]
    await stage.until_state("Proposed")


async def test_a_similar_change_is_planned_from_a_card(stage: Stage) -> None:
    line = "orders-prod-01 orders-prod-02 --at +3h --waves 1,rest --soak 5m --reason patch"
    await stage.says(ANN, f"/taurus-upgrade {line}")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.cancel")
    await stage.until_state("Cancelled")
    await stage.opens_from_menu(BOB, "upgrade.similar")
    await stage.until_form(BOB, "2 databases would be upgraded.")
    assert (await stage.sends(BOB))["ok"]
    await stage.until(lambda: len(stage.cards) == 2)
    await stage.until_state("Proposed")
    assert stage.app is not None
    first, second = [await stage.app.changes.get(number) for number in (1, 2)]
    assert first is not None
    assert second is not None
    assert second.requester == BOB
    planned = first.options.model_copy(update={"run_at": None})
    assert second.options.model_copy(update={"run_at": None}) == planned
    assert [one.name for one in second.targets] == [one.name for one in first.targets]


async def test_a_message_that_is_no_card_has_nothing_to_repeat(stage: Stage) -> None:
    stage.world.slack.say(ANN, CHANNEL, "good morning")
    await stage.opens_from_menu(ANN, "upgrade.similar")
    await stage.until_form(ANN, "is no card of a change")


async def test_a_change_is_moved_in_a_form(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")
    await stage.presses(ANN, "change.reschedule")
    await stage.until_form(ANN, "It is planned for")
    view = stage.form(ANN)
    assert view["callback_id"] == "change.reschedule.form"
    assert list(blocks(view)) == ["at"]
    for text, part in (("noon", "is not a time I know"), ("2020-01-01 02:00", "in the past")):
        answer = await stage.sends(ANN, at=text)
        assert part in answer["errors"]["at"]
        assert stage.form(ANN)["state"]["values"]["at"]["at"]["value"] == text
    assert (await stage.sends(ANN, at="+5h")) == {"ok": True}
    await stage.until_state("Proposed")
    await stage.until(lambda: any("moved it to" in line for line in stage.thread))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("2027-03-28 02:30", "does not exist in Europe/Berlin"),
        ("2027-10-31 02:30", "comes twice in Europe/Berlin"),
    ],
)
async def test_a_time_that_no_clock_shows_once_is_refused_with_a_proposal(
    stage: Stage, text: str, part: str
) -> None:
    stage.passes(days=(datetime(2027, 1, 10, tzinfo=UTC) - stage.world.clock.now()).days)
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.reschedule")
    await stage.until_form(ANN, "It is planned for")
    assert part in (await stage.sends(ANN, at=text))["errors"]["at"]


async def test_a_change_that_cannot_be_moved_says_so_in_the_form(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(BOB, "change.reschedule")
    await stage.until_form(BOB, "who asked for it")
    await stage.presses(ANN, "change.reschedule")
    await stage.until_form(ANN, "It is planned for")
    await stage.says(ANN, "/taurus-change cancel CHG-1")
    await stage.until_state("Cancelled")
    assert "does not apply any more" in (await stage.sends(ANN, at="+5h"))["errors"]["at"]


def draws(stage: Stage) -> int:
    return sum(call.method == "views.update" for call in stage.world.slack.calls)


@pytest.mark.parametrize(("slow", "drawn"), [("first", 3), ("second", 4)])
async def test_the_newest_choice_is_what_the_preview_shows(
    stage: Stage, slow: str, drawn: int
) -> None:
    """Two choices quickly after one another, and the work of one of them takes long."""
    await opened(stage)
    waits, arrived = asyncio.Event(), asyncio.Event()
    looks = 0

    async def hold(operation: str, moment: str) -> None:
        nonlocal looks
        if (operation, moment) != ("scheduled_jobs", "before"):
            return
        looks += 1
        arrived.set()
        if looks == (1 if slow == "first" else 2):
            await waits.wait()
        elif slow == "second":
            # The first is drawn only when the second has been chosen.
            await second.wait()

    second = asyncio.Event()
    stage.world.taurus.on_request = hold
    first, both = (
        [one(stage, "orders-prod-01")],
        [
            one(stage, "orders-prod-01"),
            one(stage, "orders-prod-02"),
        ],
    )
    await stage.chooses(ANN, "instances", first)
    await asyncio.wait_for(arrived.wait(), 10)
    await stage.chooses(ANN, "instances", both)
    second.set()
    if slow == "first":
        await stage.until_form(ANN, "2 databases would be upgraded.")
    else:
        await stage.until_form(ANN, "1 database would be upgraded.")
    waits.set()
    await stage.until(lambda: draws(stage) == drawn)
    await stage.until_form(ANN, "2 databases would be upgraded.")
