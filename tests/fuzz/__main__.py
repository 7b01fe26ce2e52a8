"""Fuzzing guided by coverage, for as long as one likes:

    python -m tests.fuzz TARGET [-max_total_time=SECONDS] [FOLDER…]

TARGET is one of `TARGETS`; what follows is libFuzzer's own. What breaks it is written to a file
`crash-…`: run the same with that file to see it again, then make a test of it.
"""

import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["bot", "commands"]):
    from tests.fuzz.targets import TARGETS

SECONDS_EACH = 2
"""After which one input counts as a hang."""


def main(target: str, *flags: str) -> None:
    """Feed the target until the time is over or something breaks."""

    def feed(data: bytes) -> None:
        TARGETS[target](data.decode(errors="replace"))

    run: Callable[..., None] = atheris.Setup
    run([sys.argv[0], f"-timeout={SECONDS_EACH}", *flags], feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
