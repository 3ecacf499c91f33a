"""Drivers that go, nodes that go: what they leave behind sees the scopes it was submitted in.

Each driver is a process of its own; the cluster has its nodes on this machine.
"""

import functools
import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import soak
from patience import wait_until
from ray_settings import WARNINGS

import hyperparameter as hp

pytestmark = WARNINGS

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
        os.kill(ray.get(actor.process.remote(), timeout=150), signal.SIGKILL)

    @ray.remote(num_cpus=0)
    def task():
        return seen()

    FOR_EVER = dict(num_cpus=0, max_restarts=-1, max_task_retries=-1)
    hp_dist.install("ray")
"""


Drive = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def drive(
    ray_cluster: Any, ray_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Drive:
    """Return what runs a driver to its end and returns what it showed."""
    folder = tmp_path_factory.mktemp("drivers")

    def run(body: str, *args: str, status: int = 0) -> list[Any]:
        ended = subprocess.run(
            [sys.executable, "-c", dedent(PROLOGUE) + dedent(body), ray_cluster.address, *args],
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
            cwd=folder,
            env={**os.environ, **ray_environment},
        )
        assert ended.returncode == status, ended.stderr
        shown = [line for line in ended.stdout.splitlines() if line.startswith("=>")]
        return [json.loads(line.removeprefix("=>")) for line in shown]

    return run


def at_once(*drivers: Callable[[], list[Any]]) -> list[list[Any]]:
    with ThreadPoolExecutor() as threads:
        running = [threads.submit(driver) for driver in drivers]
        return [each.result() for each in running]


SEEN = {
    "small": [1, 3, None, None],
    "large": [10_001, 3, None, None],
    "array": [2, 3, None, 125_000.0],
}

# -- actors that outlive their driver ---------------------------------------------------------

WAYS = {
    "options": "ray.remote(Actor).options(name=name, lifetime='detached', **FOR_EVER).remote()",
    "decorator": "ray.remote(name=name, lifetime='detached', **FOR_EVER)(Actor).remote()",
    "explicit": "hp_dist.ray.remote(Actor).options(name=name, lifetime='detached', **FOR_EVER)"
    ".remote()",
    "explicit decorator": "hp_dist.ray.remote(name=name, lifetime='detached', **FOR_EVER)(Actor)"
    ".remote()",
    "job": "ray.remote(Actor).options(name=name, **FOR_EVER).remote()",
}


def sizes(way: str, repeat: int) -> list[str]:
    """Return one size for each way, so that all are there, and another one at each repeat."""
    every = list(SEEN)
    return [every[(list(WAYS).index(way) + repeat) % len(every)]]


@pytest.fixture(scope="module")
def restarted(drive: Drive) -> Callable[[int], Any]:
    """Return what actors of each way and size see when the driver that made them has gone.

    Starting drivers takes long: all ways that need the same kind of driver have it together.
    """

    def make(config: str, repeat: int, *ways: str) -> list[Any]:
        actors = "".join(
            f"""
        name = "{way} {size} {repeat}"
        with hp.scope(**SCOPES["{size}"]):
            actor = {WAYS[way]}
        with hp.scope(sent=1):
            ray.get(actor.tell.remote(), timeout=150)
