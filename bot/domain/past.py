"""How long upgrades of a fleet took lately."""

from datetime import timedelta

from bot.domain.kernel import Path
from bot.domain.model import Frozen


class PastUpgrades(Frozen):
    """How long the latest upgrades by one path took, each for itself."""

    path: Path
    count: int
    shortest: timedelta
    median: timedelta
    longest: timedelta
