"""Slack's bad days, on demand."""

from collections import deque
from dataclasses import dataclass, field

# What a call of the Web API can meet. Any other kind is answered as that error string.
RATE_LIMITED = "ratelimited"
HTTP_500 = "http_500"
HANG = "hang"
DROP_ANSWER = "drop_answer"  # the call takes effect, its answer is lost
DROP_CALL = "drop_call"  # the connection breaks before the call takes effect

# What a delivery to the bot can meet.
TWICE = "twice"  # the same payload two times, without any mark of a retry
RETRY = "retry"  # as event deliveries look when Slack believes the first one failed
STALE = "stale"  # signed ten minutes ago


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong; `retry_after` (seconds) belongs to rate limits."""

    kind: str
    retry_after: int = 1


@dataclass
class Faults:
    """What the next calls and deliveries meet, in the order given."""

    _calls: dict[str, deque[Fault]] = field(default_factory=dict)
    _deliveries: deque[str] = field(default_factory=deque)

    def next_calls(self, method: str, kind: str, times: int = 1, retry_after: int = 1) -> None:
        """The next `times` calls of `method` (`*` for any) meet a fault of `kind`."""
        queue = self._calls.setdefault(method, deque())
        queue.extend([Fault(kind, retry_after)] * times)

    def next_deliveries(self, kind: str, times: int = 1) -> None:
        """The next `times` deliveries to the bot are `twice`, `retry` or `stale`.

        Raises:
            ValueError: for any other kind.
        """
        if kind not in {TWICE, RETRY, STALE}:
            raise ValueError(f"{kind!r} is no fault of deliveries: twice, retry or stale")
        self._deliveries.extend([kind] * times)

    def clear(self) -> None:
        """Forgets every fault that has not struck yet."""
        self._calls.clear()
        self._deliveries.clear()

    def strike_call(self, method: str) -> Fault | None:
        """Takes the fault that this call of `method` meets."""
        queue = self._calls.get(method) or self._calls.get("*")
        return queue.popleft() if queue else None

    def strike_delivery(self) -> str | None:
        """Takes the fault that this delivery meets."""
        return self._deliveries.popleft() if self._deliveries else None
