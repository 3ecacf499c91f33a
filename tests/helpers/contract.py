"""The promises of `hp_dist`, once for every engine that carries scopes.

A subclass for an engine says how functions are handed to it (`runner`), what has to be installed
(`installs`, nothing for what is explicit), and which promises do not apply to it and why.  The
first line of a test's docstring is the row of the table that the test run prints.
"""

from __future__ import annotations

import base64
import functools
import inspect
import json
import os
import pickle
import subprocess
import sys
import threading
import types
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import contract_tasks as tasks
import pytest
from contract_runners import Runner
from contract_tasks import freeze

import hp_dist
import hyperparameter as hp

# Reasons for which promises do not apply to several engines.
ONE_VALUE = "A task returns one value."
NO_COROUTINES = "This engine does not run coroutines."
ONE_MEMORY = "Threads share memory: nothing is pickled, and the baseline belongs to their process."
ASYNC_ACTORS_ONLY = "Ray runs coroutines only in async actors."
TASKS_HAVE_NO_MAKER = "A task uses the scopes that are active at its submission."
MAIN = str(Path(__file__).with_name("contract_main.py"))


def lr(value: float) -> hp.scope:
    return hp.scope(**{"train.lr": value})


def needs_install(test: Any) -> Any:
    """Mark a promise that is about `install`, which what is explicit does without."""
    test.needs_install = True
    return test


