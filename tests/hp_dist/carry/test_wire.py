"""The wire format: a snapshot becomes bytes, and the same snapshot again elsewhere."""

import contextvars
import enum
import functools
import gc
import inspect
import math
import os
import pickle
import subprocess
import sys
import threading
import types
import weakref
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soak import examples

import hp_dist
import hyperparameter as hp
from hp_dist._carry import wire
from hp_dist._carry.attachments import Inline
from hp_dist._carry.submission import Attachments, Submission, receive
from hp_dist._carry.values import is_fixed
from hyperparameter import context
from hyperparameter._engine_interface import (
    EMPTY,
    REMOVED,
    Blank,
    EmptyVariable,
    Layer,
    Origin,
    Process,
    ScalarText,
    UntypedText,
    UntypedTree,
)
from hyperparameter.context import Captured, Snapshot

ELSEWHERE = b"elsewher", 1  # a process that is not this one


class Sent(NamedTuple):
    """Scopes as they are sent: without a baseline."""

    data: bytes
    attachments: Attachments = ()


def encode(scopes: Snapshot) -> Sent:
    """Return the scopes as they are sent, with what is not in the bytes."""
    return Sent(*Submission(Captured(scopes, EMPTY), (), ELSEWHERE).message(Inline))


def sent(**params: Any) -> bytes:
    """Return the bytes of a scope with these parameters."""
    with hp.scope(**params):
        return encode(context.capture().scopes).data


def decode(sent: bytes | Sent) -> Snapshot:
    """Return the scopes that arrive."""
    return receive(Inline, *((sent,) if isinstance(sent, bytes) else sent)).scopes


def carried(**params: Any) -> Snapshot:
    with hp.scope(**params):
        return decode(encode(context.capture().scopes))


def arrived(value: Any) -> Any:
    """Return what `value` is after the journey."""
    return carried(key=value).flat()["key"]


