"""The seal: what an approval covers, and what became different since."""

from datetime import timedelta

import pytest

from bot.domain.change import Approval, Change, Target, TargetState, Timing
from bot.domain.instance import Detail, Status
from bot.domain.kernel import Kernel, Path
from bot.domain.seal import difference, is_sealed, replanned, seal_of
from tests.domain.examples import (
    ANCIENT,
    HOUR,
    IS_NEWEST,
    NEWER,
    NEWEST,
    NOW,
    OLD,
    TWO_PHASE,
    approved,
    change,
    facts,
    instance,
    target,
    version,
    words,
)

PLAN = approved(change(target(1), target(2, wave=2), approvers=("U0BOB", "S0ONCALL")), "U0BOB")
TARGETS = PLAN.targets


def with_target(number: int, **update: object) -> Change:
    targets = list(TARGETS)
    targets[number - 1] = targets[number - 1].model_copy(update=update)
    return PLAN.model_copy(update={"targets": tuple(targets)})


def with_options(**update: object) -> Change:
    return PLAN.model_copy(update={"options": PLAN.options.model_copy(update=update)})


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(PLAN.model_copy(update={"targets": TARGETS[:1]}), id="a target less"),
        pytest.param(
            PLAN.model_copy(update={"targets": (*TARGETS, target(3))}), id="a target more"
        ),
        pytest.param(
            PLAN.model_copy(update={"targets": TARGETS[::-1]}), id="targets in another order"
        ),
        pytest.param(with_target(1, instance_id=target(9).instance_id), id="another instance"),
        pytest.param(with_target(1, kernel=Kernel(NEWER)), id="another kernel now"),
        pytest.param(with_target(1, newest=Kernel(NEWER)), id="another newest kernel"),
        pytest.param(with_target(2, wave=1), id="another wave"),
        pytest.param(with_target(1, state=TargetState.TAKEN_OUT), id="a target taken out"),
        pytest.param(with_options(timing=Timing.IN_WINDOW), id="another timing"),
        pytest.param(with_options(timing=Timing.AT, run_at=NOW + HOUR), id="another time"),
        pytest.param(with_options(wave_sizes=(1,)), id="other wave sizes"),
        pytest.param(with_options(soak=timedelta(minutes=1)), id="another soak"),
        pytest.param(with_options(reason="why not"), id="another reason"),
        pytest.param(PLAN.model_copy(update={"environment": "staging"}), id="elsewhere"),
        pytest.param(PLAN.model_copy(update={"approvers": ("U0BOB",)}), id="other approvers"),
        pytest.param(PLAN.model_copy(update={"approvals_needed": 2}), id="more approvals"),
        pytest.param(PLAN.model_copy(update={"self_approval": True}), id="self approval"),
        pytest.param(PLAN.model_copy(update={"protected": True}), id="protection"),
    ],
)
def test_a_seal_is_broken_by(other: Change) -> None:
    assert seal_of(other) != seal_of(PLAN)
    assert is_sealed(PLAN)
    assert not is_sealed(other)


@pytest.mark.parametrize(
    "other",
    [
        *(
            pytest.param(with_target(1, state=state), id=f"a target that is {state.value}")
            for state in TargetState
            if state is not TargetState.TAKEN_OUT
        ),
        pytest.param(with_target(1, found=Kernel(NEWEST), ended_at=NOW), id="what was found"),
        pytest.param(with_target(1, name="renamed"), id="another name"),
        pytest.param(PLAN.model_copy(update={"version": 9}), id="another version in the store"),
        pytest.param(PLAN.model_copy(update={"due_at": NOW + HOUR}), id="another look"),
        pytest.param(
            PLAN.model_copy(update={"approvers": PLAN.approvers[::-1]}), id="approvers reordered"
        ),
    ],
)
def test_a_seal_is_not_broken_by(other: Change) -> None:
    assert seal_of(other) == seal_of(PLAN)
    assert is_sealed(other)


def test_enough_different_people_have_to_approve_exactly_this() -> None:
    asked = PLAN.model_copy(update={"approvals_needed": 2, "approvals": ()})
    assert not is_sealed(asked)
    assert not is_sealed(approved(asked, "U0BOB"))
    assert not is_sealed(approved(asked, "U0BOB", "U0BOB"))
    assert is_sealed(approved(asked, "U0BOB", "U0DANA"))


def test_an_approval_of_an_older_plan_counts_for_nothing() -> None:
    stale = Approval(user="U0BOB", at=NOW, seal=seal_of(PLAN))
    asked = with_target(1, kernel=Kernel(NEWER)).model_copy(update={"approvals": (stale,)})
    assert not is_sealed(asked)


