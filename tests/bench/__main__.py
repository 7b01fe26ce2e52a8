"""`python -m tests.bench [NAME…] [--quick]`: one command, one table."""

import argparse
import sys
from collections.abc import Iterable
from typing import Protocol

from tests.bench import ack, client, fleets, footprint, growth, schedule, startup
from tests.bench.table import Row, markdown


class Bench(Protocol):
    """Measures one thing."""

    def __call__(self, *, quick: bool) -> Iterable[Row]: ...


BENCHES: dict[str, Bench] = {
    "ack": ack.measure,
    "client": client.measure,
    "growth": growth.measure,
    "fleets": fleets.measure,
    "schedule": schedule.measure,
    "startup": startup.measure,
    "footprint": footprint.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="see whether they run; no figures")
    args = parser.parse_args()
    if unknown := set(args.names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    for name in args.names or BENCHES:
        print(f"{name}…", file=sys.stderr, flush=True)
        rows += BENCHES[name](quick=args.quick)
    print(markdown(rows))


if __name__ == "__main__":
    main()
