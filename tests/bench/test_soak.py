import pytest

from tests.bench.soak import Result, main

GOOD = Result(
    asked=2,
    once=2,
    lost=(),
    doubled=(),
    changes=3,
    requests=3,
    troubles={"kill": 1},
    seconds=60.0,
    story_seconds=720.0,
)


def test_a_short_soak_loses_and_doubles_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--minutes", "0.05", "--changes", "3"])
    table = capsys.readouterr().out
    assert code == 0, table
    rows = dict(line.rsplit(maxsplit=1) for line in table.splitlines() if line[-1].isdigit())
    assert (rows["submitted once"], rows["lost"], rows["doubled"]) == ("3", "0", "0")


@pytest.mark.parametrize("wrong", ["lost", "doubled"])
def test_a_soak_that_lost_or_doubled_anything_says_what(wrong: str) -> None:
    bad = GOOD.model_copy(update={wrong: ("orders-prod-0007 was it",)})
    assert GOOD.is_good
    assert not bad.is_good
    assert f"{wrong}: orders-prod-0007 was it" in bad.table()
    assert f"{wrong}: " not in GOOD.table()
