"""Values that may change: sent as they are by then, together, and once when they are large."""

import copy
import copyreg
import gc
import os
import pickle
import subprocess
import sys
import tracemalloc
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import cloudpickle
import numpy as np
import pytest
from ray import ObjectRef

import hp_dist
import hyperparameter as hp
from hp_dist._carry.attachments import Attachment, Inline
from hp_dist._carry.spool import Spool
from hp_dist._carry.submission import Message, Submission, receive
from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter.context import Captured

MB = 1024 * 1024


def message() -> Message:
    """Return what is sent from here, as from another process."""
    return Submission(Captured(*captured()), (), (b"elsewher", 1)).message(Inline)


def captured() -> Captured:
    submission = Submission.capture()
    return Captured(submission.scopes, submission.baseline)


def arrived(sent: Message | None = None) -> dict[str, Any]:
    # Through pickle, or what arrives would be the very memory that was sent.
    payload, attachments = pickle.loads(pickle.dumps(tuple(sent or message()), 5))
    return receive(Inline, payload, attachments).scopes.flat()


def attached(sent: Message) -> dict[bytes, Attachment]:
    return sent.attachments[1] if sent.attachments else {}  # type: ignore[return-value]  # inline


class Holder:
    def __init__(self, held: Any) -> None:
        self.held = held


@dataclass
class Options:
    held: int = 0


# -- together ---------------------------------------------------------------------------------


def test_objects_in_several_scopes_and_the_baseline_stay_one() -> None:
    shared: list[Any] = [1]
    with hp.scope(base=shared):
        hp.scope.frozen()
    with hp.scope(outer=Holder(shared), pair=(shared, 1)), hp.scope(inner={1: shared}):
        payload, attachments = message()
    received = receive(Inline, payload, attachments)
    found = received.scopes.flat()
    base = received.baseline.flat()["base"]
    assert base == [1]
    assert all(each is base for each in (found["outer"].held, found["pair"][0], found["inner"][1]))


def test_large_values_that_share_an_object_share_it_and_others_travel_apart() -> None:
    shared = [0]
    large = {name: [name, *map(str, range(20_000))] for name in ("a", "b", "c")}
    with hp.scope(**{name: Holder([shared, value]) for name, value in large.items()}):
        found = arrived()
        assert found["a"].held[0] is found["b"].held[0] is found["c"].held[0]
        assert {name: found[name].held[1] for name in large} == large
    with hp.scope(**large, small=[1]):
        before = attached(message())
        assert len(before) == 3
        hp.scope.small().append(2)
        large["b"].append("more")
        after = attached(message())
        assert len(before.keys() & after.keys()) == 2
        assert arrived() == {**large, "small": [1, 2]}


def test_large_value_below_travels_once_for_all_small_scopes_above() -> None:
    with hp.scope(names=[str(n) for n in range(20_000)], array=np.ones(20_000), text="x" * 99_999):
        sent = []
        for n in range(3):
            with hp.scope(n=[n]):
                sent.append(attached(message()))
        assert len(sent[0]) == 3
        assert sent[0].keys() == sent[1].keys() == sent[2].keys()


def test_same_array_in_two_places_travels_once() -> None:
    array = np.arange(100_000.0)
    with hp.scope(a=array, b=Holder(array)), hp.scope(c=[array]):
        assert len(attached(message())) == 1
        found = arrived()
    assert found["a"] is found["b"].held is found["c"][0]


# -- what has changed -------------------------------------------------------------------------

CHANGES = {
    "list": ([1, [2]], lambda value: value[1].append(3)),
    "dict": ({1: 2}, lambda value: value.update({1: 3})),
    "object": (Holder(1), lambda value: setattr(value, "held", 2)),
    "inside a tuple": (([],), lambda value: value[0].append(1)),
    "array": (np.zeros(5), lambda value: value.fill(1)),
    "large array": (np.zeros(50_000), lambda value: value.put(49_999, 1)),
    "very large array": (np.zeros(4_000_000), lambda value: value.fill(1)),
    "array by columns": (np.zeros((300, 300), order="F"), lambda value: value.fill(1)),
    "slice": (np.zeros((300, 600))[:, ::2], lambda value: value.fill(1)),
    "large list": (list(range(50_000)), lambda value: value.__setitem__(25_000, 0)),
    "array of an object": (Holder(np.zeros(5)), lambda v: setattr(v, "held", np.ones(20_000))),
}


