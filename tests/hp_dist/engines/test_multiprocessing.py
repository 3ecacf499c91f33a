"""Processes and pools of `multiprocessing` run inside the scope of their submission.

What runs in children is in a module that is written to a temporary directory, because a spawned
child cannot import a test module.
"""

import asyncio
import functools
import importlib
import inspect
import multiprocessing as mp
import os
import pickle
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.pool import Pool, ThreadPool
from multiprocessing.process import BaseProcess
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import hp_dist
import hyperparameter as hp

# Only Python 3.12 and later say so; the children here touch nothing that a thread may hold.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

METHODS = ["fork", "spawn", "forkserver"]
each_method = pytest.mark.parametrize("method", METHODS)

WORKERS = dedent('''
    """Functions and processes for children."""

    import multiprocessing as mp
    import os
    import threading

    import hp_dist
    import hyperparameter as hp

    remembered = []


    def read(*keys):
        """Return the value of each key, None where there is none."""
        values = tuple(hp.scope[key] | None for key in keys)
        return values if len(values) > 1 else values[0]


    def lr(_=None, *rest):
        return hp.scope.train.lr | 0.0


    def both(a, b=0):
        return a, b, hp.scope.train.lr | 0.0


    @hp.param("train")
    def decorated(n, lr=0.0):
        return n, lr


    def call_all(functions):
        return [function() for function in functions]


    def pid():
        return os.getpid()


    def everything():
        return dict(hp.scope.storage().storage())


    def in_thread(key):
        found = []
        thread = threading.Thread(target=lambda: found.append(hp.scope[key] | None))
        thread.start()
        thread.join()
        return found[0]


    def remember(*args):
        remembered.append((args, hp.scope.train.lr | 0.0))


    def recall():
        return list(remembered)


    def gate(path):
        with open(path) as fifo:
            return fifo.read()


    def origins(key):
        explanation = hp.explain(key)
        with hp.record() as record:
            hp.scope[key] | None
        read, = record.reads
        return explanation.origin, read.origin, os.getpid()


    def rebound_origin(key):
        """Return the origin of a key after one more journey from here."""
        import pickle

        return pickle.loads(pickle.dumps(hp_dist.bind(hp.explain)))(key).origin


    def leave_open():
        hp.scope(train={"lr": 9.0}, left=1).__enter__()
        return os.getpid()


    def leave_init():
        hp.scope.init({"train.lr": 9.0, "left": 1})
        return os.getpid()


    def leave_written():
        hp.scope.train.lr = 9.0
        hp.scope.left = 1
        return os.getpid()


    def leave_frozen():
        with hp.scope(train={"lr": 9.0}, left=1):
            hp.scope.frozen()
        return os.getpid()


    def leave_deleted():
        del hp.scope.train.lr
        return os.getpid()


    def leave_empty():
        hp.scope.empty().__enter__()
        return os.getpid()


    def leave_by_error():
        hp.scope(train={"lr": 9.0}, left=1).__enter__()
        raise OSError(os.getpid())


    class Refused(Exception):
        def __init__(self, key, code):
            super().__init__(key, code)
            self.key, self.code = key, code


    def refuse(*_):
        raise Refused("k", 3)


    def send(sender, function, *args):
        sender.send(function(*args))
        sender.close()


    def nested_process(method):
        """Return what a process that this one starts inside a scope of its own sees."""
        with hp.scope(inner=2):
            return run(method, read, "outer", "inner", "base")


    def nested_pool(method):
        with mp.get_context(method).Pool(1) as pool, hp.scope(inner=2):
            return pool.apply(read, ("outer", "inner", "base"))


    def run(method, function, *args):
        """Return what `function` returns in a new process."""
        context = mp.get_context(method)
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=send, args=(sender, function, *args))
        return finish(process, receiver, sender)


    def finish(process, receiver, sender):
        with receiver:
            process.start()
            sender.close()
            try:
                return receiver.recv()
            finally:
                process.join()


    class Reporting:
        """A process with a run() of its own."""

        def __init__(self, sender):
            super().__init__()
            self.sender = sender

        def run(self):
            self.sender.send((hp.scope.train.lr | 0.0, in_thread("base")))
            self.sender.close()


    class ReportingFork(Reporting, mp.get_context("fork").Process):
        pass


    class ReportingSpawn(Reporting, mp.get_context("spawn").Process):
        pass


    class ReportingForkserver(Reporting, mp.get_context("forkserver").Process):
        pass


    class Stateful(ReportingSpawn):
        """A process that decides itself what of it is pickled."""

        def __init__(self, sender):
            super().__init__(sender)
            self.lock = threading.Lock()

        def __getstate__(self):
            return {name: value for name, value in vars(self).items() if name != "lock"}


    def numbers(count):
        for number in range(count):
            yield number, hp.scope.train.lr | 0.0


    class Callable:
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, number):
            return self.factor * number, hp.scope.train.lr | 0.0

        def method(self, number):
            return self(number)

        @staticmethod
        def static():
            return hp.scope.train.lr | 0.0

        @classmethod
        def create(cls, factor):
            return cls(factor), hp.scope.train.lr | 0.0
''')


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A module that children can import too: its folder is on the path that they are given."""
    folder = tmp_path_factory.mktemp("workers")
    (folder / "hp_test_workers.py").write_text(WORKERS)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("hp_test_workers")
    sys.path.remove(str(folder))
    del sys.modules["hp_test_workers"]


@pytest.fixture
def installed() -> Iterator[None]:
    hp_dist.install("multiprocessing")
    yield
    hp_dist.uninstall()


@pytest.fixture(scope="module")
def pools(workers: Any) -> Iterator[Callable[[str], Pool]]:
    """One pool of one worker for each start method, made where no scope is active."""
    made: dict[str, Pool] = {}

    def pool(method: str) -> Pool:
        if method not in made:
            made[method] = mp.get_context(method).Pool(1)
        return made[method]

    yield pool
    for each in made.values():
        each.terminate()
        each.join()


@pytest.fixture
def pool(method: str, installed: None, pools: Callable[[str], Pool]) -> Pool:
    return pools(method)


def lr(value: float) -> hp.scope:
    return hp.scope(**{"train.lr": value})


def freeze(**params: Any) -> None:
    with hp.scope(**params):
        hp.scope.frozen()


class Unpicklable:
    def __reduce__(self) -> Any:
        raise TypeError("not me")


# -- processes --------------------------------------------------------------------------------


@each_method
def test_process_sees_scope_and_baseline(installed: None, workers: Any, method: str) -> None:
    freeze(base=1)
    with hp.scope("text=007", outer=2):
        assert workers.run(method, workers.read, "base", "outer", "text") == (1, 2, "007")


@each_method
def test_run_of_a_user_subclass_sees_the_scope_and_its_threads_the_baseline(
    installed: None, workers: Any, method: str
) -> None:
    freeze(base=1)
    receiver, sender = mp.get_context(method).Pipe(duplex=False)
    process = getattr(workers, f"Reporting{method.capitalize()}")(sender)
    with lr(0.5):
        assert workers.finish(process, receiver, sender) == (0.5, 1)


def test_subclass_that_chooses_its_own_state_sees_the_scope(installed: None, workers: Any) -> None:
    receiver, sender = mp.get_context("spawn").Pipe(duplex=False)
    with lr(0.5):
        assert workers.finish(workers.Stateful(sender), receiver, sender)[0] == 0.5


@each_method
def test_process_sees_the_scope_of_its_start_not_of_its_making(
    installed: None, workers: Any, method: str
) -> None:
    context = mp.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    with lr(0.1):
        process = context.Process(target=workers.send, args=(sender, workers.lr))
    with lr(0.2):
        assert workers.finish(process, receiver, sender) == 0.2


@each_method
def test_process_started_by_a_thread_without_scope_sees_the_baseline_alone(
    installed: None, workers: Any, method: str
) -> None:
    freeze(base=1)
    seen: list[Any] = []
    with hp.scope(outer=2):
        thread = threading.Thread(
            target=lambda: seen.append(workers.run(method, workers.read, "base", "outer"))
        )
        thread.start()
        thread.join()
    assert seen == [(1, None)]


@each_method
def test_empty_hides_the_baseline_from_a_process(
    installed: None, workers: Any, method: str
) -> None:
    freeze(base=1)
    with hp.scope(outer=1), hp.scope.empty(own=2):
        assert workers.run(method, workers.everything) == {"own": 2}


@each_method
def test_process_knows_that_a_binding_comes_from_the_driver(
    installed: None, workers: Any, method: str
) -> None:
    with lr(0.5):
        explained, recorded, pid = workers.run(method, workers.origins, "train.lr")
    for origin in (explained, recorded):
        assert "test_multiprocessing.py:" in origin.location
        assert origin.process == (os.uname().nodename, os.getpid())
    assert pid != os.getpid()


@each_method
def test_origin_names_the_driver_also_two_journeys_away(
    installed: None, workers: Any, method: str
) -> None:
    with lr(0.5):
        origin = workers.run(method, workers.rebound_origin, "train.lr")
    assert origin.process == (os.uname().nodename, os.getpid())


@each_method
def test_process_of_a_process_sees_both_scopes(installed: None, workers: Any, method: str) -> None:
    freeze(base=1)
    with hp.scope(outer=1, inner=1):
        assert workers.run(method, workers.nested_process, method) == (1, 2, 1)


@each_method
def test_pool_of_a_process_sees_both_scopes(installed: None, workers: Any, method: str) -> None:
    freeze(base=1)
    with hp.scope(outer=1, inner=1):
        assert workers.run(method, workers.nested_pool, method) == (1, 2, 1)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_process_is_not_started_with_a_value_that_cannot_be_pickled(
    installed: None, workers: Any, method: str
) -> None:
    process = mp.get_context(method).Process(target=workers.lr)
    with hp.scope(**{"model.bad": Unpicklable()}):
        with pytest.raises(hp_dist.CarrierError, match=r"model\.bad.*test_multiprocessing\.py:"):
            process.start()
    assert process.pid is None


def test_forked_process_has_the_objects_of_its_parent(installed: None, workers: Any) -> None:
    with hp.scope(bad=Unpicklable()):
        receiver, sender = mp.get_context("fork").Pipe(duplex=False)
        process = mp.get_context("fork").Process(
            target=lambda: workers.send(sender, lambda: type(hp.scope.bad()).__name__)
        )
        assert workers.finish(process, receiver, sender) == "Unpicklable"


def test_starting_leaves_no_trace_on_the_process(workers: Any) -> None:
    stock = mp.get_context("fork").Process(target=workers.pid)
    stock.start()
    hp_dist.install("multiprocessing")
    process = mp.get_context("fork").Process(target=workers.pid)
    with lr(0.5):
        process.start()
    hp_dist.uninstall()
    stock.join()
    process.join()
    assert set(vars(process)) == set(vars(stock))
    assert process.exitcode == 0


def test_starting_twice_is_still_an_assertion_error(installed: None, workers: Any) -> None:
    process = mp.get_context("fork").Process(target=workers.pid)
    process.start()
    with pytest.raises(AssertionError):
        process.start()
    process.join()


# -- pools: submission ------------------------------------------------------------------------

SUBMISSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "apply": lambda pool, f: [pool.apply(f, (1,))],
    "apply_async": lambda pool, f: [pool.apply_async(f, (1,)).get()],
    "map": lambda pool, f: pool.map(f, [1, 2, 3], chunksize=2),
    "map_async": lambda pool, f: pool.map_async(f, [1, 2, 3]).get(),
    "starmap": lambda pool, f: pool.starmap(f, [(1,), (2,)]),
    "starmap_async": lambda pool, f: pool.starmap_async(f, [(1,), (2,)]).get(),
    "imap": lambda pool, f: list(pool.imap(f, iter([1, 2, 3]), chunksize=2)),
    "imap_unordered": lambda pool, f: list(pool.imap_unordered(f, iter([1, 2, 3]))),
}
each_submission = pytest.mark.parametrize("submit", SUBMISSIONS.values(), ids=SUBMISSIONS)


@each_method
@each_submission
def test_tasks_see_the_scope_of_their_submission(
    pool: Pool, workers: Any, submit: Callable[..., Any]
) -> None:
    with lr(0.5):
        assert set(submit(pool, workers.lr)) == {0.5}
    with lr(0.25):
        assert set(submit(pool, workers.lr)) == {0.25}
    assert set(submit(pool, workers.lr)) == {0.0}


@each_method
def test_task_sees_the_scope_of_its_submission_not_that_of_its_start(
    pool: Pool, workers: Any, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    blocker = pool.apply_async(workers.gate, (str(gate),))
    with lr(0.1):
        waiting = [pool.apply_async(workers.lr), pool.map_async(workers.lr, [1])]
        hp.scope.train.lr = 0.2
        waiting.append(pool.apply_async(workers.lr))
    with lr(0.3):
        gate.write_text("go")
        assert blocker.get() == "go"
        assert [result.get() for result in waiting] == [0.1, [0.1], 0.2]


@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
@pytest.mark.parametrize("method", ["fork"])
def test_items_that_are_drawn_later_belong_to_the_submission(
    pool: Pool, workers: Any, name: str
) -> None:
    drawn = threading.Event()

    def items() -> Iterator[int]:
        drawn.wait()
        yield from range(3)

    with lr(0.1):
        results = getattr(pool, name)(workers.lr, items())
    with lr(0.2):
        drawn.set()
        assert list(results) == [0.1] * 3


@pytest.mark.parametrize("method", ["fork"])
def test_task_sees_the_scope_of_the_thread_that_submits_it(pool: Pool, workers: Any) -> None:
    seen: list[float] = []

    def submit() -> None:
        with lr(0.2):
            seen.append(pool.apply(workers.lr))

    with lr(0.1):
        thread = threading.Thread(target=submit)
        thread.start()
        thread.join()
    assert seen == [0.2]


@each_method
def test_keyword_arguments_and_decorated_functions(pool: Pool, workers: Any) -> None:
    with lr(0.5):
        assert pool.apply(workers.both, (1,), {"b": 2}) == (1, 2, 0.5)
        assert pool.apply(func=workers.both, args=(1,), kwds={"b": 3}) == (1, 3, 0.5)
        assert pool.map(func=workers.decorated, iterable=[1, 2]) == [(1, 0.5), (2, 0.5)]
        assert pool.apply(workers.decorated, (1,), {"lr": 9.0}) == (1, 9.0)


@pytest.mark.parametrize("method", ["fork"])
def test_callables_of_every_kind_can_be_submitted(pool: Pool, workers: Any) -> None:
    with lr(0.5):
        assert pool.apply(len, ("abc",)) == 3
        assert pool.map(str.upper, ["a"]) == ["A"]
        assert pool.apply(functools.partial(workers.both, 1, b=2)) == (1, 2, 0.5)
        assert pool.apply(workers.Callable(3), (2,)) == (6, 0.5)
        assert pool.apply(workers.Callable(3).method, (2,)) == (6, 0.5)
        assert pool.apply(workers.Callable.static) == 0.5
        assert pool.apply(workers.Callable.create, (3,))[1] == 0.5


@pytest.mark.parametrize("method", ["fork"])
def test_callbacks_run_with_the_result(pool: Pool, workers: Any) -> None:
    results: list[Any] = []
    with lr(0.5):
        pool.apply_async(workers.lr, callback=results.append).wait()
        pool.apply_async(workers.refuse, error_callback=results.append).wait()
    assert results[0] == 0.5
    assert type(results[1]) is workers.Refused


@pytest.mark.parametrize("method", ["fork"])
def test_function_that_was_bound_runs_in_the_scope_of_its_binding(pool: Pool, workers: Any) -> None:
    with lr(0.1):
        bound = hp_dist.bind(workers.lr)
    with lr(0.2):
        assert pool.apply(bound) == 0.1


# -- pools: what a task sees ------------------------------------------------------------------


@each_method
def test_threads_of_a_task_see_the_baseline_after_a_later_frozen_too(
    pool: Pool, workers: Any
) -> None:
    for value in (1, 2):
        freeze(base=value)
        with hp.scope(base="scope"):
            assert pool.apply(workers.in_thread, ("base",)) == value
            assert pool.apply(workers.read, ("base",)) == "scope"


@each_method
def test_empty_hides_everything_from_a_task(pool: Pool, workers: Any) -> None:
    freeze(base=1)
    with hp.scope(outer=1), hp.scope.empty(own=2):
        assert pool.apply(workers.everything) == {"own": 2}
    with hp.scope.empty():
        assert pool.apply(workers.everything) == {}


@each_method
def test_deleted_key_is_deleted_for_a_task(pool: Pool, workers: Any) -> None:
    freeze(base=1)
    with hp.scope(outer=1):
        del hp.scope.outer
        del hp.scope.base
        assert pool.apply(workers.everything) == {}


@each_method
def test_task_knows_that_a_binding_comes_from_the_driver(pool: Pool, workers: Any) -> None:
    with lr(0.5):
        explained, recorded, pid = pool.apply(workers.origins, ("train.lr",))
    for origin in (explained, recorded):
        assert "test_multiprocessing.py:" in origin.location
        assert origin.process == (os.uname().nodename, os.getpid())
    assert pid != os.getpid()


@each_method
def test_origin_of_the_baseline_names_the_driver(pool: Pool, workers: Any) -> None:
    freeze(base=1)
    explained, recorded, _ = pool.apply(workers.origins, ("base",))
    assert explained.process == recorded.process == (os.uname().nodename, os.getpid())


LEAVING = ["open", "init", "written", "frozen", "deleted", "empty"]


@each_method
@pytest.mark.parametrize("leave", LEAVING)
def test_what_a_task_leaves_behind_is_gone_for_the_next(
    pool: Pool, workers: Any, leave: str
) -> None:
    with lr(0.5):
        pid = pool.apply(getattr(workers, f"leave_{leave}"))
        assert pool.apply(workers.read, ("train.lr", "left")) == (0.5, None)
    assert pool.apply(workers.everything) == {}
    assert pool.apply(workers.in_thread, ("left",)) is None
    assert pool.apply(workers.pid) == pid


@each_method
def test_what_a_failing_task_leaves_behind_is_gone_for_the_next(pool: Pool, workers: Any) -> None:
    with lr(0.5):
        with pytest.raises(OSError, match=r"\d+") as caught:
            pool.apply(workers.leave_by_error)
        assert pool.apply(workers.read, ("train.lr", "left")) == (0.5, None)
    assert pool.apply(workers.everything) == {}
    assert pool.apply(workers.pid) == caught.value.args[0]


@each_method
def test_tasks_of_one_chunk_do_not_see_each_other(pool: Pool, workers: Any) -> None:
    functions = [workers.leave_written, workers.everything]
    with lr(0.5):
        results = pool.map(workers.call_all, [[function] for function in functions], chunksize=2)
    assert results[1] == [{"train.lr": 0.5}]


# -- pools: errors ----------------------------------------------------------------------------


@each_method
@each_submission
def test_errors_keep_type_and_data(pool: Pool, workers: Any, submit: Callable[..., Any]) -> None:
    with lr(0.5), pytest.raises(workers.Refused) as caught:
        submit(pool, workers.refuse)
    assert (caught.value.key, caught.value.code) == ("k", 3)


SUBMITTING: dict[str, Callable[[Any, Any], Any]] = {
    "apply": lambda pool, f: pool.apply(f),
    "apply_async": lambda pool, f: pool.apply_async(f),
    "map": lambda pool, f: pool.map(f, [1]),
    "map_async": lambda pool, f: pool.map_async(f, [1]),
    "starmap": lambda pool, f: pool.starmap(f, [(1,)]),
    "starmap_async": lambda pool, f: pool.starmap_async(f, [(1,)]),
    "imap": lambda pool, f: pool.imap(f, [1]),
    "imap_unordered": lambda pool, f: pool.imap_unordered(f, [1]),
}


@pytest.mark.parametrize("method", ["fork"])
@pytest.mark.parametrize("submit", SUBMITTING.values(), ids=SUBMITTING)
def test_value_that_cannot_be_pickled_is_named_in_the_caller(
    pool: Pool, workers: Any, submit: Callable[..., Any]
) -> None:
    with hp.scope(**{"model.bad": Unpicklable()}):
        with pytest.raises(hp_dist.CarrierError, match=r"model\.bad.*test_multiprocessing\.py:"):
            submit(pool, workers.lr)
    assert pool.apply(workers.lr) == 0.0


@pytest.mark.parametrize("method", ["fork"])
def test_baseline_value_that_cannot_be_pickled_is_named_in_the_caller(
    pool: Pool, workers: Any
) -> None:
    freeze(bad=Unpicklable())
    with pytest.raises(hp_dist.CarrierError, match="bad"):
        pool.apply_async(workers.lr)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_pool_whose_initializer_would_see_it_is_not_made_with_a_value_that_cannot_be_pickled(
    installed: None, workers: Any, method: str
) -> None:
    context = mp.get_context(method)
    with hp.scope(bad=Unpicklable()):
        with pytest.raises(hp_dist.CarrierError, match="bad"):
            context.Pool(1, workers.remember)
        pool = context.Pool(1)
    with pool:
        assert pool.apply(workers.everything) == {}


@pytest.mark.parametrize("method", ["fork"])
def test_function_that_cannot_be_pickled_is_the_error_it_was(pool: Pool) -> None:
    with lr(0.5), pytest.raises((pickle.PicklingError, AttributeError), match="pickle"):
        pool.apply(lambda: 1)


@pytest.mark.parametrize("method", ["fork"])
def test_what_cannot_be_called_is_the_error_it_was(pool: Pool) -> None:
    with pytest.raises(TypeError, match="not callable"):
        pool.apply(5)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["fork"])
def test_missing_function_is_a_type_error(pool: Pool) -> None:
    with pytest.raises(TypeError, match="func"):
        pool.map()  # type: ignore[call-arg]


def test_initializer_that_cannot_be_called_is_still_a_type_error(installed: None) -> None:
    with pytest.raises(TypeError, match="callable"):
        mp.get_context("fork").Pool(1, initializer=5).terminate()  # type: ignore[arg-type]


# -- pools: creation --------------------------------------------------------------------------


@each_method
def test_every_worker_and_its_initializer_see_the_scope_of_the_pools_creation(
    installed: None, workers: Any, method: str
) -> None:
    with lr(0.5):
        pool = mp.get_context(method).Pool(
            1, initializer=workers.remember, initargs=("x",), maxtasksperchild=1
        )
    with pool:
        with lr(0.1):
            seen = [pool.apply(workers.recall) for _ in range(2)]
            pids = {pool.apply(workers.pid)}
            pids |= {pool.apply(workers.pid)}
    assert seen == [[(("x",), 0.5)]] * 2
    assert len(pids) == 2


@each_method
def test_submission_counts_more_than_the_pools_creation(
    installed: None, workers: Any, method: str
) -> None:
    with lr(0.5):
        pool = mp.get_context(method).Pool(1)
        with pool:
            with lr(0.1):
                assert pool.apply(workers.lr) == 0.1
            with hp.scope.empty():
                assert pool.apply(workers.everything) == {}
            with hp.scope():
                del hp.scope.train.lr
                assert pool.apply(workers.lr) == 0.0


def test_initializer_may_be_given_by_position(installed: None, workers: Any) -> None:
    with lr(0.5), mp.get_context("fork").Pool(1, workers.remember, ("x", "y")) as pool:
        assert pool.apply(workers.recall) == [(("x", "y"), 0.5)]


def test_subclass_of_pool_carries_too(installed: None, workers: Any) -> None:
    class Mine(Pool):
        def apply_async(self, func: Any, *args: Any, **kwargs: Any) -> Any:
            return super().apply_async(func, *args, **kwargs)

    with Mine(1, context=mp.get_context("fork")) as pool, lr(0.5):
        assert pool.apply(workers.lr) == 0.5


# -- install and uninstall --------------------------------------------------------------------


def patched() -> list[dict[str, Any]]:
    return [dict(vars(owner)) for owner in (BaseProcess, mp.Process, Pool, ThreadPool)]


def test_uninstall_restores_every_name_exactly() -> None:
    before = patched()
    hp_dist.install("multiprocessing")
    assert patched() != before
    hp_dist.uninstall()
    assert patched() == before


def test_installing_twice_is_installing_once(workers: Any) -> None:
    before = patched()
    hp_dist.install("multiprocessing")
    once = patched()
    hp_dist.install("multiprocessing")
    assert patched() == once
    hp_dist.uninstall()
    assert patched() == before


def test_uninstalling_twice_or_without_install_does_nothing() -> None:
    before = patched()
    hp_dist.uninstall()
    hp_dist.install("multiprocessing")
    hp_dist.uninstall()
    hp_dist.uninstall()
    assert patched() == before


def test_install_after_uninstall_carries_again(workers: Any, pools: Callable[[str], Pool]) -> None:
    hp_dist.install("multiprocessing")
    hp_dist.uninstall()
    hp_dist.install("multiprocessing")
    pool = pools("fork")
    with lr(0.5):
        assert pool.apply(workers.lr) == 0.5
    hp_dist.uninstall()


def test_after_uninstall_nothing_is_carried(workers: Any, pools: Callable[[str], Pool]) -> None:
    hp_dist.install("multiprocessing")
    pool = pools("fork")
    hp_dist.uninstall()
    with lr(0.5):
        assert pool.apply(workers.lr) == 0.0
        assert workers.run("spawn", workers.lr) == 0.0


def test_unknown_engine_is_an_error_that_names_it_and_the_known_ones() -> None:
    before = patched()
    with pytest.raises(hp_dist.EngineError, match=r"'slurm'.*multiprocessing.*ray"):
        hp_dist.install("slurm")
    assert patched() == before


def test_signatures_of_replaced_methods_stay(installed: None) -> None:
    now = {name: str(inspect.signature(getattr(Pool, name))) for name in SUBMISSIONS}
    created = str(inspect.signature(Pool))
    hp_dist.uninstall()
    assert now == {name: str(inspect.signature(getattr(Pool, name))) for name in SUBMISSIONS}
    assert created == str(inspect.signature(Pool))


@each_submission
def test_thread_pool_is_left_alone(
    installed: None, workers: Any, submit: Callable[..., Any]
) -> None:
    freeze(base=1)
    with ThreadPool(1) as pool, hp.scope(outer=2, bad=Unpicklable()):
        assert set(submit(pool, lambda _: workers.read("base", "outer"))) == {(1, None)}


def test_thread_pool_runs_its_initializer_as_it_is(installed: None) -> None:
    seen: list[Any] = []
    with hp.scope(outer=2, bad=Unpicklable()):
        with ThreadPool(1, initializer=lambda: seen.append("outer" in hp.scope)) as pool:
            pool.apply(int)
    assert seen == [False]


# -- bind, without install --------------------------------------------------------------------


def elsewhere(function: Callable[[], Any]) -> Any:
    """Return what `function` returns in a thread that knows no scope."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_bound_function_runs_in_the_scope_of_its_binding(workers: Any) -> None:
    with lr(0.1):
        bound = hp_dist.bind(workers.both)
        hp.scope.train.lr = 0.2
    assert elsewhere(lambda: bound(1, b=2)) == (1, 2, 0.1)
    with lr(0.3):
        assert bound(1) == (1, 0, 0.1)
        assert workers.lr() == 0.3


