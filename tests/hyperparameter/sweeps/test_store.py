"""What a store keeps of a sweep, and what the next launcher finds in it."""

import json
import math
import os
import pickle
import sqlite3
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_stores import create, fail, finish, planned, raised, returned, typed, write_log

from hyperparameter._console import NotFound
from hyperparameter._sweeps.run import Cell, Outcome, Result
from hyperparameter._sweeps.store.cells import packed_cell, unpacked_cell
from hyperparameter._sweeps.store.store import Store, WantedRun
from hyperparameter._sweeps.store.stored import Goal, Launch, Stored
from hyperparameter._sweeps.work.summary import summary_of
from hyperparameter._values.untyped import UntypedText
from hyperparameter.exceptions import UsageError


def everything(folder: Path) -> bytes:
    """Return all bytes of a sweep, with what is compressed in its tables unpacked too."""
    data = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    connection = sqlite3.connect(folder / "sweep.sqlite")
    for table in ("tracebacks", "records"):
        for (packed,) in connection.execute(f"SELECT data FROM {table}"):
            data += zlib.decompress(packed)
    connection.close()
    return data


def test_what_was_kept_of_a_run_comes_back(tmp_path: Path) -> None:
    with create(tmp_path, goal=Goal("maximize", "acc")) as store:
        (number,) = store.add([planned(typed(train__lr="0.10", opt="adam"))])
        outcome = returned({"acc": 0.5, "name": "x"}, record='{"record": 1}', unread=("opt",))
        store.started(number, 1, "node1", 41, store.log_path(number, 1))
        store.reported(number, 1, 3, 0.25)
        store.reported(number, 1, None, math.nan)
        store.ended(number, 1, outcome, "done")
    with Stored.read(str(tmp_path / "sweeps/grid")) as stored:
        assert stored.sweep.goal == Goal("maximize", "acc")
        assert stored.sweep.function == "train.py:main"
        (row,) = stored.rows()
        assert (row.number, row.state, row.attempt, row.ending) == (1, "done", 1, "returned")
        assert row.typed == {"train.lr": "0.10", "opt": "adam"}
        assert (row.value("train.lr"), row.value("opt")) == (0.1, "adam")
        assert row.results == {"acc": 0.5, "name": "x"}
        assert (row.started, row.ended, row.seconds) == (1000.0, 1001.5, 1.5)
        assert (row.host, row.pid, row.log, row.unread) == ("here", 7, "logs/1.log", ("opt",))
        assert stored.record(1, 1) == '{"record": 1}'
        reports = stored.reports(1, 1)
        assert reports[0] == (3, 0.25)
        assert reports[1][0] is None
        assert math.isnan(reports[1][1])
        assert [(attempt, state) for attempt, state, _ in stored.transitions(1)] == [
            (1, "running"), (1, "done"),
        ]  # fmt: skip
        result = stored.result(1)
        assert result is not None
        assert json.loads(result.data) == {"acc": 0.5, "name": "x"}