def exact(value: Any) -> Any:
    """Return something that is equal for values of the same types alone, NaN included."""
    if isinstance(value, UntypedTree):
        return UntypedTree, exact(value.value)
    if isinstance(value, UntypedText):
        return type(value), value.text
    if isinstance(value, dict):
        return "dict", [(exact(k), exact(v)) for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value), [exact(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(repr(exact(item)) for item in value)
    if isinstance(value, float):
        return float, "nan" if math.isnan(value) else value.hex()
    if isinstance(value, complex):
        return complex, exact(value.real), exact(value.imag)
    return type(value), value


def location_of_next_line() -> str:
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return f"{Path(__file__).name}:{frame.f_back.f_lineno + 1}"


HERE = Process(os.uname().nodename, os.getpid())
PLACE = Origin("cli", "-D")

# -- values -----------------------------------------------------------------------------------

scalars = st.sampled_from([None, True, False, math.nan, -0.0, 2**70, "", b"\0", 1j])
scalars |= st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5)
hashable = scalars | st.tuples(scalars, scalars) | st.frozensets(scalars, max_size=2)
plain = st.recursive(
    scalars,
    lambda items: (
        st.lists(items, max_size=3)
        | st.tuples(items, items)
        | st.sets(hashable, max_size=3)
        | st.dictionaries(hashable, items, max_size=3)
    ),
    max_leaves=5,
)
names = st.text(max_size=5).map(functools.partial(normalize, "NFC"))
names = names.filter(lambda name: name and "." not in name)
untyped = st.text(max_size=5).map(UntypedText) | st.sampled_from([Blank(), EmptyVariable()])
untyped |= st.sampled_from(["3.10", "1e400"]).map(ScalarText)
parts = st.recursive(
    plain | untyped,
    lambda items: (
        st.lists(items, max_size=3) | st.dictionaries(hashable | untyped, items, max_size=3)
    ),
    max_leaves=6,
)
trees = parts.filter(lambda value: type(value) in (list, dict)).map(UntypedTree) | untyped


@examples(60)
@given(st.lists(trees, min_size=1, max_size=4))
def test_what_has_no_type_yet_arrives_without_one_at_any_depth(values: list[Any]) -> None:
    layer = Layer({f"group.key{index}": value for index, value in enumerate(values)}, PLACE)
    assert exact(decode(encode(Snapshot((layer,), 1))).flat()) == exact(layer.values)


dotted = st.lists(names, min_size=1, max_size=3).map(".".join)
written = st.recursive(
    st.integers(),
    lambda items: (
        st.dictionaries(dotted, items, min_size=1, max_size=3)
        | st.dictionaries(hashable, st.integers(), max_size=2)
    ),
    max_leaves=6,
)


@examples(60)
@given(written)
def test_a_mapping_comes_back_with_the_names_that_were_written(value: Any) -> None:
    try:
        arriving = carried(top=[value], mapping={"in": value})
    except hp.InvalidKey:  # two names for one flat key
        return
    with context.attached(arriving):
        found = hp.scope.mapping | {}
    assert exact(found) == exact({"in": value})


@examples(60)
@given(st.lists(plain, min_size=1, max_size=4))
def test_plain_values_arrive_exactly(values: list[Any]) -> None:
    params = {f"group.key{index}": [value] for index, value in enumerate(values)}
    assert exact(carried(**params).flat()) == exact(params)


@examples(60)
@given(st.dictionaries(names, plain, min_size=1, max_size=4))
def test_nested_mappings_arrive_as_the_same_flat_keys_in_order(params: dict[str, Any]) -> None:
    nested = {"top": {name: [value] for name, value in params.items()}}
    assert exact(carried(**nested).flat()) == exact({f"top.{k}": [v] for k, v in params.items()})


@examples(60)
@given(st.text())
def test_untyped_text_arrives_as_text_whose_type_the_reader_chooses(text: str) -> None:
    with hp.scope(f"key={text}"):
        here = (hp.scope.key | "-", hp.scope.key | None)
        encoded = encode(context.capture().scopes).data
    with context.attached(decode(encoded)):
        assert exact((hp.scope.key | "-", hp.scope.key | None)) == exact(here)
        assert hp.scope.key | "-" == text


def test_untyped_text_is_read_by_type_where_it_arrives() -> None:
    with hp.scope("n=007"):
        encoded = encode(context.capture().scopes).data
    with context.attached(decode(encoded)):
        assert hp.scope.n | "" == "007"
        assert hp.scope.n | 0 == 7
        assert hp.scope.n() == "007"


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        (),
        set(),
        2**4000,
        -(2**70),
        -0.0,
        math.nan,
        math.inf,
        "\udc80 lone surrogate",
        "\0",
        b"\0\xff",
        [{}, [{1: {2: {}}}]],
        True,
        1,
        1.0,
        "x" * 100_000,
    ],
    ids=lambda value: repr(value)[:20],
)
def test_awkward_value_arrives_exactly(value: Any) -> None:
    assert exact(arrived(value)) == exact(value)


def test_equal_values_of_different_types_stay_apart() -> None:
    values = [1, True, 1.0, (1,), [1], "1", b"1", 0.0, -0.0, False, 0]
    assert [exact(arrived(value)) for value in values] == [exact(value) for value in values]


def test_list_that_contains_itself_arrives_as_one() -> None:
    endless: list[Any] = [1]
    endless.append(endless)
    result = arrived(endless)
    assert result[0] == 1
    assert result[1] is result


def test_value_nested_deeper_than_usual_arrives() -> None:
    nested: Any = "core"
    for _ in range(100):
        nested = [nested]
    assert arrived(nested) == nested


def test_every_kind_of_text_without_a_type_is_data_that_needs_no_pickle_of_its_own() -> None:
    kinds = {UntypedText, *UntypedText.__subclasses__()}
    assert all(is_fixed(kind("1.0")) for kind in kinds)
    assert is_fixed(UntypedTree([kind("1.0") for kind in kinds]))


