"""Large scopes that are used often are put into the cluster once, and calls bring their keys."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from contract_tasks import freeze
from ray_settings import WARNINGS
from ray_work import Seer, get, see

import hp_dist
import hyperparameter as hp
from hp_dist._ray import published
from hp_dist._ray.argument import NAME as ARGUMENT
from hp_dist._ray.argument import argument_here
from hp_dist._ray.store import ObjectStore

pytestmark = [
    pytest.mark.usefixtures("ray", "shipped_by_value", "installed", "soon"),
    *WARNINGS,
]
USES = 3
SIZES = {"inline": 1_000, "apart": 10_000}  # what they would be if they were not published


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "LEAST_USES", USES)


@pytest.fixture(params=SIZES)
def values(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Values that no other test has: what is in the store already is not put again."""
    name = request.node.name
    return {"name": name, **{f"key{i}": hash((name, i)) for i in range(SIZES[request.param])}}


@pytest.fixture(params=["task", "actor", "coroutine"])
def seen(request: pytest.FixtureRequest, ray: Any) -> Iterator[Callable[[], Any]]:
    class Async(Seer):
        async def see(self) -> Any:
            return see()

    if request.param == "task":
        task = ray.remote(num_cpus=0)(see)
        yield lambda: get(task.remote())
        return
    actor = ray.remote(num_cpus=0)(Async if request.param == "coroutine" else Seer).remote()
    yield lambda: get(actor.see.remote())
    ray.kill(actor)


def is_published() -> bool:
    sent = argument_here(ObjectStore).of_call(b"0000000001")
    return isinstance(sent, bytes) and published.is_published(sent)


def publish_here() -> None:
    for _ in range(USES):
        argument_here(ObjectStore)
    assert is_published()


def keys() -> set[bytes]:
    from ray.experimental.internal_kv import _internal_kv_list

    return set(_internal_kv_list(b"", namespace="hyperparameter"))


def delete(those: set[bytes]) -> None:
    from ray.experimental.internal_kv import _internal_kv_del

    for key in those:
        _internal_kv_del(key, namespace="hyperparameter")


# -- what calls see ---------------------------------------------------------------------------


def test_calls_see_the_scope_before_and_after_it_is_published(seen: Any, values: Any) -> None:
    with hp.scope(**values):
        for _ in range(USES - 1):
            assert seen() == values
        assert not is_published()
        for _ in range(USES):
            assert seen() == values
        assert is_published()
    assert seen() == {}


def test_what_is_changed_after_publishing_arrives_as_it_is(seen: Any, values: Any) -> None:
    scope = hp.scope(**values)
    open_value: list[int] = []
    with scope:
        publish_here()
        for n in range(USES):
            hp.scope.key1 = n
            assert [seen() for _ in range(2)] == [{**values, "key1": n}] * 2
        with hp.scope(open=open_value):
            for n in range(2 * USES):
                open_value.append(n)
                assert seen()["open"] == open_value
            assert not is_published()
    scope["key2"] = "changed"
    with scope:
        assert seen()["key2"] == "changed"


def test_a_baseline_that_is_set_after_publishing_arrives(seen: Any, values: Any) -> None:
    for n in range(3):
        freeze(base=n)
        with hp.scope(**values):
            publish_here()
            assert seen() == {"base": n, **values}
            freeze(base=-1)
            assert seen() == {"base": n, **values}


def test_a_worker_submits_what_was_published_without_putting_it_anew(ray: Any, values: Any) -> None:
    @ray.remote(num_cpus=0)
    def inner() -> Any:
        return see()

    @ray.remote(num_cpus=0)
    def outer() -> Any:
        import ray

        puts, put = [], ray.put
        ray.put = lambda value: puts.append(value) or put(value)  # type: ignore[func-returns-value]
        try:
            with hp.scope(nested=1):
                return get([inner.remote() for _ in range(2)]), len(puts)
        finally:
            ray.put = put

    with hp.scope(**values):
        publish_here()
        assert get(outer.remote()) == ([{**values, "nested": 1}] * 2, 0)


