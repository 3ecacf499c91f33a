"""After a run, each override from outside that had no effect is told, with the reason."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp

PROGRAM = """
import multiprocessing as mp
from dataclasses import dataclass
import hyperparameter as hp
IMPORTS

@dataclass
class Optim:
    lr: float = 0.1

@hp.param("train")
def train(shard: int = 0, optim: Optim = Optim()):
    return optim.lr

@hp.param("evaluate")
def evaluate(ckpt: str = "last"):
    print(ckpt)

@hp.param("main")
def main(how: str = "call"):
    if how == "call":
        train()
    if how == "grid":
        for lr in (1, 2):
            with hp.scope(**{"train.optim.lr": lr}):
                train()
    if how == "whole":
        with hp.scope(**{"train.optim": Optim(3)}):
            train()
    if how == "both":
        train()
        with hp.scope(**{"train.optim.lr": 3}):
            train()
    if how == "empty":
        with hp.scope.empty():
            train()
    if how == "spawn":
        with mp.get_context("spawn").Pool(1) as pool:
            print(pool.apply(train))
    if how == "joblib":
        import joblib
        print(joblib.Parallel(2)(joblib.delayed(train)() for _ in range(2)))

if __name__ == "__main__":
    LAUNCH
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "prog.py"
    path.write_text(PROGRAM.replace("IMPORTS", "").replace("LAUNCH", "hp.launch(main)"))
    return path


def told(program: Path, *words: str) -> list[str]:
    """Return the lines on stderr of a run that succeeds."""
    command = [sys.executable, str(program), *words]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=program.parent, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


def line_of(program: Path, text: str) -> int:
    return 1 + program.read_text().splitlines().index(text)


def test_what_the_program_sets_again_wherever_it_reads_it(program: Path) -> None:
    at = line_of(program, '            with hp.scope(**{"train.optim.lr": lr}):')
    [line] = told(program, "--how", "grid", "-D", "train.optim.lr=5")
    assert line.startswith("prog.py: train.optim.lr (cli -D) had no effect: ")
    assert f"code prog.py:{at} " in line
    at = line_of(program, '        with hp.scope(**{"train.optim": Optim(3)}):')
    [line] = told(program, "--how", "whole", "-D", "train.optim.lr=5")
    assert f"code prog.py:{at} " in line


def test_what_the_program_hides_wherever_it_reads_it(program: Path) -> None:
    [line] = told(program, "--how", "empty", "-D", "train.shard=5")
    assert line == ("prog.py: train.shard (cli -D) had no effect: its readers got the default")


def test_what_was_read_somewhere_had_an_effect(program: Path) -> None:
    assert told(program, "--how", "call", "-D", "train.optim.lr=5") == []
    assert told(program, "--how", "both", "-D", "train.optim.lr=5") == []


def test_a_weaker_source_is_not_told_to_be_hidden_by_a_stronger_one(program: Path) -> None:
    (program.parent / "c.toml").write_text("[train.optim]\nlr = 3\n")
    assert told(program, "-C", "c.toml", "-D", "train.optim.lr=5") == []


def test_a_declared_key_is_no_typing_mistake(program: Path) -> None:
    words = ["-D", "evaluate.ckpt=best"]
    assert told(program, *words) == ["prog.py: evaluate.ckpt (cli -D) was never read"]


def test_a_file_may_have_more_than_a_run_reads(program: Path) -> None:
    (program.parent / "c.toml").write_text('[evaluate]\nckpt = "best"\nchpt = "typo"\n')
    [line] = told(program, "-C", "c.toml", "--allow-unknown")
    assert line.startswith("prog.py: evaluate.chpt (file c.toml:3) was never read")


@pytest.mark.parametrize("form", ["toml", "yaml", "json"])
def test_the_configuration_that_a_program_prints_is_read_without_a_word(
    program: Path, form: str
) -> None:
    command = [sys.executable, str(program), "--print-config", form, "-D", "evaluate.ckpt=best"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=150)
    (program.parent / f"p.{form}").write_text(printed.stdout)
    assert told(program, "-C", f"p.{form}") == []


