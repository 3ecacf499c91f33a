"""`--record` and `--strict-unused`, and what `hp show` and `hp diff` say of saved records."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp

HP = [sys.executable, "-m", "hyperparameter.cli"]
PROGRAM = """
import os, signal, sys, time
import hyperparameter as hp


@hp.param("train")
def train(lr: float = 0.1, epochs: int = 3, token: str = "", how: str = ""):
    hp.scope.opt.momentum | 0.9
    exec(how)
    print("lr", lr)


if __name__ == "__main__":
    hp.launch(train, env_prefix="APP")
"""


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "train.py").write_text(PROGRAM)
    return tmp_path / "train.py"


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=150, check=False,
        env={**os.environ, **env},
    )  # fmt: skip


def hp_(*words: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "hyperparameter.cli", *words)


def recorded(path: str, *words: str) -> hp.Record:
    done = run("train.py", "--record", path, *words)
    assert done.returncode == 0, done.stderr
    return hp.Record.load(path)


# -- the record of a run ----------------------------------------------------------------------


def test_a_record_says_which_function_ran_where_and_how(tmp_path: Path) -> None:
    made = recorded("r.json", "--lr", "0.5").run
    assert made is not None
    assert (made.name, made.namespace, made.is_main) == ("train.py:train", "train", True)
    assert made.argv == ["--record", "r.json", "--lr", "0.5"]
    assert made.folder == str(tmp_path)
    assert made.python == ".".join(map(str, sys.version_info[:3]))
    assert made.process.host == os.uname().nodename
    assert "2020" < made.started <= made.ended
    assert (made.ending, made.problem) == ("returned", "")


def test_the_function_of_a_module_is_named_by_the_module(tmp_path: Path) -> None:
    (tmp_path / "start.py").write_text("import train, hyperparameter as hp\nhp.launch(train.train)")
    assert run("start.py", "--record", "r.json").returncode == 0
    made = hp.Record.load("r.json").run
    assert made is not None
    assert (made.module, made.function, made.is_main) == ("train", "train", False)


def test_a_record_of_code_has_no_run(tmp_path: Path) -> None:
    rec = hp.record()
    rec.save("r.json")
    assert hp.Record.load("r.json").run is None


@pytest.mark.parametrize(
    ("how", "status", "ending", "problem"),
    [
        ("raise LookupError('gone')", 1, "raised", "LookupError: gone"),
        ("sys.exit(4)", 4, "exited", "status 4"),
        ("hp.scope.no.such()", 2, "raised", "UsageError"),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", -15, "terminated", ""),
        ("os.kill(os.getpid(), signal.SIGINT); time.sleep(60)", 130, "interrupted", ""),
    ],
)
def test_a_record_says_how_the_run_ended(how: str, status: int, ending: str, problem: str) -> None:
    done = run("train.py", "--lr", "0.5", "--how", how, "--record", "r.json")
    assert done.returncode == status, done.stderr
    rec = hp.Record.load("r.json")
    assert rec.operative()["train.lr"] == 0.5
    assert rec.run is not None
    assert rec.run.ending == ending
    assert rec.run.problem.startswith(problem)
    assert (rec.run.problem == "") == (problem == "")


def test_sigterm_while_the_record_is_written_does_not_lose_it() -> None:
    how = (
        "import hyperparameter._records.file as f; write = f.write; "
        "f.write = lambda *_, f=f, write=write: (setattr(f, 'write', write), "
        "os.kill(os.getpid(), signal.SIGTERM), time.sleep(60))"
    )
    done = run("train.py", "--how", how, "--record", "r.json")
    assert done.returncode == -signal.SIGTERM
    assert hp.Record.load("r.json").run is not None


@pytest.mark.parametrize(
    "words",
    [["--token", "hunter2"], ["--token=hunter2"], ["-D", "train.token=hunter2"],
     ["-Dtrain.token=hunter2"], ["--train.token=hunter2"], ["--how", "'https://me:hunter2@host/x'"],
     ["--token", "hunter2", "--how", "raise ValueError(hp.scope.train.token())"]],
    ids=" ".join,
)  # fmt: skip
def test_no_secret_of_the_command_line_is_in_the_file(words: list[str]) -> None:
    run("train.py", "--record", "r.json", *words)
    assert "hunter2" not in Path("r.json").read_text()


# -- --strict-unused --------------------------------------------------------------------------


def test_an_override_that_nobody_read_is_status_3() -> None:
    words = "train.py", "--allow-unknown", "-D", "opt.momentun=1", "--strict-unused"
    done = run(*words)
    assert (done.returncode, done.stdout) == (3, "lr 0.1\n")
    first, last = done.stderr.splitlines()
    assert first.startswith("train.py: opt.momentun (cli -D) was never read")
    assert "'opt.momentum'" in first
    assert "--strict-unused" in last


def test_all_overrides_without_effect_are_named() -> None:
    words = [f"-Dnobody.k{i}=1" for i in range(30)]
    done = run("train.py", "--allow-unknown", "--strict-unused", *words)
    assert done.returncode == 3
    assert all(f"nobody.k{i} " in done.stderr for i in range(30))


def test_overrides_that_were_read_are_status_0() -> None:
    done = run("train.py", "-D", "opt.momentum=1", "--strict-unused")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_incomplete_record_cannot_tell() -> None:
    how = "hp.process_record().note_loss('a worker was killed')"
    words = "--allow-unknown", "-D", "opt.momentun=1", "--how", how
    done = run("train.py", *words, "--strict-unused")
    assert done.returncode == 0
    assert "a worker was killed" in done.stderr.splitlines()[-1]
    assert "cannot tell" in done.stderr.splitlines()[-1]


def test_run_cli_raises_for_an_override_that_nobody_read() -> None:
    @hp.param("strict")
    def main(x: int = 1) -> int:
        return x

    words = ["--allow-unknown", "-D", "strict.y=1", "--strict-unused"]
    with pytest.raises(hp.UsageError, match="--strict-unused"):
        hp.run_cli(main, words)
    assert hp.run_cli(main, ["--x", "2", "--strict-unused"]) == 2


# -- hp show ----------------------------------------------------------------------------------


def test_show_has_value_origin_default_and_reader_of_each_key() -> None:
    recorded("r.json", "--lr", "0.5", "--allow-unknown", "-D", "train.epoch=4")
    done = hp_("show", "r.json")
    assert (done.returncode, done.stderr) == (0, "")
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "0.5" in rows["train.lr"]
    assert "cli --lr" in rows["train.lr"]
    assert " no " in rows["train.lr"]
    assert " yes " in rows["train.epochs"]
    assert f"train.py:6 on {os.uname().nodename}:" in rows["train.lr"]
    assert "never read" in rows["train.epoch"]
    assert "train.py:train returned" in done.stdout


def record_of_several_hosts() -> None:
    """Write the record of a job on several hosts."""
    document = {"key": "a", "value": 1, "default": 0, "origin": ["cli", "-D", None],
                "default_used": False, "reader": "x.py:1", "bulk": False}  # fmt: skip
    readers = [["one", 1], ["one", 2], ["two", 7], *(["many", n] for n in range(9))]
    Path("p.json").write_text(json.dumps({
        "format": "hyperparameter-record", "version": 1, "dropped": 0, "overrides": {},
        "carried": [], "reads": [{**document, "process": one} for one in readers],
    }))  # fmt: skip


def test_readers_are_shown_by_process_and_host() -> None:
    record_of_several_hosts()
    [row] = [line for line in hp_("show", "p.json").stdout.splitlines() if line.startswith("a ")]
    assert "x.py:1 on one:(1, 2) and two:7 and many:(0, 1, 2, 3 and 5 more)" in row
    reads = json.loads(hp_("show", "p.json", "--json").stdout)["reads"]
    assert {(one["host"], one["pid"]) for one in reads} >= {("one", 2), ("two", 7), ("many", 8)}


def test_the_tree_has_a_line_for_each_section_and_value() -> None:
    recorded("r.json", "--lr", "0.5")
    lines = [line.strip() for line in hp_("show", "r.json", "--tree").stdout.splitlines()]
    assert any(line.endswith(" train") for line in lines)
    assert any("lr = 0.5  (cli --lr), read in train.py:6" in line for line in lines)


def test_nothing_in_a_record_steers_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;x\x07\x9b31m\x7f\u2028\r\n"
    for name, value in (("a.json", evil), ("b.json", evil + "2")):
        with hp.record() as rec, hp.scope(**{f"k{evil}": value, f"unread{evil}": 1}):
            hp.scope[f"k{evil}"] | ""
        rec.note_loss(evil)
        rec.save(tmp_path / name)
    for words in ("show a.json", "show --tree a.json", "show --json a.json",
                  "diff a.json b.json", "diff --json a.json b.json"):  # fmt: skip
        done = hp_(*words.split())
        assert (done.stdout + done.stderr).replace("\n", "").isprintable(), words
        assert "k" in done.stdout
        if "--json" in words:
            assert evil in strings(json.loads(done.stdout))


def strings(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        document = [*document, *document.values()]
    if isinstance(document, str):
        yield document
    elif isinstance(document, list):
        for one in document:
            yield from strings(one)


def test_output_into_head_has_no_traceback() -> None:
    values = {f"k{i}": i for i in range(20_000)}
    with hp.record() as rec, hp.scope(**values):
        hp.scope.storage().storage()
    rec.save("big.json")
    command = f"{sys.executable} -m hyperparameter.cli show big.json | head -1"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=150, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("command", [["show"], ["diff", "good.json"], ["replay"]])
@pytest.mark.parametrize("text", [None, "", "{", "[1]", '{"format": "x"}', "half"], ids=str)
def test_what_is_no_record_is_one_line_that_names_it(command: list[str], text: str | None) -> None:
    recorded("good.json")
    if text is not None:
        good = Path("good.json").read_text()
        Path("bad.json").write_text(good[: len(good) // 2] if text == "half" else text)
    done = hp_(*command, "bad.json")
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("hp: error: bad.json")


def test_showing_imports_no_scan_and_no_launcher() -> None:
    recorded("r.json")
    code = (
        "import sys; from hyperparameter.cli import main; main(['show', 'r.json']); "
        "print([m for m in sys.modules if m.startswith(('hyperparameter._scan', "
        "'hyperparameter._launch.launcher', 'hyperparameter._config', 'importlib.metadata'))])"
    )
    assert run("-c", code).stdout.splitlines()[-1] == "[]"


# -- hp diff ----------------------------------------------------------------------------------


def test_only_what_differs_is_listed() -> None:
    recorded("a.json", "--lr", "0.5")
    recorded("b.json", "--lr", "0.6")
    done = hp_("diff", "a.json", "b.json")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "train.lr",
        "  a.json  0.5  (cli --lr)",
        "  b.json  0.6  (cli --lr)",
        "",
        "1 key differs, 4 are the same in 2 records.",
    ]


def test_two_runs_with_the_same_words_do_not_differ() -> None:
    recorded("a.json", "--lr", "0.5", "--token", "hunter2")
    recorded("b.json", "--lr", "0.5", "--token", "hunter2")
    done = hp_("diff", "a.json", "b.json")
    assert (done.returncode, done.stdout) == (0, "No key differs, 5 are the same.\n")


def differences(*words: str) -> dict[str, Any]:
    done = hp_("diff", "--json", *words)
    found = json.loads(done.stdout)
    assert done.returncode == (1 if found["differences"] else 0)
    return {one["key"]: one["changes"] for one in found["differences"]}


def test_values_origins_added_and_gone_of_several_records() -> None:
    recorded("a.json", "--how", "hp.scope.old | 1")
    recorded("b.json", "--epochs", "3", "--lr", "0.5", "--how", "hp.scope.new | 1")
    recorded("c.json", "--how", "hp.scope.old | 1")
    assert differences("a.json", "b.json", "c.json") == {
        "train.lr": ["value", None],
        "train.epochs": ["origin", None],
        "train.how": ["value", None],
        "old": ["gone", None],
        "new": ["added", None],
    }
    ignored = "--ignore", "train.*", "--ignore", "ol?"
    assert differences("a.json", "b.json", *ignored) == {"new": ["added"]}
    assert differences("b.json", "a.json", *ignored) == {"new": ["gone"]}


def test_a_value_of_another_type_differs(tmp_path: Path) -> None:
    for name, value in (("a.json", 1), ("b.json", 1.0), ("c.json", True)):
        with hp.record() as rec, hp.scope(x=value):
            hp.scope.x | None
        rec.save(tmp_path / name)
    assert differences("a.json", "b.json", "c.json") == {"x": ["value", "value"]}


def test_another_secret_differs_and_is_not_shown() -> None:
    recorded("a.json", "--token", "hunter2")
    recorded("b.json", "--token", "hunter3")
    done = hp_("diff", "a.json", "b.json")
    assert done.returncode == 1
    assert "another value" in done.stdout
    assert "hunter" not in done.stdout


def test_secrets_without_digests_cannot_be_compared() -> None:
    recorded("a.json", "--token", "hunter2")
    text = Path("a.json").read_text()
    start = text.index('"$secret": ["***", "') + len('"$secret": ["***", ')
    Path("b.json").write_text(text[:start] + "null" + text[text.index('"]', start) + 1 :])
    done = hp_("diff", "b.json", "b.json")
    assert done.returncode == 0
    assert "train.token is a secret" in done.stderr


class Net:
    def __init__(self, width: int) -> None:
        self.width = width


def test_objects_differ_by_what_is_in_them(tmp_path: Path) -> None:
    kept = []
    for name, width in (("a.json", 1), ("b.json", 1), ("c.json", 2)):
        kept.append(Net(width))  # at three addresses
        text = "x" * 2**20 + str(width)
        with hp.record() as rec, hp.scope(net=kept[-1], text=text, names={"b", "a"}):
            hp.scope.net | None, hp.scope.text | "", hp.scope.names | None
        rec.save(tmp_path / name)
        assert "text" in rec.left_out  # it is shortened, and nothing takes that for the value
        assert (tmp_path / name).stat().st_size < 10_000
    assert differences("a.json", "b.json", "c.json") == {
        "net": [None, "value"],
        "text": [None, "value"],
    }


def test_an_incomplete_record_is_named() -> None:
    recorded("a.json")
    recorded("b.json", "--how", "hp.process_record().note_loss('a worker was killed')")
    done = hp_("diff", "a.json", "b.json", "--ignore", "train.how")
    assert done.returncode == 0
    assert done.stderr == "hp: b.json may lack reads: a worker was killed.\n"
