"""The seal: what exactly an approval covers, and what became different since.

The digest covers the instances, their current and newest kernels, their waves, the options, the
maintenance windows where these are the time, and the rules of approval. It is computed from the
plan when somebody approves, and from a fresh reading of the world before anything is sent; an
approval is worth something only while both are the same.
"""

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256

from bot.domain.change import Change, Target, TargetState, Timing, with_targets
from bot.domain.instance import Version
from bot.domain.kernel import path_from
from bot.domain.plan import Facts, is_newest, warnings
from bot.domain.sentence import Sentence, say


def seal_of(change: Change) -> str:
    """Digest what an approval of this change covers: 64 hex digits.

    What became of a target does not matter, not even that it was cancelled in the cloud, so the
    seal holds through all waves of a change. What was taken out is named, so that a reduced
    change has another seal than the one that was approved, and than one that never had it.
    """
    covered: dict[str, object] = {
        "environment": change.environment,
        "targets": [
            [target.instance_id, str(target.kernel), str(target.newest), target.wave]
            for target in change.kept
        ],
        "options": change.options.model_dump(mode="json"),
        "approvers": sorted(change.approvers),
        "approvals_needed": change.approvals_needed,
        "self_approval": change.self_approval,
    }
    # What older versions of the bot did not have is named only where it holds, so that what was
    # approved before an update stays approved.
    if change.protected:
        covered["protected"] = True
    if change.options.timing is Timing.IN_WINDOW:
        covered["windows"] = [target.window for target in change.kept]
    if taken_out := change.in_state({TargetState.TAKEN_OUT}):
        covered["taken_out"] = sorted(target.instance_id for target in taken_out)
    canonical = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(canonical.encode()).hexdigest()


def sealed_facts(change: Change) -> dict[str, str]:
    """What the record keeps of a plan, so that its seals tell later what was approved."""
    instances = (
        f"{target.instance_id} {target.kernel} -> {target.newest}" for target in change.kept
    )
    return {"seal": seal_of(change), "instances": "; ".join(instances)}


def is_sealed(change: Change) -> bool:
    """Whether enough people approved exactly what the change says now.

    The policy has asked each of them. That a requester's own yes counts only where it may is
    looked at once more here: this is the last question before anything is sent.
    """
    seal = seal_of(change)
    valid = {approval.user for approval in change.approvals if approval.seal == seal}
    if not change.approvers:
        valid &= {change.requester}
    elif not change.self_approval:
        valid -= {change.requester}
    return len(valid) >= change.approvals_needed


def resealed(approved: Change, moved: Change) -> Change | None:
    """Carry valid approvals over to a change that was moved; None if there are none."""
    seal, new = seal_of(approved), seal_of(moved)
    valid = [one.model_copy(update={"seal": new}) for one in approved.approvals if one.seal == seal]
    return moved.model_copy(update={"approvals": tuple(valid)}) if valid else None


def reduced(approved: Change, smaller: Change) -> Change:
    """Carry valid approvals over to what is left of a change; those of other plans are dropped."""
    return resealed(approved, smaller) or smaller.model_copy(update={"approvals": ()})


def difference(
    planned: Iterable[Target], facts: Sequence[Facts], timing: Timing = Timing.NOW
) -> tuple[Sentence, ...]:
    """Tell what is not as it was planned: gone, changed, or newest by now.

    A maintenance window matters where it is the time at which the upgrade happens.
    """
    now = {fact.instance.id: fact for fact in facts}
    return tuple(
        found
        for target in planned
        if (found := _differs(target, now.get(target.instance_id), timing))
    )


def _differs(target: Target, facts: Facts | None, timing: Timing) -> Sentence | None:
    if facts is None:
        return say("{name} is gone: it is no longer in the project.", name=target.name)
    if facts.version is None:
        return None  # Not known is not different: such an instance is waited for.
    if is_newest(facts):
        return say(
            "{name} runs {kernel} by now: there is nothing left to upgrade.",
            name=target.name,
            kernel=str(facts.version.current),
        )
    if timing is Timing.IN_WINDOW and facts.detail and facts.detail.window != target.window:
        return say(
            "{name} has the maintenance window {now}; approved was {then}.",
            name=target.name,
            now=facts.detail.window or "-",
            then=target.window or "-",
        )
    return _differs_in_version(target, facts.version)


def _differs_in_version(target: Target, version: Version) -> Sentence | None:
    if version.current != target.kernel:
        return say(
            "{name} runs {now}; approved was {then}.",
            name=target.name,
            now=str(version.current),
            then=str(target.kernel),
        )
    if version.latest != target.newest:
        return say(
            "{name} would get {now}; approved was {then}.",
            name=target.name,
            now=str(version.latest),
            then=str(target.newest),
        )
    if not version.upgradable:
        return say("The cloud offers no upgrade for {name} any more.", name=target.name)
    return None


def replanned(change: Change, checked: Iterable[Target], facts: Sequence[Facts]) -> Change:
    """Bring the targets that were checked up to date with the world, for a new approval.

    What can no longer be upgraded stays visible, but is left out.
    """
    now = {fact.instance.id: fact for fact in facts}
    fresh = with_targets(
        change,
        [
            _refreshed(target, now.get(target.instance_id), change.options.timing)
            for target in checked
        ],
    )
    kept = fresh.in_state({TargetState.PLANNED})
    known = [now[target.instance_id] for target in kept if target.instance_id in now]
    return fresh.model_copy(update={"warnings": warnings(kept, known, change.options)})


def _refreshed(target: Target, facts: Facts | None, timing: Timing) -> Target:
    version = facts.version if facts else None
    if facts is not None and version is None:
        return target
    update: dict[str, object]
    if facts is not None and version is not None and is_newest(facts):
        update = {"state": TargetState.ALREADY_NEWEST, "found": version.current}
    elif version is None or not version.upgradable:
        update = {"state": TargetState.CANCELLED, "note": _differs(target, facts, timing)}
    else:
        path = path_from(version.current)
        window = facts.detail.window if facts and facts.detail else target.window
        update = {
            "kernel": version.current,
            "newest": version.latest,
            "path": path,
            "window": window,
        }
    return target.model_copy(update=update)
