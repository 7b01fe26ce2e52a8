"""Everything that a handler can reach, and the way an operation is declared."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.sandbox.taurus.calls import Answer, Call
from bot.sandbox.taurus.errors import ServiceError
from bot.sandbox.taurus.faults import Faults
from bot.sandbox.taurus.identity import Identity
from bot.sandbox.taurus.instances import Instance
from bot.sandbox.taurus.world import World

INSTANCE_ID = re.compile(r"[0-9A-Za-z]{32}in07")
Group = Literal["reads", "writes", "upgrades", "iam"]


@dataclass(frozen=True)
class Cloud:
    """One project in one region, with its IAM."""

    world: World
    faults: Faults
    identity: Identity
    project_id: str
    region: str
    domain_id: str


@dataclass(frozen=True)
class Operation:
    """One API: `path` holds `{project_id}`-like parts; `groups` are scopes of faults."""

    name: str
    method: str
    path: str
    handle: Callable[[Cloud, Call], Answer]
    groups: frozenset[Group]
    is_open: bool = False
    """Whether it is called without authentication (getting a token)."""
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        """Compile the path once; letters match in their exact case only."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path.replace(".", r"\."))
        object.__setattr__(self, "pattern", re.compile(pattern))


def instance_of(cloud: Cloud, instance_id: str) -> Instance:
    """The instance of an id from a request; raises ServiceError for a bad or unknown one."""
    if not INSTANCE_ID.fullmatch(instance_id):
        raise ServiceError("DBS.280404")
    if instance_id not in cloud.world.instances:
        raise ServiceError("DBS.200002")
    return cloud.world.instances[instance_id]
