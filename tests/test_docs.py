"""The documentation is run: every Python block, page by page, in one namespace."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hyperparameter.cli import main

ROOT = Path(__file__).parent.parent
PAGES = sorted(p.relative_to(ROOT) for p in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)


FILE = re.compile(r"^`([\w/]+\.py)`:\n\n```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(\$ hp .*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[tuple[str, str | None]]:
    """Return the programs of a page, at their lines, and what is shown below each."""
    text = (ROOT / page).read_text("utf-8")
    return [("\n" * text.count("\n", 0, m.start(1)) + m[1], m[2]) for m in BLOCK.finditer(text)]


def runs_here(page: Path) -> bool:
    """Tell pages with examples; recipes are programs, which tests/dist/test_recipes.py runs."""
    return bool(blocks(page)) and not page.name.startswith("recipes")


@pytest.mark.parametrize("page", [p for p in PAGES if runs_here(p)], ids=str)
def test_examples_run_and_print_what_is_shown(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "page"}
    for program, shown in blocks(page):
        exec(compile(program, str(page), "exec"), namespace)
        printed = capsys.readouterr().out
        if printed and shown is not None and page.name != "README.md":  # which is a file of its own
            assert printed == shown


def test_readme_shows_its_own_output(tmp_path: Path) -> None:
    (program, shown), *_ = blocks(Path("README.md"))
    (tmp_path / "README.md").write_text(program.lstrip(), "utf-8")
    run = subprocess.run(
        [sys.executable, "README.md"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout == shown


def test_hp_prints_what_its_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "hp.md").read_text("utf-8")
    for name, source in FILE.findall(text):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(source, "utf-8")
    monkeypatch.chdir(tmp_path)
    for block in CONSOLE.findall(text):
        printed = ""
        for line in re.findall(r"^\$ hp (.*)$", block, re.MULTILINE):
            main(line.split(), {"XDG_CACHE_HOME": str(tmp_path / "cache")})
            printed += f"$ hp {line}\n{''.join(capsys.readouterr())}"
        assert printed == block


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text("utf-8")):
            assert (ROOT / page.parent / target).exists(), f"{page} links to {target}"
