"""The contract for `concurrent.futures`, for `hp_dist.futures`, and for `hp_dist.bind`."""

import asyncio
import inspect
from functools import partial

import contract_runners as runners
import contract_tasks as tasks
from contract import NO_COROUTINES, ONE_MEMORY, ONE_VALUE, Contract, lr
from contract_runners import Runner

import hp_dist
import hyperparameter as hp


class ProcessExecutorContract(Contract):
    not_applicable = {"generator": ONE_VALUE, "coroutine": NO_COROUTINES}


class ForkedContract(ProcessExecutorContract):
    not_applicable = {
        **ProcessExecutorContract.not_applicable,
        "second_attempt": "Python does not replace forked workers.",
    }


class TestForked(ForkedContract):
    column = "Executors, joblib, bind", "ProcessPoolExecutor, fork"
    runner = partial(runners.ProcessExecutor, "fork")
    installs = ("futures",)


class TestSpawned(ProcessExecutorContract):
    column = "Executors, joblib, bind", "ProcessPoolExecutor, spawn"
    runner = partial(runners.ProcessExecutor, "spawn")
    installs = ("futures",)


class TestForkserver(ProcessExecutorContract):
    column = "Executors, joblib, bind", "ProcessPoolExecutor, forkserver"
    runner = partial(runners.ProcessExecutor, "forkserver")
    installs = ("futures",)


class TestExplicitForked(ForkedContract):
    column = "Executors, joblib, bind", "hp_dist.futures.ProcessPoolExecutor, fork"
    runner = partial(runners.ProcessExecutor, "fork", True)


class TestExplicitSpawned(ProcessExecutorContract):
    column = "Executors, joblib, bind", "hp_dist.futures.ProcessPoolExecutor, spawn"
    runner = partial(runners.ProcessExecutor, "spawn", True)


class TestExplicitForkserver(ProcessExecutorContract):
    column = "Executors, joblib, bind", "hp_dist.futures.ProcessPoolExecutor, forkserver"
    runner = partial(runners.ProcessExecutor, "forkserver", True)


class TestThreads(Contract):
    column = "Executors, joblib, bind", "hp_dist.futures.ThreadPoolExecutor"
    runner = runners.ThreadExecutor
    same_process = True
    not_applicable = {
        "generator": ONE_VALUE,
        "coroutine": NO_COROUTINES,
        "unpicklable_value": ONE_MEMORY,
        "what_a_task_freezes": ONE_MEMORY,
        "second_attempt": "Threads are not replaced.",
        "made_inside": "A thread has only the scopes of the submission.",
    }

    def test_values_are_the_same_objects(self, engine: Runner) -> None:
        value = tasks.Unpicklable()
        with hp.scope(value=value):
            (seen,) = engine.result(engine.submit(tasks.read, "value"))
        assert seen is value


class TestBind(Contract):
    column = "Executors, joblib, bind", "hp_dist.bind"
    runner = runners.Bound
    not_applicable = {
        "made_inside": "The executor is Python's own and has no scopes.",
        "second_attempt": "The executor decides about retries.",
    }

    def test_coroutine(self, engine: Runner) -> None:
        with lr(0.5):
            bound = hp_dist.bind(tasks.lr_between_waits)
        assert inspect.iscoroutinefunction(bound) or asyncio.iscoroutinefunction(bound)
        with lr(0.25):
            assert asyncio.run(bound()) == [0.5] * 3
