"""One adapter for each engine, all with the face of `Runner`.

Workers import this module too: some tasks submit from there.
"""

from __future__ import annotations

import multiprocessing as mp
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType
from typing import Any, Self

import contract_tasks as tasks

import hp_dist

Function = Callable[..., Any]


class Runner:
    """Hands functions to an engine, and gives back what they return."""

    workers = 1
    """Processes or threads that tasks may find themselves in."""

    together = 1
    """Tasks that run at the same time."""

    meet = staticmethod(tasks.meet)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def result(self, handle: Any) -> Any:
        return handle.result(timeout=tasks.PATIENCE)

    def prepare(self, function: Function, *args: Any) -> Callable[[], Any]:
        """Do what can be done before the submission, and return what submits."""
        return partial(self.submit, function, *args)

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        """Return all ways to submit, each of which returns results."""
        return {"submit": lambda: [self.result(self.submit(function))]}

    @contextmanager
    def second_attempt(self, marker: str, function: Function, *args: Any) -> Iterator[Any]:
        """Submit so that the task has to run in a worker that replaces another."""
        raise NotImplementedError
        yield

    def stream(self, gate: str) -> Iterator[Any]:
        """Submit `tasks.steps` and return the iterator over its items."""
        raise NotImplementedError


# -- processes --------------------------------------------------------------------------------


def deliver(sender: Any, function: Function, args: Any, kwargs: Any) -> None:
    sender.send(function(*args, **kwargs))
    sender.close()


class _Delivering:
    """A process with a run() of its own."""

    def __init__(self, sender: Any, function: Function) -> None:
        super().__init__()
        self.sender, self.function = sender, function

    def run(self) -> None:
        deliver(self.sender, self.function, (), {})


class DeliveringFork(_Delivering, mp.get_context("fork").Process):
    pass


class DeliveringSpawn(_Delivering, mp.get_context("spawn").Process):
    pass


class DeliveringForkserver(_Delivering, mp.get_context("forkserver").Process):
    pass


# A library that Ray brings refuses that two threads fork at once.  Reentrant, since the thread that
# forks is the one that goes on in the child, where it still has the lock.
_forking = threading.RLock()


class Process(Runner):
    together = 2

    def __init__(self, method: str, explicit: bool = False) -> None:
        self.context = _context(method, explicit)
        self.subclass = None if explicit else globals()[f"Delivering{method.capitalize()}"]
        self._started: list[Any] = []

    def __exit__(self, *exc_info: object) -> None:
        for process in self._started:
            process.join(tasks.PATIENCE)

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        return self._start(lambda sender: self._process(sender, function, args, kwargs))()

    def prepare(self, function: Function, *args: Any) -> Callable[[], Any]:
        return self._start(lambda sender: self._process(sender, function, args, {}))

    def result(self, handle: Any) -> Any:
        with handle as receiver:
            assert receiver.poll(tasks.PATIENCE)
            return receiver.recv()

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        ways = super().ways(function)
        if self.subclass is not None:
            make = partial(self.subclass, function=function)
            ways["run() of a subclass"] = lambda: [self.result(self._start(make)())]
        return ways

    def _process(self, sender: Any, function: Function, args: Any, kwargs: Any) -> Any:
        return self.context.Process(target=deliver, args=(sender, function, args, kwargs))

    def _start(self, make: Callable[[Any], Any]) -> Callable[[], Any]:
        receiver, sender = self.context.Pipe(duplex=False)
        process = make(sender)

        def start() -> Any:
            try:
                with _forking:
                    process.start()
            except BaseException:
                receiver.close()
                raise
            finally:
                sender.close()
            self._started.append(process)
            return receiver

        return start


class Pool(Runner):
    def __init__(self, method: str, explicit: bool = False) -> None:
        self.context = _context(method, explicit)
        self.pool = self.context.Pool(1)

    def __exit__(self, *exc_info: object) -> None:
        # A worker that somebody kills while it waits for a task leaves the lock of the queue held,
        # and `terminate` waits for it without end (CPython gh-66587).
        ending = threading.Thread(target=self._end, daemon=True)
        ending.start()
        ending.join(tasks.PATIENCE)
        if ending.is_alive():
            frame = sys._current_frames()[ending.ident or 0]
            codes = [process.exitcode for process in self.pool._pool]
            raise TimeoutError(
                f"The pool does not end. The exit codes of its workers are {codes}. It is in\n"
                + "".join(traceback.format_stack(frame)[-3:])
            )

    def _end(self) -> None:
        self.pool.terminate()
        self.pool.join()

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        return self.pool.apply_async(function, args, kwargs)

    def result(self, handle: Any) -> Any:
        return handle.get(tasks.PATIENCE)

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        pool, items = self.pool, [1, 2, 3]
        return {
            "apply": lambda: [pool.apply(function)],
            "apply_async": lambda: [self.result(pool.apply_async(function))],
            "map": lambda: pool.map(function, items, chunksize=2),
            "map_async": lambda: self.result(pool.map_async(function, items)),
            "starmap": lambda: pool.starmap(function, [(1, 2), (3, 4)]),
            "starmap_async": lambda: self.result(pool.starmap_async(function, [(1, 2)])),
            "imap": lambda: list(pool.imap(function, iter(items), chunksize=2)),
            "imap_unordered": lambda: list(pool.imap_unordered(function, iter(items))),
        }

    @contextmanager
    def second_attempt(self, marker: str, function: Function, *args: Any) -> Iterator[Any]:
        with self.context.Pool(1, maxtasksperchild=1) as pool:
            first = pool.apply(tasks.where)
            yield pool.apply_async(differing, (first, function, *args))
            pool.close()
            pool.join()


