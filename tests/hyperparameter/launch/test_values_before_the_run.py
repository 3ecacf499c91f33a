"""A value that no declaration of its key takes is refused before the run, and nothing is called."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import enum, pathlib
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypedDict
import attrs, pydantic
import hyperparameter as hp

def loudly(value, *_):
    print("CALLED", value)
    return value

class Kind(enum.Enum):
    SMALL = 1
    LARGE = 2

class Loose(enum.Enum):
    SMALL = 1
    @classmethod
    def _missing_(cls, value):
        loudly(value)
        return cls.SMALL if value == "tiny" else None

class Folder(pathlib.PurePosixPath):
    def __init__(self, *parts):
        loudly(parts)

@dataclass
class Inner:
    width: int = 1
    def __post_init__(self):
        loudly("Inner")

@dataclass
class Wide(Inner):
    depth: int = 1

@dataclass
class Opt:
    lr: float
    inner: Inner = field(default_factory=Inner)
    made: Inner = field(default_factory=lambda: Wide(loudly(3)))
    wide: Inner = field(default_factory=Wide)
    sizes: list[int] = field(default_factory=list)
    def __post_init__(self):
        loudly("Opt")

@attrs.define
class Attrs:
    n: int = attrs.field(default=1, converter=lambda v: loudly(v), validator=loudly)

class Model(pydantic.BaseModel):
    n: int = 1
    @pydantic.field_validator("n")
    @classmethod
    def check(cls, value):
        return loudly(value)

class Pair(NamedTuple):
    left: int
    right: int = 0

class Table(TypedDict):
    rows: int

class Opaque:
    def __init__(self):
        loudly("Opaque")

@hp.param("tokens")
def tokens(
    min_len: int = 3, kind: Kind = Kind.SMALL, loose: Loose = Loose.SMALL,
    mode: Literal["fast", "slow"] = "fast", opt: Opt | None = None, at: Attrs | None = None,
    model: Model | None = None, pair: Pair = Pair(1), table: Table | None = None,
    either: int | bool = 1, both: Opt | Pair | None = None, two: tuple[int, int] = (1, 2),
    by_name: dict[str, int] = {}, folder: Folder | None = None, opaque: Opaque | None = None,
    free: Any = None, bare=None, by_default=0.5, password: int = 0,
): ...

@hp.param
@dataclass
class Decorated:
    size: int = 1
    made: Inner = field(default_factory=lambda: Wide(loudly(4)))

@hp.param("both")
def first(n: int = 0): ...

@hp.param("both")
def second(n: bool = False): ...

@hp.param("other")
def read_too(n: int = 0, m: int = 0, k: int = 0): ...

def reads_it(ps):
    hp.scope.other.n | "text"
    ps.other.k | "text"

@hp.param("main")
def main(x: int = 1):
    print("RUN")
    with hp.scope(**{"tokens.min_len": 3}):
        pass

def late():
    @hp.param("late")
    def again(n: str = ""): ...

@hp.param("late")
def early(n: int = 0): ...

if __name__ == "__main__":
    hp.launch(main, env_prefix="APP")
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("programs") / "prog.py"
    path.write_text(PROGRAM)
    return path


def run(program: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(program), *words], capture_output=True, text=True, check=False,
        cwd=program.parent, env={**os.environ, **env},
    )  # fmt: skip


REFUSED = [
    ("tokens.min_len=eight", "-D tokens.min_len: 'eight' is not an int."),
    ("tokens.kind=HUGE", "-D tokens.kind: 'HUGE' is not one of SMALL, LARGE."),
    ("tokens.mode=fats", "is not one of fast, slow; did you mean 'fast'?"),
    ("tokens.opt.lr=fast", "-D tokens.opt.lr: 'fast' is not a float."),
    ("tokens.opt.lrr=1", "Opt has no field 'lrr'. Did you mean 'lr'?"),
    ("tokens.opt=3", "tokens.opt"),
    ('tokens.opt={"lr": 1, "inner": {"width": "x"}}', "-D tokens.opt.inner.width: 'x' is not an"),
    ("tokens.opt.inner.depth=3", "Inner has no field 'depth'."),
    ("tokens.opt.made.width=x", "-D tokens.opt.made.width: 'x' is not an int."),
    ('tokens.opt.sizes=[1, "a"]', "-D tokens.opt.sizes[1]: 'a' is not an int."),
    ("tokens.opt.sizes=many", "-D tokens.opt.sizes[0]: 'many' is not an int."),
    ("tokens.at.n=x", "-D tokens.at.n: 'x' is not an int."),
    ("tokens.model.n=x", "-D tokens.model.n: 'x' is not an int."),
    ("tokens.pair.right=x", "-D tokens.pair.right: 'x' is not an int."),
    ("tokens.table.rows=x", "-D tokens.table.rows: 'x' is not an int."),
    ("tokens.either=several", "-D tokens.either: 'several' is not an int or true or false."),
    ("tokens.both.left=x", "'x' is not an int."),
    ("tokens.two=[1]", "2 items are wanted, 1 were given."),
    ("tokens.by_name.a=x", "-D tokens.by_name.a: 'x' is not an int."),
    ("tokens.opaque=x", "cannot be made of text"),
    ("tokens.by_default=fast", "-D tokens.by_default: 'fast' is not a float."),
    ("Decorated.size=x", "-D Decorated.size: 'x' is not an int."),
    ("Decorated.made.width=x", "-D Decorated.made.width: 'x' is not an int."),
    ("both.n=maybe", "-D both.n: 'maybe' is not"),
    ("other.m=text", "-D other.m: 'text' is not an int."),
]  # fmt: skip


@pytest.mark.parametrize(("word", "message"), REFUSED)
def test_a_value_that_no_declaration_takes(program: Path, word: str, message: str) -> None:
    done = run(program, "-D", word)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("prog.py: error: -D ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


TAKEN = [
    "tokens.min_len=8", "tokens.kind=LARGE", "tokens.kind=2", "tokens.loose=tiny",
    "tokens.loose=whatever", "tokens.opt.lr=3", "tokens.opt.inner.width=3",
    "tokens.opt.made.depth=3", "tokens.opt.wide.depth=3", "tokens.opt=null",
    'tokens.opt={"lr": 1, "inner": {"width": 2}}',
    "tokens.opt.sizes=[1, 2]", "tokens.opt.sizes=3", "tokens.at.n=3", "tokens.model.n=3",
    "tokens.pair.right=3",
    "tokens.table.rows=3", "tokens.either=true", "tokens.both.left=3", "tokens.both.lr=3",
    "tokens.two=[1, 2]", "tokens.by_name.a=3", "tokens.folder=here", "tokens.free=text",
    "tokens.free.a=text", "tokens.bare=text", "tokens.by_default=3", "Decorated.made.depth=3",
]  # fmt: skip


@pytest.mark.parametrize("word", TAKEN)
def test_a_value_that_fits_calls_nothing_of_the_user(program: Path, word: str) -> None:
    """The instances that its own module makes aside, there are none before the run."""
    done = run(program, "-D", word)
    assert (done.returncode, done.stdout) == (0, "RUN\n"), done.stderr


@pytest.mark.parametrize("value", ["3", "yes"])
def test_one_declaration_of_two_is_enough(program: Path, value: str) -> None:
    """`3` is an int and no bool, `yes` a bool and no int."""
    done = run(program, "-D", f"both.n={value}")
    assert (done.returncode, done.stdout) == (0, "RUN\n")


@pytest.mark.parametrize("key", ["other.n", "other.k"])
def test_what_the_program_reads_as_well_is_not_refused(program: Path, key: str) -> None:
    done = run(program, "-D", f"{key}=text")
    assert (done.returncode, done.stdout) == (0, "RUN\n")


def test_what_code_that_has_not_run_declares_again_is_not_refused(program: Path) -> None:
    assert run(program, "-D", "late.n=text").stdout == "RUN\n"


def test_files_and_variables_are_sources_too(program: Path, tmp_path: Path) -> None:
    path = tmp_path / "conf.yaml"
    path.write_text("tokens:\n  opt:\n    lr: 1\n    sizes: [1, many]\n")
    done = run(program, "-C", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"tokens.opt.sizes[1] (file {path}:4" in done.stderr
    assert "'many' is not an int." in done.stderr
    done = run(program, APP_TOKENS__MIN_LEN="eight")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "prog.py: error: tokens.min_len (env $APP_TOKENS__MIN_LEN): 'eight' is not an int.\n"
    )


def test_an_empty_variable_sets_nothing(program: Path) -> None:
    assert run(program, APP_TOKENS__MIN_LEN="").stdout == "RUN\n"


def test_a_stronger_source_decides(program: Path) -> None:
    done = run(program, "-D", "tokens.min_len=8", APP_TOKENS__MIN_LEN="eight")
    assert done.stdout == "RUN\n"


def test_what_is_taken_away_is_not_checked(program: Path) -> None:
    assert run(program, "-D", "tokens.min_len=eight", "-D", "~tokens.min_len").stdout == "RUN\n"


def test_a_secret_is_masked(program: Path) -> None:
    done = run(program, "-D", "tokens.password=hunter2")
    assert done.returncode == 2
    assert "hunter2" not in done.stderr


def test_unknown_keys_may_be_allowed_but_values_are_checked(program: Path) -> None:
    assert run(program, "--allow-unknown", "-D", "tokens.min_len=eight").returncode == 2


READERS = {
    "by its name": 'hp.scope["other.n"]()',
    "in a scope that is passed on": "with hp.scope(a=1) as ps: helper.read(ps)",
    "by a name that is computed": 'helper.named(hp.scope, "other.n")',
    "as a part of all": "dict(hp.scope.current())",
    "as Params of a class of its own": 'Own.from_scope(None, "other")',
    "by a declaration to come, of the same name": "import late",
    "by a class of another library": 'hp.param("other")(helper.Foreign)',
}
HELPER = """
class Foreign:
    def __init__(self, n: str = ""): ...

