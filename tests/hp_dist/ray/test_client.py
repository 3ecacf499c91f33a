"""A `ray://` client: functions, actors and methods run inside the scopes of the client's caller."""

import os
import sys
import threading
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest
from contract_tasks import PATIENCE, Unpicklable, freeze
from ray_settings import WARNINGS, connect_client, run_client
from ray_work import Seer, get, see

import hp_dist
import hp_dist.ray
import hyperparameter as hp

pytestmark = WARNINGS


def see_explicitly() -> dict[str, Any]:
    return dict(hp.scope.storage().storage())


class Kinds(Seer):
    """Methods of every kind that Ray calls."""

    def see(self, a: int = 0) -> Any:
        return self.number, a, see()

    def keywords(self, *args: Any, **kwargs: Any) -> Any:
        return args, kwargs, see()

    @staticmethod
    def static(a: int) -> Any:
        return a, see()

    @classmethod
    def of_class(cls) -> Any:
        return see()

    def __call__(self) -> Any:
        return see()

    def pair(self) -> Any:
        return 1, see()

    def items(self, count: int) -> Iterator[Any]:
        for number in range(count):
            yield number, see()

    async def wait(self) -> Any:
        return see()

    def size(self) -> Any:
        return len(self.at_creation), len(see())

    def use(self) -> Any:
        import ray

        return ray.get(
            [hp.scope["data"](), hp.scope["actors"]()[0].made.remote()], timeout=PATIENCE
        )


class Decorated:
    """Remote functions and classes made before there was a connection."""

    def __init__(self, ray: Any) -> None:
        self.function = ray.remote(num_cpus=0)(see)
        self.cls = ray.remote(num_cpus=0)(Kinds)
        self.explicit = hp_dist.ray.remote(num_cpus=0)(see_explicitly)


@pytest.fixture(scope="module")
def before_connecting(shipped_by_value: None) -> Decorated:
    import ray

    return Decorated(ray)


@pytest.fixture(scope="module")
def client(before_connecting: Decorated, client: Any) -> Any:
    return client


@pytest.fixture(scope="module")
def seer(client: Any) -> Any:
    """An actor that many tests share, made inside a scope."""
    hp_dist.install("ray")
    with hp.scope(made=1, who="creation"):
        handle = client.remote(num_cpus=0)(Kinds).options(name="shared").remote(4)
    get(handle.made.remote())
    hp_dist.uninstall()
    return handle


MADE = {"made": 1, "who": "creation"}
CALLED = {"made": 1, "who": "caller"}


# -- functions --------------------------------------------------------------------------------


def test_function_carries(client: Any, installed: None) -> None:
    @client.remote(num_cpus=0)
    def f(*args: Any, **kwargs: Any) -> Any:
        return args, kwargs, see()

    freeze(base=1)
    with hp.scope(x=1):
        results = [f.remote(), f.remote(1, a=2), f.options(name="mine").remote(3)]
        hp.scope.x = 2
    assert get([*results, f.remote()]) == [
        ((), {}, {"base": 1, "x": 1}),
        ((1,), {"a": 2}, {"base": 1, "x": 1}),
        ((3,), {}, {"base": 1, "x": 1}),
        ((), {}, {"base": 1}),
    ]
    with hp.scope.empty():
        assert get(f.remote()) == ((), {}, {})


def test_function_decorated_and_called_before(client: Any, before_connecting: Decorated) -> None:
    remote = before_connecting.function
    with hp.scope(x=1):
        assert "x" not in get(remote.remote())
        hp_dist.install("ray")
        assert get(remote.remote()) == get(remote.options(num_cpus=0).remote()) == {"x": 1}
        hp_dist.install("ray")
        assert get(remote.remote()) == {"x": 1}
        hp_dist.uninstall()
        assert "x" not in get(remote.remote())
        hp_dist.install("ray")
        assert get(remote.remote()) == {"x": 1}


def test_task_of_a_task_carries_too(client: Any, installed: None) -> None:
    ray = client

    @client.remote(num_cpus=0)
    def inner() -> Any:
        return see()

    @client.remote(num_cpus=0)
    def outer() -> Any:
        with hp.scope(inner=2):
            return ray.get(inner.remote(), timeout=PATIENCE)

    with hp.scope(outer=1):
        assert get(outer.remote()) == {"outer": 1, "inner": 2}


def test_generator_of_a_known_number_of_results(client: Any, installed: None, seer: Any) -> None:
    @client.remote(num_cpus=0, num_returns=2)
    def numbers() -> Iterator[Any]:
        yield 0, see()
        yield 1, see()

    with hp.scope(who="caller"):
        items = numbers.remote()
        of_actor = seer.items.options(num_returns=2).remote(2)
    assert get(items) == [(n, {"who": "caller"}) for n in range(2)]
    assert get(of_actor) == [(n, CALLED) for n in range(2)]


