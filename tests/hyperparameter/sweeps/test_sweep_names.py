"""Where sweeps are, and how one is found by its name."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sweep_stores import create

from hyperparameter._console import NotFound
from hyperparameter._sweeps.store.names import check_name, find, make_folder, sweeps_in
from hyperparameter._sweeps.store.store import Store
from hyperparameter.exceptions import UsageError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def launched(tmp_path: Path, name: str, when: float) -> None:
    create(tmp_path, name).close()
    os.utime(tmp_path / "sweeps" / name / "sweep.lock", (when, when))


def test_a_sweep_without_a_name_has_that_of_its_program_and_the_next_number() -> None:
    assert make_folder(None, "train.py") == "sweeps/train-1"
    assert make_folder(None, "/some/where/train.py") == "sweeps/train-2"
    assert make_folder(None, "other") == "sweeps/other-1"
    Path("sweeps/train-10").mkdir()
    Path("sweeps/train-x").mkdir()
    Path("sweeps/train-011").mkdir()
    assert make_folder(None, "train.py") == "sweeps/train-11"


@pytest.mark.parametrize(
    ("program", "folder"),
    [("", "sweep-1"), ("-c", "c-1"), ("my prog.py", "my_prog-1"), ("...py", "sweep-1"),
     ("été.py", "été-1"), ("a\nb\x1b[31m.py", "a_b_31m-1"), ("x" * 300, "x" * 88 + "-1")],
)  # fmt: skip
def test_any_program_gives_a_name(program: str, folder: str) -> None:
    assert make_folder(None, program) == f"sweeps/{folder}"


def test_launchers_that_start_together_get_folders_of_their_own() -> None:
    program = "from hyperparameter._sweeps.store.names import *; print(make_folder(None, 'p.py'))"

    def start(_: int) -> str:
        return subprocess.check_output([sys.executable, "-c", program], text=True)

    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(start, range(6)))
    assert sorted(made) == [f"sweeps/p-{number}\n" for number in range(1, 7)]


@pytest.mark.parametrize(
    "name",
    ["", " ", "a/b", "/a", "..", ".", ".x", "-x", "a\nb", "a\x1b", " a", "a\0b", "a\udce4",
     "\u2028", "latest", "x" * 101],
)  # fmt: skip
def test_a_name_that_is_none_of_a_folder_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"^--name ") as found:
        make_folder(name, "train.py")
    assert "\n" not in str(found.value)
    assert not Path("sweeps").exists() or not os.listdir("sweeps")


@pytest.mark.parametrize("name", ["lr-grid", "été 2", "1", "a.b", "格子", "x" * 100])
def test_other_names_are_taken_as_they_are(name: str) -> None:
    assert check_name(name) == name
    assert make_folder(name, "train.py") == f"sweeps/{name}"


def test_a_folder_that_cannot_be_made_is_said() -> None:
    Path("sweeps").write_text("a file")
    with pytest.raises(UsageError, match=r"sweeps: File exists"):
        make_folder(None, "train.py")


def test_the_latest_sweep_is_the_one_that_was_launched_last(tmp_path: Path) -> None:
    launched(tmp_path, "old", 1000)
    launched(tmp_path, "resumed", 500)
    launched(tmp_path, "new", 2000)
    Path("sweeps/empty").mkdir()
    assert sweeps_in() == ["sweeps/resumed", "sweeps/old", "sweeps/new"]
    assert find() == find("latest") == "sweeps/new"
    Store.open("sweeps/resumed").close()
    assert find() == "sweeps/resumed"


def test_a_sweep_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    launched(tmp_path, "grid", 1)
    whole = str(tmp_path / "sweeps/grid")
    assert find("grid") == "sweeps/grid"
    assert find("sweeps/grid") == "sweeps/grid"
    assert find(whole) == whole
    assert find("sweeps/grid/sweep.sqlite") == "sweeps/grid"
    os.chdir("sweeps/grid")
    assert find(".") == "."


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gird", "'gird': sweeps has no sweep of this name. Did you mean 'grid'?"),
        ("zzz", "'zzz': sweeps has no sweep of this name. It has grid."),
        ("a/b", "'a/b': no sweep is there: a sweep is a folder with the file sweep.sqlite."),
        ("", "'': sweeps has no sweep of this name. It has grid."),
        ("a\0b", "'a\\x00b': sweeps has no sweep of this name. It has grid."),
    ],
)
def test_a_sweep_that_is_not_found_is_an_error_with_what_there_is(
    tmp_path: Path, name: str, message: str
) -> None:
    launched(tmp_path, "grid", 1)
    with pytest.raises(NotFound) as found:
        find(name)
    assert str(found.value) == message


def test_without_any_sweep_the_error_says_where_they_would_be() -> None:
    with pytest.raises(NotFound, match=r"^sweeps: no sweep is here"):
        find()
