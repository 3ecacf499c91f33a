"""The documentation is run: every Python block, page by page, in one namespace."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(p.relative_to(ROOT) for p in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[str]:
    return BLOCK.findall((ROOT / page).read_text("utf-8"))


def runs_here(page: Path) -> bool:
    """Tell pages with examples; recipes are programs, which tests/dist/test_recipes.py runs."""
    return bool(blocks(page)) and not page.name.startswith("recipes")


@pytest.mark.parametrize("page", [p for p in PAGES if runs_here(p)], ids=str)
def test_examples_run(page: Path) -> None:
    namespace: dict[str, object] = {"__name__": "page"}
    for block in blocks(page):
        exec(compile(block, str(page), "exec"), namespace)


def test_readme_shows_its_own_output(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    shown = re.search(r"^```text\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert shown is not None
    (tmp_path / "README.md").write_text(blocks(Path("README.md"))[0], "utf-8")
    run = subprocess.run(
        [sys.executable, "README.md"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout == shown[1]


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text("utf-8")):
            assert (ROOT / page.parent / target).exists(), f"{page} links to {target}"
