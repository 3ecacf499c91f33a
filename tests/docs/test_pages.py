"""What the documentation shows is what happens when its blocks are pasted and run."""

import re
from pathlib import Path

import pages
import pytest

ALL = [*sorted(pages.ROOT.glob("*.md")), *sorted((pages.ROOT / "docs").rglob("*.md"))]


def name(page: Path) -> str:
    return page.relative_to(pages.ROOT).as_posix()


@pytest.mark.parametrize("page", pages.pages(), ids=name)
def test_blocks_print_what_is_shown(page: Path, tmp_path: Path) -> None:
    replay = pages.Replay(page.read_text("utf-8"), tmp_path)
    for block, shown, printed in replay.outputs():
        assert printed == shown, f"{name(page)}:{block.line + 1}: the block is\n{block.text}"


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_block_is_run_or_says_why_not(page: Path) -> None:
    for block in pages.blocks(page.read_text("utf-8")):
        place = f"{name(page)}:{block.line + 1}"
        assert block.language in {"python", "console", "sh", "text", *pages.FILES}, place
        if block.language == "sh":
            words = [line.split()[0] for line in block.text.splitlines() if line[:1].strip()]
            assert {Path(word).name for word in words} <= pages.NOT_RUN, place


def test_links_between_pages_lead_somewhere() -> None:
    for page in ALL:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{name(page)} links to {target}"
