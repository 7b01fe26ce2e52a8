import os

from hypothesis import settings

# How long one example takes tells of the machine's load, not of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_xdist_auto_num_workers() -> int:
    """Most tests wait: for a clock, a socket, a browser. So there are more workers than cores."""
    return 2 * (os.cpu_count() or 1)
