from collections.abc import Iterator

import pytest

from tests.faults.trial import Forks
from tests.postgres import postgres

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    forks = Forks()
    yield forks
    forks.close()
