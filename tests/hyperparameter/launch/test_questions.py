"""What a program answers about itself: help, lists, explanations, configuration, completion."""

import enum
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any, Literal

import pytest
import yaml

import hyperparameter as hp

Ask = Callable[..., str]


class Colour(enum.Enum):
    RED = 1


@dataclass
class WayToWork:
    lr: float = 0.1
    name: str | None = None


@hp.param("q.inner")
def build_inner_part(width: int = 3) -> int:
    """Build the inner part.

    Args:
        width: How wide it is
    """
    return width + (hp.scope.q.deep.rate | 0)


@hp.param("q.apart")
def stand_apart(height: int = 3) -> int:
    return height


@hp.param("q.main")
def main(
    path: Path,
    opt: WayToWork = WayToWork(),
    sizes: tuple[int, int] = (1, 2),
    colour: Colour = Colour.RED,
    mode: Literal["fast", "slow"] = "fast",
    verbose: bool = False,
    api_key: str = "hunter2",
    **more: Any,
) -> Any:
    """Do the work of the day.

    It takes all day, 100% of it.

    And {all} night.

    Args:
        path: Where the work is
        opt: How to do it
        opt.lr: How fast
        more: Whatever else there is
    """
    return build_inner_part()


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return what the program prints for some words; the function must not run."""

    def ask(*words: str, function: Any = main) -> str:
        assert hp.run_cli(function, list(words)) is None
        return capsys.readouterr().out

    return ask


# -- help -------------------------------------------------------------------------------------


def test_help_shows_paragraphs_groups_types_choices_and_defaults(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    shown = ask("--help")
    lines = shown.splitlines()
    for line in [
        "Do the work of the day.",
        "It takes all day, 100% of it.",
        "And {all} night.",
        "arguments:",
        "options:",
        "opt options:",
        "  PATH                    Where the work is [required]",
        "  --opt JSON              How to do it",
        "  --opt.lr FLOAT          How fast (default: 0.1)",
        "  --opt.name TEXT         (default: None)",
        "  --sizes INT INT         (default: 1 2)",
        "  --colour {RED}          (default: RED)",
        "  --mode {fast,slow}      (default: fast)",
        "  --verbose/--no-verbose  (default: False)",
        "  --NAME VALUE            Whatever else there is",
    ]:
        assert line in lines, line
    assert "hunter2" not in shown


def test_help_lists_what_the_functions_called_may_read(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other tests are loaded too, and functions of theirs have the names of some called here.
    monkeypatch.setattr("hyperparameter._launch.help._MOST_ADVANCED", 10_000)
    advanced = ask("--help").partition("advanced")[2].partition("common options")[0]
    assert "q.inner.width" in advanced
    assert "q.inner.width INT How wide it is (default: 3)" in " ".join(advanced.split())
    assert "q.deep.rate" in advanced
    assert "q.apart.height" not in advanced
    assert "q.main" not in advanced


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_help_keeps_to_the_width_of_the_terminal(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = ask("--help", function=plain).splitlines()
    assert max(map(len, lines)) <= columns
    assert any(len(line) > columns - 25 for line in lines)


@hp.param("plain")
def plain() -> None:
    """Say a sentence which is long enough to fill the lines of a terminal of two hundred columns,
    however wide that is, because it does not end before it has told everything, which takes time.
    """


def run_on_terminal(script: Path, **environment: str) -> bytes:
    """Return what a program writes to a terminal that it has for itself."""
    import pty

    master, slave = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    with subprocess.Popen(
        [sys.executable, str(script), "--help"], stdout=slave, env={**env, **environment}
    ) as process:
        os.close(slave)
        output = b""
        while chunk := _read(master):
            output += chunk
        process.wait(timeout=150)
    os.close(master)
    return output


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_help_has_colours_on_a_terminal_that_wants_them(
    tmp_path: Path, environment: dict[str, str], coloured: bool
) -> None:
    script = tmp_path / "app.py"
    script.write_text(
        "import hyperparameter as hp\n@hp.param\ndef main(x=1): ...\nhp.launch(main)\n"
    )
    output = run_on_terminal(script, **environment)
    assert b"--help-all" in output
    assert (b"\x1b[" in output) is coloured


def test_help_has_no_colours_in_a_pipe(ask: Ask) -> None:
    assert "\x1b" not in ask("--help")


# -- --list-param-scope, --explain-param ------------------------------------------------------


@pytest.mark.parametrize("flag", ["-lps", "--list-param-scope"])
def test_list_shows_all_parameters_with_positionals_missing_or_given(ask: Ask, flag: str) -> None:
    for words in ([flag], ["p", flag], [flag, "p"]):
        lines = ask(*words).splitlines()
        at = lines.index("q.inner.width:")
        module = build_inner_part.__module__
        assert (
            lines[at + 1]
            == f"  function=build_inner_part, location={module}.build_inner_part, default=3"
        )
        assert "q.apart.height:" in lines
        assert "q.deep.rate:" in lines
        assert any("default=0" in line and __file__.rpartition("/")[2] in line for line in lines)


def test_list_shows_values_where_they_are_set(ask: Ask) -> None:
    lines = ask("-lps", "p", "-D", "q.inner.width=5", "--verbose").splitlines()
    assert lines[lines.index("q.inner.width:") + 2] == "  value=5, origin=cli -D"
    assert lines[lines.index("q.main.verbose:") + 2] == "  value=True, origin=cli --verbose"
    assert lines[lines.index("q.main.path:") + 2] == "  value='p', origin=cli PATH"


@pytest.mark.parametrize("flag", ["-ep", "--explain-param"])
def test_explain_shows_value_origin_default_help_and_place(
    ask: Ask, flag: str, tmp_path: Path
) -> None:
    base = tmp_path / "base.toml"
    base.write_text("[q.inner]\nwidth = 4\n")
    shown = ask("p", "-C", str(base), "-D", "q.inner.width=5", flag, "q.inner.width")
    line = build_inner_part.__wrapped__.__code__.co_firstlineno  # type: ignore[attr-defined]
    assert shown.splitlines() == [
        "q.inner.width:",
        f"  function=build_inner_part, location={__name__}.build_inner_part, default=3",
        "  value=5, origin=cli -D",
        f"  shadows=4, origin=file {base}:2",
        "  help=How wide it is",
        f"  declared={_from_here(__file__)}:{line}",
    ]


def _from_here(path: str) -> str:
    return path.removeprefix(os.path.join(os.getcwd(), ""))


NESTED = """
from dataclasses import dataclass, field
import hyperparameter as hp

