"""What is told of the work while it happens, for logs, metrics and traces.

Services and adapters tell a `Watch`; who listens is the composition root's business. Nothing here
decides anything, and nothing of it may fail.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Protocol


class Watch(Protocol):
    """Is told of what happens, in words of closed lists, never in what was typed; never raises."""

    def work(self, name: str, key: str = "", /, **facts: str) -> AbstractContextManager[None]:
        """Do what follows under a name.

        `key` is that of the delivery that caused it: its correlation id and the facts stand on
        every line that is logged meanwhile.
        """

    def on_command(self, name: str, outcome: str, /) -> None:
        """Tell how a command, button or form ended: `ok`, or why not."""

    def on_approval(self, outcome: str, /) -> None:
        """Tell how a click on approval ended: `allowed`, or the policy's reason."""

    def on_due(self, late: timedelta, /) -> None:
        """Tell how late a change that was due was begun."""

    def on_told(self, lag: timedelta, /) -> None:
        """Tell how long after a fact Slack shows it."""


class Unwatched:
    """Implements `Watch`: nobody wants to know."""

    @contextmanager
    def work(self, _name: str, _key: str = "", /, **_facts: str) -> Iterator[None]:
        """Do what follows."""
        yield

    def on_command(self, _name: str, _outcome: str) -> None:
        """Let it pass."""

    def on_approval(self, _outcome: str) -> None:
        """Let it pass."""

    def on_due(self, _late: timedelta) -> None:
        """Let it pass."""

    def on_told(self, _lag: timedelta) -> None:
        """Let it pass."""
