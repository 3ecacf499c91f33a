"""Pages of the documentation, replayed as a reader would: pasted into an empty folder and run.

The language of a block says what becomes of it:

- `python` that begins with the comment `# name.py` is that file, comment included.  Later Python
  blocks without a name are pasted below it.  `python name.py` runs wherever the page shows output
  in a `text` block, and where the file is complete, unless a session of the page runs it.
- `console`: bash runs each line behind `$ `; what follows is what it prints, errors included.
  `examples/` is that of the checkout.
- `toml`, `yaml`, `json` and `jsonnet` are files if their first line is a comment with a name.
- `sh` is for commands that need what a test lacks: a network, a cluster, this checkout.

What is printed must be what the page shows, `laptop:4242` standing for this host and the number of
a process, and a time, a folder and a version for others.
`python tests/helpers/pages.py [PAGE ...]`
writes what is printed now into the pages.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
# On the pages: host and process of a program, when it ran, with which Python, and where.
SETTER, TIME = "laptop:4242", "2026-11-26T12:00:00.000+00:00"
SECOND = "2026-11-26T12:00:00+00:00"
PYTHON, FOLDER = "Python 3.11.7", "/home/me/digits"
NOT_RUN = {"docker", "export", "git", "hp", "install", "make", "openssl", "pip", "pytest", "python",
           "python3", "ray", "run", "source", "sudo"}  # fmt: skip
FILES = {"json", "jsonnet", "toml", "yaml"}
_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAME = re.compile(r"(?:#|//) ([\w./-]+\.\w+)\n")


class Block(NamedTuple):
    language: str
    text: str
    start: int
    end: int
    line: int

    @property
    def name(self) -> str | None:
        named = _NAME.match(self.text)
        return named[1] if named else None


class Output(NamedTuple):
    """What a block has printed, and the place on the page where that belongs."""

    block: Block
    shown: str
    printed: str


class _File(NamedTuple):
    """A Python file as far as it has been pasted, with what it has printed so far."""

    name: str
    text: str
    printed: str = ""
    is_complete: bool = False


def pages() -> list[Path]:
    """Return the pages with something to run; recipes need Ray, which test_recipes.py starts."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [page for page in found if not page.name.startswith("recipes") and _runs(page)]


def blocks(text: str) -> list[Block]:
    return [
        Block(match[1], match[2], match.start(2), match.end(2), text.count("\n", 0, match.start()))
        for match in _BLOCK.finditer(text)
    ]


def _runs(page: Path) -> bool:
    return any(block.language in ("python", "console") for block in blocks(page.read_text("utf-8")))


class Replay:
    """One page in one folder."""

    def __init__(self, text: str, folder: Path) -> None:
        self.blocks = blocks(text)
        self.folder = folder
        self.sessions = "".join(b.text for b in self.blocks if b.language == "console")
        self.file: _File | None = None
        if "examples/" in self.sessions:
            (folder / "examples").symlink_to(ROOT / "examples")

    def outputs(self) -> Iterator[Output]:
        """Yield what each block prints, in order."""
        for block, before in zip(self.blocks, [None, *self.blocks], strict=False):
            if block.language == "python":
                yield from self._paste(block)
            elif block.language == "text" and before and before.language == "python":
                yield self._run(block)
            elif block.language == "console":
                yield from self._finish(block)
                yield Output(block, block.text, self._session(block.text))
            elif block.language in FILES and block.name:
                self._write(block.name, block.text)
        yield from self._finish(self.blocks[-1])

    def _paste(self, block: Block) -> Iterator[Output]:
        if block.name:
            yield from self._finish(block)
            self.file = _File(block.name, block.text)
        else:
            assert self.file, f"line {block.line}: no comment says which file this block is"
            self.file = self.file._replace(
                text=f"{self.file.text}\n{block.text}", is_complete=False
            )
        assert self.file
        self._write(self.file.name, self.file.text)

    def _run(self, block: Block) -> Output:
        """Run the file; what earlier blocks have printed is printed again before the new."""
        assert self.file
        printed = self._printed([sys.executable, self.file.name])
        before = self.file.printed
        self.file = self.file._replace(printed=printed, is_complete=True)
        return Output(block, block.text, printed.removeprefix(before))

    def _finish(self, block: Block) -> Iterator[Output]:
        """Run the file as a whole, unless that has been done or is left to the sessions."""
        file, self.file = self.file, None
        if file and not file.is_complete and file.name not in self.sessions:
            printed = self._printed([sys.executable, file.name])
            yield Output(block._replace(text=file.text), file.printed, printed)

    def _session(self, text: str) -> str:
        commands = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
        return "".join(f"$ {each}\n{self._printed(['bash', '-c', each])}" for each in commands)

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def _printed(self, command: list[str]) -> str:
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env={
                **kept,
                "COLUMNS": "80",
                "DO_NOT_TRACK": "true",  # MLflow would report to its makers
                "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
                "PYTHONUTF8": "1",
                "XDG_CACHE_HOME": str(self.folder / ".cache"),
                "XDG_STATE_HOME": str(self.folder / ".state"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # to end its workers with it
        ) as process:
            try:
                printed, _ = process.communicate(timeout=150)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                printed = process.communicate()[0] + b"[stopped after 150 seconds]\n"
        return self._as_anywhere(printed.decode())

    def _as_anywhere(self, printed: str) -> str:
        """Return what is printed without what is new in each run."""
        printed = re.sub(rf"\b{re.escape(socket.gethostname())}:\d+", SETTER, printed)
        printed = re.sub(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", TIME, printed)
        printed = re.sub(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", SECOND, printed)
        # What a sweep says of its runs, whose times have two digits as long as they are short.
        printed = re.sub(r"\(\d\.\d s\)", "(0.1 s)", printed)
        printed = re.sub(r"\b(in|after) \d\.\d s", r"\1 0.1 s", printed)
        printed = re.sub(r"\b\d\.\d\ds$", "0.10s", printed, flags=re.MULTILINE)
        printed = re.sub(r"\bPython 3\.\d+\.\d+", PYTHON, printed)
        return printed.replace(str(self.folder), FOLDER)


def written(text: str, folder: Path) -> str:
    """Return the page with what its blocks print now."""
    outputs = [each for each in Replay(text, folder).outputs() if each.shown == each.block.text]
    for block, _, printed in reversed(outputs):
        text = text[: block.start] + printed + text[block.end :]
    return text


def main() -> None:
    for page in map(Path, sys.argv[1:]) if sys.argv[1:] else pages():
        with tempfile.TemporaryDirectory() as folder:
            page.write_text(written(page.read_text("utf-8"), Path(folder)), "utf-8")


if __name__ == "__main__":
    main()
