"""Where `hyperparameter` 0.6.0 breaks, each fault once: it must not happen here."""

import asyncio
import contextvars
import gc
import inspect
import json
import math
import pickle
import subprocess
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hyperparameter as hp
from hyperparameter._scan import scan_paths
from hyperparameter.cli import main

PUBLIC = ["keys", "storage", "update", "clear", "empty", "current", "frozen", "init"]
OTHER_NAMES = ["values", "items", "get", "pop", "self", "cls", "mro", "copy", "params", "texts"]


# Values and keys are never dropped.


@pytest.mark.parametrize(
    "seed", [2**63, 2**64 - 1, -(2**200), 10**5000], ids=["63", "64", "200", "huge"]
)
def test_an_integer_of_any_size_survives(seed: int) -> None:
    with hp.scope(seed=seed):
        assert (hp.scope.seed() == seed) is True
        assert (hp.scope.seed | 0) == seed


@pytest.mark.parametrize("key", [1, None, 1.5, ("a", "b"), b"a", True])
def test_a_name_that_is_not_text_is_kept_in_a_mapping_and_no_key(key: Any) -> None:
    with hp.scope(a={key: 1}):
        [(kept, value)] = hp.scope.a().items()
    assert (kept, value) == (key, 1)
    assert type(kept) is type(key)
    with pytest.raises(hp.InvalidKey):
        hp.scope[key]


@pytest.mark.parametrize("key", [1, None, ("a", "b")])
def test_a_key_that_is_not_text_is_an_error_in_update(key: Any) -> None:
    with hp.scope() as ps, pytest.raises(hp.InvalidKey):
        ps.update({"fine": 1, key: 1})


def test_a_bad_key_leaves_the_scope_as_it_was() -> None:
    with hp.scope(a=1) as ps:
        with pytest.raises(hp.InvalidKey):
            ps.update({"b": 2, 3: 4})
        assert dict(ps) == {"a": 1}


# An accessor kept in a variable is never changed by use.


def test_reading_below_an_accessor_leaves_it_as_it_was() -> None:
    with hp.scope(**{"opt.lr": 0.1, "opt.wd": 0.2}):
        optimizer = hp.scope.opt
        assert optimizer.lr | 1.0 == 0.1
        assert optimizer.wd | 1.0 == 0.2


def test_reading_below_an_accessor_of_an_instance_leaves_it_as_it_was() -> None:
    with hp.scope(**{"opt.lr": 0.1, "opt.wd": 0.2}) as ps:
        optimizer = ps.opt
        assert optimizer.lr(1.0) == 0.1
        assert optimizer["wd"](1.0) == 0.2


# Leaving removes one's own frame, wherever it stands.


def _holding(value: str) -> Iterator[None]:
    with hp.scope(x=value):
        yield


def test_a_scope_left_before_one_opened_inside_it_does_not_come_back() -> None:
    with hp.scope(x="outer"):
        generator = _holding("inner")
        next(generator)
    assert hp.scope.x | "none" == "inner"
    generator.close()
    assert hp.scope.x | "none" == "none"


def test_two_generators_that_hold_scopes_may_be_closed_in_the_order_they_were_opened() -> None:
    first, second = _holding("first"), _holding("second")
    next(first)
    next(second)
    first.close()
    assert hp.scope.x | "none" == "second"
    second.close()
    assert hp.scope.x | "none" == "none"


def test_a_generator_dropped_without_close_leaves_no_scope_behind() -> None:
    generator = _holding("held")
    next(generator)
    del generator
    assert hp.scope.x | "none" == "none"


# None is a value.


def test_none_is_not_missing() -> None:
    with hp.scope(a=None):
        assert (hp.scope.a | 5) is None
        assert hp.scope.a("d") is None
        assert hp.scope.a() is None


def test_none_is_passed_by_param() -> None:
    @hp.param("f")
    def f(x: Any = 5) -> Any:
        return x

    with hp.scope(**{"f.x": None}):
        assert f() is None


# Nothing that cannot be converted passes silently.


@pytest.mark.parametrize("text", ["maybe", "", "2", "tru", "yess", "none"])
@pytest.mark.parametrize("default", [True, False])
def test_text_that_is_no_bool_is_an_error(text: str, default: bool) -> None:
    with hp.scope(flag=text), pytest.raises(hp.ConversionError):
        hp.scope.flag | default


