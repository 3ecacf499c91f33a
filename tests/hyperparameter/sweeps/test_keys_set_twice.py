"""A key is set once for each run: mappings count field by field, options and -D as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from sweep_programs import Program

from hyperparameter._sweeps.plan.from_code import plan_from_code

PROGRAM = """
@dataclasses.dataclass
class Opt:
    lr: float = 0.1
    name: str = "sgd"

@hp.param("t")
def train(opt: Opt = Opt(), d: dict = {}):
    note(lr=opt.lr, name=opt.name, d=d)
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, "import dataclasses\n" + PROGRAM)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sweep", "opt.lr=1,3", "--sweep", 'opt={"lr":5},{"lr":6}'], "both set 't.opt.lr'"),
        (["--sweep", 'opt={"lr":5}', "--sweep", "opt.lr=1"], "both set 't.opt.lr'"),
        (["--sweep", "opt,opt.lr=({},3)"], "sets 't.opt.lr' twice"),
        (["--sweep", 'opt={"lr":2}', "--sweep", "opt.lr=interval(0,1)", "--sample", "1"],
         "both set 't.opt.lr'"),
        (["--sweep", "d=1", "--or", "--sweep", "opt=null", "--sweep", "opt.lr=1"],
         "both set 't.opt.lr'"),
        (["--sweep", 'opt={"lr":2}', "--repeat", "2:opt.lr"], "sets 't.opt.lr' as well"),
        (["--sweep", 'opt={"lr":2}', "--opt.lr", "5"], "--opt.lr and --sweep both set t.opt.lr."),
        (["--sweep", 'opt={"lr":2}', "-D", "t.opt.lr=5"], "-D and --sweep both set t.opt.lr."),
        (["--sweep", "opt.lr=1", "--opt", '{"lr":3}'], "--opt and --sweep both set t.opt.lr."),
        (["--sweep", 'd={"a":1}', "-D", "t.d.a=5", "--allow-unknown"],
         "-D and --sweep both set t.d.a."),
        (["--sweep", 'opt={"name":"x"},{"lr":2}', "-D", "t.opt.lr=5"],
         "-D and --sweep both set t.opt.lr."),
    ],
)  # fmt: skip
def test_setting_a_key_twice_is_an_error_before_anything_runs(
    program: Program, words: list[str], said: str
) -> None:
    ended = program.run(*words)
    assert ended.status == 2, ended
    assert said in ended.errors
    assert not program.noted


def test_other_fields_of_the_same_structure_may_be_set(program: Program) -> None:
    words = "--sweep", 'opt={"lr":2},{"lr":3}', "--sweep", "opt.name=a,b", "-D", "t.d.x=1"
    assert program.run(*words, "--allow-unknown").status == 0
    assert [(one["lr"], one["name"]) for one in program.noted] == [
        (2.0, "a"), (2.0, "b"), (3.0, "a"), (3.0, "b"),
    ]  # fmt: skip


def test_mappings_and_their_fields_are_told_apart_from_code_as_well() -> None:
    with pytest.raises(ValueError, match=r"both set 'opt\.lr'"):
        plan_from_code({"opt": [{"lr": 1}], "opt.lr": [2]})
    with pytest.raises(ValueError, match=r"sets 'opt\.lr' as well"):
        plan_from_code({("opt", "n"): [({"lr": 1}, 2)]}, repeat=(2, "opt.lr"))
    assert plan_from_code({("opt", "n"): [({"lr": 1}, 2)], "opt.name": ["a"]}).count == 1