def test_whose_own_yes_counts_is_looked_at_once_more() -> None:
    assert not is_sealed(approved(PLAN, "U0ANN"))
    assert is_sealed(approved(PLAN.model_copy(update={"self_approval": True}), "U0ANN"))
    confirmed = PLAN.model_copy(update={"approvers": ()})
    assert is_sealed(approved(confirmed, "U0ANN"))
    assert not is_sealed(approved(confirmed, "U0BOB"))


def test_a_maintenance_window_is_sealed_where_it_is_the_time() -> None:
    moved = facts(
        1, detail=Detail(id=target(1).instance_id, zones=1, nodes=2, window="02:00-06:00")
    )
    asked = with_options(timing=Timing.IN_WINDOW)
    other = replanned(asked, TARGETS[:1], [moved])
    assert seal_of(other) != seal_of(asked)
    assert difference(TARGETS[:1], [moved]) == ()
    assert words(difference(TARGETS[:1], [moved], Timing.IN_WINDOW)) == [
        "orders-1 has the maintenance window 02:00-06:00; approved was 18:00-22:00."
    ]
    assert seal_of(replanned(PLAN, TARGETS[:1], [moved])) == seal_of(PLAN)


def test_the_same_world_makes_no_difference() -> None:
    assert difference(TARGETS, [facts(1), facts(2)]) == ()


def test_what_is_not_of_the_plan_makes_no_difference() -> None:
    assert difference(TARGETS, [facts(1), facts(2), facts(3)]) == ()
    busy = facts(1, instance=instance(1, status=Status.BUSY))
    assert difference(TARGETS[:1], [busy]) == (), "busy is waited for"


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (None, "orders-1 is gone: it is no longer in the project."),
        (IS_NEWEST, f"orders-1 runs {NEWEST} by now: there is nothing left to upgrade."),
        (version(NEWER), f"orders-1 runs {NEWER}; approved was {OLD}."),
        (version(latest="2.0.75.1"), f"orders-1 would get 2.0.75.1; approved was {NEWEST}."),
        (version(upgradable=False), "The cloud offers no upgrade for orders-1 any more."),
    ],
)
def test_every_difference_is_told(now: object, said: str) -> None:
    read = [] if now is None else [facts(1, version=now)]
    assert words(difference(TARGETS[:1], read)) == [said]


def test_a_kernel_that_could_not_be_read_is_no_proof_that_the_instance_is_gone() -> None:
    assert difference(TARGETS[:1], [facts(1, version=None)]) == ()


def kept(after: Change) -> list[tuple[str, TargetState]]:
    return [(one.name, one.state) for one in after.targets]


def refreshed(now: object, one: Target = TARGETS[0]) -> Target:
    read = [] if now is None else [facts(1, version=now)]
    return replanned(change(one), [one], read).targets[0]


def test_planning_anew_takes_the_world_as_it_is() -> None:
    fresh = refreshed(version(TWO_PHASE, "2.0.75.1"), target(1, ANCIENT))
    assert (str(fresh.kernel), str(fresh.newest)) == (TWO_PHASE, "2.0.75.1")
    assert (fresh.path, fresh.state) == (Path.TWO_PHASE, TargetState.PLANNED)


def test_planning_anew_leaves_out_what_cannot_be_upgraded_and_shows_why() -> None:
    gone = refreshed(None)
    assert (gone.state, str(gone.note)) == (
        TargetState.CANCELLED,
        "orders-1 is gone: it is no longer in the project.",
    )
    withdrawn = refreshed(version(upgradable=False))
    assert (withdrawn.state, "offers no upgrade" in str(withdrawn.note)) == (
        TargetState.CANCELLED,
        True,
    )
    done = refreshed(IS_NEWEST)
    assert (done.state, str(done.found)) == (TargetState.ALREADY_NEWEST, NEWEST)


def test_planning_anew_drops_nothing_that_could_not_be_read() -> None:
    assert refreshed(version()) == TARGETS[0]
    before = change(target(1))
    assert replanned(before, before.targets, [facts(1, version=None)]).targets == before.targets


def test_planning_anew_says_nothing_of_targets_that_were_not_checked() -> None:
    before = change(target(1), target(2, wave=2))
    after = replanned(before, before.targets[:1], [facts(1, version=IS_NEWEST)])
    assert kept(after) == [
        ("orders-1", TargetState.ALREADY_NEWEST),
        ("orders-2", TargetState.PLANNED),
    ]


def test_planning_anew_warns_anew() -> None:
    before = change(target(1))
    assert before.warnings == ()
    after = replanned(before, before.targets, [facts(1, version=version(ANCIENT))])
    assert "needs several rounds" in str(after.warnings[0])
