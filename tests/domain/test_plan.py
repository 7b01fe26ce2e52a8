"""Plans and refusals: what would be done, or everything that is in the way."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.change import Options, Target, TargetState, Timing
from bot.domain.instance import Detail, JobState, PreCheck, Status
from bot.domain.kernel import Path
from bot.domain.plan import BATCH_LIMIT, Facts, Plan, Refusal, make_plan, next_batch, unready
from bot.domain.risk import risk
from bot.domain.waves import WaveRules
from tests.domain.examples import (
    ANCIENT,
    IS_NEWEST,
    NEWER,
    NEWEST,
    OLD,
    TWO_PHASE,
    facts,
    instance,
    instance_id,
    job,
    name,
    schedule,
    target,
    version,
    words,
)

AT_ONCE = Options()


def plan(*given: Facts, options: Options = AT_ONCE, exact: Sequence[int] = ()) -> Plan:
    outcome = make_plan(given, options, frozenset(instance_id(number) for number in exact))
    assert isinstance(outcome, Plan), outcome
    return outcome


def refusal(*given: Facts, exact: Sequence[int] = ()) -> list[str]:
    outcome = make_plan(given, AT_ONCE, frozenset(instance_id(number) for number in exact))
    assert isinstance(outcome, Refusal), outcome
    return words(outcome.problems)


# --- what a plan says of each target --------------------------------------------------------


def test_a_target_is_planned_from_its_kernel_to_the_newest() -> None:
    (planned,) = plan(facts()).targets
    assert (str(planned.kernel), str(planned.newest)) == (OLD, NEWEST)
    assert planned.state is TargetState.PLANNED
    assert (planned.window, planned.nodes, planned.failovers) == ("18:00-22:00", 2, 1)


def test_the_kernel_that_counts_is_the_authoritative_one_and_not_the_lists() -> None:
    (planned,) = plan(facts(instance=instance(kernel=None), version=version(NEWER))).targets
    assert str(planned.kernel) == NEWER


def test_without_details_the_careful_number_of_failovers_is_expected() -> None:
    (planned,) = plan(facts(detail=None)).targets
    assert planned.failovers == 2


@pytest.mark.parametrize(
    ("kernel", "path"),
    [
        (ANCIENT, Path.SEVERAL_ROUNDS),
        ("2.0.51.240304", Path.SEVERAL_ROUNDS),
        ("2.0.51.240305", Path.TWO_PHASE),
        ("2.0.51.240311", Path.TWO_PHASE),
        ("2.0.51.240312", Path.DIRECT),
        ("2.0.9.999999", Path.SEVERAL_ROUNDS),
        (OLD, Path.DIRECT),
    ],
)
def test_the_path_follows_from_the_kernel(kernel: str, path: Path) -> None:
    (planned,) = plan(facts(version=version(kernel))).targets
    assert planned.path is path


def test_waves_are_given_in_the_order_of_the_words() -> None:
    options = Options(wave_sizes=(1, 2))
    planned = plan(*(facts(number) for number in range(5)), options=options)
    assert [one.wave for one in planned.targets] == [1, 2, 2, 3, 3]
    assert [one.name for one in planned.targets] == [name(number) for number in range(5)]


RULES = WaveRules(rings=("ring=canary",), one_at_a_time="service")


def tagged(number: int, **tags: str) -> Facts:
    return facts(number, instance=instance(number, tags=tags))


def test_rings_go_first_and_instances_of_one_service_are_kept_apart() -> None:
    given = [
        tagged(1, service="orders"),
        tagged(2, service="orders"),
        tagged(3, service="users", ring="canary"),
        tagged(4),
    ]
    outcome = make_plan(given, Options(wave_sizes=(5,)), rules=RULES)
    assert isinstance(outcome, Plan)
    assert [(one.wave, one.ring, one.group) for one in outcome.targets] == [
        (2, "", "service=orders"),
        (3, "", "service=orders"),
        (1, "ring=canary", "service=users"),
        (2, "", ""),
    ]
    assert words(outcome.warnings) == [
        (
            "The policy makes 3 waves of it instead of 1: rings go one after the other, and "
            "instances that share a service or the like are kept apart."
        )
    ]


def test_a_policy_that_changes_nothing_says_nothing() -> None:
    given = [tagged(1, ring="canary"), tagged(2, service="users")]
    outcome = make_plan(given, Options(wave_sizes=(1,)), rules=RULES)
    assert isinstance(outcome, Plan)
    assert outcome.warnings == ()


# --- blockers, each with its next step ------------------------------------------------------


@pytest.mark.parametrize(
    ("blocked", "said"),
    [
        (
            facts(open_change=3),
            (
                "orders-1 is in CHG-3 already. See it with /taurus-change show CHG-3, and cancel "
                "that first if you mean this instead."
            ),
        ),
        (
            facts(instance=instance(status=Status.FROZEN)),
            "orders-1 is frozen. Unfreeze it in the console first (often unpaid bills).",
        ),
        (
            facts(instance=instance(status=Status.ABNORMAL)),
            "orders-1 is abnormal. Repair it, or open a ticket with Huawei Cloud, first.",
        ),
        (
            facts(instance=instance(status=Status.DELETED)),
            "orders-1 is being deleted. Leave it out.",
        ),
        (
            facts(instance=instance(status=Status.BUSY)),
            "orders-1 is busy with another operation. Try again when its status is normal.",
        ),
        (
            facts(job=job()),
            "orders-1 is being upgraded right now (job job-1). Wait for that to end.",
        ),
        (
            facts(job=job(), instance=instance(status=Status.BUSY)),
            "orders-1 is being upgraded right now (job job-1). Wait for that to end.",
        ),
        (
            facts(schedule=schedule()),
            (
                "orders-1 is scheduled already for its maintenance window (task task-1). Cancel "
                "that task in the console, or leave the instance out."
            ),
        ),
        (facts(version=None), "The kernel of orders-1 could not be read. Try again."),
        (
            facts(version=version(upgradable=False)),
            (
                f"The cloud does not offer an upgrade for orders-1 (kernel {OLD}). See the "
                "instance in the console, or ask Huawei Cloud."
            ),
        ),
    ],
)
def test_every_blocker_names_the_instance_and_the_next_step(blocked: Facts, said: str) -> None:
    assert refusal(blocked) == [said]


def test_everything_that_blocks_is_told_at_once() -> None:
    told = refusal(
        facts(1, open_change=3, instance=instance(1, status=Status.FROZEN)),
        facts(2, instance=instance(2, status=Status.ABNORMAL), version=None),
        facts(3),
        facts(4, schedule=schedule(number=4), version=version(upgradable=False)),
    )
    assert [(line.split(" is ")[0], line.split(".")[0][-9:]) for line in told[:2]] == [
        ("orders-1", "3 already"),
        ("orders-1", "is frozen"),
    ]
    assert len(told) == 6
    assert not any("orders-3" in line for line in told)


def test_an_open_change_explains_its_own_job() -> None:
    assert len(refusal(facts(open_change=3, job=job()))) == 1


def test_the_newest_is_the_only_thing_worth_saying_of_an_instance_that_has_it() -> None:
    given = facts(version=IS_NEWEST, instance=instance(status=Status.BUSY), open_change=4)
    assert refusal(given, exact=[1]) == [
        f"orders-1 runs the newest kernel {NEWEST} already. Leave it out."
    ]


def test_the_newest_block_only_if_they_were_named_one_by_one() -> None:
    given = [facts(1), facts(2, version=IS_NEWEST), facts(3, version=IS_NEWEST)]
    assert len(refusal(*given, exact=[2])) == 1
    planned = plan(*given)
    assert [one.name for one in planned.targets] == ["orders-1"]
    assert str(planned.warnings[0]) == (
        "2 instances run the newest kernel already and are left out: orders-2, orders-3."
    )


def test_a_glob_that_finds_only_the_newest_says_so() -> None:
    assert len(refusal(facts(1, version=IS_NEWEST), facts(2, version=IS_NEWEST))) == 2


def test_an_instance_waiting_for_its_second_phase_is_not_the_newest() -> None:
    (planned,) = plan(facts(version=version(TWO_PHASE, TWO_PHASE))).targets
    assert planned.path is Path.TWO_PHASE


def test_ready_is_an_instance_that_is_normal_idle_and_read() -> None:
    assert unready(facts()) is None
    assert unready(facts(open_change=3)) is None, "that is no matter of the moment"
    for later in (
        facts(job=job()),
        facts(schedule=schedule()),
        facts(version=None),
        facts(instance=instance(status=Status.BUSY)),
    ):
        assert unready(later) is not None


# --- what an approver should know -----------------------------------------------------------


def warned(*given: Facts, options: Options = AT_ONCE) -> list[str]:
    return words(plan(*given, options=options).warnings)


def test_an_ordinary_plan_needs_no_warning() -> None:
    assert warned(facts()) == []


def test_old_kernels_are_warned_of_with_the_rounds_they_need() -> None:
    several, phased = warned(
        facts(1, version=version(ANCIENT)), facts(2, version=version(TWO_PHASE)), facts(3)
    )
    assert several == (
        "1 instance is so old that it needs several rounds; this change does one: orders-1."
    )
    assert phased == (
        "1 instance blocks other operations after the pre-upgrade, until somebody retries for "
        "the second phase and then applies the upgrade in the console: orders-2."
    )


def test_findings_of_the_vendors_own_check_are_passed_on() -> None:
    found = PreCheck(passed=False, findings=("Resource check: disk", "Version check"))
    assert warned(facts(precheck=found), facts(2, precheck=PreCheck(passed=True))) == [
        (
            "Huawei Cloud's pre-check found a problem with orders-1: Resource check: disk; "
            "Version check"
        )
    ]


def test_a_precheck_without_a_result_in_time_is_a_warning_of_its_own() -> None:
    late = PreCheck(passed=False, is_finished=False)
    assert warned(facts(1, precheck=late), facts(2, precheck=late), facts(3)) == [
        (
            "Huawei Cloud's pre-check has no result yet for orders-1, orders-2. It may find "
            "something later."
        )
    ]


def test_proxies_and_the_end_of_service_are_warned_of() -> None:
    detail = Detail(id=instance_id(1), proxies=2, window="18:00-22:00")
    assert warned(facts(1, detail=detail), facts(2, instance=instance(2, end_of_service=True))) == [
        "Database proxies are not upgraded along; do that in the console: orders-1.",
        "End of service, upgrade soon: orders-2.",
    ]


def test_a_window_that_is_not_known_matters_only_to_a_plan_for_the_windows() -> None:
    unknown = facts(detail=None)
    assert warned(unknown) == []
    assert warned(unknown, options=Options(timing=Timing.IN_WINDOW)) == [
        "The maintenance window could not be read for orders-1."
    ]


def test_a_warning_names_a_few_and_hides_no_number() -> None:
    (told,) = warned(*(facts(number, version=version(ANCIENT)) for number in range(20)))
    assert told.startswith("20 instances")
    assert "orders-7, …" in told
    assert "orders-8" not in told


def test_an_ordinary_upgrade_interrupts_each_workload_for_half_a_minute_or_more() -> None:
    assert words(risk([target(1, zones=1), target(2, zones=2)])) == [
        (
            "Restarts 2 instances and interrupts the workload of each for 30 to 90 seconds; "
            "failovers in all: 3. It cannot be undone."
        )
    ]


def test_read_replicas_restart_along() -> None:
    *_, told = words(risk([target(1, nodes=3), target(2, nodes=2), target(3)]))
    assert told == "3 read replicas are upgraded and restart along."


def test_the_first_of_several_rounds_is_an_ordinary_upgrade() -> None:
    assert words(risk([target(kernel=ANCIENT)])) == [
        (
            "Restarts 1 instance and interrupts its workload for 30 to 90 seconds; failovers: 1. "
            "It cannot be undone."
        )
    ]


def test_two_phases_are_never_promised_to_be_over_in_seconds() -> None:
    (told,) = words(risk([target(kernel=TWO_PHASE, zones=2)]))
    assert "The pre-upgrade restarts nothing" in told
    assert "15 to 20 minutes, interrupts the workload for 1 to 2 minutes (failovers: 2)" in told
    assert "30 to 90" not in told


def test_each_kind_of_upgrade_is_counted_once() -> None:
    ordinary, phased = words(risk([target(1), target(2, kernel=TWO_PHASE), target(3, ANCIENT)]))
    assert ordinary.startswith("Restarts 2 instances")
    assert phased.startswith("1 instance upgrades in two phases")


# --- batches --------------------------------------------------------------------------------


def batches(targets: Sequence[Target]) -> list[list[Target]]:
    """Everything that would be sent, request by request."""
    sent: list[list[Target]] = []
    while batch := next_batch(targets):
        sent.append(list(batch))
        ids = {one.instance_id for one in batch}
        targets = [
            one.model_copy(update={"state": TargetState.ACCEPTED})
            if one.instance_id in ids
            else one
            for one in targets
        ]
    return sent


def test_nothing_planned_is_nothing_to_send() -> None:
    assert next_batch([target(state=TargetState.ACCEPTED)]) == ()
    assert next_batch([]) == ()


def test_a_request_carries_at_most_a_hundred_instances() -> None:
    assert [len(batch) for batch in batches([target(number) for number in range(250)])] == [
        100,
        100,
        50,
    ]


def test_a_request_carries_one_kernel() -> None:
    mixed = [target(1), target(2, NEWER), target(3)]
    assert [[one.name for one in batch] for batch in batches(mixed)] == [
        ["orders-1", "orders-3"],
        ["orders-2"],
    ]


def test_a_wave_is_sent_before_the_next_begins() -> None:
    mixed = [target(1, wave=2), target(2, NEWER, wave=1), target(3, wave=1)]
    assert [[one.name for one in batch] for batch in batches(mixed)] == [
        ["orders-2"],
        ["orders-3"],
        ["orders-1"],
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from([OLD, NEWER, ANCIENT, TWO_PHASE]), st.integers(1, 3)),
        max_size=150,
    )
)
def test_batches_carry_everybody_once_by_wave_and_kernel(rows: list[tuple[str, int]]) -> None:
    targets = [target(number, kernel, wave=wave) for number, (kernel, wave) in enumerate(rows)]
    sent = batches(targets)
    assert sorted(one.instance_id for batch in sent for one in batch) == sorted(
        one.instance_id for one in targets
    )
    for batch in sent:
        assert len(batch) <= BATCH_LIMIT
        assert len({(one.kernel, one.wave) for one in batch}) == 1
    waves = [batch[0].wave for batch in sent]
    assert waves == sorted(waves)


def test_states_of_jobs_say_whether_they_are_over() -> None:
    assert {state for state in JobState if not state.is_over} == {
        JobState.PENDING,
        JobState.RUNNING,
    }


def test_of_those_meant_only_if_they_are_behind_what_cannot_be_upgraded_is_left_out() -> None:
    given = (
        facts(1),
        facts(2, instance=instance(2, Status.FROZEN)),
        facts(3, version=IS_NEWEST),
        facts(4, open_change=9),
    )
    every = frozenset(instance_id(number) for number in range(1, 5))
    outcome = make_plan(given, AT_ONCE, if_behind=every)
    assert isinstance(outcome, Plan)
    assert [one.name for one in outcome.targets] == [name(1)]
    told = words(outcome.warnings)
    assert f"2 instances cannot be upgraded now and are left out: {name(2)}, {name(4)}." in told
    outcome = make_plan(given, AT_ONCE, if_behind=every - {instance_id(4)})
    assert isinstance(outcome, Refusal)
    assert len(outcome.problems) == 1
    outcome = make_plan(given[1:], AT_ONCE, if_behind=every)
    assert isinstance(outcome, Refusal)
    assert len(outcome.problems) == 3