"""
            for way in ways
            for size in sizes(way, repeat)
        )
        return drive(f"""
        from ray.job_config import JobConfig
        config = JobConfig()
        {config}
        connect(job_config=config)
{actors}
        """)

    def restart(repeat: int) -> Any:
        at_once(
            lambda: make("config.set_default_actor_lifetime('detached')", repeat, "job"),
            lambda: make("", repeat, *(way for way in WAYS if way != "job")),
        )
        made = [(way, size) for way in WAYS for size in sizes(way, repeat)]
        found = drive(f"""
        connect()
        actors = [ray.get_actor(f"{{way}} {{size}} {repeat}") for way, size in {made}]
        for actor in actors:
            kill(actor)
        for actor in actors:
            with hp.scope(sent=4):
                called = ray.get(actor.tell.remote(), timeout=150)
            show([called, ray.get(actor.tell.remote(), timeout=150)])
            ray.kill(actor)
        """)
        return dict(zip(made, found, strict=True))

    return functools.cache(restart)


@pytest.mark.parametrize("way", WAYS)
def test_detached_actor_that_restarts_without_its_driver_sees_the_scope_of_its_creation(
    restarted: Callable[[int], Any], way: str, repeat: int
) -> None:
    for size in sizes(way, repeat):
        made = SEEN[size]
        called = [made[0] + 1, made[1], 4, made[3]]
        assert restarted(repeat)[way, size] == [[made, called], [made, made]]


@pytest.fixture(scope="module")
def parents(drive: Drive) -> dict[str, list[Any]]:
    """What detached actors of each size show of their tasks and actors without their driver."""
    drive("""
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
        with hp.scope(**SCOPES["large"]):
            own = ray.remote(Actor).options(num_cpus=0).remote()  # its keys may go, no others
            ray.get(own.tell.remote(), timeout=150)
        for size in SCOPES:
            with hp.scope(**SCOPES[size]):
                options = dict(name=f"parent {size}", lifetime="detached", num_cpus=0)
                parent = ray.remote(Parent).options(**options).remote()
                ray.get(parent.tell.remote(), timeout=150)  # sends references
    """)
    shown = drive("""
        connect()
        with hp.scope(made=1, **{f"other{i}": i for i in range(10_000)}):  # may clear up
            ray.get(ray.remote(Actor).options(num_cpus=0).remote().tell.remote(), timeout=150)
        for size in SCOPES:
            parent = ray.get_actor(f"parent {size}")
            with hp.scope(sent=4):
                called = ray.get(parent.submit.remote(), timeout=150)
            bare = ray.get(parent.submit.remote(), timeout=150)
            show([called, bare, ray.get(parent.kill_child.remote(), timeout=150)])
            ray.kill(parent)
    """)
    return dict(zip(SEEN, shown, strict=True))


@pytest.mark.parametrize("size", SEEN)
def test_detached_actor_submits_and_its_own_actors_restart_without_the_driver(
    parents: dict[str, list[Any]], size: str
) -> None:
    made = SEEN[size]
    assert parents[size] == [[made[0] + 1, made[1], 4, made[3]], made, [made, made]]


# -- drivers beside and after each other ------------------------------------------------------


def test_two_drivers_at_once_keep_their_scopes_apart(drive: Drive) -> None:
    body = """
        connect()
        n = int(sys.argv[2])
        base = {f"k{i}": i * n for i in range(10_000)}
        with hp.scope(made=n, **base):
            actor = ray.remote(Actor).options(**FOR_EVER).remote()
        for turn in range(int(sys.argv[3])):
            with hp.scope(sent=n * 10 + turn, **base):
                # One after the other, or each would have a worker of its own.
                show([ray.get(task.remote(), timeout=150) for _ in range(3)])
                kill(actor)
                show(ray.get(actor.tell.remote(), timeout=150)[1])
    """
    turns = soak.amount(1, full=4)
    outputs = at_once(*(functools.partial(drive, body, n, str(turns)) for n in ("1", "2")))
    for n, found in zip((1, 2), outputs, strict=True):
        expected: list[Any] = []
        for turn in range(turns):
            sent = n * 10 + turn
            expected += [[[10_001, None, sent, None]] * 3, [10_002, n, sent, None]]
        assert found == expected


LEAVING = {
    "exits": ("", 0),
    "shuts down": ("ray.shutdown()", 0),
    "is killed": ("sys.stdout.flush(); os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
}


@pytest.fixture(scope="module")
def left(drive: Drive) -> tuple[dict[str, Any], list[str]]:
    """What jobs that end have kept, and the keys of others when the next one has kept its own."""

    def leave(last: str, status: int) -> list[Any]:
        return drive(
            f"""
        connect()
        job = ray.get_runtime_context().get_job_id()
        @ray.remote(num_cpus=0)
        def make():
            with hp.scope(nested=1, **SCOPES["large"]):
                actor = ray.remote(Actor).options(num_cpus=0).remote()
            return ray.get(actor.tell.remote())[1]
        with hp.scope(**SCOPES["large"]):
            actor = ray.remote(Actor).options(num_cpus=0).remote()
        ray.get([actor.tell.remote(), make.remote()], timeout=150)
        show([job, [key for key in keys() if job in key]])
        {last}
            """,
            status=status,
        )

    shown = at_once(*(functools.partial(leave, *way) for way in LEAVING.values()))
    ((own, keys),) = drive("""
        connect()
        own = ray.get_runtime_context().get_job_id()
        # The cluster learns in its own time that a driver is dead.
        deadline = time.monotonic() + 150
        while any(not job["IsDead"] for job in ray._private.state.jobs() if job["JobID"] != own):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with hp.scope(**SCOPES["large"]):
            ray.get(ray.remote(Actor).options(num_cpus=0).remote().tell.remote(), timeout=150)
        show([own, keys()])
    """)
    assert [key for key in keys if own in key]
    others = [key for key in keys if own not in key]
    return dict(zip(LEAVING, (job for (job,) in shown), strict=True)), others


@pytest.mark.parametrize("way", LEAVING)
def test_keys_of_a_job_that_has_ended_go_when_the_next_one_keeps_its_own(
    left: tuple[dict[str, Any], list[str]], way: str
) -> None:
    kept, others = left
    job, keys = kept[way]
    assert len(keys) >= 2  # its own and that of its task
    assert [key for key in others if job in key] == []


def test_next_job_that_keeps_its_own_keys_leaves_none_of_any_other(
    left: tuple[dict[str, Any], list[str]],
) -> None:
    _, others = left
    assert others == []


# -- nodes ------------------------------------------------------------------------------------


def test_what_ran_on_a_node_that_goes_is_done_elsewhere_in_the_scopes_of_its_submission(
    ray_cluster: Any, ray: Any, installed_for_ray: None, tmp_path: Path, repeat: int
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

    node = ray_cluster.add_node(num_cpus=1, resources={"far": 2}, object_store_memory=100 << 20)
    lost = [submit(7, False), submit(8, False)]
    assert len(ray.wait(lost, num_returns=2, timeout=150, fetch_local=False)[0]) == 2
    results = [submit(n, True) for n in range(6)]
    gc.collect()  # nobody but Ray holds the scopes now
    wait_until(lambda: len(list(begun.glob("*"))) >= 4)
    with hp.scope(sent="later"):
        ray_cluster.remove_node(node, allow_graceful=False)
        before = len(list(begun.glob("*")))
        other = ray_cluster.add_node(
            num_cpus=1, resources={"far": 2}, object_store_memory=100 << 20
        )
        wait_until(lambda: len(list(begun.glob("*"))) >= before + 2)  # somewhere else
        gate.touch()
        found = ray.get(results, timeout=180)
        found += [again for again, _ in ray.get(lost, timeout=180)]
    ray_cluster.remove_node(other)
    assert found == [(n, n, 10_002 if n % 2 else 2, 125_000.0 * n) for n in (*range(6), 7, 8)]


def test_large_array_crosses_once_to_each_node_whatever_the_number_of_tasks(
    ray_cluster: Any, ray: Any, installed_for_ray: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """80 MB, 100 tasks a node: one `put`, and no node has room for a second copy."""
    puts = []
    put = ray.put
    monkeypatch.setattr(ray, "put", lambda value: puts.append(value) or put(value))
    where = ["here", "far"]
    node = ray_cluster.add_node(num_cpus=2, resources={"far": 100}, object_store_memory=120 << 20)

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
    ray_cluster.remove_node(node)
