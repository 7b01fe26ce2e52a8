from hypothesis import given
from hypothesis import strategies as st

from bot.domain.correlation import correlation_id, trace_id


@given(st.text())
def test_any_key_has_an_id_that_begins_its_traces_id(key: str) -> None:
    assert len(trace_id(key)) == 32
    assert int(trace_id(key), 16)
    assert trace_id(key).startswith(correlation_id(key))
    assert correlation_id(key) == correlation_id(key)


def test_two_keys_have_two_ids() -> None:
    assert correlation_id("call:1") != correlation_id("call:2")