@dataclass
class Inner:
    depth: int = 3
    sizes: list = field(default_factory=lambda: [7])

@dataclass
class Outer:
    inner: Inner = field(default_factory=lambda: Inner(depth=9))

@hp.param("other")
def other(outer: Outer = None): pass

@hp.param("t")
def main(outer: Outer, two: Outer = Outer(), three: Outer | None = None):
    other()

hp.launch(main)
"""


@pytest.mark.parametrize("words", [["-lps"], ["-ep"], ["-lps", "--outer", "{}"], ["--help"]])
def test_fields_have_the_defaults_that_the_factory_around_them_makes(
    words: list[str], tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(NESTED)
    keys = [f"{owner}.inner.depth" for owner in ("t.outer", "t.two", "t.three", "other.outer")]
    done = subprocess.run(
        [sys.executable, "app.py", *words, *(keys if words == ["-ep"] else [])], cwd=tmp_path,
        capture_output=True, text=True, timeout=150, check=True,
    )  # fmt: skip
    sign = "default: " if words == ["--help"] else "default="
    assert done.stdout.count(f"{sign}9") == 4
    assert f"{sign}3" not in done.stdout
    assert "made by" not in done.stdout


def test_explain_takes_several_keys_nested_ones_too(ask: Ask) -> None:
    shown = ask("-ep", "q.deep.rate", "q.main.opt.lr", "q.apart.height", "-D", "q.deep.rate=2")
    for text in ["q.deep.rate:", "default=0", "value=2", "q.main.opt.lr:", "q.apart.height:"]:
        assert text in shown


def test_explain_tells_of_a_key_that_is_made_at_run_time(ask: Ask) -> None:
    @hp.param("made")
    def local(task: str = "a") -> Any:
        return hp.scope[f"made.of.{task}.size"] | 7

    shown = ask("-ep", "made.of.anything.size", function=local)
    assert shown.startswith("made.of.anything.size:\n")
    assert "default=7" in shown


def test_explain_masks_secrets(ask: Ask) -> None:
    shown = ask("-ep", "q.main.api_key", "--api-key", "swordfish")
    assert "***" in shown
    assert "swordfish" not in shown
    assert "hunter2" not in shown


def test_explain_of_an_unknown_key_is_one_line_and_status_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        hp.launch(main, ["-ep", "q.inner.widht"])
    assert caught.value.code == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert "'q.inner.width'" in shown.err


def test_explain_without_a_key_is_a_usage_error() -> None:
    with pytest.raises(hp.UsageError, match="-ep"):
        hp.run_cli(main, ["p", "-ep"])


# -- --print-config ---------------------------------------------------------------------------

READERS: dict[str, Callable[[str], Any]] = {
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
    "json": json.loads,
}


@pytest.mark.parametrize("kind", ["toml", "yaml", "json"])
def test_the_configuration_printed_is_one_that_can_be_read(
    kind: str, ask: Ask, tmp_path: Path
) -> None:
    argv = ["p", "--opt.lr", "5", "--sizes", "3", "4", "-D", "q.inner.width=7", "--verbose"]
    text = ask(*argv, "--print-config", kind)
    values = READERS[kind](text)
    own = values["q"]["main"]
    assert own["path"] == "p"
    assert own["opt"]["lr"] == 5.0
    assert own["sizes"] == [3, 4]
    assert own["colour"] == "RED"
    assert own["verbose"] is True
    assert values["q"]["inner"]["width"] == 7
    assert values["q"]["deep"]["rate"] == 0
    file = tmp_path / f"base.{kind}"
    file.write_text(text)

    @hp.param("q.main")
    def again(
        path: Path,
        opt: WayToWork = WayToWork(),
        sizes: tuple[int, int] = (1, 2),
        colour: Colour = Colour.RED,
        verbose: bool = False,
    ) -> Any:
        return path, opt.lr, sizes, colour, verbose, build_inner_part()

    expected = (Path("p"), 5.0, (3, 4), Colour.RED, True, 7)
    assert hp.run_cli(again, ["-C", str(file), "--allow-unknown"]) == expected


def test_the_configuration_is_toml_where_no_format_is_given(ask: Ask) -> None:
    assert tomllib.loads(ask("p", "--print-config"))["q"]["main"]["mode"] == "fast"
    assert tomllib.loads(ask("--print-config", "p"))["q"]["main"]["path"] == "p"


def test_what_a_configuration_cannot_hold_is_said_on_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hp.run_cli(main, ["--print-config", "toml"])
    shown = capsys.readouterr()
    assert "path" not in tomllib.loads(shown.out)["q"]["main"]
    assert "q.main.path is left out: it is required" in shown.err
    assert "q.main.opt.name is left out: its value is None" in shown.err


def test_none_inside_of_a_value_is_not_called_the_value(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @hp.param("inside")
    def program(found: list = [1, None]) -> None:
        """Have a value that TOML holds but for a part of it."""

    hp.run_cli(program, ["--print-config", "toml"])
    assert "inside.found is left out: a value in it is None" in capsys.readouterr().err


def test_a_default_that_is_an_array_can_be_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    import numpy as np

    @hp.param("arr")
    def local(weights=np.ones(3), scale: float = 2.0):  # type: ignore[no-untyped-def]
        return weights

    for words in (["--help"], ["-lps"], ["-ep", "arr.weights"], ["--completion", "bash"]):
        assert hp.run_cli(local, words) is None
        assert "weights" in capsys.readouterr().out
    assert hp.run_cli(local, ["--print-config", "json"]) is None
    shown = capsys.readouterr()
    assert json.loads(shown.out)["arr"] == {"scale": 2.0}
    left_out = (
        "arr.weights is left out: its value is <ndarray (3,) float64>, which no file can hold"
    )
    assert left_out in shown.err
    assert hp.run_cli(local, []).shape == (3,)


def test_a_key_that_is_a_value_and_a_prefix_is_no_configuration(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @hp.param("leafy")
    def local(leaf: int = 1) -> int:
        return leaf + (hp.scope.leafy.leaf.inner | 2)

    assert hp.run_cli(local, ["--print-config", "json"]) is None
    shown = capsys.readouterr()
    assert json.loads(shown.out)["leafy"] == {"leaf": 1}
    assert "leafy.leaf.inner is left out: leafy.leaf has a value" in shown.err


def test_the_configuration_leaves_secrets_out(capsys: pytest.CaptureFixture[str]) -> None:
    hp.run_cli(main, ["p", "--print-config", "yaml", "--api-key", "swordfish"])
    out, err = capsys.readouterr()
    assert "api_key" not in yaml.safe_load(out)["q"]["main"]
    assert "q.main.api_key is left out: its value is a secret." in err
    assert "swordfish" not in out + err


def test_an_unknown_format_and_a_bad_value_are_usage_errors() -> None:
    with pytest.raises(hp.UsageError, match="xml"):
        hp.run_cli(main, ["--print-config=xml"])
    with pytest.raises(hp.UsageError, match=r"^--sizes\[0\]: 'a' is not an int\.$"):
        hp.run_cli(main, ["--print-config", "--sizes", "a", "b"])


# -- --version --------------------------------------------------------------------------------


def test_version_is_that_of_the_package_where_it_has_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (package / "__main__.py").write_text(
        dedent(
            """
            import hyperparameter as hp

            @hp.param("mine")
            def main(x=1): ...

            hp.launch(main)
            """
        )
    )
    run = [sys.executable, "-m", "mine"]
    done = subprocess.run(
        [*run, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()[-1], done.stderr) == (0, "1.2.3", "")
    done = subprocess.run(
        [*run, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "--version" in done.stdout
    assert done.stdout.startswith("usage: python -m mine ")


def test_version_of_a_program_without_one_is_no_option(ask: Ask) -> None:
    @hp.param("x")
    def local(y: int = 1) -> int:
        return y

    local.__module__ = "nowhere"
    local.__wrapped__.__module__ = "nowhere"  # type: ignore[attr-defined]
    assert "--version" not in ask("--help", function=local)
    with pytest.raises(hp.UsageError, match="--version"):
        hp.run_cli(local, ["--version"])


# -- --completion -----------------------------------------------------------------------------


def completed(script: str, line: str, splits: bool = True) -> list[str]:
    """Return what a real bash offers at the end of a line; as a rule it splits words at `=`."""
    words = [
        part
        for word in line.split(" ")
        for part in (splits and re.findall("=+|[^=]+", word)) or [word]
    ]
    *words, last = words
    program = f"""
{"" if splits else "COMP_WORDBREAKS=${COMP_WORDBREAKS//=}"}
{script}
COMP_WORDS=({" ".join([*words, f'"{last}"'])})
COMP_CWORD={len(words)}
COMP_LINE={line!r}
COMP_POINT={len(line)}
function=$(complete -p {words[0]} | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$function {words[0]} "{last}" "{words[-1]}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", program], capture_output=True, text=True, check=True, timeout=150
    )
    assert done.stderr == ""
    return sorted(filter(None, done.stdout.splitlines()))


