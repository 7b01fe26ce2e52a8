"""One environment: its databases' region, and the rules for whoever changes them."""

from datetime import timedelta

from bot.domain.feed import Source
from bot.domain.freeze import RecurringFreeze
from bot.domain.kernel import Path
from bot.domain.model import Frozen
from bot.domain.signal import Signal
from bot.domain.subscription import Subscription
from bot.domain.waves import WaveRules
from bot.domain.windows import Window


class MoreApprovals(Frozen):
    """A rule by which more risk takes more approvals."""

    approvals: int
    instances: int = 1
    """From so many instances on."""
    path: Path | None = None
    """Only instances with this path count; None: all."""


class Environment(Frozen):
    """What a service needs to know of one environment: who may do what, and how carefully."""

    name: str
    region: str
    channels: tuple[str, ...] = ()
    requesters: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    approvals: int = 1
    more_approvals: tuple[MoreApprovals, ...] = ()
    """Of those that fit a change, the one that asks for most counts."""
    self_approval: bool = False
    reschedule_keeps_approvals: bool = False
    """Whether a change that is moved to another time stays approved."""
    notify: tuple[str, ...] = ()
    """Channels that get a short notice of every change."""
    subscriptions: tuple[Subscription, ...] = ()
    """Channels that get one of changes of their own databases, by a tag."""
    protected: bool = False
    """Confirming asks to type the environment's name."""
    windows: tuple[Window, ...] = ()
    """Changes may only start inside; none: at any time."""
    freezes: tuple[RecurringFreeze, ...] = ()
    calendars: tuple[Source, ...] = ()
    """Calendars of others with more freezes."""
    wave_size: int = 0
    """Instances in one wave unless the requester says otherwise; 0: all in one."""
    rings: tuple[str, ...] = ()
    """Tags in the order in which their instances go, such as `ring=canary`."""
    one_at_a_time: str = ""
    """A tag's key: two instances with one value of it are never upgraded at once."""
    soak: timedelta = timedelta()
    halt_after_failures: int = 1
    slow_after: timedelta | None = None
    """A target that takes longer counts as a failure for the brake; None: none does."""
    digest: Window | None = None
    """Begins when the watching channel is told how far the databases are behind; None: never."""
    signals: tuple[Signal, ...] = ()
    """Asked between waves; a bad one halts."""
    approval_ttl: timedelta = timedelta(hours=24)
    poll_interval: timedelta = timedelta(seconds=10)
    verify_timeout: timedelta = timedelta(hours=2)

    @property
    def wave_rules(self) -> WaveRules:
        """What orders the waves beyond their sizes."""
        return WaveRules(rings=self.rings, one_at_a_time=self.one_at_a_time)
