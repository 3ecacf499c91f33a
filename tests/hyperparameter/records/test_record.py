"""A record holds every read: what was used, where it came from, who read it."""

import asyncio
import contextlib
import contextvars
import dataclasses
import enum
import gc
import inspect
import json
import math
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from soak import examples

import hyperparameter as hp

SECRET = "hunter2"


def here(ahead: int = 0) -> str:
    """Return `file:line` of the caller as a record shows it, `ahead` lines further down."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return f"{Path(__file__).name}:{frame.f_back.f_lineno + ahead}"


def round_trip(rec: hp.Record, folder: Path) -> hp.Record:
    rec.save(folder / "record.json")
    return hp.Record.load(folder / "record.json")


# What a read holds


def test_a_read_of_an_override() -> None:
    with hp.record() as rec:
        bound = here(1)
        with hp.scope(**{"train.lr": 0.5}):
            read = here(1)
            hp.scope.train.lr | 0.1
    (one,) = rec.reads
    assert (one.key, one.value, one.default, one.default_used) == ("train.lr", 0.5, 0.1, False)
    assert one.origin is not None
    assert one.origin.kind == "code"
    assert one.origin.location.endswith(bound)
    assert one.reader.endswith(read)
    assert one.process.pid == os.getpid()
    assert not one.bulk


def test_a_read_of_a_default() -> None:
    with hp.record() as rec:
        hp.scope.train.lr | 0.1
    (one,) = rec.reads
    assert (one.key, one.value, one.default, one.default_used) == ("train.lr", 0.1, 0.1, True)
    assert one.origin is None


def test_a_required_read() -> None:
    with hp.record() as rec, hp.scope(a=1):
        hp.scope.a()
    assert [(read.key, read.value, read.default_used) for read in rec.reads] == [("a", 1, False)]


def test_a_failed_read_of_a_missing_key_is_no_read() -> None:
    with hp.record() as rec:
        with pytest.raises(hp.MissingParameter):
            hp.scope.a()
    assert rec.reads == []


@pytest.mark.parametrize(
    "read",
    [
        lambda ps: hp.scope.a | 0,
        lambda ps: hp.scope.a(0),
        lambda ps: hp.scope.a(),
        lambda ps: hp.scope["a"] | 0,
        lambda ps: bool(hp.scope.a),
        lambda ps: ps.a | 0,
        lambda ps: ps.a(),
        lambda ps: ps["a"],
        lambda ps: hp.scope.current().a | 0,
    ],
)
def test_every_way_to_read_is_recorded(read: Callable[[Any], Any]) -> None:
    with hp.record() as rec, hp.scope(a=1) as ps:
        read(ps)
    assert rec.operative() == {"a": 1}
    assert [one.reader.partition(":")[0].endswith("test_record.py") for one in rec.reads] == [True]
    assert rec.unused() == []


def test_the_value_is_the_one_used() -> None:
    with hp.record() as rec, hp.scope("a=5", "b=yes", c=1):
        hp.scope.a | 0.5
        hp.scope.b | False
        hp.scope.c | "x"
    assert rec.operative() == {"a": 5.0, "b": True, "c": "1"}
    assert [type(value) for value in rec.operative().values()] == [float, bool, str]


def test_the_first_reader_is_kept() -> None:
    with hp.record() as rec:
        first = here(1)
        hp.scope.a | 0
        hp.scope.a | 0
    assert len(rec.reads) == 1
    assert rec.reads[0].reader.endswith(first)


def test_param_records_what_it_fills_and_its_defaults() -> None:
    @hp.param("f")
    def f(x: int = 1, y: int = 2, z: int = 3) -> int:
        return x + y + z

    with hp.record() as rec, hp.scope("f.x=5"):
        assert f(z=0) == 7
    assert rec.operative() == {"f.x": 5, "f.y": 2}
    assert [(r.key, r.default, r.default_used) for r in rec.reads] == [
        ("f.x", 1, False),
        ("f.y", 2, True),
    ]


def test_repeated_reads_and_calls_are_recorded_by_each_record() -> None:
    @hp.param("f")
    def f(x: int = 1) -> int:
        return x

    with hp.scope(a=1, **{"f.x": 2}) as ps:
        for _ in range(3):
            with hp.record() as rec:
                hp.scope.a | 0
                ps.a | 0
                f()
            assert rec.operative() == {"a": 1, "f.x": 2}


def test_repeated_reads_of_defaults_are_recorded_by_each_record() -> None:
    for _ in range(3):
        with hp.record() as rec:
            hp.scope.a | 0
        assert rec.operative() == {"a": 0}


def test_nothing_outside_of_a_record_is_in_it() -> None:
    hp.scope.before | 0
    with hp.record() as rec:
        pass
    hp.scope.after | 0
    assert rec.reads == []


def test_the_nested_form() -> None:
    with hp.record() as rec, hp.scope(**{"a.b": 1, "a.c.d": 2, "e": 3}):
        hp.scope.a.b | 0
        hp.scope.a.c.d | 0
        hp.scope.e | 0
    assert rec.operative() == {"a.b": 1, "a.c.d": 2, "e": 3}
    assert rec.operative(nested=True) == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}


def test_the_nested_form_keeps_a_leaf_that_is_a_prefix_too() -> None:
    with hp.record() as rec, hp.scope(**{"a": 1, "a.b": 2}):
        hp.scope.a | 0
        hp.scope.a.b | 0
    with hp.scope(**rec.operative(nested=True)) as ps:
        assert dict(ps) == {"a": 1, "a.b": 2}


def test_the_operative_config_runs_the_program_again() -> None:
    @hp.param("f")
    def f(x: int = 1, name: str = "n") -> tuple[int, str, Any]:
        return x, name, hp.scope.other | 0.5

    with hp.record() as rec, hp.scope("f.x=5", "other=2"):
        first = f()
    with hp.scope(**rec.operative(nested=True)):
        assert f() == first


# Unused overrides


def test_an_override_that_nobody_read_is_unused() -> None:
    with hp.record() as rec:
        bound = here(1)
        with hp.scope(a=1, b=2):
            hp.scope.a | 0
    (unused,) = rec.unused()
    assert unused.key == "b"
    assert unused.origin.location.endswith(bound)


def test_an_unused_override_says_what_may_have_been_meant() -> None:
    with hp.record() as rec, hp.scope(**{"train.learning_rat": 1}):
        hp.scope.train.learning_rate | 0.1
        hp.scope.train.epochs | 1
    (unused,) = rec.unused()
    assert unused.suggestions == ["train.learning_rate"]
    assert "train.learning_rate" in str(unused)


def test_overrides_from_before_the_record_count() -> None:
    with hp.scope(a=1, b=2), hp.record() as rec:
        hp.scope.a | 0
    assert [unused.key for unused in rec.unused()] == ["b"]


def test_overrides_written_during_the_record_count() -> None:
    with hp.record() as rec, hp.scope() as ps:
        ps.a = 1
        hp.scope.b = 2
        hp.scope.b | 0
    assert [unused.key for unused in rec.unused()] == ["a"]


def test_an_override_that_was_masked_by_an_argument_is_unused() -> None:
    @hp.param("f")
    def f(x: int = 1) -> int:
        return x

    with hp.record() as rec, hp.scope(**{"f.x": 2}):
        f(3)
    assert [unused.key for unused in rec.unused()] == ["f.x"]


def test_the_baseline_counts() -> None:
    with hp.scope(a=1, b=2):
        hp.scope.frozen()
    with hp.record() as rec:
        hp.scope.a | 0
    assert [unused.key for unused in rec.unused()] == ["b"]


def test_keys_read_as_parts_of_a_mapping_are_used() -> None:
    with hp.record() as rec, hp.scope(**{"opt.lr": 1, "opt.wd": 2}):
        assert hp.scope.opt | {} == {"lr": 1, "wd": 2}
    assert rec.unused() == []


@dataclasses.dataclass
class Optimizer:
    lr: float = 0.1


@pytest.mark.parametrize("hint", [dict, dict[str, float], Optimizer])
def test_keys_passed_as_parts_of_a_parameter_are_used(hint: Any) -> None:
    def f(opt: Any = None) -> Any:
        return opt

    f.__annotations__["opt"] = hint
    with hp.record() as rec, hp.scope(**{"f.opt.lr": 1.0}):
        assert hp.param("f")(f)() in ({"lr": 1.0}, Optimizer(1.0))
    assert rec.unused() == []


# Divergent values


def test_a_key_read_with_different_values_is_divergent() -> None:
    with hp.record() as rec:
        with hp.scope(a=1, b=1):
            hp.scope.a | 0
            hp.scope.b | 0
        with hp.scope(a=2, b=1):
            hp.scope.a | 0
            hp.scope.b | 0
    assert {key: [r.value for r in reads] for key, reads in rec.divergent().items()} == {
        "a": [1, 2]
    }


def test_a_key_read_with_different_defaults_is_divergent() -> None:
    with hp.record() as rec:
        hp.scope.a | 1
        hp.scope.a | 2
    assert list(rec.divergent()) == ["a"]


def test_equal_values_of_different_types_are_divergent() -> None:
    with hp.record() as rec, hp.scope("a=1"):
        hp.scope.a | 0
        hp.scope.a | False
        hp.scope.a | "x"
    assert [type(read.value) for read in rec.divergent()["a"]] == [int, bool, str]


def test_the_same_value_from_different_places_is_not_divergent() -> None:
    with hp.record() as rec:
        with hp.scope(a=1):
            hp.scope.a | 0
        hp.scope.a | 1
    assert rec.divergent() == {}


class Kind(enum.StrEnum):
    RED = "red"
    TAN = "tan"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x" * 300 + "a", "x" * 300 + "b"),
        ([0] * 100 + [1], [0] * 100 + [2]),
        (Kind.RED, Kind.TAN),
        (b"red", b"tan"),
        (Path("a"), Path("b")),
        (math.nan, 0.5),
        (None, "None"),
    ],
    ids=["text", "list", "enum", "bytes", "path", "nan", "none"],
)
def test_values_that_differ_late_or_little_are_divergent(one: Any, other: Any) -> None:
    with hp.record() as rec:
        for value in (one, other):
            with hp.scope(a=value):
                hp.scope.a | None
    assert list(rec.divergent()) == ["a"]


def test_nan_read_twice_is_not_divergent() -> None:
    with hp.record() as rec:
        for _ in range(2):
            with hp.scope(a=float("nan")):
                hp.scope.a | None
    assert rec.divergent() == {}


# Bulk reads


@pytest.mark.parametrize(
    "take", [list, lambda ps: list(ps.keys()), lambda ps: ps.storage().storage()]
)
def test_taking_everything_is_recorded_as_bulk(take: Callable[[Any], Any]) -> None:
    with hp.record() as rec, hp.scope(a=1, b=2) as ps:
        take(ps)
    assert [tuple(one[:2]) for one in rec.reads] == [("a", 1), ("b", 2)]
    assert [(one.bulk, one.default_used) for one in rec.reads] == [(True, False)] * 2


def test_taking_everything_names_its_reader() -> None:
    with hp.record() as rec, hp.scope(a=1) as ps:
        read = here(1)
        list(ps)
    assert rec.reads[0].reader.endswith(read)


def test_a_bulk_read_has_the_value_and_is_a_use() -> None:
    with hp.record() as rec, hp.scope(a=1) as ps:
        list(ps)
    assert rec.operative() == {"a": 1}
    assert rec.divergent() == {}
    assert rec.unused() == []


def test_a_bulk_read_and_one_of_the_key_alone_are_two() -> None:
    with hp.record() as rec, hp.scope(a=1) as ps:
        list(ps)
        assert ps["a"] == 1
        list(ps)
    assert [one.bulk for one in rec.reads] == [True, False]


# Nesting


def test_an_outer_record_holds_what_an_inner_one_holds() -> None:
    with hp.record() as outer:
        hp.scope.a | 1
        with hp.record() as inner:
            hp.scope.b | 2
        hp.scope.c | 3
    assert inner.operative() == {"b": 2}
    assert outer.operative() == {"a": 1, "b": 2, "c": 3}


def test_overrides_of_an_inner_record_belong_to_the_outer_one_too() -> None:
    with hp.record() as outer, hp.record() as inner, hp.scope(a=1):
        pass
    assert [unused.key for unused in outer.unused()] == ["a"]
    assert [unused.key for unused in inner.unused()] == ["a"]


def test_records_left_out_of_order_keep_what_is_theirs() -> None:
    def recording(rec: hp.Record) -> Iterator[None]:
        with rec:
            yield

    one, two = hp.record(), hp.record()
    first, second = recording(one), recording(two)
    next(first)
    next(second)
    hp.scope.a | 1
    list(first)
    hp.scope.b | 2
    list(second)
    hp.scope.c | 3
    assert two.operative() == {"a": 1, "b": 2}
    assert "c" not in one.operative()


def test_a_record_may_be_opened_again() -> None:
    rec = hp.record()
    with rec:
        hp.scope.a | 1
    with rec:
        hp.scope.b | 2
    assert rec.operative() == {"a": 1, "b": 2}


def test_a_record_may_be_opened_inside_itself() -> None:
    with hp.record() as rec, rec:
        hp.scope.a | 1
    assert rec.operative() == {"a": 1}


def test_a_record_opened_in_a_scope_keeps_the_scope() -> None:
    with hp.scope(a=1) as ps:
        with hp.record():
            assert hp.scope.a() == 1
            hp.scope.a = 2
            assert ps["a"] == 2
        assert hp.scope.a() == 2


def test_a_record_sees_a_baseline_set_inside_it() -> None:
    def freeze() -> None:
        hp.scope.init({"a": 1})
        hp.scope.frozen()

    with hp.record() as rec:
        assert hp.scope.a | 0 == 0
        thread = threading.Thread(target=freeze)
        thread.start()
        thread.join()
        assert hp.scope.a | 0 == 1
    assert [read.value for read in rec.reads] == [0, 1]


def test_a_record_left_by_an_error_is_whole() -> None:
    rec = hp.record()
    with contextlib.suppress(LookupError), rec:
        hp.scope.a | 1
        raise LookupError
    hp.scope.b | 2
    assert rec.operative() == {"a": 1}


# Threads and tasks


def test_a_thread_with_a_copied_context_records_where_it_was_started() -> None:
    def work() -> None:
        with hp.scope(b=2):
            hp.scope.b | 0
            hp.scope.a | 0

    with ThreadPoolExecutor(1) as pool, hp.record() as rec, hp.scope(a=1):
        pool.submit(contextvars.copy_context().run, work).result()
    assert rec.operative() == {"b": 2, "a": 1}


def test_a_record_opened_in_a_thread_with_a_copied_context_is_its_own() -> None:
    inside = hp.record()

    def work() -> None:
        with inside:
            hp.scope.a | 1

    with hp.record() as rec:
        thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
        thread.start()
        thread.join()
        hp.scope.b | 2
    assert inside.operative() == {"a": 1}
    assert rec.operative() == {"a": 1, "b": 2}


def test_threads_that_record_at_once_lose_nothing() -> None:
    barrier = threading.Barrier(4)

    def work(name: str) -> None:
        barrier.wait()
        for number in range(200):
            hp.scope[f"{name}.k{number}"] | number
            with hp.scope(shared=number):
                hp.scope.shared | None

    with ThreadPoolExecutor(4) as pool, hp.record() as rec:
        tasks = [pool.submit(contextvars.copy_context().run, work, name) for name in "abcd"]
        for task in tasks:
            task.result()
    assert len(rec.operative()) == 4 * 200 + 1
    assert {read.value for read in rec.divergent()["shared"]} == set(range(200))
    assert rec.dropped == 0


def test_tasks_record_where_they_were_started() -> None:
    async def work(name: str, rec: hp.Record, barrier: asyncio.Barrier) -> None:
        with rec:
            await barrier.wait()
            hp.scope[name] | 1
            await barrier.wait()

    async def main() -> list[hp.Record]:
        barrier = asyncio.Barrier(2)
        records = [hp.record(), hp.record()]
        with hp.record() as outer:
            await asyncio.gather(work("a", records[0], barrier), work("b", records[1], barrier))
        return [*records, outer]

    one, two, outer = asyncio.run(main())
    assert one.operative() == {"a": 1}
    assert two.operative() == {"b": 1}
    assert outer.operative() == {"a": 1, "b": 1}


def test_a_generator_records_where_it_was_advanced_first() -> None:
    @hp.param("f")
    def f() -> Iterator[Any]:
        yield hp.scope.a | 1
        yield hp.scope.b | 2

    with hp.record() as rec:
        made = f()
        next(made)
    next(made)
    assert rec.operative() == {"a": 1, "b": 2}


# Nothing large is kept alive


class Big:
    """Stands for something large."""


@pytest.mark.parametrize("make", [Big, lambda: np.zeros(100_000)])
def test_reading_a_value_keeps_it_no_longer_than_its_scope(make: Callable[[], Any]) -> None:
    @hp.param("f")
    def f(data: Any = None) -> None:
        """Take what there is."""

    value = make()
    reference = weakref.ref(value)
    with hp.record() as rec:
        with hp.scope(a=value, f={"data": value}) as ps:
            hp.scope.a | None
            hp.scope.a()
            bool(hp.scope.b)
            ps.a | None
            ps["a"]
            dict(ps)
            ps.storage()
            f()
        hp.scope.c | value
        del value, ps
        gc.collect()
        assert reference() is None
    assert "a" in rec.left_out


def test_values_inside_containers_are_not_kept() -> None:
    value = Big()
    reference = weakref.ref(value)
    with hp.record() as rec, hp.scope(a=[value, {"x": (value,)}]):
        hp.scope.a | None
    del value
    gc.collect()
    assert reference() is None
    (read,) = [one for one in rec.reads if one.key == "a"]
    assert len(read.value) == 2
    assert "a" in rec.left_out


def test_an_error_keeps_no_value() -> None:
    value = np.zeros(100_000)
    reference = weakref.ref(value)
    with hp.scope(a=value), pytest.raises(hp.ConversionError) as caught:
        hp.scope.a | 5
    error = caught.value.with_traceback(None)
    error.__context__ = None
    del value, caught
    gc.collect()
    assert reference() is None
    assert error.key == "a"


def test_the_numbers_that_are_keys_of_a_mapping_are_kept() -> None:
    with hp.record() as rec:
        hp.scope.a | {1: "x", -2: "y", 0.5: "z"}
    assert [str(key) for key in rec.operative()["a"]] == ["1", "-2", "0.5"]


def test_a_recorded_list_does_not_change_with_the_one_that_was_read() -> None:
    value = [1]
    with hp.record() as rec, hp.scope(a=value):
        hp.scope.a | None
        value.append(2)
    assert rec.operative() == {"a": [1]}


# Saving and loading


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**50), 10**50) | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from(["$float", "$tuple", "$text", "$dict", "$"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(value=values)
@examples(200)
def test_every_plain_value_survives_a_file(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    with hp.record() as rec:
        hp.scope.a | value
    again = round_trip(rec, tmp_path_factory.getbasetemp())
    assert repr(again.reads) == repr(rec.reads)


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, -0.0, (1, (2,)), [], (), {"$float": "nan"}, {"$tuple": 5},
     {"$text": "x", "y": 1}, {"$dict": {"$float": 1}}, 10**300, "\ud800", "\x00", "ü\n",
     True, None],
    ids=repr,
)  # fmt: skip
def test_odd_values_survive_a_file(value: Any, tmp_path: Path) -> None:
    with hp.record() as rec:
        hp.scope.a | value
    again = round_trip(rec, tmp_path)
    assert repr(again.operative()) == repr({"a": value})
    assert again.operative().keys() == {"a"}


def test_an_integer_beyond_the_limit_of_text_does_not_spoil_a_file(tmp_path: Path) -> None:
    with hp.record() as rec:
        for value in (10**5000, -(10**6000)):
            with hp.scope(a=value, b=[value]):
                hp.scope.a | 0
                hp.scope.b | None
    again = round_trip(rec, tmp_path)
    assert repr(again.reads) == repr(rec.reads)
    assert list(again.divergent()) == ["a", "b"]


def test_reads_survive_a_file(tmp_path: Path) -> None:
    with hp.record() as rec:
        with hp.scope("a=1", b=2, c=np.arange(3)) as ps:
            hp.scope.a | 0
            hp.scope.b | 0.5
            hp.scope.c | None
            hp.scope.d | "default"
            list(ps)
            list(ps)
        with hp.scope(a=3):
            hp.scope.a | 0
    assert repr(round_trip(rec, tmp_path).reads) == repr(rec.reads)


def test_what_is_made_of_the_reads_survives_a_file(tmp_path: Path) -> None:
    with hp.record() as rec:
        for value in (1, 2):
            with hp.scope(**{"x.a": value, "x.aa": 3}):
                hp.scope.x.a | 0
    again = round_trip(rec, tmp_path)
    assert again.operative(nested=True) == rec.operative(nested=True)
    assert again.unused() == rec.unused()
    assert again.divergent() == rec.divergent()


def test_objects_are_described_in_a_file(tmp_path: Path) -> None:
    with hp.record() as rec, hp.scope(a=np.zeros((3, 2)), b=len, c=Path("x"), d={1, 2}, e=Big):
        for name in "abe":
            hp.scope[name] | None
        hp.scope.c | Path(), hp.scope.d | {0}
    again = round_trip(rec, tmp_path)
    assert [repr(one.value) for one in again.reads] == [repr(one.value) for one in rec.reads]
    assert "3, 2" in again.left_out["a"]
    assert again.operative() == rec.operative() == {"c": "x", "d": [1, 2]}
    assert again.left_out == rec.left_out


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError


def test_an_object_that_cannot_be_shown_does_not_spoil_a_file(tmp_path: Path) -> None:
    with hp.record() as rec, hp.scope(a=Unshowable(), b=2):
        hp.scope.a | None
        hp.scope.b | 0
    assert round_trip(rec, tmp_path).operative()["b"] == 2


def test_the_file_is_json_with_a_version(tmp_path: Path) -> None:
    with hp.record() as rec:
        hp.scope.a | math.nan
    rec.save(tmp_path / "record.json")
    strict: dict[str, Any] = json.loads(
        (tmp_path / "record.json").read_text("utf-8"), parse_constant=pytest.fail
    )
    assert isinstance(strict["version"], int)


def test_paths_may_be_text(tmp_path: Path) -> None:
    rec = hp.record()
    rec.save(str(tmp_path / "record.json"))
    assert hp.Record.load(str(tmp_path / "record.json")).reads == []


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        hp.Record.load(tmp_path / "missing.json")


# Damaged and hostile files


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    """Return a good file as plain data, with one override and one read of it."""
    with hp.record() as rec, hp.scope(a=1):
        hp.scope.a | 0
    rec.save(tmp_path / "good.json")
    data: dict[str, Any] = json.loads((tmp_path / "good.json").read_text("utf-8"))
    return data


def load_bytes(folder: Path, data: bytes) -> hp.Record:
    (folder / "bad.json").write_bytes(data)
    return hp.Record.load(folder / "bad.json")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"null", b"[]", b"5", b'"x"', b"{}", b"\xff\xfe", b"\x80\x04K\x01.", b"[" * 100_000,
     b'{"format": "something else"}', b"NaN"],
    ids=lambda data: repr(data[:12]),
)  # fmt: skip
def test_a_file_that_is_no_record_is_an_error(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(hp.ConfigurationError, match=r"bad\.json"):
        load_bytes(tmp_path, data)


def test_every_truncation_of_a_file_is_an_error(document: Any, tmp_path: Path) -> None:
    data = (tmp_path / "good.json").read_bytes().rstrip()
    for length in range(0, len(data), 7):
        with pytest.raises(hp.ConfigurationError):
            load_bytes(tmp_path, data[:length])


@pytest.mark.parametrize("version", [0, 5, 99, True, "1", 1.0, None, [], {}])
def test_an_unknown_version_is_an_error_that_names_both(
    document: dict[str, Any], version: Any, tmp_path: Path
) -> None:
    ours = document["version"]
    document["version"] = version
    with pytest.raises(hp.ConfigurationError) as caught:
        load_bytes(tmp_path, json.dumps(document).encode())
    assert repr(version) in str(caught.value)
    assert repr(ours) in str(caught.value)


DOCUMENT_DAMAGE: list[tuple[str, Any]] = [
    (name, value)
    for name in ("dropped", "overrides", "reads")
    for value in (None, "x", [5], {"a": 5}, {"a": "abc"}, math.inf, math.nan)
]
READ_DAMAGE: list[tuple[str, Any]] = [
    (name, value)
    for name, bad in {
        "key": [5, None, ["a"], {}, "", "a..b"],
        "origin": ["abc", 5, [], ["code"], ["code", "x", [1]], ["code", "x", ["h", "many"]], True],
        "process": [None, 5, [], ["h"], ["h", "many"], "hi", {}],
        "reader": [5, None, []],
        "default_used": ["x", None, 5],
        "bulk": ["x", None],
        "value": [{"$float": "x"}, {"$float": []}, {"$float": 10**400}, {"$tuple": 5},
                  {"$dict": 5}, {"$text": 5}],
        "more": [1],
    }.items()
    for value in bad
]  # fmt: skip


def damage_id(part: Any) -> str:
    return part if isinstance(part, str) else repr(part)[:30]


@pytest.mark.parametrize(("name", "value"), DOCUMENT_DAMAGE, ids=damage_id)
def test_a_damaged_document_is_an_error(
    document: dict[str, Any], name: str, value: Any, tmp_path: Path
) -> None:
    document[name] = value
    with pytest.raises(hp.ConfigurationError):
        load_bytes(tmp_path, json.dumps(document).encode())


@pytest.mark.parametrize(("name", "value"), READ_DAMAGE, ids=damage_id)
def test_a_damaged_read_is_an_error(
    document: dict[str, Any], name: str, value: Any, tmp_path: Path
) -> None:
    document["reads"][0][name] = value
    with pytest.raises(hp.ConfigurationError):
        load_bytes(tmp_path, json.dumps(document).encode())


@pytest.mark.parametrize("name", ["format", "version", "dropped", "overrides", "reads"])
def test_a_document_that_lacks_a_part_is_an_error(
    document: dict[str, Any], name: str, tmp_path: Path
) -> None:
    del document[name]
    with pytest.raises(hp.ConfigurationError):
        load_bytes(tmp_path, json.dumps(document).encode())


@pytest.mark.parametrize("name", ["key", "value", "default", "origin", "reader", "process"])
def test_a_read_that_lacks_a_part_is_an_error(
    document: dict[str, Any], name: str, tmp_path: Path
) -> None:
    del document["reads"][0][name]
    with pytest.raises(hp.ConfigurationError):
        load_bytes(tmp_path, json.dumps(document).encode())


@pytest.mark.parametrize("depth", [300, 900, 5_000])
def test_a_deeply_nested_value_is_loaded_or_refused(
    document: dict[str, Any], depth: int, tmp_path: Path
) -> None:
    text = json.dumps(document).replace('"value": 1', f'"value": {"[" * depth}{"]" * depth}')
    try:
        rec = load_bytes(tmp_path, text.encode())
    except hp.ConfigurationError:
        return
    assert list(rec.operative()) == ["a"]


# Secrets


def shown(rec: hp.Record, folder: Path) -> str:
    """Return all that a record shows and saves."""
    rec.save(folder / "record.json")
    parts = [rec, rec.reads, rec.operative(), rec.operative(nested=True), rec.unused(),
             rec.divergent(), [str(unused) for unused in rec.unused()]]  # fmt: skip
    return repr(parts) + (folder / "record.json").read_text("utf-8")


@pytest.mark.parametrize(
    "key",
    ["password", "db.password", "api_key", "apiKey", "API_KEY", "hf_token", "accessToken",
     "HFToken", "client-secret", "secret.name", "x.secret_key.y"],
)  # fmt: skip
def test_values_of_secret_keys_are_masked(key: str, tmp_path: Path) -> None:
    with hp.record() as rec:
        hp.scope[key] | SECRET
        with hp.scope(**{key: SECRET}) as ps:
            hp.scope[key] | "none"
            hp.scope[key] | None
            bool(hp.scope[key])
            hp.scope[key]()
            ps[key]
            assert SECRET not in repr(ps)
            assert SECRET not in str(hp.explain(key))
            assert SECRET not in repr(hp.explain(key))
        with hp.scope(f"{key}={SECRET}"):
            hp.scope[key] | "none"
    assert key not in rec.operative()
    assert rec.left_out == {key: "it is a secret"}
    assert key in {read.key for read in rec.reads}
    assert SECRET not in shown(rec, tmp_path)


@pytest.mark.parametrize("key", ["max_tokens", "tokenizer", "secretary", "train.lr"])
def test_values_of_other_keys_are_shown(key: str) -> None:
    with hp.record() as rec, hp.scope(**{key: SECRET}):
        hp.scope[key] | ""
    assert rec.operative() == {key: SECRET}


@pytest.mark.parametrize(
    "value", [{"password": SECRET}, [{"password": SECRET}], ({"x": {"api_key": SECRET}},)]
)
def test_secrets_inside_values_are_masked(value: Any, tmp_path: Path) -> None:
    with hp.record() as rec:
        hp.scope.login | value
        with hp.scope(login=[value]):
            hp.scope.login | None
        with hp.scope("login=" + json.dumps(value)):
            hp.scope.login()
    assert SECRET not in shown(rec, tmp_path)


@dataclasses.dataclass
class Login:
    user: str = "me"
    password: str = SECRET


class LoginDict(TypedDict):
    password: str


class LoginStruct(msgspec.Struct):
    user: str = "me"
    password: str = SECRET


@pytest.mark.parametrize("hint", [Login, LoginDict, LoginStruct, dict[str, str]])
def test_secret_fields_of_parameters_are_masked(hint: Any, tmp_path: Path) -> None:
    def f(login: Any) -> Any:
        return login

    f.__annotations__["login"] = hint
    with hp.record() as rec, hp.scope(**{"f.login.password": SECRET}):
        hp.param("f")(f)()
        assert SECRET not in str(hp.explain("f.login.password"))
    assert "f.login" in {read.key for read in rec.reads}
    assert any(key.startswith("f.login") for key in rec.left_out)
    assert SECRET not in shown(rec, tmp_path)


@pytest.mark.parametrize("default", [Login(), LoginStruct()], ids=["dataclass", "struct"])
def test_secret_fields_of_defaults_are_masked(default: Any, tmp_path: Path) -> None:
    @hp.param("f")
    def f(login: Any = default) -> Any:
        return login

    with hp.record() as rec:
        f()
        hp.scope.login | default
    assert SECRET not in shown(rec, tmp_path)
    assert SECRET not in str(hp.explain("f.login"))


def test_a_secret_that_is_an_object_is_masked(tmp_path: Path) -> None:
    with hp.record() as rec, hp.scope(token=[SECRET], password=SECRET.encode()):
        hp.scope.token | None
        hp.scope.password | None
    assert SECRET not in shown(rec, tmp_path)


def test_the_storage_of_a_scope_does_not_show_secrets() -> None:
    storage = hp.scope(password=SECRET, a=1).storage()
    assert SECRET not in repr(storage)
    assert storage.storage()["password"] == SECRET


def test_the_program_itself_gets_the_secret() -> None:
    with hp.record(), hp.scope(password=SECRET):
        assert hp.scope.password | "" == SECRET


def test_words_that_mark_secrets_can_be_added(tmp_path: Path) -> None:
    hp.add_secret_words("combination_of_this_test")
    with hp.record() as rec, hp.scope(**{"safe.combinationOfThisTest": SECRET}):
        hp.scope.safe.combinationOfThisTest | ""
    assert SECRET not in shown(rec, tmp_path)


# hp.explain


def test_explain_gives_value_and_origin() -> None:
    bound = here(1)
    with hp.scope(**{"train.lr": 0.5}):
        explained = hp.explain("train.lr")
    assert explained.value == 0.5
    assert explained.origin is not None
    assert explained.origin.kind == "code"
    assert explained.origin.location.endswith(bound)
    assert explained.shadows == []


def test_explain_gives_what_is_shadowed_innermost_first() -> None:
    with hp.scope(a=0):
        hp.scope.frozen()
    with hp.scope(a=1), hp.scope(b=5), hp.scope(a=2), hp.scope("a=3"):
        explained = hp.explain("a")
    assert [binding.value for binding in explained.bindings] == [3, 2, 1, 0]
    assert [binding.value for binding in explained.shadows] == [2, 1, 0]


def test_explain_stops_at_an_empty_scope() -> None:
    with hp.scope(a=1):
        hp.scope.frozen()
    with hp.scope(a=2), hp.scope.empty(a=3), hp.scope(a=4):
        assert [binding.value for binding in hp.explain("a").bindings] == [4, 3]
    with hp.scope.empty():
        assert hp.explain("a").bindings == []


def test_explain_shows_a_deleted_key_as_not_set() -> None:
    with hp.scope(a=1), hp.scope() as ps:
        del ps.a
        assert hp.explain("a").value is None
        assert hp.explain("a").bindings == []


def test_explain_names_the_line_of_a_write() -> None:
    with hp.scope(a=1) as ps:
        written = here(1)
        ps.a = 2
        explained = hp.explain("a")
    assert explained.value == 2
    assert explained.origin is not None
    assert explained.origin.location.endswith(written)


def test_explain_of_a_key_that_is_not_set_says_what_may_have_been_meant() -> None:
    with hp.scope(**{"train.learning_rate": 1}):
        explained = hp.explain("train.learning_rat")
    assert explained.bindings == []
    assert "train.learning_rate" in str(explained)


def test_explain_names_the_functions_that_declare_a_key() -> None:
    @hp.param("explained")
    def function(lr: float = 0.25) -> float:
        return lr

    explained = hp.explain("explained.lr")
    assert [declared.default for declared in explained.declarations] == [0.25]
    assert "function" in str(explained)
    assert "test_record.py" in str(explained)


def test_explain_masks_secrets() -> None:
    with hp.scope(token=SECRET), hp.scope(f"token={SECRET}"):
        explained = hp.explain("token")
    assert SECRET not in f"{explained} {explained!r}"


def test_explain_is_not_a_read() -> None:
    with hp.record() as rec, hp.scope(a=1):
        hp.explain("a")
    assert rec.reads == []
    assert [unused.key for unused in rec.unused()] == ["a"]


def test_explain_takes_a_key() -> None:
    with pytest.raises(hp.InvalidKey):
        hp.explain("a..b")


def test_explain_shows_integers_of_any_size() -> None:
    with hp.scope(a=10**5000):
        assert str(hp.explain("a")).startswith("a = ")


def test_a_scope_shows_integers_of_any_size() -> None:
    assert "a" in repr(hp.scope(a=10**5000))


def test_unused_suggests_what_fell_back_to_its_default_in_the_same_namespace() -> None:
    with hp.record() as record, hp.scope(**{"train.learning_rate": 0.5, "train.epochs": 2}):
        assert hp.scope.train.lr | 0.1 == 0.1
        assert hp.scope.train.epochs | 1 == 2
    [unused] = record.unused()
    assert (unused.key, unused.suggestions) == ("train.learning_rate", ["train.lr"])


def test_the_record_of_the_process_has_what_no_other_record_took_and_what_others_took() -> None:
    hp.scope.outside | 1
    with hp.record():
        hp.scope.inside | 2
    assert hp.process_record().operative() == {"outside": 1, "inside": 2}


@pytest.mark.parametrize(
    "read", [lambda: hp.scope.xs(), lambda: hp.scope.xs | [], lambda: hp.scope.current()["xs"]]
)
def test_a_list_that_is_changed_in_place_is_recorded_as_it_is_read(
    read: Callable[[], list[int]],
) -> None:
    with hp.record() as rec, hp.scope(xs=[1]):
        for number in range(3):
            read().append(number)
            read()
    assert [one.value for one in rec.reads] == [[1], [1, 0], [1, 0, 1], [1, 0, 1, 2]]
    assert len(rec.divergent()["xs"]) == 4
    assert rec.operative() == {"xs": [1, 0, 1, 2]}


def test_a_list_that_is_emptied_in_place_is_still_read() -> None:
    with hp.record() as rec, hp.scope(xs=[1]):
        for _ in range(3):
            hp.scope.xs().clear()
    assert [one.value for one in rec.reads] == [[1], []]