def test_names_and_what_was_taken_away_arrive_in_every_layer() -> None:
    layers = (
        Layer({"a": REMOVED, "a.x.y": 1}, PLACE, names={"a.x.y": ("a", "x.y")}),
        Layer({"a.x.y": 2, "a.z": 3}, PLACE),
    )
    found = decode(encode(Snapshot(layers, 2)))
    assert [layer.names for layer in found.layers] == [{"a.x.y": ("a", "x.y")}, {}]
    assert found.layers[0].values["a"] is REMOVED
    with context.attached(found):
        assert hp.scope.a | {} == {"x.y": 1}


def test_a_mapping_hides_the_value_whose_place_it_takes() -> None:
    with hp.scope(a=5), hp.scope(a={"x": {"y.z": 1}}):
        found = decode(encode(context.capture().scopes))
    with context.attached(found):
        assert hp.scope.a | {} == {"x": {"y.z": 1}}
        assert hp.scope.storage().storage() == {"a.x.y.z": 1}
    with hp.scope(a="of the worker"), context.attached(carried(a={"x": 1})):
        assert hp.scope.storage().storage() == {"a.x": 1}


def test_secrets_arrive_as_they_are_and_are_masked_where_they_are_shown() -> None:
    """What masks them is not part of the values."""
    values = {"db.password": "hunter2", "hub.token": UntypedText("hf_007")}
    with context.attached(decode(encode(Snapshot((Layer(values, PLACE),), 1)))):
        assert (hp.scope.db.password(), hp.scope.hub.token | "") == ("hunter2", "hf_007")
        shown = f"{hp.explain('db.password')} {hp.explain('hub.token')} {hp.scope.db.password!r}"
    assert "hunter2" not in shown
    assert "hf_007" not in shown


class Colour(enum.Enum):
    RED = 1


class Text(str):
    """A string that is more than a string."""


def test_enums_paths_and_subclasses_keep_their_types() -> None:
    values = [Colour.RED, Path("a/b"), Text("x"), types.SimpleNamespace(a=1), range(3)]
    results = [arrived(value) for value in values]
    assert results == values
    assert [type(result) for result in results] == [type(value) for value in values]


def test_array_arrives() -> None:
    import numpy as np

    array = np.arange(6, dtype="int16").reshape(2, 3)
    result = arrived(array)
    assert result.dtype == array.dtype
    assert (result == array).all()


def test_lambda_closure_and_local_class_arrive() -> None:
    base = 40

    class Local:
        def __init__(self, n: int) -> None:
            self.n = n

        def total(self) -> int:
            return self.n + base

    snapshot = carried(twice=lambda n: 2 * n, local=Local(2), cls=Local)
    assert snapshot.flat()["twice"](4) == 8
    assert snapshot.flat()["local"].total() == 42
    assert snapshot.flat()["cls"](1).total() == 41


def test_values_of_classes_in_main_arrive_in_a_process_that_has_another_main(
    tmp_path: Path,
) -> None:
    """Cloudpickle, by which engines reach other hosts, writes them by value."""
    sender, receiver = tmp_path / "sender.py", tmp_path / "receiver.py"
    sender.write_text(
        dedent("""
        import dataclasses, enum, sys
        import cloudpickle
        import hp_dist
        import hyperparameter as hp

        class Colour(enum.Enum):
            RED = 1

        @dataclasses.dataclass
        class Point:
            x: int

        class Text(str):
            pass

        def double(n):
            return 2 * n

        def show():
            flat = dict(hp.scope.current())
            print(flat["colour"].name, flat["point"].x, flat["text"], type(flat["text"]).__name__)
            first, second = flat["many"]
            print(flat["double"](4), flat["triple"](4), first.x, second["deep"].x)
            print(flat["colour"] is Colour.RED, type(flat["point"]) is Point)

        params = {"colour": Colour.RED, "point": Point(3), "text": Text("t"), "double": double,
                  "triple": lambda n: 3 * n, "many": [Point(1), {"deep": Point(2)}]}
        with hp.scope(**params):
            sys.stdout.buffer.write(cloudpickle.dumps(hp_dist.bind(show)))
        """)
    )
    receiver.write_text("import pickle, sys\npickle.load(sys.stdin.buffer)()\n")
    encoded = subprocess.run(
        [sys.executable, str(sender)], stdout=subprocess.PIPE, timeout=150, check=True
    ).stdout
    shown = subprocess.run(
        [sys.executable, str(receiver)],
        input=encoded,
        stdout=subprocess.PIPE,
        timeout=150,
        check=True,
    ).stdout
    assert shown.decode() == "RED 3 t Text\n8 12 1 2\nTrue True\n"


