from hypothesis import settings

from tests.postgres import postgres

__all__ = ["postgres"]

# An hour of lives: pytest tests/interleavings --hypothesis-profile=soak
settings.register_profile("soak", max_examples=3000, stateful_step_count=60)
