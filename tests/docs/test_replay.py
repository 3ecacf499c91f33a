"""What runs the pages notices when a page is wrong."""

from pathlib import Path

import pages
import pytest


def differences(page: str, folder: Path) -> list[tuple[str, str]]:
    outputs = pages.Replay(page, folder).outputs()
    return [(shown, printed) for _, shown, printed in outputs if shown != printed]


def block(language: str, *lines: str) -> str:
    return "\n".join([f"```{language}", *lines, "```", "", ""])


def test_output_that_is_not_what_is_shown_is_found(tmp_path: Path) -> None:
    page = block("python", "# a.py", "print(1)") + block("text", "2")
    assert differences(page, tmp_path) == [("2\n", "1\n")]


def test_block_without_a_name_is_pasted_below_the_last_one(tmp_path: Path) -> None:
    page = (
        block("python", "# a.py", "print(1)")
        + block("text", "1")
        + block("python", "import sys", "print(sys._getframe().f_lineno)")
        + block("text", "5")
    )
    assert differences(page, tmp_path) == []


def test_first_block_must_say_which_file_it_is(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no comment says which file"):
        differences(block("python", "print(1)"), tmp_path)


def test_file_without_output_is_run_and_its_failure_is_found(tmp_path: Path) -> None:
    ((shown, printed),) = differences(block("python", "# a.py", "1 / 0"), tmp_path)
    assert not shown
    assert "ZeroDivisionError" in printed


def test_session_sees_the_files_of_the_page_and_its_errors(tmp_path: Path) -> None:
    page = (
        block("python", "# a.py", "import sys", "print(open(sys.argv[1]).read().split()[-1])")
        + block("toml", "# b.toml", "c = 3")
        + block("console", "$ python a.py b.toml", "4", "$ python a.py", "nothing")
    )
    ((_, printed),) = differences(page, tmp_path)
    assert printed.startswith("$ python a.py b.toml\n3\n$ python a.py\nTraceback")


def test_checkout_cannot_be_imported_from(tmp_path: Path) -> None:
    page = block("python", "# a.py", "import hyperparameter", "print(hyperparameter.__file__)")
    ((_, printed),) = differences(page, tmp_path)
    assert "site-packages" in printed


def test_page_is_written_with_what_is_printed(tmp_path: Path) -> None:
    right, wrong = (
        block("python", "# a.py", "print(1)") + block("text", shown) for shown in ("1", "2")
    )
    assert pages.written(wrong, tmp_path) == right
