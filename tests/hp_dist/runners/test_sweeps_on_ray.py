"""Sweeps `--on ray` as users start them: real programs, which join one cluster."""

import json
import os
import signal
import time
from collections import Counter

import pytest
import ray_settings
from programs import output_of
from sweep_programs import Program, rows

BODY = """
import hp_dist

@hp.param("train")
def train(lr: float = 0.1, wd: float = 0.0, fate: str = "return", steps: int = 3):
    note(lr=lr, fate=fate, pid=os.getpid())
    print("lr is", lr, flush=True)
    if fate == "raise":
        raise ValueError("not finite")
    if fate == "killed":
        os.kill(os.getpid(), 9)
    if fate == "hang":
        time.sleep(600)
    if fate == "unlucky":  # dies at its first attempt alone
        try:
            open(f"tried-{lr}", "x").close()
        except FileExistsError:
            pass
        else:
            os._exit(3)
    if fate == "report":
        for step in range(steps):
            if not hp.report(lr / (step + 1), step):
                break
    return {"score": lr * 2 + (wd if lr > 2 else 0)}
"""

READS_AS_IT_GOES = """
@hp.param("opt")
def decayed(wd: float = 0.0):
    return wd

@hp.param("train")
def train(lr: float = 0.1):
    note(lr=lr)
    return lr + (decayed() if lr > 2 else 0)
"""


@pytest.fixture(scope="module")
def cluster():
    with ray_settings.cluster_of_programs() as environment:
        yield environment


@pytest.fixture
def program(cluster, tmp_path):
    return Program(tmp_path, BODY, cluster)


def test_each_run_has_its_result_its_log_and_its_record(program):
    ended = program.run("--sweep", "lr=1,2,3", "--wd", "0.5", "--on", "ray", "--maximize", "score")
    assert (ended.status, [row["score"] for row in rows(ended.output)]) == (0, ["6.5", "4", "2"])
    for number in (1, 2, 3):
        assert program.hp("log", f"train-1/{number}").output.endswith(f"\n\nlr is {number}.0\n")
        record = json.loads(program.hp("show", f"train-1/{number}", "--json").output)
        assert record["incomplete"] == []
        read = {one["key"]: one["value"] for one in record["reads"]}
        assert read["train.lr"] == number
        assert ("train.wd" in read) == ("train.fate" in read) == True  # noqa: E712


def test_a_single_run_returns_and_fails_as_it_would_here(program):
    assert program.run("--lr", "4", "--on", "ray").status == 0
    ended = program.run("--fate", "raise", "--on", "ray")
    assert ended.status == 1
    assert ended.errors.rstrip().endswith("ValueError: not finite")
    assert program.run("--fate", "killed", "--on", "ray").status not in (0, 2)


def test_a_worker_that_dies_costs_its_run_one_attempt_and_stdout_has_the_tables_alone(program):
    """Whatever Ray tells of its workers."""
    words = ("--sweep", "fate=return,killed,raise,unlucky", "--on", "ray", "--retries", "1")
    ended = program.run(*words)
    assert ended.status == 1
    assert ended.output.startswith("Results:\n")
    assert "2 runs failed:" in ended.output
    for text in (ended.output, ended.errors):
        assert "(raylet)" not in text
        assert "python-core-worker" not in text
        assert "its process ended without an answer" in text
        assert "\x1b" not in text
    states = json.loads(program.hp("runs", "-f", "json").output)
    assert [one["state"] for one in states] == ["done", "failed", "failed", "done"]
    attempts = Counter(one["fate"] for one in program.noted)
    assert attempts["return"] == 1
    assert attempts["killed"] == attempts["unlucky"] == 2
    assert program.hp("log", "train-1/4").output.endswith("\n\nlr is 0.1\n")


def test_a_time_limit_ends_the_run_and_keeps_what_it_had_printed(program):
    words = ("--sweep", "fate=hang,return", "--on", "ray", "--time-limit", "5s")
    ended = program.run(*words)
    assert ended.status == 1
    assert "longer than the time limit of 5 s" in ended.output
    assert "\n\nlr is 0.1\n" in program.hp("log", "train-1/1").output
    assert len(rows(ended.output)) == 1


def test_ctrl_c_interrupts_all_runs_and_resume_runs_what_is_missing(program):
    words = ("--sweep", "fate=return,hang", "--sweep", "lr=1,2", "--on", "ray", "--name", "grid")
    with program.start(*words) as process:
        while len(program.noted) < 4:
            assert process.poll() is None, output_of(process)
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        output, errors = output_of(process)
    assert process.returncode == 130, errors
    assert "2 of 4 runs are done" in errors
    assert "(raylet)" not in output
    assert not any(is_alive(one["pid"]) and one["fate"] == "hang" for one in program.noted)
    program.forget()
    program.edit(BODY.replace("time.sleep(600)", "pass"))
    ended = program.run(*words, "--resume=keep")
    assert ended.status == 0, ended.errors
    assert sorted((one["fate"], one["lr"]) for one in program.noted) == [("hang", 1), ("hang", 2)]
    assert len(rows(ended.output)) == 4


def test_ctrl_c_takes_back_what_waits_and_tells_of_what_ran(program):
    words = ("--sweep", "lr=1:7", "--fate", "hang", "--on", "ray")
    with program.start(*words) as process:
        while len(program.noted) < 2:
            assert process.poll() is None, output_of(process)
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = output_of(process)
    assert process.returncode == 130, errors
    assert "0 done, 6 waiting" in errors  # none is said to be running still
    assert len(program.noted) == 2
    states = [one["state"] for one in json.loads(program.hp("runs", "-f", "json").output)]
    assert states == ["waiting"] * 6


def test_warm_workers_tell_each_run_what_it_alone_has_read(program):
    grid = ("--sweep", "lr=1,2,3", "--sweep", "opt.wd=0,1,2")
    program.edit(READS_AS_IT_GOES)
    ended = program.run(*grid, "--on", "ray", "--resources", "cpu=2", "--skip-unread")
    assert ended.status == 0, ended.errors
    found = [one["lr"] for one in program.noted]
    ran = [found.count(lr) for lr in (1, 2, 3)]
    assert ran in ([2, 2, 3], [2, 1, 3])  # two are submitted at a time, the first two at once
    states = [one["state"] for one in json.loads(program.hp("runs", "-f", "json").output)]
    assert states == [state for count in ran for state in ["done"] * count + ["same"] * (3 - count)]
    assert [row["result"] for row in rows(ended.output)] == list("111222345")


def test_reports_reach_the_pruner_and_its_answers_the_runs(program):
    words = ("--sweep", "lr=1:9", "--fate", "report", "--on", "ray", "--resources", "cpu=2")
    ended = program.run(*words, "--prune", "median", "--minimize", "score")
    assert ended.status == 0, ended.errors
    found = json.loads(program.hp("runs", "-f", "json").output)
    assert [one["state"] for one in found] == ["done"] * 5 + ["pruned"] * 3


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().startswith(b"ray::run_task")
    except OSError:
        return False
