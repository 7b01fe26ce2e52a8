import os


def pytest_xdist_auto_num_workers() -> int:
    """Most tests wait: for a clock, a socket, a browser. So there are more workers than cores."""
    return 2 * (os.cpu_count() or 1)
