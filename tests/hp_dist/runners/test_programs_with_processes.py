"""`processes` from real programs: their main modules, and launchers that are killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import runner_work as at
from programs import output_of

DRIVE = """
    from hyperparameter import context
    from hyperparameter._sweeps.work.runner import runner_for
    from hyperparameter._sweeps.work.packing import unpack
    from hyperparameter._sweeps.run import Work
    from hyperparameter._sweeps.work.runner import Ended, Options
    from hyperparameter.exceptions import UsageError

    def drive(function, *args, on="processes:1", count=1, **more):
        try:
            runner = runner_for(on, Options(**more))
            for number in range(count):
                runner.submit(Work(number, 1, function, args, (), None), context.capture())
            left = count
            while left:
                for event in runner.events(30):
                    if isinstance(event, Ended):
                        left -= 1
                        o = event.outcome
                        print(o.ending, o.result and unpack(o.result), o.problem, flush=True)
                        if o.error is not None:
                            import traceback
                            traceback.print_exception(o.error)
            runner.close()
        except UsageError as error:
            print("usage:", error, flush=True)
"""
MARK = "HP_TEST_OF_RUNNERS"


def script(folder: Path, text: str, name: str = "train.py") -> Path:
    (folder / "driving.py").write_text(textwrap.dedent(DRIVE))
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


def run(*command: object, folder: Path, text: str | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)},
        input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


GUARDED = """
    import hyperparameter as hp
    from driving import drive

    class Result:
        def __repr__(self):
            return "a result"

    @hp.param("train")
    def main(lr=1):
        return Result() if lr == 1 else lr

    if __name__ == "__main__":
        drive(main)
        hp.scope.train.lr = 5
        drive(main)
"""


def test_functions_and_classes_of_a_script_are_its_own(tmp_path):
    path = script(tmp_path, GUARDED)
    assert run(path, folder=tmp_path) == "returned a result \nreturned 5 \n"


def test_a_module_that_is_run_with_m(tmp_path):
    script(tmp_path, "", "pkg/__init__.py")
    script(tmp_path, GUARDED, "pkg/mod.py")
    assert run("-m", "pkg.mod", folder=tmp_path) == "returned a result \nreturned 5 \n"


@pytest.mark.parametrize("way", ["stdin", "-c", "package"])
def test_programs_that_cannot_be_imported_are_sent_by_value(tmp_path, way):
    script(tmp_path, "", "pkg/__init__.py")
    script(tmp_path, GUARDED, "pkg/__main__.py")
    text = textwrap.dedent(GUARDED)
    command = {"stdin": ["-"], "-c": ["-c", text], "package": ["-m", "pkg"]}[way]
    output = run(*command, folder=tmp_path, text=text)
    assert output == "returned a result \nreturned 5 \n"


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ("import hyperparameter as hp\nhp.launch(main, [])", 7),
        ("from hyperparameter import launch as go\nfor _ in range(1):\n    go(main, [])", 8),
    ],
)
def test_a_script_without_a_guard_is_told_before_anything_runs(tmp_path, how, line):
    text = (
        "import hyperparameter\nfrom driving import drive\n"
        "@hyperparameter.param\ndef main():\n    drive(main)\n" + how
    )
    assert run(script(tmp_path, text), folder=tmp_path) == (
        f"usage: --on processes:1: train.py:{line} launches the program when it is imported, as "
        "each worker process does. Put the call of hp.launch under 'if __name__ == "
        '"__main__":\'.\n'
    )


def test_a_script_that_launches_in_a_function_without_a_guard_is_told_as_well(tmp_path):
    text = """
        import hyperparameter as hp
        from driving import drive

        @hp.param
        def main():
            print("main runs")
            drive(main)

        def begin():
            hp.launch(main, [])

        begin()
    """
    output = run(script(tmp_path, text), folder=tmp_path)
    assert output.startswith("main runs\nusage: --on processes:1: train.py launches the program")
    assert output.count("\n") == 2


def test_a_main_module_that_cannot_be_imported_again_is_an_error(tmp_path):
    text = """
        from driving import drive
        if __name__ == "__main__":
            drive(len, "abc")
        else:
            raise ImportError("not twice")
    """
    output = run(script(tmp_path, text), folder=tmp_path)
    assert "ImportError: not twice" in output
    assert "usage: --on processes:1: a worker could not import train.py" in output


def test_a_single_run_prints_on_the_terminal_and_its_error_has_the_traceback_of_the_worker(
    tmp_path,
):
    text = """
        import sys
        from driving import drive
        def main():
            print("said by the run")
            raise LookupError("lost")
        if __name__ == "__main__":
            drive(main, is_sweep=False)
    """
    output = run(script(tmp_path, text), folder=tmp_path)
    assert "said by the run\n" in output
    assert 'in main\n    raise LookupError("lost")' in output
    assert output.endswith("LookupError: lost\n")


def marked() -> list[int]:
    """Return the processes that descend from the launcher of the test."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            environment = (place / "environ").read_bytes()
        except OSError:
            continue
        if f"{MARK}={os.getpid()}".encode() in environment and at.is_running(int(place.name)):
            found.append(int(place.name))
    return found


