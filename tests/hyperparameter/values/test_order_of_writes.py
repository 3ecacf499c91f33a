"""Null, a mapping, a number and `~` over each other: the order in which they are written decides.

A mapping joins a mapping, and takes the place of anything else; what that took away stays away.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import hyperparameter as hp


@dataclass
class Opt:
    a: int = 0
    b: int = 9


@hp.param("order_dict")
def with_dict(x: dict[str, int] | None = {"z": 0}) -> Any:
    return x


@hp.param("order_opt")
def with_opt(x: Opt | None = Opt(b=5)) -> Any:
    return x


@hp.param("order_union")
def with_union(x: int | Opt | None = Opt(b=5)) -> Any:
    return x


@hp.param("order_any")
def with_any(x: Any = None) -> Any:
    return x


FUNCTIONS: dict[str, Callable[[], Any]] = {
    "order_dict": with_dict, "order_opt": with_opt, "order_union": with_union,
    "order_any": with_any,
}  # fmt: skip
WRITES = {"null": None, "{}": {}, '{"a": 1}': {"a": 1}, "5": 5, "~": ...}


def over_default(namespace: str, value: Any) -> Any:
    """Return what the first write makes of the default, or the mapping of one that stands alone."""
    if isinstance(value, dict):
        if namespace == "order_dict":
            return {"z": 0, **value}
        return value if namespace == "order_any" else Opt(value.get("a", 0), 5)
    if value is ...:
        return {"order_dict": {"z": 0}, "order_any": None}.get(namespace, Opt(b=5))
    return value


def alone(namespace: str, value: dict[str, int]) -> Any:
    return value if namespace in ("order_dict", "order_any") else Opt(**value)


def expected(namespace: str, first: Any, second: Any) -> Any:
    if not isinstance(second, dict):
        return over_default(namespace, second)
    if isinstance(first, dict):
        return over_default(namespace, {**first, **second})
    return alone(namespace, second)


def word(key: str, text: str) -> str:
    return f"~{key}" if text == "~" else f"{key}={text}"


@contextlib.contextmanager
def scopes(*values: dict[str, Any]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for one in values:
            stack.enter_context(hp.scope(**one))
        yield


def run(function: Any, *argv: str, prefix: str | None = None) -> Any:
    with contextlib.redirect_stderr(None):
        return hp.run_cli(function, list(argv), env_prefix=prefix)


def defines(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    return run(f, "-D", word(key, one), "-D", word(key, two))


def define_and_option(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    return run(f, "-D", word(key, one), f"--x={two}")


def scope_and_define(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with hp.scope(**{key: WRITES[one]}):
        return run(f, "-D", word(key, two))


def text_and_define(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with hp.scope(word(key, one)):
        return run(f, "-D", word(key, two))


def variable_and_define(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with mock.patch.dict(os.environ, {f"ORDER_{key.upper().replace('.', '__')}": one}):
        return run(f, "-D", word(key, two), prefix="ORDER")


def file_and_define(f: Any, key: str, one: str, two: str, folder: Path) -> Any:
    file = folder / "one.json"
    file.write_text(json.dumps({key: WRITES[one]}))
    return run(f, "-C", str(file), "-D", word(key, two))


def two_scopes(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with scopes({key: WRITES[one]}, {key: WRITES[two]}):
        return f()


def two_writes(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with hp.scope():
        hp.scope[key] = WRITES[one]
        hp.scope[key] = WRITES[two]
        return f()


def two_texts(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with hp.scope(word(key, one), word(key, two)):
        return f()


def two_mappings_of_config(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with hp.config([{key: WRITES[one]}, {key: WRITES[two]}]):
        return f()


def two_overrides(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with hp.config({}, overrides=[word(key, one), word(key, two)]):
        return f()


ONE_SOURCE = [defines, two_writes, two_texts, two_overrides]
TWO_SOURCES = [
    define_and_option, scope_and_define, text_and_define, variable_and_define, file_and_define,
    two_scopes, two_mappings_of_config,
]  # fmt: skip
TAKE_AWAY_FIRST = {defines, define_and_option}
TAKE_AWAY_LAST = {
    defines, scope_and_define, text_and_define, variable_and_define, file_and_define,
}  # fmt: skip


@pytest.mark.parametrize("way", [*ONE_SOURCE, *TWO_SOURCES], ids=lambda way: way.__name__)
@pytest.mark.parametrize("namespace", FUNCTIONS)
def test_the_later_of_two_writes_decides(way: Any, namespace: str, tmp_path: Path) -> None:
    for one, two in itertools.product(WRITES, WRITES):
        if (one == "~" and way not in TAKE_AWAY_FIRST) or (
            two == "~" and way not in TAKE_AWAY_LAST
        ):
            continue
        if two == "5" and way is define_and_option and namespace == "order_dict":
            continue  # an option for names takes `--x NAME=VALUE`
        wanted = expected(namespace, WRITES[one], WRITES[two])

        def found(one: str = one, two: str = two) -> Any:
            return way(FUNCTIONS[namespace], f"{namespace}.x", one, two, tmp_path)

        if wanted == 5 and namespace in ("order_dict", "order_opt"):
            with pytest.raises((hp.ConversionError, hp.UsageError), match=r"5'? is not a mapping"):
                found()
        else:
            assert found() == wanted, (one, two)


@hp.param("order_deep")
def deep(m: dict[str, Any] = {"a": {"b": 0}}) -> Any:
    return m, hp.scope.order_deep.m | {"a": {"b": 0}}, bare()


@hp.param("order_deep")
def bare(m: dict = {"a": {"b": 0}}) -> Any:  # type: ignore[type-arg]  # as many write it
    return m


def define_and_option_below(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    return run(f, "-D", word(key, one), f"--m.a.p={two}")


def scope_and_inner_scope(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with scopes({key: json.loads(one)}, {f"{key}.p": json.loads(two)}):
        return f()


def one_scope(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with scopes({key: json.loads(one), f"{key}.p": json.loads(two)}):
        return f()


def words_of_one_scope(f: Any, key: str, one: str, two: str, _: Path) -> Any:
    with hp.scope(f"{key}={one}", f"{key}.p={two}"):
        return f()


def written_below(way: Any) -> Any:
    def write(f: Any, key: str, one: str, two: str, folder: Path) -> Any:
        with mock.patch(f"{__name__}.word", lambda k, text: f"{k}{'.p' * (text == two)}={text}"):
            return way(f, key, one, two, folder)

    return write


@pytest.mark.parametrize("value", ["5", "0.5", "[1]", "null"])
@pytest.mark.parametrize(
    "way",
    [
        define_and_option_below, scope_and_inner_scope, one_scope, words_of_one_scope,
        *map(written_below, [defines, two_texts, two_overrides]),
    ],
)  # fmt: skip
def test_what_a_value_took_away_stays_away_below_names(
    way: Any, value: str, tmp_path: Path
) -> None:
    assert way(deep, "order_deep.m.a", value, "7", tmp_path) == ({"a": {"p": 7}},) * 3


@pytest.mark.parametrize("value", [5, "text", [1], None])
def test_what_a_value_took_away_stays_away_between_sources(value: Any, tmp_path: Path) -> None:
    file, key, wanted = tmp_path / "one.json", "order_deep.m.a", ({"a": {"p": 7}},) * 3
    file.write_text(json.dumps({key: value}))
    assert run(deep, "-C", str(file), "-D", f"{key}.p=7") == wanted
    with hp.scope(**{key: value}):
        assert run(deep, "-D", f"{key}.p=7") == wanted
        assert run(deep, "--m.a.p=7") == wanted
        with mock.patch.dict(os.environ, {"ORDER_ORDER_DEEP__M__A__P": "7"}):
            assert run(deep, prefix="ORDER") == wanted
        with pickle.loads(pickle.dumps(hp.scope(f"{key}.p=7"))):
            assert deep() == wanted
        record = str(tmp_path / "record.json")
        assert run(deep, "-D", f"{key}.p=7", "--record", record) == wanted
    assert run(deep, "-C", record) == wanted
    with hp.config([{key: value}, {f"{key}.p": 7}]):
        assert deep() == wanted


def readers(ps: Any) -> dict[str, Any]:
    """Return what each reader sees of `order.x`, where it has a mapping alone."""
    with pytest.raises(hp.ConversionError, match=r"\{'a': 1\} is not an int"):
        hp.scope.order.x | 4
    return {
        "mapping": hp.scope.order.x | {},
        "none": hp.scope.order.x | None,
        "instance": ps.order.x | {},
        "in": "order.x" in ps,
        "in ambient": "order.x" in hp.scope,
        "storage": hp.scope.storage().storage(),
        "flat": dict(ps),
        "explained": hp.explain("order.x").bindings,
        "called": order(),
    }


@hp.param("order")
def order(x: dict[str, int] = {"z": 0}) -> Any:
    return x


SEEN = {
    "mapping": {"a": 1}, "none": {"a": 1}, "instance": {"a": 1}, "in": False,
    "in ambient": False, "storage": {"order.x.a": 1}, "flat": {"order.x.a": 1}, "explained": [],
    "called": {"a": 1},
}  # fmt: skip


@pytest.mark.parametrize("below", [5, 0.5, "text", True, [1, 2], (1,), Path("p")])
def test_a_mapping_takes_the_place_of_a_value_for_every_reader(below: Any) -> None:
    mapping = {"x": {"a": 1}}
    with hp.scope(**{"order.x": below}):
        with hp.scope(order=mapping) as ps:
            assert readers(ps) == SEEN
            with pytest.raises(hp.MissingParameter, match=r"keys below it: order\.x\.a"):
                hp.scope.order.x()
        with hp.scope(**{"order.x": mapping["x"]}) as ps:
            assert readers(ps) == SEEN
        with pickle.loads(pickle.dumps(hp.scope(order=mapping))) as ps:
            assert readers(ps) == SEEN
        with hp.scope() as ps:
            ps.order.x = mapping["x"]
            assert readers(ps) == SEEN
        assert hp.scope.order.x() == below
    with hp.scope(**{"order.x": below}) as ps:
        hp.scope.order.x = mapping["x"]
        assert readers(ps) == SEEN


def test_a_dotted_name_below_a_value_stands_beside_it() -> None:
    with hp.scope(**{"order.x": 5}), hp.scope(**{"order.x.a": 1}) as ps:
        assert dict(ps) == {"order.x": 5, "order.x.a": 1}
        assert hp.scope.order.x() == 5
        assert order() == {"a": 1}  # who wants a mapping gets what is one


def test_a_value_over_a_mapping_is_what_is_read() -> None:
    with scopes({"order.x": 5}, {"order.x": {"a": 1}}, {"order.x": 6}):
        assert hp.scope.order.x() == 6


@pytest.mark.parametrize("value", [None, 5])
def test_a_mapping_for_a_number_is_an_error_also_over_one(value: Any) -> None:
    @hp.param("order_number")
    def number(x: int | None = 3) -> int | None:
        return x

    config = hp.config([{"order_number.x": value}], overrides={"order_number.x": {"a": 1}})
    with config, pytest.raises(hp.ConversionError, match="is not an int"):
        number()


def test_what_later_names_replace_is_told_with_what_was_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @hp.param("order_names")
    def names(x: dict[str, Any] = {}) -> Any:
        return x

    words = ["-D", 'order_names.x={"a.b": {"c.d": 1}}', "-D", "order_names.x.a.b.c.d=7"]
    assert hp.run_cli(names, words) == {"a.b": {"c.d": 7}}
    with hp.record() as rec, scopes({"order_any.x.a": 1}), hp.scope('order_any.x={"a": 2}'):
        assert with_any() == {"a": 2}
    [replaced] = rec.unused()
    assert (replaced.key, len(replaced.instead)) == ("order_any.x.a", 1)
    assert "never read" not in capsys.readouterr().err


def test_what_is_not_read_still_counts_as_unused() -> None:
    with hp.record() as rec, scopes({"order_any.x.a": 1}, {"order_any.x": 5}):
        assert with_any() == 5
    assert [one.key for one in rec.unused()] == ["order_any.x.a"]
