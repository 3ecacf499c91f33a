"""`hp runs`: which runs a sweep has, chosen, sorted, and as text, JSON and CSV."""

import csv
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sweep_stores import create, fail, finish, planned, returned, typed

from hyperparameter._sweeps.run import Cell
from hyperparameter._sweeps.store.rows import Row
from hyperparameter._sweeps.store.stored import Goal
from hyperparameter._sweeps.tables.columns import Columns
from hyperparameter.cli import main
from hyperparameter.cli._conditions import condition

HP = [sys.executable, "-m", "hyperparameter.cli"]
Hp = Callable[..., str]


@pytest.fixture(autouse=True)
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A sweep with a run in each state; what is the same in all has no column."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    with create(tmp_path, goal=Goal("minimize", "loss")) as store:
        grid = [("0.1", "adam"), ("0.1", "sgd"), ("0.01", "adam"), ("0.01", "sgd"),
                ("1e-3", "adam"), ("10", "3.10")]  # fmt: skip
        store.add([planned(typed(train__lr=lr, opt=opt, epochs="3")) for lr, opt in grid])
        finish(store, 1, {"loss": 0.25, "acc": 1 / 3})
        finish(store, 2, {"loss": 0.125, "acc": 1}, seconds=125.0)
        fail(store, 3, "ValueError: bad")
        store.skipped(4, 2)
        store.started(5, 1, "node2", 9)
        yield tmp_path / "sweeps/grid"  # its launcher is there


@pytest.fixture
def hp(capsys: pytest.CaptureFixture[str]) -> Hp:
    def run(*words: str, status: int = 0, **environ: str) -> str:
        assert main(list(words), environ) == status
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return told.err if status else told.out

    return run


def numbers(text: str) -> list[int]:
    return [int(row["number"]) for row in json.loads(text)]


def test_the_runs_of_the_latest_sweep_are_a_table(hp: Hp) -> None:
    expected = """\
grid: 6 runs of train.py:main, minimize loss
2 done, 1 the same as another, 1 failed, 1 running, 1 waiting
In all: epochs=3

number  state    train.lr  opt    loss       acc   time  host   error
     1  done          0.1  adam   0.25  0.333333  1.50s  here
     2  done          0.1  sgd   0.125         1  2m05s  here
     3  failed       0.01  adam                   1.00s  here   ValueError: bad
     4  = run 2      0.01  sgd   0.125         1
     5  running      1e-3  adam                          node2
     6  waiting        10  3.10
"""
    assert hp("runs") == expected


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        (["train.lr<0.1"], [3, 4, 5]), (["train.lr<=0.1"], [1, 2, 3, 4, 5]),
        (["train.lr=1e-1"], [1, 2]),
        (["train.lr==.1"], [1, 2]), (["train.lr!=0.1"], [3, 4, 5, 6]), (["train.lr>0.1"], [6]),
        (["train.lr>=10"], [6]), (["opt=sgd"], [2, 4]), (["opt!=sgd"], [1, 3, 5, 6]),
        ([" opt = sgd "], [2, 4]), (["opt='sgd'"], [2, 4]), (["opt<b"], [1, 3, 5, 6]),
        (["state=failed"], [3]), (["state=same"], [4]), (["same_as=2"], [4]),
        (["number>=5"], [5, 6]),
        (["loss<0.2"], [2, 4]), (["loss!=0.25"], [2, 4]), (["result.loss=0.25"], [1]),
        (["time>60"], [2]), (["host=here"], [1, 2, 3]), (["run.host=node2"], [5]),
        (["error=ValueError: bad"], [3]), (["attempt=0"], [4, 6]),
        (["train.lr<1", "opt=adam", "state!=running"], [1, 3]), (["opt=nothing"], []),
        (["opt=3.1"], [6]), (["opt='3.1'"], []), (["opt='3.10'"], [6]),
        (["started<2026"], [1, 2, 3]),
    ],
)  # fmt: skip
def test_conditions_choose_runs(hp: Hp, conditions: list[str], found: list[int]) -> None:
    words = [word for one in conditions for word in ("-w", one)]
    assert numbers(hp("runs", "-f", "json", *words)) == found


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("train.lrr<1", "-w 'train.lrr<1': no column is called 'train.lrr'. Did you mean"),
        ("zzz=1", "-w 'zzz=1': no column is called 'zzz'. Use one of number, state, "),
        ("train.lr", "-w 'train.lr': not a condition. Write a column, one of = != < <= > >=, and"),
        ("t.s<>7", "no sign is <>."),
        ("", "-w '': not a condition."), ("<1", "-w '<1': not a condition."),
        ("a\n=\x1b[31m", "no column is called 'a'."),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_is_an_error(hp: Hp, word: str, message: str) -> None:
    told = hp("runs", "-w", word, status=2)
    assert told.startswith("hp: error: ")
    assert message in told
    assert told.count("\n") == 1
    assert "\x1b" not in told


def test_a_condition_is_never_evaluated_as_code(hp: Hp, tmp_path: Path) -> None:
    hp("runs", "-w", f"opt=__import__('os').mkdir('{tmp_path}/evil')")
    hp("runs", "-w", f"__import__('os').mkdir('{tmp_path}/evil')=1", status=2)
    assert not (tmp_path / "evil").exists()


