"""A read uses the binding that it took: all others, of the same key as well, are unused."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import hp_dist
import hyperparameter as hp
from hyperparameter._records import overridden


def left_before_the_read() -> None:
    with hp.scope(x=2):
        pass
    with hp.scope(x=3):
        assert hp.scope.x | 0 == 3


def shadowed() -> None:
    with hp.scope(x=2):
        with hp.scope(x=3):
            assert hp.scope.x | 0 == 3


def hidden_by_empty() -> None:
    with hp.scope(x=2):
        with hp.scope.empty():
            assert hp.scope.x | 0 == 0


def deleted() -> None:
    with hp.scope(x=2) as ps:
        del ps["x"]
        assert hp.scope.x | 0 == 0


def written_over() -> None:
    with hp.scope() as ps:
        ps.x = 2
        ps.x = 3
        assert hp.scope.x | 0 == 3


def line(function: Callable[[], Any], number: int) -> str:
    return f"{os.path.basename(__file__)}:{function.__code__.co_firstlineno + number}"


@pytest.mark.parametrize(
    ("function", "at", "instead"),
    [(left_before_the_read, 1, 3), (shadowed, 1, 2), (hidden_by_empty, 1, None), (deleted, 1, None),
     (written_over, 2, 3)],
)  # fmt: skip
def test_a_binding_that_no_read_took_is_unused(
    function: Callable[[], Any], at: int, instead: int | None, tmp_path: Path
) -> None:
    with hp.record() as rec:
        function()
    rec.save(tmp_path / "r.json")
    for one in (rec, hp.Record.load(tmp_path / "r.json")):
        [unused] = one.unused()
        assert (unused.key, unused.suggestions) == ("x", [])
        assert unused.origin.location.endswith(line(function, at))
        [got] = unused.instead
        if got is None or instead is None:
            assert got is instead
            assert str(unused).endswith("was never read; its readers got the default")
        else:
            assert got.location.endswith(line(function, instead))
            assert str(unused).endswith(f"was never read; its readers got the value of {got}")


def test_each_place_that_set_a_key_for_nothing_is_told_once() -> None:
    with hp.record() as rec:
        for value in range(3):
            with hp.scope(y=value):
                pass
            with hp.scope(y=value):
                pass
    first, second = rec.unused()
    assert (first.key, second.key, first.instead) == ("y", "y", [])
    assert first.origin != second.origin


def test_one_read_in_a_loop_uses_the_place_that_set_it() -> None:
    with hp.record() as rec:
        for value in range(3):
            with hp.scope(x=value):
                if value == 1:
                    assert hp.scope.x | 9 == 1
    assert rec.unused() == []


def test_reading_all_uses_what_is_visible() -> None:
    with hp.record() as rec, hp.scope(x=1, y=1):
        with hp.scope(x=2):
            assert dict(hp.scope.current()) == {"x": 2, "y": 1}
    [unused] = rec.unused()
    assert (unused.key, len(unused.instead)) == ("x", 1)


@dataclass
class Optim:
    lr: float = 0.1
    steps: int = 2


def opened(one: Any) -> hp.scope:
    return hp.scope(one) if isinstance(one, str) else hp.scope(**one)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [({"o": {"a": 1}}, {"o": {"b": 2}}), ({"o": {"a": 1}}, {"o.b": 2}),
     ('o={"a": 1}', 'o={"b": 2}'), ('o={"a": 1}', {"o.b": 2})],
)  # fmt: skip
def test_all_that_a_mapping_is_joined_of_is_read(outer: Any, inner: Any) -> None:
    with hp.record() as rec:
        with opened(outer):
            with opened(inner):
                assert hp.scope.o | {} == {"a": 1, "b": 2}
    assert rec.unused() == []


@pytest.mark.parametrize("outer", [{"u.optim": Optim(3.0)}, 'u.optim={"lr": 3}'])
def test_all_that_a_structure_is_made_of_is_read(outer: Any) -> None:
    @hp.param("u")
    def optimise(optim: Optim = Optim()) -> Optim:  # a default that is never changed
        return optim

    with hp.record() as rec:
        with opened(outer):
            with hp.scope(**{"u.optim.steps": 4}):
                assert optimise() == Optim(3.0, 4)
    assert rec.unused() == []


def test_a_program_that_changes_its_directory_has_read_what_it_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(os.path.dirname(__file__))
    with hp.record() as rec, hp.scope(x=1):
        assert hp.scope.x | 0 == 1
    rec.save(tmp_path / "r.json")
    monkeypatch.chdir(tmp_path)
    with hp.record() as both, hp.scope(x=1):
        pass
    both.add(hp.Record.load(tmp_path / "r.json").reads)
    both.add_overrides(rec._overridden.all())
    assert len(both.unused()) == 1


def test_places_are_kept_within_a_limit() -> None:
    found = overridden.Overridden()
    for number in range(1200):
        found.take("x", ("a.toml", number))
    assert not found.take("x", ("a.toml", 7))
    assert len(list(found.all())) == 1000


def set_and_read(value: int) -> int:
    """Set a key in each worker, and read it in one of them."""
    with hp.scope(own=value):
        return int(hp.scope.own | 0) if value == 1 else 0


def set_again(value: int) -> int:
    with hp.scope(carried=value):
        return int(hp.scope.carried | 0)


def test_workers_are_one_program(tmp_path: Path) -> None:
    hp_dist.install("futures")
    try:
        with ProcessPoolExecutor(2) as pool, hp.record() as rec:
            with hp.scope(carried=7, both=1):
                assert list(pool.map(set_and_read, range(6))) == [0, 1, 0, 0, 0, 0]
                assert list(pool.map(set_again, range(3))) == [0, 1, 2]
            with hp.scope(both=2):
                assert pool.submit(read_both).result() == 2
    finally:
        hp_dist.uninstall()
    rec.save(tmp_path / "r.json")
    for one in (rec, hp.Record.load(tmp_path / "r.json")):
        both, carried = sorted(one.unused(), key=lambda unused: unused.key)
        assert (both.key, carried.key) == ("both", "carried")
        assert both.origin == carried.origin
        [got] = carried.instead
        assert got is not None
        assert got.process is not None
        assert got.location.endswith(line(set_again, 1))


def read_both() -> int:
    return int(hp.scope.both | 0)


def test_what_a_worker_sets_for_nothing_is_told() -> None:
    hp_dist.install("futures")
    try:
        with ProcessPoolExecutor(2) as pool, hp.record() as rec, hp.scope(own=5):
            assert pool.submit(read_own, True).result() == 5
            assert pool.submit(read_own, False).result() == 0
    finally:
        hp_dist.uninstall()
    [unused] = rec.unused()
    assert unused.key == "own"
    assert unused.origin.process is not None


def read_own(is_read: bool) -> int:
    if is_read:
        return int(hp.scope.own | 0)
    with hp.scope(own=6):
        return 0
