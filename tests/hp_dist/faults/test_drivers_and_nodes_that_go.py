"""Drivers that go, nodes that go: what they leave behind sees the scopes it was submitted in.

Each driver is a process of its own; the cluster has its nodes on this machine.
"""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import hyperparameter as hp

pytestmark = [
    pytest.mark.xdist_group("ray"),
    # Ray opens its log files and sockets without closing them and calls what is deprecated.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray.*"),
]

PROLOGUE = """
    import gc, json, os, signal, sys, time
    import numpy as np, ray
    from ray.experimental.internal_kv import _internal_kv_list
    import hp_dist, hp_dist.ray, hyperparameter as hp

    SCOPES = {
        "small": {"made": 3},
        "large": {"made": 3, **{f"key{i}": i for i in range(10_000)}},
        "array": {"made": 3, "array": np.ones(125_000)},
    }

    def connect(**options):
        ray.init(address=sys.argv[1], namespace="faults", logging_level="ERROR",
                 log_to_driver=False, **options)

    def seen():
        array = hp.scope["array"] | None
        return [len(hp.scope), hp.scope.made | None, hp.scope.sent | None,
                None if array is None else float(array.sum())]

    def keys():
        return [key.decode() for key in _internal_kv_list(b"", namespace="hyperparameter")]

    def show(value):
        print("=>", json.dumps(value), flush=True)  # Ray prints beside it

    class Actor:
        def __init__(self):
            self.made = seen()

        def tell(self):
            return self.made, seen()

        def process(self):
            return os.getpid()

    def kill(actor):
        os.kill(ray.get(actor.process.remote(), timeout=60), signal.SIGKILL)

    @ray.remote(num_cpus=0)
    def task():
        return seen()

    FOR_EVER = dict(num_cpus=0, max_restarts=-1, max_task_retries=-1)
    hp_dist.install("ray")
"""


@pytest.fixture
def drive(
    cluster: Any, ray_environment: dict[str, str], tmp_path: Path
) -> Callable[..., list[Any]]:
    """Return what runs a driver to its end and returns what it showed."""

    def run(body: str, *args: str) -> list[Any]:
        ended = subprocess.run(
            [sys.executable, "-c", dedent(PROLOGUE) + dedent(body), cluster.address, *args],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=tmp_path,
            env={**os.environ, **ray_environment},
        )
        assert ended.returncode == 0, ended.stderr
        shown = [line for line in ended.stdout.splitlines() if line.startswith("=>")]
        return [json.loads(line.removeprefix("=>")) for line in shown]

    return run


SEEN = {
    "small": [1, 3, None, None],
    "large": [10_001, 3, None, None],
    "array": [2, 3, None, 125_000.0],
}
# Starting drivers and nodes takes long: every day one way of each kind has its turn.
FULL = "HP_KILLS" in os.environ or os.environ.get("HP_STRESS") == "full"


def every(ways: Iterable[str], today: str) -> list[Any]:
    skip = pytest.mark.skipif(not FULL, reason="one way of this kind is enough for every day")
    return [pytest.param(way, marks=() if way == today else skip, id=way) for way in ways]


# Ways to make an actor that outlives its driver.
DETACHED = {
    "options": "ray.remote(Actor).options(name=name, lifetime='detached', **FOR_EVER).remote()",
    "decorator": "ray.remote(name=name, lifetime='detached', **FOR_EVER)(Actor).remote()",
    "explicit": "hp_dist.ray.remote(Actor).options(name=name, lifetime='detached', **FOR_EVER)"
    ".remote()",
    "explicit decorator": "hp_dist.ray.remote(name=name, lifetime='detached', **FOR_EVER)(Actor)"
    ".remote()",
    "job": "ray.remote(Actor).options(name=name, **FOR_EVER).remote()",
}