def test_runs_are_sorted_by_any_column(hp: Hp) -> None:
    def order(*words: str) -> list[int]:
        return numbers(hp("runs", "-f", "json", *words))

    assert order("--sort", "train.lr") == [5, 3, 4, 1, 2, 6]
    assert order("--sort", "-train.lr") == [6, 1, 2, 3, 4, 5]
    assert order("--sort=-train.lr") == [6, 1, 2, 3, 4, 5]
    assert order("--sort", "loss") == [2, 4, 1, 3, 5, 6]
    assert order("--sort", "-loss") == [1, 2, 4, 3, 5, 6]
    assert order("--sort", "opt") == [6, 1, 3, 5, 2, 4]
    message = hp("runs", "--sort", "los", status=2)
    assert "--sort 'los': no column is called 'los'. Did you mean 'loss'?" in message


def test_no_run_is_no_error(hp: Hp, tmp_path: Path) -> None:
    assert "No run fulfils the conditions." in hp("runs", "-w", "number>99")
    assert json.loads(hp("runs", "-w", "number>99", "-f", "json")) == []
    create(tmp_path, "empty").close()
    assert "There are no runs yet." in hp("runs", "empty")


def test_json_has_values_with_their_types_and_is_strict(hp: Hp, tmp_path: Path) -> None:
    first = json.loads(hp("runs", "-f", "json"))[0]
    assert first["parameters"] == {"train.lr": 0.1, "opt": "adam", "epochs": 3}
    assert first["results"] == {"loss": 0.25, "acc": 1 / 3}
    assert first["started"] == "1970-01-01T00:16:40.000+00:00"
    assert (first["number"], first["state"], first["time"], first["unread"]) == (
        1,
        "done",
        1.5,
        None,
    )
    with create(tmp_path, "odd") as store:
        store.add([planned(typed(lr=".nan", host="x\x1b[2J\u2028é"))])
        finish(store, 1, {"loss": math.inf, "parameters": 1})
    text = hp("runs", "odd", "-f", "json")
    assert "\x1b" not in text
    (odd,) = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert odd["parameters"] == {"lr": "nan", "host": "x\x1b[2J\u2028é"}
    assert odd["results"] == {"loss": "inf", "parameters": 1}
    assert odd["host"] == "here"


def test_csv_reads_back_exactly(tmp_path: Path) -> None:
    texts = ["a,b", 'say "hi"', "two\nlines", "\r", "=1+1", "@x", " é格 ", "", "'"]
    with create(tmp_path, "odd") as store:
        store.add([planned(typed(text=text, n=str(n))) for n, text in enumerate(texts)])
        for number, _ in enumerate(texts, 1):
            finish(store, number, {"loss": number / 3, "text": texts[number - 1]})
    done = subprocess.run([*HP, "runs", "odd", "-f", "csv"], capture_output=True, check=True)
    assert main(["runs", "odd", "-f", "csv", "-o", "out.csv"]) == 0
    for data in (done.stdout, Path("out.csv").read_bytes()):
        rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
        assert [row["result.text"] for row in rows] == texts
        assert [row["text"] for row in rows] == texts
        assert [float(row["loss"]) for row in rows] == [(n + 1) / 3 for n in range(len(texts))]
        assert rows[0]["time"] == "1.5"


def test_what_is_the_same_as_another_run_and_what_lacks_a_value_in_csv(hp: Hp) -> None:
    rows = {row["number"]: row for row in csv.DictReader(io.StringIO(hp("runs", "-f", "csv")))}
    assert (rows["4"]["state"], rows["4"]["same_as"], rows["4"]["loss"]) == ("same", "2", "0.125")
    assert (rows["6"]["state"], rows["6"]["loss"], rows["6"]["time"]) == ("waiting", "", "")
    assert rows["1"]["epochs"] == "3"
    assert rows["6"]["opt"] == "3.10"


def test_repeats_are_listed_and_then_aggregated(hp: Hp, tmp_path: Path) -> None:
    with create(tmp_path, "reps", repeat_key="seed") as store:
        for number, (lr, repeat, loss) in enumerate(
            [("1", 0, 1), ("1", 1, 3), ("2", 0, 7), ("2", 1, None)], 1
        ):
            cell = typed(lr=lr, seed=str(repeat))
            store.add([planned(Cell(cell.values, repeat))])
            if loss is not None:
                finish(store, number, loss)
    assert (
        hp("runs").split("\n\n", 1)[1]
        == """\
number  state    lr  repeat  result   time  host
     1  done      1       0       1  1.50s  here
     2  done      1       1       3  1.50s  here
     3  done      2       0       7  1.50s  here
     4  waiting   2       1

Mean ± standard deviation over repeats:
lr  n        result
 1  2       2 ± 1.4
 2  1 of 2        7
"""
    )


