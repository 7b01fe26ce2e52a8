"""What joined a glob or a tag since is told, and left alone."""

import pytest

from bot.domain.change import Change
from bot.domain.environment import Environment
from bot.domain.kernel import Kernel
from bot.domain.preflight import joined, next_step
from bot.domain.rules import ruled
from tests.domain.examples import (
    NEWER,
    NOW,
    approved,
    change,
    facts,
    instance,
    instance_id,
    target,
    version,
    words,
)

RULES = Environment(name="prod", region="r")
FLEET = [instance(1), instance(2, tags={"team": "payments"}), instance(3)]


def asked(*patterns: str, meant: int = 1) -> Change:
    ids = tuple(instance_id(number) for number in range(1, meant + 1))
    made = change(target(1), patterns=patterns, meant=ids)
    return approved(ruled(made, RULES))


@pytest.mark.parametrize(
    ("about", "names"),
    [
        (asked("orders-*"), "orders-2, orders-3"),
        (asked("orders-*", meant=3), ""),
        (asked("tag:team=payments"), "orders-2"),
        (asked("billing-*"), ""),
        (asked(), ""),
    ],
)
def test_only_what_the_words_did_not_mean_then_has_joined(about: Change, names: str) -> None:
    told = words(joined(about, FLEET))
    assert [one.rpartition(": ")[2] for one in told] == ([f"{names}."] if names else [])


def test_what_joined_is_told_when_the_rest_starts_and_never_sent() -> None:
    about = asked("orders-*")
    added = joined(about, FLEET)
    after, records = next_step(about, about.targets, about.targets, [facts(1)], RULES, NOW, added)
    assert [one.kind for one in records][:2] == ["joined", "attempt"]
    assert after.batches[0].instance_ids == (instance_id(1),)


def test_what_joined_is_part_of_the_difference_that_voids_an_approval() -> None:
    about = asked("orders-*")
    drifted = facts(1, version=version(NEWER), instance=instance(1, kernel=Kernel(NEWER)))
    after, _ = next_step(
        about, about.targets, about.targets, [drifted], RULES, NOW, joined(about, FLEET)
    )
    assert after.batches == ()
    told = words(after.difference)
    assert len(told) == 2
    assert "orders-2, orders-3" in told[1]