# -- scopes -----------------------------------------------------------------------------------

keys = st.sampled_from(["a", "b", "a.b", "base", "c.d.e"])
bindings = st.dictionaries(keys, st.integers() | st.just([]), max_size=3)
operations = st.one_of(
    st.tuples(st.sampled_from(["enter", "empty", "write"]), bindings),
    st.tuples(st.just("delete"), keys),
    st.tuples(st.just("clear"), st.none()),
)


def perform(operation: str, argument: Any, stack: ExitStack) -> None:
    if operation == "enter":
        stack.enter_context(hp.scope(**argument))
    elif operation == "empty":
        stack.enter_context(hp.scope.empty(**argument))
    elif operation == "write":
        hp.scope.update(argument)
    elif operation == "delete" and argument in hp.scope:
        del hp.scope[argument]
    elif operation == "clear":
        hp.scope.clear()


def visible() -> list[tuple[str, Any]]:
    return list(hp.scope.storage().storage().items())


def after(history: list[tuple[str, Any]]) -> tuple[list[tuple[str, Any]], bytes]:
    """Return what is visible after these operations, and its bytes there."""
    with ExitStack() as stack, hp.scope():
        for operation, argument in history:
            perform(operation, argument, stack)
        return visible(), encode(context.capture().scopes).data


@examples(60)
@given(st.lists(operations, max_size=14))
def test_whatever_was_opened_written_and_deleted_the_same_is_visible_where_it_arrives(
    history: list[tuple[str, Any]],
) -> None:
    with hp.scope(base=0, other=1):
        hp.scope.frozen()
    here, encoded = contextvars.copy_context().run(after, history)
    with context.attached(decode(encoded)):
        assert visible() == here


def test_deleted_key_stays_deleted_over_a_scope_that_has_it() -> None:
    with hp.scope(a=1, b=2):
        del hp.scope.a
        encoded = encode(context.capture().scopes).data
    with hp.scope(a="there"), context.attached(decode(encoded)):
        assert "a" not in hp.scope
        assert hp.scope.a | "default" == "default"
        assert hp.scope.b | 0 == 2


def test_deleted_key_stays_deleted_over_the_baseline() -> None:
    with hp.scope(a=1):
        hp.scope.frozen()
    with hp.scope():
        del hp.scope.a
        encoded = encode(context.capture().scopes).data
    with context.attached(decode(encoded)):
        assert "a" not in hp.scope


@pytest.mark.parametrize("params", [{}, {"own": 1}], ids=["bare", "with keys"])
def test_empty_scope_hides_scopes_and_baseline_where_it_arrives(params: dict[str, Any]) -> None:
    with hp.scope.empty(**params):
        encoded = encode(context.capture().scopes).data
    with hp.scope(base=1):
        hp.scope.frozen()
    with hp.scope(outer=1), context.attached(decode(encoded)):
        assert dict(visible()) == params


def test_scope_inside_an_empty_one_is_carried_with_it() -> None:
    with hp.scope(outer=1), hp.scope.empty(a=1), hp.scope(b=2):
        encoded = encode(context.capture().scopes).data
    with hp.scope(there=1), context.attached(decode(encoded)):
        assert dict(visible()) == {"a": 1, "b": 2}


def test_scopes_do_not_bring_the_baseline_of_their_process_along() -> None:
    with hp.scope(base=1):
        hp.scope.frozen()
    with hp.scope(a=1):
        snapshot = decode(encode(context.capture().scopes).data)
    assert snapshot.flat() == {"a": 1}


