"""Every test begins and ends without scopes, with an empty baseline and a record of its own."""

import gc
import os
import signal
import warnings
from collections.abc import Iterator
from types import FrameType

import pytest
import soak

import hyperparameter as hp
from hp_dist._collect import inbox
from hyperparameter import _engine_interface as interface
from hyperparameter._functions import signature as signatures

_MOST_SECONDS = soak.amount(240, full=3600)

soak.load_profile()
for public_name in hp.__all__:
    # Some are imported on use: pytester takes what it has imported out of `sys.modules` again.
    getattr(hp, public_name)
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell starts what it runs in the background so, and the programs that tests interrupt
    # would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
pytest_plugins = ["hp_dist.pytest_plugin", "pytester", "engines_matrix"]


# The files that take longest begin first, so that no process has one of them left at the end.
LONGEST_FIRST = [
    # without a connection to Ray
    "test_recipes.py",
    "test_hosts.py",
    "test_contract_processes.py",
    "test_sweeps_on_ray.py",
    "test_submit.py",
    "test_faults.py",
    "test_records_and_workers.py",
    "test_resume.py",
    "test_runs_that_are_the_same.py",
    "test_contract_of_processes.py",
    "test_spool_files.py",
    "test_pytest_plugin.py",
    "test_memory.py",
    "test_pipeline.py",
    "test_trackers.py",
    "test_help.py",
    # with one
    "test_contract_ray.py",
    "test_drivers_and_nodes_that_go.py",
    "test_killed_ray_workers.py",
    "test_ray.py",
    "test_calls_of_ray.py",
    "test_contract_of_ray.py",
    "test_actors.py",
    "test_client.py",
    "test_explicit_remote.py",
    "test_contract_ray_client.py",
    "test_memory_stays_bounded.py",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    # Files that connect to Ray come last: what is forked afterwards from the same process may
    # hang, since Ray's objects talk to its threads when they are deleted.
    with_ray = {item.path for item in items if "ray_environment" in _fixtures(item)}
    items.sort(key=lambda item: (item.path in with_ray, place.get(item.path.name, len(place))))


def _fixtures(item: pytest.Item) -> list[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else []


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what programs remember, such as the key of digests, out of the home folder."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(autouse=True)
def bounded(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that hangs, and keep its process: xdist waits for ever for one that has died."""
    marker = request.node.get_closest_marker("seconds")
    seconds = max(_MOST_SECONDS, marker.args[0] if marker else 0)

    def stop(_: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} seconds, in {frame}")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def clean_state(clean_scope: None) -> Iterator[None]:
    # `ray.init` leaves a handler.  Workers that a pool forks inherit it and may outlive a SIGTERM:
    # `Pool.terminate` would wait for them for ever.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    assert interface.active() is None, "the test left a scope open"
    with warnings.catch_warnings():  # what its workers told, or could not tell, is its own affair
        warnings.simplefilter("ignore")
        inbox.current_inbox().collect(waits=False)


@pytest.fixture(autouse=True)
def own_declarations(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hide what other files of tests declare: listings show all that a process declares.

    What a test itself declares is gone afterwards, but for what it has imported.
    """
    everything = dict(signatures.declared)
    own = request.module.__name__
    for name, one in everything.items():
        if one.module != own and _is_of_tests(one.module):
            del signatures.declared[name]
    yield
    imported = {
        name: one for name, one in signatures.declared.items() if not _is_of_tests(one.module)
    }
    signatures.declared.clear()
    signatures.declared.update(everything | imported)


def _is_of_tests(module: str | None) -> bool:
    return module is None or module.rpartition(".")[2].startswith("test_")  # or by exec


@pytest.fixture(scope="module", autouse=True)
def short_collections() -> None:
    """Keep what earlier files and imports have left out of the collections of garbage.

    Ray and scikit-learn leave half a million objects: each of the many `gc.collect()` in tests
    would look at all of them, for a third of a second.
    """
    gc.collect()
    gc.freeze()