@pytest.mark.parametrize("default", [0, 0.5])
def test_text_that_is_no_number_is_an_error(default: float) -> None:
    with hp.scope(a="abc"), pytest.raises(hp.ConversionError):
        hp.scope.a | default


@pytest.mark.parametrize("text", ["9007199254740993", "-9007199254740993", str(2**64 - 1)])
def test_no_digit_of_an_integer_is_lost(text: str) -> None:
    with hp.scope(f"a={text}", b=text):
        assert hp.scope.a | 0 == int(text)
        assert hp.scope.b | 0 == int(text)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinity_toward_an_int_stays_infinity(value: float) -> None:
    with hp.scope(a=value):
        assert hp.scope.a | 0 == value


def test_nan_toward_an_int_stays_nan() -> None:
    with hp.scope(a=math.nan):
        assert math.isnan(hp.scope.a | 0)


# clear() clears.


def test_clear_leaves_no_key_behind() -> None:
    with hp.scope(**{"a": 1, "b.c": 2}) as ps:
        ps.clear()
        assert list(ps.keys()) == []
        assert len(ps) == 0
        assert "a" not in ps
        assert ps.storage().storage() == {}


def test_a_cleared_value_cannot_be_read() -> None:
    with hp.scope(**{"a": 1, "b.c": 2}) as ps:
        ps.clear()
        assert hp.scope.a | "gone" == "gone"
        assert ps.b.c | "gone" == "gone"
        assert not hp.scope.a


def test_keys_written_after_clear_are_the_only_ones() -> None:
    with hp.scope(a=1, b=2) as ps:
        ps.clear().update({"b": 3})
        assert dict(ps) == {"b": 3}


# The truth of an accessor is the truth of what is stored.


@pytest.mark.parametrize("value", [False, 0, "", None, []])
def test_a_false_value_is_false(value: Any) -> None:
    with hp.scope(flag=value) as ps:
        assert not hp.scope.flag
        assert not ps.flag


@pytest.mark.parametrize("value", [True, 1, "x", [0]])
def test_a_true_value_is_true(value: Any) -> None:
    with hp.scope(flag=value):
        assert hp.scope.flag


def test_a_missing_value_is_false() -> None:
    assert not hp.scope.flag


def test_text_from_outside_that_says_false_is_false() -> None:
    with hp.scope("flag=false"):
        assert not hp.scope.flag


# Mistakes on a command line are not ignored.

APP = """
import hyperparameter as hp

@hp.param("app")
def main(count=1):
    return None

hp.launch(main)
"""


