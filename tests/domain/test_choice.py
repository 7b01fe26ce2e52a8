"""Databases to choose from as one types."""

import pytest

from bot.domain.choice import Choice, matching
from bot.domain.instance import Instance, Status, Version
from bot.domain.kernel import Kernel

OLD, NEW = Kernel("2.0.60.241200"), Kernel("2.0.72.251200")


def choice(
    name: str, status: Status = Status.NORMAL, *, change: int | None = None, **tags: str
) -> Choice:
    instance = Instance(id=f"{name}in07", name=name, status=status, kernel=OLD, tags=tags)
    version = Version(current=OLD, latest=NEW, upgradable=True)
    return Choice(instance=instance, version=version, open_change=change)


FLEET = [
    choice("reports-orders"),
    choice("orders-b", team="payments"),
    choice("orders-frozen", Status.FROZEN),
    choice("orders-a", team="payments", env="prod"),
]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("orders", ["orders-a", "orders-b", "reports-orders", "orders-frozen"]),
        ("ORDERS-B", ["orders-b"]),
        ("orders-ain07", ["orders-a"]),
        ("team=pay", ["orders-a", "orders-b"]),
        ("tag:team=payments", ["orders-a", "orders-b"]),
        ("orders env=prod", ["orders-a"]),
        ("nosuch", []),
        ("", ["orders-a", "orders-b", "reports-orders", "orders-frozen"]),
    ],
)
def test_what_is_typed_is_looked_for_in_names_ids_and_tags(typed: str, names: list[str]) -> None:
    assert [one.instance.name for one in matching(typed, FLEET)] == names


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (choice("a"), None),
        (choice("a").model_copy(update={"version": None}), None),
        (choice("a", change=7), "is in CHG-7 already"),
        (choice("a", Status.FROZEN), "is frozen"),
        (choice("a", Status.ABNORMAL), "is abnormal"),
        (choice("a", Status.DELETED), "is being deleted"),
        (choice("a", Status.BUSY), "is busy with another operation"),
    ],
)
def test_what_stands_against_a_choice_is_told_in_few_words(made: Choice, why: str | None) -> None:
    assert (str(made.hindrance) if made.hindrance else None) == why


@pytest.mark.parametrize(
    ("current", "latest", "why"),
    [
        (NEW, NEW, "runs the newest kernel 2.0.72.251200"),
        (OLD, NEW, "the cloud offers no upgrade"),
    ],
)
def test_what_cannot_be_upgraded_says_so(current: Kernel, latest: Kernel, why: str) -> None:
    version = Version(current=current, latest=latest, upgradable=False)
    assert str(choice("a").model_copy(update={"version": version}).hindrance) == why
