"""examples/pipeline.py: right words, whatever happens to its workers, and nothing that hangs."""

import collections
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from pydoc_data.topics import topics

import pytest
from patience import wait_until
from programs import output_of

import hyperparameter as hp

PROGRAM = Path(__file__).parents[2] / "examples" / "pipeline.py"
STAGES = ["read", "clean", "score", "write"]
WITHOUT = {"which", "there", "other", "these", "their", "where"}


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user would; no test waits for more than a minute."""
    return subprocess.run(
        [sys.executable, str(PROGRAM), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=150,
    )


def expected(
    pages: int = 40, shortest: int = 5, top: int = 5, longest: int = 20_000
) -> dict[str, dict[str, int]]:
    """Say what the program has to find, letter by letter and in one process."""
    found = {}
    for name in sorted(topics)[:pages]:
        words = []
        word = ""
        for letter in topics[name][:longest].lower() + " ":
            if "a" <= letter <= "z":
                word += letter
                continue
            if len(word) >= shortest and word not in WITHOUT:
                words.append(word)
            word = ""
        ranked = sorted(collections.Counter(words).items(), key=lambda item: (-item[1], item[0]))
        found[name] = dict(ranked[:top])
    return found


def written(folder: Path) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for file in sorted(folder.iterdir()):
        assert file.suffix == ".json", f"{file} was left behind"
        for name, words in json.loads(file.read_text("utf-8")).items():
            assert name not in found, f"{name} was written twice"
            found[name] = words
    return found


def printed(output: str) -> dict[str, dict[str, int]]:
    found = {}
    for line in output.splitlines()[:-1]:
        name, _, words = line.partition(" ")
        pairs = [pair.split() for pair in words.strip().split(", ")]
        found[name] = {word: int(count) for word, count in pairs}
    return found


def test_every_page_has_its_words(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\n5 files in keywords\n")
    assert printed(done.stdout) == written(tmp_path / "keywords") == expected()


def test_parameters_of_the_stages_reach_their_workers(tmp_path: Path) -> None:
    words = (
        "--workers 2 --batch 3 --pages 10 -D clean.shortest=7 -D score.top=2 -D read.longest=900"
    )
    done = run(tmp_path, *words.split(), "-D", "write.folder=elsewhere/words")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\n4 files in elsewhere/words\n")
    wanted = expected(10, shortest=7, top=2, longest=900)
    assert printed(done.stdout) == written(tmp_path / "elsewhere" / "words") == wanted
    assert wanted != expected(10)


def test_files_of_an_earlier_run_do_not_remain(tmp_path: Path) -> None:
    run(tmp_path, "--batch", "4")
    run(tmp_path, "--batch", "20")
    assert written(tmp_path / "keywords") == expected()


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("fault", "problem"), [("kill", "its worker has died"), ("stall", "no answer within 4 s")]
)
def test_a_worker_that_is_lost_is_named_and_its_batch_tried_again(
    stage: str, fault: str, problem: str, tmp_path: Path
) -> None:
    done = run(tmp_path, "--timeout", "4", "-D", f"faults.{fault}={stage}", "-D", "faults.batch=2")
    assert done.returncode == 0
    assert done.stderr == f"{stage}: batch 2: {problem} (attempt 1 of 2)\n"
    assert written(tmp_path / "keywords") == expected()


@pytest.mark.parametrize(
    ("fault", "problem"), [("kill", "its worker has died"), ("stall", "no answer within 4 s")]
)
def test_a_batch_that_is_lost_too_often_ends_the_pipeline(
    fault: str, problem: str, tmp_path: Path
) -> None:
    words = f"--timeout 4 --retries 1 -D faults.{fault}=score -D faults.attempts=2".split()
    done = run(tmp_path, *words, "--record", "run.json")
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    attempts = [f"score: batch 1: {problem} (attempt {number} of 2)" for number in (1, 2)]
    assert [lines[0], *lines[1:-1]] == attempts
    assert lines[-1].startswith(f"pipeline.py: error: score: batch 1: {problem}. Raise --retries")
    assert "score.top" in hp.Record.load(tmp_path / "run.json").operative()
    done = run(tmp_path, *words, "--retries", "2")
    assert done.returncode == 0
    assert written(tmp_path / "keywords") == expected()


def test_two_faults_at_once(tmp_path: Path) -> None:
    faults = "--timeout 4 --workers 2 -D faults.stall=read -D faults.kill=write -D faults.batch=0"
    done = run(tmp_path, *faults.split())
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "read: batch 0: no answer within 4 s (attempt 1 of 2)",
        "write: batch 0: its worker has died (attempt 1 of 2)",
    ]
    assert written(tmp_path / "keywords") == expected()


def test_the_record_tells_what_every_stage_read(tmp_path: Path) -> None:
    run(tmp_path, "--record", "run.json", "-D", "score.top=3", "-D", "faults.kill=clean")
    record = hp.Record.load(tmp_path / "run.json")
    values = record.operative()
    assert {key: values[key] for key in values if key.startswith(("read", "clean", "score"))} == {
        "read.longest": 20_000, "clean.shortest": 5,
        "clean.without": ("which", "there", "other", "these", "their", "where"), "score.top": 3,
    }  # fmt: skip
    reads = {key: [read for read in record.reads if read.key == key] for key in values}
    [program] = {read.process for read in reads["pipeline.pages"]}
    for key in ("read.longest", "clean.shortest", "score.top", "write.indent"):
        assert program not in {read.process for read in reads[key]}
    stages = [{read.process for read in reads[key]} for key in ("read.longest", "score.top")]
    assert not stages[0] & stages[1]
    shown = subprocess.run(
        [Path(sys.executable).with_name("hp"), "show", "run.json"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "main returned" in shown
    [line] = [line.split() for line in shown.splitlines() if line.startswith("score.top ")]
    assert line[1:5] == ["3", "cli", "-D", "no"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_survives_the_program(number: signal.Signals, tmp_path: Path) -> None:
    """Not even one that stalls."""
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), "-D", "faults.stall=score", "-D", "faults.batch=0"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as program:
        workers = stalled(program.pid)
        if number == signal.SIGINT:
            os.killpg(program.pid, number)  # as a terminal does
        else:
            program.send_signal(number)
        _, errors = output_of(program)
    assert program.returncode in {-number, 128 + number}
    if number != signal.SIGKILL:  # Python's own is of a worker that had not started yet
        assert "Traceback" not in errors or "spawn_main" in errors
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def stalled(program: int) -> list[int]:
    """Return the workers once three stages have one, of which the last stalls or is about to."""
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        children = Path(f"/proc/{program}/task/{program}/children").read_text().split()
        workers = [
            int(pid)
            for pid in children
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        if len(workers) >= 3:
            return workers
        time.sleep(0.05)
    raise AssertionError("the workers have not started")


WRONG = [
    ("-D clean.shortest=x", "-D clean.shortest: 'x' is not an int."),
    ("-D faults.stall=claen", "did you mean 'clean'?"),
    ("-D score.tpo=3", "Did you mean 'score.top'?"),
    ("--workers 0", "--workers: the number is too small."),
    ("--pages -1", "--pages: the number is too small."),
    ("--retries -1", "--retries: the number is too small."),
    ("--timeout 0", "--timeout: the number is too small."),
    ("-D write.folder=/proc/none", "write.folder: "),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_a_mistake_is_one_line(words: str, message: str, tmp_path: Path) -> None:
    done = run(tmp_path, *words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_names_what_can_be_set(tmp_path: Path) -> None:
    shown = run(tmp_path, "--help").stdout
    for text in ["--timeout FLOAT", "--retries INT", "clean.shortest INT", "faults.stall"]:
        assert text in shown