@pytest.mark.parametrize("busy", ["sleeps", "in C"])
def test_nothing_is_left_of_a_launcher_that_is_killed(tmp_path, busy):
    text = """
        import pathlib, subprocess, sys, time, re
        from driving import drive
        def main(number, busy):
            subprocess.Popen(["sleep", "1000"])
            pathlib.Path(f"begun-{number}").touch()
            if busy == "in C":  # which holds the lock of the interpreter
                re.match(r"(a+)+$", "a" * 60 + "b")
            time.sleep(1000)
        if __name__ == "__main__":
            from hyperparameter import context
            from driving import *
            runner = runner_for("processes:2", Options())
            for number in range(2):
                runner.submit(
                    Work(number, 1, main, (number, sys.argv[1]), (), None), context.capture()
                )
            while True:
                runner.events(30)
    """
    path = script(tmp_path, text)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), MARK: str(os.getpid())}
    launcher = subprocess.Popen([sys.executable, path, busy], cwd=tmp_path, env=environment)
    at.wait_until(lambda: len([*tmp_path.glob("begun-*")]) == 2)
    time.sleep(0.2)  # into what is busy; where it comes later, the test is easier
    assert len(marked()) >= 6  # with two workers, two of theirs, and the warden
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    at.wait_until(lambda: marked() == [])


def test_ctrl_c_of_a_terminal_reaches_the_launcher_alone(tmp_path):
    text = """
        import pathlib, time
        from driving import *
        def main():
            try:
                pathlib.Path("begun").touch()
                time.sleep(1000)
            finally:
                print("cleaned up", flush=True)
        if __name__ == "__main__":
            runner = runner_for("processes:1", Options())
            runner.submit(Work(1, 1, main, (), (), None), context.capture())
            try:
                while not runner.events(30):
                    pass
                pathlib.Path("heard").touch()  # that it has started
                while True:
                    runner.events(30)
            except KeyboardInterrupt:
                assert not runner.events(0.2), "the run has heard of it"
                runner.interrupt()
                print([event.outcome.ending for event in runner.events(30)])
                runner.close()
    """
    path = script(tmp_path, text)
    launcher = subprocess.Popen(
        [sys.executable, path], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    at.wait_until(lambda: all((tmp_path / name).exists() for name in ("begun", "heard")))
    os.killpg(launcher.pid, signal.SIGINT)
    output, _ = output_of(launcher)
    assert output == "cleaned up\n['interrupted']\n"


def test_what_a_launched_class_says_in_a_worker_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(
        textwrap.dedent("""
        from dataclasses import dataclass
        import hyperparameter as hp

        @dataclass
        class Counted:
            n: int = 1

            def __post_init__(self):
                if self.n < 0:
                    raise ValueError("n must be positive")

        if __name__ == "__main__":
            hp.launch(Counted)
    """)
    )
    said = run(path, "--n", "-1", "--on", "processes:1", folder=tmp_path)
    assert said == "train.py: error: --n (Counted): n must be positive.\n"
