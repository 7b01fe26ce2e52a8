"""Being on call: approvers that a schedule names, and until when."""

import re
from datetime import datetime

from bot.domain.model import Frozen

SOURCE = re.compile(r"pagerduty:(?:schedule|policy):[A-Z0-9]{2,}")
"""How the policy names one: `pagerduty:schedule:P0DBA`, `pagerduty:policy:P0ESC`."""


def is_source(name: str) -> bool:
    """Whether an approver's name stands for whoever is on call."""
    return SOURCE.fullmatch(name) is not None


class Shift(Frozen):
    """Somebody on call, as the vendor tells it."""

    email: str
    until: datetime | None = None
    """None: without an end."""
    level: int = 1
    """1 is called first."""


class Duty(Frozen):
    """Somebody on call whom Slack knows."""

    source: str
    user: str
    until: datetime | None = None
    level: int = 1

    def holds(self, at: datetime) -> bool:
        """Whether it is not over."""
        return self.until is None or at < self.until