def test_a_failure_has_its_problem_and_traceback_and_each_attempt_is_kept(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        store.add([planned(typed(lr="1"))])
        fail(store, 1, "ValueError: \udce4 first")
        finish(store, 1, 2, attempt=2)
        assert store.rows()[0].state == "done"
        first, second = store.attempts(1)
        assert (first.ending, first.problem) == ("raised", "ValueError: \\udce4 first")
        assert (second.ending, second.problem, second.log) == ("returned", "", "logs/1.2.log")
        assert store.traceback(1, 1).endswith("ValueError: \udce4 first\n")
        assert store.traceback(1, 2) == ""


def test_runs_are_known_by_their_identity_and_keep_their_numbers(tmp_path: Path) -> None:
    one, two, three = (planned(typed(lr=text)) for text in ("1", "2", "3"))
    with create(tmp_path) as store:
        assert store.add([one, two]) == [1, 2]
        finish(store, 1, 1)
    with Store.open(str(tmp_path / "sweeps/grid")) as store:
        assert store.add([three, one, two, one]) == [3, 1, 2, 1]
        known = store.known()
        assert known[one.identity][:3] == (1, "done", 1)
        assert known[two.identity][:3] == (2, "waiting", 0)
        assert known[one.identity].launch == 1
        assert store.forget_others([3]) == 1
        assert list(store.known()) == [one.identity, three.identity]


def test_a_run_that_stands_for_another_gives_it_its_results(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        store.add([planned(typed(lr="1", m=text)) for text in ("1", "2")])
        finish(store, 1, {"loss": 3})
        store.skipped(2, 1)
        assert store.rows()[1].same_as == 1
        assert store.rows()[1].results == {"loss": 3}
        store.redo([1, 2])
        assert [(row.state, row.same_as, row.results) for row in store.rows()] == [
            ("waiting", None, {}), ("waiting", None, {}),
        ]  # fmt: skip
        assert store.result(1) is None


def test_what_a_killed_launcher_was_running_waits_again(tmp_path: Path) -> None:
    store = create(tmp_path)
    store.add([planned(typed(lr=text)) for text in "1234"])
    finish(store, 1, 1)
    fail(store, 2, "no")
    store.started(3, 1, "node1", 5)
    store._lock.release()  # as the end of its process does, which closes nothing else
    with Store.open(str(tmp_path / "sweeps/grid")) as again:
        assert [row.state for row in again.rows()] == ["done", "failed", "waiting", "waiting"]
        row = again.rows()[2]
        assert (row.attempt, row.ending, row.host) == (1, "lost", "node1")
        assert "launcher" in row.problem
        again.begin_launch(Launch(()))
        finish(again, 3, 5, attempt=2)
        assert again.rows()[2].results == {"result": 5}
        launches = again.launches()
        assert launches[1].ended is None
        assert again.known()[planned(typed(lr="3")).identity].launch == 2
    store._database.close()
    with Stored.read(str(tmp_path / "sweeps/grid")) as stored:
        assert stored.launches()[2].ended is not None


def test_a_launch_keeps_its_words_and_its_code(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        modules = {"train.py": "abc"}
        launch = Launch(("--sweep", "lr=1"), ("lr=1",), "1.0", modules, "c0ffee", b"\0diff", "d1")
        number = store.begin_launch(launch)
        kept = store.launches()[number]
        assert kept[:7] == launch[:7]
        assert (kept.host, kept.pid) == (os.uname().nodename, os.getpid())


# -- results ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(64 << 10) - 2, 64 << 10])
def test_json_is_in_the_database_up_to_64_kib_and_in_a_file_beyond(
    tmp_path: Path, size: int
) -> None:
    with create(tmp_path) as store:
        store.add([planned(typed(lr="1"))])
        finish(store, 1, "x" * size)
        result = store.result(1)
        assert result is not None
        assert json.loads(result.data) == "x" * size
        assert (tmp_path / "sweeps/grid/results/1.json").exists() == (size + 2 > 64 << 10)


def test_a_pickle_is_a_file_and_its_numbers_come_with_it(tmp_path: Path) -> None:
    value = {"loss": complex(1, 2), "set": {1}}
    with create(tmp_path) as store:
        store.add([planned(typed(lr="1")), planned(typed(lr="2"))])
        data = pickle.dumps(value)
        for number, summary in ((1, '{"loss": 1.5}'), (2, "")):
            outcome = Outcome("returned", result=Result("pickle", data, summary))
            store.ended(number, 1, outcome, "done")
        assert (tmp_path / "sweeps/grid/results/1.pkl").read_bytes() == data
        assert [row.results for row in store.rows()] == [
            {"loss": 1.5}, {"result": "results/2.pkl"},
        ]  # fmt: skip
        result = store.result(1)
        assert result is not None
        assert pickle.loads(result.data) == value
        (tmp_path / "sweeps/grid/results/1.pkl").unlink()
        with pytest.raises(NotFound, match=r"results/1\.pkl: No such file"):
            store.result(1)
        assert not list(tmp_path.rglob("*.part"))


def test_what_a_table_shows_of_a_result() -> None:
    import numpy

    value = {
        "loss": numpy.float32(0.5), "n": numpy.int64(3), "yes": numpy.bool_(True),
        "array": numpy.zeros(1), "val": {"loss": 2.5}, "none": None, "api_key": "abc123secret",
    }  # fmt: skip
    found = json.loads(summary_of(value))
    array = found.pop("array")
    assert "array" in array
    assert found == {
        "loss": 0.5, "n": 3, "yes": True, "val.loss": 2.5, "none": None, "api_key": "***",
    }  # fmt: skip
    assert type(found["n"]) is int
    assert json.loads(summary_of(0.1)) == {"result": 0.1}
    assert json.loads(summary_of([1, 2])) == {"result": "[1, 2]"}
    assert math.isnan(json.loads(summary_of(math.nan))["result"])
    assert len(summary_of({str(number): number for number in range(10_000)})) < 5_000


# -- cells ------------------------------------------------------------------------------------


@given(
    st.one_of(
        st.text(), st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(),
        st.text().map(UntypedText), st.sampled_from(["3.10", "true", "null", "[1, 2]", "1e3"]),
    )
)  # fmt: skip
def test_a_value_comes_back_as_the_one_it_was(value: object) -> None:
    texts, meant = unpacked_cell(packed_cell({"x": value}, {}))
    from hyperparameter._sweeps.store.rows import Row

    row = Row(1, "waiting", None, texts, meant, None, 0, {})
    if isinstance(value, UntypedText):
        assert texts["x"] == value.text
        return
    assert type(row.value("x")) is type(value)
    assert row.value("x") == value


def test_a_declared_type_says_what_a_text_means(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        cell = typed(version="3.10", n="010")
        store.add([WantedRun(cell, "a", {"version": "3.10", "n": 10})])
        (row,) = store.rows()
        assert (row.value("version"), row.value("n")) == ("3.10", 10)
        assert row.typed == {"version": "3.10", "n": "010"}


def test_values_from_code_are_written_as_a_user_would_type_them(tmp_path: Path) -> None:
    class Opaque:
        pass

    with create(tmp_path) as store:
        values = {"a": [1, 2.5], "b": True, "c": None, "d": {"x": 1}, "e": Path("p"), "f": Opaque()}
        store.add([WantedRun(Cell(values), "a")])
        (row,) = store.rows()
        described = row.typed["f"]
        assert "Opaque" in described
        assert {**row.typed, "f": ""} == {
            "a": "[1, 2.5]", "b": "true", "c": "null", "d": '{"x": 1}', "e": "p", "f": "",
        }  # fmt: skip


# -- secrets ----------------------------------------------------------------------------------


def test_no_secret_is_in_the_store(tmp_path: Path) -> None:
    words = ("--sweep", "hub.token=first-secret,second-secret", "-D", "db.password=ab1")
    store = create(tmp_path)
    cells = [
        typed(hub__token=text, db__password="ab1") for text in ("first-secret", "second-secret")
    ]
    store.add([planned(cell)._replace(identity=str(n)) for n, cell in enumerate(cells)])
    store.begin_launch(Launch(words, words))
    assert store.masks.masked("x" * 5000 + "\n") == "x" * 4096 + "…\n"
    trace = "Traceback:\n" + "  long line\n" * 1000 + "x = 'second-secret'\nKeyError: second-secret"
    outcome = raised("KeyError: first-secret ab1 in cab1n")
    store.ended(1, 1, outcome._replace(traceback=trace), "failed")
    assert store.rows()[0].typed == {"hub.token": "***", "db.password": "***"}
    assert store.rows()[0].problem == "KeyError: *** *** in cab1n"
    assert store.launches()[2].argv == ("--sweep", "hub.token=***,***", "-D", "db.password=***")
    assert store.traceback(1, 1).count("\n") == trace.count("\n")
    store.close()
    data = everything(tmp_path / "sweeps/grid")
    for secret in (b"first-secret", b"second-secret"):
        assert secret not in data
    assert b"=ab1" not in data


# -- files beside the database ----------------------------------------------------------------


def test_a_sweep_can_be_moved(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        store.add([planned(typed(lr="1"))])
        write_log(store, 1, b"hello")
        finish(store, 1, "x" * 100_000)
    (tmp_path / "sweeps/grid").rename(tmp_path / "elsewhere")
    with Stored.read(str(tmp_path / "elsewhere")) as stored:
        assert (tmp_path / "elsewhere" / stored.rows()[0].log).read_bytes() == b"hello"
        assert stored.result(1) is not None


def test_a_store_is_made_once(tmp_path: Path) -> None:
    create(tmp_path).close()
    before = (tmp_path / "sweeps/grid/sweep.sqlite").read_bytes()
    from hyperparameter._sweeps.store.stored import Sweep

    with pytest.raises(UsageError, match=r"sweep\.sqlite exists.*--resume"):
        Store.create(str(tmp_path / "sweeps/grid"), Sweep("grid", "other"))
    assert (tmp_path / "sweeps/grid/sweep.sqlite").read_bytes() == before
    assert {path.name for path in (tmp_path / "sweeps/grid").iterdir()} == {
        "sweep.sqlite", "sweep.lock",
    }  # fmt: skip
    Store.open(str(tmp_path / "sweeps/grid")).close()  # the lock was released


def test_a_reader_sees_each_run_as_soon_as_it_has_ended(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        store.add([planned(typed(lr=str(number))) for number in range(5)])
        with Stored.read(str(tmp_path / "sweeps/grid")) as reader:
            for number in range(1, 6):
                finish(store, number, number)
                assert reader.counts().get("done") == number


def test_an_unknown_run_is_an_error_that_says_which_there_are(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        with pytest.raises(NotFound, match=r"1: no such run\. grid has no runs yet"):
            store.row(1)
        store.add([planned(typed(lr=text)) for text in "123"])
        with pytest.raises(NotFound, match=r"9: no such run\. grid has runs 1 to 3"):
            store.row(9)
