"""Terminal sessions in the documentation: run again, and compared or written anew.

On a page of `PAGES`, a block that begins with the comment `# name.ext` is that file, this line
included: a reader who saves the block as it stands sees the line numbers of the page.  In a
`console` block, each `$ ` line is run by bash in a folder with these files, and what follows is
what it prints on both streams.  `python tests/helpers/transcripts.py` writes the pages with what is
printed now.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["cli.md", "hp.md"]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"# ([\w./-]+\.\w+)\n")


def replayed(page: str, folder: Path) -> str:
    """Return the page with what its commands print in an empty folder."""

    def replay(block: re.Match[str]) -> str:
        language, text = block.groups()
        if named := _FILE.match(text):
            path = folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        elif language == "console":
            commands = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
            text = "".join(f"$ {command}\n{_printed(command, folder)}" for command in commands)
        return f"```{language}\n{text}```"

    return _BLOCK.sub(replay, page)


def _printed(command: str, folder: Path) -> str:
    bin_folder = Path(sys.executable).parent
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={
            **kept,
            "COLUMNS": "80",
            "PATH": f"{bin_folder}:/usr/bin:/bin",
            "PYTHONUTF8": "1",
            "XDG_CACHE_HOME": str(folder / ".cache"),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return done.stdout.decode()


def main() -> None:
    for name in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            path = DOCS / name
            path.write_text(replayed(path.read_text("utf-8"), Path(folder)), "utf-8")


if __name__ == "__main__":
    main()
