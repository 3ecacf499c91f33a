"""What runs read is in the records that were open where the runs were asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import hyperparameter as hp

PROGRAM = """
import json, os, signal, sys, warnings
import hyperparameter as hp

@hp.param("train")
def train(lr: float = 0.1, how: str = "returns") -> float:
    if how == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "raises":
        raise ValueError("of the program")
    return lr * (hp.scope.opt.momentum | 0.5)

@hp.param("main")
def main(on: str = "local") -> list[float]:
    return [run.result for run in hp.sweep(train, {"train.lr": [1.0, 2.0]}, on=on)]

def answers(record):
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        unused = sorted(one.key for one in record.unused())
    reads = sorted({(read.key, str(read.value)) for read in record.reads})
    return [reads, unused, record.incomplete]

def swept(on, how):
    return hp.sweep(train, {"train.lr": [1.0, 2.0]}, on=on).run()

def alone(on, how):
    words = ["--on", on, "--lr", "1", "-D", f"train.how={how}"]
    try:
        hp.run_cli(train, words)
    except Exception:
        pass

def by_words(on, how):
    try:
        hp.run_cli(train, ["--sweep", "train.lr=1,2", "--on", on, "-D", f"train.how={how}"])
    except Exception:
        pass

if __name__ == "__main__":
    if sys.argv[1] == "launch":
        sys.argv.pop(1)
        hp.launch(main)
        sys.exit()
    kind, on, how = sys.argv[1:]
    with hp.record() as outer, hp.scope(**{"opt.momentum": 4.0, "train.how": how, "typo": 1}):
        with hp.record() as inner:
            globals()[kind](on, how)
        with hp.record() as later:
            pass
    print(json.dumps([*map(answers, [outer, inner, hp.process_record()]), answers(later)]))
"""

KINDS = [("swept", "local"), ("swept", "processes:1"), ("alone", "processes"),
         ("by_words", "local"), ("by_words", "processes:1")]  # fmt: skip
LOST = "the worker ended before it could tell what it had read"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "program.py", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def answers(folder: Path, *words: str) -> list[list[list[object]]]:
    """Return for each record its reads, what is unused and why it is incomplete."""
    done = run(folder, *words)
    assert done.returncode == 0, done.stderr
    found: list[list[list[object]]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("how", ["returns", "raises"])
@pytest.mark.parametrize(("kind", "on"), KINDS)
def test_all_open_records_have_it(folder: Path, kind: str, on: str, how: str) -> None:
    *open_records, later = answers(folder, kind, on, how)
    rates = ["1.0"] if kind == "alone" else ["1.0", "2.0"]
    read = [["opt.momentum", "4.0"]] if how == "returns" else []
    read += [["train.how", how], *(["train.lr", rate] for rate in rates)]
    unused = ["typo"] if how == "returns" else ["opt.momentum", "typo"]
    unused += [] if kind == "swept" else ["train.how"]  # -D lies over what the scope has set
    assert open_records == [[read, sorted(unused), []]] * 3
    assert later[0] == []


@pytest.mark.parametrize(("kind", "on"), [one for one in KINDS if one[1] != "local"])
def test_without_the_word_of_a_worker_nothing_is_known(folder: Path, kind: str, on: str) -> None:
    *open_records, _ = answers(folder, kind, on, "dies")
    assert open_records == [[[], [], [LOST]]] * 3


@pytest.mark.parametrize("on", ["local", "processes:1"])
def test_what_was_set_for_runs_was_not_set_for_nothing(folder: Path, on: str) -> None:
    words = "launch", "--on=local", "-D", f"main.on={on}", "--strict-unused"
    done = run(folder, *words, "-D", "opt.momentum=3", "--record", "record.json")
    assert (done.returncode, done.stderr) == (0, "")
    record = hp.Record.load(folder / "record.json")
    assert record.incomplete == []
    values = record.operative()
    assert (values["opt.momentum"], values["train.lr"]) == (3.0, 2.0)
    done = run(folder, *words, "-D", "train.lr=3")
    assert done.returncode == 3
    assert "train.lr (cli -D) had no effect: code program.py:" in done.stderr


@hp.param("net")
def net(width: int = 0) -> int:
    return width * (hp.scope.depth | 1)


@pytest.mark.usefixtures("folder")
def test_a_record_is_incomplete_until_the_runs_have_ended() -> None:
    meanwhile = []

    def asks() -> int:
        meanwhile.append((record.incomplete, [one.key for one in record.unused()]))
        return (hp.scope.depth | 1) * (hp.scope.n | 0)

    with hp.record() as record, hp.scope(depth=3, typo=1):
        with pytest.warns(RuntimeWarning, match="cannot tell whether workers read depth, typo"):
            hp.sweep(asks, {"n": [1]}).run()
    assert meanwhile == [(["1 run has not ended"], [])]
    assert (record.incomplete, sorted(one.key for one in record.unused())) == ([], ["typo"])


@pytest.mark.usefixtures("folder")
def test_the_records_are_those_that_were_open_when_the_sweep_was_made() -> None:
    with hp.record() as asked:
        sweep = hp.sweep(net, {"net.width": [1]})
    with hp.record() as iterated:
        sweep.run()
    assert asked.operative() == {"net.width": 1, "depth": 1}
    assert iterated.reads == []


@pytest.mark.usefixtures("folder")
def test_what_runs_of_an_earlier_launch_have_read_is_not_known() -> None:
    with hp.scope(depth=3):
        hp.sweep(net, {"net.width": [1]}, name="s").run()
        with hp.record() as record:
            [kept] = hp.sweep(net, {"net.width": [1]}, name="s", resume=True).run()
    assert kept.result == 3
    assert record.incomplete == ["some runs of the sweep ended in an earlier launch"]
    with pytest.warns(RuntimeWarning, match="cannot tell whether workers read depth"):
        assert record.unused() == []