def test_baseline_arrives_as_a_baseline() -> None:
    with hp.scope(base=1), hp.scope(more=2):
        hp.scope.frozen()
    snapshot = decode(encode(context.capture().baseline).data)
    assert snapshot.flat() == {"base": 1, "more": 2}
    assert snapshot.depth == 0


def test_nothing_arrives_as_nothing() -> None:
    snapshot = decode(encode(context.capture().scopes).data)
    assert snapshot.flat() == {}
    with hp.scope(a=1), context.attached(snapshot):
        assert hp.scope.a | 0 == 1


def test_snapshots_that_mean_different_things_are_different_bytes() -> None:
    with hp.scope():
        nothing = wire.encode(context.capture().scopes).data
    with hp.scope.empty():
        hiding = wire.encode(context.capture().scopes).data
    with hp.scope(a=1):
        scope = wire.encode(context.capture().scopes).data
        hp.scope.frozen()
        baseline = wire.encode(context.capture().baseline).data
        del hp.scope.a
        deleted = wire.encode(context.capture().scopes).data
    assert len({nothing, hiding, scope, baseline, deleted}) == 5


def test_key_order_survives_plain_and_special_values_in_turn() -> None:
    params = {"z": 1, "y": lambda: 0, "x": 2, "w": Path("p"), "v": {}, "a": lambda: 1}
    with hp.scope(**params):
        encoded = encode(context.capture().scopes).data
    with context.attached(decode(encoded)):
        assert list(hp.scope.keys()) == list(params)


def test_many_keys_arrive() -> None:
    params = {f"group{i % 7}.key{i}": i for i in range(10_000)}
    assert carried(**params).flat() == params


# -- origins ----------------------------------------------------------------------------------


def test_origin_is_the_line_of_the_scope_and_its_process() -> None:
    line = location_of_next_line()
    with hp.scope(a=1):
        origin = decode(encode(context.capture().scopes).data).origin_of("a")
    assert isinstance(origin, Origin)
    assert (origin.kind, origin.process) == ("code", HERE)
    assert origin.location.endswith(line)


def test_each_key_has_the_line_that_bound_it_last() -> None:
    lines = {"a": location_of_next_line()}
    with hp.scope(a=1, b=1, c=1):
        lines["b"] = location_of_next_line()
        hp.scope.b = 2
        lines["c"] = location_of_next_line()
        with hp.scope(c=3):
            snapshot = decode(encode(context.capture().scopes).data)
    for key, line in lines.items():
        origin = snapshot.origin_of(key)
        assert isinstance(origin, Origin)
        assert origin.location.endswith(line)
        assert origin.process == HERE


def test_lines_stay_with_their_keys_in_deeply_nested_scopes() -> None:
    def enter(depth: int) -> bytes:
        if depth == 0:
            return encode(context.capture().scopes).data
        scope = hp.scope(even=depth) if depth % 2 == 0 else hp.scope(odd=depth)
        with scope:
            return enter(depth - 1)

    snapshot = decode(enter(20))
    places = {key: snapshot.origin_of(key) for key in ("even", "odd")}
    assert snapshot.flat() == {"even": 2, "odd": 1}
    for place in places.values():
        assert isinstance(place, Origin)
        assert place.process == HERE
        assert "test_wire.py:" in place.location


def test_origin_from_a_third_process_keeps_naming_that() -> None:
    far = Origin("env", "$APP_LR", Process("far", 7))
    near = Origin("cli", "-D")
    layer = Layer({"lr": 1, "wd": 2}, near, {"lr": far})
    snapshot = decode(encode(Snapshot((layer,), 1)).data)
    assert snapshot.origin_of("lr") == far
    assert snapshot.origin_of("wd") == near._replace(process=HERE)


def test_origin_stays_when_a_carried_scope_is_carried_on_inside_another() -> None:
    far = Origin("file", "base.toml:7", Process("far", 7))
    first = decode(encode(Snapshot((Layer({"lr": 1}, far),), 1)).data)
    with context.attached(first), hp.scope(wd=2):
        second = decode(encode(context.capture().scopes).data)
    assert second.origin_of("lr") == far
    assert second.origin_of("wd").process == HERE  # type: ignore[union-attr]


