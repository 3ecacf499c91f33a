"""Actors of Ray: a method sees the scopes of its caller, over those of the creation."""

import abc
import asyncio
import contextlib
import dataclasses
import functools
import os
import pickle
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pytest
from contract_tasks import PATIENCE, Unpicklable, freeze
from ray_settings import WARNINGS
from ray_work import Seer, get, see

import hp_dist
import hyperparameter as hp

pytestmark = [
    pytest.mark.usefixtures("ray", "shipped_by_value"),
    *WARNINGS,
]

T = TypeVar("T")


def passing(function: Callable[..., Any]) -> Any:
    """A decorator as people write them: a plain function around one of any kind."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


class Kinds(Seer):
    """Methods of every kind that Ray calls."""

    def __call__(self) -> Any:
        return "called", see()

    def __getitem__(self, key: int) -> Any:
        return key, see()

    def keywords(self, *args: Any, **kwargs: Any) -> Any:
        return args, kwargs, see()

    def positional(self, a: int, b: int = 2, /, *, c: int = 3) -> Any:
        return a, b, c, see()

    @passing
    def decorated(self, a: int) -> Any:
        return a, see()

    @hp.param("train")
    def train(self, n: int, lr: float = 0.1) -> Any:
        return n, lr

    partial = functools.partialmethod(positional, 7)

    @staticmethod
    def static(a: int = 0) -> Any:
        return a, see()

    @classmethod
    def of_class(cls, a: int = 0) -> Any:
        return cls.__name__, a, see()

    @property
    def prop(self) -> Any:
        return self.number, see()

    def read_prop(self) -> Any:
        return self.prop

    def pair(self) -> Any:
        return 1, see()

    def stream(self, count: int) -> Iterator[Any]:
        for number in range(count):
            yield number, see()

    @passing
    def decorated_stream(self, count: int) -> Iterator[Any]:
        for number in range(count):
            yield number, see()

    def fail(self) -> None:
        raise LookupError("mine", see())

    def calls_directly(self) -> Any:
        with hp.scope(own=1):
            return self.see(), self.static()[1], self.of_class()[2], see()

    def fails_once(self, marker: str) -> Any:
        if not os.path.exists(marker):
            Path(marker).touch()
            raise RuntimeError("first attempt")
        return see()

    def makes_another(self) -> Any:
        import ray

        with hp.scope(maker=1):
            return ray.remote(num_cpus=0)(Seer).remote(5)


def of(handle: Any) -> Any:
    """Return an actor's class as `repr` shows it, without the actor's id."""
    return repr(handle).partition(",")[0]


@pytest.fixture(scope="module")
def kinds(ray: Any) -> Any:
    """An actor that many tests share, made inside a scope."""
    hp_dist.install("ray")
    with hp.scope(made=1, who="creation", **{"train.lr": 0.25}):
        handle = ray.remote(num_cpus=0)(Kinds).remote(4)
    get(handle.__ray_ready__.remote())
    hp_dist.uninstall()
    return handle


MADE = {"made": 1, "train.lr": 0.25}  # what remains visible in `kinds` below `who`
CALLED = {**MADE, "who": "caller"}


# -- when it was decorated, created, exported -------------------------------------------------


def test_class_decorated_before_install_carries(ray: Any) -> None:
    cls = ray.remote(num_cpus=0)(Seer)
    hp_dist.install("ray")
    with hp.scope(made=1):
        actor = cls.options(num_cpus=0).remote(3)
    with hp.scope(called=1):
        assert get(actor.see.remote()) == {"made": 1, "called": 1}
    assert get(actor.made.remote()) == (3, {"made": 1})


def test_actors_made_before_and_after_install_live_side_by_side(ray: Any) -> None:
    @ray.remote(num_cpus=0)
    def ask(handles: list[Any]) -> Any:
        return [ray.get(handle.see.remote()) for handle in handles]

    cls = ray.remote(num_cpus=0)(Seer)
    bare = cls.remote(1)
    assert get(bare.made.remote()) == (1, {})
    hp_dist.install("ray")
    with hp.scope(made=1):
        carrying = cls.remote(2)
    for _ in range(2):
        with hp.scope(called=1):
            assert get(bare.see.remote()) == {}
            assert get(carrying.see.remote()) == {"made": 1, "called": 1}
    with hp.scope(asked=1):
        assert get(ask.remote([bare, carrying])) == [{}, {"made": 1, "asked": 1}]
    with pytest.raises(TypeError):
        bare.see.remote(1)
    # What users see of a handle does not tell one from the other.
    assert of(carrying) == of(bare)
    assert dir(carrying) == dir(bare)
    assert carrying.see.__doc__ == bare.see.__doc__


def test_other_processes_find_named_actors(ray: Any, installed: None) -> None:
    @ray.remote(num_cpus=0)
    def ask(name: str) -> Any:
        handle = ray.get_actor(name)
        with hp.scope(inner=1):
            return ray.get(handle.see.remote())

    cls = ray.remote(num_cpus=0)(Seer).options(name="seer", get_if_exists=True)
    with hp.scope(made=1):
        first = cls.remote(1)
        get(first.made.remote())
    with hp.scope(made=2):
        second = cls.remote(2)
    with hp.scope(called=1):
        assert get(second.made.remote()) == (1, {"made": 1})
        assert get(ask.remote("seer")) == {"made": 1, "called": 1, "inner": 1}
        assert get(ray.get_actor("seer").see.remote()) == {"made": 1, "called": 1}


def test_uninstalled_caller_brings_nothing_and_installed_again_it_does(
    ray: Any, kinds: Any
) -> None:
    for _ in range(2):
        hp_dist.install("ray")
        with hp.scope(who="caller"):
            assert get(kinds.see.remote()) == {**MADE, "who": "caller"}
        hp_dist.uninstall()
        with hp.scope(who="caller", bad=Unpicklable()):
            assert get(kinds.keywords.remote(1, a=2))[:2] == ((1,), {"a": 2})
            assert get(kinds.see.remote()).get("who") != "caller"


# -- who wins ---------------------------------------------------------------------------------


def test_caller_wins_over_creation_over_baseline(ray: Any, installed: None, kinds: Any) -> None:
    freeze(who="baseline", made=0, base=1, **{"train.lr": 9.0, "train.epochs": 9})
    assert get(kinds.see.remote()) == {
        **MADE, "who": "creation", "base": 1, "train.epochs": 9,
    }  # fmt: skip
    with hp.scope(who="caller", **{"train.epochs": 2}):
        assert get(kinds.see.remote()) == {**MADE, "who": "caller", "base": 1, "train.epochs": 2}
        assert get(kinds.train.remote(1)) == (1, 0.25)
    with hp.scope(train={"lr": 0.5}):
        assert get(kinds.train.remote(1)) == (1, 0.5)


def test_leaf_and_prefix_of_the_same_name_both_arrive(
    ray: Any, installed: None, kinds: Any
) -> None:
    with hp.scope(**{"train": 1, "made.deep": 2}):
        assert get(kinds.see.remote()) == {**MADE, "who": "creation", "train": 1, "made.deep": 2}


def test_empty_at_the_caller_hides_all(ray: Any, installed: None, kinds: Any) -> None:
    freeze(base=1)
    with hp.scope(outer=1), hp.scope.empty(own=2):
        assert get(kinds.see.remote()) == {"own": 2}
    with hp.scope.empty():
        assert get(kinds.see.remote()) == {}
        assert get(kinds.calls_directly.remote()) == ({"own": 1},) * 4


def test_key_deleted_at_the_caller_is_deleted(ray: Any, installed: None, kinds: Any) -> None:
    freeze(base=1, other=1)
    with hp.scope(who="caller"):
        del hp.scope.base
        assert get(kinds.see.remote()) == {**CALLED, "other": 1}


def test_every_call_sees_the_baseline_of_its_caller(ray: Any, installed: None, kinds: Any) -> None:
    freeze(base=1)
    assert get(kinds.see.remote())["base"] == 1
    freeze(base=2)
    assert get(kinds.see.remote())["base"] == 2
    freeze(base=3)
    with hp.scope(called=1):
        assert get(kinds.see.remote())["base"] == 3
    with hp.scope.empty():
        hp.scope.frozen()
    assert "base" not in get(kinds.see.remote())


def test_callers_with_other_baselines_see_their_own(ray: Any, installed: None, kinds: Any) -> None:
    @ray.remote(num_cpus=0)
    def ask(handles: list[Any], number: int) -> Any:
        freeze(base=number)
        return ray.get(handles[0].see.remote())["base"]

    freeze(base=0)
    for number in (1, 2):
        assert get(ask.remote([kinds], number)) == number
        assert get(kinds.see.remote())["base"] == 0


def test_call_sees_the_scopes_of_its_submission(ray: Any, installed: None, kinds: Any) -> None:
    with hp.scope(called=1):
        first = kinds.see.remote()
        hp.scope.called = 2
        second = kinds.see.remote()
    third = kinds.see.remote()
    assert [seen.get("called") for seen in get([first, second, third])] == [1, 2, None]


# -- kinds of methods -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "expected"),
    [
        ("keywords", (), {}, ((), {}, CALLED)),
        ("keywords", (1,), {"a": 2}, ((1,), {"a": 2}, CALLED)),
        ("positional", (1,), {}, (1, 2, 3, CALLED)),
        ("positional", (1, 5), {"c": 6}, (1, 5, 6, CALLED)),
        ("partial", (), {"c": 6}, (7, 2, 6, CALLED)),
        ("decorated", (1,), {}, (1, CALLED)),
        ("static", (2,), {}, (2, CALLED)),
        ("static", (), {"a": 3}, (3, CALLED)),
        ("of_class", (2,), {}, ("Kinds", 2, CALLED)),
        ("__call__", (), {}, ("called", CALLED)),
        ("__getitem__", (8,), {}, (8, CALLED)),
        ("read_prop", (), {}, (4, CALLED)),
        ("made", (), {}, (4, {**MADE, "who": "creation"})),
    ],
)
def test_methods_of_every_kind_carry(
    ray: Any,
    installed: None,
    kinds: Any,
    name: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    expected: Any,
) -> None:
    method = getattr(kinds, name)
    with hp.scope(who="caller"):
        results = [method.remote(*args, **kwargs), method.options(name="x").remote(*args, **kwargs)]
    assert get(results) == [expected, expected]


def test_several_results(ray: Any, installed: None, kinds: Any) -> None:
    with hp.scope(who="caller"):
        assert get(kinds.pair.options(num_returns=2).remote()) == [1, CALLED]


def test_generator_streams_inside_the_scopes(ray: Any, installed: None, kinds: Any) -> None:
    with hp.scope(who="caller"):
        items = kinds.stream.remote(3)
    assert [get(item) for item in items] == [(n, CALLED) for n in range(3)]


def test_generator_behind_a_decorator_streams_as_it_does_in_ray(
    ray: Any, installed: None, kinds: Any
) -> None:
    with hp.scope(who="caller"):
        items = kinds.decorated_stream.remote(2)
    assert [get(item) for item in items] == [(n, CALLED) for n in range(2)]


def test_two_generators_at_once_keep_their_scopes(ray: Any, installed: None, kinds: Any) -> None:
    with hp.scope(who="first"):
        first = kinds.stream.remote(2)
    with hp.scope(who="second"):
        second = kinds.stream.remote(2)
    seen = [get(next(items))[1]["who"] for items in (first, second, second, first)]
    assert seen == ["first", "second", "second", "first"]


def test_error_keeps_type_and_arguments(ray: Any, installed: None, kinds: Any) -> None:
    with hp.scope(who="caller"), pytest.raises(LookupError) as caught:
        get(kinds.fail.remote())
    assert caught.value.cause.args == ("mine", CALLED)
    assert get(kinds.see.remote()) == {**MADE, "who": "creation"}


def test_method_that_calls_others_directly_lends_them_its_scopes(
    ray: Any, installed: None, kinds: Any
) -> None:
    with hp.scope(who="caller"):
        assert get(kinds.calls_directly.remote()) == ({**CALLED, "own": 1},) * 4
    assert get(kinds.calls_directly.remote()) == ({**MADE, "who": "creation", "own": 1},) * 4


def test_function_sent_to_an_actor_runs_in_the_scopes(
    ray: Any, installed: None, kinds: Any
) -> None:
    with hp.scope(who="caller"):
        seen = kinds.__ray_call__.remote(lambda self, a, *, b: (self.number, a, b, see()), 1, b=2)
    assert get(seen) == (4, 1, 2, CALLED)
    assert get(kinds.__ray_ready__.remote()) is True


def test_retried_method_sees_the_scopes_of_its_submission(
    ray: Any, installed: None, kinds: Any, tmp_path: Path
) -> None:
    freeze(base=1)
    marker = tmp_path / "attempted"
    method = kinds.fails_once.options(max_task_retries=2, retry_exceptions=True)
    with hp.scope(who="caller"):
        result = method.remote(str(marker))
    freeze(base=2)
    assert get(result) == {**CALLED, "base": 1}
    assert marker.exists()


def test_actor_made_by_an_actor_sees_all_that_its_maker_sees(
    ray: Any, installed: None, kinds: Any
) -> None:
    freeze(base=1)
    with hp.scope(who="caller"):
        handle = get(kinds.makes_another.remote())
    expected = {**CALLED, "maker": 1, "base": 1}
    assert get(handle.made.remote()) == (5, expected)
    with hp.scope(who="me"):
        assert get(handle.see.remote()) == {**expected, "who": "me"}


# -- handles ----------------------------------------------------------------------------------


def test_handle_carries_wherever_it_was_passed(ray: Any, installed: None, kinds: Any) -> None:
    @ray.remote(num_cpus=0)
    def ask(handle: Any, nested: Any) -> Any:
        with hp.scope(inner=1):
            return ray.get([handle.see.remote(), nested[0]["a"].see.remote()])

    with hp.scope(who="caller"):
        assert get(ask.remote(kinds, [{"a": kinds}])) == [{**CALLED, "inner": 1}] * 2
        assert get(pickle.loads(pickle.dumps(kinds)).see.remote()) == CALLED
        assert get(ray.get(ray.put([kinds]))[0].see.remote()) == CALLED


def test_method_of_a_handle_carries_in_a_task(ray: Any, installed: None, kinds: Any) -> None:
    @ray.remote(num_cpus=0)
    def ask(methods: list[Any]) -> Any:
        return ray.get(methods[0].remote())

    with hp.scope(who="caller"):
        assert get(ask.remote([kinds.see])) == CALLED


@pytest.mark.parametrize("place", ["scope", "baseline"])
def test_handle_as_a_value_can_be_called(ray: Any, installed: None, kinds: Any, place: str) -> None:
    @ray.remote(num_cpus=0)
    def ask() -> Any:
        handles = [hp.scope["actor"](), hp.scope["actors"]()[0]["a"]]
        with hp.scope.empty(asked=1):
            return ray.get([handle.see.remote() for handle in handles])

    values = {"actor": kinds, "actors": [{"a": kinds}]}
    if place == "baseline":
        freeze(**values)
    with hp.scope(**values) if place == "scope" else contextlib.nullcontext():
        assert get(ask.remote()) == [{"asked": 1}] * 2


# -- kinds of classes -------------------------------------------------------------------------


class Slotted:
    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def see(self) -> Any:
        return self.number, see()


class Bare:
    def see(self) -> Any:
        return None, see()


class Abstract(abc.ABC):
    @abc.abstractmethod
    def see(self) -> Any: ...

    def template(self) -> Any:
        return self.see()


@dataclasses.dataclass
class Data(Abstract, Generic[T]):
    number: T
    seen: dict[str, Any] = dataclasses.field(default_factory=see)

    def see(self) -> Any:
        assert self.seen == {"made": 1}
        return self.number, see()


class Parent:
    def __init__(self, number: int, **more: Any) -> None:
        self.number, self.more = number, more

    def see(self) -> Any:
        return self.number, see()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Child(Parent):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert self.more == {}

    def see(self) -> Any:
        return super().see()


class Grandchild(Child):
    unrelated = 1


@hp.param("made_of")
class Filled:
    def __init__(self, number: int, size: int = 0) -> None:
        self.number, self.size = number, size

    def see(self) -> Any:
        assert self.size == 3
        return self.number, see()


@pytest.mark.parametrize("cls", [Slotted, Bare, Data, Grandchild, Filled])
def test_classes_of_every_kind_carry(ray: Any, installed: None, cls: type) -> None:
    scope = {"made_of.size": 3} if cls is Filled else {"made": 1}
    with hp.scope(**scope):
        actor = ray.remote(num_cpus=0)(cls).remote(*([] if cls is Bare else [5]))
    with hp.scope(called=1):
        number, seen = get(actor.see.remote())
        assert (number, seen) == (None if cls is Bare else 5, {**scope, "called": 1})
        if cls is Data:
            assert get(actor.template.remote()) == (5, {"made": 1, "called": 1})


def test_user_class_is_as_before(ray: Any, installed: None) -> None:
    before = dict(vars(Slotted)), Slotted.__subclasses__
    cls = ray.remote(num_cpus=0)(Slotted)
    cls.remote(1)
    assert (dict(vars(Slotted)), Slotted.__subclasses__) == before
    assert Slotted(3).see() == (3, {})


# -- what the caller sees ---------------------------------------------------------------------

WRONG = [((), {}), ((1,), {"wrong": 2}), ((1, 2, 3), {}), ((1,), {"n": 2})]


@pytest.mark.parametrize(("args", "kwargs"), WRONG)
def test_wrong_arguments_are_a_type_error_that_speaks_of_theirs_alone(
    ray: Any, installed: None, kinds: Any, args: Any, kwargs: Any
) -> None:
    for submit in (kinds.train.remote, kinds.train.options(name="x").remote):
        with hp.scope(who="caller"), pytest.raises(TypeError) as caught:
            submit(*args, **kwargs)
        assert "hyperparameter" not in str(caught.value)


@pytest.mark.parametrize(("args", "kwargs"), [((), {}), ((1, 2), {}), ((1,), {"wrong": 1})])
def test_wrong_arguments_of_a_constructor_too(
    ray: Any, installed: None, args: Any, kwargs: Any
) -> None:
    cls = ray.remote(num_cpus=0)(Slotted)
    for submit in (cls.remote, cls.options(num_cpus=0).remote):
        with hp.scope(made=1), pytest.raises(TypeError) as caught:
            submit(*args, **kwargs)
        assert "hyperparameter" not in str(caught.value)


def test_methods_cannot_be_called_directly_as_before(ray: Any, installed: None, kinds: Any) -> None:
    with pytest.raises(TypeError, match="Actor methods cannot be called directly"):
        kinds.see()
    with pytest.raises(AttributeError):
        kinds.unknown.remote()


def test_value_that_cannot_be_pickled_is_named_at_the_call(
    ray: Any, installed: None, kinds: Any
) -> None:
    cls = ray.remote(num_cpus=0)(Seer)
    with hp.scope(**{"model.bad": Unpicklable()}):
        with pytest.raises(hp_dist.CarrierError, match=r"model\.bad.*test_actors\.py:"):
            kinds.see.remote()
        with pytest.raises(hp_dist.CarrierError, match=r"model\.bad.*test_actors\.py:"):
            cls.remote()
    assert get(kinds.see.remote()) == {**MADE, "who": "creation"}


def test_error_of_a_constructor_is_the_cause_of_the_actors_death(ray: Any, installed: None) -> None:
    class Failing:
        def __init__(self) -> None:
            raise LookupError(f"seen {hp.scope.made | 0}")

        def see(self) -> None: ...

    with hp.scope(made=7):
        actor = ray.remote(num_cpus=0)(Failing).remote()
    with pytest.raises(ray.exceptions.ActorDiedError, match="LookupError: seen 7"):
        get(actor.see.remote())


# -- lives ------------------------------------------------------------------------------------


def test_restarted_actor_and_retried_method_see_what_they_saw(
    ray: Any, installed: None, tmp_path: Path
) -> None:
    class Dying(Seer):
        def size(self, marker: str) -> Any:
            if not os.path.exists(marker):
                Path(marker).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return len(see()), len(self.at_creation), see()["called"], hp.scope.base()

    freeze(base=1)
    many = {f"key{i}": i for i in range(10_000)}
    with hp.scope(**many):
        cls = ray.remote(num_cpus=0, max_restarts=2, max_task_retries=2)(Dying)
        actor = cls.remote()
    with hp.scope(called=1):
        result = actor.size.remote(str(tmp_path / "died"))
    freeze(base=2)
    with hp.scope(called=2):
        assert get(result) == (10_002, 10_001, 1, 1)
        ray.kill(actor, no_restart=False)
        assert get(actor.size.remote(str(tmp_path / "died"))) == (10_002, 10_001, 2, 2)


def test_actor_ends_itself_as_before(ray: Any, installed: None) -> None:
    class Ending:
        def end(self) -> None:
            assert see() == {"called": 1}
            ray.actor.exit_actor()

    cls = ray.remote(num_cpus=0)(Ending)
    with hp.scope(called=1):
        ended, terminated = cls.remote(), cls.remote()
        for result in (ended.end.remote(), terminated.__ray_terminate__.remote()):
            with pytest.raises(ray.exceptions.RayActorError):
                get(result)


def test_what_a_constructor_leaves_behind_is_gone(ray: Any, installed: None) -> None:
    class Leaving:
        def __init__(self) -> None:
            hp.scope(left=1).__enter__()
            hp.scope.written = 1
            freeze(frozen=1)

        def see(self) -> Any:
            return see()

    with hp.scope(made=1):
        actor = ray.remote(num_cpus=0)(Leaving).remote()
    assert get(actor.see.remote()) == {"made": 1}
    with hp.scope(called=1):
        assert get(actor.see.remote()) == {"made": 1, "called": 1}


class Leaver(Seer):
    def leave(self) -> None:
        hp.scope(left=1).__enter__()
        hp.scope.written = 1
        freeze(frozen=1)

    def fail(self) -> None:
        self.leave()
        raise LookupError


class AsyncLeaver(Leaver):
    async def leave(self) -> None:  # type: ignore[override]
        Leaver.leave(self)

    async def fail(self) -> None:  # type: ignore[override]
        Leaver.leave(self)
        raise LookupError


@pytest.mark.parametrize("cls", [Leaver, AsyncLeaver])
def test_what_a_method_leaves_behind_is_gone(ray: Any, installed: None, cls: type) -> None:
    with hp.scope(made=1):
        actor = ray.remote(num_cpus=0)(cls).remote()
    for _ in range(2):
        with hp.scope(called=1):
            get(actor.leave.remote())
            with pytest.raises(LookupError):
                get(actor.fail.remote())
            assert get(actor.see.remote()) == {"made": 1, "called": 1}
        assert get(actor.see.remote()) == {"made": 1}


# -- several calls at once --------------------------------------------------------------------


class Threaded(Seer):
    """Methods that run at once, in threads or in groups of them."""

    def __init__(self) -> None:
        super().__init__()
        self.all_here = threading.Barrier(4)
        self.entered, self.go = threading.Event(), threading.Event()

    def meet(self) -> Any:
        before = see()
        self.all_here.wait(PATIENCE)
        hp.scope.mine = -1
        self.all_here.wait(PATIENCE)
        return before, see()

    def hold(self) -> Any:
        first = hp.scope.base | 0
        self.entered.set()
        self.go.wait(PATIENCE)
        return first, hp.scope.base | 0

    def wait_until_held(self) -> None:
        self.entered.wait(PATIENCE)

    def release(self) -> Any:
        self.go.set()
        return hp.scope.base | 0

    def asks_itself(self) -> Any:
        import ray

        me = ray.get_runtime_context().current_actor
        with hp.scope(inner=1):
            return ray.get(me.see.remote())


def assert_apart(results: list[Any]) -> None:
    for number, (before, after) in enumerate(results):
        assert before == {"made": 1, "caller": number}
        assert after == {"made": 1, "caller": number, "mine": -1}


def test_four_callers_of_a_threaded_actor_do_not_see_each_other(ray: Any, installed: None) -> None:
    with hp.scope(made=1):
        actor = ray.remote(num_cpus=0, max_concurrency=5)(Threaded).remote()
    for _ in range(3):  # the threads are used again
        calls = []
        for number in range(4):
            with hp.scope(caller=number):
                calls.append(actor.meet.remote())
        assert_apart(get(calls))
    with hp.scope(called=1):
        assert get(actor.asks_itself.remote()) == {"made": 1, "called": 1, "inner": 1}
    assert get(actor.see.remote()) == {"made": 1}


@pytest.mark.parametrize("scope", [{}, {"called": 1}], ids=["without a scope", "in a scope"])
def test_call_keeps_its_baseline_while_others_bring_theirs(
    ray: Any, installed: None, scope: dict[str, int]
) -> None:
    actor = ray.remote(num_cpus=0, max_concurrency=5)(Threaded).remote()
    freeze(base=1)
    with hp.scope(**scope) if scope else contextlib.nullcontext():
        held = actor.hold.remote()
        get(actor.wait_until_held.remote())
        freeze(base=2)
    assert get(actor.release.remote()) == 2
    assert get(held) == (1, 1)


def test_concurrency_groups_declared_and_per_call(ray: Any, installed: None) -> None:
    class Grouped(Threaded):
        @ray.method(concurrency_group="one")
        def in_one(self) -> Any:
            return self.meet(), threading.current_thread().name

        @ray.method(concurrency_group="two")
        def in_two(self) -> Any:
            return self.meet(), threading.current_thread().name

    with hp.scope(made=1):
        cls = ray.remote(num_cpus=0, concurrency_groups={"one": 2, "two": 2})(Grouped)
        actor = cls.remote()
    two = actor.in_one.options(concurrency_group="two")
    calls = []
    for number, method in enumerate([actor.in_one, actor.in_two, actor.in_one, two]):
        with hp.scope(caller=number):
            calls.append(method.remote())
    seen, threads = zip(*get(calls), strict=True)
    assert_apart(list(seen))
    assert len(set(threads)) == 4


class Async(Seer):
    """Coroutines that wait for each other."""

    def __init__(self) -> None:
        super().__init__()
        self.here = 0
        self.all_here = asyncio.Event()

    async def meet(self, count: int) -> Any:
        before = see()
        self.here += 1
        if self.here == count:
            self.all_here.set()
        await asyncio.wait_for(self.all_here.wait(), PATIENCE)
        hp.scope.mine = -1
        await asyncio.sleep(0)
        return before, see()

    async def children(self) -> Any:
        async def child(number: int) -> Any:
            with hp.scope(child=number):
                await asyncio.sleep(0)
                return see()

        return await asyncio.gather(child(1), child(2)), see()

    async def stream(self, count: int) -> AsyncIterator[Any]:
        for number in range(count):
            await asyncio.sleep(0)
            with hp.scope(step=number):
                yield see()

    async def size(self) -> Any:
        return len(see()), hp.scope.array().nbytes

    def plain(self) -> Any:
        return see()


@pytest.fixture(scope="module")
def async_actor(ray: Any) -> Any:
    hp_dist.install("ray")
    with hp.scope(made=1):
        handle = ray.remote(num_cpus=0)(Async).remote()
    hp_dist.uninstall()
    return handle


def test_many_callers_of_an_async_actor_do_not_see_each_other(
    ray: Any, installed: None, async_actor: Any
) -> None:
    calls = []
    for number in range(50):
        with hp.scope(caller=number):
            calls.append(async_actor.meet.remote(50))
    assert_apart(get(calls))
    assert get(async_actor.plain.remote()) == {"made": 1}


def test_tasks_of_a_coroutine_inherit_its_scopes(
    ray: Any, installed: None, async_actor: Any
) -> None:
    with hp.scope(called=1):
        children, after = get(async_actor.children.remote())
    expected = {"made": 1, "called": 1}
    assert (children, after) == ([{**expected, "child": n} for n in (1, 2)], expected)


def test_async_generators_keep_their_scopes_between_steps(
    ray: Any, installed: None, async_actor: Any
) -> None:
    streams = []
    for number in range(2):
        with hp.scope(caller=number):
            streams.append(async_actor.stream.remote(3))
    for step in range(3):
        for number, stream in enumerate(streams):
            assert get(next(stream)) == {"made": 1, "caller": number, "step": step}
    with hp.scope(called=1):
        assert get(async_actor.plain.remote()) == {"made": 1, "called": 1}


def test_large_scopes_reach_coroutines_without_blocking_them(
    ray: Any, installed: None, async_actor: Any
) -> None:
    calls = []
    for number in range(3):
        array = np.full(100_000, number)
        with hp.scope(array=array, **{f"key{i}": i for i in range(3_000)}):
            calls += [async_actor.size.remote() for _ in range(3)]
    assert get(calls) == [(3_002, array.nbytes)] * 9


# -- pools, placement, graphs, Ray's own ------------------------------------------------------


def test_pool_of_actors_runs_in_the_scopes_of_its_user(ray: Any, installed: None) -> None:
    from ray.util import ActorPool

    cls = ray.remote(num_cpus=0)(Seer)
    pool = ActorPool([cls.remote(), cls.remote()])
    with hp.scope(called=1):
        seen = list(pool.map(lambda actor, _: actor.see.remote(), range(5)))
    assert seen == [{"called": 1}] * 5


def test_actor_in_a_placement_group_with_an_environment(ray: Any, installed: None) -> None:
    from ray.util.placement_group import placement_group, remove_placement_group
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    class Placed(Seer):
        def environment(self) -> Any:
            return os.environ["OF_THE_ACTOR"], hp.scope.called | 0

    group = placement_group([{"CPU": 1}])
    get(group.ready())
    try:
        with hp.scope(made=1):
            actor = ray.remote(Placed).options(
                num_cpus=1,
                scheduling_strategy=PlacementGroupSchedulingStrategy(group),
                runtime_env={"env_vars": {"OF_THE_ACTOR": "yes"}},
            ).remote(1)  # fmt: skip
        with hp.scope(called=2):
            assert get(actor.environment.remote()) == ("yes", 2)
            assert get(actor.made.remote()) == (1, {"made": 1})
        del actor
    finally:
        remove_placement_group(group)


def test_graph_runs_in_the_scopes_of_its_execution(ray: Any, installed: None) -> None:
    from ray.dag import InputNode

    @ray.remote(num_cpus=0)
    def double(n: int) -> Any:
        return 2 * n, see()

    class Adder(Seer):
        def add(self, pair: Any) -> Any:
            return pair[0] + self.number, pair[1], see(), self.at_creation

    with hp.scope(bound=1):
        adder = ray.remote(num_cpus=0)(Adder).bind(10)
        with InputNode() as n:
            graph = adder.add.bind(double.bind(n))
    for number in range(2):
        with hp.scope(run=number):
            result = graph.execute(number)
        expected = {"run": number}
        assert get(result) == (2 * number + 10, *(expected,) * 3)


def test_compiled_graph_runs_in_the_scopes_of_its_compilation(ray: Any, installed: None) -> None:
    from ray.dag import InputNode

    class Adder(Seer):
        def add(self, n: int) -> Any:
            return n + self.number, see()

    with hp.scope(made=1):
        actor = ray.remote(num_cpus=0)(Adder).remote(1)
    with InputNode() as n:
        graph = actor.add.bind(n)
    with hp.scope(compiled=1):
        compiled = graph.experimental_compile()
    try:
        with hp.scope(run=1):
            results = [ray.get(compiled.execute(n), timeout=PATIENCE) for n in range(2)]
    finally:
        compiled.teardown()
    assert results == [(n + 1, {"made": 1, "compiled": 1}) for n in range(2)]


def test_actors_of_ray_itself_are_left_alone(ray: Any, installed: None) -> None:
    """They take no scope, so one that cannot travel does not hinder them."""
    from ray.util.multiprocessing import Pool
    from ray.util.queue import Queue

    with hp.scope(a=1):
        bound = hp_dist.bind(see)
    with hp.scope(bad=Unpicklable()) as scope:
        queue = Queue()
        queue.put(1)
        assert queue.get(timeout=PATIENCE) == 1
        queue.shutdown()
        with Pool(1) as pool:
            assert pool.map_async(abs, [-1, 2]).get(PATIENCE) == [1, 2]
            assert pool.apply_async(bound).get(PATIENCE) == {"a": 1}
        assert list(scope) == ["bad"]
    assert see() == {}