class Contract:
    column: ClassVar[tuple[str, str]]
    """The group of engines and the name, as the table has them."""

    runner: ClassVar[Callable[..., Any]]
    installs: ClassVar[tuple[str, ...]] = ()
    not_applicable: ClassVar[dict[str, str]] = {}

    inherits = False
    """Whether workers have the submitter's scopes also when nothing is installed."""

    same_process = False

    sends_main_by_value = False
    """Whether functions of the main program become others in each message."""

    keeps_its_scope = False
    """Whether what is made inside a scope shows it to work that is submitted elsewhere."""

    made_before = True
    """Whether what was made before `install` carries after it."""

    pytestmark = [
        # Only Python 3.12 and later say so; the children here touch nothing that a thread holds.
        pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
    ]

    @classmethod
    def reason_against(cls, promise: str) -> str | None:
        """Return why a promise does not apply to this engine."""
        if not cls.installs and hasattr(getattr(cls, promise), "needs_install"):
            return "Explicit ways install nothing."
        return cls.not_applicable.get(promise.removeprefix("test_"))

    @pytest.fixture(autouse=True)
    def _cell(self, request: pytest.FixtureRequest, record_property: Any) -> None:
        promise = request.function.__name__
        record_property("cell", (*self.column, promise))
        if (reason := self.reason_against(promise)) is not None:
            record_property("not applicable", reason)
            pytest.skip(reason)

    @pytest.fixture(autouse=True)
    def _uninstalled(self) -> Iterator[None]:
        yield
        hp_dist.uninstall()

    @pytest.fixture
    def engine(self, made: Runner) -> Runner:
        """The engine of this class, installed."""
        self.install()
        return made

    @pytest.fixture
    def gate(self, tmp_path: Path) -> Iterator[Path]:
        """A file for which tasks wait; in the end they shall not."""
        path = tmp_path / "gate"
        yield path
        path.touch()

    @classmethod
    def install(cls) -> None:
        if cls.installs:
            hp_dist.install(*cls.installs)

    @classmethod
    @contextmanager
    def made_for_all(cls) -> Iterator[Runner]:
        """Make the engine that the tests of the class share, before `install` where that can be."""
        if not cls.made_before:
            cls.install()
        with cls.runner() as runner:
            runner.result(runner.submit(tasks.where))  # its workers have run where no scope was
            hp_dist.uninstall()
            yield runner

    # -- submission ---------------------------------------------------------------------------

    def test_captured_at_submission(self, engine: Runner, gate: Path) -> None:
        """Scopes are captured when work is submitted, not when it starts"""
        blocking = [engine.submit(tasks.gated, str(gate), tasks.lr) for _ in range(engine.workers)]
        with lr(0.1):
            waiting = [engine.submit(tasks.lr), engine.submit(tasks.gated, str(gate), tasks.lr)]
            hp.scope.train.lr = 0.2
            waiting.append(engine.submit(tasks.lr))
        with lr(0.3):
            gate.touch()
            assert [engine.result(handle) for handle in blocking] == [0.0] * len(blocking)
            assert [engine.result(handle) for handle in waiting] == [0.1, 0.1, 0.2]

    def test_submitting_thread(self, engine: Runner) -> None:
        """Scopes are captured in the submitting thread"""
        seen: dict[str, Any] = {}

        def submit() -> None:
            seen["without"] = engine.result(engine.submit(tasks.read, "base", "train.lr"))
            with lr(0.2):
                seen["with"] = engine.result(engine.submit(tasks.read, "base", "train.lr"))

        freeze(base=1)
        with lr(0.1):
            thread = threading.Thread(target=submit)
            thread.start()
            thread.join()
        assert seen == {"without": (1, None), "with": (1, 0.2)}

    def test_every_way_to_submit(self, engine: Runner) -> None:
        """Every way to submit work carries scopes"""
        for name, submit in engine.ways(tasks.lr).items():
            with lr(0.5):
                assert set(submit()) == {0.5}, name

    def test_every_kind_of_callable(self, engine: Runner) -> None:
        """Every kind of callable runs inside the scopes"""
        scaled = tasks.Scaled(3)
        kinds: dict[Any, Any] = {
            tasks.Scaled(2): (4, 0.5),
            scaled.method: (6, 0.5),
            tasks.Scaled.static: (2, 0.5),
            tasks.Scaled.create: (2, 0.5),
            tasks.train: (2, 0.5, 1),
            functools.partial(tasks.both, b=3): (2, 3, 0.5),
            str: "2",
            abs: 2,
        }
        with lr(0.5):
            handles = [(engine.submit(kind, 2), result) for kind, result in kinds.items()]
            for handle, result in handles:
                assert engine.result(handle) == result

    def test_concurrent_submissions(self, engine: Runner, tmp_path: Path) -> None:
        """Concurrent submissions with different scopes do not mix"""
        together = engine.together > 1
        threads = engine.together if together else 3

        def submit(number: int) -> list[Any]:
            seen = []
            for turn in range(2):
                # Those that run together wait for each other before they read.
                folder = tmp_path / (f"{turn}" if together else f"{turn}-{number}")
                folder.mkdir(exist_ok=True)
                with hp.scope(turn=turn, **{f"only.{number}": number}):
                    handle = engine.submit(
                        engine.meet, str(folder), engine.together, tasks.everything
                    )
                    seen.append(engine.result(handle))
            return seen

        with ThreadPoolExecutor(threads) as executor:
            results = list(executor.map(submit, range(threads)))
        for number, seen in enumerate(results):
            assert seen == [{"turn": turn, f"only.{number}": number} for turn in range(2)]

    def test_caller_is_as_before(self, engine: Runner) -> None:
        """The caller's own scopes stay unchanged"""
        with hp.record() as record, hp.scope(a=1), lr(0.5) as innermost:
            before = tasks.everything(), hp.explain("train.lr")
            assert engine.result(engine.submit(tasks.lr)) == 0.5
            assert (tasks.everything(), hp.explain("train.lr")) == before
            hp.scope.b = 2
            assert "b" in innermost
            assert "b" not in record.operative()
        assert tasks.everything() == {}

    def test_carried_is_not_unused(self, engine: Runner) -> None:
        """Carried overrides are not reported as unused by the caller"""
        with hp.record() as record, lr(0.5):
            engine.result(engine.submit(tasks.lr))
        assert record.unused() == []

    def test_unpicklable_value(self, engine: Runner) -> None:
        """A value that cannot travel is an error at submission, with its origin"""
        with hp.scope(**{"model.bad": tasks.Unpicklable()}):
            with pytest.raises(hp_dist.CarrierError, match=r"model\.bad.*contract\.py:") as caught:
                engine.submit(tasks.lr)
        assert caught.value.key == "model.bad"
        assert engine.result(engine.submit(tasks.everything)) == {}
        with hp.scope(bad=tasks.Unpicklable()):
            hp.scope.frozen()
        with pytest.raises(hp_dist.CarrierError, match=r"bad.*contract\.py:"):
            engine.submit(tasks.lr)

    # -- what the work sees -------------------------------------------------------------------

    def test_worker_scopes_win(self, engine: Runner) -> None:
        """The worker's own scopes win over carried ones"""
        with hp.scope(outer=1, **{"train.lr": 0.5}):
            assert engine.result(engine.submit(tasks.own_scope)) == ((9.0, 1), (0.5, 1))

    def test_baseline(self, engine: Runner) -> None:
        """The baseline reaches the worker, below the scopes"""
        freeze(base=1, both="baseline")
        with hp.scope(both="scope"):
            seen = engine.result(engine.submit(tasks.everything))
        assert seen == {"base": 1, "both": "scope"}

    def test_baseline_in_threads(self, engine: Runner) -> None:
        """Threads that a task starts see the baseline"""
        freeze(base=1, both="baseline")
        with hp.scope(both="scope", outer=2):
            handle = engine.submit(tasks.here_and_in_thread, "base", "both", "outer")
            assert engine.result(handle) == ((1, "scope", 2), (1, "baseline", None))

    def test_later_frozen(self, engine: Runner) -> None:
        """A later `frozen()` reaches workers and their threads"""
        for value in (1, 2):
            freeze(base=value)
            handle = engine.submit(tasks.here_and_in_thread, "base")
            seen = (value,)
            assert engine.result(handle) == (seen, seen)

    def test_baseline_of_open_scopes(self, engine: Runner) -> None:
        """Scopes keep the baseline that they were opened over; threads see a later one"""
        freeze(base=1)
        with hp.scope(outer=2):
            with hp.scope.empty(base=3, added=4):
                hp.scope.frozen()
            handle = engine.submit(tasks.here_and_in_thread, "base", "outer", "added")
            assert engine.result(handle) == ((1, 2, None), (3, None, 4))
        assert engine.result(engine.submit(tasks.everything)) == {"base": 3, "added": 4}

    def test_empty(self, engine: Runner) -> None:
        """`empty()` at the caller hides everything"""
        freeze(base=1)
        with hp.scope(outer=1), hp.scope.empty(own=2):
            assert engine.result(engine.submit(tasks.everything)) == {"own": 2}
        assert engine.result(engine.submit(tasks.everything)) == {"base": 1}

    def test_deleted(self, engine: Runner) -> None:
        """A key that the caller deleted is deleted in the worker"""
        freeze(base=1, other=2)
        with hp.scope(outer=1):
            del hp.scope.outer
            del hp.scope.base
            assert engine.result(engine.submit(tasks.everything)) == {"other": 2}

    def test_param(self, engine: Runner) -> None:
        """`@hp.param` fills arguments in the worker; arguments of the call win"""
        with hp.scope("train.lr=0.5", **{"train.epochs": 3}):
            assert engine.result(engine.submit(tasks.train, 7)) == (7, 0.5, 3)
            assert engine.result(engine.submit(tasks.train, 7, 9.0)) == (7, 9.0, 3)

    def test_no_extra_argument(self, engine: Runner) -> None:
        """The function sees no extra argument"""
        with lr(0.5):
            handle = engine.submit(tasks.arguments, 1, None, a=2, args=3, kwargs=4)
            assert engine.result(handle) == ((1, None), {"a": 2, "args": 3, "kwargs": 4}, 0.5)

    def test_origin(self, engine: Runner) -> None:
        """Origins name file, line, host and process of the binding"""
        line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
        with hp.scope(train={"lr": 0.5}):
            *origins, pid = engine.result(engine.submit(tasks.origins, "train.lr"))
        home = None if self.same_process else (os.uname().nodename, os.getpid())
        for origin in origins:
            assert origin.kind == "code"
            assert origin.location.endswith(f"contract.py:{line}")
            assert origin.process == home
        assert (pid == os.getpid()) is self.same_process

    # -- values -------------------------------------------------------------------------------

    def test_values(self, engine: Runner) -> None:
        """Values of all kinds arrive unchanged, in order"""
        import numpy as np

        values = {
            "none": None, "true": True, "zero": 0, "large": 10**40, "float": 0.1, "text": "é\0x",
            "bytes": b"\xff", "complex": 1j, "tuple": (1, (2,)), "list": [{"a.b": {"c": None}}],
            "set": frozenset({1}), "empty": {}, "deep.er.key": 1, "deep.er": 2,
            "enum": tasks.Color.RED, "int enum": tasks.Level.HIGH, "numpy": np.float32(0.1),
            "dataclass": tasks.Point(1, (2, 3)), "class": tasks.Point, "function": tasks.lr,
            "path": Path("a/b"), "date": date(2024, 2, 29), "infinity": float("inf"),
        }  # fmt: skip
        values = dict(reversed(values.items()))
        with hp.scope(**values):
            seen = engine.result(engine.submit(tasks.everything))
        assert list(seen) == list(values)
        for key, value in values.items():
            assert type(seen[key]) is type(value), key
            assert seen[key] == value, key

    def test_lambda(self, engine: Runner) -> None:
        """Values that are lambdas or use local classes arrive"""

        class Local:
            def __init__(self, number: int) -> None:
                self.number = number

            def __int__(self) -> int:
                return self.number

        factor = 3
        with hp.scope(function=lambda number: int(Local(factor * number))):
            assert engine.result(engine.submit(tasks.called, "function", 2)) == 6

    def test_text(self, engine: Runner, tmp_path: Path) -> None:
        """Untyped text stays untyped, in lists and fields too"""
        with hp.scope("a=007", "b=1e-3"):
            seen = engine.result(engine.submit(tasks.text, "a", "b"))
        assert seen == [("007", "007", 7.0), (0.001, "1e-3", 0.001)]
        file = tmp_path / "tags.json"
        file.write_text('{"load": {"tags": [3.10, 1e3]}}')
        with hp.config(str(file)), hp.scope("load.source.name=007", "load.source.rate=3.10"):
            source, tags, _ = engine.result(engine.submit(tasks.load))
        assert (source, tags) == (tasks.Source("007", 3.1), ["3.10", "1e3"])

    def test_names(self, engine: Runner) -> None:
        """A mapping comes back with the names that were written, dots included"""
        levels = {"urllib3.pool": {"level": "ERROR"}, "app": {"level": "INFO"}}
        with hp.scope(logging={"loggers": levels}), hp.scope("logging.loggers.app.level=DEBUG"):
            seen = engine.result(engine.submit(tasks.whole, "logging.loggers"))
        assert seen == {"urllib3.pool": {"level": "ERROR"}, "app": {"level": "DEBUG"}}

    def test_fields(self, engine: Runner) -> None:
        """A field that is set over an instance changes that field alone; an instance, all"""
        instance, field = {"load.source": tasks.Source("a", 1.0)}, {"load.source.rate": 2}
        with hp.scope(**instance), hp.scope(**field):
            handle = engine.submit(tasks.load)
            assert engine.result(handle)[0] == tasks.Source("a", 2.0)
        with hp.scope(**field), hp.scope(**instance):
            handle = engine.submit(tasks.load)
            assert engine.result(handle)[0] == tasks.Source("a", 1.0)

    def test_taken_away(self, engine: Runner) -> None:
        """What `-D '~key'` takes away is not there in the worker"""

        @hp.param("program")
        def program() -> Any:
            return engine.result(engine.submit(tasks.load))

        with hp.scope(**{"load.source": tasks.Source("a", 1.0), "load.options.lr": 1}):
            argv = ["-D", "~load.source", "-D", "load.source.rate=2", "-D", "~load.options"]
            assert hp.run_cli(program, argv) == (tasks.Source("", 2.0), None, None)

    def test_fresh(self, engine: Runner) -> None:
        """Values that are built for a call are fresh for each call"""
        with hp.scope(**{"load.options.lr": 0.1}):
            handles = [engine.submit(tasks.marked) for _ in range(3)]
            for handle in handles:
                assert engine.result(handle) == {"lr": 0.1, "calls": 1}

    def test_many_keys(self, engine: Runner) -> None:
        """A scope of 10 000 keys arrives"""
        values = {f"group{n % 100}.key{n}": n for n in range(10_000)}
        with hp.scope(**values):
            with hp.scope(group1={"key1": "one"}):
                seen = engine.result(engine.submit(tasks.everything))
        assert seen == {**values, "group1.key1": "one"}

    def test_large_value(self, engine: Runner) -> None:
        """An array of 1 MB arrives, every time"""
        import numpy as np

        array = np.arange(131_072, dtype=np.float64)
        with hp.scope(weights=array):
            for _ in range(2):
                handle = engine.submit(tasks.dtype_shape_and_sum, "weights")
                assert engine.result(handle) == ("float64", (131_072,), float(array.sum()))

    def test_types_of_the_program(self, seen_by_main: dict[type[Contract], Any]) -> None:
        """Types and functions of the main program arrive as they would as arguments"""
        argument, found, below, by_value, typed = seen_by_main[type(self)]
        assert found == below
        if not self.sends_main_by_value:
            assert found == argument
        assert all(is_so for name, is_so in found.items() if name != "function")
        assert by_value
        assert typed == [True, True]

    def test_changed_value(self, engine: Runner) -> None:
        """A value that was changed in place arrives as it is at submission"""
        import numpy as np

        small, large = np.zeros(10), np.zeros(131_072)
        point, tags = tasks.Point(1), ["a"]
        values = {"tags": tags, "point": point, "small": small, "large": large}
        with hp.scope(**values):
            assert engine.result(engine.submit(tasks.shown, *values)) == ["['a']", 1, 0.0, 0.0]
            tags.append("b")
            point.x = 2
            small[3] = large[70_000] = 1
            seen = ["['a', 'b']", 2, 1.0, 1.0]
            assert engine.result(engine.submit(tasks.shown, *values)) == seen
            with hp.scope(inner=1):
                large[0] = 2
                seen[3] = 3.0
                assert engine.result(engine.submit(tasks.shown, *values)) == seen
                assert engine.result(engine.submit(tasks.shown, *values)) == seen

    def test_shared_object(self, engine: Runner) -> None:
        """Values that share an object share it in the worker, scopes and baseline too"""
        import numpy as np

        model, weights = tasks.Holder([1]), np.zeros(20_000)
        freeze(base=model)
        with hp.scope(model=model, same=model, weights=weights):
            with hp.scope(optimizer=tasks.Holder(model), layer=tasks.Holder(weights)):
                assert engine.result(engine.submit(tasks.what_is_shared)) == [True] * 4

    # -- after the work -----------------------------------------------------------------------

    def test_nothing_of_a_submission_stays(self, engine: Runner) -> None:
        """A submission leaves nothing behind for the next"""
        with hp.scope(first=1), lr(0.5):
            assert engine.result(engine.submit(tasks.everything)) == {"first": 1, "train.lr": 0.5}
        assert engine.result(engine.submit(tasks.everything)) == {}

    def test_what_a_task_leaves(self, engine: Runner, tmp_path: Path) -> None:
        """Scopes that a task leaves open, and its writes, end with the task"""
        for number, leave in enumerate(tasks.LEAVING):
            self.check_gone(engine, tmp_path / str(number), leave)

    def test_what_a_task_freezes(self, engine: Runner, tmp_path: Path) -> None:
        """A baseline that a task freezes ends with the task"""
        self.check_gone(engine, tmp_path, tasks.leave_frozen)
        assert engine.result(engine.submit(tasks.in_thread, "left")) == (None,)

    def test_what_a_failing_task_leaves(self, engine: Runner, tmp_path: Path) -> None:
        """Whatever a failing task leaves ends with the task"""

        def leave(handles: list[Any]) -> list[Any]:
            left = []
            for handle in handles:
                with pytest.raises(OSError) as caught:  # noqa: PT011  # it holds where it was raised
                    engine.result(handle)
                # Ray's error holds the one that was raised.
                args = getattr(caught.value, "cause", caught.value).args
                left.append(args)
            return left

        self.check_gone(engine, tmp_path, tasks.leave_by_error, leave)

    def check_gone(
        self,
        engine: Runner,
        folder: Path,
        leave: Callable[[], Any],
        results: Callable[[list[Any]], list[Any]] | None = None,
    ) -> None:
        """Let every worker leave something; the same workers must not have it afterwards."""
        left: Counter[Any] = Counter()
        for turn in range(10):
            with lr(0.5):
                handles = self.on_every_worker(engine, folder / f"{turn}-leave", leave)
                done = results or (lambda handles: [engine.result(handle) for handle in handles])
                left.update(map(tuple, done(handles)))
            seen = []
            for scope, expected in ((lr(0.25), {"train.lr": 0.25}), (hp.scope(), {})):
                with scope:
                    handles = self.on_every_worker(
                        engine, folder / f"{turn}-{len(seen)}", tasks.everything_and_where
                    )
                    for handle in handles:
                        found, where = engine.result(handle)
                        assert found == expected, leave.__name__
                        seen.append(tuple(where))
            if left.keys() & set(seen):
                return
        pytest.fail("no worker was used twice")

    def on_every_worker(
        self, engine: Runner, folder: Path, function: Callable[..., Any]
    ) -> list[Any]:
        folder.mkdir(parents=True)
        if engine.workers == 1:
            return [engine.submit(function)]
        return [
            engine.submit(tasks.meet, str(folder), engine.workers, function)
            for _ in range(engine.workers)
        ]

    # -- kinds and errors ---------------------------------------------------------------------

    def test_generator(self, engine: Runner, gate: Path) -> None:
        """Generators stream, with every step inside the scope"""
        with lr(0.5):
            items = engine.stream(str(gate))
        with lr(0.25):
            first = next(items)
            gate.touch()
            assert [first, *items] == [0.5, 0.5]

    def test_coroutine(self, engine: Runner) -> None:
        """Coroutines stay coroutines, inside the scope after every await"""
        with lr(0.5):
            handle = engine.submit(tasks.lr_between_waits)
        with lr(0.25):
            assert engine.result(handle) == [0.5] * 3

    def test_error(self, engine: Runner) -> None:
        """Errors keep their type and data"""
        with lr(0.5):
            with pytest.raises(tasks.Refused) as caught:
                engine.result(engine.submit(tasks.refuse))
        assert (caught.value.key, caught.value.code) == ("k", 3)

    def test_wrong_call(self, engine: Runner) -> None:
        """A call with wrong arguments raises the same error as before"""
        with lr(0.5), pytest.raises(TypeError, match="wrong"):
            engine.result(engine.submit(tasks.both, 1, wrong=2))
        with lr(0.5), pytest.raises(TypeError, match="missing"):
            engine.result(engine.submit(tasks.both))

    # -- from worker to worker ----------------------------------------------------------------

    def test_nested(self, engine: Runner) -> None:
        """Work that a worker submits carries scopes too"""
        freeze(base=1)
        with hp.scope(outer=1, inner=1):
            assert self.submit_nested(engine) == (1, 2, 1)

    def submit_nested(self, engine: Runner) -> Any:
        return engine.result(engine.submit(tasks.nested, type(self).runner))

    def test_second_attempt(self, engine: Runner, tmp_path: Path) -> None:
        """Retries and replaced workers see the submission's scopes"""
        freeze(base=1)
        marker = str(tmp_path / "attempted")
        with hp.scope(outer=1):
            attempt = engine.second_attempt(marker, tasks.here_and_in_thread, "base", "outer")
            handle = attempt.__enter__()
        with hp.scope(outer=2):
            assert engine.result(handle) == ((1, 1), (1, None))
            attempt.__exit__(None, None, None)

    def test_made_inside(self) -> None:
        """An actor created inside a scope keeps it below the caller's, a pool shows none of it"""
        self.install()
        with hp.scope(made=1, both=1):
            runner = type(self).runner()
        made = 1 if type(self).keeps_its_scope else None
        with runner:
            with hp.scope(both=2):
                assert runner.result(runner.submit(tasks.read, "made", "both")) == (made, 2)
            assert runner.result(runner.submit(tasks.read, "made", "both")) == (made, made)
            with hp.scope.empty():
                assert runner.result(runner.submit(tasks.everything)) == {}

    # -- install, bind ------------------------------------------------------------------------

    @needs_install
    def test_made_before_install(self, made: Runner) -> None:
        """Pools created and functions decorated before `install` carry scopes after it"""
        with type(self).runner() as unused:
            prepared = [runner.prepare(tasks.everything) for runner in (made, unused)]
            self.install()
            with lr(0.5):
                handles = [submit() for submit in prepared]
            assert made.result(handles[0]) == {"train.lr": 0.5}
            assert unused.result(handles[1]) == {"train.lr": 0.5}
            assert unused.result(unused.submit(tasks.everything)) == {}

    def test_made_after_install(self) -> None:
        """What is created after `install` carries scopes"""
        self.install()
        with type(self).runner() as runner:
            with lr(0.5):
                assert runner.result(runner.submit(tasks.everything)) == {"train.lr": 0.5}
            assert runner.result(runner.submit(tasks.everything)) == {}

    @needs_install
    def test_install_in_the_middle(self, made: Runner, gate: Path) -> None:
        """`install` applies to work submitted after it"""
        with lr(0.5):
            before = made.submit(tasks.gated, str(gate), tasks.lr)
            self.install()
            after = made.submit(tasks.lr)
        gate.touch()
        assert made.result(before) == (0.5 if self.inherits else 0.0)
        assert made.result(after) == 0.5

    @needs_install
    def test_uninstall(self, engine: Runner) -> None:
        """After `uninstall`, everything works as it did before `install`"""
        prepared = engine.prepare(tasks.arguments, 1)
        with lr(0.5):
            assert engine.result(engine.submit(tasks.arguments, a=1)) == ((), {"a": 1}, 0.5)
            hp_dist.uninstall()
            assert engine.result(engine.submit(tasks.arguments, a=1)) == ((), {"a": 1}, 0.0)
            assert engine.result(prepared()) == ((1,), {}, 0.0)
        with hp.scope(bad=tasks.Unpicklable()):
            assert engine.result(engine.submit(tasks.lr)) == 0.0
        hp_dist.install(*self.installs)
        with lr(0.5):
            assert engine.result(engine.submit(tasks.arguments, a=1)) == ((), {"a": 1}, 0.5)

    def test_leaves_the_engine_alone(self, made: Runner) -> None:
        """`uninstall` restores every attribute; explicit ways replace none"""
        made.result(made.submit(tasks.lr))
        before = surface()
        self.install()
        if self.installs:
            assert changes(before, surface())
        with lr(0.5):
            made.result(made.submit(tasks.lr))
        hp_dist.uninstall()
        assert changes(before, surface()) == {}

    @needs_install
    def test_installing_twice(self, engine: Runner) -> None:
        """Installing twice has the effect of installing once"""
        once = surface()
        self.install()
        assert changes(once, surface()) == {}
        with lr(0.5):
            assert engine.result(engine.submit(tasks.lr)) == 0.5

    @needs_install
    def test_replaced_functions(self, made: Runner) -> None:
        """Replaced methods keep their name, docstring and signature"""
        before = surface()
        self.install()
        for place, (old, new) in changes(before, surface()).items():
            assert callable(new), place
            assert (new.__name__, new.__doc__) == (old.__name__, old.__doc__), place
            assert inspect.signature(new) == inspect.signature(old), place

    def test_beside_all_others(self, made: Runner) -> None:
        """All this holds with all other engines installed"""
        if not self.made_before:
            hp_dist.install()
        with type(self).runner() as unused:
            hp_dist.install()
            freeze(base=1)
            with lr(0.5):
                for runner in (made, unused):
                    seen = runner.result(runner.submit(tasks.everything))
                    assert seen == {"base": 1, "train.lr": 0.5}
            assert unused.result(unused.submit(tasks.everything)) == {"base": 1}

    def test_bind(self, made: Runner) -> None:
        """`hp_dist.bind` keeps its scopes, with or without `install`"""
        with lr(0.5):
            bound = hp_dist.bind(tasks.both)
        assert made.result(made.submit(bound, 1, b=2)) == (1, 2, 0.5)
        self.install()
        with lr(0.25):
            assert made.result(made.submit(bound, 1)) == (1, 0, 0.5)


