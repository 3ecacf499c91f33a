"""`hp submit` on a real job server: what arrives, what comes back, and what stays out of sight."""

import json
import os
import pty
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import job_server
import pytest
from job_server import Jobs, Ran, printed
from programs import output_of

import hp_dist
import hyperparameter as hp

PROGRAM = """
import json, os, signal, sys
import hp_dist, hyperparameter as hp
import beside

@hp.param("train")
def train(lr: float = 0.1, text: str = "", api_key: str = ""):
    return [lr, text, api_key, str(hp.explain("train.lr").origin)]

hp_dist.install("multiprocessing")
print(json.dumps([sys.argv[1:], beside.NAME, open("data/rows.txt").read(), train()]))
for word in sys.argv[1:]:
    if word.startswith("exit="):
        sys.exit(int(word[5:]))
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
"""
ODD = "$HOME ${PATH} `id` \"'\\ \n ünï %s"


@pytest.fixture(scope="module")
def jobs() -> Iterator[Jobs]:
    with job_server.ray_with_jobs() as jobs:
        yield jobs


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A program in a folder of its project, run from that."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "scripts" / "train it.py").write_text(PROGRAM)
    (tmp_path / "scripts" / "beside.py").write_text("NAME = 'beside'\n")
    (tmp_path / "data" / "rows.txt").write_text("rows")
    (tmp_path / ".gitignore").write_text(".*\n*.json\nsecret/\n")
    return tmp_path


SCRIPT = "scripts/train it.py"


def told(ran: Ran) -> Any:
    """Return what the program has told in its line of JSON."""
    return json.loads(next(line for line in printed(ran.output) if line.startswith("[")))


def inside(**values: Any) -> dict[str, str]:
    """Return the variable that carries this scope."""
    carrier: dict[str, str] = {}
    with hp.scope(**values):
        hp_dist.inject(carrier)
    return carrier


def shown(jobs: Jobs, ran: Ran) -> str:
    """Return all that the server shows of the job."""
    name = ran.errors.split()[2]
    return jobs.ask("GET", name)


def test_the_script_gets_its_words_and_its_folder(jobs: Jobs, project: Path) -> None:
    words = ["a b", "it's", '"q"', "$HOME", "`id`", "ü", "", "--", "--wait", "-D", "*", "a\\b"]
    ran = jobs.run(project, SCRIPT, *words)
    assert ran.status == 0, ran
    assert told(ran) == [words, "beside", "rows", [0.1, "", "", "None"]]


def test_a_small_scope_arrives_in_the_environment_with_its_origins(
    jobs: Jobs, project: Path
) -> None:
    carrier = inside(**{"train.lr": 0.5, "train.text": ODD})
    ran = jobs.run(project, SCRIPT, "new\nline", "exit=3", **carrier)
    assert ran.status == 3, ran
    words, *_, (lr, text, _, origin) = json.loads(ran.output.splitlines()[-1])
    assert (words, lr, text) == (["new\nline", "exit=3"], 0.5, ODD)
    assert origin.startswith("code ")
    assert "test_submit.py:" in origin
    assert origin.endswith(f" on {os.uname().nodename}:{os.getpid()}")
    assert "HYPERPARAMETER_SCOPE" in shown(jobs, ran)


def test_a_large_scope_arrives_though_ignore_files_name_its_file(jobs: Jobs, project: Path) -> None:
    large = ODD * 10_000
    ran = jobs.run(project, SCRIPT, "kill", **inside(**{"train.text": large, "train.lr": 2.0}))
    assert ran.status == 128 + signal.SIGKILL, ran.errors
    assert "was killed by SIGKILL" in ran.errors
    assert told(ran)[3][:2] == [2.0, large]
    assert len(shown(jobs, ran)) < 32_000


def test_a_secret_is_not_in_what_the_cluster_shows(jobs: Jobs, project: Path) -> None:
    ran = jobs.run(project, SCRIPT, **inside(**{"train.api_key": "opensesame", "train.lr": 3.0}))
    assert ran.status == 0, ran
    assert told(ran)[3][:3] == [3.0, "", "opensesame"]
    assert "opensesame" not in shown(jobs, ran)


