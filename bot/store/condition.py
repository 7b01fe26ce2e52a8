"""How the store is, said once when it changes and not at every call that meets it."""

import logging
from threading import Lock

from bot.ports import StoreError

_log = logging.getLogger(__name__)


class Condition:
    """Remembers what is wrong with the store until a write has proven that it is well again."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self._told: set[str] = set()
        self.trouble = ""
        """What failed last; empty if the store is well."""

    def fails(self, error: StoreError) -> None:
        """Log a trouble, unless it has been told since the store was well."""
        self.trouble = words = str(error)
        if words not in self._told:
            self._told.add(words)
            _log.error("%s Work waits, and goes on by itself when this is mended.", words)

    def is_proven(self) -> None:
        """The store has taken a write and has this code's schema."""
        if self._told:
            self._told.clear()
            self.trouble = ""
            _log.info("the database can be used again; work goes on")


class MissedError(StoreError):
    """A write came too late for whoever asked for it; the store itself is well."""


class Chance:
    """The chance of a write to be committed: it is either taken in time or missed for good."""

    def __init__(self) -> None:
        """Open."""
        self._lock = Lock()
        self._is_taken = False
        self._is_missed = False

    @property
    def is_taken(self) -> bool:
        """Whether the commit has begun."""
        return self._is_taken

    def take(self) -> None:
        """Take it, as the last thing before the commit.

        Raises:
            MissedError: nothing may be kept any more.
        """
        with self._lock:
            if self._is_missed:
                raise MissedError("The database answered too late, so nothing was stored.")
            self._is_taken = True

    def miss(self) -> bool:
        """Give it up; False if it has been taken."""
        with self._lock:
            self._is_missed = not self._is_taken
            return self._is_missed
