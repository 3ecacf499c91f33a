"""Values travel as the engine sends its arguments, or are refused: never as something else."""

import dataclasses
import functools
import io
import logging
import os
import pickle
import subprocess
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from multiprocessing import Pipe, resource_sharer
from multiprocessing.reduction import DupFd, ForkingPickler
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeVar
from weakref import WeakSet

import cloudpickle
import pytest
import ray.cloudpickle

import hp_dist
import hyperparameter as hp
from hp_dist._carry.attachments import Inline, Store
from hp_dist._carry.spool import LokySpool, Spool
from hp_dist._carry.submission import Submission, receive
from hp_dist.runners.processes import SpoolByValue
from hyperparameter.context import Captured

METHODS = ["fork", "spawn", "forkserver"]
each_method = pytest.mark.parametrize("method", METHODS)
Program = Callable[..., list[str]]

BEGIN = """
    import copyreg, functools, multiprocessing as mp, multiprocessing.connection, os, socket, sys
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.reduction import ForkingPickler
    import joblib
    import hp_dist, hyperparameter as hp

    def told(call):
        try:
            return call()
        except hp_dist.CarrierError as error:
            return type(error).__name__, error.key, "as an argument" in str(error)
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run a program, with `main` as its main module's body, and return the lines it prints."""

    def run(module: str, main: str, *argv: str) -> list[str]:
        path = tmp_path / "program.py"
        body = dedent(main).replace("\n", "\n    ")
        path.write_text(f"{dedent(BEGIN)}{dedent(module)}\nif __name__ == '__main__':{body}\n")
        done = subprocess.run(
            [sys.executable, str(path), *argv],
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def arrived(store: type[Store] = Spool) -> dict[str, Any]:
    """Return what a worker gets of the scopes that are open here."""
    submission = Submission.capture()
    captured = Captured(submission.scopes, submission.baseline)
    message = Submission(captured, (), (b"elsewher", 1)).message(store)
    return receive(store, *message).scopes.flat()


# -- descriptors ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_process_takes_along_what_it_can_have_as_an_argument(program: Program, method: str) -> None:
    module = """
        def use():
            scope = hp.scope
            with scope.lock():
                scope.simple().put(os.getpid())
            scope.queue().put(scope.number().value)
            scope.connection().send(scope.array()[:])
            scope.socket().sendall(b"through it")
    """
    main = f"""
        hp_dist.install()
        context = mp.get_context("{method}")
        ours, theirs = context.Pipe()
        near, far = socket.socketpair()
        shared = dict(
            simple=context.SimpleQueue(), queue=context.Queue(), lock=context.Lock(),
            number=context.Value("i", 3), array=context.Array("i", [1, 2]),
            connection=theirs, socket=far,
        )
        for _ in range(2):
            with hp.scope(**shared):
                process = context.Process(target=use)
                process.start()
            print(shared["simple"].get() == process.pid, shared["queue"].get(), ours.recv())
            print(near.recv(100).decode())
            process.join()
            print(process.exitcode)
    """
    assert program(module, main) == ["True 3 [1, 2]", "through it", "0"] * 2


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_initializer_of_each_worker_gets_what_its_pool_was_made_with(
    program: Program, method: str
) -> None:
    module = """
        def begin():
            hp.scope.connection().send("begun")
    """
    main = f"""
        hp_dist.install()
        context = mp.get_context("{method}")
        ours, theirs = context.Pipe()
        with hp.scope(connection=theirs):
            pool = context.Pool(2, begin, maxtasksperchild=1)
            executor = ProcessPoolExecutor(1, context, begin)
        with pool, executor, hp.scope(a=1):
            assert pool.apply_async(abs, (-1,)).get(100) == executor.submit(abs, -1).result(100)
            print([ours.recv() for _ in range(4)])  # one worker has been replaced
    """
    assert program(module, main) == [f"{['begun'] * 4}"]


@each_method
def test_descriptor_is_refused_where_a_task_would_get_another(
    program: Program, method: str
) -> None:
    module = """
        def send(connection):
            connection.send("sent")

        def nothing(*_):
            return None
    """
    main = f"""
        hp_dist.install()
        context = mp.get_context("{method}")
        ours, theirs = context.Pipe()
        near, far = socket.socketpair()
        with context.Pool(1) as pool, ProcessPoolExecutor(1, context) as executor:
            for value in theirs, far:
                with hp.scope(value=[value]):
                    found = [
                        told(lambda: pool.apply_async(nothing).get(100)),
                        told(lambda: pool.map_async(nothing, [1]).get(100)),
                        told(lambda: executor.submit(nothing).result(100)),
                        told(lambda: list(executor.map(nothing, [1], timeout=100))),
                        told(lambda: hp_dist.bind(nothing)),
                        told(hp_dist.initializer),
                        *[
                            told(lambda: joblib.Parallel(2, backend)([joblib.delayed(abs)(1)] * 2))
                            for backend in ("loky", "multiprocessing")
                        ],
                    ]
                print(len(found), *set(found))
            pool.apply_async(send, (theirs,)).get(100)
            print(ours.recv(), executor.submit(send, theirs).result(100), ours.recv())
    """
    refused = "8 ('CarrierError', 'value', True)"
    assert program(module, main) == [refused, refused, "sent None sent"]


class Device:
    """Something that has a descriptor, and is sent as multiprocessing sends its own."""

    def __init__(self, number: int) -> None:
        self.number = number

    def moved(self) -> None: ...


def opened(descriptor: Any) -> Device:
    return Device(descriptor.detach())


@pytest.fixture
def registered() -> Iterator[Callable[[type, Callable[[Any], Any]], None]]:
    before = dict(ForkingPickler._extra_reducers)
    yield ForkingPickler.register
    ForkingPickler._extra_reducers.clear()
    ForkingPickler._extra_reducers.update(before)


def test_descriptor_of_a_registered_type_is_refused_and_not_kept_open(registered: Any) -> None:
    registered(Device, lambda device: (opened, (DupFd(device.number),)))
    ends = Pipe()
    try:
        with hp.scope(device=Device(ends[0].fileno())):
            for _ in range(3):
                with pytest.raises(hp_dist.CarrierError, match=r"'device'.*as an argument"):
                    Submission.capture().message(Spool)
        sharer: Any = resource_sharer
        assert not sharer._resource_sharer._cache
    finally:
        for end in ends:
            end.close()
        resource_sharer.stop()


# -- reducers ---------------------------------------------------------------------------------


@each_method
def test_registered_reducers_are_those_of_arguments(program: Program, method: str) -> None:
    module = """
        class Model:
            def __init__(self, name):
                self.name = name

        class Other(Model):
            pass

        def again(name):
            return Model(name + ", sent")

        def names(*given):
            return [each.name for each in given or (hp.scope.model(), hp.scope.other())]

        def tell(queue):
            queue.put(names())

        ForkingPickler.register(Model, lambda model: (again, (model.name,)))
        copyreg.pickle(Other, lambda model: (again, (model.name,)))
    """
    main = f"""
        hp_dist.install()
        context = mp.get_context("{method}")
        model, other, local = Model("model"), Other("other"), lambda: 1
        with context.Pool(1) as pool, ProcessPoolExecutor(1, context) as executor:
            print(pool.apply(names, (model, other)), executor.submit(names, model, other).result())
            for more in {{}}, dict(local=local):
                with hp.scope(model=model, other=other, **more):
                    print(pool.apply(names), executor.submit(names).result())
                    bound = hp_dist.bind(names)
                    begin = hp_dist.initializer()
                print(pool.apply(bound), executor.submit(bound).result())
        with hp.scope(model=model, other=other):
            queue = context.Queue()
            process = context.Process(target=tell, args=(queue,))
            process.start()
            print(queue.get(), "" if "{method}" == "fork" else "as sent")
            process.join()
            hp.scope.frozen()
        with ProcessPoolExecutor(1, context) as executor:
            print(executor.submit(names).result())
    """
    sent = ["model, sent", "other, sent"]
    process = "['model', 'other'] " if method == "fork" else f"{sent} as sent"
    assert program(module, main) == [f"{sent} {sent}"] * 5 + [process, f"{sent}"]


def test_reducer_is_used_as_soon_as_it_is_registered_in_place_of_another(registered: Any) -> None:
    with hp.scope(device=Device(1)):
        assert arrived()["device"].number == 1
        for number in (2, 3):
            registered(Device, functools.partial(lambda n, _: (Device, (n,)), number))
            assert arrived()["device"].number == number


def test_shared_memory_of_torch_which_is_opened_once_is_sent_by_value(registered: Any) -> None:
    def reduce_tensor(device: Device) -> Any:
        raise AssertionError

    reduce_tensor.__module__ = "torch.multiprocessing.reductions"
    registered(Device, reduce_tensor)
    with hp.scope(device=Device(4)):
        assert arrived()["device"].number == 4


def test_partial_keeps_its_attributes_and_a_view_its_type() -> None:
    import multiprocessing.managers  # noqa: F401  # makes lists of views that are arguments

    partial = functools.update_wrapper(functools.partial(abs, -1), abs)
    with hp.scope(partial=partial, view={"a": 1}.keys()):
        found = arrived()
    assert (found["partial"].__name__, found["partial"]()) == ("abs", 1)
    assert found["view"] == {"a"}
    assert type(found["view"]) is type({}.keys())


# -- what cloudpickle would change -------------------------------------------------------------


def changed_by_cloudpickle(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "text"
    path.write_text("some text")
    return {
        "file": path.open(),
        "held file": [lambda: 1, path.open()],
        "written file": (tmp_path / "new").open("w"),
        "view": memoryview(bytearray(3)),
    }


@pytest.mark.parametrize("name", ["file", "held file", "written file", "view"])
@pytest.mark.parametrize("store", [Spool, Inline, SpoolByValue])
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_value_that_would_arrive_as_something_else_is_refused(
    tmp_path: Path, name: str, store: type[Store]
) -> None:
    value = changed_by_cloudpickle(tmp_path)[name]
    with hp.scope(value=value), pytest.raises(hp_dist.CarrierError, match=r"'value'.*can be pick"):
        Submission.capture().message(store)


@each_method
def test_open_file_is_refused_at_submission(program: Program, method: str) -> None:
    module = """
        def use():
            return hp.scope.local()(), hp.scope.out() is sys.stdout
    """
    main = f"""
        hp_dist.install()
        context = mp.get_context("{method}")
        with context.Pool(1) as pool, ProcessPoolExecutor(1, context) as executor:
            with hp.scope(file=open(__file__)):
                print(told(lambda: pool.apply_async(abs, (1,)).get(100)))
                print(told(lambda: executor.submit(abs, 1).result(100)))
                print(told(lambda: hp_dist.bind(abs)))
                print(told(hp_dist.initializer))
                twice = [joblib.delayed(abs)(1)] * 2
                print(told(lambda: joblib.Parallel(2, "multiprocessing")(twice)))
            with hp.scope(local=lambda: 3, out=sys.stdout):
                print(*pool.apply(use))
    """
    assert program(module, main) == ["('CarrierError', 'file', False)"] * 5 + ["3 True"]


def test_bound_function_that_another_engine_alone_can_send_is_refused_by_processes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "text"
    path.write_text("some text")
    with path.open() as file:
        with hp.scope(file=file):
            bound = hp_dist.bind(abs)  # Ray has been imported, and may be what sends it
        ray.cloudpickle.dumps(bound)
        with pytest.raises(hp_dist.CarrierError, match="'file'"):
            pickle.dumps(bound)


def examples() -> dict[type, Any]:
    """Return a value of each type that cloudpickle, and not pickle, writes."""
    ordered, plain = OrderedDict(a=1), {"a": 1}
    values = [
        classmethod(abs), staticmethod(abs), property(abs), types.CellType(1), [].append, functools,
        logging.getLogger("some"), logging.getLogger(), types.MappingProxyType(plain),
        plain.keys(), plain.values(), plain.items(), ordered.keys(), ordered.values(),
        ordered.items(), WeakSet[Any](), (lambda: 1).__code__, types.FunctionType.__code__,
        TypeVar("Local"), Device(1).moved, vars(dataclasses)["_FIELD"],
    ]  # fmt: skip
    return {type(value): value for value in values}


@pytest.mark.parametrize("kind", examples(), ids=lambda kind: kind.__name__)
def test_what_cloudpickle_writes_keeps_its_type(kind: type) -> None:
    with hp.scope(value=[examples()[kind], lambda: 1]):
        assert type(arrived()["value"][0]) is kind


def test_standard_output_is_that_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    with io.TextIOWrapper(io.BytesIO()) as stream:
        for name in "stdout", "stderr":
            monkeypatch.setattr(sys, name, stream)
            with hp.scope(value=stream):
                assert arrived()["value"] is stream
            monkeypatch.undo()


def test_all_that_cloudpickle_writes_is_known_here() -> None:
    known = {*examples(), io.TextIOWrapper, memoryview}
    written = set(cloudpickle.Pickler._dispatch_table)
    assert {kind for kind in written - known if kind.__module__ != "abc"} == set()


def test_loky_sends_files_as_it_sends_arguments(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("some text")
    with path.open() as file, hp.scope(file=file):
        assert arrived(LokySpool)["file"].read() == "some text"
        assert os.fspath(path) == file.name
