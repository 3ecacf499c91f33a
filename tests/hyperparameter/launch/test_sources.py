"""`-C`, the environment, `-D` and options together; keys that nobody knows; the record of a run."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import pytest

import hyperparameter as hp

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a file into the current directory, a new one; return its path."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


def run(path: Path, *args: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(path), *args],
        capture_output=True, text=True, timeout=150, check=False, cwd=path.parent,
        env={**os.environ, **environment},
    )  # fmt: skip


@hp.param("app")
def main(path: str, lr: float = 0.1, layers: list[int] = [1], name: str = "n") -> Any:
    return path, lr, layers, name


# -- precedence -------------------------------------------------------------------------------


def test_each_source_wins_over_the_ones_below_it(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = write("low.toml", 'app = {path = "low", lr = 1.0, name = "low"}')
    high = write("high.yaml", "app:\n  lr: 2.0\n")
    monkeypatch.setenv("APP_APP__LR", "3.0")
    files = ["-C", str(low), "-C", str(high)]

    def lr(*words: str, prefix: str | None = None) -> Any:
        return hp.run_cli(main, list(words), env_prefix=prefix)[1]

    with hp.scope(**{"app.lr": 0.5}):
        assert lr("x") == 0.5
        assert lr("-C", str(low)) == 1.0
        assert lr(*files) == 2.0
        assert lr("-C", str(high), "-C", str(low)) == 1.0
        assert lr(*files, prefix="APP") == 3.0
        assert lr("x", prefix="APP") == 3.0
        assert lr(*files, "-D", "app.lr=4.0", prefix="APP") == 4.0
        assert lr(*files, "-D", "app.lr=4.0", "--lr", "5.0", prefix="APP") == 5.0
        assert lr(*files, "--lr", "5.0", "-D", "app.lr=4.0", prefix="APP") == 5.0


def test_a_file_satisfies_a_required_parameter(write: Write) -> None:
    base = write("base.json", '{"app": {"path": "from file"}}')
    assert hp.run_cli(main, ["-C", str(base)])[0] == "from file"
    assert hp.run_cli(main, ["-C", str(base), "given"])[0] == "given"


def test_the_environment_satisfies_a_required_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_APP__PATH", "from env")
    monkeypatch.setenv("MY_APP__LAYERS", "[3, 4]")
    assert hp.run_cli(main, [], env_prefix="MY")[::2] == ("from env", [3, 4])
    with pytest.raises(hp.UsageError, match="PATH is missing"):
        hp.run_cli(main, [])


def test_an_empty_prefix_is_refused() -> None:
    with pytest.raises(ValueError, match="env_prefix"):
        hp.run_cli(main, ["x"], env_prefix="")


def test_references_see_what_stands_over_the_file(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = write("base.yaml", "size: 3\napp:\n  path: p\n  layers: ['${size}', '${app.lr}']\n")
    monkeypatch.setenv("APP_SIZE", "5")
    assert hp.run_cli(main, ["-C", str(base), "--lr", "7"], env_prefix="APP")[2] == [5, 7]
    assert hp.run_cli(main, ["-C", str(base), "-D", "size=6", "--lr", "7"])[2] == [6, 7]


def test_references_see_what_is_set_where_the_program_is_launched(write: Write) -> None:
    class Pair(NamedTuple):
        a: str
        b: int

    write("base.yaml", "app: {path: '${where.path}', name: 'n-${where.n}', layers: [1]}\n")
    argv = ["-C", "base.yaml"]
    with hp.scope("where.n=007", **{"where.path": "${x}", "where.pair": Pair("${y}", 1)}):
        assert hp.run_cli(main, argv) == ("${x}", 0.1, [1], "n-007")
        assert hp.run_cli(main, [*argv, "-D", "where.n=3"])[3] == "n-3"
    with pytest.raises(hp.UsageError, match=r"where\.path"):
        hp.run_cli(main, argv)


def test_what_is_set_where_the_program_is_launched_chooses_a_file(write: Write) -> None:
    write("base.yaml", "$include: '${app.name}.yaml'\n")
    write("one.yaml", "app: {path: p, lr: 3}\n")
    with hp.scope(**{"app.name": "one"}):
        assert hp.run_cli(main, ["-C", "base.yaml"])[:2] == ("p", 3.0)


@pytest.mark.parametrize("text", ["${HOME}", "$${x}", "${a.b", "}", "$$${x}", "${env:PATH}"])
def test_words_of_the_command_line_have_no_references(write: Write, text: str) -> None:
    base = write("base.yaml", "app: {lr: 1.0}\n")
    argv = ["-C", str(base), text, "-D", f"app.name={text}"]
    assert hp.run_cli(main, argv)[::3] == (text, text)
    assert hp.run_cli(main, ["-C", str(base), "x", "--name", text])[3] == text


def test_origins_tell_each_source(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    @hp.param("o")
    def origins(a: int = 0, b: int = 0, c: int = 0, d: int = 0, e: int = 0) -> Any:
        return [str(hp.explain(f"o.{name}").origin) for name in "abcde"]

    write("base.toml", "[o]\na = 1\nb = 1\n")
    monkeypatch.setenv("X_O__B", "2")
    argv = ["-C", "base.toml", "-D", "o.c=3", "--o.d=4", "--e", "5"]
    assert hp.run_cli(origins, argv, env_prefix="X") == [
        "file base.toml:2", "env $X_O__B", "cli -D", "cli --o.d", "cli --e",
    ]  # fmt: skip


def test_explain_tells_what_each_value_shadows(write: Write) -> None:
    @hp.param("o")
    def shadows(a: int = 0) -> Any:
        return [(b.value, str(b.origin)) for b in hp.explain("o.a").bindings]

    write("base.toml", "[o]\na = 1\n")
    write("more.toml", "[o]\na = 2\n")
    argv = ["-C", "base.toml", "-C", "more.toml", "-D", "o.a=3", "--a", "4"]
    assert hp.run_cli(shadows, argv) == [
        (4, "cli --a"), (3, "cli -D"), (2, "file more.toml:2"), (1, "file base.toml:2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "mentions"),
    [
        ("missing.toml", None, ["missing.toml"]),
        ("broken.toml", "a = \n", ["broken.toml", "1"]),
        ("broken.yaml", "a: [1\n", ["broken.yaml"]),
        ("list.json", "[1]", ["list.json", "list"]),
        ("what.ini", "a=1", ["what.ini", ".ini"]),
        ("ref.yaml", "app: {name: '${nothing}'}\n", ["app.name", "nothing"]),
    ],
)
def test_a_file_that_cannot_be_used_is_a_usage_error(
    write: Write, name: str, text: str | None, mentions: list[str]
) -> None:
    if text is not None:
        write(name, text)
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(main, ["-C", name, "x"])
    for mention in mentions:
        assert mention in str(caught.value)


def test_a_value_of_a_file_that_cannot_be_converted_is_a_usage_error(write: Write) -> None:
    write("base.toml", '[app]\nlr = "fast"\n')
    with pytest.raises(hp.UsageError, match=r"app\.lr.*base\.toml:2"):
        hp.run_cli(main, ["-C", "base.toml", "x"])


def test_the_program_itself_sees_one_line_for_a_missing_file(write: Write) -> None:
    script = write(
        "app.py",
        """
        import hyperparameter as hp

        @hp.param("app")
        def main(x=1): ...

        hp.launch(main)
        """,
    )
    done = run(script, "-C", "nothing.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "nothing.yaml" in done.stderr


# -- keys that nobody knows -------------------------------------------------------------------

PROGRAM = """
import hyperparameter as hp
from helper import build