def test_origin_of_the_command_line_is_carried() -> None:
    @hp.param("app")
    def main(lr: float = 0.1) -> Snapshot:
        return decode(encode(context.capture().scopes).data)

    snapshot = hp.run_cli(main, ["--lr", "1", "-D", "app.lr=2"])
    assert snapshot.origin_of("app.lr") == Origin("cli", "--lr", HERE)


def test_explain_names_host_and_process_where_it_arrives() -> None:
    with hp.scope(lr=1), hp.scope(lr=2):
        encoded = encode(context.capture().scopes).data
    with context.attached(decode(encoded)):
        explanation = hp.explain("lr")
    assert explanation.value == 2
    assert explanation.origin is not None
    assert explanation.origin.process == HERE
    assert [shadowed.value for shadowed in explanation.shadows] == [1]
    assert str(HERE) in str(explanation)


# -- what cannot be pickled -------------------------------------------------------------------


class Refusing:
    def __reduce__(self) -> Any:
        raise RuntimeError("I stay here")


def deep() -> Any:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    "make",
    [threading.Lock, Refusing, lambda: [1, [Refusing()]], lambda: (n for n in [1]), deep],
    ids=["lock", "refusing", "nested", "generator", "too deep"],
)
def test_value_that_cannot_be_pickled_names_its_key_and_origin(make: Callable[[], Any]) -> None:
    bad = make()
    line = location_of_next_line()
    with hp.scope(**{"model.bad": bad, "model.good": lambda: 0, "fine": 1}):
        with pytest.raises(hp_dist.CarrierError) as caught:
            encode(context.capture().scopes)
    error = caught.value
    assert error.key == "model.bad"
    assert error.origin.location.endswith(line)
    assert "'model.bad'" in str(error)
    assert line in str(error)
    assert "good" not in str(error)


def test_line_of_the_one_key_that_cannot_be_pickled_is_named() -> None:
    with hp.scope(first=1, second=2):
        line = location_of_next_line()
        hp.scope.second = Refusing()
        with pytest.raises(hp_dist.CarrierError) as caught:
            encode(context.capture().scopes)
    assert caught.value.origin.location.endswith(line)


def test_failing_to_encode_leaves_nothing_behind() -> None:
    with hp.scope(bad=Refusing()):
        snapshot = context.capture().scopes
        for _ in range(2):
            with pytest.raises(hp_dist.CarrierError, match="bad"):
                encode(snapshot)
        hp.scope.bad = 1
        assert decode(encode(context.capture().scopes).data).flat() == {"bad": 1}


def test_bind_raises_at_once_for_what_cannot_be_pickled() -> None:
    with hp.scope(lock=threading.Lock()), pytest.raises(hp_dist.CarrierError, match="lock"):
        hp_dist.bind(len)


def test_bind_raises_at_once_for_a_baseline_that_cannot_be_pickled() -> None:
    with hp.scope(lock=threading.Lock()):
        hp.scope.frozen()
    with pytest.raises(hp_dist.CarrierError, match="lock"):
        hp_dist.bind(len)


def test_initializer_raises_at_once_for_what_cannot_be_pickled() -> None:
    with hp.scope(lock=threading.Lock()), pytest.raises(hp_dist.CarrierError, match="lock"):
        hp_dist.initializer()


class BreaksOnArrival:
    def __reduce__(self) -> Any:
        return int, ("no number",)


def test_value_that_cannot_be_unpickled_names_its_key() -> None:
    encoded = sent(**{"app.broken": BreaksOnArrival(), "fine": 1})
    with pytest.raises(hp_dist.CarrierError, match=r"app\.broken") as caught:
        decode(encoded)
    assert caught.value.key == "app.broken"


# -- damage -----------------------------------------------------------------------------------