def differing(first: Any, function: Function, *args: Any) -> Any:
    assert tasks.where() != first, "this worker replaces none"
    return function(*args)


def _context(method: str, explicit: bool) -> Any:
    if explicit:
        import hp_dist.multiprocessing

        return hp_dist.multiprocessing.get_context(method)
    return mp.get_context(method)


def pool_in_process(method: str, explicit: bool = False) -> Any:
    """Return what a pool's task sees whose pool a process made: pools start none themselves."""
    with Process(method, explicit) as engine:
        task = partial(tasks.nested, partial(Pool, method, explicit))
        return engine.result(engine.submit(task))


# -- executors --------------------------------------------------------------------------------


class Executor(Runner):
    executor: Any

    def __exit__(self, *exc_info: object) -> None:
        self.executor.shutdown()

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        return self.executor.submit(function, *args, **kwargs)

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        executor = self.executor
        return {
            "submit": lambda: [self.result(executor.submit(function))],
            "map": lambda: list(executor.map(function, [1, 2, 3])),
            "map, chunksize": lambda: list(executor.map(function, [1, 2, 3], chunksize=2)),
        }


class ProcessExecutor(Executor):
    def __init__(self, method: str, explicit: bool = False) -> None:
        self.arguments = {"max_workers": 1, "mp_context": mp.get_context(method)}
        self.type = _futures(explicit).ProcessPoolExecutor
        self.executor = self.type(**self.arguments)

    @contextmanager
    def second_attempt(self, marker: str, function: Function, *args: Any) -> Iterator[Any]:
        # More than one task a child deadlocks on Python 3.11 (cpython#115634).
        with self.type(**self.arguments, max_tasks_per_child=1) as executor:
            first = executor.submit(tasks.where).result(tasks.PATIENCE)
            yield executor.submit(differing, first, function, *args)


class LokyExecutor(Executor):
    def __init__(self) -> None:
        import loky

        self.executor = loky.ProcessPoolExecutor(1, timeout=600)  # or it replaces idle workers


class ThreadExecutor(Executor):
    def __init__(self) -> None:
        self.executor = _futures(explicit=True).ThreadPoolExecutor(1)


def _futures(explicit: bool) -> Any:
    if explicit:
        import hp_dist.futures

        return hp_dist.futures
    import concurrent.futures

    return concurrent.futures


class Bound(Executor):
    """`bind`, with an executor that knows nothing of scopes."""

    def __init__(self) -> None:
        executor = _futures(explicit=False).ProcessPoolExecutor
        self.executor = executor(1, mp_context=mp.get_context("spawn"))

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        return self.executor.submit(hp_dist.bind(function), *args, **kwargs)

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        executor, bind = self.executor, hp_dist.bind
        return {
            "submit": lambda: [self.result(executor.submit(bind(function)))],
            "map": lambda: list(executor.map(bind(function), [1, 2, 3])),
            "partial": lambda: [self.result(executor.submit(partial(bind(function), 1)))],
        }

    def stream(self, gate: str) -> Iterator[Any]:
        steps: Iterator[Any] = hp_dist.bind(tasks.steps)(gate)
        return steps


# -- joblib -----------------------------------------------------------------------------------


class Joblib(Runner):
    def __init__(self, backend: str) -> None:
        self.backend = backend
        self.workers = self.together = 1 if backend == "multiprocessing" else 2

    def __exit__(self, *exc_info: object) -> None:
        if self.backend == "loky":
            from joblib.externals.loky import get_reusable_executor

            get_reusable_executor().shutdown(wait=True)

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        return iter(self._parallel()([_delayed(function)(*args, **kwargs)]))

    def result(self, handle: Any) -> Any:
        return next(handle)

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        import joblib

        def calls() -> Any:
            return (_delayed(function)(item) for item in range(3))

        def within() -> list[Any]:
            with self._parallel(return_as="list") as parallel:
                return [*parallel(calls()), *parallel(calls())]

        def configured() -> list[Any]:
            with joblib.parallel_config(backend=self.backend, n_jobs=2):
                return list(joblib.Parallel()(calls()))

        return {
            "list": lambda: list(self._parallel(return_as="list")(list(calls()))),
            "generator": lambda: list(self._parallel()(calls())),
            "within a block": within,
            "configured outside": configured,
        }

    def _parallel(self, return_as: str = "generator") -> Any:
        import joblib

        if self.backend == "multiprocessing":  # which has no other way
            return_as = "list"
        return joblib.Parallel(n_jobs=2, backend=self.backend, return_as=return_as)


