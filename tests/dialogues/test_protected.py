"""A protected environment: the card looks dangerous, and a yes asks to type its name."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dialogues.stage import Stage

ANN, BOB, DANA = "U0ANN", "U0BOB", "U0DANA"
POLICY = """
[environments.prod]
channels = ["C0DB"]
approvers = ["S0ONCALL"]
protected = true
wave_size = 1
"""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    stage = await Stage.open(tmp_path, TAURUS_CONFIG=str(policy), TAURUS_NOTIFY="")
    yield stage
    await stage.close()


async def proposed(stage: Stage, line: str = "orders-prod-01") -> None:
    await stage.says(ANN, f"/taurus-upgrade {line}")
    await stage.until_state("Proposed")


async def test_a_yes_asks_to_type_the_name_of_a_protected_environment(stage: Stage) -> None:
    await proposed(stage)
    assert "PROTECTED ENVIRONMENT prod" in str(stage.card["blocks"][1])
    await stage.presses(BOB, "change.approve")
    await stage.until_form(BOB, "Type prod to approve")
    assert "orders-prod-01" in str(stage.form(BOB))
    wrong = await stage.sends(BOB, name="Prod")
    assert "Type its name, prod, exactly" in wrong["errors"]["name"]
    assert "· Proposed ·" in stage.card["text"]
    assert (await stage.sends(BOB, name="prod"))["ok"]
    await stage.until_state("Succeeded")
    assert "PROTECTED" not in stage.shown
    assert len(stage.world.taurus.submissions("orders-prod-01")) == 1


async def test_who_may_not_approve_is_told_in_the_form(stage: Stage) -> None:
    await proposed(stage)
    await stage.presses(ANN, "change.approve")
    await stage.until_form(ANN, "your own approval does not count")
    assert stage.form(ANN)["submit"] is None


async def test_what_changed_behind_an_open_form_is_not_approved_by_it(stage: Stage) -> None:
    await proposed(stage, "orders-prod-01 --at +3h")
    await stage.presses(BOB, "change.approve")
    await stage.until_form(BOB, "Type prod to approve")
    await stage.says(ANN, "/taurus-change reschedule CHG-1 --at +5h")
    await stage.until(lambda: any("moved it to" in line for line in stage.thread))
    outdated = await stage.sends(BOB, name="prod")
    assert "is not as you saw it any more" in outdated["errors"]["name"]
    await stage.presses(BOB, "change.reject")
    await stage.until_state("Rejected")
    late = await stage.sends(BOB, name="prod")
    assert "is Rejected by now" in late["errors"]["name"]


async def test_a_yes_from_a_home_tab_or_a_direct_copy_asks_too(stage: Stage) -> None:
    slack = stage.world.slack
    slack.leave(BOB, "C0DB")
    slack.open_home(DANA)
    await proposed(stage, "orders-prod-01 orders-prod-02")
    await stage.until(lambda: "change.approve" in str(slack.home(DANA)))
    home = slack.home(DANA)
    assert home is not None
    assert (await slack.click_in_view(DANA, home["id"], "change.approve"))["ok"]
    await stage.until_form(DANA, "Type prod to approve")
    await stage.until_direct(BOB, "change.approve")
    ts = stage.direct(BOB)[-1]["ts"]
    assert (await slack.click(BOB, slack.im(BOB), ts, "change.approve"))["ok"]
    await stage.until_form(BOB, "Type prod to approve")
    assert (await stage.sends(BOB, name="prod"))["ok"]
    await stage.until(lambda: any("orders-prod-01: succ" in line for line in stage.thread))


async def test_going_on_after_a_halt_asks_too(stage: Stage) -> None:
    await proposed(stage, "orders-prod-01 orders-prod-02 --soak 1h")
    await stage.presses(BOB, "change.approve")
    await stage.until_form(BOB, "Type prod to approve")
    await stage.sends(BOB, name="prod")
    await stage.until(lambda: any("orders-prod-01: succ" in line for line in stage.thread))
    await stage.presses(BOB, "change.halt")
    await stage.until_state("Halted")
    await stage.says(BOB, "/taurus-change resume CHG-1")
    await stage.until_whispered(BOB, "Type its name, prod, exactly")
    await stage.presses(BOB, "change.resume")
    await stage.until_form(BOB, "Type prod to approve")
    assert "orders-prod-01" not in str(stage.form(BOB)["blocks"])
    await stage.sends(BOB, name="prod")
    await stage.until_state("Running")


async def test_a_forged_button_without_the_form_approves_nothing(stage: Stage) -> None:
    await proposed(stage)
    actions = stage.card["blocks"][-1]
    actions["block_id"] = "anything"
    await stage.presses(BOB, "change.approve")
    await stage.until_whispered(BOB, "Nothing was approved: prod is protected")
    assert stage.world.slack.modals(BOB) == []


async def test_rules_that_change_after_the_approval_void_it(stage: Stage, tmp_path: Path) -> None:
    await proposed(stage, "orders-prod-01 --at +3h")
    await stage.presses(BOB, "change.approve")
    await stage.until_form(BOB, "Type prod to approve")
    await stage.sends(BOB, name="prod")
    await stage.until_state("Scheduled")
    await stage.leave()
    (tmp_path / "policy.toml").write_text(POLICY + "approvals = 2\n")
    await stage.enter()
    stage.passes(hours=3)
    await stage.until_state("Proposed")
    assert "The rules of approval of prod are not those any more" in stage.shown
    assert "0 of 2 approvals" in stage.shown
    assert stage.world.taurus.submissions("orders-prod-01") == []


async def test_the_preview_says_that_it_is_protected(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --dry-run")
    await stage.until(lambda: "PROTECTED" in str(stage.world.slack.ephemerals(ANN, "C0DB")))
    await stage.says(ANN, "/taurus-upgrade")
    await stage.until_form(ANN, "PROTECTED ENVIRONMENT prod")