@pytest.fixture
def in_bash(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> str:
    monkeypatch.setattr(sys, "argv", ["myapp"])
    return ask("--completion", "bash")


def test_bash_completes_options(in_bash: str) -> None:
    assert completed(in_bash, "myapp --verb") == ["--verbose"]
    assert completed(in_bash, "myapp --opt.") == ["--opt.lr", "--opt.name"]
    assert "--define" in completed(in_bash, "myapp --d")


def test_bash_completes_choices(in_bash: str) -> None:
    assert completed(in_bash, "myapp --mode ") == ["fast", "slow"]
    assert completed(in_bash, "myapp --print-config t") == ["toml"]


def test_bash_completes_keys_behind_define(in_bash: str) -> None:
    assert completed(in_bash, "myapp -D q.main.opt.") == ["q.main.opt.lr=", "q.main.opt.name="]
    assert completed(in_bash, "myapp --define  q.main.opt.l") == ["q.main.opt.lr="]
    assert completed(in_bash, "myapp -D q.main.mode=") == ["fast", "slow"]
    assert completed(in_bash, "myapp -D q.main.verbose=t") == ["true"]
    assert completed(in_bash, "myapp -C x -D q.main.opt.name=1 --mode s") == ["slow"]


def test_bash_completes_files_as_values(in_bash: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").touch()
    offered = completed(in_bash, f"myapp -D q.main.opt.name={tmp_path}/da")
    assert offered == [f"{tmp_path}/data.csv"]  # bash replaces what is behind the "="


VALUES = """
from dataclasses import dataclass, field
from typing import Literal
import hyperparameter as hp

@dataclass
class Optim:
    kind: Literal["adam", "sgd"] = "adam"
    betas: list[float] = field(default_factory=list)

@hp.param("v")
def main(data: str, mode: Literal["fast", "slow"] = "fast", kinds: list[Literal["x1", "x2"]] = [],
         optim: Optim = Optim(), table: dict[str, int] = {}, verbose: bool = False): ...

if __name__ == "__main__":
    hp.launch(main)
"""
OFFERED = [
    ("--mode=", ["fast", "slow"]),
    ("--mode=f", ["fast"]),
    ("--optim.kind=s", ["sgd"]),
    ("--mode=fast --optim.kind s", ["sgd"]),
    ("--kinds x1 ", ["x1", "x2"]),
    ("--kinds x1 x2 x", ["x1", "x2"]),
    ("--kinds=x1 --mo", ["--mode"]),
    ("--kinds x1 --mo", ["--mode"]),
    ("--optim.betas 1 2 --mo", ["--mode"]),
    ("--verbose=", ["false", "true"]),
    ("--verbose --mo", ["--mode"]),
    ("--print-config=t", ["toml"]),
    ("-C here/c", ["here/conf.yaml"]),
    ("-C v.optim=here/c", ["here/conf.yaml"]),
    ("--config=here/c", ["here/conf.yaml"]),
    ("--config=v.optim=here/c", ["here/conf.yaml"]),
    ("--record=here/c", ["here/conf.yaml"]),
    ("--table k=here/c", ["here/conf.yaml"]),
    ("--optim.betas=1 here/c", ["here/conf.yaml"]),
    ("-D v.mode=", ["fast", "slow"]),
    ("--define=v.mode=f", ["fast"]),
    ("-D v.data=here/c", ["here/conf.yaml"]),
]


@pytest.fixture(scope="module")
def with_values(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("values")
    (folder / "app").write_text(VALUES)
    (folder / "here").mkdir()
    (folder / "here" / "conf.yaml").touch()
    for shell in ("bash", "zsh", "fish"):
        words = [sys.executable, "app", "--completion", shell]
        script = subprocess.run(words, cwd=folder, capture_output=True, check=True, timeout=150)
        (folder / shell).write_bytes(script.stdout)
    return folder


@pytest.mark.parametrize("splits", [True, False], ids=["split", "whole"])
@pytest.mark.parametrize(("line", "expected"), OFFERED, ids=[line for line, _ in OFFERED])
def test_bash_completes_values(
    with_values: Path, monkeypatch: pytest.MonkeyPatch, line: str, expected: list[str], splits: bool
) -> None:
    monkeypatch.chdir(with_values)
    offered = completed((with_values / "bash").read_text(), f"app {line}", splits)
    before, equals, _ = line.rsplit(" ", 1)[-1].rpartition("=")
    # Where bash has not split the word, it replaces the whole.
    assert offered == [one if splits else f"{before}{equals}{one}" for one in expected]


def test_other_shells_complete_values(with_values: Path) -> None:
    zsh = (with_values / "zsh").read_text()
    assert '"--mode=[mode]:mode:(fast slow)"' in zsh
    assert '"*--kinds=[kinds]:kinds:(x1 x2)"' in zsh
    assert re.search(r"\{-C,--config=\}.*:config:_hp_app_files", zsh)
    fish = (with_values / "fish").read_text()
    assert "complete -c app -n '_hp_app_behind --kinds' -ka 'x1 x2'" in fish
    assert re.search(r"-s C -l config -xka \"\(_hp_app_files\)", fish)


ODD = """
from typing import Literal
import hyperparameter as hp

@hp.param("o")
def main(kind: Literal["a b", "c$(touch pwned)", "d'e", "plain"] = "a b",
         kinds: list[Literal["f`touch pwned`", "g"]] = []): ...

if __name__ == "__main__":
    hp.launch(main)
"""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_choice_is_never_executed(tmp_path: Path, shell: str) -> None:
    (tmp_path / "app").write_text(ODD)
    words = [sys.executable, "app", "--completion", shell]
    script = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=150
    ).stdout
    if shell == "bash":
        script = f"cd {tmp_path}\n{script}"
        for before in ("--kind ", "--kind=", "-D o.kind="):
            offered = completed(script, f"app {before}")
            assert offered == [r"a\ b", r"c\$\(touch\ pwned\)", r"d\'e", "plain"]
            assert completed(script, f"app {before}p") == ["plain"]
        assert completed(script, "app --kinds ") == [r"f\`touch\ pwned\`", "g"]
    elif shell == "zsh":  # in double quotes
        assert "--kind=[kind]:kind:(plain)" in script
        assert "--kinds=[kinds]:kinds:(g)" in script
    else:
        assert '-l kind -xka "plain"' in script
        assert "'_hp_app_behind --kinds' -ka g" in script
    assert not (tmp_path / "pwned").exists()


READING = """
import hyperparameter as hp

@hp.param("train")
def train(lr=0.1):
    return hp.scope.model.dropout | 0.1, hp.scope[f"task.{lr}.x"] | 1

if __name__ == "__main__":
    hp.launch(train)
"""


@pytest.mark.parametrize("name", ["app.py", "my $(touch pwned) app.py"])
def test_bash_completes_what_the_program_reads(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(READING)
    script = subprocess.run(
        [sys.executable, name, "--completion", "bash"],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=150,
    ).stdout  # fmt: skip
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True, timeout=150)
    assert not (tmp_path / "pwned").exists()
    if " " not in name:
        assert completed(script, f"{name} -D model.") == ["model.dropout="]
        assert completed(script, f"{name} -ep mod") == ["model.dropout"]
        assert completed(script, f"{name} -D task") == []


def test_other_shells_complete_keys_behind_define(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["myapp"])
    zsh = ask("--completion", "zsh")
    assert re.search(r"\{-D,--define=\}.*:define:_hp_myapp_assignments\"", zsh)
    assert re.search(r"compadd -S '' -- .*q\.main\.opt\.lr= ", zsh)
    assert re.search(r"compadd -- .*q\.main\.mode=fast q\.main\.mode=slow", zsh)
    (line,) = [line for line in ask("--completion", "fish").splitlines() if "-s D" in line]
    assert "q.main.opt.lr=" in line
    assert "q.main.mode=fast" in line


TWO = """
import sys
import hyperparameter as hp

@hp.param("a")
def train(lr=1): ...

@hp.param("b")
def test(path="x"): ...

sys.argv[0] = "two"
hp.launch(argv=["--completion", "bash"])
"""


def test_bash_completes_commands_and_their_options() -> None:
    script = subprocess.run(
        [sys.executable, "-c", TWO], capture_output=True, text=True, check=True, timeout=150
    ).stdout
    assert {"train", "test"} <= set(completed(script, "two t"))
    assert completed(script, "two train --lr") == ["--lr"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script_that_names_the_options(ask: Ask, shell: str) -> None:
    script = ask("--completion", shell)
    assert "verbose" in script
    assert "print-config" in script


def test_a_shell_that_is_not_known_is_a_usage_error() -> None:
    with pytest.raises(hp.UsageError, match="bash, zsh, fish"):
        hp.run_cli(main, ["--completion", "tcl"])
