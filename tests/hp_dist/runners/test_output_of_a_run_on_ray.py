"""What a single run prints in a worker of Ray is shown where the program was started: all of it."""

import io
import os
import signal
import subprocess
import sys
import textwrap

import pytest
import ray_settings
import runner_work as at
from runner_contract import options

from hp_dist.runners import printed
from hyperparameter import context
from hyperparameter._sweeps.work.packing import unpack
from hyperparameter._sweeps.work.runner import Ended, runner_for

pytestmark = ray_settings.WARNINGS

PROGRAM = """
    import os, signal, subprocess, sys, time
    import hyperparameter as hp

    def wait_for(path):
        while not os.path.exists(path):
            time.sleep(0.01)

    @hp.param("train")
    def train(how: str = "print", go: str = "", lines: int = 0):
        if how == "print":
            for number in range(lines):
                sys.stdout.write(f"line {number:06d} {'x' * 40}\\n")
                if number % 1000 == 0:
                    sys.stderr.write(f"told at {number}\\n")
            child = "printf 'a child, \\\\377\\\\n'; echo its stderr >&2"
            subprocess.run(["sh", "-c", child], check=True)
            print("the last line", end="")
            return
        print("begun")
        if how == "live":
            wait_for(go)
        if how == "interrupted":
            try:
                wait_for("never")
            finally:
                print("cleaned up")
        if how == "killed":
            print("the last line")
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "raises":
            raise LookupError("lost")
        print("ended")

    if __name__ == "__main__":
        hp.launch(train)
        print(flush=True)
"""


@pytest.fixture
def begin(ray_environment, tmp_path):
    """Start the program in a worker."""
    (tmp_path / "train.py").write_text(textwrap.dedent(PROGRAM))

    def begun(on, *words):
        limit = ["timeout", "--foreground", "--signal=KILL", "120"]  # passes a signal on, once
        command = [*limit, sys.executable, "train.py", "--on", on]
        return subprocess.Popen(
            [*command, *words], cwd=tmp_path, env={**os.environ, **ray_environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    return begun


@pytest.mark.parametrize("lines", [0, 200_000])
def test_both_streams_are_shown_as_they_were_written(begin, ray_address, lines):
    with begin(f"ray:{ray_address}", "--lines", str(lines)) as program:
        output, errors = program.communicate()
    wanted = "".join(f"line {number:06d} {'x' * 40}\n" for number in range(lines)).encode()
    assert output == wanted + b"a child, \xff\nthe last line\n"
    told = "".join(f"told at {number}\n" for number in range(0, lines, 1000)).encode()
    assert errors == told + b"its stderr\n"


def test_on_a_ray_that_is_started_for_the_run_nothing_is_lost_either(begin):
    with begin("ray") as program:
        output, errors = program.communicate()
    assert output == b"a child, \xff\nthe last line\n", errors
    assert errors == b"its stderr\n"


def test_a_line_is_shown_while_the_run_continues(begin, ray_address, tmp_path):
    go = tmp_path / "go"
    with begin(f"ray:{ray_address}", "--how", "live", "--go", str(go)) as program:
        assert program.stdout.readline() == b"begun\n"  # or the program is killed
        go.touch()
        assert program.stdout.read() == b"ended\n\n"


def test_what_was_printed_before_a_kill_is_shown_and_the_error_is_one_line(begin, ray_address):
    with begin(f"ray:{ray_address}", "--how", "killed") as program:
        output, errors = program.communicate()
    assert program.returncode == 1
    ours = [line for line in output.splitlines() if b"(raylet" not in line]  # news of Ray
    assert ours == [b"begun", b"the last line"]
    assert errors.startswith(b"train.py: error: the run was killed: ")
    assert errors.count(b"\n") == 1


def test_what_was_printed_before_an_error_is_shown(begin, ray_address):
    with begin(f"ray:{ray_address}", "--how", "raises") as program:
        output, errors = program.communicate()
    assert (program.returncode, output) == (1, b"begun\n")
    assert errors.endswith(b"LookupError: lost\n")


def test_ctrl_c_shows_what_is_printed_while_cleaning_up(begin, ray_address):
    with begin(f"ray:{ray_address}", "--how", "interrupted") as program:
        assert program.stdout.readline() == b"begun\n"
        program.send_signal(signal.SIGINT)
        output, errors = program.communicate()
    assert output == b"cleaned up\n"
    assert (program.returncode, errors) == (130, b"train.py: interrupted\n")


def test_who_closes_the_output_ends_the_run(begin, ray_address):
    with begin(f"ray:{ray_address}", "--lines", "200000") as program:
        assert program.stdout.readline().startswith(b"line 000000")
        program.stdout.close()
        errors = program.stderr.read()
    assert program.returncode == 141
    assert b"Traceback" not in errors


def test_without_the_desk_the_outcome_brings_what_was_printed(ray, tmp_path, capfd):
    runner = runner_for("ray", options(is_sweep=False))
    begun, go = tmp_path / "begun", tmp_path / "go"
    runner.submit(at.work(at.print_around, str(begun), str(go)), context.capture())
    events = []
    while not begun.exists():
        events += runner.events(0.05)
        assert not any(isinstance(event, Ended) for event in events), events
    ray.kill(runner._notes.desk)
    go.touch()
    while not (events and isinstance(events[-1], Ended)):
        events += runner.events(30)
    runner.close()
    assert events[-1].outcome.ending == "returned"
    assert unpack(events[-1].outcome.result) is None
    assert capfd.readouterr().out == "one\ntwo\n"


def test_a_part_that_arrives_twice_is_shown_once(monkeypatch):
    shown = io.StringIO()  # as in notebooks: it takes no bytes
    monkeypatch.setattr(sys, "stdout", shown)
    output = printed.Printed()
    data = "größer\n".encode()
    for start, end in [(0, 3), (0, 3), (0, 5), (4, len(data)), (2, 6)]:
        output.show(0, start, data[start:end])
    assert shown.getvalue() == "größer\n"
    assert output.shown == [len(data), 0]


def test_characters_that_a_terminal_lacks_are_escaped(monkeypatch):
    terminal = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(terminal, "latin-1", newline=""))
    output = printed.Printed()
    output.show(1, 0, "ö ß 日".encode())
    assert terminal.getvalue() == "ö ß ".encode("latin-1") + b"\\u65e5"
