"""How much is tried: all steps of a story, in both modes, take longer than anybody waits.

`EVERY_STEP=1` tries them all; without it every few steps are tried, and most dialogues in one
mode, the same ones each time.
"""

import os

STRIDE = 1 if os.environ.get("EVERY_STEP") else 16
