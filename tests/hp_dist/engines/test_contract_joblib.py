"""The contract for the backends of joblib."""

from functools import partial

import contract_runners as runners
import contract_tasks as tasks
import joblib
from contract import NO_COROUTINES, ONE_MEMORY, ONE_VALUE, Contract, lr

import hp_dist

NO_RETRIES = "joblib does not retry tasks or replace workers."
NOTHING_MADE = "A call uses the scopes that are active at the call."
WAITS = "The call waits for its results."


class JoblibContract(Contract):
    installs = ("joblib",)
    not_applicable = {
        "generator": ONE_VALUE,
        "coroutine": NO_COROUTINES,
        "second_attempt": NO_RETRIES,
        "made_inside": NOTHING_MADE,
    }


class TestLoky(JoblibContract):
    column = "Executors, joblib, bind", "joblib, loky"
    runner = partial(runners.Joblib, "loky")
    sends_main_by_value = True
    not_applicable = {
        **JoblibContract.not_applicable,
        "what_a_failing_task_leaves": "joblib ends its workers after an error.",
    }


class TestMultiprocessing(JoblibContract):
    column = "Executors, joblib, bind", "joblib, multiprocessing"
    runner = partial(runners.Joblib, "multiprocessing")
    inherits = True
    not_applicable = {
        **JoblibContract.not_applicable,
        "captured_at_submission": WAITS,
        "install_in_the_middle": WAITS,
        "concurrent_submissions": "Inside threads, joblib does not start processes.",
        "submitting_thread": "Inside threads, joblib does not start processes.",
        "nested": "Inside its workers, joblib does not start processes.",
        "what_a_task_leaves": "Every call has processes of its own.",
        "what_a_task_freezes": "Every call has processes of its own.",
        "what_a_failing_task_leaves": "Every call has processes of its own.",
        "uninstall": "A forked process has its parent's memory, scopes included.",
    }


class TestThreading(JoblibContract):
    column = "Executors, joblib, bind", "joblib, threading"
    runner = partial(runners.Joblib, "threading")
    same_process = True
    not_applicable = {
        **JoblibContract.not_applicable,
        "unpicklable_value": ONE_MEMORY,
        "what_a_task_freezes": ONE_MEMORY,
        "what_a_task_leaves": "Every call has threads of its own.",
        "what_a_failing_task_leaves": "Every call has threads of its own.",
    }


def test_calls_one_by_one_see_the_scope_of_the_call_too() -> None:
    hp_dist.install("joblib")
    with lr(0.5):
        results = joblib.Parallel(n_jobs=1, return_as="generator")([joblib.delayed(tasks.lr)()])
    with lr(0.25):
        assert list(results) == [0.5]
    hp_dist.uninstall()
