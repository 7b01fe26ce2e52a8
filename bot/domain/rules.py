"""The rules of approval that a change is under: taken from its environment, part of its seal."""

from collections.abc import Sequence

from bot.domain.change import Change, Options, Target, TargetState
from bot.domain.environment import Environment, MoreApprovals
from bot.domain.kernel import Path
from bot.domain.sentence import Sentence, say, say_many


def ruled(change: Change, environment: Environment) -> Change:
    """Put a change under its environment's rules as they are now."""
    needed, why = _needed(change.targets, environment, change.options)
    return change.model_copy(
        update={
            "approvers": environment.approvers,
            "approvals_needed": needed,
            "approvals_why": why,
            "self_approval": environment.self_approval,
            "protected": environment.protected,
        }
    )


def approvals(
    targets: Sequence[Target], environment: Environment, options: Options
) -> tuple[Sentence, ...]:
    """Say what a change of these targets would take before it runs, and why it is so many."""
    needed, why = _needed(targets, environment, options)
    if not environment.approvers and needed == 1:
        return (say("It takes no approval but your own confirmation."),)
    said = say_many("It takes {n} approval.", "It takes {n} approvals.", needed)
    return (said,) if why is None else (said, why)


def _needed(
    targets: Sequence[Target], environment: Environment, options: Options
) -> tuple[int, Sentence | None]:
    usual = environment.approvals if environment.approvers else 1
    rule, count = _raised(targets, environment, usual)
    needed = (rule.approvals if rule else usual) + bool(options.override)
    return needed, _why(rule, count) if rule else None


def _raised(
    targets: Sequence[Target], environment: Environment, usual: int
) -> tuple[MoreApprovals | None, int]:
    """Find the rule that asks for most, if any asks for more than usual, and for how many."""
    # What was left out before anything was sent of it is no risk; what was sent stays one. What
    # its owners took out counts on: that must not make the approvals of the rest void.
    out = {TargetState.CANCELLED, TargetState.ALREADY_NEWEST}
    counted = [one for one in targets if one.batch is not None or one.state not in out]
    found: tuple[MoreApprovals | None, int] = (None, 0)
    for rule in environment.more_approvals if environment.approvers else ():
        count = sum(rule.path is None or one.path is rule.path for one in counted)
        highest = found[0].approvals if found[0] else usual
        if count >= rule.instances and rule.approvals > highest:
            found = (rule, count)
    return found


def _why(rule: MoreApprovals, count: int) -> Sentence:
    match rule.path:
        case Path.TWO_PHASE:
            return say_many(
                "More approvals than usual, because {n} instance upgrades in two phases.",
                "More approvals than usual, because {n} instances upgrade in two phases.",
                count,
            )
        case Path.SEVERAL_ROUNDS:
            return say_many(
                "More approvals than usual, because {n} instance needs several rounds.",
                "More approvals than usual, because {n} instances need several rounds.",
                count,
            )
        case _:
            return say_many(
                "More approvals than usual, because it upgrades {n} instance.",
                "More approvals than usual, because it upgrades {n} instances.",
                count,
            )


def rule_in_words(rule: MoreApprovals) -> Sentence:
    """Explain a rule by which risk takes more approvals."""
    counts = {"approvals": rule.approvals}
    match rule.path:
        case Path.TWO_PHASE:
            return say_many(
                "From {n} instance on that upgrades in two phases it takes {approvals} approvals.",
                "From {n} instances on that upgrade in two phases it takes {approvals} approvals.",
                rule.instances,
                **counts,
            )
        case Path.SEVERAL_ROUNDS:
            return say_many(
                "From {n} instance on that needs several rounds it takes {approvals} approvals.",
                "From {n} instances on that need several rounds it takes {approvals} approvals.",
                rule.instances,
                **counts,
            )
        case _:
            return say_many(
                "From {n} instance on it takes {approvals} approvals.",
                "From {n} instances on it takes {approvals} approvals.",
                rule.instances,
                **counts,
            )


def rules_differ(change: Change, environment: Environment) -> tuple[Sentence, ...]:
    """Tell if the rules are not those any more under which the change was asked for."""
    now = ruled(change, environment)
    before = change.model_copy(update={"approvers": tuple(sorted(change.approvers))})
    if now.model_copy(update={"approvers": tuple(sorted(now.approvers))}) == before:
        return ()
    return (
        say(
            "The rules of approval of {env} are not those any more under which it was asked for.",
            env=environment.name,
        ),
    )
