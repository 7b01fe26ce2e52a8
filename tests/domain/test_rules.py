"""The rules of approval of a change: more risk may take more approvals."""

import pytest

from bot.domain.change import Options, State, TargetState
from bot.domain.environment import Environment, MoreApprovals
from bot.domain.explain import Question, explain
from bot.domain.kernel import Path
from bot.domain.policy import Action
from bot.domain.rules import approvals, ruled, rules_differ
from bot.domain.seal import is_sealed
from bot.views.card import card
from bot.views.reader import Reader
from tests.domain.examples import (
    ANCIENT,
    OLD,
    TWO_PHASE,
    approved,
    change,
    sent,
    target,
    under_way,
    words,
)

MANY = MoreApprovals(approvals=3, instances=4)
PHASED = MoreApprovals(approvals=2, path=Path.TWO_PHASE)
ROUNDS = MoreApprovals(approvals=4, instances=2, path=Path.SEVERAL_ROUNDS)
TWO_PHASES_WHY = "More approvals than usual, because 1 instance upgrades in two phases."
PROD = Environment(
    name="prod",
    region="cn-north-4",
    approvers=("U0BOB", "U0DANA", "U0EVE", "U0FAY"),
    more_approvals=(MANY, PHASED, ROUNDS),
)


@pytest.mark.parametrize(
    ("kernels", "needed", "why"),
    [
        ([OLD], 1, None),
        ([OLD] * 3, 1, None),
        ([OLD] * 4, 3, "More approvals than usual, because it upgrades 4 instances."),
        (
            [OLD, TWO_PHASE],
            2,
            "More approvals than usual, because 1 instance upgrades in two phases.",
        ),
        (
            [TWO_PHASE] * 4,
            3,
            "More approvals than usual, because it upgrades 4 instances.",
        ),
        ([ANCIENT, OLD], 1, None),
        (
            [ANCIENT, ANCIENT, OLD],
            4,
            "More approvals than usual, because 2 instances need several rounds.",
        ),
    ],
)
def test_of_the_rules_that_fit_the_one_that_asks_for_most_counts(
    kernels: list[str], needed: int, why: str | None
) -> None:
    targets = [target(number, kernel) for number, kernel in enumerate(kernels)]
    asked = ruled(change(*targets), PROD)
    assert asked.approvals_needed == needed
    assert (None if asked.approvals_why is None else str(asked.approvals_why)) == why


@pytest.mark.parametrize(
    ("rules", "options", "told"),
    [
        (PROD, Options(), ["It takes 2 approvals.", TWO_PHASES_WHY]),
        (PROD, Options(override="fire"), ["It takes 3 approvals.", TWO_PHASES_WHY]),
        (
            PROD.model_copy(update={"more_approvals": ()}),
            Options(),
            ["It takes 1 approval."],
        ),
        (
            Environment(name="dev", region="cn-north-4"),
            Options(),
            ["It takes no approval but your own confirmation."],
        ),
    ],
)
def test_a_preview_tells_how_many_approvals_it_will_take_and_why(
    rules: Environment, options: Options, told: list[str]
) -> None:
    targets = [target(1, OLD), target(2, TWO_PHASE)]
    assert words(approvals(targets, rules, options)) == told


def test_going_past_a_freeze_takes_one_more_than_the_risk_does() -> None:
    broken = change(target(kernel=TWO_PHASE), options=Options(override="urgent"))
    assert ruled(broken, PROD).approvals_needed == 3


def test_a_rule_that_asks_for_less_than_usual_lowers_nothing() -> None:
    strict = PROD.model_copy(update={"approvals": 3})
    asked = ruled(change(target(kernel=TWO_PHASE)), strict)
    assert (asked.approvals_needed, asked.approvals_why) == (3, None)


def test_without_approvers_the_requester_confirms_whatever_the_risk() -> None:
    nobody = PROD.model_copy(update={"approvers": ()})
    assert ruled(change(target(kernel=TWO_PHASE)), nobody).approvals_needed == 1


def test_the_risk_of_a_change_stays_while_it_runs() -> None:
    running = ruled(
        under_way(sent(1, TargetState.SUCCEEDED), target(2), target(3), target(4)), PROD
    )
    assert running.approvals_needed == 3
    assert rules_differ(running, PROD) == ()
    left_out = change(
        *(target(number) for number in range(3)), target(9, state=TargetState.CANCELLED)
    )
    assert ruled(left_out, PROD).approvals_needed == 1, "nothing is sent for what is left out"


def test_approvals_are_worth_nothing_until_there_are_as_many_as_the_risk_takes() -> None:
    asked = ruled(change(target(kernel=TWO_PHASE), state=State.PROPOSED), PROD)
    assert not is_sealed(approved(asked, "U0BOB"))
    assert is_sealed(approved(asked, "U0BOB", "U0DANA"))


def test_the_card_says_why_it_takes_more() -> None:
    asked = ruled(change(target(kernel=TWO_PHASE), state=State.PROPOSED), PROD)
    shown = str(card(asked, Reader.of("en-us")).blocks)
    assert "0 of 2 approvals" in shown
    assert "because 1 instance upgrades in two phases" in shown


def test_explaining_the_policy_tells_its_rules() -> None:
    told = explain(Question(action=Action.APPROVE, user="U0BOB"), PROD)
    assert words(told.notes)[:3] == [
        "From 4 instances on it takes 3 approvals.",
        "From 1 instance on that upgrades in two phases it takes 2 approvals.",
        "From 2 instances on that need several rounds it takes 4 approvals.",
    ]
    halting = explain(Question(action=Action.HALT, user="U0BOB"), PROD)
    assert not any("approvals" in one for one in words(halting.notes))
