"""Many different scopes: what driver, workers, spool and cluster hold stays bounded.

With `-s`, the figures are printed.
"""

import gc
import multiprocessing as mp
import pickle
import statistics
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faulty_work as work
import numpy as np
import pytest
from private_files import mailboxes, spool_files, wait_until_files_are_gone
from ray_settings import WARNINGS
from soak import amount

import hyperparameter as hp
from hp_dist._carry import decoded, wire
from hp_dist._carry.attachments import Inline
from hp_dist._carry.submission import Submission, receive
from hp_dist._ray.store import ObjectStore
from hyperparameter import context

pytestmark = WARNINGS
MB = 1 << 20
# Scopes and keys in each: small ones, and such as travel apart.
AMOUNTS = [(amount(400, full=10_000), 20), (amount(100, full=1_000), 5_000)]
amounts = pytest.mark.parametrize(("scopes", "keys"), AMOUNTS)


def numbered(n: int, keys: int) -> Any:
    return hp.scope(n=n, **{f"group{i % 7}.key{i}": i + n for i in range(keys - 1)})


def in_mb(**figures: float) -> str:
    return ", ".join(f"{name} {size / MB:.0f} MB" for name, size in figures.items())


@amounts
def test_pool_stays_small_and_leaves_no_file(
    installed: None, folders: Path, scopes: int, keys: int
) -> None:
    with mp.get_context("spawn").Pool(1) as pool:
        before, worker_before = work.rss(), pool.apply(work.rss)
        worker = driver = most_files = 0
        for n in range(scopes):
            with numbered(n, keys):
                value, used = pool.apply(work.value_and_rss, ("n",))
            assert value == n
            worker = max(worker, used)
            if n % (scopes // 20) == 0:
                driver = max(driver, work.rss())
                most_files = max(most_files, len(spool_files(folders)))
        wait_until_files_are_gone(folders)
        assert sum(mailbox.stat().st_size for mailbox in mailboxes(folders)) < MB
    grown = in_mb(driver=driver - before, worker=worker - worker_before)
    print(f"\npool: {scopes} scopes of {keys} keys: {grown} more; at most {most_files} files")
    assert worker - worker_before < 150 * MB
    assert driver - before < 40 * MB
    assert most_files <= 4


def test_array_in_many_scopes_is_kept_only_as_long_as_it_is_recent(
    installed: None, folders: Path
) -> None:
    """A worker keeps four values whatever their size, and others up to its share of memory."""
    with mp.get_context("spawn").Pool(1) as pool:
        before = pool.apply(work.rss)
        for n in range(amount(15, full=60)):
            with hp.scope(array=np.full(2_500_000, float(n))):
                assert pool.apply(work.values, ("array",)) == ((2_500_000,), n * 2.5e6)
        used = pool.apply(work.rss) - before
        wait_until_files_are_gone(folders)
    print(f"\npool: different arrays of 20 MB: {in_mb(worker=used)} more")
    assert used < 250 * MB


# Tasks of a driver that lives long, which it submits in one scope: few enough that a long run has
# filled all caches of scopes before its second tenth.
PER_SCOPE = {"pool": 50, "Ray": 10}


class Flat:
    """Figures of a program that lives long: the last tenth of its tasks adds nothing to them.

    Blocks of memory that Python has allocated, descriptors, files: what there is from the second
    tenth on, since a leak adds to it in each task.  What the process has from the system settles
    later, in stock Ray's actors as well, which is why that is compared with the fifth tenth.
    """

    most_percent = amount(30, full=2)  # a short run has not filled the caches by its second tenth

    def __init__(self, engine: str, scopes: int) -> None:
        self._engine = engine
        self._each = max(1, scopes // 200)
        self._scopes = scopes
        self._samples: dict[str, list[list[float]]] = {}
        self._start = time.monotonic()

    def is_due(self, scope: int) -> bool:
        return scope % self._each == 0

    def note(self, scope: int, held: dict[str, dict[str, float]], **figures: float) -> None:
        """Take what each process holds, and further figures."""
        of_processes = {
            f"{name} {what}": figure for name, of in held.items() for what, figure in of.items()
        }
        for name, figure in (of_processes | figures).items():
            tenths = self._samples.setdefault(name, [[] for _ in range(10)])
            tenths[scope * 10 // self._scopes].append(figure)

    def check(self) -> None:
        tenths = {name: list(map(statistics.median, of)) for name, of in self._samples.items()}
        minutes = (time.monotonic() - self._start) / 60
        tasks = self._scopes * PER_SCOPE[self._engine]
        print(f"\n{self._engine}: {tasks} tasks in {minutes:.1f} minutes")
        for name, of in tenths.items():
            print(f"  {name}: {of[1]:.6g}, {of[4]:.6g}, {of[-1]:.6g} in tenths 2, 5 and 10")
        most = 1 + self.most_percent / 100
        grown = {
            name: of
            for name, of in tenths.items()
            if of[-1] > of[4 if name.endswith("megabytes") else 1] * most
        }
        assert not grown, grown


def changing(n: int) -> Any:
    """Return another scope for each `n`: most are small, some travel in a file or have an array."""
    if n % 10 == 3:
        return numbered(n, 500)
    if n % 10 == 7:
        return hp.scope(n=n, array=np.full(20_000, float(n)))
    return numbered(n, 10)


def test_pool_of_a_driver_that_lives_long_stays_flat(installed: None, folders: Path) -> None:
    size = PER_SCOPE["pool"]
    scopes = amount(4_000, full=1_000_000) // size
    figures = Flat("pool", scopes)
    with mp.get_context("spawn").Pool(1) as pool:
        for n in range(scopes):
            with changing(n):
                later = [pool.apply_async(work.values, ("n",)) for _ in range(size // 2)]
                found = pool.map(work.values, ["n"] * (size // 2), chunksize=5)
                found += [result.get(60) for result in later]
            assert found == [n] * size
            if figures.is_due(n):
                held = {"driver": work.held(), "worker": pool.apply(work.held)}
                figures.note(n, held, files=len(spool_files(folders)))
    figures.check()


class Tracked:
    """A value that can be asked whether it is still there."""


@pytest.mark.parametrize("baseline", [{}, {"base": 1}], ids=["bare", "over a baseline"])
def test_carried_value_that_was_read_goes_without_a_garbage_collection(
    monkeypatch: pytest.MonkeyPatch, baseline: dict[str, Any]
) -> None:
    """Collections are rare in workers: a cycle in each task would hold all their arrays."""
    with hp.scope(**baseline):
        hp.scope.frozen()
    with hp.scope(value=Tracked()):
        message = pickle.loads(pickle.dumps(tuple(Submission.capture().message(Inline)), 5))
    caches = {decoded: "_received", wire: "_decoded"}
    with monkeypatch.context() as patch:
        for module, name in caches.items():
            patch.setattr(module, name, type(getattr(module, name))(10, 10**9))
        value = read_carried(*message)
        gc.collect()
        assert value() is not None  # the caches here remember it
        gc.disable()
    try:
        assert value() is None
    finally:
        gc.enable()


def read_carried(payload: bytes, attachments: Any) -> weakref.ref[Tracked]:
    before = receive(Inline, payload, attachments).attach()
    try:
        with hp.scope(other=1):
            found = weakref.ref(hp.scope.value())
            dict(hp.scope.storage().storage())
            Submission.capture().message(Inline)  # as for what a task submits itself
        return found
    finally:
        context.detach(before)


# -- Ray --------------------------------------------------------------------------------------


def stored_objects(ray: Any) -> int:
    """Return how many objects this driver holds references to."""
    from ray._private.worker import global_worker

    gc.collect()
    return len(global_worker.core_worker.get_all_reference_counts())


def stored_bytes(ray: Any) -> int:
    """Return how much of the object store is in use, as its node last said."""
    name = "object_store_memory"
    total = ray.cluster_resources()[name]
    return int(total - ray.available_resources().get(name, total))


def keys_kept(ray: Any) -> list[bytes]:
    """Return the keys that this job has in the cluster's key-value store."""
    from ray.experimental.internal_kv import _internal_kv_list

    job = ray.get_runtime_context().get_job_id().encode()
    return [key for key in _internal_kv_list(b"", namespace="hyperparameter") if job in key]


def settles(measure: Callable[[], int], most: int) -> int:
    """Wait until what is measured is not more than `most`; return the last measurement."""
    end = time.monotonic() + 60
    while (found := measure()) > most and time.monotonic() < end:
        time.sleep(0.1)
    return found


@amounts
def test_cluster_driver_and_worker_stay_small(
    ray: Any, installed_for_ray: None, scopes: int, keys: int
) -> None:
    @ray.remote
    def tell() -> Any:
        return hp.scope.n | None, work.rss()

    @ray.remote(num_cpus=0)
    class Actor:
        def tell(self) -> Any:
            return hp.scope.n | None, work.rss()

    actor = Actor.remote()
    kept = len(keys_kept(ray))
    assert hp.process_record().wait(60)  # or an answer of the collector may be on its way
    objects = settles(lambda: stored_objects(ray), 5)
    first = ray.get([tell.remote(), actor.tell.remote()], timeout=150)
    (_, task_before), (_, actor_before) = first
    before, driver, worker, of_actor, most_bytes = work.rss(), 0, 0, 0, 0
    burst = 50
    for start in range(0, scopes, burst):
        results = []
        for n in range(start, start + burst):
            with numbered(n, keys):
                results += [tell.remote(), actor.tell.remote()]
        found = ray.get(results, timeout=150)
        assert [value for value, _ in found] == [n for n in range(start, n + 1) for _ in range(2)]
        worker = max(worker, *(used for _, used in found[::2]))
        of_actor = max(of_actor, *(used for _, used in found[1::2]))
        driver = max(driver, work.rss())
        most_bytes = max(most_bytes, stored_bytes(ray))
    del results, found
    assert hp.process_record().wait(60)
    left = settles(lambda: stored_objects(ray), objects)
    bytes_left = settles(lambda: stored_bytes(ray), 0)
    ray.kill(actor)
    grown = in_mb(
        driver=driver - before, worker=worker - task_before, actor=of_actor - actor_before
    )
    print(
        f"\nRay: {scopes} scopes of {keys} keys, each a task and a call: {grown} more; store at "
        f"most {most_bytes / MB:.0f} MB, {bytes_left / MB:.0f} MB afterwards; references left "
        f"{left - objects}; keys kept {len(keys_kept(ray)) - kept}"
    )
    assert left <= objects
    assert bytes_left == 0
    assert len(keys_kept(ray)) == kept  # tasks and calls keep nothing there
    assert worker - task_before < 150 * MB
    assert of_actor - actor_before < 150 * MB
    assert driver - before < 80 * MB
    assert most_bytes < 100 * MB


def test_ray_of_a_driver_that_lives_long_stays_flat(ray: Any, installed_for_ray: None) -> None:
    @ray.remote
    def tell() -> Any:
        return hp.scope.n | None

    @ray.remote(num_cpus=0)
    class Actor:
        def tell(self) -> Any:
            return hp.scope.n | None

        def held(self) -> Any:
            return work.held()

    actor = Actor.remote()
    size = PER_SCOPE["Ray"]
    scopes = amount(1_000, full=100_000) // size
    figures = Flat("Ray", scopes)
    for n in range(scopes):
        with changing(n):
            found = ray.get([tell.remote() for _ in range(size)], timeout=150)
            number = ray.get(actor.tell.remote(), timeout=150)
        assert [*found, number] == [n] * (size + 1)
        if figures.is_due(n):
            assert hp.process_record().wait(60)  # or an answer of the collector may be on its way
            of_actor = ray.get(actor.held.remote(), timeout=150)
            figures.note(
                n,
                {"driver": work.held(), "actor": of_actor},
                references=stored_objects(ray),
                stored=stored_bytes(ray),
                keys=len(keys_kept(ray)),
            )
    ray.kill(actor)
    figures.check()


def test_array_of_a_closed_scope_leaves_the_store_though_workers_have_seen_it(
    ray: Any, installed_for_ray: None
) -> None:
    @ray.remote
    def inner() -> float:
        return float(hp.scope.array().sum())

    @ray.remote(num_cpus=0)
    def outer() -> Any:
        return sum(ray.get([inner.remote() for _ in range(2)]))

    @ray.remote(num_cpus=0)
    class Actor:
        def outer(self) -> Any:
            return sum(ray.get([inner.remote() for _ in range(2)]))

    actor = Actor.remote()
    with hp.scope(array=np.ones(2_500_000)):
        results = [inner.remote(), outer.remote(), actor.outer.remote()]
        assert ray.get(results, timeout=150) == [2.5e6, 5e6, 5e6]
    del results
    assert settles(lambda: stored_objects(ray), 1) <= 1  # the actor itself
    assert settles(lambda: stored_bytes(ray), 0) == 0
    ray.kill(actor)


def test_array_crosses_to_a_node_once_for_all_tasks_and_what_they_submit(
    ray: Any, installed_for_ray: None
) -> None:
    @ray.remote
    def inner() -> float:
        return float(hp.scope.array().sum())

    @ray.remote(num_cpus=0)
    def outer() -> Any:
        places = Submission.capture().message(ObjectStore).attachments[1]
        return ray.get(inner.remote()), [reference.hex() for reference in places.values()]

    size = amount(2_500_000, full=10_000_000)
    with hp.scope(array=np.ones(size)):
        places = Submission.capture().message(ObjectStore).attachments[1]
        results = [inner.remote() for _ in range(100)]
        assert ray.get(results, timeout=150) == [float(size)] * 100
        found = ray.get([outer.remote() for _ in range(4)], timeout=150)
        most = stored_bytes(ray)
    assert found == [(float(size), [reference.hex() for reference in places.values()])] * 4
    assert most < 1.1 * 8 * size
    print(f"\nRay: an array of {in_mb(array=8 * size)} in 104 tasks: {in_mb(store=most)}")


def test_keys_of_actors_are_one_for_each_scope_and_not_for_each_actor(
    ray: Any, installed_for_ray: None
) -> None:
    """They stay until the job has ended, because any actor may have to start again."""

    @ray.remote(num_cpus=0)
    class Actor:
        def tell(self) -> Any:
            return len(hp.scope)

    before = len(keys_kept(ray))
    actors = []
    for n in range(2):
        with numbered(n, 5_000):
            actors += [Actor.remote() for _ in range(3)]
    assert ray.get([actor.tell.remote() for actor in actors], timeout=150) == [5_000] * 6
    for actor in actors:
        ray.kill(actor)
    assert len(keys_kept(ray)) - before in (2, 3)  # the first of a job notes the job itself
