"""The contract for processes and pools of `multiprocessing`, under every start method."""

from functools import partial
from typing import Any

import contract_runners as runners
from contract import NO_COROUTINES, ONE_VALUE, Contract
from contract_runners import Runner

EVERY_PROCESS_IS_NEW = "Every submission starts a new process."
NO_RESULT = "A process returns only its exit code."
INHERITED = "A forked process has its parent's memory, scopes included."
CREATION = "Nothing exists before the submission."


class ProcessContract(Contract):
    not_applicable = {
        "generator": NO_RESULT,
        "coroutine": NO_COROUTINES,
        "what_a_task_leaves": EVERY_PROCESS_IS_NEW,
        "what_a_task_freezes": EVERY_PROCESS_IS_NEW,
        "what_a_failing_task_leaves": EVERY_PROCESS_IS_NEW,
        "error": NO_RESULT,
        "wrong_call": NO_RESULT,
        "second_attempt": EVERY_PROCESS_IS_NEW,
        "made_inside": "A process uses the scopes that are active when it starts.",
    }


class ForkedContract(ProcessContract):
    inherits = True
    not_applicable = {
        **ProcessContract.not_applicable,
        "unpicklable_value": INHERITED,
        "uninstall": INHERITED,
    }


class TestProcessFork(ForkedContract):
    column = "multiprocessing", "Process, fork"
    runner = partial(runners.Process, "fork")
    installs = ("multiprocessing",)


class TestProcessSpawn(ProcessContract):
    column = "multiprocessing", "Process, spawn"
    runner = partial(runners.Process, "spawn")
    installs = ("multiprocessing",)


class TestProcessForkserver(ProcessContract):
    column = "multiprocessing", "Process, forkserver"
    runner = partial(runners.Process, "forkserver")
    installs = ("multiprocessing",)


class TestExplicitProcessFork(ForkedContract):
    column = "multiprocessing", "get_context().Process, fork"
    runner = partial(runners.Process, "fork", True)


class TestExplicitProcessSpawn(ProcessContract):
    column = "multiprocessing", "get_context().Process, spawn"
    runner = partial(runners.Process, "spawn", True)


class PoolContract(Contract):
    not_applicable = {"generator": ONE_VALUE, "coroutine": NO_COROUTINES}

    def submit_nested(self, engine: Runner) -> Any:
        """Have a process make the pool: workers of a pool may not."""
        return runners.pool_in_process(*type(self).runner.args)


class TestPoolFork(PoolContract):
    column = "multiprocessing", "Pool, fork"
    runner = partial(runners.Pool, "fork")
    installs = ("multiprocessing",)


class TestPoolSpawn(PoolContract):
    column = "multiprocessing", "Pool, spawn"
    runner = partial(runners.Pool, "spawn")
    installs = ("multiprocessing",)


class TestPoolForkserver(PoolContract):
    column = "multiprocessing", "Pool, forkserver"
    runner = partial(runners.Pool, "forkserver")
    installs = ("multiprocessing",)


class TestExplicitPoolFork(PoolContract):
    column = "multiprocessing", "get_context().Pool, fork"
    runner = partial(runners.Pool, "fork", True)


class TestExplicitPoolSpawn(PoolContract):
    column = "multiprocessing", "get_context().Pool, spawn"
    runner = partial(runners.Pool, "spawn", True)


class TestExplicitPoolForkserver(PoolContract):
    column = "multiprocessing", "get_context().Pool, forkserver"
    runner = partial(runners.Pool, "forkserver", True)
