"""Draw the terminal of the README: sessions of the tutorial, which is tested, as an SVG.

python tools/terminal_picture.py docs/images/terminal.svg
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial.md"
COMMANDS = [
    "python train.py first --repeats 2",
    "LINE_FIT__STEPS=4 python train.py first -C quick.toml -D fit.steps=5 -ep fit.steps",
    "python train.py first --repets 2",
    "python sweep.py",
]
COLUMNS = 88
FONT_SIZE, CHARACTER, LINE = 14, 8.43, 21
LEFT, TOP = 20, 58
WINDOW, BORDER, TEXT, PROMPT, TYPED, ERROR = (
    "#161b22", "#484f58", "#c9d1d9", "#7ee787", "#ffffff", "#ffa198"
)  # fmt: skip
DOTS = ("#ff5f57", "#febc2e", "#28c840")


def sessions(page: str) -> Iterator[str]:
    """Yield the lines of the chosen commands, with what the page shows as their output."""
    for command in COMMANDS:
        found = re.search(rf"^\$ {re.escape(command)}\n(?:(?!\$ |```).*\n)*", page, re.MULTILINE)
        if not found:
            raise SystemExit(f"{TUTORIAL.name} does not show the command: {command}")
        yield from found[0].splitlines()
        yield ""


def drawing(lines: list[str]) -> str:
    """Return a window with these lines, each as wide as its characters whatever the font."""
    width = LEFT * 2 + round(COLUMNS * CHARACTER)
    height = TOP + len(lines) * LINE
    dots = "".join(
        f'<circle cx="{24 + 20 * index}" cy="22" r="6" fill="{color}"/>\n'
        for index, color in enumerate(DOTS)
    )
    rows = "".join(row(line, TOP + index * LINE) for index, line in enumerate(lines) if line)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'role="img" font-size="{FONT_SIZE}" '
        "font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\">\n"
        f'<rect x="1" y="1" width="{width - 2}" height="{height - 2}" rx="9" '
        f'fill="{WINDOW}" stroke="{BORDER}"/>\n{dots}{rows}</svg>\n'
    )


def row(line: str, y: int) -> str:
    if line.startswith("$ "):
        return text("$", y, PROMPT) + text(line[2:], y, TYPED, indent=2)
    return text(line, y, ERROR if ": error: " in line else TEXT)


def text(line: str, y: int, color: str, indent: int = 0) -> str:
    stripped = line.lstrip(" ")
    x = LEFT + (indent + len(line) - len(stripped)) * CHARACTER
    return (
        f'<text x="{x:.1f}" y="{y}" textLength="{len(stripped) * CHARACTER:.1f}" fill="{color}">'
        f"{escape(stripped, quote=False)}</text>\n"
    )


def picture() -> str:
    lines = list(sessions(TUTORIAL.read_text("utf-8")))[:-1]
    if longest := [line for line in lines if len(line) > COLUMNS]:
        raise SystemExit(f"too long for the picture: {longest[0]}")
    return drawing(lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), "utf-8")