def test_bound_function_looks_like_the_function(workers: Any) -> None:
    bound = hp_dist.bind(workers.both)
    assert inspect.signature(bound) == inspect.signature(workers.both)
    assert bound.__name__ == "both"
    assert bound.__wrapped__ is workers.both


def test_call_of_a_bound_function_leaves_nothing(workers: Any) -> None:
    with lr(0.1):
        bound = [hp_dist.bind(getattr(workers, f"leave_{leave}")) for leave in LEAVING[:3]]
    for each in bound:
        each()
        assert workers.everything() == {}


def test_error_of_a_bound_function_is_its_own_and_leaves_nothing(workers: Any) -> None:
    with lr(0.1):
        bound = hp_dist.bind(workers.leave_by_error)
    with pytest.raises(OSError, match=r"\d+"):
        bound()
    assert workers.everything() == {}


def test_bound_function_is_pickled_with_its_scope(workers: Any) -> None:
    with lr(0.1):
        text = pickle.dumps(hp_dist.bind(workers.both))
    assert pickle.loads(text)(1, b=2) == (1, 2, 0.1)
    assert pickle.loads(pickle.dumps(pickle.loads(text)))(1) == (1, 0, 0.1)


@each_method
def test_bound_function_carries_scope_and_baseline_to_a_process(workers: Any, method: str) -> None:
    freeze(base=1)
    with hp.scope(outer=2):
        bound = hp_dist.bind(workers.read), hp_dist.bind(workers.in_thread)
    assert workers.run(method, bound[0], "base", "outer") == (1, 2)
    assert workers.run(method, bound[1], "base") == 1


