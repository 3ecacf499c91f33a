"""Runs that differ only in what they never read are one, and no run is taken for another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sweep_programs import Program, rows

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
    wanted = ["1-1", "2-2"] if how == "of_a_reference" else ["1", "2"]
    assert [row["result"] for row in rows(ended.output)] == wanted
    assert "net.width was set, and no run has read it" not in ended.errors


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