def test_a_worker_publishes_what_it_uses_often(ray: Any, values: Any) -> None:
    @ray.remote(num_cpus=0)
    def outer(actor: Any) -> Any:
        published.LEAST_USES = USES
        with hp.scope(nested=1):
            found = get([actor.see.remote() for _ in range(2 * USES)])
            return found, is_published()

    actor = ray.remote(num_cpus=0)(Seer).remote()
    with hp.scope(**values):
        assert get(outer.remote(actor)) == ([{**values, "nested": 1}] * 2 * USES, True)


# -- what is put ------------------------------------------------------------------------------


def test_scopes_that_are_used_a_few_times_are_not_put(ray: Any, values: Any) -> None:
    task, before = ray.remote(num_cpus=0)(see), keys()
    for n in range(5):
        with hp.scope(**values, n=n):
            assert [get(task.remote())["n"] for _ in range(USES)] == [n] * USES
    assert keys() == before


def test_small_scopes_and_very_large_ones_are_not_put(
    ray: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "MOST_PUBLISHED", 10_000)
    task, before = ray.remote(num_cpus=0)(see), keys()
    for size in (10, 10_000):
        with hp.scope(**{f"key{i}": i for i in range(size)}):
            for _ in range(3 * USES):
                assert len(get(task.remote())) == size
    assert keys() == before


def test_a_process_puts_so_much_and_no_more(
    ray: Any, values: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "_MOST_OF_PROCESS", published._size)
    before = keys()
    with hp.scope(**values):
        for _ in range(2 * USES):
            assert get(ray.remote(num_cpus=0)(see).remote()) == values
    assert keys() == before


