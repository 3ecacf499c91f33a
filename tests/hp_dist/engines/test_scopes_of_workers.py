"""Whose scopes a worker shows: its own, those of the work, and never those of somebody else."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

import hp_dist
import hp_dist.futures
import hyperparameter as hp
from hp_dist.subprocess import environ

METHODS = ["fork", "spawn", "forkserver"]
each_method = pytest.mark.parametrize("method", METHODS)
Program = Callable[..., list[str]]

BEGIN = """
    import multiprocessing as mp, os, sys, threading
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    import hp_dist, hyperparameter as hp

    def visible(*_):
        return dict(hp.scope.storage().storage())

    def in_thread():
        seen = []
        thread = threading.Thread(target=lambda: seen.append(visible()))
        thread.start()
        thread.join()
        return seen[0]

    def freeze(**params):
        with hp.scope.empty(**params):
            hp.scope.frozen()
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run a program, with `main` as its main module's body, and return the lines it prints."""

    def run(
        module: str, main: str, *argv: str, env: Any = None, status: int = 0, timeout: int = 100
    ) -> list[str]:
        path = tmp_path / "program.py"
        body = indent(dedent(main), "    ")
        guard = 'if __name__ == "__main__":\n'
        path.write_text(dedent(BEGIN) + dedent(module) + guard + body)
        done = subprocess.run(
            [sys.executable, str(path), *argv],
            env=env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == status, done.stderr
        run.stderr = done.stderr  # type: ignore[attr-defined]
        return done.stdout.splitlines()

    return run


# -- what the program was started with, and what it sets itself -------------------------------

LAUNCHED = """
    @hp.param("train")
    def main(lr=0.1, steps=1):
        {install}
        keys = "lr", "steps", "seed", "name"
        print(*(hp.scope["train." + key] | None for key in keys))
        seen = in_thread()
        print(*(seen.get("train." + key) for key in keys))
        with hp.scope(**{{"train.lr": 0.9}}):
            print(hp.scope.train.lr(), hp.scope.train.seed())
        print(*(hp.scope["train." + key] | None for key in keys))
"""
INSTALLS = {
    "before launch": ("hp_dist.install('multiprocessing')", "pass"),
    "in main": ("pass", "hp_dist.install('multiprocessing')"),
    "in a scope in main": ("pass", "with hp.scope(other=1): hp_dist.install('multiprocessing')"),
    "open, before": ("hp_dist.extract(os.environ).open()", "pass"),
    "open, in main": ("pass", "hp_dist.extract(os.environ).open()"),
}


@pytest.mark.parametrize("brought", ["scopes", "both", "baseline"])
@pytest.mark.parametrize("when", INSTALLS)
def test_inherited_scopes_rank_under_the_command_line_and_over_files_wherever_they_are_opened(
    program: Program, tmp_path: Path, when: str, brought: str
) -> None:
    file = tmp_path / "conf.json"
    file.write_text('{"train": {"seed": 1, "name": "file"}}')
    with hp.scope(**{"train.lr": 0.5, "train.seed": 2}):
        if brought != "scopes":
            hp.scope.frozen()
        env = environ()
    if brought == "baseline":  # as in a thread of a launched program
        env = environ()
    before, inside = INSTALLS[when]
    argv = ["--allow-unknown", "-C", str(file), "-D", "train.lr=0.3", "-D", "train.steps=7"]
    lines = program(LAUNCHED.format(install=inside), f"{before}\nhp.launch(main)", *argv, env=env)
    if "a scope" in when:  # it has gone with the block that was open
        assert lines[0] == "0.3 7 2 file"
    assert lines == ["0.3 7 2 file", "0.3 7 2 file", "0.9 2", "0.3 7 2 file"]


def test_key_that_the_command_line_takes_away_stays_away(program: Program) -> None:
    with hp.scope(**{"load.source.rate": 5, "load.rows": 2}):
        env = environ()
    module = """
        @hp.param("load")
        def main(rows=1):
            hp_dist.install("multiprocessing")
            print(visible(), in_thread())
    """
    argv = ["--allow-unknown", "-D", "~load.source", "-D", "load.source.name=x"]
    (line,) = program(module, "hp.launch(main)", *argv, env=env)
    shown = {"load.rows": 2, "load.source.name": "x"}
    assert sorted(line) == sorted(f"{shown} {shown}")


def test_scopes_of_the_program_itself_stay_over_inherited_ones(program: Program) -> None:
    freeze_here = {"base": "inherited", "both": "inherited"}
    with hp.scope.empty(**freeze_here):
        hp.scope.frozen()
    with hp.scope(lr=0.5, own="inherited"):
        env = environ()
    main = """
        with hp.scope(both="own"):
            hp.scope.frozen()
        with hp.scope(own="code"):
            hp_dist.install("multiprocessing")
            print(visible(), in_thread())
        print(visible(), in_thread())
    """
    threads = {"base": "inherited", "both": "own"}
    inside, after = program("", main, env=env)
    assert eval(f"[{inside.replace('} {', '}, {')}]") == [
        {"lr": 0.5, "own": "code", **threads},
        threads,
    ]
    assert eval(f"[{after.replace('} {', '}, {')}]") == [
        {"lr": 0.5, "own": "inherited", **threads},
        threads,
    ]


@each_method
def test_constant_read_at_import_is_the_same_in_the_program_and_its_workers(
    program: Program, method: str
) -> None:
    with hp.scope(**{"train.lr": 0.5}):
        env = environ()
    module = """
        hp_dist.install("multiprocessing")
        LR = hp.scope.train.lr | 0.1

        def constant(_=None):
            return LR, hp.scope.train.lr | 0.1
    """
    main = f"""
        print(constant())
        with mp.get_context("{method}").Pool(1) as pool:
            print(pool.apply(constant))
            with hp.scope(**{{"train.lr": 0.7}}):
                print(pool.apply(constant))
            with hp.scope.empty():
                print(pool.apply(constant))
    """
    assert program(module, main, env=env) == ["(0.5, 0.5)"] * 2 + ["(0.5, 0.7)", "(0.5, 0.1)"]


# -- initializers -----------------------------------------------------------------------------

THREADS: dict[str, Callable[[Any], Any]] = {
    "executor": lambda opening: ThreadPoolExecutor(2, initializer=opening).submit,
    "pool": lambda opening: partial(_apply, opening),
}


def _apply(opening: Any, call: Any) -> Any:
    with ThreadPool(1, opening) as pool:
        return pool.apply(call)


def in_thread(read: Callable[[], Any]) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(read()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("make", THREADS.values(), ids=THREADS)
def test_initializer_of_a_thread_leaves_the_baseline_of_the_process_alone(make: Any) -> None:
    def rate() -> Any:
        return hp.scope.lr | None

    with hp.scope.empty(made=1):
        submit = make(hp_dist.initializer())
    with hp.scope.empty(lr=0.5):
        hp.scope.frozen()
    result = submit(lambda: (rate(), hp.scope.made | None))
    found = result.result(60) if hasattr(result, "result") else result
    assert found == (None, 1)  # `empty` hides the baseline
    assert rate() == in_thread(rate) == 0.5


@pytest.mark.parametrize("make", THREADS.values(), ids=THREADS)
def test_bound_work_hides_what_an_initializer_has_opened_in_its_thread(make: Any) -> None:
    def visible() -> dict[str, Any]:
        return dict(hp.scope.storage().storage())

    class Reader:
        def __call__(self) -> dict[str, Any]:
            return visible()

    with hp.scope.empty():
        alone, with_none = hp_dist.bind(visible), hp_dist.bind(lambda: visible())
    with hp.scope(b=2):
        bound = [hp_dist.bind(visible), hp_dist.bind(Reader())]
    with hp.scope(a=1):
        opening = hp_dist.initializer()

    def inside(call: Any) -> Any:
        with hp.scope(own=3):
            return call()

    for call in bound:
        assert _result(make(opening)(call)) == {"b": 2}
        assert _result(make(opening)(partial(inside, call))) == {"own": 3, "b": 2}
    assert _result(make(opening)(alone)) == _result(make(opening)(with_none)) == {}
    without = hp_dist.bind(visible)
    assert _result(make(opening)(without)) == {"a": 1}


def _result(found: Any) -> Any:
    return found.result(60) if hasattr(found, "result") else found


def test_executor_of_threads_shows_what_an_initializer_opens_to_calls_that_bring_nothing() -> None:
    def visible(*_: object) -> dict[str, Any]:
        return dict(hp.scope.storage().storage())

    with hp.scope(a=1):
        opening = hp_dist.initializer()
    with hp.scope(place=1):
        executor = hp_dist.futures.ThreadPoolExecutor(1, initializer=opening)
    with executor:
        assert executor.submit(visible).result() == {"a": 1}
        assert list(executor.map(visible, [1])) == [{"a": 1}]
        with hp.scope(b=2):
            assert executor.submit(visible).result() == {"b": 2}
        with hp.scope.empty():
            assert executor.submit(visible).result() == {}
        with hp.record() as record:
            executor.submit(lambda: hp.scope.a()).result()
        assert record.operative() == {"a": 1}
        assert executor.submit(visible).result() == {"a": 1}


@each_method
def test_initializer_of_a_thread_in_a_worker_leaves_what_that_has_frozen(
    program: Program, method: str
) -> None:
    module = """
        def work(opening):
            freeze(lr=0.5)
            with ThreadPoolExecutor(1, initializer=opening) as threads:
                inside = threads.submit(visible).result()
            return inside, in_thread()
    """
    main = f"""
        with hp.scope(a=1):
            opening = hp_dist.initializer()
        freeze(lr=0.1)
        with ProcessPoolExecutor(1, mp.get_context("{method}")) as executor:
            print(executor.submit(work, opening).result())
    """
    (line,) = program(module, main)
    inside, outside = eval(line)
    assert inside["a"] == 1
    assert outside == {"lr": 0.5}


@each_method
@pytest.mark.parametrize("install", ["", "hp_dist.install()\n"], ids=["", "installed"])
def test_explicit_initializer_is_seen_by_tasks_that_bring_no_scope(
    program: Program, method: str, install: str
) -> None:
    main = f"""
        context = mp.get_context("{method}")
        with hp.scope(made=1):
            opening = hp_dist.initializer()
        with context.Pool(1, opening) as pool:
            print(pool.apply(visible), pool.apply(hp_dist.bind(visible)))
            with hp.scope(sent=2):
                print(pool.apply(hp_dist.bind(visible)))
            with hp.scope.empty():
                print(pool.apply(hp_dist.bind(visible)))
            print(pool.apply(visible))
    """
    assert program("", install + dedent(main)) == [
        "{'made': 1} {'made': 1}",
        "{'sent': 2}",
        "{}",
        "{'made': 1}",
    ]


@each_method
def test_what_a_users_initializer_opens_stays_below_the_scopes_of_tasks(
    program: Program, method: str
) -> None:
    module = """
        def begin():
            print(visible(), flush=True)
            hp.scope.init({"worker": 1, "both": "worker"})

        def write(_=None):
            hp.scope.both = "task"
            return visible()
    """
    main = f"""
        hp_dist.install()
        context = mp.get_context("{method}")
        with hp.scope(made=1):
            pool = context.Pool(1, begin)
            executor = ProcessPoolExecutor(1, context, begin)
        with pool, executor:
            for submit in (pool.apply, lambda f: executor.submit(f).result()):
                with hp.scope(both="sent"):
                    print(submit(visible))
                    print(submit(write))
                print(submit(visible))
                print(submit(write))
    """
    lines = program(module, main)
    assert [line for line in lines if line == "{'made': 1}"] == ["{'made': 1}"] * 2
    sent = [line for line in lines if line != "{'made': 1}"]
    assert (
        sent
        == [
            "{'worker': 1, 'both': 'sent'}",
            "{'worker': 1, 'both': 'task'}",
            "{'worker': 1, 'both': 'worker'}",
            "{'worker': 1, 'both': 'task'}",
        ]
        * 2
    )


@pytest.mark.parametrize("wrong", [5, "work", {}], ids=repr)
def test_initializer_that_cannot_be_called_is_refused_where_it_is_given(wrong: Any) -> None:
    with pytest.raises(TypeError, match="a function that each worker calls") as caught:
        hp_dist.initializer(wrong)
    assert repr(wrong) in str(caught.value)


# -- long-lived workers -----------------------------------------------------------------------


@each_method
def test_bound_function_sees_nothing_of_what_its_worker_was_started_with(
    program: Program, method: str
) -> None:
    """A pool of another make: it starts plain processes, which take scopes along."""
    module = """
        def serve(tasks, results):
            for task in iter(tasks.get, None):
                results.put(task())
    """
    main = f"""
        hp_dist.install("multiprocessing")
        context = mp.get_context("{method}")
        tasks, results = context.SimpleQueue(), context.SimpleQueue()
        freeze(base=1)
        with hp.scope(a=1):
            process = context.Process(target=serve, args=(tasks, results))
            process.start()
        def call(function):
            tasks.put(function)
            return results.get()
        with hp.scope(b=2):
            print(call(hp_dist.bind(visible)))
        print(call(hp_dist.bind(visible)))
        with hp.scope.empty():
            print(call(hp_dist.bind(visible)))
        print(call(visible))
        tasks.put(None)
        process.join()
    """
    assert program(module, main) == [
        "{'base': 1, 'b': 2}",
        "{'base': 1}",
        "{}",
        "{'base': 1, 'a': 1}",
    ]


@each_method
def test_what_is_bound_lies_over_the_scopes_of_the_process_that_it_came_with(
    program: Program, method: str
) -> None:
    """The start of a process is the submission of its target and arguments."""
    module = """
        class Reader:
            def __call__(self):
                return visible()

            def read(self):
                return self()

            def read_later(self):
                yield visible()

        def tell(results):
            results.put(visible())

        def call(results, function):
            results.put(function())

        def call_inside(results, function):
            with hp.scope(b=3):
                results.put(function())

        def call_methods(results, cls, instance):
            results.put([cls().read(), *cls().read_later(), instance()])

        class Process(mp.get_context(METHOD).Process):
            def __init__(self, results, function):
                super().__init__()
                self.results, self.function = results, function

            def run(self):
                self.results.put(self.function())

        def begin(function):
            print(function(), flush=True)
    """
    main = """
        hp_dist.install("multiprocessing")
        context = mp.get_context(METHOD)
        results = context.SimpleQueue()

        def run(process):
            process.start()
            print(results.get())
            process.join()

        with hp.scope(a=1):
            bound, bound_tell = hp_dist.bind(visible), hp_dist.bind(tell)
            cls, instance = hp_dist.bind(Reader), hp_dist.bind(Reader())
        with hp.scope(a=2, b=2):
            print(bound())
            run(context.Process(target=bound_tell, args=(results,)))
            run(context.Process(target=call, args=(results, bound)))
            run(context.Process(target=call_inside, args=(results, bound)))
            run(Process(results, bound))
            run(context.Process(target=call_methods, args=(results, cls, instance)))
            with context.Pool(1, begin, (bound,)) as pool:
                pool.apply(abs, (1,))
        with hp.scope.empty():
            closed = hp_dist.bind(visible)
        with hp.scope(b=2):
            run(context.Process(target=call, args=(results, closed)))
    """
    lines = program(module.replace("METHOD", repr(method)), main.replace("METHOD", repr(method)))
    shown = [sorted(each.items()) if isinstance(each, dict) else each for each in map(eval, lines)]
    over = [("a", 1), ("b", 2)]
    methods = [dict(over)] * 3
    assert shown == [over, over, over, [("a", 1), ("b", 3)], over, methods, over, []]


@each_method
def test_bound_function_sees_nothing_of_what_a_fork_has_copied(
    program: Program, method: str
) -> None:
    """Nothing is installed: a forked worker has its parent's scopes nevertheless."""
    main = f"""
        context = mp.get_context("{method}")
        with hp.scope(a=1), hp.scope(c=3):
            pool = context.Pool(1)
        with pool, hp.scope(b=2):
            print(pool.apply(hp_dist.bind(visible)))
    """
    assert program("", main) == ["{'b': 2}"]


@each_method
def test_what_a_process_has_frozen_is_not_replaced_by_the_baseline_of_work(
    program: Program, method: str
) -> None:
    module = """
        def serve(tasks, results):
            print(in_thread(), flush=True)
            freeze(own=1)
            for task in iter(tasks.get, None):
                results.put((task(), in_thread()))
    """
    main = f"""
        hp_dist.install("multiprocessing")
        context = mp.get_context("{method}")
        tasks, results = context.SimpleQueue(), context.SimpleQueue()
        freeze(base=1)
        process = context.Process(target=serve, args=(tasks, results))
        process.start()
        freeze(base=2)
        tasks.put(hp_dist.bind(visible))
        print(*results.get())
        tasks.put(None)
        process.join()
    """
    assert program(module, main) == ["{'base': 1}", "{'base': 2} {'own': 1}"]


# -- nothing hangs ----------------------------------------------------------------------------

HANDLE = """
    HOME = os.environ.setdefault("HOME_PID", str(os.getpid()))

    class Handle:  # pickles, but cannot be made again elsewhere: a device, a connection
        def __reduce__(self):
            return reopen, ()

    def reopen():
        if str(os.getpid()) != HOME:
            raise OSError("in use by another process")
        return Handle()

    def begin():
        pass

    def begin_reading():
        hp.scope.a | 0

    def told(call):
        try:
            return call()
        except hp_dist.CarrierError as error:
            return type(error).__name__, "'device'" in str(error), "in use" in str(error)

    def started():
        return next(mp.process._process_counter) - 1
"""
NAMED = "('CarrierError', True, True)"


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
@pytest.mark.parametrize("baseline", [False, True], ids=["scope", "baseline"])
@pytest.mark.parametrize("initializer", ["None", "begin"])
def test_pool_made_inside_a_scope_that_cannot_be_opened_works_for_all_other_tasks(
    program: Program, method: str, baseline: bool, initializer: str
) -> None:
    main = f"""
        hp_dist.install()
        context = mp.get_context("{method}")
        with hp.scope(device=Handle()):
            if {baseline}:
                hp.scope.frozen()
            pool = context.Pool(1, {initializer})
            executor = ProcessPoolExecutor(1, context, {initializer})
            with hp.scope(a=1):
                print(told(lambda: pool.apply_async(visible).get(60)))
                print(told(lambda: executor.submit(visible).result(60)))
        freeze(base=1)
        with hp.scope(a=2), pool, executor:
            print(pool.apply_async(visible).get(60), executor.submit(visible).result(60))
            print(pool.apply_async(in_thread).get(60), executor.submit(in_thread).result(60))
        print(started() <= 4)
    """
    assert program(HANDLE, main) == [
        NAMED,
        NAMED,
        "{'base': 1, 'a': 2} {'base': 1, 'a': 2}",
        "{'base': 1} {'base': 1}",
        "True",
    ]


SILENT = """
    class Silent(Exception):
        def __str__(self):
            return self.what_is_not_there
"""


@pytest.mark.parametrize("initializer", ["None", "hp_dist.initializer()"])
def test_an_error_of_a_value_that_cannot_be_shown_is_named_by_its_type(
    program: Program, initializer: str
) -> None:
    handle = HANDLE.replace('OSError("in use by another process")', "Silent()")
    assert handle != HANDLE
    main = f"""
        hp_dist.install()
        context = mp.get_context("spawn")
        with hp.scope(device=Handle()):
            for frozen in False, True:
                if frozen:
                    hp.scope.frozen()
                with context.Pool(1, {initializer}) as pool:
                    try:
                        pool.apply_async(visible).get(60)
                    except hp_dist.CarrierError as error:
                        print("'device'" in str(error), "here: Silent." in str(error))
        print(started() <= 4)
    """
    assert program(SILENT + handle, main) == ["True True", "True True", "True"]


EXITS = """
    class Panic(BaseException):  # as pyo3 makes of a panic in Rust
        pass

    def rate(*_):
        return hp.scope.rate | 0.0

    def exit_status(context):
        process = context.Process(target=rate)
        process.start()
        process.join()
        return process.exitcode
"""


@each_method
@pytest.mark.parametrize("error", ["SystemExit", "Panic"])
@pytest.mark.parametrize("baseline", [False, True], ids=["scope", "baseline"])
def test_value_that_would_end_its_worker_fails_its_tasks_alone(
    program: Program, method: str, error: str, baseline: bool
) -> None:
    main = f"""
        hp_dist.install()
        context = mp.get_context("{method}")
        pool, executor = context.Pool(1), ProcessPoolExecutor(1, context)
        with hp.scope(device=Handle(), rate=0.5):
            if {baseline}:
                hp.scope.frozen()
            bound = hp_dist.bind(rate)
            opened = hp_dist.initializer()
            tasks = [
                lambda: pool.apply_async(rate).get(60),
                lambda: pool.map_async(rate, [1, 2]).get(60),
                lambda: executor.submit(rate).result(60),
                lambda: pool.apply_async(bound).get(60),
                lambda: executor.submit(bound).result(60),
            ]
            print({{told(task) for task in tasks}})
            print(exit_status(context))
        with hp.scope.empty():
            hp.scope.frozen()
            print(pool.apply_async(rate).get(60), executor.submit(rate).result(60))
            pool, executor = context.Pool(1, opened), ProcessPoolExecutor(1, context, opened)
            print(told(lambda: pool.apply_async(hp_dist.bind(rate)).get(60)))
            print(told(lambda: executor.submit(hp_dist.bind(rate)).result(60)))
            print(pool.apply_async(abs, (-2,)).get(60), executor.submit(abs, -2).result(60))
        print(started() <= 5)
    """
    handle = dedent(HANDLE).replace("OSError(", f"{error}(")
    ended = "0" if method == "fork" else "1"  # which has the value itself
    assert program(dedent(EXITS) + handle, main) == [
        f"{{{NAMED}}}", ended, "0.0 0.0", "0.0", "0.0", "2 2", "True",
    ]  # fmt: skip


FICKLE = """
    import time

    class Fickle:  # its lock is held, its file is open: it cannot be pickled any more
        is_bad = False
        def __reduce__(self):
            if Fickle.is_bad:
                raise Refusal("not now")
            return Fickle, ()

    def begin():
        pass

    def gated(gate):
        while not os.path.exists(gate):
            time.sleep(0.01)
        return visible()
"""


@pytest.mark.parametrize(
    ("method", "error"), [("spawn", "TypeError"), ("forkserver", "SystemExit")]
)
@pytest.mark.parametrize("explicit", [False, True], ids=["installed", "explicit"])
@pytest.mark.parametrize("place", ["baseline", "scope of the making"])
def test_worker_that_replaces_another_starts_though_a_value_can_no_longer_be_sent(
    program: Program, tmp_path: Path, place: str, explicit: bool, method: str, error: str
) -> None:
    """An error in the pool's thread ends it: tasks and `terminate` would wait for ever."""
    main = f"""
        if {explicit}:
            import hp_dist.multiprocessing
            context = hp_dist.multiprocessing.get_context("{method}")
        else:
            hp_dist.install()
            context = mp.get_context("{method}")
        made = dict(fickle=Fickle()) if {place != "baseline"} else {{}}
        with hp.scope(**made):
            pool = context.Pool(1, begin, maxtasksperchild=1)
        gate = {str(tmp_path / "gate")!r}
        with hp.scope(a=1):
            results = [pool.apply_async(gated, (gate,)) for _ in range(3)]
        if not made:
            freeze(fickle=Fickle())
        Fickle.is_bad = True
        open(gate, "w").close()
        print([result.get(30) for result in results])
        pool.terminate()
        pool.join()
    """
    module = FICKLE.replace("Refusal", error)
    assert program(module, main) == ["[{'a': 1}, {'a': 1}, {'a': 1}]"]


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
@pytest.mark.parametrize("explicit", [False, True], ids=["installed", "explicit"])
def test_initializer_that_reads_what_cannot_be_opened_fails_each_task(
    program: Program, method: str, explicit: bool
) -> None:
    """Raised in the worker, the error would make a pool start workers for ever."""
    main = f"""
        explicit = {explicit}
        if not explicit:
            hp_dist.install()
        context = mp.get_context("{method}")
        with hp.scope(device=Handle()):
            begin = hp_dist.initializer(begin_reading) if explicit else begin_reading
            pool = context.Pool(1, begin)
            executor = ProcessPoolExecutor(1, context, initializer=begin)
        for _ in range(2):
            print(told(lambda: pool.apply_async(visible).get(60)))
            print(told(lambda: executor.submit(visible).result(60)))
            if not explicit:
                print(told(lambda: pool.apply_async(os.getpid).get(60)))
        print(started() <= 2)
        pool.terminate()
        executor.shutdown()
    """
    assert program(HANDLE, main) == [NAMED] * (4 if explicit else 6) + ["True"]
    assert "in use by another process" in program.stderr  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_process_reads_no_default_in_place_of_what_cannot_be_opened(
    program: Program, method: str
) -> None:
    module = """
        def target():
            print(told(lambda: hp.scope.a | 0), flush=True)
            print(told(lambda: in_thread()), flush=True)
            with hp.scope(b=1):
                print(hp.scope.b | 0, told(lambda: hp.scope.a | 0), flush=True)
            with hp.scope.empty():
                print(hp.scope.a | 0, flush=True)
    """.replace("in_thread()", "in_thread_told()")
    helper = """
        def in_thread_told():
            seen = []
            thread = threading.Thread(target=lambda: seen.append(told(lambda: hp.scope.a | 0)))
            thread.start()
            thread.join()
            return seen[0]
    """
    main = f"""
        hp_dist.install("multiprocessing")
        with hp.scope(device=Handle(), a=1):
            process = mp.get_context("{method}").Process(target=target)
            process.start()
        process.join()
        print(process.exitcode)
    """
    lines = program(dedent(HANDLE) + dedent(helper) + dedent(module), main)
    assert lines == [NAMED, NAMED, f"1 {NAMED}", "0", "0"]


def test_a_forked_worker_is_told_from_its_parent(program: Program) -> None:
    """A child of a child: what either had open when it was forked is not the work's."""
    module = """
        def work():
            with hp.scope(middle=1), ProcessPoolExecutor(1, mp.get_context("fork")) as executor:
                with hp.scope.empty(inner=2):
                    bound = hp_dist.bind(visible)
                executor.submit(visible).result()
                return executor.submit(bound).result()
    """
    main = """
        with hp.scope(outer=1), ProcessPoolExecutor(1, mp.get_context("fork")) as executor:
            print(executor.submit(work).result())
    """
    assert program(module, main) == ["{'inner': 2}"]


@each_method
def test_explain_in_a_worker_of_a_launched_program_tells_each_binding_once(
    program: Program, tmp_path: Path, method: str
) -> None:
    file = tmp_path / "conf.json"
    file.write_text('{"train": {"lr": 0.5}}')
    module = """
        def bindings(*_):
            return [binding.value for binding in hp.explain("train.lr").bindings]

        @hp.param("train")
        def main(lr=0.1):
            print(bindings())
            with mp.get_context(METHOD).Pool(1) as pool:
                print(pool.apply(bindings))
                with hp.scope(**{"train.lr": 0.9}), hp.scope(**{"train.lr": 0.3}):
                    print(pool.apply(bindings))
    """
    main = """
        hp_dist.install("multiprocessing")
        hp.launch(main)
    """
    lines = program(
        module.replace("METHOD", repr(method)), main, "-C", str(file), "-D", "train.lr=0.3"
    )
    assert lines == ["[0.3, 0.5]", "[0.3, 0.5]", "[0.3, 0.9, 0.3, 0.5]"]


def test_records_and_explain_name_the_lines_of_a_script_that_joblib_sends_by_value(
    program: Program,
) -> None:
    module = """
        @hp.param("t")
        def t(lr=0.1):
            return lr, hp.scope.t.lr | 0

        def work(value):
            with hp.scope(**{"t.lr": value}):
                t()
                return str(hp.explain("t.lr"))
    """
    main = """
        from joblib import Parallel, delayed
        hp_dist.install("joblib")
        for jobs in 1, 2:
            with hp.record() as record:
                explained = Parallel(jobs)(delayed(work)(value) for value in (1.0, 2.0))
            places = [(read.reader, read.origin.location) for read in record.reads]
            print(sorted(set(places)), sorted(text.splitlines()[0] for text in explained))
    """
    here, elsewhere = program(module, main)
    assert "program.py:" in here
    assert elsewhere == here
