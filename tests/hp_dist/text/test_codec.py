"""The text carrier: what JSON can hold arrives exactly, anything else is an error and no more."""

import base64
import enum
import functools
import json
import math
import os
import pickle
import random
import sys
import threading
from collections import OrderedDict, UserString
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soak import amount, examples

import hp_dist
import hyperparameter as hp
from hp_dist._text import codec
from hp_dist._text import file as text_file
from hp_dist._text.codec import MOST_CHARACTERS, decode_text, digest_of, encode_text
from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import (
    DELETED,
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
from hyperparameter.context import Captured, Snapshot, set_baseline

HERE = Process(os.uname().nodename, os.getpid())
INPUTS = amount(12_000, full=120_000)


KINDS = {UntypedText, ScalarText, Blank, EmptyVariable}


def captured(*texts: str, **params: Any) -> Captured:
    with hp.scope(*texts, **params):
        return context.capture()


def arrived(value: Any) -> Any:
    """Return what `value` is after the journey."""
    return decode_text(encode_text(captured(key=value))).scopes.flat()["key"]


def exact(value: Any) -> Any:
    """Return something that is equal for the same values of the same types in the same order."""
    if type(value) is dict:
        return dict, [(exact(k), exact(v)) for k, v in value.items()]
    if type(value) is list:
        return list, [exact(item) for item in value]
    if type(value) is float:
        return float, value.hex()
    if type(value) in KINDS:
        return type(value), exact(value.text)
    if type(value) is UntypedTree:
        return UntypedTree, exact(value.value)
    if value is DELETED or value is REMOVED:
        return repr(value)
    assert type(value) in (type(None), bool, int, str), type(value)
    return type(value), value


def form(found: Captured) -> Any:
    """Return all that there is to tell about captured scopes, places with their process.

    Values that nothing can see and nobody is told count as equal.
    """

    def seen(layer: Layer, above: Sequence[Layer]) -> dict[str, Any]:
        return {
            key: "unseen" if interface.is_needless(key, value, above) else value
            for key, value in layer.values.items()
        }

    def layers(snapshot: Snapshot) -> Any:
        found = snapshot.portable().layers
        return [
            (exact(seen(layer, found[:index])), layer.origin,
             {k: layer.origin_of(k) for k in layer.values}, layer.closed, layer.names)
            for index, layer in enumerate(found)
        ]  # fmt: skip

    scopes, baseline = found
    return layers(scopes), scopes.depth, scopes.closed, layers(baseline), baseline.depth


def resealed(body: str, member: str = "scope", version: int = codec.VERSION) -> str:
    """Return text with a right digest: what an attacker would send."""
    return (
        f'{{"format":"hyperparameter-scope","version":{version},'
        f'"digest":"{digest_of(body)}","{member}":{body}}}'
    )


def body_of(text: str) -> str:
    return text[text.index('"scope":') + len('"scope":') : -1]


ORIGIN = ["code", "app.py:1", ["host", 7]]
LAYER: dict[str, Any] = {
    "origin": ORIGIN, "closed": False, "values": {"a": 1}, "deleted": [], "removed": [],
    "shadowed": [], "origins": {}, "names": {},
}  # fmt: skip


PLACE = Origin("cli", "-D")


def document(**changes: Any) -> str:
    """Return the sealed text of a scope of one layer that has these changes."""
    layer = {key: value for key, value in {**LAYER, **changes}.items() if value is not ...}
    return resealed(json.dumps({"closed": False, "scopes": [layer], "baseline": []}))


def is_refused(text: Any, match: str = ".") -> hp_dist.CarrierError:
    with pytest.raises(hp_dist.CarrierError, match=match) as refused:
        decode_text(text)
    assert type(refused.value) is hp_dist.CarrierError
    return refused.value


# -- what arrives -----------------------------------------------------------------------------

surrogates = st.characters(categories=["Cs"])
texts = st.text(max_size=8) | st.text(surrogates | st.sampled_from("a$"), max_size=6)
scalars = (
    st.none() | st.booleans() | st.integers() | texts
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([-0.0, 5e-324, 1.7976931348623157e308, 2**70, -(2**70), 2**2048, -(2**2048)])
)  # fmt: skip
names = texts.map(functools.partial(normalize, "NFC")).filter(lambda n: n and "." not in n)
marks = st.sampled_from(
    ["$int", "$str", "$items", "$untyped", "$digits", "$blank", "$empty", "$tree", "$"]
)
values = st.recursive(
    scalars,
    lambda items: (
        st.lists(items, max_size=3)
        | st.dictionaries(texts | marks, items, max_size=3)
        | marks.flatmap(lambda mark: items.map(lambda item: {mark: item}))
    ),
    max_leaves=6,
)


@examples(200)
@given(st.lists(values, min_size=1, max_size=4))
def test_what_json_can_hold_arrives_exactly(items: list[Any]) -> None:
    params = {f"group.key{index}": [item] for index, item in enumerate(items)}
    found = decode_text(encode_text(captured(**params)))
    assert exact(found.scopes.flat()) == exact(params)


untyped = (
    texts.map(UntypedText)
    | st.builds(Blank)
    | st.sampled_from(["3.10", "-1e400", "nan", "1_0.0"]).map(ScalarText)
)
trees = st.recursive(
    scalars | untyped,
    lambda items: (
        st.lists(items, max_size=3)
        | st.dictionaries(texts | marks, items, max_size=3)
        | st.lists(items, max_size=3).map(UntypedTree)
    ),
    max_leaves=8,
).map(lambda value: UntypedTree(value) if type(value) in (list, dict) else value)


@examples(200)
@given(st.lists(trees, min_size=1, max_size=4))
def test_what_has_no_type_yet_arrives_without_one_at_any_depth(items: list[Any]) -> None:
    layer = Layer({f"group.key{index}": item for index, item in enumerate(items)}, PLACE)
    found = decode_text(encode_text(Captured(Snapshot((layer,), 1), Snapshot())))
    assert exact(found.scopes.flat()) == exact(layer.values)


def test_every_kind_of_text_without_a_type_is_carried() -> None:
    kinds = {UntypedText, *UntypedText.__subclasses__()}
    assert kinds == KINDS
    values = {
        kind.__name__: kind("1.0" if kind in (UntypedText, ScalarText) else "") for kind in kinds
    }
    layer = Layer({**values, "all": UntypedTree([*values.values()])}, PLACE)
    found = decode_text(encode_text(Captured(Snapshot((layer,), 1), Snapshot())))
    assert exact(found.scopes.flat()) == exact(layer.values)


written_names = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda items: st.dictionaries(
        st.lists(names, min_size=1, max_size=3).map(".".join), items, min_size=1, max_size=3
    ),
    max_leaves=6,
).filter(lambda value: type(value) is dict)


