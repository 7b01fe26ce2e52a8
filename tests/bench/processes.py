"""Processes under measurement: started, watched from outside, and ended."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


class Running:
    """One process and those it started."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._seen = psutil.Process(process.pid)

    def cpu(self) -> float:
        """Seconds of processor time of the whole tree so far."""
        tree = [self._seen, *self._seen.children(recursive=True)]
        times = [one.cpu_times() for one in tree]
        return float(sum(one.user + one.system for one in times))

    def memory(self) -> float:
        """Resident megabytes of the whole tree."""
        tree = [self._seen, *self._seen.children(recursive=True)]
        return float(sum(one.memory_info().rss for one in tree)) / 1e6

    def connections(self) -> int:
        """Open TCP connections to others, without those that others opened."""
        listening = {
            one.laddr.port for one in self._seen.net_connections("tcp") if one.status == "LISTEN"
        }
        return sum(
            one.status == "ESTABLISHED" and one.laddr.port not in listening
            for one in self._seen.net_connections("tcp")
        )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        self._process.kill()
        self._process.wait()


@asynccontextmanager
async def running(*words: str, env: Mapping[str, str]) -> AsyncIterator[Running]:
    """Start `python WORDS` and end it afterwards; what it says goes to a file."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env={**kept, **env}, stdout=said, stderr=said
        )
        made = Running(process)
        try:
            yield made
        except BaseException:
            said.seek(0)
            print(said.read().decode()[-2000:], file=sys.stderr)
            raise
        finally:
            await asyncio.to_thread(made.end)


def seconds_of(*words: str) -> float:
    """How long `python WORDS` takes, in seconds of processor time."""
    before = os.times()
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, capture_output=True)
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def now() -> float:
    """Give the time by a steady clock, in seconds."""
    return time.perf_counter()
