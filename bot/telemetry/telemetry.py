"""Everything that is told of the work, handed to logs, metrics and traces."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import structlog

from bot.domain.change import Change
from bot.domain.correlation import correlation_id
from bot.domain.story import Record
from bot.telemetry.metrics import CloudCall, Metrics
from bot.telemetry.traces import NoTraces, Traces

_READ_WELL = "200"
_CLOSED = "closed"
_log = logging.getLogger(__name__)


class Telemetry:
    """Implements `bot.watch.Watch`, and hears the adapters."""

    def __init__(self, traces: Traces | None = None) -> None:
        """Count from nothing."""
        self.metrics = Metrics()
        self._traces = traces or NoTraces()

    @contextmanager
    def work(self, name: str, key: str = "", /, **facts: str) -> Iterator[None]:
        """Do what follows under a name, with its facts on every line."""
        known = {"correlation_id": correlation_id(key)} if key else {}
        with (
            structlog.contextvars.bound_contextvars(**known, **facts),
            self._traces.span(name, key, {**known, **facts}),
        ):
            yield

    def on_command(self, name: str, outcome: str, /) -> None:
        """Count and log how a command, button or form ended."""
        self.metrics.on_command(name, outcome)
        _log.info("dealt with", extra={"command": name, "outcome": outcome})

    def on_approval(self, outcome: str, /) -> None:
        """Count a click on approval."""
        self.metrics.on_approval(outcome)

    def on_due(self, late: timedelta, /) -> None:
        """Note how late a change was begun."""
        self.metrics.on_due(late)

    def on_told(self, lag: timedelta, /) -> None:
        """Note how late Slack shows a fact."""
        self.metrics.on_told(lag)

    def on_delivery(self, kind: str, *, is_new: bool) -> None:
        """Count and log what Slack delivered, as soon as it is stored."""
        self.metrics.on_delivery(kind, is_new=is_new)
        # Slack waits for this; how it ended is logged when there is time.
        _log.debug("stored" if is_new else "stored before", extra={"kind": kind})

    def on_saved(self, change: Change, records: Sequence[Record]) -> None:
        """Log what happened to a change; count it when it is over."""
        for one in records:
            facts = {"change": change.id, "fact": one.kind, "actor": one.actor}
            _log.info("recorded", extra={**facts, "state": change.state.value})
        if any(one.kind == _CLOSED for one in records):
            outcomes = Counter(target.state.name.lower() for target in change.targets)
            self.metrics.on_closed(change.state, outcomes)

    def on_slack(self, method: str, outcome: str, seconds: float) -> None:
        """Count, log and trace a call of Slack."""
        self.metrics.on_slack(method, outcome, seconds)
        level = logging.DEBUG if outcome == "ok" else logging.INFO
        facts = {"method": method, "outcome": outcome}
        _log.log(level, "called Slack", extra={**facts, "seconds": round(seconds, 3)})
        self._traces.called(f"slack {method}", seconds, facts)

    def on_cloud(self, call: CloudCall) -> None:
        """Count, log and trace a call of TaurusDB or IAM, with the cloud's own id of it."""
        self.metrics.on_cloud(call)
        facts = {"operation": call.operation, "outcome": call.outcome}
        if call.request_id:
            facts["request_id"] = call.request_id
        # Looks are many, and those that went well tell nothing that the change does not.
        level = logging.DEBUG if call.outcome == _READ_WELL else logging.INFO
        _log.log(level, "called the cloud", extra={**facts, "seconds": round(call.seconds, 3)})
        self._traces.called(f"cloud {call.operation}", call.seconds, facts)

    def close(self) -> None:
        """Send the traces that were not sent yet."""
        self._traces.close()
