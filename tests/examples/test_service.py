"""examples/service.py: whoever asks is answered with parameters of their own, and no others."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import hyperparameter as hp

CREATED_WITH = {"lr": "0.25"}
CALLERS: dict[str, dict[str, str]] = {
    "careful": {"lr": "0.05"},
    "bold": {"lr": "0.45", "steps": "2"},
    "usual": {},
}
ROW = re.compile(
    r"(\w+) +(sync|async) +(\d+)  (\S+) +lr (\S+) \((.*)\), steps (\S+) \((.*)\)", re.MULTILINE
)


class Row(NamedTuple):
    caller: str
    service: str
    requests: int
    x: str
    lr: str
    lr_origin: str
    steps: str
    steps_origin: str


def rows(text: str) -> list[Row]:
    found = [Row(*row[:2], int(row[2]), *row[3:]) for row in ROW.findall(text)]
    assert len(found) == sum(" lr " in line for line in text.splitlines())
    return found


def descent(lr: str, steps: str) -> str:
    """Return what is left of 2 after the steps: each leaves 1 - 2 lr of it."""
    return f"{float(2 * (1 - 2 * Fraction(lr)) ** int(steps)):.6f}"


@pytest.mark.parametrize(
    ("words", "command_line"), [((), {}), (("-D", "solve.steps=5"), {"steps": "5"})]
)
def test_each_caller_has_one_answer_from_each_service(
    run: Callable[..., Any], words: tuple[str, ...], command_line: dict[str, str]
) -> None:
    done = run("service.py", "--requests", "30", *words)
    assert done.returncode == 0, done.stderr
    asked, afterwards, empty = map(rows, re.split(r"\n\nA.*:\n\n", done.stdout))
    defaults = {"lr": "0.1", "steps": "3"}
    wanted = [
        (caller, service, 30, {**defaults, **command_line, **CREATED_WITH, **own})
        for caller, own in CALLERS.items()
        for service in ("sync", "async")
    ]
    found = [(r.caller, r.service, r.requests, {"lr": r.lr, "steps": r.steps}) for r in asked]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    for row in [*asked, *afterwards, *empty]:
        assert row.x == descent(row.lr, row.steps)
    for row in afterwards:
        assert (row.lr, row.steps) == ("0.25", command_line.get("steps", "3"))
    for row in empty:
        assert (row.lr, row.steps) == ("0.1", "3")
        assert (row.lr_origin, row.steps_origin) == ("default", "default")
    assert [len(afterwards), len(empty)] == [2, 2]


def test_the_origins_are_those_of_the_caller_and_of_the_creation(run: Callable[..., Any]) -> None:
    done = run("service.py", "-D", "solve.steps=5", "--requests", "3")
    by_caller = {row.caller: row for row in rows(done.stdout.partition("\n\n")[0])}
    program = by_caller["careful"].steps_origin.removeprefix("cli -D on ")
    assert by_caller["usual"].lr_origin.endswith(f" on {program}")
    callers = {by_caller[name].lr_origin for name in ("careful", "bold")}
    assert len(callers) == 2
    assert all(re.fullmatch(r"code \S*service\.py:\d+ on \S+:\d+", each) for each in callers)
    assert not any(each.endswith(f" on {program}") for each in callers)
    assert by_caller["bold"].steps_origin == by_caller["bold"].lr_origin


def test_the_record_has_what_all_requests_have_read(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    done = run("service.py", "--record", "run.json")
    assert done.returncode == 0, done.stderr
    record = hp.Record.load(tmp_path / "run.json")
    read = {(each.key, each.value) for each in record.reads}
    wanted = {("solve.lr", lr) for lr in (0.05, 0.45, 0.25, 0.1)}
    wanted |= {("solve.steps", steps) for steps in (2, 3)}
    # An actor that nobody has a handle of any more may end before it has told its last reads.
    assert wanted <= read or record.incomplete
    assert {key for key, _ in read} <= {"solve.lr", "solve.steps", "service.requests"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--requests 0", "--requests 0: at least 1 is needed."),
        ("-D solve.lr=fast", "-D solve.lr: 'fast' is not a float."),
        ("-D solve.lrr=1", "Did you mean 'solve.lr'?"),
    ],
)
def test_a_mistake_is_one_line(run: Callable[..., Any], words: str, message: str) -> None:
    done = run("service.py", *words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