def _run_app(tmp_path: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    script = tmp_path / "app.py"
    script.write_text(APP)
    return subprocess.run(
        [sys.executable, script, *argv], capture_output=True, text=True, check=False
    )


def test_a_misspelt_define_is_reported_with_what_was_meant(tmp_path: Path) -> None:
    done = _run_app(tmp_path, "-D", "app.cuont=3")
    assert "app.cuont" in done.stderr
    assert "app.count" in done.stderr


def test_a_define_without_equals_sign_ends_the_program(tmp_path: Path) -> None:
    done = _run_app(tmp_path, "-D", "app.count")
    assert done.returncode == 2
    assert "app.count" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_text_without_equals_sign_is_an_error() -> None:
    with pytest.raises(hp.InvalidKey, match=r"app\.n"):
        hp.scope("app.n")


# Arguments of a call and overrides go together.


def test_a_positional_argument_stands_beside_an_override_of_it() -> None:
    @hp.param("f")
    def f(a: int = 1, b: int = 2) -> tuple[int, int]:
        return a, b

    with hp.scope(**{"f.a": 10, "f.b": 20}):
        assert f(5) == (5, 20)


def test_positional_only_parameters_are_filled() -> None:
    @hp.param("f")
    def f(a: int, b: int = 2, /) -> tuple[int, int]:
        return a, b

    with hp.scope(**{"f.a": 10, "f.b": 20}):
        assert f() == (10, 20)
        assert f(5) == (5, 20)
        assert f(5, 6) == (5, 6)


# Mappings without end.


def _deep(depth: int) -> dict[str, Any]:
    deep: dict[str, Any] = {"leaf": 1}
    for _ in range(depth):
        deep = {"a": deep}
    return deep


def _endless() -> dict[str, Any]:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    return endless


class _Fractal(Mapping[str, Any]):
    """A mapping whose value is a new one of its kind, for ever."""

    def __getitem__(self, key: str) -> Any:
        return _Fractal()

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


def _mutual() -> dict[str, Any]:
    one: dict[str, Any] = {"x": 1}
    one["other"] = {"back": one}
    return one


def _assign(value: Any) -> None:
    with hp.scope():
        hp.scope.a = value


def _update(value: Any) -> None:
    with hp.scope() as ps:
        ps.update(value)


WAYS_IN: list[Callable[[Any], Any]] = [
    lambda value: hp.scope(a=value),
    lambda value: hp.scope(**value),
    lambda value: hp.scope.empty(a=value),
    lambda value: hp.scope.init({"a": value}),
    _assign,
    _update,
]


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("make", [_endless, _mutual, _Fractal])
def test_a_mapping_that_contains_itself_is_an_error(
    way: Callable[[Any], Any], make: Callable[[], Any]
) -> None:
    with pytest.raises(hp.InvalidKey):
        way(make())


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("depth", [40_000, 100_000])
def test_a_mapping_far_too_deep_is_an_error(way: Callable[[Any], Any], depth: int) -> None:
    with pytest.raises(hp.InvalidKey):
        way(_deep(depth))


def test_a_mapping_that_occurs_twice_does_not_contain_itself() -> None:
    shared = {"x": 1}
    with hp.scope(a=shared, b={"c": shared}) as ps:
        assert dict(ps) == {"a.x": 1, "b.c.x": 1}


def test_a_list_that_contains_itself_is_a_value() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with hp.scope(a=endless):
        assert (hp.scope.a | None) is endless


def test_a_default_that_contains_itself_is_returned() -> None:
    default = _endless()
    assert (hp.scope.a | default) is default


def _at_depth(depth: int, act: Callable[[], Any]) -> Any:
    return act() if depth == 0 else _at_depth(depth - 1, act)


def test_a_list_that_contains_itself_is_read_where_the_stack_is_deep() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with hp.scope(a=endless):
        assert _at_depth(500, lambda: hp.scope.a | None) is endless


def test_text_that_opens_a_hundred_thousand_brackets_is_text() -> None:
    text = "[" * 100_000
    with hp.scope(f"a={text}"):
        assert hp.scope.a() == text


# Names of methods are free.


@pytest.mark.parametrize("name", PUBLIC + OTHER_NAMES)
def test_every_name_is_free_below_the_first_segment(name: str) -> None:
    with hp.scope(**{f"opt.{name}": 1, f"a.b.{name}.c": 2}) as ps:
        assert getattr(hp.scope.opt, name) | 0 == 1
        assert getattr(hp.scope.a.b, name).c() == 2
        assert getattr(ps.opt, name) | 0 == 1


@pytest.mark.parametrize("name", PUBLIC + OTHER_NAMES)
def test_every_name_can_be_written_below_the_first_segment(name: str) -> None:
    with hp.scope() as ps:
        setattr(hp.scope.opt, name, 1)
        assert ps[f"opt.{name}"] == 1


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_names_of_other_methods_are_free_everywhere(name: str) -> None:
    with hp.scope(**{name: 1}) as ps:
        assert getattr(hp.scope, name) | 0 == 1
        assert getattr(ps, name) | 0 == 1


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_keys_in_brackets(name: str) -> None:
    with hp.scope(**{name: 1}) as ps:
        assert hp.scope[name] | 0 == 1
        assert ps[name] == 1


def test_a_key_named_self_can_be_made_and_read() -> None:
    with hp.scope(self=1):
        assert hp.scope.self() == 1
    with hp.scope.empty(self=2):
        assert hp.scope.self() == 2


# A decorated thing stays what it is.


def test_a_decorated_class_stays_a_class() -> None:
    @hp.param("Model")
    class Model:
        def __init__(self, size: int = 1) -> None:
            self.size = size

    assert inspect.isclass(Model)
    with hp.scope(**{"Model.size": 2}):
        model = Model()
    assert isinstance(model, Model)
    assert model.size == 2


def test_a_decorated_coroutine_function_stays_one() -> None:
    @hp.param("f")
    async def f(x: int = 1) -> int:
        return x

    assert inspect.iscoroutinefunction(f)
    with hp.scope(**{"f.x": 2}):
        assert asyncio.run(f()) == 2


def test_the_body_of_a_decorated_generator_runs_in_its_scope() -> None:
    @hp.param("f")
    def f(x: int = 1) -> Iterator[Any]:
        yield x
        yield hp.scope.other | "unset"

    with hp.scope(**{"f.x": 2, "other": "set"}):
        generator = f()
        assert next(generator) == 2
    assert next(generator) == "set"


def test_a_default_may_be_an_array() -> None:
    default = np.arange(3)

    @hp.param("f")
    def f(weights: Any = default) -> Any:
        return weights

    assert f() is default


# No reference cycles.


def _read(number: int) -> None:
    with hp.scope(**{"a.b": number % 10}):
        hp.scope.a.b | 1
        hp.scope.a.missing | 1


def _do_all(number: int) -> None:
    with hp.scope(**{"a.b": number % 10}) as ps:
        ps.a.b | 1
        ps.a.c = 2
        dict(ps)
        with hp.scope(x=1), hp.record() as rec:
            hp.scope.x | 0
            train()
        rec.operative()


@hp.param("train")
def train(lr: float = 0.1) -> float:
    return lr


@pytest.mark.parametrize(("use", "times"), [(_read, 20_000), (_do_all, 500)])
def test_scopes_and_reads_leave_no_reference_cycles(use: Callable[[int], None], times: int) -> None:
    use(0)
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for number in range(times):
            use(number)
        gc.collect()
        left = [thing for thing in gc.garbage if type(thing).__module__.startswith("hyperparam")]
        assert left == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_twenty_thousand_reads_without_the_collector_hold_no_memory() -> None:
    for number in range(100):
        _read(number)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(20_000):
            _read(number)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert grown < 1_000_000


def test_a_scope_dies_with_its_last_name() -> None:
    gc.disable()
    try:
        with hp.scope(a=1) as ps:
            assert ps.a | 0 == 1
        reference = weakref.ref(ps)
        del ps
        assert reference() is None
    finally:
        gc.enable()


# Nobody else's writes.


def test_sibling_tasks_do_not_see_each_others_writes() -> None:
    async def writer(name: str, barrier: asyncio.Barrier) -> Any:
        hp.scope.name = name
        await barrier.wait()
        return hp.scope.name()

    async def main() -> list[Any]:
        barrier = asyncio.Barrier(2)
        with hp.scope(name="parent"):
            seen = await asyncio.gather(writer("a", barrier), writer("b", barrier))
            return [*seen, hp.scope.name()]

    assert asyncio.run(main()) == ["a", "b", "parent"]


def test_a_thread_with_a_copied_context_does_not_write_into_its_parent() -> None:
    def write() -> None:
        hp.scope.name = "child"

    with hp.scope(name="parent") as ps:
        thread = threading.Thread(target=contextvars.copy_context().run, args=(write,))
        thread.start()
        thread.join()
        assert hp.scope.name() == "parent"
        assert ps["name"] == "parent"


def test_a_handle_used_in_a_thread_with_a_copied_context_writes_there_alone() -> None:
    with hp.scope(name="parent") as ps:

        def write() -> Any:
            ps.name = "child"
            return ps["name"]

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(contextvars.copy_context().run, write).result() == "child"
        assert ps["name"] == "parent"


# Other processes.

PROCESSES = """
import json
import multiprocessing

import hp_dist
import hyperparameter as hp


@hp.param("Model")
class Model:
    def __init__(self, size=1):
        self.size = size


def read(key):
    return hp.scope[key] | None


def ask(accessor):
    return accessor | None


def inside(scope):
    with scope:
        return hp.scope.lr | None


def size(model):
    return [type(model) is Model, model.size]


def put(queue):
    queue.put(read("lr"))


def main():
    hp_dist.install()
    spawn = multiprocessing.get_context("spawn")
    seen = {}
    with hp.scope(lr=0.5):
        with spawn.Pool(1) as pool:
            seen["pool"] = pool.apply(read, ("lr",))
            seen["accessor"] = pool.apply(ask, (hp.scope.lr,))
            seen["scope"] = pool.apply(inside, (hp.scope(lr=0.7),))
        queue = spawn.SimpleQueue()
        process = spawn.Process(target=put, args=(queue,))
        process.start()
        seen["process"] = queue.get()
        process.join()
    with hp.scope(lr=0.25):
        hp.scope.frozen()
    with hp.scope(**{"Model.size": 7}):
        model = Model()
    with spawn.Pool(1) as pool:
        seen["frozen"] = pool.apply(read, ("lr",))
        seen["model"] = pool.apply(size, (model,))
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
"""


@pytest.fixture(scope="module")
def seen_by_spawned_processes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    script = tmp_path_factory.mktemp("spawn") / "program.py"
    script.write_text(PROCESSES)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("pool", 0.5),
        ("process", 0.5),
        ("frozen", 0.25),
        ("accessor", 0.5),
        ("scope", 0.7),
        ("model", [True, 7]),
    ],
)
def test_a_spawned_process_sees(
    seen_by_spawned_processes: dict[str, Any], what: str, expected: Any
) -> None:
    assert seen_by_spawned_processes[what] == expected