def test_bound_function_that_comes_back_to_its_process_leaves_a_newer_baseline_alone(
    workers: Any,
) -> None:
    freeze(base=1)
    with hp.scope(outer=2):
        returned = pickle.loads(pickle.dumps(hp_dist.bind(workers.read)))
    freeze(base=2)
    returned("outer")
    assert workers.in_thread("base") == 2


def test_bound_coroutine_function_is_one_and_stays_in_its_scope() -> None:
    async def work(rounds: int) -> list[float]:
        seen = []
        for _ in range(rounds):
            await asyncio.sleep(0)
            seen.append(hp.scope.train.lr | 0.0)
        return seen

    async def together() -> Any:
        with lr(0.3):
            results = await asyncio.gather(first(2), second(2))
            return results, hp.scope.train.lr | 0.0

    with lr(0.1):
        first = hp_dist.bind(work)
    with lr(0.2):
        second = hp_dist.bind(work)
    assert asyncio.iscoroutinefunction(first)
    assert asyncio.run(together()) == ([[0.1, 0.1], [0.2, 0.2]], 0.3)


class Awaitable:
    async def __call__(self) -> float:
        await asyncio.sleep(0)
        return hp.scope.train.lr | 0.0

    async def method(self) -> float:
        return await self()


async def read_lr(_: int = 0) -> float:
    await asyncio.sleep(0)
    return hp.scope.train.lr | 0.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: read_lr,
        lambda: functools.partial(read_lr, 1),
        lambda: Awaitable().method,
        Awaitable,
    ],
    ids=["function", "partial", "method", "object"],
)
def test_asynchronous_callable_of_any_kind_runs_in_the_scope(make: Callable[[], Any]) -> None:
    with lr(0.1):
        bound = hp_dist.bind(make())
    assert asyncio.run(bound()) == 0.1