TASKS = ["a", "b"]

@hp.param("app")
def main(x=1, options: dict = {}):
    found = [hp.scope[f"task.{task}.size"] | 1 for task in TASKS]
    print(x, options, found, build(), hp.scope.deep.rate | 0.5)

if __name__ == "__main__":
    hp.launch(main, env_prefix="PRG")
"""
HELPER = """
import hyperparameter as hp

@hp.param("build")
def build(width=3):
    def inner():
        import lazy
        return lazy.depth()
    return width, inner()
"""
LAZY = """
from hyperparameter import scope as s

def depth():
    with s() as ps:
        return ps.lazy.depth | 4
"""


@pytest.fixture
def program(write: Write) -> Path:
    write("helper.py", HELPER)
    write("lazy.py", LAZY)
    return write("app.py", PROGRAM)


@pytest.mark.parametrize(
    ("define", "output"),
    [
        ("app.x=2", "2 {} [1, 1] (3, 4) 0.5"),
        ("app.options.k=2", "1 {'k': 2} [1, 1] (3, 4) 0.5"),
        ("task.a.size=7", "1 {} [7, 1] (3, 4) 0.5"),
        ("build.width=7", "1 {} [1, 1] (7, 4) 0.5"),
        ("lazy.depth=7", "1 {} [1, 1] (3, 7) 0.5"),
        ("deep.rate=7.0", "1 {} [1, 1] (3, 4) 7.0"),
    ],
)
def test_a_key_that_some_part_of_the_program_reads_is_known(
    program: Path, define: str, output: str
) -> None:
    done = run(program, "-D", define)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{output}\n", "")


@pytest.mark.parametrize(
    ("define", "meant"),
    [
        ("app.xx=2", "app.x"),
        ("deep.rte=7", "deep.rate"),
        ("build.widht=7", "build.width"),
        ("lazy.dept=7", "lazy.depth"),
        ("rate=7", "deep.rate"),
        ("app.rate=7", "deep.rate"),
        ("app.width=7", "build.width"),
        ("width=7", "build.width"),
    ],
)
def test_an_unknown_key_ends_the_program_before_it_runs(
    program: Path, define: str, meant: str
) -> None:
    done = run(program, "-D", define)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    for mention in [
        define.partition("=")[0],
        "cli -D",
        f"Did you mean '{meant}'?",
        "--allow-unknown",
    ]:
        assert mention in done.stderr


def test_an_unknown_key_of_a_file_or_variable_names_its_place(program: Path, write: Write) -> None:
    write("base.toml", "[app]\nx = 1\ny = 2\n")
    done = run(program, "-C", "base.toml")
    assert done.returncode == 2
    assert "app.y (file base.toml:3): " in done.stderr
    done = run(program, PRG_APP__Z="1")
    assert done.returncode == 2
    assert "app.z (env $PRG_APP__Z): " in done.stderr


def test_allow_unknown_sets_it_and_the_end_of_the_run_tells(program: Path) -> None:
    done = run(program, "--allow-unknown", "-D", "app.xx=2")
    assert (done.returncode, done.stdout) == (0, "1 {} [1, 1] (3, 4) 0.5\n")
    assert len(done.stderr.splitlines()) == 1
    assert "app.xx (cli -D) was never read" in done.stderr


def test_a_dotted_option_is_checked_like_a_define(program: Path) -> None:
    assert run(program, "--deep.rate=2.0").stdout.endswith("2.0\n")
    assert run(program, "--deep.rate", "2.0").stdout.endswith("2.0\n")
    done = run(program, "--deep.rte=2.0")
    assert done.returncode == 2
    assert "deep.rte (cli --deep.rte): " in done.stderr


def test_a_program_without_a_file_refuses_nothing(write: Write) -> None:
    program = "import hyperparameter as hp\n@hp.param('m')\ndef m(): print(hp.scope.q | 1)\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nhp.launch(m, ['-D', 'q=5'])"],
        capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")


def test_a_required_key_that_is_read_deeper_is_asked_for_in_one_line(write: Write) -> None:
    script = write(
        "app.py",
        """
        import hyperparameter as hp

        @hp.param("app")
        def main():
            print(hp.scope.model.path())

        hp.launch(main)
        """,
    )
    done = run(script)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "-D model.path=VALUE" in done.stderr
    assert run(script, "-D", "model.path=x").stdout == "x\n"


# -- what is reported, and recorded -----------------------------------------------------------


def test_many_overrides_that_nobody_read_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["x", "--allow-unknown", *(f"-Dnobody.k{i}={i}" for i in range(50))]
    hp.run_cli(main, argv)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert "30 more" in lines[-1]


def test_record_writes_what_was_read(tmp_path: Path) -> None:
    file = tmp_path / "rec.json"
    hp.run_cli(main, ["x", "--lr", "2", "--record", str(file)])
    record = hp.Record.load(file)
    assert record.operative()["app.lr"] == 2.0
    assert [str(r.origin) for r in record.reads if r.key == "app.lr"] == ["cli --lr"]


def test_a_program_that_fails_leaves_its_record(write: Write) -> None:
    script = write(
        "app.py",
        """
        import hyperparameter as hp

        @hp.param("app")
        def main(x=1):
            raise RuntimeError("mine")

        hp.launch(main)
        """,
    )
    done = run(script, "--record", "rec.json", "--x", "3")
    assert done.returncode == 1
    assert "RuntimeError: mine" in done.stderr
    reads = json.loads((script.parent / "rec.json").read_text())
    assert "app.x" in str(reads)


@pytest.mark.parametrize("path", ["nowhere/rec.json", "."])
def test_a_place_where_no_record_can_be_written_is_known_before_the_run(
    write: Write, path: str
) -> None:
    calls: list[int] = []

    @hp.param("app")
    def main() -> None:
        calls.append(1)

    write("x", "")
    with pytest.raises(hp.UsageError, match="--record"):
        hp.run_cli(main, ["--record", path])
    assert calls == []


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800"])
def test_what_cannot_be_the_name_of_a_record_is_refused_before_the_run(name: str) -> None:
    @hp.param("unnamed")
    def main() -> None:
        raise AssertionError("it has run")

    with pytest.raises(hp.UsageError, match="this cannot be the name of a file"):
        hp.run_cli(main, ["--record", name])


def test_a_record_that_cannot_be_written_after_all_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()

    @hp.param("app")
    def main() -> None:
        folder.rmdir()

    with pytest.raises(SystemExit) as caught:
        hp.launch(main, ["--record", str(folder / "rec.json")])
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_ends_the_program_is_not_hidden_by_its_record(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()

    @hp.param("app")
    def main() -> None:
        folder.rmdir()
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        hp.run_cli(main, ["--record", str(folder / "rec.json")])


# -- the process ------------------------------------------------------------------------------


def test_what_files_and_variables_set_is_the_baseline_of_threads(write: Write) -> None:
    write("base.toml", "[deep]\na = 1\n")
    script = write(
        "app.py",
        """
        import threading
        import hyperparameter as hp

        def work():
            print(hp.scope.deep.a | 0, hp.scope.deep.b | 0)

        @hp.param("app")
        def main():
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()

        hp.launch(main, env_prefix="Q")
        """,
    )
    assert run(script, "-C", "base.toml", Q_DEEP__B="2").stdout == "1 2\n"


def test_run_cli_leaves_no_scope_of_files_behind(write: Write) -> None:
    write("base.toml", "[app]\nlr = 1.0\n")
    hp.run_cli(main, ["-C", "base.toml", "x"])
    assert list(hp.scope.keys()) == []