@hp.param("Pickled")
class Pickled:
    def __init__(self, size: int = 1) -> None:
        self.size = size


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_scopes_pickle(protocol: int) -> None:
    made = hp.scope("text=1", a={"b": None}, c=[1])
    copy = pickle.loads(pickle.dumps(made, protocol))
    assert dict(copy) == {"a.b": None, "c": [1], "text": 1}


def test_an_open_scope_pickles_with_what_it_inherits() -> None:
    with hp.scope(a=1), hp.scope(b=2) as ps:
        data = pickle.dumps(ps)
    assert dict(pickle.loads(data)) == {"a": 1, "b": 2}


def test_accessors_pickle() -> None:
    accessor = pickle.loads(pickle.dumps(hp.scope.a.b))
    with hp.scope(**{"a.b": 5}):
        assert accessor | 0 == 5


def test_instances_of_decorated_classes_pickle() -> None:
    with hp.scope(**{"Pickled.size": 3}):
        made = Pickled()
    copy = pickle.loads(pickle.dumps(made))
    assert type(copy) is Pickled
    assert copy.size == 3


# frozen() is seen everywhere.


def test_a_pool_thread_that_has_read_before_sees_a_later_frozen() -> None:
    with ThreadPoolExecutor(1) as pool:
        read = lambda: hp.scope.a | 0  # noqa: E731  # a task for the pool
        assert pool.submit(read).result() == 0
        with hp.scope(a=1):
            hp.scope.frozen()
        assert pool.submit(read).result() == 1
        with hp.scope(a=2):
            hp.scope.frozen()
        assert pool.submit(read).result() == 2


