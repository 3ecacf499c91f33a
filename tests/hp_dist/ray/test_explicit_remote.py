"""`hp_dist.ray.remote` carries scopes on Ray's public interface alone: nothing is installed."""

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from contract_tasks import PATIENCE, Unpicklable, freeze
from ray_settings import WARNINGS
from ray_work import Seer, get, see

import hp_dist
import hp_dist.ray
import hyperparameter as hp
from hp_dist import _engines

pytestmark = [
    pytest.mark.usefixtures("ray", "shipped_by_value"),
    *WARNINGS,
]


@pytest.fixture(params=[False, True], ids=["alone", "beside install"])
def ways(request: pytest.FixtureRequest) -> None:
    """The explicit way gives the same beside the automatic one."""
    if request.param:
        hp_dist.install("ray")


class Kinds(Seer):
    """Methods of every kind that Ray calls."""

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

    def stream(self, count: int) -> Iterator[Any]:
        for number in range(count):
            yield number, see()

    async def wait(self) -> Any:
        return see()

    def use(self) -> Any:
        import ray

        return ray.get([hp.scope["data"](), hp.scope["actor"]().made.remote()], timeout=PATIENCE)


@pytest.fixture(scope="module")
def seer(ray: Any) -> Any:
    """An actor that many tests share, made inside a scope."""
    with hp.scope(made=1):
        return hp_dist.ray.remote(num_cpus=0)(Kinds).remote(4)


# -- functions --------------------------------------------------------------------------------


def test_function_carries(ways: None) -> None:
    @hp_dist.ray.remote
    def f(a: int, b: int = 0) -> Any:
        return a, b, see()

    freeze(base=1)
    with hp.scope(x=1):
        results = [f.remote(1, b=2), f.options(name="mine", num_cpus=0).remote(3)]
        hp.scope.x = 2
    assert get([*results, f.remote(4)]) == [
        (1, 2, {"base": 1, "x": 1}),
        (3, 0, {"base": 1, "x": 1}),
        (4, 0, {"base": 1}),
    ]
    with hp.scope(x=1), hp.scope.empty():
        assert get(f.remote(1)) == (1, 0, {})


def test_options_of_the_decorator_and_of_the_call(ways: None) -> None:
    @hp_dist.ray.remote(num_cpus=0, num_returns=2)
    def f(*args: Any, **kwargs: Any) -> Any:
        return (args, kwargs), see()

    with hp.scope(x=1):
        assert get(f.remote(1, a=2)) == [((1,), {"a": 2}), {"x": 1}]
        assert get(f.options(num_returns=1).remote()) == (((), {}), {"x": 1})


def test_generator_streams(ways: None) -> None:
    @hp_dist.ray.remote(num_cpus=0)
    def numbers(count: int) -> Iterator[Any]:
        for number in range(count):
            yield number, see()

    with hp.scope(x=1):
        items = numbers.remote(3)
    assert [get(item) for item in items] == [(n, {"x": 1}) for n in range(3)]


def test_task_of_a_task_carries_too(ray: Any, ways: None) -> None:
    @hp_dist.ray.remote(num_cpus=0)
    def inner() -> Any:
        return see()

    @hp_dist.ray.remote(num_cpus=0)
    def outer(passed: list[Any]) -> Any:
        with hp.scope(inner=2):
            return ray.get([inner.remote(), passed[0].remote()], timeout=PATIENCE)

    freeze(base=1)
    with hp.scope(outer=1):
        assert get(outer.remote([inner])) == [{"base": 1, "outer": 1, "inner": 2}] * 2


def test_graph_runs_in_the_scopes_of_its_execution(ray: Any, ways: None) -> None:
    from ray.dag import InputNode

    @hp_dist.ray.remote(num_cpus=0)
    def double(n: int) -> Any:
        return 2 * n, see()

    with hp.scope(bound=1), InputNode() as n:
        graph = double.bind(n)
    for number in range(2):
        with hp.scope(run=number):
            assert get(graph.execute(number)) == (2 * number, {"run": number})