def test_bound_partial_of_a_coroutine_function_is_a_coroutine_function() -> None:
    assert asyncio.iscoroutinefunction(functools.partial(read_lr, 1))
    assert asyncio.iscoroutinefunction(hp_dist.bind(functools.partial(read_lr, 1)))


def test_bound_generator_function_stays_in_its_scope_and_out_of_its_callers(workers: Any) -> None:
    with lr(0.1):
        bound = hp_dist.bind(workers.numbers)
    with lr(0.2):
        generator = bound(2)
        assert next(generator) == (0, 0.1)
        assert hp.scope.train.lr | 0.0 == 0.2
    assert next(generator) == (1, 0.1)
    assert hp.scope.train.lr | 0.0 == 0.0
    assert list(generator) == []


def test_bound_generator_function_takes_what_is_sent_and_returns() -> None:
    def echo() -> Any:
        got = yield "ready"
        try:
            yield got
        except ValueError as error:
            return str(error), hp.scope.train.lr | 0.0

    with lr(0.1):
        generator: Any = hp_dist.bind(echo)()
    assert next(generator) == "ready"
    assert generator.send("hello") == "hello"
    with pytest.raises(StopIteration) as caught:
        generator.throw(ValueError("stop"))
    assert caught.value.value == ("stop", 0.1)


