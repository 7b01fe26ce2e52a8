"""What an upgrade does to the workloads, in the words of the vendor's guides."""

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

from bot.domain.change import Target, failovers_across
from bot.domain.kernel import Path
from bot.domain.sentence import Sentence, say, say_many


def risk(targets: Sequence[Target]) -> tuple[Sentence, ...]:
    """Say what the workloads have to expect.

    User guide and operation guide: an ordinary upgrade interrupts for 30 to 90 seconds. In a
    two-phase upgrade the pre-upgrade restarts nothing, and the second phase takes 15 to 20
    minutes with 1 to 2 minutes of interruption; the API does not tell which phase is next.
    """
    two_phase: Sequence[Target] = ()
    at_once = targets
    if Path.TWO_PHASE in map(attrgetter("path"), targets):
        two_phase = [target for target in targets if target.path is Path.TWO_PHASE]
        at_once = [target for target in targets if target.path is not Path.TWO_PHASE]
    said: list[Sentence] = []
    if at_once:
        said.append(
            say_many(
                "Restarts {n} instance and interrupts its workload for 30 to 90 seconds; "
                "failovers: {failovers}. It cannot be undone.",
                "Restarts {n} instances and interrupts the workload of each for 30 to 90 "
                "seconds; failovers in all: {failovers}. It cannot be undone.",
                len(at_once),
                failovers=_failovers(at_once),
            )
        )
    if two_phase:
        said.append(
            say_many(
                "{n} instance upgrades in two phases. The pre-upgrade restarts nothing; if that "
                "is done already, this takes 15 to 20 minutes, interrupts the workload for 1 to "
                "2 minutes (failovers: {failovers}) and cannot be undone.",
                "{n} instances upgrade in two phases. The pre-upgrade restarts nothing; where "
                "that is done already, this takes 15 to 20 minutes, interrupts the workload for "
                "1 to 2 minutes (failovers in all: {failovers}) and cannot be undone.",
                len(two_phase),
                failovers=_failovers(two_phase),
            )
        )
    return (*said, *_replicas(targets))


def _failovers(targets: Sequence[Target]) -> int:
    zones = Counter(map(attrgetter("zones"), targets))
    return sum(failovers_across(each) * instances for each, instances in zones.items())


def _replicas(targets: Sequence[Target]) -> tuple[Sentence, ...]:
    # Operation guide: read replicas are upgraded and rebooted with their instance.
    nodes = Counter(map(attrgetter("nodes"), targets))
    count = sum((each - 1) * instances for each, instances in nodes.items() if each > 1)
    if not count:
        return ()
    return (
        say_many(
            "{n} read replica is upgraded and restarts along.",
            "{n} read replicas are upgraded and restart along.",
            count,
        ),
    )


def protection(environment: str) -> Sentence:
    """Say what it means that an environment is protected."""
    return say(
        "PROTECTED ENVIRONMENT {env}: what runs here must not fail. Check every database below; "
        "whoever approves has to type the name {env}.",
        env=environment,
    )


def rounds(targets: Sequence[Target]) -> tuple[Sentence, ...]:
    """Say for which targets this upgrade is not the last step to the newest kernel."""
    said: list[Sentence] = []
    if names := [target.name for target in targets if target.path is Path.SEVERAL_ROUNDS]:
        said.append(
            say_many(
                "{n} instance is so old that it needs several rounds; this change does one: "
                "{names}.",
                "{n} instances are so old that they need several rounds; this change does one: "
                "{names}.",
                len(names),
                names=some(names),
            )
        )
    if names := [target.name for target in targets if target.path is Path.TWO_PHASE]:
        said.append(
            say_many(
                "{n} instance blocks other operations after the pre-upgrade, until somebody "
                "retries for the second phase and then applies the upgrade in the console: "
                "{names}.",
                "{n} instances block other operations after the pre-upgrade, until somebody "
                "retries for the second phase and then applies the upgrade in the console: "
                "{names}.",
                len(names),
                names=some(names),
            )
        )
    return tuple(said)


def some(names: Sequence[str], limit: int = 8) -> str:
    """Name as many as help to recognise them."""
    shown = ", ".join(names[:limit])
    return f"{shown}, …" if len(names) > limit else shown
