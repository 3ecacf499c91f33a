"""What can be pickled, with pickle and with cloudpickle, from modules and from `__main__`."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from copy import copy, deepcopy
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import hyperparameter as hp
from hyperparameter import context

Trip = Callable[[Any], Any]


def by_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def by_old_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value, protocol=2))


def by_cloudpickle(value: Any) -> Any:
    return cloudpickle.loads(cloudpickle.dumps(value))


trips = pytest.mark.parametrize("trip", [by_pickle, by_old_pickle, by_cloudpickle])
copies = pytest.mark.parametrize("trip", [by_pickle, by_cloudpickle, copy, deepcopy])


class Colour(Enum):
    RED = 1


@hp.param("train")
def train(lr: float = 0.1, epochs: int = 3) -> tuple[float, int]:
    return lr, epochs


@hp.param("stream")
def stream(count: int = 2) -> Any:
    yield from range(count)


@hp.param("wait")
async def wait(seconds: int = 1) -> int:
    return seconds


@hp.param("Model")
class Model:
    def __init__(self, size: int = 1, name: str = "m") -> None:
        self.size, self.name = size, name

    @hp.param("Model.run")
    def run(self, steps: int = 1) -> tuple[int, int]:
        return self.size, steps


@hp.param("Point")
@dataclass
class Point:
    x: int = 0
    y: int = 0


# ---------------------------------------------------------------- scopes

VALUES = {
    "a.b": 1, "big": 2**100, "none": None, "text": "1", "list": [1, {"k": (2,)}],
    "empty": {}, "colour": Colour.RED, "path": Path("x"), "bytes": b"\0", "keys": "own",
}  # fmt: skip


@copies
def test_a_scope_keeps_its_flat_values_in_their_order(trip: Trip) -> None:
    again = trip(hp.scope(**VALUES))
    assert type(again) is hp.scope
    assert list(dict(again).items()) == list(VALUES.items())


@copies
def test_untyped_text_stays_untyped(trip: Trip) -> None:
    again = trip(hp.scope("n=1e3", "code=007"))
    assert (again.n(), again.code()) == (1000.0, "007")
    assert (again.n | "", again.code | "", again.code | 0) == ("1e3", "007", 7)


@copies
def test_an_entered_scope_pickles_with_what_it_inherits_and_what_was_written(trip: Trip) -> None:
    with hp.scope(outer=1), hp.scope(inner=2) as ps:
        ps.written = 3
        again = trip(ps)
    assert dict(again) == {"outer": 1, "inner": 2, "written": 3}


@copies
def test_a_scope_that_was_left_pickles_without_what_was_written(trip: Trip) -> None:
    with hp.scope(a=1) as ps:
        ps.written = 3
    assert dict(trip(ps)) == {"a": 1}


@copies
def test_an_unpickled_scope_can_be_entered_and_written(trip: Trip) -> None:
    again = trip(hp.scope(a=1))
    with hp.scope(b=2), again as ps:
        ps.c = 3
        assert dict(hp.scope.current()) == {"b": 2, "a": 1, "c": 3}
    assert dict(again) == {"a": 1}


@copies
def test_an_empty_scope_still_inherits_nothing(trip: Trip) -> None:
    again = trip(hp.scope.empty(a=1))
    with hp.scope(b=2), again:
        assert dict(hp.scope.current()) == {"a": 1}


@copies
def test_a_deleted_key_stays_deleted(trip: Trip) -> None:
    with hp.scope(a=1, b=2) as ps:
        del ps.a
        assert dict(trip(ps)) == {"b": 2}


@copies
def test_a_copy_is_written_without_the_original(trip: Trip) -> None:
    original = hp.scope(a=1)
    again = trip(original)
    again.a = 2
    assert (dict(original), dict(again)) == ({"a": 1}, {"a": 2})


@trips
def test_the_origin_travels(trip: Trip) -> None:
    with hp.scope(a=1):
        here = hp.explain("a").origin
    with trip(hp.scope(a=1)):
        there = hp.explain("a").origin
    assert here is not None
    assert there is not None
    assert there.location.partition(":")[0] == here.location.partition(":")[0]
    assert there.process is not None


def test_a_scope_in_a_container_stays_one_object() -> None:
    scope = hp.scope(a=1)
    first, second = by_pickle([scope, scope])
    assert first is second


@trips
def test_a_scope_of_100_000_keys_travels(trip: Trip) -> None:
    values = {f"group{i % 100}.k{i}": i for i in range(100_000)}
    assert dict(trip(hp.scope(**values)).storage().storage()) == values


@trips
def test_a_deeply_nested_scope_travels(trip: Trip) -> None:
    scopes = [hp.scope(**{f"k{i}": i}).__enter__() for i in range(1000)]
    again = trip(scopes[-1])
    for scope in reversed(scopes):
        scope.__exit__(None, None, None)
    assert dict(again) == {f"k{i}": i for i in range(1000)}


@trips
def test_a_scope_that_cannot_be_pickled_leaves_the_scope_usable(trip: Trip) -> None:
    with hp.scope(a=1, bad=(i for i in ())) as ps:
        with pytest.raises(TypeError, match="generator"):
            trip(ps)
        assert ps.a() == hp.scope.a() == 1


@trips
def test_a_snapshot_travels(trip: Trip) -> None:
    with hp.scope(a=1, b="x"):
        snapshot = trip(context.capture().scopes)
    with context.attached(snapshot):
        assert (hp.scope.a(), hp.scope.b()) == (1, "x")


# ---------------------------------------------------------------- accessors


@copies
def test_an_ambient_accessor_reads_where_it_arrives(trip: Trip) -> None:
    accessor = trip(hp.scope.train.lr)
    assert (accessor | 0) == 0
    with hp.scope(**{"train.lr": 1}):
        assert accessor() == 1


@copies
def test_an_accessor_continues_with_names(trip: Trip) -> None:
    with hp.scope(**{"train.lr.max": 1}):
        assert trip(hp.scope.train).lr.max() == 1
        assert trip(hp.scope["train"])["lr.max"]() == 1


@copies
def test_a_bound_accessor_takes_its_scope_along(trip: Trip) -> None:
    accessor = trip(hp.scope(**{"train.lr": 1, "train.wd": 2}).train)
    assert (accessor.lr(), accessor["wd"] | 0) == (1, 2)


@copies
def test_using_an_accessor_adds_nothing_to_what_is_pickled(trip: Trip) -> None:
    accessor = hp.scope.family
    before = len(pickle.dumps(accessor))
    for index in range(50):
        getattr(accessor, f"member{index}") | 0
    assert len(pickle.dumps(accessor)) == before
    assert repr(trip(accessor)) == repr(accessor)


@trips
def test_the_class_itself_is_pickled_by_name(trip: Trip) -> None:
    assert trip(hp.scope) is hp.scope


# ---------------------------------------------------------------- decorated functions and classes


@copies
def test_a_decorated_function_is_the_same_function(trip: Trip) -> None:
    assert trip(train) is train
    assert trip(stream) is stream
    assert trip(wait) is wait


@copies
def test_a_decorated_class_is_the_same_class(trip: Trip) -> None:
    assert trip(Model) is Model
    assert trip(Point) is Point


@copies
def test_instances_keep_what_the_scope_gave_them(trip: Trip) -> None:
    with hp.scope(**{"Model.size": 7, "Point.x": 8}):
        model, point = Model(), Point()
    again = trip(model)
    assert (again.size, again.name) == (7, "m")
    assert isinstance(again, Model)
    assert trip(point) == Point(8, 0)


@copies
def test_a_decorated_bound_method_travels_with_its_instance(trip: Trip) -> None:
    with hp.scope(**{"Model.run.steps": 5}):
        assert trip(Model(size=2).run)() == (2, 5)


def test_a_local_decorated_function_travels_by_value() -> None:
    offset = 100

    @hp.param("local")
    def local(n: int = 1) -> int:
        return offset + n + (hp.scope.extra | 0)

    again = by_cloudpickle(local)
    assert again is not local
    with hp.scope(**{"local.n": 5, "extra": 1000}):
        assert again() == 1105
    assert again() == 101


def test_a_local_decorated_class_travels_by_value() -> None:
    @hp.param("Local")
    class Local:
        def __init__(self, n: int = 1) -> None:
            self.n = n

    with hp.scope(**{"Local.n": 5}):
        instance = Local()
        assert by_cloudpickle(instance).n == 5
        assert by_cloudpickle(Local)().n == 5


def test_functions_that_use_the_api_travel_by_value() -> None:
    def uses_all() -> list[Any]:
        with hp.record() as record, hp.scope(a=1) as ps:
            ps.b = 2
            return [hp.scope.a | 0, ps.b(), record.operative(), hp.explain("a").value]

    assert by_cloudpickle(uses_all)() == [1, 2, {"a": 1, "b": 2}, 1]


# ---------------------------------------------------------------- records and errors


@trips
def test_the_reads_of_a_record_travel(trip: Trip) -> None:
    with hp.record() as record, hp.scope("t=1", a=[1, 2], token="hidden"):
        hp.scope.a | None
        hp.scope.t | 0
        hp.scope.token | ""
        hp.scope.object | object()
        hp.scope.missing | 5
        list(hp.scope)
    again = trip(record.reads)
    assert again == record.reads
    fresh = hp.Record()
    fresh.add(again)
    assert fresh.operative() == record.operative()


@trips
def test_unused_overrides_and_explanations_travel(trip: Trip) -> None:
    with hp.record() as record, hp.scope(a=1):
        explained = hp.explain("a")
    assert trip(record.unused()) == record.unused()
    assert trip(explained) == explained


@trips
@pytest.mark.parametrize(
    ("error", "action"),
    [
        (hp.MissingParameter, lambda: hp.scope.nothing.here()),
        (hp.ConversionError, lambda: hp.scope.text | 1.0),
        (hp.InvalidKey, lambda: hp.scope["a..b"]),
    ],
)
def test_errors_keep_message_and_data(
    trip: Trip, error: type[hp.HyperparameterError], action: Callable[[], Any]
) -> None:
    with hp.scope(text="abc"), pytest.raises(error) as raised:
        action()
    again = trip(raised.value)
    assert type(again) is error
    assert str(again) == str(raised.value)
    assert again.key == raised.value.key is not None
    assert (again.value, again.origin) == (raised.value.value, raised.value.origin)


# ---------------------------------------------------------------- from `__main__`

MAIN = """
import multiprocessing
import pickle
import sys
from dataclasses import dataclass

