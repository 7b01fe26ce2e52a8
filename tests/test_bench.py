"""The benches run: what they measure is for quiet machines, and not for a test."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUICK = ("ack", "client", "growth", "fleets", "schedule")
"""All but the one that lets thousands of commands pass."""


def test_the_benches_print_one_table() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", *QUICK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    for part in ("acknowledgement p50", "SDK", "exponent", "command to card", "are due at"):
        assert any(part in row for row in rows), part
    assert all(row.count("|") == 5 for row in rows)
