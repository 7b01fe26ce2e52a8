"""What is counted, in Prometheus's conventions: base units, `_total`, few label values."""

from collections.abc import Mapping
from datetime import timedelta
from math import nan
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from bot.domain.backlog import Backlog, Kind
from bot.domain.change import OPEN_STATES, State

MOST_VALUES = 60
"""Of one label; whatever comes later is counted as `other`, as it comes from outside."""
_OTHER = "other"
_ACK_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
_CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LATE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
_RATE_LIMITED = frozenset({"ratelimited", "rate_limited", "429"})
_QUEUES: tuple[Kind, ...] = ("deliveries", "changes", "cards")


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

    @property
    def request_id(self) -> str:
        """The cloud's own id of the call; empty if it told none."""


class Metrics:
    """The counters of one bot; each method tells of one event."""

    def __init__(self) -> None:
        """Count in a registry of one's own, so that several bots fit in one process."""
        self.registry = CollectorRegistry()
        self._seen: dict[str, set[str]] = {}
        ProcessCollector(registry=self.registry)
        self._commands = self._counter(
            "commands", "Commands, buttons and forms dealt with", "command", "outcome"
        )
        self._deliveries = self._counter("deliveries", "Deliveries of Slack", "kind", "outcome")
        self._approvals = self._counter("approvals", "Clicks on approval buttons", "outcome")
        self._upgrades = self._counter("upgrades", "Targets of changes that are over", "outcome")
        self._changes = self._counter("changes_closed", "Changes that are over", "state")
        self._store_errors = self._counter("store_errors", "Times the store could not be used")
        self._acks = self._histogram("ack", "Until Slack was told", _ACK_BUCKETS, "kind")
        self._late = self._histogram("lateness", "From due to begun", _LATE_BUCKETS)
        self._told = self._histogram("card_lag", "From a fact to its line in Slack", _LATE_BUCKETS)
        self._define_calls()
        self._define_backlog()

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

    def _define_backlog(self) -> None:
        self._length = self._gauge("queue_length", "Work that could be begun now", "queue")
        self._lag = self._gauge("queue_lag_seconds", "Age of the oldest of it", "queue")
        self._leases = self._gauge("leases", "Work that some process is at", "queue")
        self._open = self._gauge("changes_open", "Changes that are not over", "state")
        self._replicas = self._gauge("busy_replicas", "Processes that are at something")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"taurus_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"taurus_{name}", meaning, labels, registry=self.registry)

    def _histogram(
        self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            f"taurus_{name}_seconds", meaning, labels, buckets=buckets, registry=self.registry
        )

    def on_command(self, command: str, outcome: str) -> None:
        """Count a command, button or form by how it ended."""
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

    def on_closed(self, state: State, targets: Mapping[str, int]) -> None:
        """Count a change that is over, and its targets by outcome."""
        self._changes.labels(state.name.lower()).inc()
        for outcome, count in targets.items():
            self._upgrades.labels(outcome).inc(count)

    def on_slack(self, method: str, outcome: str, seconds: float) -> None:
        """Count a call of Slack's Web API: `ok` or Slack's word."""
        method, outcome = self._bounded("method", method), self._bounded("slack", outcome)
        self._slack_calls.labels(method, outcome).inc()
        self._slack_seconds.labels(method).observe(seconds)
        if outcome in _RATE_LIMITED:
            self._slack_limited.labels(method).inc()

    def on_cloud(self, call: CloudCall) -> None:
        """Count a call of TaurusDB or IAM."""
        self._cloud_calls.labels(call.operation, self._bounded("cloud", call.outcome)).inc()
        self._cloud_seconds.labels(call.operation).observe(call.seconds)

    def on_due(self, late: timedelta) -> None:
        """Note how late a change that was due was begun."""
        self._late.observe(max(0.0, late.total_seconds()))

    def on_told(self, lag: timedelta) -> None:
        """Note how long after a fact its line stands in Slack."""
        self._told.observe(max(0.0, lag.total_seconds()))

    def on_store_error(self) -> None:
        """Count that the store could not be used."""
        self._store_errors.inc()

    def on_backlog(self, found: Backlog | None) -> None:
        """Note what waits now; None if that cannot be read."""
        for kind in _QUEUES:
            queue = None if found is None else found.queues.get(kind)
            self._length.labels(kind).set(nan if queue is None else queue.length)
            self._lag.labels(kind).set(nan if queue is None else queue.lag.total_seconds())
            self._leases.labels(kind).set(nan if queue is None else queue.leased)
        for state in OPEN_STATES:
            count = nan if found is None else found.open_changes.get(state, 0)
            self._open.labels(state.name.lower()).set(count)
        self._replicas.set(nan if found is None else found.replicas)

    def _bounded(self, label: str, value: str) -> str:
        seen = self._seen.setdefault(label, set())
        if value not in seen and len(seen) >= MOST_VALUES:
            return _OTHER
        seen.add(value)
        return value