@examples(200)
@given(written_names)
def test_a_mapping_comes_back_with_the_names_that_were_written(mapping: dict[str, Any]) -> None:
    try:
        sent = captured(top=mapping)
    except hp.InvalidKey:  # two names for one flat key
        return
    text = encode_text(sent)
    with hp.scope(top={"here": 0}), context.attached(decode_text(text).scopes):
        found = hp.scope.top | {}
    assert found.pop("here", None) == 0 or "here" in mapping
    assert exact({"here": mapping["here"], **found} if "here" in mapping else found) == exact(
        mapping
    )


def test_files_with_endless_numbers_and_names_with_dots_arrive(tmp_path: Path) -> None:
    file = tmp_path / "conf.toml"
    file.write_text('far = inf\nnear = 3.10\nmany = [1_000.50]\n[log]\n"urllib3.pool" = "ERROR"\n')
    with hp.config(str(file)):
        text = encode_text(context.capture())
    with context.attached(decode_text(text).scopes):
        assert (hp.scope.far(), hp.scope.near | "", hp.scope.many()) == (math.inf, "3.10", [1000.5])
        assert hp.scope.log | {} == {"urllib3.pool": "ERROR"}


def test_names_of_a_file_that_are_numbers_are_an_error_in_words_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "conf.yaml"
    file.write_text("model:\n  depth:\n  classes: {0: cat, 1: dog}\n")
    with hp.config(str(file)), pytest.raises(hp_dist.CarrierError) as refused:
        encode_text(context.capture())
    assert refused.value.key == "model.classes"
    assert refused.value.origin.location == f"{file}:3"
    assert "a dict with a key of type int" in str(refused.value)


def test_keys_that_were_taken_away_hide_what_lies_below_them() -> None:
    layer = Layer({"a": REMOVED, "a.x": 1}, PLACE)
    text = encode_text(Captured(Snapshot((layer,), 1), Snapshot()))
    with hp.scope(a={"y": 2}, b=3), context.attached(decode_text(text).scopes):
        assert hp.scope.a | {} == {"x": 1}
        assert hp.scope.b() == 3


def test_a_mapping_hides_the_value_whose_place_it_takes() -> None:
    with hp.scope(a=5), hp.scope(a={"x": {"y.z": 1}}):
        found = decode_text(encode_text(context.capture()))
    with context.attached(found.scopes):
        assert hp.scope.a | {} == {"x": {"y.z": 1}}
        assert hp.scope.storage().storage() == {"a.x.y.z": 1}
    inner = decode_text(encode_text(captured(a={"x": 1})))
    with hp.scope(a="of the other side"), context.attached(inner.scopes):
        assert hp.scope.storage().storage() == {"a.x": 1}


