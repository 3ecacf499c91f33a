"""What the documentation shows is what happens when its blocks are pasted and run."""

import re
from pathlib import Path

import pages
import pytest
import transcripts

PENDING = {
    "docs/cli.md": "its line numbers leave out the comment that names the file",
    "docs/config.md": "its blocks do not say which file they are",
    "docs/hp.md": "its line numbers leave out the comment that names the file",
    "docs/params.md": "its blocks need the checkout and do not say which file they are",
}
ALL = [*sorted(pages.ROOT.glob("*.md")), *sorted((pages.ROOT / "docs").rglob("*.md"))]


def name(page: Path) -> str:
    return page.relative_to(pages.ROOT).as_posix()


def params() -> list[object]:
    marks = {page: pytest.mark.xfail(reason=reason) for page, reason in PENDING.items()}
    return [
        pytest.param(page, id=name(page), marks=marks.get(name(page), ())) for page in pages.pages()
    ]


@pytest.mark.parametrize("page", params())
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


@pytest.mark.parametrize("name", transcripts.PAGES)
def test_sessions_print_what_is_shown(name: str, tmp_path: Path) -> None:
    page = (transcripts.DOCS / name).read_text("utf-8")
    assert "\n$ " in page
    assert transcripts.replayed(page, tmp_path) == page, (
        "python tests/helpers/transcripts.py writes it"
    )


def test_links_between_pages_lead_somewhere() -> None:
    for page in ALL:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{name(page)} links to {target}"
