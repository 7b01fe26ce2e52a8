"""How many of a story's steps are tried: all of them take longer than anybody waits at a commit.

`EVERY_STEP=1 python -m pytest tests/faults` tries them all; without it every few are, the same
ones each time.
"""

import os

STRIDE = 1 if os.environ.get("EVERY_STEP") else 16
