"""How far a fleet is behind."""

import pytest

from bot.domain.drift import Drift, drift_of
from bot.domain.kernel import Kernel, Path
from tests.domain.examples import (
    ANCIENT,
    IS_NEWEST,
    NEWER,
    NEWEST,
    OLD,
    TWO_PHASE,
    instance,
    instance_id,
    version,
)

KERNELS = (OLD, OLD, NEWEST, TWO_PHASE, ANCIENT, NEWER)


def drift(*unread: int) -> Drift:
    fleet = [
        instance(number, kernel=Kernel(kernel), end_of_service=kernel == ANCIENT)
        for number, kernel in enumerate(KERNELS)
    ]
    versions = {
        instance_id(number): IS_NEWEST if kernel == NEWEST else version(kernel)
        for number, kernel in enumerate(KERNELS)
        if number not in unread
    }
    return drift_of([*fleet, instance(99, kernel=None)], versions)


def test_instances_are_counted_by_kernel_the_newest_first() -> None:
    found = drift()
    assert [(str(one.kernel or "?"), one.count, one.behind) for one in found.groups] == [
        (NEWEST, 1, 0),
        (NEWER, 1, 1),
        (OLD, 2, 2),
        (TWO_PHASE, 1, 1),
        (ANCIENT, 1, 1),
        ("?", 1, 0),
    ]
    assert [one.months for one in found.groups] == [0, 3, 9, 21, 24, None]
    assert (found.total, found.behind, found.unread) == (7, 5, 1)


def test_what_could_be_upgraded_is_counted_by_its_path() -> None:
    assert drift().paths == {Path.DIRECT: 3, Path.TWO_PHASE: 1, Path.SEVERAL_ROUNDS: 1}


def test_those_at_the_end_of_service_are_named() -> None:
    assert drift().ending == ("orders-4",)


def test_what_was_not_read_is_not_counted_as_behind() -> None:
    found = drift(0, 4)
    assert (found.behind, found.unread) == (3, 3)
    assert [(one.count, one.behind) for one in found.groups if str(one.kernel) == OLD] == [(2, 1)]


@pytest.mark.parametrize(
    ("kernel", "newest", "months"),
    [
        ("2.0.48.231200", "2.0.72.251200", 24),
        ("2.0.72.251200", "2.0.63.250300", 0),
        ("2.0.29.1", "2.0.72.251200", None),
        ("2.0.31.220700", "2.0.72.251200", None),
        ("2.0.48.231300", "2.0.72.251200", None),
    ],
)
def test_the_age_of_a_kernel_follows_from_its_number(
    kernel: str, newest: str, months: int | None
) -> None:
    assert Kernel(kernel).months_behind(Kernel(newest)) == months