def _delayed(function: Function) -> Any:
    import joblib

    return joblib.delayed(function)


# -- Ray --------------------------------------------------------------------------------------


class Ray(Runner):
    """What is common to tasks and actors of Ray."""

    def __init__(self, explicit: bool = False) -> None:
        import ray

        self.ray: Any = ray
        self.explicit = explicit
        self.remote = ray.remote
        if explicit:
            import hp_dist.ray

            self.remote = hp_dist.ray.remote

    def result(self, handle: Any) -> Any:
        return self.ray.get(handle, timeout=tasks.PATIENCE)


def executed(node: Any) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray deprecates this way
        return node.execute()


class RayFunction(Ray):
    workers = together = 2

    def __init__(self, explicit: bool = False) -> None:
        super().__init__(explicit)
        self._made: dict[Any, Any] = {}

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        if isinstance(function, FunctionType):
            return self._decorated(function).remote(*args, **kwargs)
        return self._decorated(call).remote(function, *args, **kwargs)

    def prepare(self, function: Function, *args: Any) -> Callable[[], Any]:
        return partial(self.remote(function).remote, *args)

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        remote, get = self.remote(function), self.result
        with_options = self.remote(max_retries=1)(function)
        submit_there = self.remote(submit_elsewhere)
        return {
            "remote": lambda: [get(remote.remote())],
            "made with options": lambda: [get(with_options.remote())],
            "options": lambda: [get(remote.options(num_cpus=0.5, name="mine").remote())],
            "bind and execute": lambda: [get(executed(remote.bind()))],
            "handle passed on": lambda: [get(submit_there.remote([remote]))],
        }

    @contextmanager
    def second_attempt(self, marker: str, function: Function, *args: Any) -> Iterator[Any]:
        attempt = self.remote(max_retries=2)(tasks.second_attempt)
        yield attempt.remote(marker, function, *args)

    def stream(self, gate: str) -> Iterator[Any]:
        return map(self.result, self.remote(tasks.steps).remote(gate))

    def _decorated(self, function: Function) -> Any:
        if function not in self._made:
            self._made[function] = self.remote(function)
        return self._made[function]


