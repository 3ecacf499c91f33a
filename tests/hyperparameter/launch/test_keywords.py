"""What a launched function takes by its `**kwargs` is set, recorded and given back as any key is.

Programs run as programs do, in processes of their own.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp

PROGRAM = """
import hyperparameter as hp

@hp.param("t")
def t(a=1, **kw):
    print(a, kw)
    return 1

if __name__ == "__main__":
    hp.launch(t, env_prefix="APP")
"""
COMMANDS = """
import hyperparameter as hp

@hp.param("first")
def first(**kw):
    print("first", kw)

@hp.param("second")
def second(**kw):
    print("second", kw)

hp.launch(env_prefix="APP")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    Path("program.py").write_text(PROGRAM)
    return tmp_path


def python(*words: str, **env: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=150, check=False,
        env={**os.environ, **env},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def run(*words: str, **env: str) -> tuple[int, str, str]:
    return python("program.py", *words, **env)


# -- each source, and each way back ----------------------------------------------------------------

SOURCES: dict[str, tuple[list[str], dict[str, str], str]] = {
    "option": (["--foo", "3"], {}, "{'foo': 3}"),
    "option with =": (["--foo-bar=1e3"], {}, "{'foo_bar': 1000.0}"),
    "option alone": (["--fast"], {}, "{'fast': True}"),
    "option with JSON": (["--opt", '{"lr": 3}'], {}, "{'opt': {'lr': 3}}"),
    "-D": (["-D", "t.foo=x"], {}, "{'foo': 'x'}"),
    "-D below a name": (
        ["-D", "t.opt.lr=3", "--t.opt.x.y", "4"], {}, "{'opt': {'lr': 3, 'x': {'y': 4}}}"
    ),
    "file": (["-C", "conf.yaml"], {}, "{'foo': 3, 'opt': {'lr': 1}}"),
    "variable": ([], {"APP_T__FOO": "3"}, "{'foo': 3}"),
    "option over -D": (["-D", "t.foo=1", "--foo", "2"], {}, "{'foo': 2}"),
    "-D over a variable": (["-D", "t.foo=1"], {"APP_T__FOO": "3"}, "{'foo': 1}"),
    "variable over a file": (
        ["-C", "conf.yaml"], {"APP_T__FOO": "4"}, "{'foo': 4, 'opt': {'lr': 1}}"
    ),
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_sets_what_each_way_back_gives_again(source: str) -> None:
    Path("conf.yaml").write_text("t: {foo: 3, opt: {lr: 1}}\n")
    words, env, expected = SOURCES[source]
    used = (0, f"1 {expected}\n", "")
    assert run(*words, "--record", "r.json", **env) == used
    assert run("-C", "r.json") == used
    status, out, said = python("-m", "hyperparameter.cli", "replay", "r.json")
    assert (status, out) == used[:2]
    assert said.endswith(" read as in r.json.\n")
    for kind in ("yaml", "json", "toml"):
        status, printed, said = run(*words, "--print-config", kind, **env)
        assert (status, said) == (0, "")
        Path(f"printed.{kind}").write_text(printed)
        assert run("-C", f"printed.{kind}") == used
    assert run(*words, "--check", **env) == (0, "ok\n", "")
    assert run(*words, "--on", "processes:1", **env) == used


def test_a_replay_may_set_another_value() -> None:
    run("--foo", "3", "--record", "r.json")
    status, out, said = python("-m", "hyperparameter.cli", "replay", "r.json", "-D", "t.foo=4")
    assert (status, out) == (0, "1 {'foo': 4}\n")
    assert "t.foo was read as 4 (set with -D); it was 3 in r.json." in said


def test_a_secret_among_them_is_named_and_left_out() -> None:
    run("--api-key", "abcdef", "--record", "r.json")
    assert "abcdef" not in Path("r.json").read_text()
    status, _, said = run("-C", "r.json")
    assert status == 2
    assert "t.api_key" in said
    assert run("-C", "r.json", "-D", "t.api_key=abcdef")[:2] == (0, "1 {'api_key': 'abcdef'}\n")
    status, printed, said = run("--api-key", "abcdef", "--print-config")
    assert (status, "abcdef" in printed) == (0, False)
    assert "t.api_key is left out" in said


@pytest.mark.parametrize("name", ["foo", "t.foo"])
@pytest.mark.parametrize("runner", ["local", "processes:1"])
def test_a_sweep_sets_them(name: str, runner: str) -> None:
    status, out, _ = run("--sweep", f"{name}=5,6", "--on", runner, "--name", "s")
    assert status == 0
    assert "t.foo" in out
    for number, value in ((1, 5), (2, 6)):
        shown = python("-m", "hyperparameter.cli", "show", f"s/{number}")[1]
        assert f"t.foo  {value} " in shown


# -- what is for **kwargs, and what is not ---------------------------------------------------------


def test_only_the_command_that_runs_takes_them() -> None:
    Path("program.py").write_text(COMMANDS)
    env = {"APP_FIRST__X": "1", "APP_SECOND__X": "2"}
    status, out, said = run("second", "--y", "3", **env)
    assert (status, out) == (0, "second {'x': 2, 'y': 3}\n")
    assert (
        said == "program.py: first.x (env $APP_FIRST__X) was never read, did you mean 'second.x'?\n"
    )


def test_what_other_parts_of_the_program_declare_or_read_is_theirs() -> None:
    Path("program.py").write_text(
        "import hyperparameter as hp\n"
        "@hp.param('t.sub')\ndef sub(x=1):\n    return x\n"
        "@hp.param('t')\ndef t(a=1, **kw):\n"
        "    print(a, kw, sub(), hp.scope.t.seed | 0, hp.scope.t.net.width | 0)\n"
        "hp.launch(t)\n"
    )
    words = ["--seed", "3", "-D", "t.sub.x=4", "-D", "t.net.width=5", "--foo", "6"]
    assert run(*words) == (0, "1 {'foo': 6} 4 3 5\n", "")
    for key in ("t.sub.y", "t.net.height", "t.a.b"):
        status, _, said = run("-D", f"{key}=3")
        assert (status, f"{key} (cli -D)" in said) == (2, True)


def test_a_function_without_kwargs_knows_no_other_key() -> None:
    Path("program.py").write_text(PROGRAM.replace(", **kw", "").replace("kw", "0"))
    status, _, said = run("-D", "t.foo=3")
    assert (status, "this program has no such parameter" in said) == (2, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--foo", "x"], "--foo: 'x' is not an int."),
        (["-D", "t.foo=x"], "-D t.foo: 'x' is not an int."),
        (["-D", "t.opt.lr=3"], "-D t.opt: {'lr': 3} is not an int."),
    ],
)
def test_the_annotation_says_what_each_takes(words: list[str], message: str) -> None:
    Path("program.py").write_text(PROGRAM.replace("**kw", "**kw: int"))
    assert run(*words) == (2, "", f"program.py: error: {message}\n")
    assert run(*words, "--check")[:2] == (2, f"{message}\n")


def test_reads_have_reader_value_and_origin() -> None:
    @hp.param("typed_more")
    def main(**more: float) -> Any:
        return more

    with hp.record() as rec:
        assert hp.run_cli(main, ["--x", "3", "-D", "typed_more.y=4"]) == {"x": 3.0, "y": 4.0}
    found = {one.key: (one.value, str(one.origin)) for one in rec.reads}
    assert found == {"typed_more.x": (3.0, "cli --x"), "typed_more.y": (4.0, "cli -D")}
    assert all(Path(__file__).name in str(one.reader) for one in rec.reads)
    assert rec.operative() == {"typed_more.x": 3.0, "typed_more.y": 4.0}


def test_scopes_open_at_the_launch_set_them_and_a_call_does_not() -> None:
    @hp.param("any_more")
    def main(first: int, /, **more: Any) -> Any:
        return first, more

    with hp.scope(**{"any_more.x": 3, "any_more.first": 4}):
        assert hp.run_cli(main, []) == (4, {"x": 3})
        assert main(5) == (5, {})
