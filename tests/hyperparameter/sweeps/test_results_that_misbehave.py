"""Results whose own code fails cost their run alone, and numbers of any size are results."""

from __future__ import annotations

from pathlib import Path

import pytest
from sweep_programs import Program

BODY = """
from collections.abc import Mapping

class Raising(Mapping):
    def __getitem__(self, key):
        return 1

    def __iter__(self):
        raise RuntimeError("cannot be iterated over")

    def __len__(self):
        return 1

class Item:
    def __float__(self):
        return 1.0

    def item(self):
        raise KeyError("no item")

RESULTS = {"map": Raising(), "item": Item(), "key": {Item(): 1}, "huge": 10**5000, "one": 1}

@hp.param("train")
def train(how: str = ""):
    note(pid=os.getpid())
    return RESULTS[how]

if __name__ == "__main__":
    import sys
    if len(sys.argv) == 1:
        grid = {"train.how": ["huge", "one"]}
        results = [run.result for run in hp.sweep(train, grid)]
        note(equal=[one == RESULTS[how] for how, one in zip(grid["train.how"], results)])
        raise SystemExit
"""


@pytest.mark.parametrize("where", ["local", "processes:1"])
def test_a_result_whose_code_fails_ends_neither_the_worker_nor_the_sweep(
    tmp_path: Path, where: str
) -> None:
    program = Program(tmp_path, BODY)
    ended = program.run("--sweep", "how=map,item,key,huge,one", "--on", where)
    assert "Traceback" not in ended.errors
    assert "its process ended" not in ended.errors
    assert len({one["pid"] for one in program.noted}) == 1
    assert "run 4 failed" not in ended.errors
    assert "run 5 failed" not in ended.errors


def test_integers_of_any_size_are_results(tmp_path: Path) -> None:
    program = Program(tmp_path, BODY)
    ended = program.run()
    assert ended.status == 0, ended.errors
    assert program.noted[-1] == {"equal": [True, True]}


def test_the_line_of_a_long_integer_is_not_long(tmp_path: Path) -> None:
    body = BODY.replace("10**5000", "10**400")
    ended = Program(tmp_path, body).run("--sweep", "how=huge", "--on", "local")
    (line,) = [one for one in ended.errors.splitlines() if "run 1: " in one]
    assert "how=huge: 1000" in line
    assert len(line) < 300
