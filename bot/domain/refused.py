"""A wish that is not fulfilled, and why."""

from bot.domain.sentence import Sentence


class RefusedError(Exception):
    """Nothing was done. Every problem says what is wrong and what to do next."""

    def __init__(self, *problems: Sentence) -> None:
        """Keep the sentences for the one who asked."""
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems
