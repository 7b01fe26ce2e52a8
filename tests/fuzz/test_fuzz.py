"""Anything at all is answered or refused: never a surprise, never a hang."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import KINDS, NAMES, TARGETS, answered, delivered
from tests.workshop.checkout import ROOT

EACH = settings(max_examples=60, deadline=2000)  # milliseconds: beyond them it hangs
WORDS = (
    "--at --in-window --waves --reason --soak = orders-* tag:a=b 02:00 tomorrow sat +2h 1,5,rest "
    "2026-03-29 02:30 “ ” \" ' — … 24:00 Mon-Thu 22:00-04:00 Europe/Berlin 12-20"
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(KINDS)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=20,
)
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=9)
LINES = (
    st.lists(st.sampled_from(WORDS.split()) | st.text(max_size=9), max_size=9).map(" ".join)
    | st.text()
)


@pytest.mark.parametrize("name", ["grammar", "times"])
@given(line=LINES)
@EACH
def test_whatever_is_typed_is_read_or_refused_in_words(name: str, line: str) -> None:
    TARGETS[name](line)


@given(body=BODIES)
@EACH
def test_whatever_slack_signs_is_read_or_of_no_known_kind(body: dict[str, Any]) -> None:
    delivered(body)


@given(body=BODIES | VALUES)
@EACH
def test_whatever_the_cloud_answers_is_read_or_refused(body: object) -> None:
    answered(json.dumps(body).encode())


@pytest.mark.parametrize(
    "text",
    [
        '{"command": "/taurus-fleet", "text": "\\ud800"}',
        '{"view": {"id": 1, "hash": {}, "state": {"values": {"\\udfff": {"a": {"value": 1}}}}}}',
        '{"type": ["block_actions"], "actions": {}}',
        '{"type": "block_actions", "actions": ["x"], "user": "U0"}',
        '{"action_ts": [1], "event_time": 1e999}',
    ],
)
def test_what_broke_it_once_does_not_break_it_again(text: str) -> None:
    delivered(json.loads(text))


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed")
def test_the_fuzzer_finds_nothing_within_seconds(tmp_path: Path) -> None:
    """Only that it runs: to find something takes minutes, see `python -m tests.fuzz`."""
    flags = ["-max_total_time=3", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "anything", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done " in done.stderr