@pytest.mark.filterwarnings("ignore:num_returns='dynamic' is deprecated")
def test_generator_of_any_number_of_results(client: Any, installed: None) -> None:
    @client.remote(num_cpus=0, num_returns="dynamic")
    def numbers(count: int) -> Iterator[Any]:
        for number in range(count):
            yield number, see()

    with hp.scope(x=1):
        items = numbers.remote(3)
    assert get(list(get(items))) == [(n, {"x": 1}) for n in range(3)]


def test_graph_runs_in_the_scopes_of_its_execution(client: Any, installed: None) -> None:
    @client.remote(num_cpus=0)
    def f(n: int) -> Any:
        return n, see()

    with hp.scope(bound=1):
        graph = f.bind(2)
    with hp.scope(run=1):
        assert get(graph.execute()) == (2, {"run": 1})


def test_large_scope_arrives_everywhere(client: Any, installed: None) -> None:
    @client.remote(num_cpus=0)
    def size() -> Any:
        return len(see())

    many = {f"key{i}": i for i in range(10_000)}
    with hp.scope(**many):
        actor = client.remote(num_cpus=0)(Kinds).remote()
        results = [size.remote(), actor.size.remote()]
    assert get([*results, actor.size.remote()]) == [10_000, (10_000, 10_000), (10_000, 10_000)]


def test_what_ray_counts_can_be_a_value(client: Any, installed: None, seer: Any) -> None:
    ray = client

    @client.remote(num_cpus=0)
    def use() -> Any:
        return ray.get(
            [hp.scope["data"](), hp.scope["actors"]()[0].made.remote()], timeout=PATIENCE
        )

    with hp.scope(data=client.put([1, 2]), actors=[seer]):
        other = client.remote(num_cpus=0)(Kinds).remote()
        results = [use.remote(), other.use.remote()]
    assert get(results) == [[[1, 2], (4, MADE)]] * 2
    freeze(data=client.put([3]), actors=[seer])
    assert get(use.remote()) == [[3], (4, MADE)]


def test_remote_function_can_be_a_value(client: Any, installed: None) -> None:
    ray = client

    @client.remote(num_cpus=0)
    def use() -> Any:
        return ray.get(hp.scope["function"]().remote(4), timeout=PATIENCE)

    with hp.scope(function=client.remote(num_cpus=0)(lambda n: 2 * n)):
        assert get(use.remote()) == 8