def test_output_that_ray_does_not_send_is_printed_as_well(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(
        "import sys\n"
        "print('before')\n"
        "print('x' * 5_000_000)\n"
        "sys.stdout.buffer.write(b'\\xff bytes\\n')\n"
        "print('after')\n"
        "sys.exit('the end')\n"
    )
    ran = jobs.run(tmp_path, "odd.py")
    assert ran.status == 1
    expected = ["before", "x" * 5_000_000, "\\xff bytes", "after", "the end"]
    assert sorted(printed(ran.output)) == sorted(expected), ran.errors


def test_a_usage_error_of_the_script_is_its_own(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "import hyperparameter as hp\n\n\n@hp.param\ndef main(lr: float = 0.1):\n    pass\n\n\n"
        "hp.launch(main)\n"
    )
    ran = jobs.run(tmp_path, "main.py", "--lr", "fast")
    assert ran.status == 2
    assert printed(ran.output) == ["main.py: error: --lr: 'fast' is not a float."]


TICKS = """
import time
print("begun", flush=True)
while True:
    time.sleep(0.2)
    print("tick", flush=True)
"""


def status_of(jobs: Jobs, name: str) -> str:
    status: str = json.loads(jobs.ask("GET", name))["status"]
    return status


def test_detached_interrupted_and_stopped_by_somebody_else(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "ticks.py").write_text(TICKS)
    ran = jobs.run(tmp_path, "--detach", "--name", "first-one", "ticks.py")
    assert (ran.status, ran.output) == (0, "first-one\n")
    assert f"ray job logs --follow --address {jobs.address} first-one" in ran.errors

    ran = jobs.run(tmp_path, "--name", "first-one", "ticks.py")
    assert (ran.status, ran.output) == (2, "")
    assert ran.errors == (
        "hp: error: --name first-one: the cluster has a job of this name. Give another one.\n"
    )

    with jobs.begin(tmp_path, ["--name", "second-one", "ticks.py"]) as running:
        assert running.stdout is not None
        assert next(line for line in running.stdout if line == "begun\n")
        running.send_signal(signal.SIGINT)
        _, errors = output_of(running)
    assert running.returncode == 130
    assert "job second-one continues" in errors
    assert f"ray job stop --address {jobs.address} second-one" in errors
    assert status_of(jobs, "second-one") == "RUNNING"

    with jobs.begin(tmp_path, ["--name", "third-one", "ticks.py"]) as running:
        assert running.stdout is not None
        assert next(line for line in running.stdout if line == "begun\n")
        for name in ("first-one", "second-one", "third-one"):
            jobs.ask("POST", f"{name}/stop")
        _, errors = output_of(running)
    assert running.returncode == 143
    assert errors.endswith("hp: job third-one was stopped.\n")


def test_on_a_terminal_interrupting_asks_before_it_stops_the_job(
    jobs: Jobs, tmp_path: Path
) -> None:
    (tmp_path / "ticks.py").write_text(TICKS)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        words = [job_server.HP, "submit", "--address", jobs.address, "--name", "asked", "ticks.py"]
        os.execve(words[0], words, jobs.environment)

    def until(text: str) -> None:
        seen = ""
        while text not in seen:
            try:
                seen += os.read(terminal, 4096).decode()
            except OSError as error:  # the program has ended
                raise AssertionError(seen) from error

    until("begun")
    os.write(terminal, b"\x03")
    until("Stop job asked? [y/N]")
    os.write(terminal, b"\n")
    until("tick")
    os.write(terminal, b"\x03")
    until("Stop job asked? [y/N]")
    assert status_of(jobs, "asked") == "RUNNING"
    os.write(terminal, b"y\n")
    until("job asked was stopped")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 130
    assert status_of(jobs, "asked") == "STOPPED"


@pytest.mark.parametrize(
    ("credentials", "problem"),
    [
        ({"RAY_AUTH_MODE": "disabled"}, "the cluster wants a token"),
        ({"RAY_AUTH_TOKEN": "0" * 64}, "the cluster has another token"),
        ({"RAY_AUTH_TOKEN": "", "RAY_AUTH_TOKEN_PATH": "/nowhere"}, "RAY_AUTH_TOKEN_PATH"),
    ],
    ids=["none", "another", "no file"],
)
def test_nobody_submits_without_the_token(
    jobs: Jobs, project: Path, credentials: dict[str, str], problem: str
) -> None:
    ran = jobs.run(project, SCRIPT, **credentials)
    assert (ran.status, ran.output) == (2, "")
    assert ran.errors.startswith(f"hp: error: --address {jobs.address}: ")
    assert problem in ran.errors
    assert ran.errors.count("\n") == 1


def test_an_address_that_is_given_is_the_one_that_is_used(jobs: Jobs, project: Path) -> None:
    elsewhere = {
        "RAY_ADDRESS": "http://127.0.0.1:9",
        "RAY_API_SERVER_ADDRESS": "http://127.0.0.1:9",
    }
    ran = jobs.run(project, "--detach", SCRIPT, **elsewhere)
    assert ran.status == 0, ran


def test_spawned_processes_of_a_job_read_its_large_scope(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "spawns.py").write_text(
        "import multiprocessing, os\n"
        "import hp_dist, hyperparameter as hp\n"
        "hp_dist.install('multiprocessing')\n"
        "AT_IMPORT = hp.scope.lr | 0.1\n"
        "def work(queue):\n"
        "    queue.put((AT_IMPORT, hp.scope.lr | 0.1, len(hp.scope.text())))\n"
        "if __name__ == '__main__':\n"
        "    os.chdir('/')\n"
        "    spawn = multiprocessing.get_context('spawn')\n"
        "    queue = spawn.Queue()\n"
        "    process = spawn.Process(target=work, args=(queue,))\n"
        "    process.start()\n"
        "    print(queue.get(timeout=150))\n"
        "    process.join()\n"
    )
    ran = jobs.run(tmp_path, "spawns.py", **inside(lr=0.25, text="x" * 100_000))
    assert printed(ran.output) == ["(0.25, 0.25, 100000)"], ran
