"""Functions of Ray run inside the scope of the thread that calls `.remote()`.

Everything that runs in a worker is local to its test: Ray then ships it by value, while a worker
could not import this module.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from contract_tasks import Unpicklable, freeze
from ray_settings import WARNINGS
from ray_work import get

import hp_dist
import hyperparameter as hp
from hp_dist._carry.attachments import make_attachment
from hp_dist._ray.store import ObjectStore, give_back, lend

pytestmark = WARNINGS


Reader = Callable[[], Any]


def reader() -> Reader:
    """Return a function that tells all that it sees, and where it runs."""

    def read() -> Any:
        return dict(hp.scope.storage().storage()), os.getpid()

    return read


def lr(value: float) -> hp.scope:
    return hp.scope(**{"train.lr": value})


def test_workers_run_the_same_installed_package_as_the_driver(ray: Any) -> None:
    @ray.remote
    def files() -> Any:
        return hp.__file__, hp_dist.__file__

    assert get(files.remote()) == (hp.__file__, hp_dist.__file__)


# -- submission -------------------------------------------------------------------------------


def test_function_decorated_after_install_sees_the_scope(ray: Any, installed: None) -> None:
    @ray.remote
    def f(a: int, b: int = 0) -> Any:
        return a, b, hp.scope.train.lr | 0.0

    with lr(0.5):
        first = f.remote(1, b=2)
    with lr(0.25):
        second = f.remote(1)
    assert get([first, second, f.remote(3)]) == [(1, 2, 0.5), (1, 0, 0.25), (3, 0, 0.0)]


def test_function_decorated_before_install_sees_the_scope(ray: Any) -> None:
    f = ray.remote(reader())
    hp_dist.install("ray")
    with lr(0.5):
        seen = get(f.remote())[0]
    hp_dist.uninstall()
    assert seen == {"train.lr": 0.5}


def test_function_called_before_install_sees_the_scope_after_it(ray: Any) -> None:
    f = ray.remote(reader())
    with lr(0.5):
        before = get(f.remote())[0]
        hp_dist.install("ray")
        after = get(f.remote())[0]
        hp_dist.uninstall()
    assert (before, after) == ({}, {"train.lr": 0.5})


def test_options_made_before_install_carry_too(ray: Any) -> None:
    f = ray.remote(reader()).options(num_cpus=1)
    hp_dist.install("ray")
    with lr(0.5):
        seen = get(f.remote())[0]
    hp_dist.uninstall()
    assert seen == {"train.lr": 0.5}


def test_options_carry(ray: Any, installed: None) -> None:
    @ray.remote
    def f(a: int) -> Any:
        return a, hp.scope.train.lr | 0.0

    with lr(0.5):
        assert get(f.options(num_cpus=2, name="mine").remote(1)) == (1, 0.5)
        assert get(f.options(num_returns=2).remote(1)) == [1, 0.5]


def test_decorated_parameters_are_filled_from_the_scope(ray: Any, installed: None) -> None:
    @ray.remote
    @hp.param("train")
    def train(n: int, lr: float = 0.1, *, epochs: int = 1) -> Any:
        return n, lr, epochs

    with hp.scope("train.lr=0.5", **{"train.epochs": 3}):
        assert get(train.remote(1)) == (1, 0.5, 3)
        assert get(train.remote(1, lr=9.0)) == (1, 9.0, 3)
    assert get(train.remote(1)) == (1, 0.1, 1)


def test_scope_is_captured_at_submission(ray: Any, installed: None, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    @ray.remote
    def wait(path: str) -> str:
        with open(path) as fifo:
            return fifo.read()

    @ray.remote
    def read(_: Any) -> float:
        return hp.scope.train.lr | 0.0

    opened = wait.remote(str(gate))
    with lr(0.1):
        first = read.remote(opened)
        hp.scope.train.lr = 0.2
        second = read.remote(opened)
    with lr(0.3):
        gate.write_text("go")
        assert get([first, second]) == [0.1, 0.2]


def test_thread_that_submits_counts(ray: Any, installed: None) -> None:
    f = ray.remote(reader())
    seen: list[Any] = []

    def submit() -> None:
        seen.append(get(f.remote())[0])
        with lr(0.2):
            seen.append(get(f.remote())[0])

    with lr(0.1):
        thread = threading.Thread(target=submit)
        thread.start()
        thread.join()
    assert seen == [{}, {"train.lr": 0.2}]


def test_task_of_a_task_sees_both_scopes(ray: Any, installed: None) -> None:
    @ray.remote
    def inner() -> Any:
        return hp.scope.outer | 0, hp.scope.inner | 0, hp.scope.base | 0

    @ray.remote(num_cpus=0)
    def outer() -> Any:
        with hp.scope(inner=2):
            nested = inner.remote()
        return ray.get([nested, inner.remote()])

    freeze(base=1)
    with hp.scope(outer=1, inner=1):
        assert get(outer.remote()) == [(1, 2, 1), (1, 1, 1)]


def test_values_that_need_cloudpickle_arrive(ray: Any, installed: None) -> None:
    class Local:
        n = 3

    @ray.remote
    def f() -> Any:
        return hp.scope.double()(hp.scope["cls"]().n)

    with hp.scope(double=lambda n: 2 * n, cls=Local):
        assert get(f.remote()) == 6


def test_large_scope_arrives(ray: Any, installed: None) -> None:
    @ray.remote
    def f() -> Any:
        return len(hp.scope), hp.scope.key9999 | 0

    with hp.scope(**{f"key{i}": i for i in range(10_000)}):
        assert get(f.remote()) == (10_000, 9_999)


def test_object_reference_in_the_scope_can_be_used(ray: Any, installed: None) -> None:
    @ray.remote
    def f() -> Any:
        return ray.get(hp.scope.data(), timeout=10)

    with hp.scope(data=ray.put([1, 2])):
        assert get(f.remote()) == [1, 2]


# -- what the function and its caller see -----------------------------------------------------


def test_function_that_takes_any_keyword_never_sees_another_one(ray: Any, installed: None) -> None:
    @ray.remote
    def f(*args: Any, **kwargs: Any) -> Any:
        return args, kwargs, hp.scope.train.lr | 0.0

    with lr(0.5):
        assert get(f.remote()) == ((), {}, 0.5)
        assert get(f.remote(1, a=2)) == ((1,), {"a": 2}, 0.5)
        assert get(f.options(num_cpus=1).remote(b=3)) == ((), {"b": 3}, 0.5)


def test_positional_only_and_keyword_only_parameters(ray: Any, installed: None) -> None:
    @ray.remote
    def f(a: int, b: int = 2, /, *rest: int, c: int, d: int = 4, **more: int) -> Any:
        return a, b, rest, c, d, more, hp.scope.train.lr | 0.0

    with lr(0.5):
        assert get(f.remote(1, c=3)) == (1, 2, (), 3, 4, {}, 0.5)
        assert get(f.remote(1, 5, 6, c=3, d=7, a=8)) == (1, 5, (6,), 3, 7, {"a": 8}, 0.5)


def test_parameters_called_args_and_kwargs(ray: Any, installed: None) -> None:
    @ray.remote
    def f(args: int, kwargs: int = 0) -> Any:
        return args, kwargs, hp.scope.train.lr | 0.0

    with lr(0.5):
        assert get(f.remote(args=1, kwargs=2)) == (1, 2, 0.5)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), ((1,), {"wrong": 2}), ((1, 2, 3), {}), ((1,), {"a": 2})],
    ids=["missing", "unknown", "too many", "twice"],
)
def test_wrong_arguments_are_still_a_type_error_at_remote(
    ray: Any, installed: None, args: tuple[int, ...], kwargs: dict[str, int]
) -> None:
    @ray.remote
    def f(a: int, b: int = 0) -> Any:
        return a, b

    with lr(0.5), pytest.raises(TypeError):
        f.remote(*args, **kwargs)


def test_function_cannot_be_called_directly_as_before(ray: Any, installed: None) -> None:
    f = ray.remote(reader())
    get(f.remote())
    with pytest.raises(TypeError, match="cannot be called directly"):
        f()


def test_error_keeps_type_and_data(ray: Any, installed: None) -> None:
    class Refused(Exception):
        def __init__(self, key: str, code: int) -> None:
            super().__init__(key, code)
            self.key, self.code = key, code

    @ray.remote(max_retries=0)
    def f() -> None:
        raise Refused("k", 3)

    with lr(0.5), pytest.raises(Refused) as caught:
        get(f.remote())
    assert (caught.value.key, caught.value.code) == ("k", 3)


class Connection:
    def __init__(self, port: int) -> None:
        self.port = port

    def __reduce__(self) -> Any:
        raise TypeError("ask Ray")


@pytest.mark.parametrize("way", ["installed", "bind"])
def test_serializer_registered_with_ray_is_used(
    ray: Any, installed: None, shipped_by_value: None, way: str
) -> None:
    def ports() -> list[int]:
        return [hp.scope.connection().port, *(each.port for each in hp.scope.many())]

    ray.util.register_serializer(Connection, serializer=lambda c: c.port, deserializer=Connection)
    try:
        with hp.scope(connection=Connection(1), many=[Connection(2)]):
            if way == "bind":
                task, bound = ray.remote(lambda function: function()), hp_dist.bind(ports)
                handle = task.remote(bound)
            else:
                handle = ray.remote(ports).remote()
        assert ray.get(handle, timeout=150) == [1, 2]
    finally:
        ray.util.deregister_serializer(Connection)
    with hp.scope(connection=Connection(1)), pytest.raises(hp_dist.CarrierError, match="ask Ray"):
        ray.remote(ports).remote()


def test_value_that_cannot_be_pickled_is_named_at_remote(ray: Any, installed: None) -> None:
    f = ray.remote(reader())
    with hp.scope(**{"model.bad": Unpicklable()}):
        with pytest.raises(hp_dist.CarrierError, match=r"model\.bad.*test_tasks\.py:"):
            f.remote()
    assert get(f.remote())[0] == {}


def test_baseline_value_that_cannot_be_pickled_is_named_at_remote(
    ray: Any, installed: None
) -> None:
    f = ray.remote(reader())
    freeze(bad=Unpicklable())
    with pytest.raises(hp_dist.CarrierError, match="bad"):
        f.remote()


# -- generators -------------------------------------------------------------------------------


def test_generator_streams_inside_the_scope(ray: Any, installed: None) -> None:
    @ray.remote
    def numbers(count: int) -> Iterator[Any]:
        for number in range(count):
            yield number, hp.scope.train.lr | 0.0

    with lr(0.5):
        items = numbers.remote(3)
    assert [get(item) for item in items] == [(0, 0.5), (1, 0.5), (2, 0.5)]


def test_generator_yields_its_first_item_before_it_ends(
    ray: Any, installed: None, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    @ray.remote
    def numbers(path: str) -> Iterator[Any]:
        yield hp.scope.train.lr | 0.0
        with open(path) as fifo:
            yield fifo.read()

    with lr(0.5):
        items = numbers.remote(str(gate))
    assert get(next(items)) == 0.5
    gate.write_text("go")
    assert [get(item) for item in items] == ["go"]


def test_generator_error_comes_after_its_items(ray: Any, installed: None) -> None:
    @ray.remote(max_retries=0)
    def numbers() -> Iterator[Any]:
        yield hp.scope.train.lr | 0.0
        raise LookupError("end")

    with lr(0.5):
        items = numbers.remote()
    assert get(next(items)) == 0.5
    with pytest.raises(LookupError):
        get(next(items))


# -- retries ----------------------------------------------------------------------------------


def test_retry_after_an_exception_sees_the_scope_of_the_submission(
    ray: Any, installed: None, tmp_path: Path
) -> None:
    @ray.remote(max_retries=2, retry_exceptions=True)
    def f(marker: str) -> Any:
        if not os.path.exists(marker):
            Path(marker).touch()
            raise RuntimeError("first attempt")
        return hp.scope.train.lr | 0.0, hp.scope.base | 0

    freeze(base=1)
    with lr(0.5):
        result = f.remote(str(tmp_path / "attempted"))
    with lr(0.1):
        assert get(result) == (0.5, 1)
    assert (tmp_path / "attempted").exists()


def test_retry_after_the_worker_is_killed_sees_the_scope_of_the_submission(
    ray: Any, installed: None, tmp_path: Path
) -> None:
    @ray.remote(max_retries=2)
    def f(marker: str) -> Any:
        if not os.path.exists(marker):
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return hp.scope.train.lr | 0.0, hp.scope.base | 0

    freeze(base=1)
    with lr(0.5):
        result = f.remote(str(tmp_path / "attempted"))
    with lr(0.1):
        assert get(result) == (0.5, 1)
    assert (tmp_path / "attempted").exists()


# -- workers ----------------------------------------------------------------------------------


def leave_open() -> Any:
    def leave() -> int:
        hp.scope(left=1).__enter__()
        return os.getpid()

    return leave


def leave_written() -> Any:
    def leave() -> int:
        hp.scope.left = 1
        hp.scope.train.lr = 9.0
        return os.getpid()

    return leave


def leave_frozen() -> Any:
    def leave() -> int:
        with hp.scope(left=1):
            hp.scope.frozen()
        return os.getpid()

    return leave


def leave_by_error() -> Any:
    def leave() -> int:
        hp.scope(left=1).__enter__()
        raise OSError(os.getpid())

    return leave


@pytest.mark.parametrize("make", [leave_open, leave_written, leave_frozen])
def test_what_a_task_leaves_behind_is_gone_for_the_next(
    ray: Any, installed: None, make: Callable[[], Any]
) -> None:
    # Both CPUs for each, so that one runs at a time, all in workers that have run before.
    leave = ray.remote(num_cpus=2)(make())
    read = ray.remote(num_cpus=2)(reader())
    left_by, seen_by = set(), set()
    for _ in range(4):
        with lr(0.5):
            left_by.add(get(leave.remote()))
            seen, pid = get(read.remote())
            assert seen == {"train.lr": 0.5}
        seen_by.add(pid)
        seen, pid = get(read.remote())
        assert seen == {}
        seen_by.add(pid)
    assert left_by & seen_by


def test_what_a_failing_task_leaves_behind_is_gone_for_the_next(ray: Any, installed: None) -> None:
    leave = ray.remote(num_cpus=2, max_retries=0)(leave_by_error())
    read = ray.remote(num_cpus=2)(reader())
    left_by, seen_by = set(), set()
    for _ in range(4):
        with lr(0.5), pytest.raises(OSError, match=r"\d+") as caught:
            get(leave.remote())
        left_by.add(caught.value.args[0].args[0])  # Ray's error holds the one that was raised
        seen, pid = get(read.remote())
        assert seen == {}
        seen_by.add(pid)
    assert left_by & seen_by


def test_threads_of_a_task_see_the_baseline_after_a_later_frozen_too(
    ray: Any, installed: None
) -> None:
    @ray.remote
    def f() -> Any:
        seen: list[Any] = []
        thread = threading.Thread(
            target=lambda: seen.append((hp.scope.base | 0, "outer" in hp.scope))
        )
        thread.start()
        thread.join()
        return seen[0], hp.scope.outer | 0

    for value in (1, 2):
        freeze(base=value)
        with hp.scope(outer=3):
            assert get(f.remote()) == ((value, False), 3)


def test_empty_hides_everything(ray: Any, installed: None) -> None:
    f = ray.remote(reader())
    freeze(base=1)
    with hp.scope(outer=1), hp.scope.empty(own=2):
        assert get(f.remote())[0] == {"own": 2}
    with hp.scope.empty():
        assert get(f.remote())[0] == {}
    assert get(f.remote())[0] == {"base": 1}


def test_deleted_key_is_deleted_in_the_task(ray: Any, installed: None) -> None:
    f = ray.remote(reader())
    freeze(base=1)
    with hp.scope(outer=1):
        del hp.scope.base
        assert get(f.remote())[0] == {"outer": 1}


def test_explain_and_record_in_the_task_name_the_driver(ray: Any, installed: None) -> None:
    @ray.remote
    def f() -> Any:
        with hp.record() as record:
            hp.scope.train.lr | 0.0
        (read,) = record.reads
        return hp.explain("train.lr").origin, read.origin, read.process, os.getpid()

    with lr(0.5):
        explained, recorded, process, pid = get(f.remote())
    for origin in (explained, recorded):
        assert "test_tasks.py:" in origin.location
        assert origin.process == (os.uname().nodename, os.getpid())
    assert process.pid == pid != os.getpid()


def test_bound_function_needs_no_install(ray: Any) -> None:
    @ray.remote
    def call(function: Any) -> Any:
        return function()[0]

    freeze(base=1)
    with lr(0.5):
        bound = hp_dist.bind(reader())
    assert get(call.remote(bound)) == {"base": 1, "train.lr": 0.5}


# -- install and uninstall --------------------------------------------------------------------


def test_uninstall_restores_remote_functions_exactly(ray: Any) -> None:
    from ray.remote_function import RemoteFunction

    before = dict(vars(RemoteFunction))
    hp_dist.install("ray")
    hp_dist.install("ray")
    assert dict(vars(RemoteFunction)) != before
    hp_dist.uninstall()
    assert dict(vars(RemoteFunction)) == before


def test_after_uninstall_nothing_is_carried_and_functions_work_as_before(ray: Any) -> None:
    @ray.remote
    def f(*args: Any, **kwargs: Any) -> Any:
        return args, kwargs, hp.scope.train.lr | 0.0

    hp_dist.install("ray")
    with lr(0.5):
        assert get(f.remote(1, a=2)) == ((1,), {"a": 2}, 0.5)
        hp_dist.uninstall()
        assert get(f.remote(1, a=2)) == ((1,), {"a": 2}, 0.0)


def test_after_uninstall_values_need_not_be_picklable(ray: Any) -> None:
    f = ray.remote(reader())
    hp_dist.install("ray")
    get(f.remote())
    hp_dist.uninstall()
    with hp.scope(bad=Unpicklable()):
        assert get(f.remote())[0] == {}


def test_install_after_uninstall_carries_again(ray: Any) -> None:
    f = ray.remote(reader())
    for _ in range(2):
        hp_dist.install("ray")
        with lr(0.5):
            assert get(f.remote())[0] == {"train.lr": 0.5}
        hp_dist.uninstall()


def test_ray_is_not_imported_for_install_and_patched_when_it_is(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        dedent("""
        import sys
        import hp_dist

        hp_dist.install()
        print("ray" in sys.modules)
        from ray.remote_function import RemoteFunction
        remote = RemoteFunction._remote
        hp_dist.uninstall()
        print(remote is not RemoteFunction._remote)
        """)
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=150, check=False
    )
    assert (done.stdout, done.stderr) == ("False\nTrue\n", "")


def test_uninstall_before_ray_is_imported_leaves_ray_as_it_is(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        dedent("""
        import hp_dist

        hp_dist.install("ray")
        hp_dist.uninstall()
        from ray.remote_function import RemoteFunction
        print(RemoteFunction._remote.__module__)
        """)
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=150, check=False
    )
    assert (done.stdout, done.stderr) == ("ray.remote_function\n", "")


def test_attachments_that_did_not_come_along_are_not_lent(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a worker knew before may be in scopes whose message has no place for it."""
    worker = "ray._private.worker.global_worker.core_worker"
    monkeypatch.setattr(worker, object(), raising=False)  # stands for a connection to a cluster
    known, came = make_attachment(b"known before"), make_attachment(b"came along")
    lend([known, came], {came.digest: "its place"})
    assert ObjectStore not in known.places
    assert ObjectStore.keep(came) == "its place"
    give_back()
    assert ObjectStore not in came.places
