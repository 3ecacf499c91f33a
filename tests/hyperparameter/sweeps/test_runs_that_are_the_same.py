"""Runs that differ only in what they never read are one, and no run is taken for another."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sweep_programs import Program, rows

import hyperparameter as hp

READING_ELSEWHERE = """
import asyncio, multiprocessing, threading

def read(_=None):
    return hp.scope.net.width | 0

def in_a_fork():
    ours, theirs = os.pipe()
    if (child := os.fork()) == 0:
        os.write(theirs, str(read()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return int(os.read(ours, 100))

def in_a_pool():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.map(read, [0])[0]

def in_an_installed_pool():
    import hp_dist
    hp_dist.install()
    return in_a_pool()

def in_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(read()))
    thread.start()
    thread.join()
    return found[0]

def in_a_loop():
    return asyncio.run(asyncio.to_thread(read))

def of_a_whole():
    return dict(hp.scope.current()).get("net.width", 0)

def of_a_section():
    return (hp.scope.net | {}).get("width", 0)

def of_a_reference():
    return hp.scope.net.twice | ""

@hp.param("train")
def train(how: str = ""):
    return str(globals()[how]())
"""
WAYS = [
    "in_a_fork", "in_a_pool", "in_an_installed_pool", "in_a_thread", "in_a_loop", "of_a_whole",
    "of_a_section", "of_a_reference",
]  # fmt: skip


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("where", ["local", "processes:1"])
def test_what_is_read_in_any_place_tells_runs_apart(tmp_path: Path, how: str, where: str) -> None:
    program = Program(tmp_path, READING_ELSEWHERE)
    (tmp_path / "c.json").write_text(json.dumps({"net": {"twice": "${net.width}-${net.width}"}}))
    words = ("-C", "c.json", "--sweep", "net.width=1,2", "--how", how, "--on", where)
    ended = program.run(*words, "--skip-unread", "--allow-unknown")
    assert ended.status == 0, ended.errors
    wanted = ["1-1", "2-2"] if how == "of_a_reference" else ['"1"', '"2"']
    assert [row["result"] for row in rows(ended.output)] == wanted
    assert "net.width was set, and no run has read it" not in ended.errors


LOOKING = """
import datetime, multiprocessing, pickle, re, subprocess, sys

def number_in(text):
    return re.search("width[^0-9]*([0-9])", text)[1]

def at_the_repr_of_a_scope():
    return number_in(repr(hp.scope.current()))

def at_the_repr_of_one_name(_=None):
    return number_in(str(hp.scope.net.width))

def in_an_installed_pool():
    import hp_dist
    hp_dist.install()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.map(at_the_repr_of_one_name, [0])[0]

def at_an_explanation():
    return number_in(str(hp.explain("net.width")))

def at_an_error():
    try:
        return hp.scope.net.width | datetime.date(2000, 1, 1)
    except hp.ConversionError as error:
        return number_in(str(error))

def at_a_mapping_of_parameters():
    return hp.Params.from_scope().params["net"]["width"]

def at_equal_parameters():
    return 1 + (hp.Params.from_scope(prefix="net") == {"width": 2})

def at_a_copy_below_another_name():
    with hp.scope.empty(inner=hp.scope.current()):
        return hp.scope.inner.net.width | 0

def at_a_pickle():
    reader = "import pickle, sys; print(pickle.load(sys.stdin.buffer)['net.width'])"
    sent = pickle.dumps(hp.scope.current())
    return subprocess.run([sys.executable, "-c", reader], input=sent, capture_output=True).stdout

@hp.param("train")
def train(how: str = ""):
    found = globals()[how]()
    return found.decode().strip() if isinstance(found, bytes) else str(found)
"""
LOOKS = [
    "at_the_repr_of_a_scope", "at_the_repr_of_one_name", "in_an_installed_pool",
    "at_an_explanation", "at_an_error", "at_a_mapping_of_parameters", "at_equal_parameters",
    "at_a_copy_below_another_name", "at_a_pickle",
]  # fmt: skip


@pytest.mark.parametrize("how", LOOKS)
def test_what_is_looked_at_without_a_read_tells_runs_apart(tmp_path: Path, how: str) -> None:
    program = Program(tmp_path, LOOKING)
    words = ("--sweep", "net.width=1,2", "--how", how, "--skip-unread", "--allow-unknown")
    ended = program.run(*words)
    assert ended.status == 0, ended.errors
    assert [row["result"] for row in rows(ended.output)] == ['"1"', '"2"']


PRESENCE = """
def by_in():
    return "net.width" in hp.scope

def by_in_on_a_scope():
    return "net.width" in hp.scope.current()

def by_len():
    return len(hp.scope) == 3

def by_dir():
    return "net" in dir(hp.scope)

def by_del():
    try:
        del hp.scope.net.width
    except hp.MissingParameter:
        return False
    return True

@hp.param("train")
def train(how: str = "", other: int = 0):
    return "yes" if globals()[how]() else "no"
"""


@pytest.mark.parametrize("how", ["by_in", "by_in_on_a_scope", "by_len", "by_dir", "by_del"])
def test_whether_a_key_is_there_tells_runs_apart(tmp_path: Path, how: str) -> None:
    program = Program(tmp_path, PRESENCE)
    grids = ("--sweep", "other=1", "--sweep", "net.width=1,2", "--or", "--sweep", "other=1")
    ended = program.run(*grids, "--how", how, "--skip-unread", "--allow-unknown")
    assert ended.status == 0, ended.errors
    assert re.findall(r"\b(yes|no)\b", ended.output) == ["yes", "yes", "no"]


def test_to_look_at_a_value_is_no_use_of_it() -> None:
    with hp.record() as rec, hp.scope(**{"net.width": 1, "net.depth": 2}):
        repr(hp.scope.current()), hp.explain("net.width"), "net.depth" in hp.scope
        hp.scope.net.depth | 0
    assert [one.key for one in rec.unused()] == ["net.width"]
    assert rec.reads[0].key == "net.depth"
    assert len(rec.reads) == 1


EDITED = """
@hp.param("train")
def train(lr: float = 0.1, is_read: bool = False):
    note(lr=lr)
    return lr + (hp.scope.net.width(0) if is_read else 0)
"""


@pytest.mark.parametrize("where", ["local", "processes:1"])
def test_a_finished_run_stands_for_the_cells_of_an_edited_grid(tmp_path: Path, where: str) -> None:
    program = Program(tmp_path, EDITED)
    words = ("--sweep", "lr=1,2", "--name", "kept", "--skip-unread", "--on", where)
    assert program.run(*words, "--sweep", "net.width=1").status == 0
    program.forget()
    edited = program.run(*words, "--sweep", "net.width=2,3", "--resume")
    assert edited.status == 0, edited.errors
    assert program.noted == []
    states = [row["state"] for row in rows(edited.output)]
    assert states == ["= run 1", "= run 1", "= run 2", "= run 2"]
    assert [row["result"] for row in rows(edited.output)] == ["1", "1", "2", "2"]


def test_a_finished_run_stands_for_no_cell_that_differs_in_what_it_read(tmp_path: Path) -> None:
    program = Program(tmp_path, EDITED)
    words = ("--sweep", "lr=1,2", "--name", "kept", "--skip-unread", "--is-read")
    assert program.run(*words, "--sweep", "net.width=1").status == 0
    program.forget()
    edited = program.run(*words, "--sweep", "net.width=2", "--resume")
    assert edited.status == 0, edited.errors
    assert len(program.noted) == 2
    assert [row["result"] for row in rows(edited.output)] == ["3", "4"]


def test_a_repeat_of_an_earlier_launch_stands_for_no_run(tmp_path: Path) -> None:
    program = Program(tmp_path, EDITED)
    words = ("--sweep", "lr=1", "--name", "kept")
    assert program.run(*words, "--sweep", "net.width=1", "--repeat", "2").status == 0
    program.forget()
    edited = program.run(*words, "--sweep", "net.width=2", "--resume", "--skip-unread")
    assert edited.status == 0, edited.errors
    assert len(program.noted) == 1


RANDOM = """
import contextlib, io, random

KEYS = ["a.x", "a.y", "b.x", "b.z.w", "c"]

def read(how, key, default):
    current = hp.scope.current()
    if how == 0:
        return hp.scope[key] | default
    if how == 1:
        return current[key] if key in current else default
    if how == 2:
        return key in current
    if how == 3:
        return bool(hp.scope[key])
    if how == 4:
        with hp.scope(**{"c": 7}):
            return hp.scope[key] | default
    if how == 5:
        return sorted(current.keys())[:3]
    return dict(current).get(key, default)

def decide(chance, depth):
    key, how, default = chance.choice(KEYS), chance.randrange(7), chance.choice([0, None, 5])
    below = [chance.randrange(10**9) for _ in range(4)]
    found = [[key, how, repr(read(how, key, default))]]
    if depth:
        index = sum(map(ord, found[0][2])) % 4
        found += decide(random.Random(below[index]), depth - 1)
    return found

def results(seed, **options):
    chance = random.Random(-seed)
    values = [0, 1, 2, None]
    grid = {key: chance.sample(values, chance.choice([2, 3])) for key in KEYS[seed % 3 :][:3]}

    def tree():
        return decide(random.Random(seed), 3)

    with contextlib.redirect_stderr(io.StringIO()):
        sweep = hp.sweep(tree, grid, **options)
        return {run.number: (run.state, run.result) for run in sweep}

if __name__ == "__main__":
    saved = 0
    for seed in range(1, 16):
        whole, fewer = results(seed), results(seed, skip_unread=True)
        assert [one[1] for one in whole.values()] == [one[1] for one in fewer.values()], seed
        saved += sum(state == "same" for state, _ in fewer.values())
    note(saved=saved)
    sys.exit(0)
"""


def test_random_programs_have_the_same_results_when_unread_runs_are_left_out(
    tmp_path: Path,
) -> None:
    program = Program(tmp_path, "import sys\n" + RANDOM)
    ended = program.run()
    assert ended.status == 0, ended.errors
    [noted] = program.noted
    assert int(str(noted["saved"])) > 20  # otherwise this would test nothing