class ActorContract(Contract):
    """An actor that was there before `install` stays what it is; its class can be made anew."""

    keeps_its_scope = True
    made_before = False

    @needs_install
    def test_made_before_install(self) -> None:
        with type(self).runner() as bare:
            self.install()
            with lr(0.25):
                runner = type(self).runner(decorated=bare.decorated)
            with runner:
                with lr(0.5):
                    assert runner.result(runner.submit(tasks.lr)) == 0.5
                assert runner.result(runner.submit(tasks.lr)) == 0.25
            with lr(0.5):
                assert bare.result(bare.submit(tasks.arguments, 1, a=2)) == ((1,), {"a": 2}, 0.0)


def engines_of(module: types.ModuleType) -> list[type[Contract]]:
    """Return the classes of a file of tests to which the promise about main programs applies."""
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, Contract)
        and each.__name__.startswith("Test")
        and each.reason_against("test_types_of_the_program") is None
    ]


def run_main(engines: list[type[Contract]], ray: dict[str, Any], folder: Path) -> list[Any]:
    """Run `contract_main.py` as a program, in which each of the engines is made."""
    jobs = [{"runner": each.runner, "installs": each.installs, **ray} for each in engines]
    done = subprocess.run(
        [sys.executable, MAIN, base64.b64encode(pickle.dumps(jobs)).decode()],
        env={**os.environ, **ray["environment"]},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=tasks.PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = [line for line in done.stdout.splitlines() if line.startswith("=>")]
    return [json.loads(line.removeprefix("=>")) for line in shown]


# -- what an engine's modules consist of ------------------------------------------------------

ENGINES = ("multiprocessing", "concurrent.futures", "joblib", "loky", "ray")
_DESCRIPTORS = (property, classmethod, staticmethod, types.FunctionType)


def surface() -> dict[tuple[str, str, str], Any]:
    """Return every function, and every one in a class, of the engines that are imported."""
    found: dict[tuple[str, str, str], Any] = {}
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(ENGINES) and type(module) is types.ModuleType:
            for name, value in list(vars(module).items()):
                if callable(value):
                    found[module_name, "", name] = value
                if isinstance(value, type) and value.__module__.startswith(ENGINES):
                    for attribute, inner in list(vars(value).items()):
                        if isinstance(inner, _DESCRIPTORS):
                            found[module_name, value.__qualname__, attribute] = inner
    return found


def changes(before: dict[Any, Any], after: dict[Any, Any]) -> dict[Any, tuple[Any, Any]]:
    """Return what was replaced, taken away, or added to a class or module that was there."""
    owners = {place[:2] for place in before}
    return {
        place: (before.get(place), after.get(place))
        for place in before.keys() | after.keys()
        if before.get(place) is not after.get(place) and place[:2] in owners
    }
