"""What a run returns and what is swept is shown the same everywhere, and comes back as it was."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from sweep_programs import Program, rows

RETURNING = """
import dataclasses, decimal

@dataclasses.dataclass
class Point:
    x: float = 1.5

VALUES = {
    "yes": True, "no": False, "whole": 3, "long": 2**80, "huge": 10**700, "real": 0.1, "nan": float("nan"),
    "inf": float("inf"), "below": -float("inf"), "text": "a\\nb\\x1b[31m", "none": None, "point": Point(),
    "exact": decimal.Decimal("1.10"), "bytes": b"\\x00a", "pair": (1, 2.5), "set": {1, 2},
    "nested": {"a": {"b": 1.0, "c": True}}, "word": "true",
}

@hp.param("train")
def train(kind: str = "yes"):
    return VALUES[kind]
"""  # noqa: E501
KINDS = [
    "yes", "no", "whole", "long", "huge", "real", "nan", "inf", "below", "text", "none", "point",
    "exact", "bytes", "pair", "set", "nested", "word",
]  # fmt: skip
SHOWN = {
    "yes": "true", "no": "false", "whole": "3", "long": str(2**80), "real": "0.1", "nan": "nan",
    "inf": "inf", "below": "-inf", "exact": "1.1", "word": '"true"',
}  # fmt: skip


@pytest.fixture
def swept(tmp_path: Path) -> Program:
    program = Program(tmp_path, RETURNING)
    ended = program.run("--sweep", f"kind={','.join(KINDS)}", "--name", "s")
    assert ended.status == 0, ended.errors
    (tmp_path / "errors").write_text(ended.errors)
    (tmp_path / "output").write_text(ended.output)
    return program


def test_progress_and_table_show_a_result_alike(swept: Program) -> None:
    errors = (swept.folder / "errors").read_text()
    output = (swept.folder / "output").read_text()
    table = {row["train.kind"]: row["result"] for row in rows(output)}
    for kind, text in SHOWN.items():
        assert f"train.kind={kind}: {text} (" in errors
        assert table[kind] == text
    assert "train.kind=nested: a.b=1 a.c=true (" in errors
    assert r"a\nb\u001b[31m" in errors
    assert r"a\nb\u001b[31m" in output
    assert "\x1b" not in errors + output
    assert "<int of 2326 bits>" in output


def test_json_and_csv_have_the_values(swept: Program) -> None:
    found = {
        run["parameters"]["train.kind"]: run["results"]
        for run in json.loads(swept.hp("runs", "s", "-f", "json").output)
    }
    assert found["yes"] == {"result": True}
    assert found["long"] == {"result": 2**80}
    assert found["nan"] == {"result": "nan"}
    assert found["none"] == {"result": None}
    assert found["text"] == {"result": "a\nb\x1b[31m"}
    assert found["exact"] == {"result": 1.1}
    assert found["nested"] == {"a.b": 1.0, "a.c": True}
    assert found["word"] == {"result": "true"}
    read = csv.DictReader(io.StringIO(swept.hp("runs", "s", "-f", "csv").output, newline=""))
    table = {row["train.kind"]: row for row in read}
    assert {kind: table[kind]["result"] for kind in SHOWN} == {**SHOWN, "word": "true"}
    assert table["text"]["result"] == "a\nb\x1b[31m"
    assert (table["nested"]["a.b"], table["nested"]["a.c"]) == ("1.0", "true")


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("result=true", ["yes", "word"]),
        ("result=1", []),
        ("result>1e24", ["long", "inf"]),
        ("result<0", ["below"]),
        ("result<inf", ["whole", "long", "real", "below", "exact"]),
        ("result>-inf", ["whole", "long", "real", "inf", "exact"]),
        ("result=inf", ["inf"]),
        ("result=nan", ["nan"]),
        ("result>=3", ["whole", "long", "inf"]),
        ("a.c=true", ["nested"]),
    ],
)
def test_conditions_compare_numbers_with_numbers(
    swept: Program, condition: str, wanted: list[str]
) -> None:
    ended = swept.hp("runs", "s", "-w", condition, "-f", "json")
    assert ended.status == 0, ended.errors
    found = [run["parameters"]["train.kind"] for run in json.loads(ended.output)]
    assert found == wanted


TRUTH = """
@hp.param("train")
def train(level: int = 0, turn: int = 0):
    return {"ok": (level + turn) % 3 != 0, "loss": level}
"""


def test_truth_can_be_what_counts(tmp_path: Path) -> None:
    program = Program(tmp_path, TRUTH)
    ended = program.run("--sweep", "level=0:4", "--maximize", "ok")
    assert ended.status == 0, ended.errors
    assert [row["ok"] for row in rows(ended.output)] == ["true", "true", "false", "false"]
    assert "highest ok true: run 2" in ended.errors


def test_the_mean_of_truths_is_their_share(tmp_path: Path) -> None:
    program = Program(tmp_path, TRUTH)
    ended = program.run("--sweep", "level=0,1", "--repeat", "3:train.turn", "--maximize", "ok")
    assert ended.status == 0, ended.errors
    assert [row["ok"] for row in rows(ended.output)] == ["0.666667 ± 0.58"] * 2


LISTS = """
import pathlib

def train():
    return repr(hp.scope.train.betas())

if __name__ == "__main__":
    values = [[0.9, 0.99], {"a": 1}, "[1, 2]", (1, 2), None, True, "0.10", 2**70,
              list(range(300)), pathlib.Path("[1]")]
    sweep = hp.sweep(train, {"train.betas": values}, name="s").run()
    for run, value in zip(sweep, values):
        found = run.parameters["train.betas"]
        note(found=repr(found), wanted=repr(value))
    raise SystemExit
"""


def test_swept_values_come_back_as_they_were_from_code(tmp_path: Path) -> None:
    program = Program(tmp_path, LISTS)
    ended = program.run()
    assert ended.status == 0, ended.errors
    assert len(program.noted) == 10
    for one in program.noted:
        assert one["found"] == one["wanted"]
    found = json.loads(program.hp("runs", "s", "-f", "json").output)
    assert [run["parameters"]["train.betas"] for run in found] == [
        [0.9, 0.99], {"a": 1}, "[1, 2]", [1, 2], None, True, "0.10", 2**70, [*range(300)], "[1]",
    ]  # fmt: skip