def test_what_nothing_can_see_any_more_has_not_to_be_text() -> None:
    with hp.scope(a=object(), b=object(), c=1), hp.scope(a=2, c=3):
        with pytest.raises(hp_dist.CarrierError) as refused:
            encode_text(context.capture())
        with hp.scope(b="text"):
            found = decode_text(encode_text(context.capture()))
    assert refused.value.key == "b"
    assert found.scopes.flat() == {"a": 2, "b": "text", "c": 3}
    with context.attached(found.scopes):
        shown = [str(binding.value) for binding in hp.explain("a").shadows]
        assert shown == ["a value that is no longer kept"]
        assert [binding.value for binding in hp.explain("c").shadows] == [1]
        del hp.scope.a
        assert hp.scope.a | None is None
        again = decode_text(encode_text(context.capture()))
    assert again.scopes.flat() == {"b": "text", "c": 3}


def test_what_a_baseline_has_dropped_travels_as_such(tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    file.write_text('{"model": {"lr": 1.5, "tags": ["a"]}}')
    with interface.isolated():
        with hp.config([file]), hp.scope("model.lr=2.5", **{"model.tags": "b"}):
            hp.scope.frozen()
        found = decode_text(encode_text(context.capture()))
        set_baseline(found.baseline)
        assert hp.scope.storage().storage() == {"model.lr": 2.5, "model.tags": "b"}
        assert [binding.value for binding in hp.explain("model.lr").shadows] == [1.5]


@examples(200)
@given(st.dictionaries(names | marks, scalars, min_size=1, max_size=5))
def test_any_key_arrives_in_its_place(params: dict[str, Any]) -> None:
    found = decode_text(encode_text(captured(top=params)))
    assert exact(found.scopes.flat()) == exact({f"top.{k}": v for k, v in params.items()})


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("bits", [2047, 2048, 2049, 40_000, 1_000_000])
def test_ints_of_any_size_arrive_under_any_limit_of_digits(bits: int, sign: int) -> None:
    number = sign * (2**bits - 1)
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert arrived([number]) == [number]
    finally:
        sys.set_int_max_str_digits(before)


@pytest.mark.parametrize(
    "text",
    [
        "\ud83d\ude00",
        "\ud83d",
        "\ude00\ud83d",  # noqa: PT014  # surrogates in the other order
        "\ud83d\ud83d\ude00\ude00",
        "\N{GRINNING FACE}",
        "\0\x7f\x1b\r\n",
    ],
)
def test_surrogates_and_control_characters_arrive_and_leave_the_text_printable(text: str) -> None:
    place = Origin("file", f"{text}.toml:1", Process(text, 1))
    layer = Layer({f"a.{text}": text, "b": [{text: text}], "c": UntypedText(text)}, place)
    sent = encode_text(Captured(Snapshot((layer,), 1), Snapshot()))
    assert all(" " <= character <= "~" for character in sent)
    assert decode_text(sent).scopes.layers == (layer,)


def test_untyped_text_keeps_its_type_open_until_it_is_read() -> None:
    found = decode_text(encode_text(captured("n=007", word=7)))
    with context.attached(found.scopes):
        assert (hp.scope.n | "", hp.scope.n | 0, hp.scope.n()) == ("007", 7, "007")
        assert hp.scope.word | 0 == 7


def test_deleted_keys_stay_deleted_over_what_lies_below() -> None:
    with hp.scope(a=1, b=2), hp.scope(c=3):
        del hp.scope.a
        text = encode_text(context.capture())
    with hp.scope(a="of the other side"), context.attached(decode_text(text).scopes):
        assert "a" not in hp.scope
        assert (hp.scope.b(), hp.scope.c()) == (2, 3)


def test_closed_scopes_hide_what_is_active_where_they_arrive() -> None:
    with hp.scope(a=1), hp.scope.empty(b=2), hp.scope(c=3):
        text = encode_text(context.capture())
    with hp.scope(a=0, d=0), context.attached(decode_text(text).scopes):
        assert dict(hp.scope.storage().storage()) == {"b": 2, "c": 3}


def test_each_key_keeps_its_place_and_its_process() -> None:
    layers = (
        Layer({"a": 1, "b": 2}, Origin("cli", "-D"), {"b": Origin("env", "$B", Process("far", 3))}),
        Layer({"c": 3}, Origin("file", "base.toml:7", Process("h\u00f6st", 2**40))),
    )
    text = encode_text(Captured(Snapshot(layers, 1), Snapshot(layers[1:])))
    found = decode_text(text).scopes
    assert [found.origin_of(key) for key in "abc"] == [
        Origin("cli", "-D", HERE),
        Origin("env", "$B", Process("far", 3)),
        Origin("file", "base.toml:7", Process("h\u00f6st", 2**40)),
    ]


operations = st.one_of(
    st.tuples(st.sampled_from(["open", "empty", "write"]), st.dictionaries(names, values)),
    st.tuples(st.just("text"), st.sampled_from("abc"), texts),
    st.tuples(st.just("delete"), st.integers(0, 9)),
)


@examples(80)
@given(st.dictionaries(names, values), st.lists(operations, max_size=12))
def test_any_history_of_scopes_arrives_as_a_plain_dict_says(
    baseline: dict[str, Any], history: list[Any]
) -> None:
    """The model: opening and writing update a dict, deleting pops from it, empty() clears it."""
    baseline = flat(baseline)
    with interface.isolated():
        with hp.scope(**baseline):
            hp.scope.frozen()
        model = dict(baseline)
        for step in history:
            live(step, model)
        sent = context.capture()
        found = decode_text(encode_text(sent))
        assert exact(found.scopes.flat()) == exact(model)
        assert exact(found.baseline.flat()) == exact(baseline)
        assert form(found) == form(sent)


def flat(params: dict[str, Any]) -> dict[str, Any]:
    """Return the bindings that a scope makes of names: only in lists dicts stay what they are."""
    return {name: [value] for name, value in params.items()}


def live(step: Any, model: dict[str, Any]) -> None:
    match step:
        case "open", params:
            hp.scope(**flat(params)).__enter__()
            model.update(flat(params))
        case "write", params:
            hp.scope.update(flat(params))
            model.update(flat(params))
        case "empty", params:
            hp.scope.empty(**flat(params)).__enter__()
            model.clear()
            model.update(flat(params))
        case "text", key, text:
            hp.scope(f"{key}={text}").__enter__()
            model[key] = UntypedText(text)
        case "delete", number:
            if model:
                key = list(model)[number % len(model)]
                del hp.scope[key]
                del model[key]


# -- what cannot travel -----------------------------------------------------------------------


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Text(str):
    pass


class Number(int):
    pass


itself: list[Any] = []
itself.append(itself)


def nest(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def doubled(times: int) -> Any:
    value: Any = []
    for _ in range(times):
        value = [value, value]
    return value


UNFIT = {
    "tuple": (1, 2), "set": {1}, "bytes": b"x", "nan": math.nan, "inf": -math.inf,
    "complex": 1j, "enum": Color.RED, "int enum": Level.LOW, "str of its own": Text("x"),
    "int of its own": Number(1), "dict of its own": [OrderedDict(a=1)], "object": object(),
    "function": len, "path": Path("x"), "int as key": [{1: 2}], "None as key": [{None: 2}],
    "str of its own as key": [{Text("k"): 2}], "in a list": [1, [2, (3,)]],
    "in a dict": [{"a": {"b": {4}}}], "itself": itself, "too deep": nest(101),
    "user string": UserString("x"), "scope": [hp.scope(a=1)],
    "untyped in a list": [UntypedText("1")], "tree in a dict": {"a": UntypedTree([1])},
    "digits in a list": [ScalarText("1.0")], "deleted in a list": [DELETED],
    "tuple in a tree": UntypedTree([(1, 2)]), "removed in a tree": UntypedTree([REMOVED]),
    "tree too deep": UntypedTree(nest(101)), "untyped name": UntypedTree({UntypedText("1"): 2}),
}  # fmt: skip


@pytest.mark.parametrize("value", UNFIT.values(), ids=UNFIT)
def test_what_json_cannot_hold_is_an_error_with_key_and_origin(value: Any) -> None:
    layer = Layer({"fine": 1, "group.bad": value}, Origin("cli", "-D"))
    with pytest.raises(hp_dist.CarrierError) as refused:
        encode_text(Captured(Snapshot((layer,), 1), Snapshot()))
    assert refused.value.key == "group.bad"
    assert refused.value.origin == Origin("cli", "-D", HERE)
    message = str(refused.value)
    assert message.startswith(f"Hyperparameter 'group.bad' (cli -D on {HERE}) cannot be carried")
    assert "store it as" in message
    assert len(message) < 600


def test_lists_that_share_lists_end_in_an_error_and_not_in_all_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(codec, "MOST_CHARACTERS", 2**18)  # or it would take some seconds
    with pytest.raises(hp_dist.CarrierError, match=f"'key'.* beyond {2**18} characters"):
        encode_text(captured(key=doubled(90)))


def test_names_count_too_and_end_in_the_same_error(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "x" * 1000 + ".y"
    layer = Layer({f"a.{name}": 1}, PLACE, names={f"a.{name}": ("a", name)})
    monkeypatch.setattr(codec, "MOST_CHARACTERS", 1500)
    with pytest.raises(hp_dist.CarrierError, match="beyond 1500 characters") as refused:
        encode_text(Captured(Snapshot((layer,), 1), Snapshot()))
    assert refused.value.key == f"a.{name}"


def test_the_error_of_a_baseline_names_the_line_that_set_it() -> None:
    here = sys._getframe().f_lineno
    with hp.scope(when={1, 2}):
        hp.scope.frozen()
    with pytest.raises(hp_dist.CarrierError, match=r"a value|type") as refused:
        encode_text(context.capture())
    assert refused.value.origin.location.endswith(f"test_codec.py:{here + 1}")


def test_the_error_shows_no_value() -> None:
    with pytest.raises(hp_dist.CarrierError) as refused:
        encode_text(captured(password=("hunter2", {"hunter2": 1})))
    assert "hunter2" not in str(refused.value)


def test_a_hundred_levels_are_the_deepest() -> None:
    assert arrived(nest(100)) == nest(100)
    assert decode_text(document(values={"a": nest(100)})).scopes.flat() == {"a": nest(100)}
    is_refused(document(values={"a": nest(101)}), "nested deeper")


@pytest.mark.parametrize(
    "value", ["x" * MOST_CHARACTERS, "\0" * (MOST_CHARACTERS // 5), [0] * (MOST_CHARACTERS + 1)]
)
def test_a_scope_of_more_than_sixteen_megabytes_is_an_error(value: Any) -> None:
    with pytest.raises(hp_dist.CarrierError, match=str(MOST_CHARACTERS)):
        encode_text(captured(key=value))


# -- damage and malice ------------------------------------------------------------------------


def test_every_changed_character_and_every_cut_is_an_error() -> None:
    text = encode_text(captured("lr=0.1", steps=3, **{"a.b": [1.5, None, {"c": "d"}]}))
    for index in range(len(text)):
        is_refused(text[:index])
        is_refused(text[:index] + text[index + 1 :])
        for other in '0"} x\n':
            if other != text[index]:
                is_refused(text[:index] + other + text[index + 1 :])
    is_refused(text + " ")
    is_refused(text * 2)


@pytest.mark.parametrize("version", [0, 1, 999_999_999])
def test_another_version_is_an_error_that_names_both(version: int) -> None:
    is_refused(resealed("{}", version=version), f"version {version}, this side knows version 3")
    of_tomorrow = f'{{"format":"hyperparameter-scope","version":{version},"anything":[]}}'
    is_refused(of_tomorrow, f"version {version}, this side knows version 3")


@pytest.mark.parametrize("text", [None, 1, b"{}", [], "", " ", "{}", "null", "é", "\ud800", "\0"])
def test_what_is_no_carrier_is_an_error(text: Any) -> None:
    is_refused(text)


def test_text_beyond_the_limit_is_refused_unread() -> None:
    is_refused(document(values={"a": "x" * MOST_CHARACTERS}), "not a carried scope")


def test_a_text_that_names_a_file_is_no_scope() -> None:
    is_refused(resealed("{}", member="file"), "extract")


HOSTILE_BODIES = {
    "nothing": "", "cut": '{"closed":false,"scopes":[', "list": "[]", "null": "null",
    "number": "1", "mark": '{"$int":"1"}', "deep lists": "[" * 10**6,
    "deep objects": '{"a":' * 10**6, "deep closed": "[" * 10**5 + "]" * 10**5,
    "two values": "{} {}", "behind": "{}x", "NaN": "NaN", "python": "__import__('os')",
}  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE_BODIES.values(), ids=HOSTILE_BODIES)
def test_hostile_bodies_with_a_right_digest_are_errors(body: str) -> None:
    is_refused(resealed(body), "damaged")


def test_any_depth_up_to_the_stack_is_an_error() -> None:
    """What `json` can just read, the error message must be able to show or leave out."""
    body = body_of(document())
    origin = json.dumps(ORIGIN)
    assert origin in body
    for levels in range(sys.getrecursionlimit() - 200, sys.getrecursionlimit() + 10):
        deep = "[" * levels + "]" * levels
        is_refused(resealed(body.replace(origin, deep)), "damaged")
        is_refused(resealed(body.replace(origin, f'["code","x",{deep}]')), "damaged")
        is_refused(resealed(body.replace('"origins": {}', f'"origins":{{"a":{deep}}}')), "damaged")


HOSTILE_LAYERS: dict[str, dict[str, Any]] = {
    "no values": {"values": ...}, "no origin": {"origin": ...}, "one more": {"more": 1},
    "values as list": {"values": [["a", 1]]}, "values as text": {"values": "a"},
    "closed as int": {"closed": 1}, "no key": {"values": {"": 1}},
    "empty segment": {"values": {"a..b": 1}}, "dot before": {"values": {".a": 1}},
    "dot behind": {"values": {"a.": 1}}, "dot": {"values": {".": 1}},
    "origin as text": {"origin": "abc"}, "origin of two": {"origin": ["code", "x"]},
    "origin as dict": {"origin": {"a": 1, "b": 2, "c": 3}},
    "kind as number": {"origin": [1, "x", None]}, "place as null": {"origin": ["code", None, None]},
    "process as text": {"origin": ["code", "x", "hp"]},
    "pid as text": {"origin": ["code", "x", ["h", "1"]]},
    "pid as bool": {"origin": ["code", "x", ["h", True]]},
    "pid that nobody prints": {"origin": ["code", "x", ["h", {"$int": "f" * 9999}]]},
    "pid as float": {"origin": ["code", "x", ["h", 1.0]]},
    "origin of nothing": {"origins": {"b": ORIGIN}}, "bad origin": {"origins": {"a": [1]}},
    "origins as list": {"origins": []},
    "untyped number": {"values": {"a": {"$untyped": 1}}},
    "untyped nothing": {"values": {"a": {"$untyped": None}}},
    "untyped list": {"values": {"a": {"$untyped": ["a"]}}},
    "untyped twice": {"values": {"a": {"$untyped": {"$untyped": "a"}}}},
    "untyped and more": {"values": {"a": {"$untyped": "a", "$digits": "1"}}},
    "untyped in a list": {"values": {"a": [{"$untyped": "a"}]}},
    "digits in an object": {"values": {"a": {"b": {"$digits": "1.0"}}}},
    "tree in a list": {"values": {"a": [{"$tree": [1]}]}},
    "digits of words": {"values": {"a": {"$digits": "abc"}}},
    "digits of nothing": {"values": {"a": {"$digits": ""}}},
    "digits of a number": {"values": {"a": {"$digits": 1.5}}},
    "digits of code": {"values": {"a": {"$tree": [{"$digits": "__import__('os')"}]}}},
    "blank of words": {"values": {"a": {"$blank": "a"}}},
    "empty of words": {"values": {"a": {"$empty": "a"}}},
    "blank of null": {"values": {"a": {"$blank": None}}},
    "tree of text": {"values": {"a": {"$tree": "abc"}}},
    "tree of a number": {"values": {"a": {"$tree": 1}}},
    "tree of nothing": {"values": {"a": {"$tree": None}}},
    "tree of a tree": {"values": {"a": {"$tree": {"$tree": [1]}}}},
    "tree of untyped": {"values": {"a": {"$tree": {"$untyped": "a"}}}},
    "tree too deep": {"values": {"a": {"$tree": nest(101)}}},
    "tree as values": {"values": {"$tree": {"a": 1}}},
    "untyped as origin": {"origin": ["code", {"$untyped": "x"}, None]},
    "untyped as closed": {"closed": {"$untyped": "true"}},
    "untyped as key": {"values": {"a": {"$items": [[{"$untyped": "b"}, 1]]}}},
    "names as list": {"names": ["a"]}, "names as tree": {"names": {"$tree": {"a": ["a"]}}},
    "names of nothing": {"names": {"b": ["b"]}}, "names as text": {"names": {"a": "a"}},
    "names as object": {"names": {"a": {"a": 1}}}, "names as tree of names": {"names": {"a": {"$tree": ["a"]}}},
    "names as number": {"names": {"a": 1}}, "no names": {"names": {"a": []}},
    "names of another": {"names": {"a": ["b"]}}, "more names": {"names": {"a": ["a", "b"]}},
    "names of numbers": {"values": {"a.1": 1}, "names": {"a.1": ["a", 1]}},
    "names of lists": {"names": {"a": [["a"]]}}, "names of untyped": {"names": {"a": [{"$untyped": "a"}]}},
    "empty name": {"values": {"a.b": 1}, "names": {"a.b": ["", "a.b"]}},
    "removed value": {"removed": ["a"]}, "removed nothing": {"removed": ["b"]},
    "removed list": {"removed": [["a"]]}, "removed tree": {"removed": [{"$tree": ["a"]}]},
    "removed untyped": {"values": {"a": None}, "removed": [{"$untyped": "a"}]},
    "removed and deleted": {"values": {"a": None}, "removed": ["a"], "deleted": ["a"]},
    "shadowed by nothing": {"values": {"a": None}, "shadowed": ["a"]},
    "shadowed value": {"shadowed": ["a"]},
    "deleted value": {"deleted": ["a"]}, "deleted nothing": {"deleted": ["b"]},
    "deleted twice": {"values": {"a": None}, "deleted": ["a", "a"]},
    "deleted dict": {"deleted": [{}]}, "unknown mark": {"values": {"a": {"$pickle": "gASV"}}},
    "mark and more": {"values": {"a": {"$int": "1", "b": 2}}},
    "more and mark": {"values": {"a": {"b": 2, "$int": "1"}}},
    "int of no digits": {"values": {"a": {"$int": "zz"}}},
    "int of a number": {"values": {"a": {"$int": 1}}},
    "str of numbers": {"values": {"a": {"$str": [1]}}}, "str of text": {"values": {"a": {"$str": "ab"}}},
    "items of texts": {"values": {"a": {"$items": ["ab"]}}},
    "items of threes": {"values": {"a": {"$items": [["a", 1, 2]]}}},
    "items with a number": {"values": {"a": {"$items": [[1, 2]]}}},
    "items with a list": {"values": {"a": {"$items": [[[], 2]]}}},
    "items twice": {"values": {"a": {"$items": [["$", 1], ["$", 2]]}}},
    "values as items with no key": {"values": {"$items": [["", 1]]}},
    "values as int": {"values": {"$int": "1"}},
}  # fmt: skip


@pytest.mark.parametrize("changes", HOSTILE_LAYERS.values(), ids=HOSTILE_LAYERS)
def test_hostile_layers_with_a_right_digest_are_errors(changes: dict[str, Any]) -> None:
    decode_text(document())  # what would be fine without the change
    is_refused(document(**changes), "damaged")


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e999", "9" * 619, "-" + "9" * 10**6]
)
def test_numbers_that_are_none_or_endless_are_errors(number: str) -> None:
    is_refused(document().replace('{"a": 1}', f'{{"a": {number}}}'), "digest")
    is_refused(resealed(body_of(document()).replace('{"a": 1}', f'{{"a":{number}}}')), "damaged")


def test_a_key_that_stands_twice_is_an_error_wherever_it_stands() -> None:
    body = body_of(document())
    for once, twice in [
        ('{"a": 1}', '{"a":1,"a":1}'),
        ('{"a": 1}', '{"a":[{"b":1,"b":2}]}'),
        ('"closed": false', '"closed":false,"closed":true'),
    ]:
        assert once in body
        is_refused(resealed(body.replace(once, twice)), "twice")


def test_the_error_is_short_however_large_the_damage() -> None:
    assert len(str(is_refused(document(values={"x" * 10**6: 1, "": 1})))) < 500
    assert len(str(is_refused(document(origin=["y" * 10**6])))) < 500


# -- fuzz -------------------------------------------------------------------------------------

# Raised by the interpreter for whatever runs code, imports, starts something or opens a file.
WATCHED = {
    "compile", "exec", "import", "marshal.loads", "pickle.find_class", "os.system", "os.exec",
    "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect", "open", "ctypes.dlopen",
}  # fmt: skip
_watched_by: dict[int, list[Any]] = {}  # by thread


def _audit(event: str, arguments: Any) -> None:
    if _watched_by and event in WATCHED and threading.get_ident() in _watched_by:
        _watched_by[threading.get_ident()].append((event, arguments))


@functools.cache
def hook_for_good() -> None:
    sys.addaudithook(_audit)


@contextmanager
def canary() -> Iterator[list[Any]]:
    """Collect what the body runs, imports, starts or opens."""
    hook_for_good()
    found = _watched_by[threading.get_ident()] = []
    try:
        yield found
    finally:
        del _watched_by[threading.get_ident()]


class Bomb:
    def __reduce__(self) -> Any:
        return eval, ("1 + 1",)


PICKLES = [pickle.dumps(Bomb(), protocol) for protocol in (0, 2, 5)]


def test_the_canary_sees_what_it_is_there_for() -> None:
    with canary() as seen:
        for data in PICKLES:
            pickle.loads(data)
        Path(os.devnull).read_bytes()
    events = [event for event, _ in seen]
    assert events.count("pickle.find_class") == len(PICKLES)
    assert {"compile", "exec", "open"} <= set(events)


def seeds() -> list[str]:
    """Return valid texts with everything in them that there is."""
    with hp.scope(a=1, **{"b.c": [1.5, None, {"$int": "x", "\ud83d\ude00": [True]}]}):
        hp.scope.frozen()
    with hp.scope("lr=1e-3", n=2**3000, text="naïve \0 \ud800"), hp.scope(b={}):
        del hp.scope.a
        hp.scope.late = [[[]]]
        first = encode_text(context.capture())
    parts = UntypedTree([UntypedText("007"), {"$tree": [ScalarText("3.10")]}, 1])
    layer = Layer(
        {"a.b.c": parts, "d": REMOVED, "e": ScalarText("1e3"), "f": Blank(), "g": EmptyVariable()},
        PLACE,
        names={"a.b.c": ("a", "b.c")},
    )
    third = encode_text(Captured(Snapshot((layer,), 1), Snapshot()))
    with hp.scope.empty(password="p", **{f"k{index}": index for index in range(5)}):
        second = encode_text(context.capture())
    return [first, second, third, encode_text(captured()), document()]


STRANGE: list[Any] = [
    None, True, 0, -1, 2**63, 10**700, 1e308, -0.0, math.nan, math.inf, "", ".", "a..b", "\ud800",
    "$int", "0x" + "f" * 700, "null", "a" * 300, [], {}, [[]], {"": {}}, ["code", "x", ["h", 1]],
    {"$int": "ff"}, {"$int": "f" * 9999}, {"$int": {}}, {"$str": ["\ud83d", "\ude00"]}, {"$items": [["$", 1]]},
    {"$items": {}}, {"$untyped": "007"}, {"$untyped": []}, {"$digits": "3.10"}, {"$digits": "x"},
    {"$tree": [{"$untyped": "a"}]}, {"$tree": {"a": {"$tree": []}}}, {"$tree": 1}, ["a", "b"], {"$pickle": 1}, {"py/object": "os.system"}, "__import__('os').system('false')",
    "!!python/object/apply:os.system ['false']", nest(60), nest(150), LAYER,
    *(base64.b64encode(data).decode() for data in PICKLES),
]  # fmt: skip
SNIPPETS = [
    '"', "{", "}", "[", "]", ",", ":", "\\", "\\u", "\\ud83d", "NaN", "1e999", "9" * 700, "\0",
    "[" * 1500, '{"a":' * 1500, "\x7f", "é", '"a":1,', "true", "-", ".", " ",
    *(base64.b64encode(data).decode() for data in PICKLES), "cos\nsystem\n(S'false'\ntR.",
]  # fmt: skip


def scrambled(rng: random.Random, text: str) -> str:
    """Return `text` after a few cuts, swaps, copies and insertions."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice([0, 1, 1, 2, 8, 40]))
        middle = rng.choice(
            ["", text[start:end] * 2, chr(rng.randrange(32, 127)), rng.choice(SNIPPETS)]
        )
        text = text[:start] + middle + text[end:]
    return text


def transplanted(rng: random.Random, value: Any, spare: list[Any]) -> Any:
    """Return JSON with one node replaced, removed, doubled or renamed."""
    if type(value) not in (list, dict) or not value or rng.random() < 0.1:
        return rng.choice(spare)
    items: list[Any] = list(value.items() if type(value) is dict else enumerate(value))
    index = rng.randrange(len(items))
    key, item = items[index]
    action = rng.randrange(10)
    if action == 0:
        del items[index]
    elif action == 1:
        items.append((rng.choice(["a", "", "a.b", "$int", "x..y", "origin"]), item))
    elif action == 2 and type(value) is dict:
        items[index] = (rng.choice(["a", "", ".", "$str", "$items", "values"]), item)
    else:
        items[index] = (key, transplanted(rng, item, spare))
    return dict(items) if type(value) is dict else [item for _, item in items]


def attack(rng: random.Random, texts: list[str]) -> str:
    """Return one text to try: wild, or damaged, or wrong with a right digest."""
    text = rng.choice(texts)
    way = rng.randrange(10)
    if way == 0:
        return "".join(rng.choice(SNIPPETS) for _ in range(rng.randrange(12)))
    if way == 1:
        return scrambled(rng, text)
    body = body_of(text)
    if way < 5:
        body = scrambled(rng, body)
    else:
        value = json.loads(body)
        for _ in range(rng.randint(1, 3)):
            value = transplanted(rng, value, STRANGE)
        body = json.dumps(value)
    body = body.encode("ascii", "replace").decode()
    return resealed(body, rng.choice(["scope"] * 9 + ["file"]))


def outcome(read: Callable[[Any], Any], carrier: Any) -> Any:
    """Return what reading gives, None for a refusal; anything else goes through."""
    try:
        return read(carrier)
    except hp_dist.CarrierError as error:
        assert type(error) is hp_dist.CarrierError  # noqa: PT017  # a value is fine as well
        assert len(str(error)) < 1000  # noqa: PT017
        return None


def test_fuzzed_texts_are_decoded_or_refused_and_never_run() -> None:
    rng, texts = random.Random(20240229), seeds()
    attempts = [attack(rng, texts) for _ in range(INPUTS)]
    with canary() as seen:
        found = [outcome(decode_text, text) for text in attempts]
        opened = [outcome(hp_dist.extract, {"HYPERPARAMETER_SCOPE": text}) for text in attempts]
    assert seen == []
    assert [item is None for item in found] == [item is None for item in opened]
    accepted = [item for item in found if item is not None]
    assert INPUTS // 50 < len(accepted) < INPUTS // 2, "the fuzz is no longer near the edge"
    for item in accepted[:: max(1, len(accepted) // 2_000)]:  # plain data, which travels on
        assert form(decode_text(encode_text(item))) == form(item)
        with context.attached(item.scopes):
            assert len(hp.scope) == len(dict(hp.scope.storage().storage()))


def test_fuzzed_names_of_files_open_no_other_file(tmp_path: Path) -> None:
    rng = random.Random(7)
    text = encode_text(captured(a=["x" * 50]))
    named = json.loads(text_file.save(text))["file"]
    file = Path(named["directory"]) / f"{named['digest']}.json"
    os.mkfifo(tmp_path / f"{'0' * 32}.json")
    (tmp_path / "link.json").symlink_to(file)
    (tmp_path / f"{'1' * 32}.json").write_text(text)
    spare = [
        *STRANGE, str(tmp_path), "/dev", "/proc/self", "/", "..", "zero", "fd/0", "link", "0" * 32,
        "1" * 32, "\0", "/" * 5000, -1, len(text), 2**64, f"{tmp_path}/../{tmp_path.name}",
    ]  # fmt: skip
    attempts = []
    for _ in range(INPUTS):
        value = named
        for _ in range(rng.randint(0, 3)):
            value = transplanted(rng, value, spare)
        attempts.append({"HYPERPARAMETER_SCOPE": resealed(json.dumps(value), "file")})
    with canary() as seen:
        found = [outcome(hp_dist.extract, attempt) for attempt in attempts]
    accepted = sum(item is not None for item in found)
    assert INPUTS // 50 < accepted < INPUTS // 2, "the fuzz is no longer near the edge"
    assert {event for event, _ in seen} == {"open"}
    names = {arguments[0] for _, arguments in seen if type(arguments[0]) is not int}
    assert len(names) > 10
    assert all(name.endswith(".json") for name in names)