def test_bound_partial_of_a_generator_function_stays_in_its_scope(workers: Any) -> None:
    with lr(0.1):
        bound = hp_dist.bind(functools.partial(workers.numbers, 2))
    assert list(bound()) == [(0, 0.1), (1, 0.1)]


def test_bound_async_generator_function_stays_in_its_scope() -> None:
    async def numbers() -> AsyncIterator[float]:
        for _ in range(2):
            await asyncio.sleep(0)
            yield hp.scope.train.lr | 0.0

    async def collect() -> Any:
        with lr(0.2):
            return [(number, hp.scope.train.lr | 0.0) async for number in bound()]

    with lr(0.1):
        bound = hp_dist.bind(numbers)
    assert asyncio.run(collect()) == [(0.1, 0.2), (0.1, 0.2)]


def test_bound_callable_object_method_class_and_partial(workers: Any) -> None:
    instance = workers.Callable(3)
    with lr(0.1):
        bound = [
            hp_dist.bind(instance),
            hp_dist.bind(instance.method),
            hp_dist.bind(functools.partial(instance)),
        ]
        created = hp_dist.bind(workers.Callable.create)
    for each in bound:
        assert each(2) == (6, 0.1)
        assert pickle.loads(pickle.dumps(each))(2) == (6, 0.1)
    assert created(4)[1] == 0.1


