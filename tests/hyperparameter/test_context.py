"""`hyperparameter.context` is enough for an engine: docs/engines-api.md has one."""

import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperparameter import context

PAGE = (Path(__file__).parents[2] / "docs" / "engines-api.md").read_text("utf-8")
ENGINE = re.search(r"```python\n# one_worker.py\n(.*?)```", PAGE, re.DOTALL)
WORK = """
import os
import threading

import hyperparameter as hp


def lr(default=0.1):
    return hp.scope.train.lr | default


def origin():
    found = hp.explain("train.lr").origin
    return found and found.process and (found.process.pid == os.getppid())


def keys_in_a_thread():
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(hp.scope.keys()))
    thread.start()
    thread.join()
    return seen


def leave_a_scope_open():
    hp.scope.init({"left": 1})


def keys():
    return sorted(hp.scope.keys())


def fail():
    raise LookupError(hp.scope.train.lr())


class Unsendable:
    def __reduce__(self):
        raise TypeError("not me")
"""
HEAD = """
import hyperparameter as hp
import work
from one_worker import OneWorker

if __name__ == "__main__":
    worker = OneWorker()
    try:
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], list[str]]:
    """Run statements beside the engine of the page; return what they print."""
    assert ENGINE is not None
    (tmp_path / "one_worker.py").write_text(ENGINE[1], "utf-8")
    (tmp_path / "work.py").write_text(WORK, "utf-8")

    def run_statements(statements: str) -> list[str]:
        body = textwrap.indent(textwrap.dedent(statements), " " * 8)
        end = "    finally:\n        worker.close()\n"
        (tmp_path / "program.py").write_text(f"{HEAD}{body}\n{end}", "utf-8")
        done = subprocess.run(
            [sys.executable, "program.py"],
            cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run_statements


def test_the_engine_has_at_most_forty_lines_and_uses_the_public_interface_alone() -> None:
    assert ENGINE is not None
    assert len(ENGINE[1].splitlines()) <= 40
    assert set(re.findall(r"context\.(\w+)", ENGINE[1])) <= {*context.__all__, "Process"}
    assert set(re.findall(r"^from (hyperparameter\S*) import (.*)$", ENGINE[1], re.MULTILINE)) == {
        ("hyperparameter", "context")
    }


def test_work_sees_the_scopes_of_its_submission_and_none_that_came_later(
    run: Callable[[str], list[str]],
) -> None:
    assert run("""
        print(worker.run(work.lr))
        with hp.scope(**{"train.lr": 0.5}):
            print(worker.run(work.lr), worker.run(work.origin))
            with hp.scope.empty():
                print(worker.run(work.lr))
        print(worker.run(work.lr))
    """) == ["0.1", "0.5 True", "0.1", "0.1"]


def test_threads_of_the_work_see_the_baseline_of_the_submission(
    run: Callable[[str], list[str]],
) -> None:
    assert run("""
        with hp.scope(a=1):
            hp.scope.frozen()
        with hp.scope(b=2):
            print(worker.run(work.keys), worker.run(work.keys_in_a_thread))
    """) == ["['a', 'b'] ['a']"]


def test_after_a_call_the_worker_is_as_before(run: Callable[[str], list[str]]) -> None:
    assert run("""
        worker.run(work.leave_a_scope_open)
        print(worker.run(work.keys))
    """) == ["[]"]


def test_errors_of_the_work_arrive_unchanged(run: Callable[[str], list[str]]) -> None:
    assert run("""
        try:
            with hp.scope(**{"train.lr": 7}):
                worker.run(work.fail)
        except LookupError as error:
            print(error.args)
    """) == ["(7,)"]


def test_captured_values_travel_in_a_pickle_or_not_at_all(run: Callable[[str], list[str]]) -> None:
    assert run("""
        try:
            with hp.scope(bad=work.Unsendable()):
                worker.run(work.lr)
        except TypeError as error:
            print(error)
        print(worker.run(work.lr))
    """) == ["not me", "0.1"]


def test_attach_and_detach_are_the_two_halves_of_attached() -> None:
    import hyperparameter as hp

    with hp.scope(a=1):
        captured = context.capture()
    before = context.attach(*captured)
    hp.scope.init({"b": 2})
    assert sorted(hp.scope.keys()) == ["a", "b"]
    context.detach(before)
    assert list(hp.scope.keys()) == []