def test_what_ray_counts_can_be_a_value(ray: Any, seer: Any, ways: None) -> None:
    @hp_dist.ray.remote(num_cpus=0)
    def use() -> Any:
        return ray.get([hp.scope["data"](), hp.scope["actor"]().made.remote()], timeout=PATIENCE)

    with hp.scope(data=ray.put([1, 2]), actor=seer):
        other = hp_dist.ray.remote(num_cpus=0)(Kinds).remote()
        results = [use.remote(), other.use.remote()]
    assert get(results) == [[[1, 2], (4, {"made": 1})]] * 2


def test_users_own_decorator_of_invocations_is_kept(ray: Any, ways: None) -> None:
    seen = []

    def noting(invocation: Callable[..., Any]) -> Callable[..., Any]:
        def noted(args: Any, kwargs: Any) -> Any:
            seen.append(list(args))
            return invocation(args, kwargs)

        return noted

    def f(a: int) -> Any:
        return a, see()

    f.__ray_invocation_decorator__ = noting  # type: ignore[attr-defined]
    remote = hp_dist.ray.remote(num_cpus=0)(f)
    with hp.scope(x=1):
        assert get(remote.remote(3)) == (3, {"x": 1})
    assert seen == [[3]]


# -- actors -----------------------------------------------------------------------------------


def test_actor_carries(ray: Any, ways: None) -> None:
    freeze(base=1, who="baseline")
    cls = hp_dist.ray.remote(num_cpus=0)(Kinds)
    with hp.scope(made=1, who="creation"):
        actor = cls.options(max_concurrency=2).remote(3)
    assert get(actor.see.remote()) == {"base": 1, "made": 1, "who": "creation"}
    freeze(base=2)
    with hp.scope(who="caller"):
        results = [
            actor.see.remote(),
            actor.keywords.remote(1, a=2),
            actor.static.remote(5),
            actor.of_class.remote(),
            actor.wait.options(name="x").remote(),
        ]
        items = actor.stream.remote(2)
    seen = {"base": 2, "made": 1, "who": "caller"}
    assert get(results) == [seen, ((1,), {"a": 2}, seen), (5, seen), seen, seen]
    assert [get(item) for item in items] == [(n, seen) for n in range(2)]
    assert get(actor.made.remote()) == (3, {"base": 1, "made": 1, "who": "creation"})
    with hp.scope.empty():
        assert get(actor.see.remote()) == {}


class Bare:
    def see(self) -> Any:
        return see()


@dataclasses.dataclass
class Data:
    number: int = 3

    def see(self) -> Any:
        assert self.number == 3
        return see()


@pytest.mark.parametrize("cls", [Bare, Data])
def test_class_without_a_constructor_of_its_own_carries(ways: None, cls: type) -> None:
    with hp.scope(made=1):
        actor = hp_dist.ray.remote(num_cpus=0)(cls).remote()
    with hp.scope(called=1):
        assert get(actor.see.remote()) == {"made": 1, "called": 1}


def test_handle_carries_in_a_worker_where_nothing_is_installed(ray: Any, seer: Any) -> None:
    # Its environment makes it a new worker: another may have been installed by an earlier test.
    @ray.remote(num_cpus=0, runtime_env={"env_vars": {"NEW": "yes"}})
    def ask(handle: Any, nested: Any) -> Any:
        bare = ray.remote(num_cpus=0)(see)
        with hp.scope(inner=1):
            results = [handle.see.remote(), nested[0].see.remote(), bare.remote()]
        return ray.get(results, timeout=PATIENCE), _engines.installed()

    with hp.scope(outer=1):  # which a plain function does not inherit
        seen, installed = get(ask.remote(seer, [seer]))
    assert seen == [{"made": 1, "inner": 1}] * 2 + [{}]
    assert installed == ()


def test_named_actor_carries_for_whoever_finds_it(ray: Any) -> None:
    @ray.remote(num_cpus=0)
    def ask(name: str) -> Any:
        with hp.scope(inner=1):
            return ray.get(ray.get_actor(name).see.remote(), timeout=PATIENCE)

    with hp.scope(made=1):
        cls = hp_dist.ray.remote(Kinds)
        actor = cls.options(name="explicit", num_cpus=0, get_if_exists=True).remote()
        get(actor.__ray_ready__.remote())
        same = cls.options(name="explicit", get_if_exists=True).remote()
    assert same == actor
    assert get(ask.remote("explicit")) == {"made": 1, "inner": 1}