def damaged(encoded: bytes) -> list[bytes]:
    """Return the bytes with each of its bytes changed in turn, in two ways."""
    changed = []
    for index in range(len(encoded)):
        for mask in (0x01, 0xFF):
            copy = bytearray(encoded)
            copy[index] ^= mask
            changed.append(bytes(copy))
    return changed


def assert_all_refused(all_encoded: list[bytes]) -> None:
    for encoded in all_encoded:
        with pytest.raises(hp_dist.CarrierError):
            decode(encoded)


def test_any_changed_byte_is_an_error() -> None:
    assert_all_refused(damaged(sent(never_decoded_before=[1, "text"])))


def test_any_changed_byte_is_an_error_also_when_the_undamaged_snapshot_is_known() -> None:
    encoded = sent(decoded_before=[1, "text"])
    decode(encoded)
    assert_all_refused(damaged(encoded))


def test_any_cut_is_an_error() -> None:
    encoded = sent(never_decoded_before=[2, "text"])
    assert_all_refused([encoded[:end] for end in range(len(encoded))])


def test_any_cut_is_an_error_also_when_the_whole_snapshot_is_known() -> None:
    encoded = sent(decoded_before=[2, "text"])
    decode(encoded)
    assert_all_refused([encoded[:end] for end in range(len(encoded))])


@pytest.mark.parametrize("known", [False, True])
def test_bytes_behind_the_end_are_an_error(known: bool) -> None:
    encoded = sent(with_a_tail=known)
    if known:
        decode(encoded)
    assert_all_refused([encoded + b"\0", encoded + encoded])


@pytest.mark.parametrize("garbage", [b"", b"\0" * 100, b"HPS", b"text", b"\x80\x05N."])
def test_what_is_not_a_snapshot_is_an_error(garbage: bytes) -> None:
    with pytest.raises(hp_dist.CarrierError):
        decode(garbage)


def test_error_of_a_damaged_snapshot_does_not_spoil_the_good_one() -> None:
    encoded = sent(good=1)
    with pytest.raises(hp_dist.CarrierError):
        decode(encoded[:-1])
    assert decode(encoded).flat() == {"good": 1}


@pytest.mark.parametrize("step", [-1, 1, 100])
def test_unknown_version_names_both_sides(step: int) -> None:
    encoded = bytearray(sent(version=1))
    known = encoded[3]
    encoded[3] += step
    with pytest.raises(hp_dist.CarrierError) as caught:
        decode(bytes(encoded))
    assert f"version {known + step}" in str(caught.value)
    assert f"version {known}:" in str(caught.value)


# -- cost -------------------------------------------------------------------------------------


@pytest.fixture
def layers_encoded(monkeypatch: pytest.MonkeyPatch) -> list[Layer]:
    """The layers that are encoded from now on, each time that they are."""
    encode_layer, seen = wire._encode_layer, list[Layer]()

    def noting(layer: Layer) -> Any:
        seen.append(layer)
        return encode_layer(layer)

    monkeypatch.setattr(wire, "_encode_layer", noting)
    return seen


@pytest.mark.parametrize("value", [1, [1], Path("p")], ids=["fixed", "list", "object"])
def test_snapshot_is_encoded_once(layers_encoded: list[Layer], value: Any) -> None:
    with hp.scope(a=value):
        first = encode(context.capture().scopes)
        second = encode(context.capture().scopes)
    assert first == second
    assert len(layers_encoded) == 1


def test_values_that_cannot_change_are_not_pickled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"text": "x" * 100_000, "pair": (1, ("a", None)), "none": None, "n": 1.5, "b": b"x"}
    with hp.scope("from.text=1", **values):
        first = encode(context.capture().scopes)
        with monkeypatch.context() as patch:
            patch.setattr(pickle, "dumps", None)
            patch.setattr(pickle, "Pickler", None)
            assert encode(context.capture().scopes) == first