def test_bound_class_makes_instances_in_the_scope() -> None:
    @hp.param("train")
    class Model:
        def __init__(self, lr: float = 0.0) -> None:
            self.lr = lr

    with lr(0.1):
        bound = hp_dist.bind(Model)
    assert isinstance(bound(), Model)
    assert bound().lr == 0.1


def test_callable_with_awkward_attributes_can_be_bound(workers: Any) -> None:
    class Awkward:
        def __init__(self) -> None:
            self._function, self._carried, self._run = "function", "carried", "run"

        def __call__(self) -> Any:
            return self._function, self._carried, self._run, hp.scope.train.lr | 0.0

    with lr(0.1):
        bound = hp_dist.bind(Awkward())
    assert bound() == ("function", "carried", "run", 0.1)


def test_what_is_bound_hides_the_baseline_when_it_was_bound_in_empty(workers: Any) -> None:
    with hp.scope.empty(own=1):
        bound = hp_dist.bind(workers.everything)
    freeze(base=1)
    with hp.scope(outer=1):
        assert bound() == {"own": 1}


def test_scope_that_the_bound_function_opens_counts_more(workers: Any) -> None:
    def inside() -> float:
        with lr(0.9):
            return float(workers.lr())

    with lr(0.1):
        bound = hp_dist.bind(inside)
    assert bound() == 0.9


