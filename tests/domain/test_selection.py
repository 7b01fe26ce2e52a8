"""From words to exact instances: ids, names, globs, tags, and what to do about the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.instance import Instance, Status
from bot.domain.selection import SUGGESTIONS, Selection, select
from tests.domain.examples import instance, instance_id, words


def named(number: int, name: str, **tags: str) -> Instance:
    return instance(number).model_copy(update={"name": name, "tags": tags})


FLEET = (
    named(1, "orders-prod-02", team="shop", env="prod"),
    named(2, "orders-prod-01", team="shop", env="prod"),
    named(3, "users-prod-01", team="core", env="prod"),
    named(4, "twin", team="core"),
    named(5, "twin"),
    named(6, "[odd]"),
)


def chosen(*said: str) -> list[str]:
    selection = select(said, FLEET)
    assert selection.problems == ()
    return [one.id for one in selection.chosen]


def problem(word: str) -> str:
    selection = select([word], FLEET)
    assert selection.chosen == ()
    (told,) = selection.problems
    return str(told)


def test_an_id_or_a_name_means_one_instance() -> None:
    assert chosen(instance_id(1)) == [instance_id(1)]
    assert chosen("orders-prod-01") == [instance_id(2)]


def test_a_glob_means_all_names_that_match_in_their_order() -> None:
    assert chosen("orders-*") == [instance_id(2), instance_id(1)]
    assert chosen("*-prod-0[1]") == [instance_id(2), instance_id(3)]
    assert chosen("users-prod-0?") == [instance_id(3)]


def test_a_tag_means_all_instances_that_carry_it() -> None:
    assert chosen("tag:team=shop") == [instance_id(1), instance_id(2)]
    assert chosen("tag:team=core") == [instance_id(3), instance_id(4)]


def test_each_instance_is_chosen_once_in_the_order_of_the_words() -> None:
    assert chosen("users-prod-01", "*-prod-*", "users-prod-01") == [
        instance_id(3),
        instance_id(2),
        instance_id(1),
    ]


def test_only_what_was_named_one_by_one_was_named_exactly() -> None:
    selection = select(["orders-*", "users-prod-01", "tag:team=shop"], FLEET)
    assert selection.exact == {instance_id(3)}
    assert select(["orders-*", "orders-prod-01"], FLEET).exact == {instance_id(2)}


def test_what_is_meant_only_if_it_is_behind_is_found_by_any_word_and_never_named_exactly() -> None:
    selection = select(["behind:orders-*", "orders-prod-01", "behind:tag:team=core"], FLEET)
    assert [one.id for one in selection.chosen] == [instance_id(n) for n in (2, 1, 3, 4)]
    assert selection.exact == {instance_id(2)}
    assert selection.if_behind == {instance_id(n) for n in (1, 3, 4)}
    assert len(select(["behind:"], FLEET).if_behind) == len(FLEET)
    assert problem("behind:nosuch-*") == problem("nosuch-*")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (
            "order-prod-01",
            "There is no instance order-prod-01. Did you mean orders-prod-01?",
        ),
        ("zzz", "There is no instance zzz. See the names with /taurus-fleet."),
        (
            "pay-*",
            ("pay-* matches no instance. See the names with /taurus-fleet, or try a shorter glob."),
        ),
        (
            "twin",
            (
                "2 instances are called twin. Name the one you mean by its id: "
                f"{instance_id(4)}, {instance_id(5)}."
            ),
        ),
        (
            instance_id(99),
            (
                f"There is no instance {instance_id(99)} in this project. Check the environment "
                "(--env) and see the ids with /taurus-fleet."
            ),
        ),
        (
            "a" * 32 + "in01",
            (
                f"{'a' * 32}in01 is an instance of RDS for MySQL, not of TaurusDB (those end in "
                "in07). This bot cannot upgrade it."
            ),
        ),
        (
            "b" * 32,
            (
                f"{'b' * 32} is not an instance id: a TaurusDB id is 32 letters or digits "
                "followed by in07. Copy it from /taurus-fleet."
            ),
        ),
        (
            "tag:team",
            "tag:team is not a tag. Write it as tag:KEY=VALUE, such as tag:team=payments.",
        ),
        (
            "tag:=x",
            "tag:=x is not a tag. Write it as tag:KEY=VALUE, such as tag:team=payments.",
        ),
        ("tag:ring=0", "No instance has a tag ring. The tags in use are: env, team."),
        (
            "tag:team=money",
            "No instance has the tag team=money. Values in use: core, shop.",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_with_the_next_step(word: str, said: str) -> None:
    assert problem(word) == said


@pytest.mark.parametrize(("suffix", "product"), [("in14", "GaussDB"), ("in02", "DDS")])
def test_sister_products_are_called_by_their_names(suffix: str, product: str) -> None:
    assert f"is an instance of {product}," in problem("c" * 32 + suffix)


def test_a_name_with_signs_of_a_glob_is_found_by_its_id() -> None:
    assert "matches no instance" in problem("[odd]")
    assert chosen(instance_id(6)) == [instance_id(6)]


def test_every_problem_is_told_and_the_rest_is_chosen() -> None:
    selection = select(["nope", "orders-prod-01", "tag:x", "pay-*"], FLEET)
    assert len(selection.problems) == 3
    assert [one.id for one in selection.chosen] == [instance_id(2)]


def test_an_empty_fleet_has_nothing_to_choose_and_nothing_to_suggest() -> None:
    assert words(select(["x", "x*", "tag:a=b"], ()).problems) == [
        "There is no instance x. See the names with /taurus-fleet.",
        "x* matches no instance. See the names with /taurus-fleet, or try a shorter glob.",
        "No instance has a tag a. The tags in use are: -.",
    ]


def test_many_misspelt_words_get_a_few_suggestions() -> None:
    told = words(select([f"orders-prod-0{n}x" for n in range(30)], FLEET).problems)
    assert len(told) == 30
    assert sum("Did you mean" in one for one in told) == SUGGESTIONS


@given(st.lists(st.text(max_size=20), max_size=10))
def test_no_words_however_odd_choose_what_they_do_not_name(said: list[str]) -> None:
    selection = select(said, FLEET)
    assert isinstance(selection, Selection)
    assert len(selection.problems) <= len(set(said))
    ids = {one.id for one in selection.chosen}
    assert selection.exact <= ids
    assert all(one.status is Status.NORMAL for one in selection.chosen)
