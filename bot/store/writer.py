"""Who writes: on SQLite one thread that commits together what was asked for meanwhile.

A commit costs a flush of the disk, milliseconds, whatever is in it. So what waits for the one
before shares the next, each in a savepoint of its own: one that fails takes nothing from the
others, and everybody hears of theirs only when it is on the disk.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.ports import StoreError
from bot.store.engine import WRITERS, transact
from bot.store.trouble import explain

TOGETHER = 64
"""Works in one commit: none of them waits for long for the others."""
_Result = TypeVar("_Result")


class Writer(Protocol):
    """Runs works, each as if it were a transaction of its own."""

    def submit(self, work: Callable[[Connection], _Result]) -> Future[_Result]:
        """Write soon; the future brings what the work returned or raised, or `StoreError`."""

    def close(self) -> None:
        """Let what was submitted end, and take no more."""


def writer_of(engine: Engine) -> Writer:
    """Make the writer that suits a database."""
    return Together(engine) if engine.dialect.name == "sqlite" else Apart(engine)


class Apart:
    """Several threads, and a transaction for each work."""

    def __init__(self, engine: Engine) -> None:
        """Nothing is connected yet."""
        self._engine = engine
        self._threads = ThreadPoolExecutor(WRITERS, thread_name_prefix="store-writer")

    def submit(self, work: Callable[[Connection], _Result]) -> Future[_Result]:
        """Write soon."""
        return self._threads.submit(partial(transact, self._engine, work))

    def close(self) -> None:
        """Let what was submitted end."""
        self._threads.shutdown(wait=True)


@dataclass
class _Job:
    work: Callable[[Connection], Any]
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None


class Together:
    """One thread, which commits everything that waits at once."""

    def __init__(self, engine: Engine) -> None:
        """Nothing is connected yet."""
        self._engine = engine
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()
        self._is_closed = False
        self._thread = Thread(target=self._write, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], _Result]) -> Future[_Result]:
        """Write with the next commit."""
        if self._is_closed:
            raise RuntimeError("the store is closed")
        job = _Job(work)
        self._waiting.put(job)
        return job.future

    def close(self) -> None:
        """Let what was submitted end."""
        if not self._is_closed:
            self._is_closed = True
            self._waiting.put(None)
            self._thread.join()

    def _write(self) -> None:
        while (job := self._waiting.get()) is not None:
            jobs, is_last = self._with_others(job)
            self._commit([one for one in jobs if one.future.set_running_or_notify_cancel()])
            if is_last:
                return

    def _with_others(self, first: _Job) -> tuple[list[_Job], bool]:
        jobs = [first]
        with suppress(Empty):
            while len(jobs) < TOGETHER:
                job = self._waiting.get_nowait()
                if job is None:
                    return jobs, True
                jobs.append(job)
        return jobs, False

    def _commit(self, jobs: Sequence[_Job]) -> None:
        try:
            if len(jobs) == 1 or not self._are_written(jobs):
                # Alone, or again one by one: what broke the common one concerns one of them.
                for job in jobs:
                    self._write_one(job)
        except BaseException as error:  # noqa: BLE001 - a mistake of ours must not end the thread
            for job in jobs:
                job.error = error
        for job in jobs:
            _tell(job)

    def _write_one(self, job: _Job) -> None:
        job.result = job.error = None
        try:
            job.result = transact(self._engine, job.work)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for it
            job.error = error

    def _are_written(self, jobs: Sequence[_Job]) -> bool:
        """Write all at once, or find that nobody can be served; False: it has to be one by one."""
        has_begun = False
        try:
            with self._engine.begin() as connection:
                has_begun = True
                for job in jobs:
                    _try(connection, job)
        except (SQLAlchemyError, OSError, StoreError) as error:
            if has_begun:
                return False
            # Locked, say: it would keep each of them waiting for as long once more.
            for job in jobs:
                job.error = error if isinstance(error, StoreError) else StoreError(explain(error))
        return True


def _try(connection: Connection, job: _Job) -> None:
    """Do one work so that its failure undoes it alone; raises what concerns the database."""
    try:
        with connection.begin_nested():
            job.result = job.work(connection)
    except (SQLAlchemyError, OSError):
        raise
    except BaseException as error:  # noqa: BLE001 - told to whoever waits for it
        job.error = error


def _tell(job: _Job) -> None:
    if job.error is None:
        job.future.set_result(job.result)
    else:
        job.future.set_exception(job.error)