def test_layer_below_is_encoded_once_for_many_small_scopes_above(
    layers_encoded: list[Layer],
) -> None:
    with hp.scope(large=7):
        for step in range(50):
            with hp.scope(step=step):
                encoded = encode(context.capture().scopes).data
            assert decode(encoded).flat() == {"large": 7, "step": step}
    assert ["large" in layer.values for layer in layers_encoded].count(True) == 1


def test_layer_below_is_encoded_once_for_scopes_nested_deeply_above(
    layers_encoded: list[Layer],
) -> None:
    large = {f"large{number}": number for number in range(20)}
    with hp.scope(**large), ExitStack() as stack:
        for depth in range(30):
            stack.enter_context(hp.scope(**{f"depth{depth}": depth}))
            encode(context.capture().scopes)
    assert ["large0" in layer.values for layer in layers_encoded].count(True) == 1


def test_scope_on_top_of_the_baseline_does_not_encode_the_baseline_again(
    layers_encoded: list[Layer],
) -> None:
    with hp.scope(large=7):
        hp.scope.frozen()
    for step in range(5):
        with hp.scope(step=step):
            for snapshot in context.capture()[:2]:
                encode(snapshot)
    assert ["large" in layer.values for layer in layers_encoded].count(True) == 1


def test_same_bytes_give_the_identical_values() -> None:
    encoded = sent(a=[1, 2])
    first, second = decode(encoded), decode(bytes(bytearray(encoded)))
    assert first.flat()["a"] is second.flat()["a"]


def test_layer_below_is_decoded_once_for_many_small_scopes_above() -> None:
    all_encoded = []
    with hp.scope(large=list(range(1000))):
        for step in range(3):
            with hp.scope(step=step):
                all_encoded.append(encode(context.capture().scopes).data)
    arrivals = [decode(encoded).flat()["large"] for encoded in all_encoded]
    assert all(arrival is arrivals[0] for arrival in arrivals)


def test_decoded_snapshot_is_sent_on_as_the_bytes_that_it_came_in() -> None:
    encoded = sent(a=[1, 2])
    assert encode(decode(encoded)).data == encoded


def test_arrived_scopes_are_sent_on_as_they_are_by_then(layers_encoded: list[Layer]) -> None:
    creation, call = decode(sent(a=[1], b=1)), decode(sent(a=[2], c=2))
    layers_encoded.clear()
    with context.attached(creation):
        alone = encode(context.capture().scopes)
        with context.attached(call):
            hp.scope.a().append(3)
            both = encode(context.capture().scopes)
            with hp.scope(d=3):
                three = encode(context.capture().scopes)
    assert [list(layer.values) for layer in layers_encoded] == [["d"]]
    assert decode(alone).flat() == {"a": [1], "b": 1}
    assert decode(both).flat() == {"a": [2, 3], "b": 1, "c": 2}
    assert decode(three).flat() == {"a": [2, 3], "b": 1, "c": 2, "d": 3}


def test_encoding_keeps_no_value_alive() -> None:
    class Large:
        pass

    large = Large()
    alive = weakref.ref(large)
    with hp.scope(large=large):
        encode(context.capture().scopes)
    del large
    gc.collect()
    assert alive() is None


def test_threads_that_encode_the_same_snapshot_get_the_same_bytes() -> None:
    all_encoded: list[bytes] = []
    with hp.scope(a=1, b=lambda: 0, **{f"key{i}": i for i in range(1000)}):
        snapshot = context.capture().scopes
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        all_encoded.append(encode(snapshot).data)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [decode(encoded).flat()["key9"] for encoded in all_encoded] == [9] * 4


def test_partial_of_a_local_function_arrives() -> None:
    def scale(factor: int, n: int) -> int:
        return factor * n

    assert arrived(functools.partial(scale, 3))(4) == 12


def test_mappings_keep_their_class_in_workers() -> None:
    given = defaultdict(lambda: 7, a=1, b=OrderedDict(c=2))
    with hp.scope(m=given):
        encoded = encode(context.capture().scopes)
    with context.attached(decode(encoded)):
        found = hp.scope.m | {}
    assert found == given
    assert found["new"] == 7
    assert type(found["b"]) is OrderedDict