import cloudpickle

import hyperparameter as hp


@dataclass
class Optimizer:
    lr: float = 0.1
    steps: int = 1


@hp.param("train")
def train(n: int = 1, optimizer: Optimizer | None = None):
    return n, optimizer, hp.scope.extra | 0


@hp.param("Model")
class Model:
    def __init__(self, size: int = 1):
        self.size = size

    def ambient(self):
        return hp.scope.extra | 0


def inside(scope, function, *args):
    with scope:
        return function(*args)


def described(scope, accessor, model):
    with scope:
        return dict(scope), accessor(), model.size, model.ambient(), Model().size


SCOPE = {"train.n": 5, "train.optimizer.lr": "0.5", "Model.size": 7, "extra": 9}
"""


def run_main(tmp_path: Path, body: str) -> str:
    """Run a script made of `MAIN` and `body`; return what it prints."""
    script = tmp_path / "program.py"
    script.write_text(MAIN + textwrap.dedent(body))
    return run(script, cwd=tmp_path)


def run(script: Path, *args: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), *args],
        capture_output=True, text=True, check=False, cwd=cwd, timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_scopes_functions_and_instances_of_main_go_to_spawned_processes(tmp_path: Path) -> None:
    output = run_main(
        tmp_path,
        """
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool, hp.scope(**SCOPE) as ps:
                print(pool.apply(inside, (ps, train)))
                print(pool.apply(train))
                print(*pool.apply(described, (ps, hp.scope.extra, Model())), sep="; ")
            pool.join()
    """,
    )
    assert output.splitlines() == [
        "(5, Optimizer(lr=0.5, steps=1), 9)",
        "(1, None, 0)",
        "{'train.n': 5, 'train.optimizer.lr': '0.5', 'Model.size': 7, 'extra': 9}; 9; 7; 9; 7",
    ]


def test_main_pickles_by_value_into_another_interpreter(tmp_path: Path) -> None:
    run_main(
        tmp_path,
        """
        with hp.scope(**SCOPE) as ps:
            train()
            parcel = (ps, hp.scope.extra, ps.train, train, Model, Model(), inside)
            with open("parcel", "wb") as file:
                cloudpickle.dump(parcel, file)
    """,
    )
    reader = tmp_path / "reader.py"
    reader.write_text(
        textwrap.dedent("""
        import pickle

        with open("parcel", "rb") as file:
            ps, extra, bound, train, Model, model, inside = pickle.load(file)
        print(inside(ps, train), train())
        print(inside(ps, extra), bound.n())
        print(model.size, isinstance(model, Model), Model().size, inside(ps, Model).size)
        print(inside(ps, model.ambient))
    """)
    )
    assert run(reader, cwd=tmp_path).splitlines() == [
        "(5, Optimizer(lr=0.5, steps=1), 9) (1, None, 0)",
        "9 5",
        "7 True 1 7",
        "9",
    ]


def test_a_dataclass_of_main_stays_picklable_by_value_after_a_conversion(tmp_path: Path) -> None:
    output = run_main(
        tmp_path,
        """
        with hp.scope(**SCOPE):
            converted = train()[1]
        again = cloudpickle.loads(cloudpickle.dumps(Optimizer))
        same = cloudpickle.loads(cloudpickle.dumps(converted)) == converted
        print(converted, again(lr=1.0), same)
    """,
    )
    assert output == "Optimizer(lr=0.5, steps=1) Optimizer(lr=1.0, steps=1) True\n"


def test_errors_of_a_spawned_process_arrive_whole(tmp_path: Path) -> None:
    output = run_main(
        tmp_path,
        """
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                for scope in (hp.scope(**{"train.n": "many"}), hp.scope(**{"extra": "x"})):
                    try:
                        pool.apply(inside, (scope, train))
                    except hp.ConversionError as error:
                        print(error.key, error.origin.location.partition(":")[0])
            pool.join()
    """,
    )
    assert output.splitlines() == ["train.n program.py", "extra program.py"]


# ---------------------------------------------------------------- in threads of engines


def pickled_elsewhere(ps: Any) -> dict[str, Any]:
    """Return what arrives when a thread that knows no scope pickles, as that of a queue does."""
    with ThreadPoolExecutor(1) as engine:
        return engine.submit(lambda: dict(by_pickle(ps))).result()


def test_a_scope_pickles_as_it_is_whichever_thread_does_it() -> None:
    with hp.scope(a=1, gone=0), hp.scope(b=2) as ps:
        assert pickled_elsewhere(ps) == {"a": 1, "gone": 0, "b": 2}
        ps.c = 3
        del hp.scope.gone
        assert pickled_elsewhere(ps) == dict(ps) == {"a": 1, "b": 2, "c": 3}
        with hp.scope(inner=1):
            ps.b = 4
            assert pickled_elsewhere(ps) == {"a": 1, "b": 4, "c": 3}
    assert pickled_elsewhere(ps) == {"b": 2}


def test_a_scope_entered_inside_itself_pickles_as_it_is_there_and_then_as_before() -> None:
    with hp.scope(a=1), hp.scope(b=2) as ps:
        ps.c = 3
        with hp.scope(d=4), ps:
            assert pickled_elsewhere(ps) == dict(ps) == {"a": 1, "b": 2, "c": 3, "d": 4}
            ps.e = 5
            assert pickled_elsewhere(ps) == dict(ps)
            with ps:
                assert pickled_elsewhere(ps) == dict(ps)
            assert pickled_elsewhere(ps) == dict(ps)
        assert pickled_elsewhere(ps) == dict(ps) == {"a": 1, "b": 2, "c": 3}
    assert pickled_elsewhere(ps) == {"b": 2}
    with hp.scope(f=6), ps:
        assert pickled_elsewhere(ps) == {"f": 6, "b": 2}


def test_a_scope_that_tasks_leave_in_any_order_shows_nothing_of_one_to_another() -> None:
    preset = hp.scope(b=2)

    def entering(user: str) -> Iterator[None]:
        with hp.scope(user=user), preset:
            yield

    with preset:
        contexts = [copy_context(), copy_context()]
        first, second = entering("first"), entering("second")
        contexts[0].run(next, first)
        contexts[1].run(next, second)
        contexts[0].run(next, first, None)
        assert pickled_elsewhere(preset) == {"b": 2}
        contexts[1].run(next, second, None)
        assert pickled_elsewhere(preset) == {"b": 2}


def read_elsewhere(ps: Any) -> list[Any]:
    """Return what a thread that knows no scope reads."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: [dict(ps), len(ps), ps.a | 0, ps["b"], "c" in ps]).result()


