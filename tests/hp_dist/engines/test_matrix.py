"""The table of engines and promises in `docs/engines.md` has all of them."""

import importlib
from pathlib import Path

import pytest
from contract import Contract
from engines_matrix import (
    BEGIN,
    END,
    FAILED,
    GROUPS,
    NOT_RUN,
    PASSED,
    Matrix,
    Results,
    committed,
    markdown,
    plain,
    promises,
    replaced,
    tables,
)

MODULES = ["processes", "executors", "joblib", "loky", "ray", "ray_client"]
DOCUMENT = Path(__file__).parents[3] / "docs" / "engines.md"


@pytest.fixture(scope="module")
def columns() -> list[type[Contract]]:
    """The classes of all engines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        modules = [importlib.import_module(f"test_contract_{name}") for name in MODULES]
    found = [value for module in modules for value in vars(module).values()]
    return [each for each in found if isinstance(each, type) and hasattr(each, "column")
            and each.__name__.startswith("Test")]  # fmt: skip


def results_of(columns: list[type[Contract]]) -> Results:
    return {
        (*column.column, name): column.reason_against(name) or PASSED
        for column in columns
        for name, _ in promises()
    }


def test_every_engine_of_the_table_has_one_class(columns: list[type[Contract]]) -> None:
    expected = [(group, engine) for group, engines in GROUPS.items() for engine in engines]
    assert sorted(each.column for each in columns) == sorted(expected)


def test_what_does_not_apply_is_a_promise_and_has_a_reason(columns: list[type[Contract]]) -> None:
    names = {name for name, _ in promises()}
    for column in columns:
        assert {f"test_{name}" for name in column.not_applicable} <= names, column
        assert all(reason.endswith(".") for reason in column.not_applicable.values()), column


def test_promises_have_titles_of_their_own() -> None:
    titles = [title for _, title in promises()]
    assert len(set(titles)) == len(titles)


def test_committed_table_has_all_engines_and_promises(columns: list[type[Contract]]) -> None:
    expected = markdown(tables(results_of(columns), promises()))
    assert committed(DOCUMENT.read_text()).split() == expected.split(), "run `make engines`"


ROWS = [("test_a", "First"), ("test_b", "Second")]


def test_cells_show_what_passed_failed_does_not_apply_and_did_not_run() -> None:
    results = {
        ("Ray", "function", "test_a"): PASSED,
        ("Ray", "function", "test_b"): "Because.",
        ("Ray", "generator", "test_a"): FAILED,
    }
    (table,) = tables(results, ROWS)
    assert table.rows == [["First", PASSED, FAILED], ["Second", "—¹", NOT_RUN]]
    assert "| First | ✓ | ✗ |" in markdown([table])
    assert [line.split() for line in plain([table])][3:] == [
        ["First", "✓", "✗"],
        ["Second", "—¹", "·"],
        ["¹", "Because."],
    ]


def test_table_replaces_what_stands_between_the_marks() -> None:
    text = replaced(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new")
    assert text == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert committed(text) == "\nnew\n"


class Reporter:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def section(self, title: str) -> None:
        self.lines.append(title)

    write_line = section


def report(cell: tuple[str, ...], when: str, outcome: str) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="", location=("", 0, ""), keywords={}, outcome=outcome,  # type: ignore[arg-type]
        longrepr=None, when=when, user_properties=[("cell", list(cell))],  # type: ignore[arg-type]
    )  # fmt: skip


def matrix(config: pytest.Config, file: Path) -> Matrix:
    made = Matrix(config)
    made.file = file
    return made


def test_file_is_written_when_all_has_run_and_left_alone_before(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    file = tmp_path / "engines.md"
    before = f"{BEGIN}\n{END}"
    file.write_text(before)
    made, reporter = matrix(pytestconfig, file), Reporter()
    cells = [(g, e, n) for g, engines in GROUPS.items() for e in engines for n, _ in promises()]
    for cell in cells[1:]:
        made.pytest_runtest_logreport(report(cell, "call", "passed"))
    made.pytest_terminal_summary(reporter)
    assert "left as it is" in reporter.lines[-1]
    assert file.read_text() == before
    made.pytest_runtest_logreport(report(cells[0], "call", "passed"))
    made.pytest_terminal_summary(reporter)
    assert file.read_text().count(PASSED) == len(cells)


def test_failure_at_the_end_of_a_test_counts(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    made, cell = matrix(pytestconfig, tmp_path), ("Ray", "function", "test_a")
    for when, outcome in [("setup", "passed"), ("call", "passed"), ("teardown", "failed")]:
        made.pytest_runtest_logreport(report(cell, when, outcome))
    made.pytest_runtest_logreport(report(cell, "call", "passed"))
    assert made.results == {cell: FAILED}
