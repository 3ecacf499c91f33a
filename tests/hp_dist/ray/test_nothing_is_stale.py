"""Calls see what is there when they are submitted, whatever has been kept of those before."""

import contextvars
import gc
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from contract_tasks import freeze
from forking import in_child
from ray_settings import WARNINGS
from ray_work import Seer, get, see

import hp_dist
import hyperparameter as hp
from hp_dist._ray import opened
from hp_dist._ray.argument import argument_here
from hp_dist._ray.store import ObjectStore

pytestmark = [
    pytest.mark.usefixtures("ray", "shipped_by_value", "installed"),
    *WARNINGS,
]
OFTEN = range(4)  # a worker keeps what it has opened from the second time on


class Value:
    """A value that is alive as long as somebody has it."""


@pytest.fixture(params=["task", "actor", "static", "coroutine"])
def seen(request: pytest.FixtureRequest, ray: Any) -> Iterator[Callable[[], Any]]:
    """What a call that is submitted now sees, of any kind; actors were created without a scope."""

    class Actor(Seer):
        @staticmethod
        def static() -> Any:
            return see()

    class Async(Seer):
        async def see(self) -> Any:
            return see()

    task = ray.remote(num_cpus=0)(see)
    if request.param == "task":
        yield lambda: get(task.remote())
        return
    actor = ray.remote(num_cpus=0)(Async if request.param == "coroutine" else Actor).remote()
    method = actor.static if request.param == "static" else actor.see
    yield lambda: get(method.remote())
    ray.kill(actor)


def test_a_value_that_is_changed_in_place_arrives_as_it_is(seen: Any) -> None:
    values: list[int] = []
    array = np.zeros(20_000)  # too large for the message
    with hp.scope(values=values, n=1), hp.scope(m=1):
        for n in OFTEN:
            values.append(n)
            array[-1] = n
            assert seen()["values"] == values
        with hp.scope(array=array):
            for n in OFTEN:
                array[-1] = n
                assert seen()["array"][-1] == n


def test_a_scope_that_is_entered_again_brings_what_it_binds_by_then(seen: Any) -> None:
    scope = hp.scope("text=1", n=0)
    for n in OFTEN:
        with scope:
            assert (seen()["n"], seen()["text"]) == (n, 1)
        scope["n"] = n + 1
    with scope:
        for n in OFTEN:
            hp.scope.n = n
            assert (seen()["n"], seen()["n"]) == (n, n)
        del scope["n"]
        assert set(seen()) == set(seen()) == {"text"}


def test_a_scope_brings_what_it_is_entered_over(seen: Any) -> None:
    scope = hp.scope(n=1)
    for m in [0, 1, 0, 2, 2]:
        with hp.scope(m=m), scope:
            assert seen() == {"m": m, "n": 1}
            with hp.scope.empty(k=m), scope:
                assert seen() == {"k": m, "n": 1}
        with scope, hp.scope(m=m):
            assert seen() == {"m": m, "n": 1}
        with scope:
            assert seen() == {"n": 1}


def test_a_baseline_that_is_set_between_two_calls_arrives(seen: Any) -> None:
    scope = hp.scope(n=1)
    with scope:
        for base in [0, 1, 0, 1, 1]:
            contextvars.Context().run(freeze, base=base)  # without the scope
            assert seen() == seen() == {"n": 1} == dict(hp.scope.current())
    for base in [0, 1, 0, 1, 1]:
        freeze(base=base)
        assert seen() == {"base": base}
        with scope:
            assert seen() == {"base": base, "n": 1}
        with hp.record(), scope:
            contextvars.Context().run(freeze, base=-base)
            assert seen() == {"base": base, "n": 1}  # as here: the scope has inherited that


def test_threads_do_not_see_each_others_calls(seen: Any) -> None:
    scope, wrong = hp.scope(n=1), []

    def submit(m: int) -> None:
        for _ in OFTEN:
            with hp.scope(m=m), scope:
                wrong.extend([found for found in [seen()] if found != {"m": m, "n": 1}])

    threads = [threading.Thread(target=submit, args=(m,)) for m in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_one_call_writes_is_gone_in_the_next(ray: Any) -> None:
    class Writing(Seer):
        def write(self, n: int) -> Any:
            found = see()
            hp.scope.n = n
            hp.scope(left=n).__enter__()
            freeze(base=n)
            return found

    freeze(base=-1)
    with hp.scope(made=1):
        actor = ray.remote(num_cpus=0)(Writing).remote()
    with hp.scope(n=-1):
        for n in OFTEN:
            assert get(actor.write.remote(n)) == {"base": -1, "made": 1, "n": -1}
            assert get(actor.see.remote()) == {"base": -1, "made": 1, "n": -1}


def test_an_actor_sees_each_caller_over_its_own_creation(ray: Any) -> None:
    cls = ray.remote(num_cpus=0)(Seer)
    actors = []
    for made in range(2):
        with hp.scope(made=made, both="made"):
            actors.append(cls.remote())
    for n in [0, 1, 0, 1, 0]:
        with hp.scope(n=n, both="called"):
            for made, actor in enumerate(actors):
                assert get(actor.see.remote()) == {"made": made, "n": n, "both": "called"}
        for made, actor in enumerate(actors):
            assert get(actor.see.remote()) == {"made": made, "both": "made"}
        with hp.scope.empty(n=n):
            assert get(actors[0].see.remote()) == {"n": n}


def test_an_actor_that_was_restarted_sees_what_it_saw(ray: Any) -> None:
    class Dying(Seer):
        def die(self) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

    with hp.scope(made=1):
        actor = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Dying).remote()
    with hp.scope(n=1):
        for _ in range(2):
            for _ in OFTEN:
                assert get(actor.see.remote()) == {"made": 1, "n": 1}
            ray.kill(actor, no_restart=False)
        assert get(actor.made.remote()) == (0, {"made": 1})


