"""The documentation is run: every Python block, page by page, in one namespace."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import transcripts

ROOT = Path(__file__).parents[2]
PAGES = sorted(p.relative_to(ROOT) for p in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[tuple[str, str | None]]:
    """Return the programs of a page, at their lines, and what is shown below each."""
    text = (ROOT / page).read_text("utf-8")
    return [("\n" * text.count("\n", 0, m.start(1)) + m[1], m[2]) for m in BLOCK.finditer(text)]


def runs_here(page: Path) -> bool:
    """Tell pages with examples; recipes are programs, which test_recipes.py runs."""
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


@pytest.mark.parametrize("name", transcripts.PAGES)
def test_sessions_print_what_is_shown(name: str, tmp_path: Path) -> None:
    page = (transcripts.DOCS / name).read_text("utf-8")
    assert "\n$ " in page
    assert transcripts.replayed(page, tmp_path) == page, (
        "python tests/helpers/transcripts.py writes it"
    )


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text("utf-8")):
            assert (ROOT / page.parent / target).exists(), f"{page} links to {target}"
