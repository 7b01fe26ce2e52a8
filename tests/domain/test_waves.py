"""Waves: how many go first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.waves import REST, WavesError, parse_waves, waves_of


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("5", (5,)),
        ("1,5,rest", (1, 5, REST)),
        (" 1 , 2 ,REST ", (1, 2, REST)),
        ("rest", (REST,)),
        ("1,1,1", (1, 1, 1)),
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
    assert waves_of(3, (size,)) == (1, 1, 1)


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
    assert waves_of(count, sizes) == waves


@given(
    st.integers(0, 300),
    st.lists(st.integers(1, 50), max_size=5),
    st.sampled_from([[], [REST]]),
)
def test_waves_cover_everybody_in_order_without_a_gap(
    count: int, sizes: list[int], rest: list[int]
) -> None:
    waves = waves_of(count, sizes + rest)
    assert len(waves) == count
    assert list(waves) == sorted(waves)
    assert set(waves) == set(range(1, max(waves, default=0) + 1))
    for number, size in enumerate(sizes, start=1):
        assert waves.count(number) <= size
