"""Ray's engine, installed for a test; what is in a test file goes to workers by value."""

from collections.abc import Iterator

import pytest
import ray_work

import hp_dist


@pytest.fixture(scope="module")
def shipped_by_value(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ship what is in the test file by value, as for a program: workers could not import it."""
    import ray

    modules = [request.module, ray_work]
    for module in modules:
        ray.cloudpickle.register_pickle_by_value(module)
    yield
    for module in modules:
        ray.cloudpickle.unregister_pickle_by_value(module)


@pytest.fixture
def installed() -> Iterator[None]:
    hp_dist.install("ray")
    yield
    hp_dist.uninstall()


@pytest.fixture(autouse=True)
def nothing_left_installed() -> Iterator[None]:
    yield
    hp_dist.uninstall()