def test_threads_that_call_a_new_function_at_once(client: Any, installed: None) -> None:
    start, seen = threading.Barrier(4), []

    def call(remote: Any, number: int) -> None:
        start.wait(PATIENCE)
        with hp.scope(x=number):
            seen.append(get(remote.remote()) == {"x": number})

    hp_dist.uninstall()
    for _ in range(2):
        remote = client.remote(num_cpus=0)(see)
        get(remote.remote())  # exports it bare
        hp_dist.install("ray")
        threads = [threading.Thread(target=call, args=(remote, n)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        hp_dist.uninstall()
    assert seen == [True] * 8


# -- actors -----------------------------------------------------------------------------------


def test_methods_of_every_kind_carry(client: Any, installed: None, seer: Any) -> None:
    with hp.scope(who="caller"):
        results = [
            seer.see.remote(3),
            seer.see.options(name="x").remote(5),
            seer.keywords.remote(1, a=2),
            seer.static.remote(6),
            seer.of_class.remote(),
            seer.__call__.remote(),
            seer.wait.remote(),
            seer.__ray_call__.remote(lambda self, a: (self.number, a, see()), 7),
        ]
        pair = seer.pair.options(num_returns=2).remote()
    assert get(results) == [
        (4, 3, CALLED),
        (4, 5, CALLED),
        ((1,), {"a": 2}, CALLED),
        (6, CALLED),
        CALLED,
        CALLED,
        CALLED,
        (4, 7, CALLED),
    ]
    assert get(pair) == [1, CALLED]
    assert get(seer.made.remote()) == (4, MADE)


def test_caller_wins_over_creation_over_baseline(client: Any, installed: None, seer: Any) -> None:
    freeze(base=1, who="baseline")
    assert get(seer.see.remote())[2] == {**MADE, "base": 1}
    freeze(base=2)
    with hp.scope(who="caller"):
        assert get(seer.see.remote())[2] == {**CALLED, "base": 2}
    with hp.scope.empty():
        assert get(seer.see.remote())[2] == {}


def test_class_decorated_and_made_before(client: Any, before_connecting: Decorated) -> None:
    bare = before_connecting.cls.remote(1)
    hp_dist.install("ray")
    with hp.scope(made=1):
        carrying = before_connecting.cls.remote(2)
    for _ in range(2):
        with hp.scope(called=1):
            assert "called" not in get(bare.see.remote())[2]
            assert get(carrying.see.remote()) == (2, 0, {"made": 1, "called": 1})
    hp_dist.uninstall()
    with hp.scope(called=1, bad=Unpicklable()):
        assert get(carrying.made.remote()) == (2, {"made": 1})


def test_named_actor_carries_for_whoever_finds_it(client: Any, installed: None, seer: Any) -> None:
    ray = client

    @client.remote(num_cpus=0)
    def ask(handles: list[Any]) -> Any:
        handle = ray.get_actor("shared", namespace="tests")
        with hp.scope(inner=1):
            return ray.get([h.see.remote() for h in (handle, handles[0])], timeout=PATIENCE)

    found = client.get_actor("shared")
    again = client.remote(Kinds).options(name="shared", get_if_exists=True).remote(9)
    with hp.scope(who="caller"):
        assert get(found.see.remote(1)) == (4, 1, CALLED)
        assert get(found.static.remote(1)) == (1, CALLED)
        assert get(again.see.remote(2)) == (4, 2, CALLED)
        assert get(ask.remote([seer])) == [(4, 0, {**CALLED, "inner": 1})] * 2


def test_other_client_finds_the_actor(
    client: Any, installed: None, seer: Any, ray_client_address: str
) -> None:
    program = """
        import sys
        import hp_dist, ray
        import hyperparameter as hp

        hp_dist.install("ray")
        ray.init(sys.argv[1], namespace="tests", logging_level="ERROR", log_to_driver=False)
        actor = ray.get_actor("shared")
        with hp.scope(who="other"):
            print(sorted(ray.get(actor.see.remote(), timeout=150)[2].items()))
    """
    done = run_client(
        [sys.executable, "-W", "ignore", "-c", dedent(program), ray_client_address],
        timeout=180, cwd=os.environ["RAY_TMPDIR"],
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("[('made', 1), ('who', 'other')]\n", 0), done.stderr


# -- what the caller sees ---------------------------------------------------------------------


@pytest.mark.parametrize(("args", "kwargs"), [((1, 2), {}), ((1,), {"wrong": 2}), ((1,), {"a": 2})])
def test_wrong_arguments_are_a_type_error_that_speaks_of_theirs_alone(
    client: Any, installed: None, seer: Any, args: Any, kwargs: Any
) -> None:
    @client.remote
    def f(a: int = 0) -> None: ...

    cls = client.remote(Kinds)
    wrong = dict.fromkeys(kwargs, 1) if "wrong" in kwargs else {}
    for submit in (f.remote, f.options(num_cpus=0).remote, seer.see.remote):
        with hp.scope(x=1), pytest.raises(TypeError) as caught:
            submit(*args, **kwargs)
        assert "hyperparameter" not in str(caught.value)
    with hp.scope(x=1), pytest.raises(TypeError) as caught:
        cls.remote(1, 2, **wrong)
    assert "hyperparameter" not in str(caught.value)


def test_value_that_cannot_be_pickled_is_named_at_the_submission(
    client: Any, installed: None, seer: Any
) -> None:
    f, cls = client.remote(see), client.remote(Kinds)
    with hp.scope(**{"model.bad": Unpicklable()}):
        for submit in (f.remote, cls.remote, seer.see.remote):
            with pytest.raises(hp_dist.CarrierError, match=r"model\.bad.*test_client\.py:"):
                submit()
    assert get(seer.see.remote())[2] == MADE


def test_errors_keep_their_type(client: Any, installed: None) -> None:
    @client.remote(max_retries=0, num_cpus=0)
    def fail() -> None:
        raise LookupError("mine", see())

    with hp.scope(x=1), pytest.raises(LookupError) as caught:
        get(fail.remote())
    assert caught.value.cause.args == ("mine", {"x": 1})


# -- explicitly -------------------------------------------------------------------------------


@pytest.mark.parametrize("install", [False, True], ids=["alone", "beside install"])
def test_explicit_function_carries(
    client: Any, before_connecting: Decorated, install: bool
) -> None:
    if install:
        hp_dist.install("ray")
    made_now = hp_dist.ray.remote(num_cpus=0)(see_explicitly)
    with hp.scope(x=1):
        for remote in (before_connecting.explicit, made_now):
            assert get(remote.remote()) == get(remote.options(name="x").remote()) == {"x": 1}


def test_explicit_class_says_what_to_do(client: Any) -> None:
    cls = hp_dist.ray.remote(num_cpus=0)(Kinds)
    for submit in (cls.remote, cls.options(num_cpus=0).remote):
        with pytest.raises(hp_dist.EngineError, match=r"ray://.*hp_dist\.install\('ray'\)"):
            submit()


# -- the connection (last, as it closes the one above) ----------------------------------------


def test_functions_actors_and_large_scopes_survive_a_new_connection(
    client: Any,
    installed: None,
    ray_client_address: str,
    ray_environment: dict[str, str],
    before_connecting: Decorated,
) -> None:
    many = {f"key{i}": i for i in range(10_000)}
    with hp.scope(**many):
        sizes = []
        for goes_on in (True, False):
            actor = before_connecting.cls.remote()
            sizes += [len(get(before_connecting.function.remote())), get(actor.size.remote())]
            if goes_on:
                client.shutdown()
                connect_client(ray_client_address, ray_environment)
    assert sizes == [10_000, (10_000, 10_000)] * 2