def test_threads_read_a_scope_as_it_is_in_the_one_context_where_it_is_open() -> None:
    with hp.scope(a=1), hp.scope(b=2) as ps:
        assert read_elsewhere(ps) == [{"a": 1, "b": 2}, 2, 1, 2, False]
        ps.c = 3
        with hp.scope(inner=4):
            assert read_elsewhere(ps) == [{"a": 1, "b": 2, "c": 3}, 3, 1, 2, True]
    assert read_elsewhere(ps) == [{"b": 2}, 1, 0, 2, False]


def test_threads_read_the_handle_on_the_innermost_scope() -> None:
    def write() -> None:
        hp.scope.a, hp.scope.b = 1, 2
        assert read_elsewhere(hp.scope.current())[0] == {"a": 1, "b": 2}

    copy_context().run(write)


def test_what_arrives_of_an_open_scope_shows_that_and_nothing_of_where_it_is_read() -> None:
    with hp.scope(a=1), hp.scope(b=2) as ps:
        data = pickle.dumps(ps)
    with hp.scope(here=3):
        arrived = pickle.loads(data)
        assert (dict(arrived), arrived.here | 0) == ({"a": 1, "b": 2}, 0)
        arrived.c = 4
        assert dict(arrived) == {"a": 1, "b": 2, "c": 4}
        assert dict(pickle.loads(pickle.dumps(arrived))) == dict(arrived)
        assert "c" not in hp.scope
        with arrived:  # then it inherits what is open
            assert dict(arrived) == {"here": 3, "a": 1, "b": 2, "c": 4}
            assert pickled_elsewhere(arrived) == dict(arrived)


