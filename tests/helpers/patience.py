"""How long tests, and what they start, wait for what is sure to come."""

import time
from collections.abc import Callable

# Time decides nothing: on a machine that does ten other things all is slow, and nothing is wrong.
# It is less than a test may take (see conftest.py), so that a failure says what was waited for.
PATIENCE = 150
"""Seconds after which something has gone wrong."""


def wait_until(condition: Callable[[], bool]) -> None:
    """Return as soon as the condition holds; a test fails if that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.01)