def read(ps):
    return ps.other.n | "text"

def named(ps, key):
    return ps[key] | "text"
"""


@pytest.mark.parametrize("how", READERS)
def test_what_may_be_read_in_another_way_is_left_to_the_run(tmp_path: Path, how: str) -> None:
    declared = 'import hyperparameter as hp\n@hp.param("other")\ndef f(n: {} = {}): ...\n'
    (tmp_path / "helper.py").write_text(HELPER)
    (tmp_path / "late.py").write_text(declared.format("str", '""'))
    program = tmp_path / "prog.py"
    program.write_text(
        f"{declared.format('int', 0)}import helper\nclass Own(hp.Params): ...\n"
        f'@hp.param("main")\ndef main():\n    print("RUN")\n    {READERS[how]}\n'
        'if __name__ == "__main__": hp.launch(main)\n'
    )
    assert run(program, "-D", "other.n=text").stdout == "RUN\n"
    assert run(program, "-D", "other.n=text", "--check").stdout == "ok\n"


def test_an_annotation_that_the_run_defines_is_left_to_it(tmp_path: Path) -> None:
    program = tmp_path / "prog.py"
    program.write_text(
        "import hyperparameter as hp\n"
        '@hp.param("other")\ndef f(n: "Later" = 0, m: "Later" = 0):\n    print(repr(n), repr(m))\n'
        '@hp.param("main")\ndef main():\n    global Later\n    Later = str\n    f()\n'
        'if __name__ == "__main__": hp.launch(main)\n'
    )
    assert run(program, "-D", "other.n=text", "-D", "other.m=7").stdout == "'text' '7'\n"


def test_where_nothing_is_set_the_check_is_not_even_imported(tmp_path: Path) -> None:
    program = tmp_path / "prog.py"
    program.write_text(
        "import sys, hyperparameter as hp\n"
        '@hp.param("main")\ndef main(n: int = 0):\n'
        '    print([one for one in sys.modules if "_check" in one or "_keys" in one])\n'
        'if __name__ == "__main__": hp.launch(main)\n'
    )
    needed = "['hyperparameter._launch.program_keys']\n"
    assert run(program, "--n", "3").stdout == run(program).stdout == needed
