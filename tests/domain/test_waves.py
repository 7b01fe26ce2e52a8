"""Waves: how many go first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.waves import REST, Member, WaveRules, WavesError, parse_waves, waves_of

ALIKE = Member()


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("5", (5,)),
        ("1,5,rest", (1, 5, REST)),
        (" 1 , 2 ,REST ", (1, 2, REST)),
        ("rest", (REST,)),
        ("1,1,1", (1, 1, 1)),
        ("１，５，其余", (1, 5, REST)),
        ("1、5、其余", (1, 5, REST)),
        ("1,剩余", (1, REST)),
    ],
)
def test_wave_sizes_are_read(text: str, sizes: tuple[int, ...]) -> None:
    assert parse_waves(text) == sizes


@pytest.mark.parametrize(
    "text", ["", ",", "0", "-1", "1,,2", "rest,1", "1.5", "a,b", "٣", "½", "1 2", "1,0"]
)
def test_anything_else_is_no_list_of_sizes(text: str) -> None:
    with pytest.raises(WavesError):
        parse_waves(text)


def test_an_endless_number_is_a_big_wave_and_costs_nothing() -> None:
    (size,) = parse_waves("9" * 10_000)
    assert waves_of([ALIKE] * 3, (size,)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("count", "sizes", "waves"),
    [
        (3, (), (1, 1, 1)),
        (5, (2,), (1, 1, 2, 2, 3)),
        (5, (1, 2, REST), (1, 2, 2, 3, 3)),
        (6, (1, 2), (1, 2, 2, 3, 3, 4)),
        (2, (5,), (1, 1)),
        (0, (1,), ()),
        (3, (REST,), (1, 1, 1)),
    ],
)
def test_the_last_size_repeats_until_nothing_is_left(
    count: int, sizes: tuple[int, ...], waves: tuple[int, ...]
) -> None:
    assert waves_of([ALIKE] * count, sizes) == waves


def members(text: str) -> list[Member]:
    """Read `0a 1- 1b`: the ring, and the group if there is one."""
    return [Member(ring=int(one[0]), group=one[1:].strip("-")) for one in text.split()]


@pytest.mark.parametrize(
    ("given", "sizes", "waves"),
    [
        ("1- 0- 1- 0-", (), (2, 1, 2, 1)),
        ("1- 0- 1- 0-", (1, REST), (3, 1, 3, 2)),
        ("0- 2- 2- 2-", (5,), (1, 2, 2, 2)),
        ("0a 0a 0b 0-", (), (1, 2, 1, 1)),
        ("0a 0a 0b 0b 0-", (2,), (1, 2, 1, 2, 3)),
        ("0a 0a 0a 0b", (1, REST), (1, 2, 3, 2)),
        ("1a 0a 1b", (), (2, 1, 2)),
    ],
)
def test_rings_go_one_after_the_other_and_a_group_never_shares_a_wave(
    given: str, sizes: tuple[int, ...], waves: tuple[int, ...]
) -> None:
    assert waves_of(members(given), sizes) == waves


def test_an_instance_is_in_the_first_ring_of_its_tags() -> None:
    rules = WaveRules(rings=("ring=canary", "env=dev"), one_at_a_time="service")
    assert rules.ring_of({"ring": "canary", "env": "dev"}) == "ring=canary"
    assert rules.ring_of({"ring": "2", "env": "dev"}) == "env=dev"
    assert rules.ring_of({"ring": "2"}) == ""
    assert rules.group_of({"service": "orders"}) == "service=orders"
    assert rules.group_of({"env": "dev", "service": ""}) == ""
    assert WaveRules().group_of({"": "odd"}) == ""


MEMBERS = st.lists(
    st.builds(Member, ring=st.integers(0, 3), group=st.sampled_from(["", "", "a", "b", "c"])),
    max_size=120,
)


@given(MEMBERS, st.lists(st.integers(1, 20), max_size=5), st.sampled_from([[], [REST]]))
def test_waves_keep_sizes_rings_and_groups_and_leave_no_gap(
    members: list[Member], sizes: list[int], rest: list[int]
) -> None:
    waves = waves_of(members, sizes + rest)
    assert len(waves) == len(members)
    assert set(waves) == set(range(1, max(waves, default=0) + 1))
    for number in set(waves):
        its = [one for one, wave in zip(members, waves, strict=True) if wave == number]
        groups = [one.group for one in its if one.group]
        assert len(set(groups)) == len(groups), "two of one group"
        assert len({one.ring for one in its}) == 1, "two rings in one wave"
        if limit := [*sizes, *rest][min(number, len(sizes + rest)) - 1] if sizes + rest else REST:
            assert len(its) <= limit
    in_rings = sorted(zip((one.ring for one in members), waves, strict=True))
    assert [wave for _, wave in in_rings] == sorted(waves), "a later ring went first"


@given(MEMBERS, st.integers(0, 5))
def test_nobody_waits_for_a_wave_that_had_room(members: list[Member], size: int) -> None:
    waves = waves_of(members, (size,))
    for place, (one, wave) in enumerate(zip(members, waves, strict=True)):
        first = min(w for m, w in zip(members, waves, strict=True) if m.ring == one.ring)
        for earlier in range(first, wave):
            before = [
                m for m, w in zip(members[:place], waves[:place], strict=True) if w == earlier
            ]
            is_full = size and len(before) >= size
            assert is_full or (one.group and any(m.group == one.group for m in members[:place]))
