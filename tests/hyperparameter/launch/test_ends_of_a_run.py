"""How a launched program ends: one line for a usage error, whoever raised it, and SIGTERM."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from programs import output_of

PROGRAM = """
import asyncio, atexit, multiprocessing, os, signal, sys, threading, time
from concurrent.futures import ProcessPoolExecutor
import hyperparameter as hp

def need(_=0):
    return hp.scope.fn.a()

def wrong(_=0):
    return hp.scope.fn.b | 1

def own(_=0):
    with hp.scope(**{"fn.b": "of the code"}):
        return hp.scope.fn.b | 1

def read():
    with hp.config("model.json"):
        return hp.scope.n | 1

def pool(function):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.map(function, [0])

def executor(function):
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as executor:
        list(executor.map(function, [0]))

def group(*functions):
    async def call(function):
        function()
    async def together():
        async with asyncio.TaskGroup() as tasks:
            for function in functions:
                tasks.create_task(call(function))
    asyncio.run(together())

def sleep():
    print("ready", flush=True)
    time.sleep(60)

def sleep_in_loop():
    async def wait():
        try:
            print("ready", flush=True)
            await asyncio.sleep(60)
        finally:
            print("cancelled", flush=True)
    asyncio.run(wait())

def pool_sleeps():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(*pool.map(handler, range(4)), flush=True)
        sleep()

def handler(_):
    return signal.getsignal(signal.SIGTERM).name

os.register_at_fork(after_in_child=lambda: is_told and os.kill(os.getpid(), signal.SIGTERM))
is_told = False

def told_while_it_is_forked():
    global is_told
    is_told = True
    child = os.fork()
    if not child:
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

def deaf():
    try:
        sleep()
    except SystemExit:
        sleep()

@hp.param("main")
def main(how: str = ""):
    atexit.register(print, "at exit")
    lr = hp.scope.seen | 0.5
    try:
        return eval(how)
    finally:
        print("finally", flush=True)
