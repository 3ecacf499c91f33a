"""An instance replaces what was below its key, for those who read the keys below it as well."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

import hyperparameter as hp


@dataclass
class Opt:
    x: int = 1
    y: str = "default"


class Pair(NamedTuple):
    x: int = 1
    y: str = "default"


@hp.param("below")
def called(y: Any = "d") -> Any:
    return y


@contextlib.contextmanager
def assigned(instance: Any) -> Iterator[None]:
    with hp.scope():
        hp.scope.below = instance
        yield


@contextlib.contextmanager
def updated(instance: Any) -> Iterator[None]:
    with hp.scope():
        hp.scope.update({"below": instance})
        yield


INNER = {
    "keyword": lambda one: hp.scope(below=one),
    "assigned": assigned,
    "updated": updated,
    "config": lambda one: hp.config({"below": one}),
    "two sources": lambda one: hp.config([{"below.y": "4"}, {"below": one}]),
    "pickled": lambda one: pickle.loads(pickle.dumps(hp.scope(below=one))),
    "parameters": lambda one: hp.Params({"below": one}).to_scope(),
    "closed": lambda one: hp.scope.empty(below=one),
}
OUTER = {
    "text": lambda: hp.scope("below.y=3"),
    "key": lambda: hp.scope(**{"below.y": "3"}),
    "mapping": lambda: hp.scope(below={"y": "3", "more": {"z": 3}}),
    "config": lambda: hp.config({"below": {"y": "3"}}),
}


def seen() -> dict[str, Any]:
    return {
        "or": hp.scope.below.y | "d",
        "called": hp.scope.below.y("d"),
        "item": hp.scope["below.y"] | "d",
        "none": hp.scope.below.y | None,
        "true": bool(hp.scope.below.y),
        "in": "below.y" in hp.scope,
        "keys": [key for key in hp.scope if key.startswith("below.")],
        "parameter": called(),
        "explained": hp.explain("below.y").bindings,
        "mapping": hp.scope.below.more | None,
    }


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("instance", [Opt(5, "007"), Pair(5, "007")])
def test_flat_reads_are_as_with_the_instance_alone(outer: str, inner: str, instance: Any) -> None:
    with hp.scope.empty(below=instance):
        alone = seen()
    with OUTER[outer](), INNER[inner](instance):
        assert seen() == alone
        assert hp.scope.below() == instance
        with pytest.raises(hp.MissingParameter):
            hp.scope.below.y()
        with hp.scope("below.y=9"):
            assert (hp.scope.below.y | "d", called(), hp.scope.below().y) == ("9", 9, "9")
        hp.scope.below.y = "8"
        assert (hp.scope.below.y | "d", called(), hp.scope.below().y) == ("8", "8", "8")


def test_what_is_outside_comes_back() -> None:
    with hp.scope("below.y=3"):
        with hp.scope(below=Opt()):
            pass
        assert (hp.scope.below.y | "d", called()) == ("3", 3)


def test_an_instance_written_in_the_same_scope() -> None:
    with hp.scope("below.y=3"):
        hp.scope.below = Opt(5, "007")
        assert seen()["or"] == called() == "d"
        assert hp.scope.below() == Opt(5, "007")


def test_a_name_with_dots_beside_the_instance_stays() -> None:
    with hp.scope(m={"o": 1, "o.y": 3}), hp.scope(m={"o": Opt()}):
        assert hp.scope.m.o.y | 0 == 3
        assert hp.scope.m | {} == {"o": Opt(), "o.y": 3}


def test_records_say_what_the_flat_reads_got() -> None:
    with hp.record() as rec, hp.scope("below.y=3"), hp.scope(below=Opt(5, "007")):
        assert called() == "d"
        hp.scope.below()
    reads = {read.key: (read.value, read.default_used) for read in rec.reads}
    assert reads["below.y"] == ("d", True)
    assert str(reads["below"][0]) == "Opt(x=5, y='007')"
