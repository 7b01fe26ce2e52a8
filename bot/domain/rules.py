"""The rules of approval that a change is under: taken from its environment, part of its seal."""

from bot.domain.change import Change, Options
from bot.domain.policy import Environment
from bot.domain.sentence import Sentence, say


def needed(environment: Environment, options: Options) -> int:
    """How many approvals it takes: going past freezes takes one more."""
    usual = environment.approvals if environment.approvers else 1
    return usual + 1 if options.override else usual


def ruled(change: Change, environment: Environment) -> Change:
    """Put a change under its environment's rules as they are now."""
    return change.model_copy(
        update={
            "approvers": environment.approvers,
            "approvals_needed": needed(environment, change.options),
            "self_approval": environment.self_approval,
            "protected": environment.protected,
        }
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
