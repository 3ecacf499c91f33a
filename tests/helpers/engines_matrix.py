"""The table of engines and promises: printed after the tests, and kept in `docs/engines.md`.

Each test of the contract says in its report which cell it fills.  Reports reach the process that
prints also where pytest-xdist has run the tests elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.register_assert_rewrite("contract", "contract_runners")

METHODS = ("fork", "spawn", "forkserver")
GROUPS: dict[str, list[str]] = {
    "multiprocessing": [
        *(f"Process, {method}" for method in METHODS),
        *(f"Pool, {method}" for method in METHODS),
        "get_context().Process, fork",
        "get_context().Process, spawn",
        *(f"get_context().Pool, {method}" for method in METHODS),
    ],
    "Executors, joblib, bind": [
        *(f"ProcessPoolExecutor, {method}" for method in METHODS),
        *(f"hp_dist.futures.ProcessPoolExecutor, {method}" for method in METHODS),
        "hp_dist.futures.ThreadPoolExecutor",
        "joblib, loky",
        "joblib, multiprocessing",
        "joblib, threading",
        "loky",
        "hp_dist.bind",
    ],
    "Ray": [
        "function",
        "generator",
        "actor's constructor",
        "actor's method",
        "method, async",
        "method, threaded",
        "method, concurrency group",
        "hp_dist.ray.remote, function",
        "hp_dist.ray.remote, method",
        "ray:// client, function",
        "ray:// client, method",
    ],
}

BEGIN, END = "<!-- table: make engines -->", "<!-- end of table -->"
PASSED, FAILED, NOT_RUN = "✓", "✗", "·"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

Results = dict[tuple[str, str, str], str]
"""For each group, engine and promise: a mark, or the reason why it does not apply."""


class Table(NamedTuple):
    group: str
    engines: list[str]
    rows: list[list[str]]
    notes: list[str]


def tables(results: Results, promises: Iterable[tuple[str, str]]) -> list[Table]:
    """Return a table for each group of which there is a result; a promise is a name and a title."""
    made = []
    promises = list(promises)
    for group, all_engines in GROUPS.items():
        ran = {engine for of, engine, _ in results if of == group}
        engines = [engine for engine in all_engines if engine in ran]
        notes: list[str] = []
        rows = [
            [title, *(_cell(results.get((group, e, name), NOT_RUN), notes) for e in engines)]
            for name, title in promises
        ]
        if engines:
            made.append(Table(group, engines, rows, notes))
    return made


def _cell(result: str, notes: list[str]) -> str:
    if result in (PASSED, FAILED, NOT_RUN):
        return result
    if result not in notes:
        notes.append(result)
    return f"—{_number(notes.index(result))}"


def _number(index: int) -> str:
    return str(index + 1).translate(_RAISED)


def markdown(made: list[Table]) -> str:
    lines = []
    for table in made:
        letters = _LETTERS[: len(table.engines)]  # names as heads would be wider than any page
        legend = map("**{}** {}".format, letters, table.engines)
        lines += ["", f"### {table.group}", "", " · ".join(legend)]
        lines += ["", f"| | {' | '.join(letters)} |", f"|---{'|:-:' * len(letters)}|"]
        lines += [f"| {' | '.join(row)} |" for row in table.rows]
        lines += ["", *(f"{_number(i)} {note}  " for i, note in enumerate(table.notes))]
    return "\n".join([*lines, ""])


def plain(made: list[Table]) -> Iterable[str]:
    for table in made:
        letters = _LETTERS[: len(table.engines)]
        yield ""
        yield f"{table.group}: " + "; ".join(
            map(" ".join, zip(letters, table.engines, strict=True))
        )
        width = max(len(row[0]) for row in table.rows)
        yield " ".join([" " * width, *(f"{letter:3}" for letter in letters)])
        for title, *cells in table.rows:
            yield " ".join([title.ljust(width), *(cell.ljust(3) for cell in cells)]).rstrip()
        yield from (f"{_number(index)} {note}" for index, note in enumerate(table.notes))


def committed(text: str) -> str:
    """Return what stands between the marks."""
    return text.split(BEGIN)[1].split(END, maxsplit=1)[0]


def replaced(text: str, tables: str) -> str:
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables}\n{END}{after}"


def promises() -> list[tuple[str, str]]:
    """Return the name and the title of each promise, in order."""
    from contract import Contract

    return [
        (name, test.__doc__.splitlines()[0])
        for name, test in vars(Contract).items()
        if name.startswith("test_")
    ]


# -- the plugin -------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engines-matrix",
        type=Path,
        metavar="FILE",
        help="write the table of engines and promises into this file",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Matrix(config), "engines-matrix")


class Matrix:
    def __init__(self, config: pytest.Config) -> None:
        self.results: Results = {}
        self.file: Path | None = config.getoption("--engines-matrix")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties: dict[str, Any] = dict(report.user_properties)
        if "cell" not in properties:
            return
        cell = tuple(properties["cell"])
        if report.failed or self.results.get(cell) == FAILED:
            self.results[cell] = FAILED
        elif "not applicable" in properties:
            self.results[cell] = properties["not applicable"]
        elif report.when == "call" and report.passed:
            self.results[cell] = PASSED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self.results:
            return
        made = tables(self.results, promises())
        terminalreporter.section("engines and promises")
        for line in plain(made):
            terminalreporter.write_line(line)
        if self.file is not None:
            terminalreporter.write_line(self.write(self.file, made))

    def write(self, file: Path, made: list[Table]) -> str:
        """Put the tables into the file, unless something is missing in them."""
        columns = sum(len(table.engines) for table in made)
        cells = [cell for table in made for row in table.rows for cell in row[1:]]
        if columns != sum(map(len, GROUPS.values())) or NOT_RUN in cells:
            return f"{file} is left as it is: not every test of every engine has run."
        file.write_text(replaced(file.read_text(), markdown(made)))
        return f"{file} is written."