def test_where_nothing_can_be_put_calls_bring_the_scope_themselves(
    seen: Any, values: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("no answer")

    with hp.scope(**values):
        with monkeypatch.context() as broken:
            broken.setattr("ray.experimental.internal_kv._internal_kv_put", fail)
            for _ in range(2 * USES):
                assert seen() == values
            assert not is_published()


# -- what goes wrong --------------------------------------------------------------------------


def test_what_is_no_longer_in_the_store_is_an_error_that_says_so(ray: Any, values: Any) -> None:
    actor, before = ray.remote(num_cpus=0)(Seer).remote(), keys()
    with hp.scope(**values):
        publish_here()
        delete(keys() - before)
        for _ in range(2):
            with pytest.raises(hp_dist.CarrierError, match="no longer in the cluster's key-value"):
                get(actor.see.remote())
    assert get(actor.see.remote()) == {}


@pytest.mark.parametrize("damage", [
    lambda sent: sent[:1], lambda sent: sent[:1] + b"\xff\x00", lambda sent: sent[:30],
    lambda sent: sent.replace(b"/", b""), lambda sent: sent.replace(b"/", b"/ "),
    lambda sent: sent[:-1] + b"x", lambda sent: sent + b" ",
])  # fmt: skip
def test_damaged_keys_are_an_error(ray: Any, damage: Callable[[bytes], bytes]) -> None:
    task = ray.remote(num_cpus=0, max_retries=0)(see)
    with hp.scope(**{f"key{i}": hash(("damaged", i)) for i in range(1_000)}):
        publish_here()
        sent = argument_here(ObjectStore).of_call(b"0000000001")
    assert isinstance(sent, bytes)
    sent = sent.partition(b"#call:")[0]
    with pytest.raises(hp_dist.CarrierError):
        get(task.remote(**{ARGUMENT: damage(sent)}))


def test_a_retried_task_and_a_restarted_actor_see_what_was_published(
    ray: Any, values: Any, tmp_path: Path
) -> None:
    class Dying(Seer):
        def die_once(self, mark: Path) -> Any:
            return die_once(mark)

    def die_once(mark: Path) -> Any:
        if not mark.exists():
            mark.touch()
            os._exit(1)
        return see()

    with hp.scope(**values):
        publish_here()
        task = ray.remote(num_cpus=0, max_retries=3)(die_once)
        actor = ray.remote(num_cpus=0, max_restarts=3, max_task_retries=3)(Dying).remote()
        results = [task.remote(tmp_path / "task"), actor.die_once.remote(tmp_path / "actor")]
    assert get(results) == [values] * 2
    assert get(actor.made.remote()) == (0, values)


# -- other drivers ----------------------------------------------------------------------------

DRIVER = """
    import os, sys, ray, hp_dist, hyperparameter as hp
    from hp_dist._ray import published
    from hp_dist._ray.argument import argument_here
    from hp_dist._ray.store import ObjectStore
    from ray_work import Seer, get, see

    published.LEAST_USES = 3
    def connect():
        ray.init(sys.argv[1], namespace="published", log_to_driver=False)
    def publish_here():
        for _ in range(3):
            argument_here(ObjectStore)
        sent = argument_here(ObjectStore).of_call(b"0000000001")
        assert isinstance(sent, bytes) and published.is_published(sent)
    def values(name):
        return {"name": name, **{f"key{i}": hash((len(name), i)) for i in range(10_000)}}
    connect()
    hp_dist.install("ray")
"""


@pytest.fixture
def drive(
    ray_address: str, ray_environment: dict[str, str], tmp_path: Path
) -> Callable[[str], None]:
    def run(body: str) -> None:
        subprocess.run(
            [sys.executable, "-c", dedent(DRIVER) + dedent(body), ray_address],
            env={**os.environ, **ray_environment, "PYTHONHASHSEED": "0"},
            cwd=tmp_path,
            timeout=150,
            check=True,
        )

    return run


def test_an_actor_restarts_in_what_its_driver_that_has_gone_had_published(
    drive: Callable[[str], None],
) -> None:
    drive("""
    with hp.scope(**values("creation")):
        publish_here()
        how = dict(num_cpus=0, max_restarts=-1, max_task_retries=-1, lifetime="detached")
        actor = ray.remote(Seer).options(name="kept", **how).remote()
        assert get(actor.made.remote())[1]["name"] == "creation"
    """)
    drive("""
    with hp.scope(**values("sweeps")):
        publish_here()  # keys of jobs that have ended go
    actor = ray.get_actor("kept")
    for _ in range(2):
        ray.kill(actor, no_restart=False)
        with hp.scope(**values("caller"), more=1):
            publish_here()
            for _ in range(2):
                assert get(actor.see.remote()) == {**values("caller"), "more": 1}
        assert get(actor.made.remote()) == (0, values("creation"))
    ray.kill(actor)
    """)


def test_an_actor_of_a_job_that_goes_on_forgets_nothing_with_a_job_that_called_it(
    ray: Any, drive: Callable[[str], None], values: Any
) -> None:
    class Parent(Seer):
        def submit(self, child: Any) -> Any:
            return get(child.see.remote())

    how = {"num_cpus": 0, "namespace": "published"}
    actor = ray.remote(Parent).options(name="shared", **how).remote()
    child = ray.remote(Seer).options(name="child", **how).remote()
    get([actor.made.remote(), child.made.remote()])
    body = """
    actor, child = ray.get_actor("shared"), ray.get_actor("child")
    with hp.scope(**values("the same")):
        publish_here()
        for _ in range(2):
            assert get(actor.submit.remote(child)) == values("the same")
    """
    drive(body)
    drive(body)  # it may delete what the first has put
    with hp.scope(**values):
        publish_here()
        assert get(actor.submit.remote(child)) == values
    for each in (actor, child):
        ray.kill(each)


def test_what_was_published_in_one_cluster_is_published_anew_in_the_next(
    drive: Callable[[str], None],
) -> None:
    drive("""
    with hp.scope(**values("twice")):
        for _ in range(2):
            publish_here()
            task = ray.remote(num_cpus=0)(see)
            assert get(task.remote()) == values("twice")
            ray.shutdown()
            connect()
    """)
