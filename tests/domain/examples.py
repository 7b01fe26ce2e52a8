"""Values of the domain for its tests: one shop, one night, one number an instance."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.change import (
    Approval,
    Batch,
    Change,
    Options,
    State,
    Target,
    TargetState,
)
from bot.domain.errors import CloudError, Effect, Reaction
from bot.domain.instance import (
    Answer,
    Detail,
    Instance,
    Job,
    JobState,
    Schedule,
    Status,
    Version,
)
from bot.domain.kernel import Kernel, path_from
from bot.domain.plan import Facts
from bot.domain.seal import seal_of
from bot.domain.sentence import Sentence, say

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LIMIT = 2 * HOUR
TTL = 24 * HOUR

OLD, NEWER, NEWEST = "2.0.63.250300", "2.0.69.250900", "2.0.72.251200"
TWO_PHASE, ANCIENT = "2.0.51.240305", "2.0.48.231200"
SUCCESS = Answer(resp="success", status=200, request_id="r-1")


def instance_id(number: int) -> str:
    return f"{number:032x}in07"


def name(number: int) -> str:
    return f"orders-{number}"


def words(sentences: Sequence[Sentence]) -> list[str]:
    return [str(one) for one in sentences]


def instance(number: int = 1, status: Status = Status.NORMAL, **fields: object) -> Instance:
    given = {"id": instance_id(number), "name": name(number), "kernel": Kernel(OLD), **fields}
    return Instance.model_validate({"status": status, **given})


def version(current: str = OLD, latest: str = NEWEST, *, upgradable: bool = True) -> Version:
    return Version(current=Kernel(current), latest=Kernel(latest), upgradable=upgradable)


IS_NEWEST = version(NEWEST, upgradable=False)


def facts(number: int = 1, **fields: object) -> Facts:
    given = {
        "instance": instance(number),
        "detail": Detail(id=instance_id(number), zones=1, nodes=2, window="18:00-22:00"),
        "version": version(),
        **fields,
    }
    return Facts.model_validate(given)


def target(number: int = 1, kernel: str = OLD, **fields: object) -> Target:
    given = {
        "instance_id": instance_id(number),
        "name": name(number),
        "kernel": Kernel(kernel),
        "newest": Kernel(NEWEST),
        "path": path_from(Kernel(kernel)),
        "window": "18:00-22:00",
        **fields,
    }
    return Target.model_validate(given)


def sent(number: int = 1, state: TargetState = TargetState.ACCEPTED, **fields: object) -> Target:
    """A target whose request left at NOW."""
    given = {"state": state, "batch": 1, "submitted_at": NOW, **fields}
    return target(number).model_copy(update=given)


def change(*targets: Target, state: State = State.SCHEDULED, **fields: object) -> Change:
    """A change that ann asked for; by default she has confirmed it."""
    given = {
        "number": 7,
        "environment": "prod",
        "channel": "C0OPS",
        "requester": "U0ANN",
        "key": "first",
        "options": Options(),
        "created_at": NOW,
        "expires_at": NOW + TTL,
        "due_at": NOW,
        **fields,
    }
    made = Change.model_validate({"targets": targets, "state": state, **given})
    return approved(made) if state is not State.PROPOSED else made


def approved(made: Change, *users: str) -> Change:
    seal = seal_of(made)
    yes = tuple(Approval(user=user, at=NOW, seal=seal) for user in users or ("U0ANN",))
    return made.model_copy(update={"approvals": yes})


def under_way(*targets: Target, state: State = State.RUNNING, **fields: object) -> Change:
    """A change whose first batch was sent: all targets that have a batch."""
    ids = tuple(one.instance_id for one in targets if one.batch == 1)
    batch = Batch(number=1, instance_ids=ids, attempted_at=NOW)
    return change(*targets, state=state, **{"batches": (batch,), **fields})


def job(state: JobState = JobState.RUNNING, number: int = 1, **fields: object) -> Job:
    given = {"id": "job-1", "created_at": NOW + 3 * SECOND, **fields}
    return Job.model_validate({"instance_id": instance_id(number), "state": state, **given})


def schedule(state: JobState = JobState.PENDING, number: int = 1, **fields: object) -> Schedule:
    window = {"start_at": NOW + 16 * HOUR, "end_at": NOW + 20 * HOUR}
    given = {"id": "task-1", **window, **fields}
    return Schedule.model_validate({"instance_id": instance_id(number), "state": state, **given})


def error(
    effect: Effect = Effect.REFUSED,
    reaction: Reaction = Reaction.WAIT,
    code: str = "DBS.200047",
    message: str = "Another operation is running.",
) -> CloudError:
    sentence = say("The instance is busy.")
    return CloudError(
        sentence, effect=effect, reaction=reaction, code=code, message=message, request_id="r-2"
    )
