"""The contract for the backends of joblib."""

import pickle
import re
import tempfile
import traceback
from functools import partial
from pathlib import Path
from typing import Any

import contract_runners as runners
import contract_tasks as tasks
import joblib
import pytest
from contract import NO_COROUTINES, ONE_MEMORY, ONE_VALUE, Contract, lr
from joblib._parallel_backends import ThreadingBackend
from private_files import spool_files

import hp_dist
import hyperparameter as hp
from hp_dist import _private_folder
from hp_dist._collect import inbox

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


class Remote(ThreadingBackend):
    """A backend whose workers are elsewhere, as joblib's own for Dask: they see no file of ours."""

    __module__ = "joblib._dask"
    supports_sharedmem = False
    uses_threads = False
    folder: Path

    def effective_n_jobs(self, n_jobs: int) -> int:
        return 2

    def submit(self, func: Any, callback: Any = None) -> Any:
        message = pickle.dumps(func)
        assert spool_files(self.folder) == []
        return super().submit(pickle.loads(message), callback)


def test_backend_of_joblib_whose_workers_are_on_other_hosts_is_sent_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(_private_folder, "_folders", {})
    monkeypatch.setattr(inbox, "_inbox", inbox.Inbox())  # another has its mailbox elsewhere
    monkeypatch.setattr(Remote, "folder", tmp_path, raising=False)
    joblib.register_parallel_backend("remote", Remote)
    hp_dist.install("joblib")
    try:
        with hp.scope(**{f"key{n}": n for n in range(1_000)}), joblib.parallel_config("remote"):
            found = joblib.Parallel(2)(joblib.delayed(tasks.read)("key7") for _ in range(3))
    finally:
        hp_dist.uninstall()
    assert found == [(7,)] * 3


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_the_traceback_of_a_task_has_one_frame_of_ours_at_most(backend: str) -> None:
    hp_dist.install("joblib")
    try:
        with hp.scope(lr=1), pytest.raises(ValueError, match="x") as caught:
            joblib.Parallel(2, backend)(joblib.delayed(int)(text) for text in ["1", "x"])
    finally:
        hp_dist.uninstall()
    text = "".join(traceback.format_exception(caught.value))
    frames = re.findall(r'File "(.*?)", line', text)
    ours = [file for file in frames if {"hp_dist", "hyperparameter"} & {*Path(file).parts[-4:-1]}]
    assert [Path(file).name for file in ours if "tests" not in Path(file).parts] in (
        ["local_call.py"],
        ["joblib.py"],
    ), text
