"""What is counted, in Prometheus's conventions: base units, `_total`, few label values."""

from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_ACK_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
_CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LATE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
_RATE_LIMITED = frozenset({"ratelimited", "rate_limited", "429"})


class CloudCall(Protocol):
    """A report of one call of TaurusDB or IAM."""

    @property
    def operation(self) -> str:
        """Which call."""

    @property
    def outcome(self) -> str:
        """The HTTP status, or the name of what broke."""

    @property
    def seconds(self) -> float:
        """How long it took."""


class Metrics:
    """The counters of one bot; each method tells of one event."""

    def __init__(self) -> None:
        """Count in a registry of one's own, so that several bots fit in one process."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._commands = self._counter("commands", "Slash commands", "command", "outcome")
        self._deliveries = self._counter("deliveries", "Deliveries of Slack", "kind", "outcome")
        self._approvals = self._counter("approvals", "Clicks on approval buttons", "outcome")
        self._upgrades = self._counter("upgrades", "Targets whose outcome is known", "outcome")
        self._store_errors = self._counter("store_errors", "Times the store could not be used")
        self._acks = self._histogram("ack", "Until Slack was told", _ACK_BUCKETS, "kind")
        self._late = self._histogram("lateness", "From due to begun", _LATE_BUCKETS)
        self._define_calls()
        self._stale_cards = Gauge(
            "taurus_stale_cards", "Cards that Slack shows out of date", registry=self.registry
        )
        self._card_lag = Gauge(
            "taurus_card_lag_seconds", "Age of the oldest of those", registry=self.registry
        )

    def _define_calls(self) -> None:
        self._slack_calls = self._counter("slack_calls", "Web API calls", "method", "outcome")
        self._slack_limited = self._counter(
            "slack_rate_limited", "Web API calls that Slack told to wait", "method"
        )
        self._slack_seconds = self._histogram(
            "slack_call", "Web API calls", _CALL_BUCKETS, "method"
        )
        self._cloud_calls = self._counter(
            "cloud_calls", "TaurusDB and IAM calls", "operation", "outcome"
        )
        self._cloud_seconds = self._histogram(
            "cloud_call", "TaurusDB and IAM calls", _CALL_BUCKETS, "operation"
        )

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"taurus_{name}", meaning, labels, registry=self.registry)

    def _histogram(
        self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            f"taurus_{name}_seconds", meaning, labels, buckets=buckets, registry=self.registry
        )

    def on_command(self, command: str, outcome: str) -> None:
        """Count a slash command: `ok`, `usage`, `refused` or `error`."""
        self._commands.labels(command, outcome).inc()

    def on_delivery(self, kind: str, *, is_new: bool) -> None:
        """Count something that Slack delivered; it delivers some things repeatedly."""
        self._deliveries.labels(kind, "new" if is_new else "repeated").inc()

    def on_ack(self, kind: str, seconds: float) -> None:
        """Count an acknowledgement; Slack waits for 3 seconds."""
        self._acks.labels(kind).observe(seconds)

    def on_approval(self, outcome: str) -> None:
        """Count a click on an approval button: `allowed`, or why not."""
        self._approvals.labels(outcome).inc()

    def on_upgrade(self, outcome: str) -> None:
        """Count a target whose outcome is known now."""
        self._upgrades.labels(outcome).inc()

    def on_slack(self, method: str, outcome: str, seconds: float) -> None:
        """Count a call of Slack's Web API: `ok` or Slack's word."""
        self._slack_calls.labels(method, outcome).inc()
        self._slack_seconds.labels(method).observe(seconds)
        if outcome in _RATE_LIMITED:
            self._slack_limited.labels(method).inc()

    def on_cloud(self, call: CloudCall) -> None:
        """Count a call of TaurusDB or IAM."""
        self._cloud_calls.labels(call.operation, call.outcome).inc()
        self._cloud_seconds.labels(call.operation).observe(call.seconds)

    def on_due(self, late_seconds: float) -> None:
        """Note how late a change that was due was begun."""
        self._late.observe(max(0.0, late_seconds))

    def on_cards(self, stale: int, lag_seconds: float) -> None:
        """Note how many cards are out of date now, and the age of the oldest of those."""
        self._stale_cards.set(stale)
        self._card_lag.set(lag_seconds)

    def on_store_error(self) -> None:
        """Count that the store could not be used."""
        self._store_errors.inc()
