"""What the tests of values declare is gone when the next file of tests begins."""

from collections.abc import Iterator

import pytest
from value_sources import declared


@pytest.fixture(scope="module", autouse=True)
def nothing_stays_declared() -> Iterator[None]:
    yield
    declared(lambda x=1: x)