def test_a_key_deleted_in_a_scope_does_not_come_back_where_another_thread_pickles_it() -> None:
    with hp.scope(b=2) as ps:
        del hp.scope.b
        assert pickled_elsewhere(ps) == {}


def test_the_handle_on_what_is_written_without_a_scope_pickles_in_any_thread() -> None:
    def write() -> None:
        hp.scope.a = 1
        handle = hp.scope.current()
        hp.scope.b = 2
        del hp.scope.a
        assert pickled_elsewhere(handle) == dict(handle) == {"b": 2}

    copy_context().run(write)


def test_the_handle_on_what_was_carried_here_pickles_in_any_thread() -> None:
    with hp.scope(a=1):
        captured = context.capture()
    with context.attached(*captured):
        current = hp.scope.current()
        assert pickled_elsewhere(current) == dict(by_pickle(current)) == {"a": 1}


def test_an_empty_scope_pickled_elsewhere_hides_what_was_around_it() -> None:
    with hp.scope(a=1), hp.scope.empty(b=2) as ps:
        assert pickled_elsewhere(ps) == {"b": 2}


def test_what_a_decorated_body_wrote_is_not_pickled_after_the_call() -> None:
    @hp.param("f")
    def body() -> None:
        hp.scope.b = 2

    with hp.scope(a=1) as ps:
        ps.c = 3
        body()
        assert pickled_elsewhere(ps) == dict(ps) == {"a": 1, "c": 3}


def test_a_scope_that_two_contexts_have_open_never_shows_one_of_them_to_a_third() -> None:
    preset = hp.scope(b=2)

    def enter_there() -> dict[str, Any]:
        with hp.scope(user="other"), preset:
            return pickled_elsewhere(preset)

    with hp.scope(user="mine"), preset, ThreadPoolExecutor(1) as there:
        assert there.submit(enter_there).result() == {"b": 2}
        assert pickled_elsewhere(preset) == {"b": 2}


def test_a_scope_entered_again_pickles_as_it_is_now() -> None:
    preset = hp.scope(b=2)
    for step in range(3):
        with hp.scope(step=step), preset as ps:
            assert pickled_elsewhere(ps) == {"step": step, "b": 2}


def test_a_scope_that_was_left_keeps_nothing_of_what_was_around_it() -> None:
    class Large:
        pass

    large = Large()
    gone = weakref.ref(large)
    with hp.scope(model=large), hp.scope(b=2) as ps:
        ps.c = 3
    del large
    assert gone() is None
