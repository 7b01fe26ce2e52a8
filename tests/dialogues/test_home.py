"""The Home tab: what waits, what runs, how the fleet stands; everything can be done there."""

from typing import Any

from tests.dialogues.stage import Stage

ANN, BOB, CARL = "U0ANN", "U0BOB", "U0CARL"


def parts(stage: Stage, user: str) -> dict[str, str]:
    """What stands under each heading of somebody's tab."""
    view = stage.world.slack.home(user)
    found: dict[str, str] = {}
    title = ""
    for block in view["blocks"] if view else []:
        if block["type"] == "header":
            title = block["text"]["text"]
        else:
            found[title] = found.get(title, "") + str(block)
    return found


async def opens(stage: Stage, user: str) -> None:
    stage.world.slack.open_home(user)
    await stage.until(lambda: bool(stage.world.slack.home(user)))


async def until_home(stage: Stage, user: str, title: str, part: str) -> None:
    await stage.until(lambda: part in parts(stage, user).get(title, ""))


async def clicks(stage: Stage, user: str, action: str) -> dict[str, Any]:
    view = stage.world.slack.home(user)
    assert view is not None
    return await stage.world.slack.click_in_view(user, view["id"], action)


async def test_what_waits_for_somebody_is_approved_there(approved_stage: Stage) -> None:
    stage = approved_stage
    await opens(stage, BOB)
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await until_home(stage, BOB, "Waits for you", "CHG-1 · Proposed")
    assert "Nothing" in parts(stage, BOB)["Your changes"]
    assert (await clicks(stage, BOB, "change.approve"))["ok"]
    await until_home(stage, BOB, "Waits for you", "Nothing")
    await stage.until_state("Succeeded")


async def test_ones_own_changes_and_what_runs_follow_the_facts(approved_stage: Stage) -> None:
    stage = approved_stage
    await opens(stage, ANN)
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1 --soak 1h")
    await until_home(stage, ANN, "Your changes", "CHG-1 · Proposed")
    assert "CHG-1" not in parts(stage, ANN)["Waits for you"]
    await stage.until_state("Proposed")
    await stage.presses(BOB, "change.approve")
    await until_home(stage, ANN, "Running now", "1 of 2 run the newest kernel")
    assert (await clicks(stage, ANN, "change.halt"))["ok"]
    await until_home(stage, ANN, "Your changes", "CHG-1 · Halted")
    await until_home(stage, ANN, "Running now", "Nothing")


async def test_what_is_scheduled_can_be_moved_there(stage: Stage) -> None:
    await opens(stage, ANN)
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await until_home(stage, ANN, "Waits for you", "CHG-1 · Proposed")
    await clicks(stage, ANN, "change.approve")
    await until_home(stage, ANN, "Scheduled for the next 7 days", "CHG-1 · Scheduled")
    await clicks(stage, ANN, "change.reschedule")
    await stage.until_form(ANN, "It is planned for")
    assert (await stage.sends(ANN, at="+9d"))["ok"]
    await until_home(stage, ANN, "Waits for you", "CHG-1 · Proposed")
    await clicks(stage, ANN, "change.approve")
    await until_home(stage, ANN, "Your changes", "CHG-1 · Scheduled")
    assert "Nothing" in parts(stage, ANN)["Scheduled for the next 7 days"]


async def test_the_fleet_shows_its_kernels_and_what_is_behind(stage: Stage) -> None:
    await opens(stage, ANN)
    title = "Databases of default by kernel"
    await until_home(stage, ANN, title, "could be upgraded")
    await stage.until(lambda: "not looked at" not in parts(stage, ANN)[title])
    assert "`2.0.63.250300`" in parts(stage, ANN)[title]
    assert "behind" in parts(stage, ANN)[title]


async def test_an_upgrade_is_planned_from_there(stage: Stage) -> None:
    await opens(stage, ANN)
    assert (await clicks(stage, ANN, "upgrade.open"))["ok"]
    await stage.until_form(ANN, "conversations_select")


async def test_a_cloud_that_does_not_answer_is_told_there(stage: Stage) -> None:
    stage.world.taurus.fail("list_instances", "error_before", times=90)
    await opens(stage, ANN)
    title = "Databases of default by kernel"
    await stage.until(lambda: "One moment" not in parts(stage, ANN)[title])
    assert "section" in parts(stage, ANN)[title]


async def test_a_tab_that_nobody_opened_is_not_drawn_and_one_that_looks_the_same_not_again(
    stage: Stage,
) -> None:
    await opens(stage, ANN)
    await until_home(stage, ANN, "Databases of default by kernel", "could be upgraded")
    title = "Databases of default by kernel"
    await stage.until(lambda: "not looked at" not in parts(stage, ANN)[title])
    await stage.says(BOB, "/taurus-fleet")
    await stage.until_whispered(BOB, "databases in default")
    drawn = [call for call in stage.world.slack.calls if call.method == "views.publish"]
    stage.passes(seconds=20)
    await stage.says(BOB, "/taurus-upgrade orders-prod-01")
    await until_home(stage, ANN, "Your changes", "Nothing")
    await stage.until_state("Proposed")
    assert stage.world.slack.home(BOB) is None
    again = [call for call in stage.world.slack.calls if call.method == "views.publish"]
    assert len(again) == len(drawn)


async def test_a_freeze_is_shown_with_the_next_open_time(stage: Stage) -> None:
    await opens(stage, BOB)
    title = "Freezes and change windows"
    await until_home(stage, BOB, title, "changes may start now")
    await stage.says(ANN, "/taurus-freeze add --until +2h --reason audit")
    await until_home(stage, BOB, title, "FRZ-1")
    assert "the next open time begins" in parts(stage, BOB)[title]
