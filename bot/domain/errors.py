"""What can go wrong between the bot and the cloud or its store, as the services need to know it.

CloudError
├── effect: did the request leave, and may it have taken effect?
└── reaction: what makes sense next?

Every CloudError owns the sentence that a person reads.
"""

from enum import StrEnum

from bot.domain.sentence import Sentence


class Effect(StrEnum):
    """What is certain about a request that did not succeed."""

    NOT_SENT = "not_sent"
    """It certainly never left this machine: nothing happened."""
    REFUSED = "refused"
    """The cloud certainly refused it: nothing happened."""
    IN_PART = "in_part"
    """The cloud refused a request because of some of its rows; whether it did so for all is not
    documented: only looking can tell."""
    UNCLEAR = "unclear"
    """It may have taken effect: only looking can tell."""


class Reaction(StrEnum):
    """What to do about it."""

    FIX = "fix"
    WAIT = "wait"
    AUTHENTICATE = "authenticate"
    DENY = "deny"
    BACK_OFF = "back_off"
    OPERATIONS = "operations"
    DONE = "done"
    """Nothing left to do: the instance already runs the newest kernel."""


class CloudError(Exception):
    """A call to the cloud that did not succeed; never carries a secret."""

    def __init__(
        self,
        sentence: Sentence,
        *,
        effect: Effect,
        reaction: Reaction,
        code: str = "",
        message: str = "",
        status: int | None = None,
        request_id: str = "",
    ) -> None:
        """Keep the facts; `code` and `message` are the cloud's own words, verbatim."""
        super().__init__(str(sentence))
        self.sentence = sentence
        self.effect = effect
        self.reaction = reaction
        self.code = code
        self.message = message
        self.status = status
        self.request_id = request_id


class StoreError(Exception):
    """The store cannot be used now: locked, full, read-only, away, or of another schema.

    Nothing of the work was kept.
    """


class UnclearError(StoreError):
    """The store went away while it committed: nobody knows whether the work was kept."""