def test_actor_as_a_graph_carries(ray: Any, ways: None) -> None:
    with hp.scope(bound=1):
        node = hp_dist.ray.remote(num_cpus=0)(Kinds).bind(5)
        graph = node.see.bind()
    with hp.scope(run=1):
        assert get(graph.execute()) == {"run": 1}


# -- what the caller sees ---------------------------------------------------------------------


def test_nothing_of_ray_is_replaced(ray: Any, seer: Any) -> None:
    from ray.actor import ActorClass, ActorHandle, ActorMethod
    from ray.remote_function import RemoteFunction
    from ray.util.client.api import _ClientAPI

    classes = (ActorClass, ActorHandle, ActorMethod, RemoteFunction, _ClientAPI)
    before = [dict(vars(cls)) for cls in classes]
    with hp.scope(x=1):
        get(hp_dist.ray.remote(num_cpus=0)(see).remote())
        get(seer.see.remote())
    assert [dict(vars(cls)) for cls in classes] == before
    assert _engines.installed() == ()


def test_user_function_and_class_are_as_before() -> None:
    before = dict(vars(see)), inspect.signature(see), dict(vars(Bare))
    hp_dist.ray.remote(see)
    hp_dist.ray.remote(Bare)
    assert (dict(vars(see)), inspect.signature(see), dict(vars(Bare))) == before


@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), ((1,), {"wrong": 2}), ((1, 2, 3), {}), ((1,), {"a": 2})]
)
def test_wrong_arguments_are_a_type_error_that_speaks_of_theirs_alone(
    ray: Any, ways: None, args: Any, kwargs: Any
) -> None:
    @hp_dist.ray.remote(num_cpus=0)
    def f(a: int, b: int = 0) -> Any: ...

    @hp_dist.ray.remote(num_cpus=0)
    class A:
        def __init__(self, a: int, b: int = 0) -> None: ...

    for target in (f, f.options(num_cpus=0), A, A.options(num_cpus=0)):
        with hp.scope(x=1), pytest.raises(TypeError) as caught:
            target.remote(*args, **kwargs)
        assert "hyperparameter" not in str(caught.value)


def test_remote_function_and_class_cannot_be_called_directly(ray: Any) -> None:
    with pytest.raises(TypeError, match="cannot be called directly"):
        hp_dist.ray.remote(see)()
    with pytest.raises(TypeError, match="cannot be instantiated directly"):
        hp_dist.ray.remote(Bare)()


@pytest.mark.parametrize(
    "target", [3, "text", len, Bare()], ids=["number", "text", "builtin", "instance"]
)
def test_what_ray_would_refuse_is_refused(ray: Any, target: Any) -> None:
    with pytest.raises(TypeError):
        hp_dist.ray.remote(target)


def test_coroutine_function_is_refused_as_by_ray(ray: Any) -> None:
    async def f() -> None: ...

    with pytest.raises(ValueError, match="async def"):
        hp_dist.ray.remote(f)


def test_option_that_ray_does_not_know_is_refused(ray: Any) -> None:
    with pytest.raises(ValueError, match="num_cpu"):
        hp_dist.ray.remote(num_cpu=1)(see)
    with pytest.raises(ValueError, match="num_cpu"):
        hp_dist.ray.remote(see).options(num_cpu=1)


def test_value_that_cannot_be_pickled_is_named_at_the_submission(
    ray: Any, seer: Any, ways: None
) -> None:
    f, cls = hp_dist.ray.remote(see), hp_dist.ray.remote(Bare)
    with hp.scope(**{"model.bad": Unpicklable()}):
        for submit in (f.remote, cls.remote, seer.see.remote):
            with pytest.raises(hp_dist.CarrierError, match=r"model\.bad.*_remote\.py:"):
                submit()


def test_errors_keep_their_type(ray: Any) -> None:
    @hp_dist.ray.remote(max_retries=0, num_cpus=0)
    def fail() -> None:
        raise LookupError("mine", see())

    with hp.scope(x=1), pytest.raises(LookupError) as caught:
        get(fail.remote())
    assert caught.value.cause.args == ("mine", {"x": 1})