@pytest.mark.parametrize("way", every(DETACHED, "options"))
def test_detached_actor_that_restarts_without_its_driver_sees_the_scope_of_its_creation(
    drive: Callable[..., list[Any]], way: str, repeat: int
) -> None:
    if repeat and way != "options":
        pytest.skip("one way is repeated")
    drive(f"""
        from ray.job_config import JobConfig
        config = JobConfig()
        if {way!r} == "job":
            config.set_default_actor_lifetime("detached")
        connect(job_config=config)
        for size in SCOPES:
            name = f"{way} {{size}}"
            with hp.scope(**SCOPES[size]):
                actor = {DETACHED[way]}
            with hp.scope(sent=size):
                show(ray.get(actor.tell.remote(), timeout=60))
    """)
    found = drive(f"""
        connect()
        for size in SCOPES:
            actor = ray.get_actor(f"{way} {{size}}")
            kill(actor)
            with hp.scope(sent=4):
                show(ray.get(actor.tell.remote(), timeout=60))
            show(ray.get(actor.tell.remote(), timeout=60))
            ray.kill(actor)
    """)
    expected = []
    for made in SEEN.values():
        called = [made[0] + 1, made[1], 4, made[3]]
        expected += [[made, called], [made, made]]
    assert found == expected


@pytest.mark.parametrize("size", every(SEEN, "large"))
def test_detached_actor_submits_and_its_own_actors_restart_without_the_driver(
    drive: Callable[..., list[Any]], size: str
) -> None:
    drive(
        """
        class Parent(Actor):
            def __init__(self):
                super().__init__()
                self.child = ray.remote(Actor).options(**FOR_EVER).remote()
                ray.get(self.child.tell.remote())

            def submit(self):
                return ray.get(task.remote())

            def kill_child(self):
                kill(self.child)
                return ray.get(self.child.tell.remote())

        connect()
        with hp.scope(**SCOPES[sys.argv[2]]):
            own = ray.remote(Actor).options(num_cpus=0).remote()  # its keys may go, no others
            options = dict(name="parent", lifetime="detached", num_cpus=0)
            parent = ray.remote(Parent).options(**options).remote()
            ray.get([own.tell.remote(), parent.tell.remote()], timeout=60)  # sends references
        """,
        size,
    )
    found = drive("""
        connect()
        with hp.scope(made=1, **{f"other{i}": i for i in range(10_000)}):  # may clear up
            ray.get(ray.remote(Actor).options(num_cpus=0).remote().tell.remote(), timeout=60)
        parent = ray.get_actor("parent")
        with hp.scope(sent=4):
            show(ray.get(parent.submit.remote(), timeout=60))
        show(ray.get(parent.submit.remote(), timeout=60))
        show(ray.get(parent.kill_child.remote(), timeout=60))
        ray.kill(parent)
    """)
    made = SEEN[size]
    assert found == [[made[0] + 1, made[1], 4, made[3]], made, [made, made]]