def test_several_commands_share_a_file(program: Path) -> None:
    program.write_text(PROGRAM.replace("IMPORTS", "").replace("LAUNCH", "hp.launch()"))
    command = [sys.executable, str(program), "--print-config"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=150)
    (program.parent / "p.toml").write_text(printed.stdout)
    assert told(program, "evaluate", "-C", "p.toml") == []


@pytest.mark.parametrize("how", ["spawn", "joblib"])
def test_a_process_that_is_started_without_the_scope_is_named_with_the_remedy(
    program: Path, how: str
) -> None:
    if how == "joblib":
        pytest.importorskip("joblib")
    [line] = told(program, "--how", how, "-D", "train.optim.lr=5")
    assert line == (
        "prog.py: train.optim.lr (cli -D) was never read in this process; "
        "hp_dist.install() carries it to workers"
    )
    launched = PROGRAM.replace("LAUNCH", "hp.launch(main)")
    program.write_text(launched.replace("IMPORTS", "import hp_dist"))
    assert told(program, "--how", how, "-D", "train.optim.lr=5") == [line]
    program.write_text(launched.replace("IMPORTS", "import hp_dist; hp_dist.install()"))
    assert told(program, "--how", how, "-D", "train.optim.lr=5") == []


def test_a_saved_record_knows_what_workers_read(tmp_path: Path) -> None:
    program = tmp_path / "prog.py"
    carries = "import hp_dist; hp_dist.install()"
    program.write_text(PROGRAM.replace("IMPORTS", carries).replace("LAUNCH", "hp.launch(main)"))
    words = ["--how", "spawn", "-D", "train.optim.lr=5", "-D", "evaluate.ckpt=x"]
    told(program, *words, "--record", "r.json")
    unused = hp.Record.load(tmp_path / "r.json").unused()
    assert [one.key for one in unused] == ["evaluate.ckpt"]


def test_suggestions_are_made_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from hyperparameter._records import unused as module

    calls: list[Any] = []
    monkeypatch.setattr(module, "nearest", lambda key, used: calls.append(key) or ["it"])
    with hp.record() as rec, hp.scope(**{"sfn.epoch": 1}):
        hp.scope.sfn.epochs | 2
    [unused] = rec.unused()
    assert calls == []
    assert str(unused).endswith("did you mean 'it'?")


@pytest.mark.parametrize("words", [[], ["--sweep", "lr=1,2"], ["--repeat", "2"]])
def test_what_a_file_has_for_others_is_no_fault_of_a_run_or_a_sweep(
    words: list[str], tmp_path: Path
) -> None:
    others = "import hyperparameter as hp\n\n@hp.param('{0}')\ndef {0}({1}=1):\n    return {1}\n"
    main = others.format("train", "lr") + others.format("evaluate", "n") + "\nhp.launch()\n"
    (tmp_path / "prog.py").write_text(main)
    (tmp_path / "serve.py").write_text(f"{others.format('server', 'port')}\nhp.launch(server)\n")
    (tmp_path / "m.yaml").write_text("train: {lr: 2}\nevaluate: {n: 3}\nserver: {port: 3}\n")
    command = [sys.executable, "prog.py", "train", "-C", "m.yaml", "--strict-unused", *words]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *more], cwd=tmp_path, capture_output=True, text=True, timeout=150
        )

    done = run()
    assert (done.returncode, "read it" in done.stderr) == (0, False), done.stderr
    wrong = run("-D", "evaluate.n=4")
    assert wrong.returncode == 3
    assert "evaluate.n" in wrong.stderr


def test_what_a_record_cannot_tell_is_a_message_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "prog.py"
    path.write_text(
        "import multiprocessing as mp\n"
        "import hyperparameter as hp\n"
        "@hp.param('train')\n"
        "def train(shard: int = 0): pass\n"
        "@hp.param('main')\n"
        "def main():\n"
        "    process = mp.get_context('fork').Process(target=train)\n"
        "    process.start()\n"
        "    process.join()\n"
        "hp.launch(main)\n"
    )
    done = subprocess.run(
        [sys.executable, str(path), "-D", "train.shard=3"],
        capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path,
    )  # fmt: skip
    start = "prog.py: The record is incomplete, so it cannot tell whether workers read train.shard"
    assert done.stderr.startswith(start)
    assert "Warning" not in done.stderr
    assert done.stderr.count("\n") == 1
