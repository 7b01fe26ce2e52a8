"""Who may do what, where: one environment's rules and the one function that decides."""

from datetime import timedelta

from bot.domain.model import Frozen


class Environment(Frozen):
    """What a service needs to know of one environment: who may do what, and how carefully."""

    name: str
    region: str
    channels: tuple[str, ...] = ()
    requesters: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    approvals: int = 1
    self_approval: bool = False
    notify: tuple[str, ...] = ()
    approval_ttl: timedelta = timedelta(hours=24)
    poll_interval: timedelta = timedelta(seconds=10)
    verify_timeout: timedelta = timedelta(hours=2)
