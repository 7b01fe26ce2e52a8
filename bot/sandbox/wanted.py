"""What the command line asks of the sandbox, checked all at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.taurus import LARGEST, SwitchError, read_faults
from bot.sandbox.taurus.switch import Value

_HIGHEST_PORT = 65_535
_SLOWEST, _FASTEST = 0.01, 100_000


class WantedError(ValueError):
    """What cannot be: a line for each mistake, which names the option and what would do."""


@dataclass(frozen=True)
class Wanted:
    """A sandbox as somebody wants it."""

    port: int
    fleet: int | None
    """So many generated instances; None: the usual ones."""
    speed: float
    faults: Mapping[str, Value]


def read_wanted(*, port: str, fleet: str | None, speed: str, faults: str | None) -> Wanted:
    """Read the options' texts.

    Raises:
        WantedError: with every mistake.
    """
    found: list[str] = []
    wanted = Wanted(
        port=int(_number("--port", port, range(_HIGHEST_PORT + 1), found)),
        fleet=None
        if fleet is None
        else int(_number("--fleet", fleet, range(1, LARGEST + 1), found)),
        speed=_number("--speed", speed, None, found),
        faults=_faults(faults, found) if faults else {},
    )
    if found:
        raise WantedError("\n".join(found))
    return wanted


def _number(option: str, text: str, whole: range | None, found: list[str]) -> float:
    """Read a whole number of a range, or any that time can run by."""
    try:
        value = float(text) if whole is None else int(text)
    except ValueError:
        value = -1  # which is never among those that do
    lowest, highest = (_SLOWEST, _FASTEST) if whole is None else (whole[0], whole[-1])
    if not lowest <= value <= highest:
        found.append(f"{option}: use a number from {lowest} to {highest}, not {text!r}")
    return value


def _faults(file: str, found: list[str]) -> Mapping[str, Value]:
    try:
        return read_faults(Path(file))
    except SwitchError as error:
        found += [f"--faults {file}: {one}" for one in error.problems]
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        found.append(f"--faults {file}: it cannot be read: {why}")
    return {}