@pytest.mark.parametrize(("value", "change"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("is_baseline", [False, True], ids=["scope", "baseline"])
def test_change_in_place_is_seen_by_the_next_submission(
    value: Any, change: Any, is_baseline: bool
) -> None:
    value = (
        pickle.loads(pickle.dumps(value)) if not isinstance(value, np.ndarray) else value.copy("K")
    )

    def as_bytes() -> bytes:
        return cloudpickle.dumps(arrived()["key"])

    with hp.scope(key=value):
        if is_baseline:
            hp.scope.frozen()
        before = as_bytes()
        assert as_bytes() == before
        change(value)
        assert as_bytes() == cloudpickle.dumps(arrived()["key"]) != before
        with hp.scope(other=1):
            assert as_bytes() != before


class Reader:
    def __call__(self) -> Any:
        return hp.scope.key()


@pytest.mark.parametrize(("value", "change"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_what_is_bound_has_the_values_of_that_moment_whoever_pickles_it_later(
    value: Any, change: Any, dumps: Any
) -> None:
    value = copy.deepcopy(value)
    with hp.scope(key=value):
        whole = [hp_dist.bind(Reader().__call__), hp_dist.bind(Reader()), hp_dist.bind(Reader)]
        initializer = hp_dist.initializer()
        before = [dumps(each) for each in whole]
        change(value)
        changed = cloudpickle.dumps(value)
        after = [dumps(each) for each in whole]
        assert whole[0]() is value
    for sent, sent_later in zip(before, after, strict=True):
        first, later = pickle.loads(sent)(), pickle.loads(sent_later)()
        first, later = (each() if isinstance(each, Reader) else each for each in (first, later))
        assert cloudpickle.dumps(later) == cloudpickle.dumps(first) != changed
    with hp.record():  # which puts back what the initializer opens
        copied = dumps(initializer)
    before_all = interface.active()
    pickle.loads(copied)()
    try:
        assert cloudpickle.dumps(hp.scope.key()) == cloudpickle.dumps(first)
    finally:
        context.detach(before_all)


def test_bound_functions_of_one_large_array_have_one_copy_of_it() -> None:
    array = np.zeros(1_000_000)
    with hp.scope(key=array):
        tracemalloc.start()
        bound = [hp_dist.bind(Reader().__call__) for _ in range(5)]
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert size < 1.5 * array.nbytes
    assert all(pickle.loads(pickle.dumps(each))().sum() == 0 for each in bound)


def test_references_of_an_engine_are_those_of_the_moment_of_binding() -> None:
    first, second = ObjectRef.from_random(), ObjectRef.from_random()
    refs = [first]
    with hp.scope(refs=refs):
        bound = hp_dist.bind(lambda: hp.scope.refs())
        refs[0] = second
    assert cloudpickle.loads(cloudpickle.dumps(bound))() == [first]


def test_value_that_a_worker_changed_is_sent_on_changed() -> None:
    with hp.scope(array=np.zeros(20_000), tags=[1]):
        payload, attachments = pickle.loads(pickle.dumps(tuple(message())))
    received = receive(Inline, payload, attachments)
    with context.attached(received.scopes):
        hp.scope.array()[:] = 1
        hp.scope.tags().append(2)
        found = arrived()
    assert (found["array"].sum(), found["tags"]) == (20_000, [1, 2])


def test_work_under_way_keeps_its_file_when_its_value_is_sent_again_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = np.zeros(20_000)
    with hp.scope(array=array):
        first = Submission.capture()
        payload, attachments = first.message(Spool)
        array[:] = 1
        Submission.capture().message(Spool)
    gc.collect()
    assert receive(Spool, payload, attachments).scopes.flat()["array"].sum() == 0
    del first


# -- very large ones --------------------------------------------------------------------------


@pytest.fixture
def very_large() -> np.ndarray[Any, Any]:
    return np.zeros(20 * MB, dtype="uint8")


def sends(key_of: str = "model.weights") -> Iterator[list[str]]:
    """Send again and again; yield the warnings of each time."""
    while True:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            message()
        yield [str(each.message) for each in caught]


def test_few_changed_places_of_a_very_large_array_are_found_in_the_end_with_a_warning(
    very_large: np.ndarray[Any, Any],
) -> None:
    with hp.scope(**{"model.weights": very_large}):
        sending = sends()
        assert next(sending) == next(sending) == []
        very_large[7 * MB + 5000] = 1
        said = [warned for _, warned in zip(range(25), sending, strict=False) if warned]
        assert len(said) == 1
        assert "'model.weights' (code " in said[0][0]
        assert "test_open_values.py" in said[0][0]
        assert "was changed in place" in said[0][0]
        assert arrived()["model.weights"][7 * MB + 5000] == 1


def test_ordinary_changes_of_a_very_large_array_are_found_at_once_without_a_warning(
    very_large: np.ndarray[Any, Any],
) -> None:
    with hp.scope(**{"model.weights": very_large}):
        sending = sends()
        next(sending)
        for change in (slice(None), slice(None, None, 2), slice(MB, 2 * MB)):
            very_large[change] += 1
            assert next(sending) == []
            assert (arrived()["model.weights"] == very_large).all()
        hp.scope.model.weights = np.ones(20 * MB, dtype="uint8")
        assert next(sending) == []
        assert arrived()["model.weights"].all()


def test_change_that_was_missed_is_found_before_the_array_is_stored_elsewhere(
    very_large: np.ndarray[Any, Any],
) -> None:
    with hp.scope(**{"model.weights": very_large}):
        message()
        very_large[19 * MB + 5000] = 1
        with pytest.warns(RuntimeWarning, match=r"model\.weights"):
            sent = Submission.capture().message(Spool)
        assert receive(Spool, *sent).scopes.flat()["model.weights"][19 * MB + 5000] == 1


# -- what nothing can see ---------------------------------------------------------------------


class Refusing:
    def __reduce__(self) -> Any:
        raise TypeError("not me")


def test_values_that_nothing_can_see_are_not_sent() -> None:
    with hp.scope(text="x" * MB, array=np.zeros(MB), bad=Refusing(), small=1):
        with hp.scope(text="y" * MB, array=np.ones(MB // 8), bad="good", small=2):
            sent = message()
            assert sum(each.size for each in attached(sent).values()) < 2.1 * MB
            found = arrived(sent)
    assert (found["text"][0], found["array"][0], found["bad"], found["small"]) == (
        "y",
        1,
        "good",
        2,
    )
    assert list(found) == ["text", "array", "bad", "small"]


def test_what_a_mapping_above_joins_is_sent() -> None:
    with hp.scope(options=Options(1), more=[1]), hp.scope(options={}, more=[2]):
        payload, attachments = message()
        assert (hp.scope.options | Options(3)) == Options(1)
    with context.attached(receive(Inline, payload, attachments).scopes):
        assert (hp.scope.options | Options(3)) == Options(1)


def test_mappings_of_a_class_of_their_own_arrive_as_such() -> None:
    shared: list[int] = []
    tree = defaultdict(shared.copy, a=1)
    with hp.scope(tree=tree, shared=shared, hidden=OrderedDict(x=[1])), hp.scope(hidden=[2]):
        found = receive(Inline, *message()).scopes
        with context.attached(found):
            assert (hp.scope.tree | {}).default_factory.__self__ is hp.scope.shared()
            assert hp.scope.hidden() == [2]
            with hp.scope(more=[3]):  # sent on, with what was not sent
                again = receive(Inline, *message()).scopes
    with context.attached(again):
        assert type(hp.scope.tree | {}) is defaultdict
        assert (hp.scope.tree | {}) == {"a": 1}
        assert (hp.scope.hidden(), hp.scope.more()) == ([2], [3])


def test_value_whose_key_was_deleted_above_is_sent_no_error_hides_it() -> None:
    with hp.scope(a=[1], b=[2]), hp.scope():
        del hp.scope.a
        assert arrived() == {"b": [2]}


# -- picklers ---------------------------------------------------------------------------------


def test_value_that_cannot_be_read_names_its_key_and_leaves_the_others_alone() -> None:
    class Broken:
        def __reduce__(self) -> Any:
            return int, ("no number",)

    with hp.scope(good=[1], bad=Broken(), other=[2]):
        with pytest.raises(hp_dist.CarrierError, match="'bad' has arrived"):
            arrived()


def test_key_of_an_engine_value_is_not_taken_for_a_function_of_the_user() -> None:
    from hp_dist._carry.picklers import engine_value

    with pytest.raises(pickle.UnpicklingError, match="hp_dist"):
        engine_value(0)


def test_reducers_that_were_registered_with_copyreg_are_used() -> None:
    class Connection:
        def __init__(self, port: int) -> None:
            self.port = port

        def __reduce__(self) -> Any:
            raise TypeError("ask copyreg")

    copyreg.pickle(Connection, lambda one: (int, (one.port,)))  # type: ignore[arg-type]
    try:
        with hp.scope(plain=Connection(1), by_value=[Connection(2), lambda: 0]):
            found = arrived()
    finally:
        del copyreg.dispatch_table[Connection]
    assert (found["plain"], found["by_value"][0]) == (1, 2)


MAIN = """
    import enum, pickle, sys
    import cloudpickle
    import hp_dist, hyperparameter as hp

    class Mode(enum.Enum):
        FAST = 1

    def seen():
        return hp.scope.mode() is Mode.FAST, hp.scope.made()() is Mode.FAST, hp.scope.cls() is Mode

    with hp.scope(mode=Mode.FAST, made=lambda: Mode.FAST, cls=Mode):
        bound = hp_dist.bind(seen)
    print(*pickle.loads(pickle.dumps(bound))())
    print(*cloudpickle.loads(cloudpickle.dumps(bound))())
"""


def test_bound_function_of_the_main_program_meets_its_own_types_by_any_pickler(
    tmp_path: Path,
) -> None:
    program = tmp_path / "program.py"
    program.write_text(dedent(MAIN))
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == "True True True\nTrue True True\n"
