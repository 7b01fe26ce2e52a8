"""How far a fleet is behind the newest kernel, as far as it is known."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from pydantic import Field

from bot.domain.instance import Instance, Version
from bot.domain.kernel import Kernel, Path, path_from
from bot.domain.model import Frozen


class KernelGroup(Frozen):
    """The instances that run one kernel."""

    kernel: Kernel | None
    """None: the cloud did not tell it."""
    count: int
    behind: int
    """How many of them the cloud offers an upgrade."""
    months: int | None = None
    """Months between its release and the newest one's; None if that cannot be told."""


class Drift(Frozen):
    """One fleet, or a part of it."""

    groups: tuple[KernelGroup, ...] = ()
    """The newest kernel first."""
    total: int = 0
    behind: int = 0
    unread: int = 0
    """Instances of which it is not known yet whether they could be upgraded."""
    paths: dict[Path, int] = Field(default_factory=dict)
    """How those that are behind get to the newest kernel."""
    ending: tuple[str, ...] = ()
    """Names of those at the end of service."""


def drift_of(instances: Sequence[Instance], versions: Mapping[str, Version]) -> Drift:
    """Sum up a fleet; `versions` by instance id, as many as have been read."""
    kernels: defaultdict[Kernel | None, list[Version | None]] = defaultdict(list)
    for instance in instances:
        version = versions.get(instance.id)
        kernels[version.current if version else instance.kernel].append(version)
    read = [versions[one.id] for one in instances if one.id in versions]
    newest = max((version.latest for version in read), default=None)
    behind = [version for version in read if version.upgradable]
    return Drift(
        groups=tuple(_group(of, kernels[of], newest) for of in sorted(kernels, key=_age)),
        total=len(instances),
        behind=len(behind),
        unread=len(instances) - len(read),
        paths=dict(Counter(path_from(version.current) for version in behind)),
        ending=tuple(sorted(one.name for one in instances if one.end_of_service)),
    )


def _group(
    kernel: Kernel | None, versions: Sequence[Version | None], newest: Kernel | None
) -> KernelGroup:
    return KernelGroup(
        kernel=kernel,
        count=len(versions),
        behind=sum(version is not None and version.upgradable for version in versions),
        months=kernel.months_behind(newest) if kernel and newest else None,
    )


def _age(kernel: Kernel | None) -> tuple[int, ...]:
    return tuple(-number for number in kernel.numbers) if kernel else (1,)
