"""`hp replay` and `-C RECORD`: the same function with what a record says, and nothing else."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hyperparameter as hp

PROGRAM = """
import os, sys
from dataclasses import dataclass
import hyperparameter as hp


@dataclass
class Optimizer:
    lr: float = 0.1
    betas: tuple[float, float] = (0.9, 0.99)


@hp.param("train")
def train(optimizer: Optimizer = Optimizer(), sizes: list[int] = [1], tag: str = "", *,
          password: str = ""):
    hp.scope.extra | int(open("extra").read())
    print("got", optimizer, sizes, repr(tag), password, os.getcwd())


if __name__ == "__main__":
    hp.launch(train, env_prefix="APP", config="base.toml")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    Path("train.py").write_text(PROGRAM)
    Path("base.toml").write_text('[train]\ntag = "007"\n')
    Path("extra").write_text("1")
    return tmp_path


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=150, check=False,
        env={**os.environ, **env},
    )  # fmt: skip


def replay(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "hyperparameter.cli", "replay", *words, **env)


def recorded(*words: str, script: str = "train.py", **env: str) -> str:
    done = run(script, *words, "--record", "r.json", **env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def before_the_end(text: str) -> str:
    return PROGRAM.replace('    print("got"', f'{text}    print("got"')


WORDS = "--optimizer.lr", "0.5", "--sizes", "3", "4", "-D", "extra=7"


def test_a_replay_prints_what_the_run_has_printed() -> None:
    printed = recorded(*WORDS)
    done = replay("r.json")
    assert (done.returncode, done.stdout) == (0, printed)
    assert re.fullmatch(r"hp: \d+ keys were read as in r.json.\n", done.stderr)


def test_nothing_leaks_in_from_files_and_the_environment() -> None:
    printed = recorded(*WORDS)
    Path("base.toml").write_text('[train]\ntag = "new"\n[opt]\nx = 1\n')
    Path("hp.json").write_text("{}")
    done = replay("r.json", APP_TRAIN__TAG="env", APP_TRAIN__OPTIMIZER__LR="9",
                  HYPERPARAMETER_SCOPE='{"train.tag": "inherited"}')  # fmt: skip
    assert (done.returncode, done.stdout) == (0, printed)


def test_the_default_file_may_be_gone() -> None:
    printed = recorded(*WORDS)
    Path("base.toml").unlink()
    assert replay("r.json").stdout == printed


def test_a_default_that_has_changed_since_is_that_of_the_record() -> None:
    printed = recorded()
    Path("train.py").write_text(PROGRAM.replace("lr: float = 0.1", "lr: float = 0.7"))
    done = replay("r.json")
    assert (done.returncode, done.stdout) == (0, printed)


def test_it_runs_where_the_run_was_from_anywhere(tmp_path: Path) -> None:
    printed = recorded(*WORDS)
    (tmp_path / "other").mkdir()
    os.chdir(tmp_path / "other")
    done = replay("../r.json")
    assert (done.returncode, done.stdout) == (0, printed)


def test_a_program_that_was_moved_runs_where_you_are(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    for name in ("train.py", "base.toml", "extra"):
        (tmp_path / name).rename(tmp_path / "old" / name)
    os.chdir(tmp_path / "old")
    recorded(*WORDS)
    os.chdir(tmp_path)
    (tmp_path / "old").rename(tmp_path / "new")
    done = replay("new/r.json")
    assert done.returncode == 2
    assert "train.py does not exist" in done.stderr.splitlines()[-1]
    os.chdir(tmp_path / "new")
    done = replay("r.json")
    assert done.returncode == 0
    assert "does not exist" in done.stderr


# -- what differs -----------------------------------------------------------------------------


def test_values_that_differ_are_named_old_and_new() -> None:
    recorded()
    inner = "    with hp.scope(extra=5): hp.scope.extra | 0\n"
    Path("train.py").write_text(before_the_end(inner))
    done = replay("r.json")
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if "extra" in line]
    assert "5" in line
    assert "it was 1 in r.json" in line


def test_keys_that_are_not_read_and_new_ones_are_named() -> None:
    recorded()
    Path("train.py").write_text(PROGRAM.replace("scope.extra | int", "scope.other | int"))
    done = replay("r.json")
    assert done.returncode == 1
    assert "hp: extra was not read; it was 1 in r.json." in done.stderr
    assert "hp: other = 1 (default) is new; r.json does not have it." in done.stderr


def test_what_is_set_with_d_may_differ() -> None:
    recorded(*WORDS)
    done = replay("r.json", "-D", "extra=8", "-D", "train.optimizer.lr=0.25")
    assert done.returncode == 0
    assert "got Optimizer(lr=0.25, betas=(0.9, 0.99)) [3, 4] '007'" in done.stdout
    assert "extra was read as 8 (set with -D); it was 7 in r.json" in done.stderr


def test_an_unknown_key_behind_d_is_an_error_and_nothing_runs() -> None:
    recorded(*WORDS)
    done = replay("r.json", "-D", "train.optimzer.lr=1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean 'train.optimizer.lr'?" in done.stderr


@pytest.mark.parametrize("word", ["extra", "=1", "a..b=1"])
def test_a_word_that_sets_nothing_is_an_error(word: str) -> None:
    recorded(*WORDS)
    done = replay("r.json", "-D", word)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


# -- secrets ----------------------------------------------------------------------------------


def test_a_secret_comes_from_d_or_the_environment_or_it_stops() -> None:
    printed = recorded("--password", "hunter2")
    assert "hunter2" not in Path("r.json").read_text()
    done = replay("r.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'train.password'" in done.stderr
    assert replay("r.json", "-D", "train.password=hunter2").stdout == printed
    done = replay("r.json", APP_TRAIN__PASSWORD="hunter2", APP_TRAIN__TAG="leak")
    assert (done.returncode, done.stdout) == (0, printed)
    done = replay("r.json", APP_TRAIN__PASSWORD="hunter3")
    assert done.returncode == 1
    assert "train.password was read with another value than in r.json" in done.stderr
    assert "hunter3" not in done.stderr


def test_a_record_as_configuration_needs_the_secret_too() -> None:
    printed = recorded("--password", "hunter2", *WORDS)
    done = run("train.py", "-C", "r.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'train.password'" in done.stderr
    assert run("train.py", "-C", "r.json", "-D", "train.password=hunter2").stdout == printed
    done = run("train.py", "-C", "r.json", APP_TRAIN__PASSWORD="hunter2")
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")


@pytest.mark.parametrize(
    ("change", "words", "problem"),
    [
        (lambda text: re.sub(r'"version": \d+', '"version": 9', text), "r.json", "version 9"),
        (lambda text: text[: len(text) // 2], "r.json", "r.json is not a saved record"),
        (lambda text: text.replace('"bulk"', '"bluk"'), "r.json", "r.json is a damaged record"),
        (lambda text: text, "x=r.json", "cannot be put below 'x'"),
    ],
    ids=["newer", "half", "damaged", "below a key"],
)
def test_a_record_that_cannot_be_configuration_is_one_line(
    change: Callable[[str], str], words: str, problem: str
) -> None:
    recorded()
    Path("r.json").write_text(change(Path("r.json").read_text()))
    done = run("train.py", "-C", words)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert problem in line


def test_a_pipe_is_read_from_its_beginning() -> None:
    os.mkfifo("conf.yaml")
    command = f"echo 'extra: 3' > conf.yaml & {sys.executable} train.py -C conf.yaml"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=150, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


# -- how programs are started -----------------------------------------------------------------


def test_a_module_is_run_as_one(folder: Path) -> None:
    (folder / "pkg").mkdir()
    (folder / "pkg" / "__init__.py").write_text("")
    (folder / "pkg" / "tool.py").write_text(PROGRAM)
    done = run("-m", "pkg.tool", *WORDS, "--record", "r.json")
    assert done.returncode == 0, done.stderr
    assert replay("r.json").stdout == done.stdout


def test_a_function_of_a_module_is_imported() -> None:
    Path("start.py").write_text("import train, hyperparameter as hp\nhp.launch(train.train)")
    printed = recorded(*WORDS, script="start.py")
    Path("start.py").unlink()
    assert replay("r.json").stdout == printed


def test_a_command_of_several_with_extra_words() -> None:
    Path("tool.py").write_text(
        "import hyperparameter as hp\n"
        "@hp.param('one')\ndef one(x: int = 1): print('one')\n"
        "@hp.param('two')\ndef two(x: int = 1, *files: str, **more: int):\n"
        "    print('two', x, files, more)\n"
        "hp.launch()\n"
    )
    printed = recorded("two", "--x", "5", "a", "b", "--depth", "3", script="tool.py")
    assert printed == "two 5 ('a', 'b') {'depth': 3}\n"
    assert replay("r.json").stdout == printed


def test_workers_of_a_replay_find_the_functions_of_the_script() -> None:
    Path("pool.py").write_text(
        "import multiprocessing, hyperparameter as hp\n"
        "def square(x): return x * x\n"
        "@hp.param('pool')\ndef main(n: int = 2):\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.map(square, range(n)), square.__module__)\n"
        "if __name__ == '__main__': hp.launch(main)\n"
    )
    printed = recorded("--n", "3", script="pool.py")
    assert printed == "[0, 1, 4] __main__\n"
    done = replay("r.json")
    assert (done.stdout, done.returncode) == (printed, 0)


def test_a_program_that_launches_something_else_is_an_error() -> None:
    recorded()
    text = PROGRAM.replace("def train(", "def fit(").replace("launch(train", "launch(fit")
    Path("train.py").write_text(text)
    done = replay("r.json")
    assert (done.returncode, done.stdout) == (2, "")
    problem = "r.json is of train, which train.py does not launch here."
    assert done.stderr == f"train.py: error: {problem}\n"
    Path("train.py").write_text("")
    done = replay("r.json")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "ended without launching it" in done.stderr


def test_a_record_that_no_program_has_written_is_an_error() -> None:
    hp.record().save("r.json")
    done = replay("r.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not say which function ran" in done.stderr


def test_a_program_that_fails_again_keeps_its_traceback_and_status() -> None:
    Path("train.py").write_text(before_the_end("    sys.exit(7)\n"))
    assert run("train.py", "--record", "r.json").returncode == 7
    assert replay("r.json").returncode == 7
    Path("train.py").write_text(before_the_end("    raise LookupError\n"))
    done = replay("r.json")
    assert done.returncode == 1
    assert "LookupError" in done.stderr.splitlines()[-1]


def test_the_old_record_is_left_alone() -> None:
    recorded()
    before = Path("r.json").read_bytes()
    replay("r.json", "-D", "extra=8")
    assert Path("r.json").read_bytes() == before


# -- values that code sets --------------------------------------------------------------------


CODE = """
import hyperparameter as hp

class Net: pass

@hp.param("f")
def f(seed: int = 0, net=None):
    return seed, type(net).__name__

@hp.param("main")
def main(x: int = 1):
    print(f())
    for seed in (1, 2):
        with hp.scope(**{"f.seed": seed, "f.net": Net()}):
            print(f())

if __name__ == "__main__":
    hp.launch(main)
"""


def test_defaults_and_values_of_inner_scopes_stay_where_they_were() -> None:
    Path("code.py").write_text(CODE)
    printed = recorded("--x", "2", script="code.py")
    assert printed == "(0, 'NoneType')\n(1, 'Net')\n(2, 'Net')\n"
    done = replay("r.json")
    assert (done.returncode, done.stdout) == (0, printed)
    assert run("code.py", "-C", "r.json").stdout == printed


def test_what_only_code_can_set_is_named_by_a_record_as_configuration() -> None:
    Path("code.py").write_text(CODE.replace("    print(f())\n    for", "    for"))
    printed = recorded("--x", "2", script="code.py")
    done = run("code.py", "-C", "r.json")
    assert done.stdout == printed
    [line] = done.stderr.splitlines()
    assert line.startswith("code.py: r.json does not set f.seed, f.net: code has set")


# -- the demo ---------------------------------------------------------------------------------


DIGITS = Path(__file__).parents[3] / "examples" / "digits.py"


def accuracies(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return re.findall(r"0\.\d+", done.stdout)


def test_the_digits_have_the_same_accuracy_again() -> None:
    only_workers_read = "-D", "train.epochs=4", "-D", "prep.gamma=1.5"
    words = "--lr", "0.1", "--width", "16", *only_workers_read
    first = accuracies(run(str(DIGITS), *words, "--record", "r.json"))
    assert len(first) == 2
    assert accuracies(replay("r.json")) == first
    assert accuracies(run(str(DIGITS), "-C", "r.json")) == first


def test_a_run_of_a_sweep_of_the_digits_has_the_same_accuracy_again() -> None:
    done = run(str(DIGITS), "--epochs", "4", "--sweep", "lr=0.1,0.01", "--on", "processes:1",
               "--name", "s")  # fmt: skip
    assert done.returncode == 0, done.stderr
    for number in (1, 2):
        first = re.findall(r"0\.\d+", Path(f"sweeps/s/logs/{number}.log").read_text())
        assert accuracies(replay(f"s/{number}")) == first