def test_secrets_are_masked_in_every_format(hp: Hp, tmp_path: Path) -> None:
    with create(tmp_path, "secret") as store:
        cells = [typed(hub__token=text) for text in ("hunter2-one", "hunter2-two")]
        store.add([planned(cell) for cell in cells])
        store.ended(1, 1, returned({"api_key": "hunter2-key"}), "done")
    for form in ("text", "json", "csv"):
        text = hp("runs", "secret", "-f", form)
        assert "hunter2" not in text
        assert "***" in text


def test_a_table_fits_the_terminal_and_obeys_nobody(hp: Hp, tmp_path: Path) -> None:
    with create(tmp_path, "wide") as store:
        store.add([planned(typed(path="/a/b" * 30, x=str(n))) for n in range(2)])
        store.add([planned(typed(path="\x1b]0;evil\x07\n格", x="9"))])
        fail(store, 1, "KeyError: " + "x" * 300)
    text = hp("runs", "wide", COLUMNS="80")
    table = text.split("\n\n", 1)[1]
    assert max(map(len, table.splitlines())) <= 80
    assert "…" in table
    assert "\x1b" not in text
    assert "\\x1b]0;evil\\x07\\n格" in hp("runs", "wide")


def test_all_sweeps_are_listed_the_latest_first_and_a_damaged_one_hides_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create(tmp_path, "later").close()
    create(tmp_path, "broken").close()
    (tmp_path / "sweeps/broken/sweep.sqlite").write_text("x")
    os.utime(tmp_path / "sweeps/grid/sweep.lock", (1, 1))
    assert main(["runs", "--all"]) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert lines[0].split() == ["sweep", "runs", "done", "failed", "launched", "function"]
    assert lines[1].split()[:4] == ["later", "0", "0", "0"]
    assert lines[2].split()[:4] == ["grid", "6", "3", "1"]
    assert len(lines) == 3
    assert "sweeps/broken/sweep.sqlite is not the store of a sweep" in told.err


def test_a_sweep_is_named_by_name_path_and_latest(hp: Hp, grid: Path) -> None:
    expected = hp("runs")
    for name in ("grid", "latest", "sweeps/grid", str(grid), f"{grid}/sweep.sqlite"):
        assert hp("runs", name) == expected
    assert "Did you mean 'grid'?" in hp("runs", "gird", status=1)
    os.chdir("/")
    assert "sweeps: no sweep is here" in hp("runs", status=1)


def test_a_file_that_cannot_be_written_and_a_wrong_format_are_errors(hp: Hp) -> None:
    assert "-o '/no/where'" in hp("runs", "-o", "/no/where", status=2)
    assert "html" in hp("runs", "-f", "html", status=2)
    assert "--all lists sweeps" in hp("runs", "--all", "-f", "csv", status=2)


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    with create(tmp_path, "many") as store:
        store.add([planned(typed(lr=str(n), text="x" * 100)) for n in range(5000)])
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" runs many | head -n 4 >/dev/null', "bash", *HP],
        capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, "")


# -- conditions as Python has them ------------------------------------------------------------

SIGNS = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip
_values = st.one_of(
    st.integers(), st.floats(allow_nan=False), st.floats(width=16, allow_nan=False),
    st.integers(-3, 3), st.integers(10**25, 10**26),
)  # fmt: skip


def fulfils(own: object, sign: str, wanted: str) -> bool:
    row = Row(1, "done", None, {}, {}, None, 1, {"x": own})
    return condition(f"x{sign}{wanted}").of(Columns([row]))(row)


def spelled(number: float) -> str:
    return repr(number).replace("inf", ".inf")


@given(_values, st.sampled_from(sorted(SIGNS)), _values)
@example(math.inf, "=", math.inf)
@example(2**53 + 1, "=", float(2**53))
@example(0.0, "=", -0.0)
def test_numbers_compare_as_in_python(own: float, sign: str, wanted: float) -> None:
    assert fulfils(own, sign, spelled(wanted)) == SIGNS[sign](own, wanted)


@given(st.text(), st.sampled_from(sorted(SIGNS)), st.text())
def test_texts_compare_as_in_python(own: str, sign: str, wanted: str) -> None:
    assert fulfils(own, sign, f"'{wanted}'") == SIGNS[sign](own, wanted)


@given(st.sampled_from(sorted(SIGNS)), _values)
def test_not_a_number_and_a_missing_value_fulfil_what_they_do_in_python(
    sign: str, wanted: float
) -> None:
    assert fulfils(math.nan, sign, spelled(wanted)) == (sign == "!=")
    assert not fulfils(None, sign, spelled(wanted))


@pytest.mark.parametrize(
    ("own", "word", "expected"),
    [
        (True, "=true", True), (True, "=True", True), (True, "=1", False), (False, "!=true", True),
        (1, "=true", False), ("true", "=true", True), (3, "=x", False), (3, "!=x", True),
        ("", "=", True), ("x", "!=", True), ("a=b", "=a=b", True), (0.1, "='0.1'", True),
    ],
)  # fmt: skip
def test_booleans_and_texts(own: object, word: str, expected: bool) -> None:
    sign = "!=" if word.startswith("!=") else "="
    assert fulfils(own, sign, word.removeprefix(sign)) == expected