def test_a_pool_thread_that_has_called_before_sees_a_later_frozen() -> None:
    @hp.param("f")
    def f(x: int = 0) -> int:
        return x

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(f).result() == 0
        with hp.scope(**{"f.x": 1}):
            hp.scope.frozen()
        assert pool.submit(f).result() == 1


# The scan finds what is there, and the command says what it found.

SCANNED = """
import hyperparameter as h
from hyperparameter import param as p, scope as s

NS = "names.of"

@p
def bare(x=1): pass

@h.param(NS + ".trainer")
def trainer(x=1): pass

s.top.level | 1
s["in.brackets"] | 1
s.opt.init | 1
s.keys(), s.current()
"""


def test_the_scanner_misses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SCANNED)
    assert [f.key for f in scan_paths([str(tmp_path)], None).findings] == [
        "bare.x", "names.of.trainer.x", "top.level", "in.brackets", "opt.init",
    ]  # fmt: skip


def test_the_command_says_it_all_and_only_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scanned_app.py").write_text(f"{SCANNED}\nimport scanned_part\n")
    (tmp_path / "scanned_part.py").write_text("import hyperparameter as hp\nhp.scope.part | 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert main(["ls", "scanned_app", "--tree"], {}) == 0
    assert capsys.readouterr().out.count("\N{PAGE FACING UP}") == 5
    assert main(["ls", "scanned_app", "--deps", "-f", "json"], {}) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["part"]
    assert main(["ls", "scanned_ap"], {}) == 1