# -- initializer, without install -------------------------------------------------------------


@each_method
def test_initializer_opens_the_scope_in_every_worker_of_a_pool(workers: Any, method: str) -> None:
    freeze(base=1)
    with lr(0.5):
        opening = hp_dist.initializer(workers.remember)
    with mp.get_context(method).Pool(1, opening, ("x",), maxtasksperchild=1) as pool:
        for _ in range(2):
            assert pool.apply(workers.call_all, ([workers.recall, workers.lr],)) == [
                [(("x",), 0.5)],
                0.5,
            ]
        assert pool.apply(workers.in_thread, ("base",)) == 1


@each_method
def test_initializer_for_an_executor(workers: Any, method: str) -> None:
    with lr(0.5):
        opening = hp_dist.initializer()
    with ProcessPoolExecutor(1, mp_context=mp.get_context(method), initializer=opening) as executor:
        assert executor.submit(workers.lr).result() == 0.5
        assert list(executor.map(workers.lr, [1, 2])) == [0.5, 0.5]


def test_bound_function_in_an_executor(workers: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=mp.get_context("spawn")) as executor:
        with lr(0.5):
            bound = hp_dist.bind(workers.both)
        assert executor.submit(bound, 1, b=2).result() == (1, 2, 0.5)
        assert list(executor.map(bound, [1])) == [(1, 0, 0.5)]
        assert executor.submit(workers.lr).result() == 0.0


def test_initializer_replaces_what_a_forked_worker_has_inherited(workers: Any) -> None:
    with lr(0.5):
        opening = hp_dist.initializer()
    with lr(0.1), hp.scope(outer=1), mp.get_context("fork").Pool(1, opening) as pool:
        assert pool.apply(workers.everything) == {"train.lr": 0.5}


def test_initializer_for_threads(workers: Any) -> None:
    with lr(0.5):
        opening = hp_dist.initializer()
    with ThreadPool(1, opening) as pool:
        assert pool.apply(workers.lr) == 0.5
    assert workers.lr() == 0.0
