"""Who writes: on SQLite one thread that commits together what was asked for meanwhile.

A commit costs a flush of the disk, milliseconds, whatever is in it. So what waits for the one
before shares the next. One that fails takes nothing from the others: all is undone, they are
written again without it, and it is written alone. That is rare; a savepoint for each would cost
every one of them. Everybody hears of theirs only when it is on the disk.
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


@dataclass(eq=False)
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
            self._write_all(jobs)
        except BaseException as error:  # noqa: BLE001 - a mistake of ours must not end the thread
            # Locked, say: it would keep each of them waiting for as long once more.
            told = _explained(error)
            for job in jobs:
                job.error = told
        for job in jobs:
            _tell(job)

    def _write_all(self, jobs: Sequence[_Job]) -> None:
        """Write in one transaction what can be, and what spoils that in one of its own.

        Raises what keeps a transaction from being begun.
        """
        alone = jobs if len(jobs) == 1 else self._spoilers(jobs)
        others = [job for job in jobs if job not in alone]
        if alone and others and self._spoilers(others):
            alone = jobs
        for job in alone:
            self._write_one(job)

    def _spoilers(self, jobs: Sequence[_Job]) -> Sequence[_Job]:
        """Write all of them, or none; then tell the one that failed, or all if the commit did."""
        has_begun, failing = False, jobs
        try:
            with self._engine.begin() as connection:
                has_begun = True
                for job in jobs:
                    failing = (job,)
                    job.result = job.work(connection)
                failing = jobs
        except BaseException:
            if not has_begun:
                raise
            return failing
        return ()

    def _write_one(self, job: _Job) -> None:
        try:
            job.result = transact(self._engine, job.work)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for it
            job.error = error


def _explained(error: BaseException) -> BaseException:
    return StoreError(explain(error)) if isinstance(error, (SQLAlchemyError, OSError)) else error


def _tell(job: _Job) -> None:
    if job.error is None:
        job.future.set_result(job.result)
    else:
        job.future.set_exception(job.error)