def test_engines_that_are_installed_meanwhile_are_installed_in_workers(ray: Any) -> None:
    @ray.remote(num_cpus=0)
    def engines(uninstalls: bool = False) -> Any:
        found = hp_dist._engines.installed()
        if uninstalls:
            hp_dist.uninstall()
        return found

    with hp.scope(n=1):
        for _ in OFTEN:
            assert get(engines.remote()) == ("ray",)
        get(engines.remote(uninstalls=True))
        assert get(engines.remote()) == ("ray",)
        hp_dist.install("ray", "multiprocessing")
        for _ in OFTEN:
            assert get(engines.remote()) == ("multiprocessing", "ray")


def test_a_call_of_a_call_takes_its_scopes_along(ray: Any) -> None:
    @ray.remote(num_cpus=0)
    def inner() -> Any:
        return see()

    @ray.remote(num_cpus=0)
    def outer(m: int) -> Any:
        first = ray.get(inner.remote())
        with hp.scope(m=m):
            return first, ray.get(inner.remote())

    for n in [0, 1, 0, 1]:
        with hp.scope(n=n):
            for m in OFTEN:
                assert get(outer.remote(m)) == ({"n": n}, {"n": n, "m": m})


def test_two_jobs_call_one_actor_each_in_its_own_scopes(
    ray: Any, ray_address: str, ray_environment: dict[str, str], tmp_path: Path
) -> None:
    program = tmp_path / "other_job.py"
    program.write_text(
        dedent(f"""
        import ray, hp_dist, hyperparameter as hp
        ray.init({ray_address!r}, namespace="two jobs", log_to_driver=False)
        hp_dist.install("ray")
        actor = ray.get_actor("shared")
        for n in [1, 2, 1, 2]:
            with hp.scope(n=n):
                for _ in range(4):
                    assert ray.get(actor.see.remote()) == {{"made": 1, "n": n}}
        """)
    )
    how = {"name": "shared", "namespace": "two jobs", "num_cpus": 0}
    with hp.scope(made=1):
        actor = ray.remote(Seer).options(**how).remote()
    with (
        hp.scope(n=1),
        subprocess.Popen(
            [sys.executable, str(program)], env={**os.environ, **ray_environment}, cwd=tmp_path
        ) as other,
    ):
        while other.poll() is None:
            assert get(actor.see.remote()) == {"made": 1, "n": 1}
    assert other.returncode == 0


def test_each_record_gets_what_is_read_in_it(ray: Any) -> None:
    @ray.remote(num_cpus=0)
    def read() -> Any:
        return hp.scope.n | 0

    scope = hp.scope(n=1)
    for _ in OFTEN:
        with hp.record() as first, scope:
            assert [get(read.remote()) for _ in OFTEN] == [1] * 4
        with scope, hp.record() as second:
            assert [get(read.remote()) for _ in OFTEN] == [1] * 4
        for rec in (first, second):
            assert rec.wait(60)
            assert {(one.key, one.value) for one in rec.reads} == {("n", 1)}
            workers = [one.process for one in rec.reads]  # Ray may take another one for a task
            assert len(workers) == len(set(workers))
            assert rec.incomplete == []


def test_a_forked_child_sends_nothing_of_its_parent(ray: Any) -> None:
    with hp.scope(n=1):
        get(ray.remote(num_cpus=0)(see).remote())
        mine = argument_here(ObjectStore)

        def of_child() -> object:
            argument = argument_here(ObjectStore)
            return argument is not mine and argument.caller.endswith(f"-{os.getpid()}/")

        assert in_child(of_child) == "True"
        assert argument_here(ObjectStore) is mine


# -- what is kept does not live longer than what it was made of -------------------------------


def test_an_argument_is_made_once_for_a_scope(ray: Any) -> None:
    with hp.scope(n=1):
        assert argument_here(ObjectStore) is argument_here(ObjectStore)
    with hp.scope(n=[]):
        assert argument_here(ObjectStore) is not argument_here(ObjectStore)


def test_a_scope_keeps_nothing_alive_of_where_it_was_entered(ray: Any) -> None:
    task, scope = ray.remote(num_cpus=0)(see), hp.scope(n=1)
    value = Value()
    alive = weakref.ref(value)
    with hp.record() as rec, hp.scope(large=value):
        for _ in OFTEN:
            with scope:
                get(task.remote())
    record = weakref.ref(rec)
    del value, rec
    gc.collect()
    assert alive() is None
    assert record() is None


def test_a_baseline_is_dropped_with_what_was_kept_of_it(ray: Any) -> None:
    task, scope = ray.remote(num_cpus=0)(see), hp.scope(n=1)
    value = Value()
    alive = weakref.ref(value)
    freeze(large=value)
    for _ in OFTEN:
        get(task.remote())
        with scope:
            get(task.remote())
    with hp.scope.empty():
        hp.scope.frozen()
    del value
    gc.collect()
    assert alive() is None


def test_a_worker_keeps_what_was_opened_last_and_no_more() -> None:
    kept: Any = opened._Kept()
    one: Any = SimpleNamespace(submission=SimpleNamespace(weight=1))
    for n in range(1_000):
        kept.put(b"%d" % n, one)
        assert kept.get(b"0") is one
    assert len(kept._new) + len(kept._old) <= 2 * opened._MOST
    large: Any = SimpleNamespace(submission=SimpleNamespace(weight=opened._MOST_BYTES))
    for n in range(100):
        kept.put(b"%d" % n, large)
    assert len(kept._new) + len(kept._old) <= 4
