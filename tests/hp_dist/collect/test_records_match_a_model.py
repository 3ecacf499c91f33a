"""Random programs of records, submissions, reads and writes, against a plain model."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor

import pytest
import soak
from collect_work import PATIENCE, Told, read_all
from hypothesis import given
from hypothesis import strategies as st

import hp_dist
import hyperparameter as hp

pytestmark = [
    # Only Python 3.12 and later say so; the children here touch nothing that a thread may hold.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]

KEYS = ["a", "b", "c", "d.e"]
keys = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3).map(tuple)
steps = st.one_of(
    st.tuples(st.just("open")),
    st.tuples(st.just("close")),
    st.tuples(st.just("submit"), keys),
    st.tuples(st.just("submit"), keys),
    st.tuples(st.just("nest"), keys),
    st.tuples(st.just("read"), keys),
    st.tuples(st.just("write"), st.sampled_from(KEYS), st.integers(0, 2)),
    st.tuples(st.just("settle")),
)

Expected = set[tuple[str, int, bool]]


@pytest.fixture(scope="module")
def executor() -> Iterator[ProcessPoolExecutor]:
    """Two workers that stay the same for all programs: they answer from memory what they can."""
    hp_dist.install("futures")
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as made:
        yield made
    hp_dist.uninstall()


def nested(names: tuple[str, ...]) -> list[Told]:
    """Read in a scope and in a record of the worker's own."""
    with hp.record(), hp.scope(own=1):
        return read_all("own", *names)


class Model:
    """What is set, and what each record must hold: a stack of sets of (key, value, set or not)."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.open: list[tuple[hp.Record, Expected]] = []
        self.closed: list[tuple[hp.Record, Expected]] = []

    def note(self, names: tuple[str, ...]) -> list[int]:
        for _, expected in self.open:
            expected |= {(name, self.values.get(name, -1), name in self.values) for name in names}
        return [self.values.get(name, -1) for name in names]

    def close(self) -> None:
        rec, expected = self.open.pop()
        rec.__exit__(None, None, None)
        self.closed.append((rec, expected))


@given(program=st.lists(steps, max_size=25))
@soak.examples(60)
def test_each_record_has_what_was_submitted_and_read_while_it_was_open(  # noqa: C901 - one row of cases
    executor: ProcessPoolExecutor, program: list[tuple]
) -> None:
    model = Model()
    pending: list[tuple[Future[list[Told]], list[int]]] = []

    def settle() -> None:
        for future, values in pending:
            assert [one.value for one in future.result(PATIENCE)] == values
        pending.clear()

    with hp.scope():
        for name, *arguments in program:
            match name:
                case "open":
                    model.open.append((hp.record().__enter__(), set()))
                case "close" if model.open:
                    model.close()
                case "submit":
                    (names,) = arguments
                    pending.append((executor.submit(read_all, *names), model.note(names)))
                case "nest":
                    (names,) = arguments
                    for _, expected in model.open:
                        expected.add(("own", 1, True))
                    values = [1, *model.note(names)]
                    pending.append((executor.submit(nested, names), values))
                case "read":
                    (names,) = arguments
                    assert [one.value for one in read_all(*names)] == model.note(names)
                case "write":
                    key, value = arguments
                    hp.scope[key] = value
                    model.values[key] = value
                case "settle":
                    settle()
        while model.open:
            model.close()
    settle()
    for rec, expected in model.closed:
        assert rec.wait(PATIENCE) is True
        assert rec.incomplete == []
        held = {(one.key, one.value, not one.default_used) for one in rec.reads}
        assert held == expected
        assert all((one.origin is None) == one.default_used for one in rec.reads)
        read_keys = {key for key, _, is_set in expected if is_set}
        assert {one.key for one in rec.unused()} == set(rec.overrides) - read_keys