def call(function: Function, /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def submit_elsewhere(remote_functions: list[Any]) -> Any:
    import ray

    return ray.get(remote_functions[0].remote(), timeout=tasks.PATIENCE)


class RayGenerator(RayFunction):
    """Runs everything in the second step of a generator."""

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        return self._decorated(call_in_second_step).remote(function, *args, **kwargs)

    def result(self, handle: Any) -> Any:
        assert super().result(next(handle)) == "first"
        return super().result(next(handle))

    def prepare(self, function: Function, *args: Any) -> Callable[[], Any]:
        return partial(self.remote(call_in_second_step).remote, function, *args)

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        remote, get = self.remote(call_in_second_step), self.result
        return {
            "remote": lambda: [get(remote.remote(function))],
            "options": lambda: [get(remote.options(num_cpus=0.5).remote(function))],
            "streaming": lambda: [get(remote.options(num_returns="streaming").remote(function))],
        }

    @contextmanager
    def second_attempt(self, marker: str, function: Function, *args: Any) -> Iterator[Any]:
        attempt = self.remote(max_retries=2)(call_in_second_step)
        yield attempt.remote(tasks.second_attempt, marker, function, *args)

    def stream(self, gate: str) -> Iterator[Any]:
        return map(super().result, self.remote(tasks.steps).remote(gate))


def call_in_second_step(function: Function, /, *args: Any, **kwargs: Any) -> Any:
    yield "first"
    yield function(*args, **kwargs)


class Actor:
    def call(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    def stream(self, gate: str) -> Iterator[Any]:
        yield from tasks.steps(gate)

    def call_through(self, handles: list[Any], function: Function) -> Any:
        import ray

        return ray.get(handles[0].call.remote(function), timeout=tasks.PATIENCE)

    @classmethod
    def of_class(cls, function: Function) -> Any:
        return function()

    @staticmethod
    def of_none(function: Function) -> Any:
        return function()


class AsyncActor:
    async def call(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        return await result if hasattr(result, "__await__") else result

    async def stream(self, gate: str) -> Any:
        async for item in tasks.waiting_steps(gate):
            yield item


class RayActor(Ray):
    """A method of an actor; all are made without a CPU of their own, so that many can live."""

    actor: type = Actor
    options: dict[str, Any] = {"num_cpus": 0}

    def __init__(self, explicit: bool = False, decorated: Any = None) -> None:
        super().__init__(explicit)
        self.decorated = decorated or self.decorate()
        self.handle = self.decorated.remote()

    def __exit__(self, *exc_info: object) -> None:
        self.ray.kill(self.handle)

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        return self.handle.call.remote(function, *args, **kwargs)

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        handle, get = self.handle, self.result
        ray_call = partial(handle.__ray_call__.remote, lambda _: function())
        return {
            "remote": lambda: [get(handle.call.remote(function))],
            "options": lambda: [get(handle.call.options(name="mine").remote(function))],
            "bind and execute": lambda: [get(executed(handle.call.bind(function)))],
            **({} if self.explicit else {"__ray_call__": lambda: [get(ray_call())]}),
        }

    @contextmanager
    def second_attempt(self, marker: str, function: Function, *args: Any) -> Iterator[Any]:
        handle = self.decorate(max_restarts=1, max_task_retries=1).remote()
        yield handle.call.remote(tasks.second_attempt, marker, function, *args)
        self.ray.kill(handle)

    def stream(self, gate: str) -> Iterator[Any]:
        return map(self.result, self.handle.stream.remote(gate))

    def decorate(self, **options: Any) -> Any:
        return self.remote(**self.options, **options)(self.actor)


class RaySyncActor(RayActor):
    """The same by all ways that there are."""

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        handle, get = self.handle, self.result
        return {
            **super().ways(function),
            "class method": lambda: [get(handle.of_class.remote(function))],
            "static method": lambda: [get(handle.of_none.remote(function))],
            "handle passed on": self._through_another(function),
            "handle found by name": self._found_by_name(function),
        }

    def _through_another(self, function: Function) -> Callable[[], list[Any]]:
        def through() -> list[Any]:
            other = self.decorated.remote()
            result = self.result(other.call_through.remote([self.handle], function))
            self.ray.kill(other)
            return [result]

        return through

    def _found_by_name(self, function: Function) -> Callable[[], list[Any]]:
        def found() -> list[Any]:
            made = self.decorated.options(name="hp-contract").remote()
            result = self.result(self.ray.get_actor("hp-contract").call.remote(function))
            self.ray.kill(made)
            return [result]

        return found


class RayAsyncActor(RayActor):
    actor = AsyncActor
    together = 3
    meet = staticmethod(tasks.meet_waiting)


class RayThreadedActor(RayActor):
    options = {"num_cpus": 0, "max_concurrency": 2}
    workers = together = 2


class RayGroupsActor(RayThreadedActor):
    """A method that runs in a concurrency group."""

    options = {"num_cpus": 0, "concurrency_groups": {"mine": 2}}

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        method = self.handle.call.options(concurrency_group="mine")
        return method.remote(function, *args, **kwargs)


class Constructed:
    def __init__(self, function: Function, /, *args: Any, **kwargs: Any) -> None:
        self.seen = function(*args, **kwargs)

    def get(self) -> Any:
        return self.seen


class RayConstructor(Ray):
    """The constructor of an actor; a method that is called without a scope tells what it saw."""

    together = 2

    def submit(self, function: Function, /, *args: Any, **kwargs: Any) -> Any:
        return self._remote().remote(function, *args, **kwargs)

    def prepare(self, function: Function, *args: Any) -> Callable[[], Any]:
        return partial(self._remote().remote, function, *args)

    def result(self, handle: Any) -> Any:
        result = super().result(handle.get.remote())
        self.ray.kill(handle)
        return result

    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        remote = self._remote()
        named = remote.options(name="hp-contract")
        return {
            "remote": lambda: [self.result(remote.remote(function))],
            "options": lambda: [self.result(named.remote(function))],
            "bind and execute": lambda: [self._executed(remote, function)],
        }

    @contextmanager
    def second_attempt(self, marker: str, function: Function, *args: Any) -> Iterator[Any]:
        remote = self._remote(max_restarts=1, max_task_retries=-1)
        yield remote.remote(tasks.second_attempt, marker, function, *args)

    def _executed(self, remote: Any, function: Function) -> Any:
        return super().result(executed(remote.bind(function).get.bind()))

    def _remote(self, **options: Any) -> Any:
        return self.remote(num_cpus=0, **options)(Constructed)


class RayClientActor(RaySyncActor):
    def ways(self, function: Function) -> dict[str, Callable[[], list[Any]]]:
        ways = super().ways(function)
        del ways["bind and execute"]  # which a client's methods do not have
        return ways