"""
LAUNCH = 'if __name__ == "__main__":\n    hp.launch(main)\n'
MISSING = "Hyperparameter 'fn.a' is required but not defined. Give it with -D fn.a=VALUE."


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "prog.py"
    path.write_text(PROGRAM + LAUNCH)
    return path


def run(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(program), *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=program.parent, timeout=150)


# -- usage errors -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how", ["need()", "pool(need)", "executor(need)", "group(need, need)", "group(need)"]
)
def test_a_missing_parameter_is_one_line_wherever_it_was_read(program: Path, how: str) -> None:
    result = run(program, "--how", how)
    assert (result.returncode, result.stderr) == (2, f"prog.py: error: {MISSING}\n")
    assert "finally" in result.stdout


def test_of_several_usage_errors_the_first_is_told_and_the_others_are_counted(
    program: Path,
) -> None:
    result = run(program, "--how", "group(need, wrong)", "-D", "fn.b=many")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("prog.py: error: Hyperparameter 'fn.a' is required")
    assert result.stderr.endswith(" And 1 more, which --traceback shows.\n")
    words = ["--how", "group(need, wrong)", "-D", "fn.b=many", "--traceback"]
    assert "-D fn.b: 'many' is not an int." in run(program, *words).stderr


@pytest.mark.parametrize("how", ["wrong()", "pool(wrong)", "executor(wrong)", "group(wrong)"])
def test_a_wrong_value_of_the_command_line_is_one_line(program: Path, how: str) -> None:
    result = run(program, "--how", how, "-D", "fn.b=many")
    assert (result.returncode, result.stderr) == (
        2,
        "prog.py: error: -D fn.b: 'many' is not an int.\n",
    )


@pytest.mark.parametrize(
    ("how", "ends"),
    [
        ("hp.config('nope.yaml')", "nope.yaml: the file does not exist."),
        ("hp.config('bad.yaml')", "bad.yaml:"),
        ("hp.Params.from_file('nope.jsonnet')", "nope.jsonnet: the file does not exist."),
        ("hp.Params.from_file('bad.jsonnet')", "the external variable 'NOPE'"),
        (
            "hp.Params.from_file('model.json').pop_int('n')",
            "n (file model.json:1): 'many' is not an int.",
        ),
        ("hp.Params.from_file('model.json').assert_empty('Model')", "Extra parameters"),
        ("hp.Params.from_file('model.json').pop('size')", "size"),
        ("read()", "n (file model.json:1): 'many' is not an int."),
    ],
)
def test_a_mistake_in_a_file_that_the_program_reads_is_one_line(
    program: Path, how: str, ends: str
) -> None:
    folder = program.parent
    (folder / "bad.yaml").write_text("a: 1\nb: [1, \n")
    (folder / "bad.jsonnet").write_text("{ a: std.extVar('NOPE') }")
    (folder / "model.json").write_text('{"n": "many"}')
    result = run(program, "--how", how)
    assert result.returncode == 2
    assert result.stderr.startswith("prog.py: error: ")
    assert result.stderr.count("\n") == 1
    assert ends in result.stderr


@pytest.mark.parametrize("how", ["own()", "pool(own)", "group(need, own)", "1 / 0"])
def test_errors_of_the_program_keep_their_traceback(program: Path, how: str) -> None:
    result = run(program, "--how", how)
    assert result.returncode == 1
    assert "Traceback" in result.stderr


def test_the_traceback_of_a_usage_error_is_shown_on_demand(program: Path) -> None:
    result = run(program, "--how", "pool(need)", "--traceback")
    assert result.returncode == 2
    assert "in need" in result.stderr
    assert result.stderr.splitlines()[-1] == f"prog.py: error: {MISSING}"
    result = run(program, "--hwo", "1", "--traceback")
    assert "Traceback" in result.stderr
    assert result.returncode == 2


def test_a_parameter_called_traceback_keeps_its_name(program: Path) -> None:
    text = PROGRAM.replace("how: str", "traceback: bool = False, how: str").replace(
        "eval(how)", "print(traceback) or eval(how)"
    )
    program.write_text(text + LAUNCH)
    result = run(program, "--traceback", "--how", "need()")
    assert (result.stdout.splitlines()[0], result.stderr.count("\n")) == ("True", 1)
    assert "in need" in run(program, "--hp-traceback", "--how", "need()").stderr


# -- SIGTERM ----------------------------------------------------------------------------------


def terminated(program: Path, *words: str, times: int = 1) -> tuple[int, list[str], str]:
    """Start the program, send SIGTERM whenever it is ready, and return how it ended."""
    command = [sys.executable, str(program), *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=program.parent
    ) as process:
        assert process.stdout is not None
        lines = []
        for _ in range(times):
            while (line := process.stdout.readline().strip()) != "ready":
                assert line, "the program has ended"
                lines.append(line)
            process.send_signal(signal.SIGTERM)
        out, err = output_of(process)
    return process.returncode, [*lines, *out.splitlines()], err


def test_sigterm_runs_finally_writes_the_record_and_still_kills(program: Path) -> None:
    status, lines, err = terminated(program, "--how", "sleep()", "--record", "r.json")
    assert (status, lines, err) == (-signal.SIGTERM, ["finally", "at exit"], "")
    saved = json.loads((program.parent / "r.json").read_text())
    assert "seen" in json.dumps(saved)


def test_sigterm_ends_coroutines(program: Path) -> None:
    status, lines, _ = terminated(program, "--how", "sleep_in_loop()")
    assert (status, lines) == (-signal.SIGTERM, ["cancelled", "finally", "at exit"])


def test_forked_workers_have_no_handler_and_end_with_the_program(program: Path) -> None:
    status, lines, _ = terminated(program, "--how", "pool_sleeps()")
    assert (status, lines[0]) == (-signal.SIGTERM, " ".join(["SIG_DFL"] * 4))


def test_a_child_dies_of_a_sigterm_that_arrives_while_it_is_forked(program: Path) -> None:
    result = run(program, "--how", "told_while_it_is_forked()")
    assert result.stdout.splitlines()[0] == str(-signal.SIGTERM)
    assert result.stderr == ""


def test_a_second_sigterm_kills_at_once(program: Path) -> None:
    status, lines, _ = terminated(program, "--how", "deaf()", times=2)
    assert (status, lines) == (-signal.SIGTERM, [])


def test_a_handler_of_the_program_stays(program: Path) -> None:
    own = 'signal.signal(signal.SIGTERM, lambda *_: os._exit(9))\nif __name__ == "__main__":'
    program.write_text(PROGRAM + LAUNCH.replace('if __name__ == "__main__":', own))
    assert terminated(program, "--how", "sleep()")[0] == 9


def test_what_runs_after_the_launch_has_no_handler(program: Path) -> None:
    program.write_text(PROGRAM + LAUNCH + "    print(handler(0))\n")
    assert run(program, "--how", "1").stdout.splitlines()[-2:] == ["SIG_DFL", "at exit"]


def test_a_launch_in_a_thread_leaves_signals_alone(program: Path) -> None:
    thread = "threading.Thread(target=lambda: hp.launch(main)).start()"
    program.write_text(PROGRAM + LAUNCH.replace("hp.launch(main)", thread))
    assert "SIG_DFL" in run(program, "--how", "print(handler(0))").stdout