def test_two_drivers_at_once_keep_their_scopes_apart(drive: Callable[..., list[Any]]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    body = """
        connect()
        n = int(sys.argv[2])
        base = {f"k{i}": i * n for i in range(10_000)}
        with hp.scope(made=n, **base):
            actor = ray.remote(Actor).options(**FOR_EVER).remote()
        for turn in range(2):
            with hp.scope(sent=n * 10 + turn, **base):
                show(ray.get([task.remote() for _ in range(3)], timeout=60))
                show(ray.get(actor.tell.remote(), timeout=60)[1])
            kill(actor)
    """
    with ThreadPoolExecutor(2) as threads:
        outputs = list(threads.map(lambda n: drive(body, str(n)), (1, 2)))
    for n, found in zip((1, 2), outputs, strict=True):
        expected: list[Any] = []
        for turn in range(2):
            sent = n * 10 + turn
            expected += [[[10_001, None, sent, None]] * 3, [10_002, n, sent, None]]
        assert found == expected


LEAVING = {
    "exits": "",
    "shuts down": "ray.shutdown()",
    "is killed": "sys.stdout.flush(); os.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.mark.parametrize("leave", every(LEAVING, "shuts down"))
def test_keys_of_a_job_that_has_ended_go_when_the_next_one_keeps_its_own(
    cluster: Any, drive: Callable[..., list[Any]], leave: str
) -> None:
    body = f"""
        connect()
        job = ray.get_runtime_context().get_job_id()
        @ray.remote(num_cpus=0)
        def make():
            with hp.scope(nested=1, **SCOPES["large"]):
                actor = ray.remote(Actor).options(num_cpus=0).remote()
            return ray.get(actor.tell.remote())[1]
        with hp.scope(**SCOPES["large"]):
            actor = ray.remote(Actor).options(num_cpus=0).remote()
        ray.get([actor.tell.remote(), make.remote()], timeout=60)
        show([job, [key for key in keys() if job in key]])
        {LEAVING[leave]}
    """
    if leave == "is killed":
        with pytest.raises(AssertionError):  # whatever it showed is not wanted
            drive(body)
    else:
        ((_, kept),) = drive(body)
        assert len(kept) >= 2  # its own and that of its task
    (found,) = drive("""
        connect()
        own = ray.get_runtime_context().get_job_id()
        deadline = time.monotonic() + 60  # the cluster learns in its own time that a driver is dead
        while any(not job["IsDead"] for job in ray._private.state.jobs() if job["JobID"] != own):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with hp.scope(**SCOPES["large"]):
            ray.get(ray.remote(Actor).options(num_cpus=0).remote().tell.remote(), timeout=60)
        show([own, keys()])
    """)
    own, keys = found
    assert [key for key in keys if own not in key] == []
    assert [key for key in keys if own in key]


# -- nodes ------------------------------------------------------------------------------------


def wait_for(path: Path, count: int) -> None:
    end = time.monotonic() + 90
    while len(list(path.glob("*"))) < count:
        assert time.monotonic() < end, "the tasks have not begun"
        time.sleep(0.02)


def test_what_ran_on_a_node_that_goes_is_done_elsewhere_in_the_scopes_of_its_submission(
    cluster: Any, ray: Any, installed_for_ray: None, tmp_path: Path, repeat: int
) -> None:
    """Tasks that run there, tasks that wait for it, and a result that is lost with it."""
    begun, gate = tmp_path / "begun", tmp_path / "gate"
    begun.mkdir()

    @ray.remote(num_cpus=0, max_retries=5, resources={"far": 1})
    def work(n: int, waits: bool) -> Any:
        (begun / f"{n} {os.getpid()}").touch()
        while waits and not gate.exists():
            time.sleep(0.02)
        array = hp.scope.array | np.zeros(1)
        found = n, hp.scope.sent | None, len(hp.scope), float(array.sum())
        return found if waits else (found, np.zeros(100_000))  # the latter stays on the node

    def submit(n: int, waits: bool) -> Any:
        extra = {f"key{i}": i + n for i in range(10_000)} if n % 2 else {}
        with hp.scope(sent=n, array=np.full(125_000, float(n)), **extra):
            return work.remote(n, waits)

    node = cluster.add_node(num_cpus=1, resources={"far": 2}, object_store_memory=100 << 20)
    lost = [submit(7, False), submit(8, False)]
    assert len(ray.wait(lost, num_returns=2, timeout=90, fetch_local=False)[0]) == 2
    results = [submit(n, True) for n in range(6)]
    gc.collect()  # nobody but Ray holds the scopes now
    wait_for(begun, 4)
    with hp.scope(sent="later"):
        cluster.remove_node(node, allow_graceful=False)
        before = len(list(begun.glob("*")))
        other = cluster.add_node(num_cpus=1, resources={"far": 8}, object_store_memory=100 << 20)
        wait_for(begun, before + 2)  # somewhere else
        gate.touch()
        found = ray.get(results, timeout=180)
        found += [again for again, _ in ray.get(lost, timeout=180)]
    cluster.remove_node(other)
    assert found == [(n, n, 10_002 if n % 2 else 2, 125_000.0 * n) for n in (*range(6), 7, 8)]


def test_large_array_crosses_once_to_each_node_whatever_the_number_of_tasks(
    cluster: Any, ray: Any, installed_for_ray: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """80 MB, 100 tasks a node: one `put`, and no node has room for a second copy."""
    puts = []
    put = ray.put
    monkeypatch.setattr(ray, "put", lambda value: puts.append(value) or put(value))
    where = ["here", "far"] if FULL else ["here"]
    if FULL:
        node = cluster.add_node(num_cpus=2, resources={"far": 100}, object_store_memory=120 << 20)

    def total(_: int) -> Any:
        return float(hp.scope.array().sum()), hp.scope.n | 0

    tasks = [ray.remote(num_cpus=1, resources={"far": place == "far"})(total) for place in where]
    results = []
    with hp.scope(array=np.ones(10_000_000)):
        for n in range(100):
            with hp.scope(n=n):
                results += [task.remote(n) for task in tasks]
        found = ray.get(results, timeout=180)
    assert found == [(1e7, n) for n in range(100) for _ in where]
    assert len(puts) == 1
    if FULL:
        cluster.remove_node(node)
