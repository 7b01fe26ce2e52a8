"""Imports modules and prints what else that did besides defining things.

Run as `python -m tests.workshop.import_probe ROOT MODULE…`, in a process of its own: an audit hook
can't be taken out again.

A deed is laid at a module's door if the nearest module body up the stack is that module's.
Python's importing (which reads files) and what a library does in its own module body do not count.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

FORBIDDEN = (
    "_thread.start",
    "open",
    "os.exec",
    "os.fork",
    "os.listdir",
    "os.mkdir",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.scandir",
    "os.system",
    "socket.",
    "sqlite3.connect",
    "subprocess.",
)
EXCUSED = (
    "<frozen importlib",
    f"pydantic{os.sep}plugin{os.sep}_loader.py",  # it looks for plug-ins at every model
)


class Watch:
    """Notes what the modules of one checkout do while they are being imported."""

    def __init__(self, root: Path) -> None:
        self._ours = tuple(f"{root / folder}{os.sep}" for folder in ("bot", "commands"))
        self.deeds: list[str] = []

    def start(self) -> None:
        """Begin; there is no end but that of the process."""
        self._watch_environment()
        sys.addaudithook(self._on_audit)

    def _watch_environment(self) -> None:
        environment = type(os.environ)
        read, walk = environment.__getitem__, environment.__iter__

        def watched_read(environ: "os._Environ[str]", key: str) -> str:
            self._note(f"reads the environment variable {key}")
            return read(environ, key)

        def watched_walk(environ: "os._Environ[str]") -> Iterator[str]:
            self._note("reads the whole environment")
            return walk(environ)

        # Every way of reading (get, in, getenv, copy) ends in one of these two.
        environment.__getitem__ = watched_read  # type: ignore[method-assign]
        environment.__iter__ = watched_walk  # type: ignore[method-assign]

    def _on_audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(FORBIDDEN):
            self._note(f"{event} {arguments[:1]}")

    def _note(self, deed: str) -> None:
        culprit = self._module_being_imported(sys._getframe(2))  # noqa: SLF001 - the question
        if culprit is not None:
            self.deeds.append(f"{culprit}: {deed}")

    def _module_being_imported(self, frame: FrameType | None) -> str | None:
        while frame is not None:
            code = frame.f_code
            if any(part in code.co_filename for part in EXCUSED):
                return None
            if code.co_name == "<module>":
                return code.co_filename if code.co_filename.startswith(self._ours) else None
            frame = frame.f_back
        return None


def main(root: str, *modules: str) -> None:
    """Import the modules from the checkout at root; print one line for each deed."""
    sys.path.insert(0, root)
    watch = Watch(Path(root))
    watch.start()
    for module in modules:
        importlib.import_module(module)
    sys.stdout.writelines(f"{deed}\n" for deed in watch.deeds)


if __name__ == "__main__":
    main(*sys.argv[1:])
