"""Programs that are swept, written into a folder and started as a user does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from programs import output_of

NOTED = '''
import json, os, time
import hyperparameter as hp

def note(**what):
    """Keep what a run has done, in one write: processes append side by side."""
    line = json.dumps(what) + "\\n"
    handle = os.open("noted", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, line.encode())
    os.close(handle)
'''


class Ended(NamedTuple):
    status: int
    output: str
    errors: str


class Program:
    """A script `train.py` in a folder of its own, with what its runs have noted."""

    def __init__(
        self, folder: Path, body: str, environment: Mapping[str, str] = os.environ
    ) -> None:
        self.folder = folder
        self._environment = environment
        self.edit(body)

    def edit(self, body: str) -> None:
        guard = '\n\nif __name__ == "__main__":\n    hp.launch(train)\n'
        (self.folder / "train.py").write_text(NOTED + body + guard)

    def start(self, *words: str, **options: object) -> subprocess.Popen[str]:
        env = dict(self._environment)
        env.pop("PYTHONPATH", None)
        return subprocess.Popen(
            [sys.executable, "train.py", *words], cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            env={**env, "COLUMNS": "200"}, start_new_session=True, **options,
        )  # type: ignore[call-overload]  # fmt: skip

    def run(self, *words: str) -> Ended:
        process = self.start(*words)
        output, errors = output_of(process)
        return Ended(process.returncode, output, errors)

    def hp(self, *words: str) -> Ended:
        """Run the command `hp` beside the program."""
        done = subprocess.run(
            [sys.executable, "-m", "hyperparameter.cli", *words], cwd=self.folder, text=True,
            capture_output=True, timeout=150, check=False, env={**os.environ, "COLUMNS": "200"},
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    @property
    def noted(self) -> list[dict[str, object]]:
        path = self.folder / "noted"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def forget(self) -> None:
        (self.folder / "noted").unlink(missing_ok=True)

    @property
    def sweeps(self) -> list[str]:
        path = self.folder / "sweeps"
        return sorted(one.name for one in path.iterdir()) if path.exists() else []


def rows(output: str) -> list[dict[str, str]]:
    """Return the lines of the table of results by their columns."""
    lines = output.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("Results")) + 1
    names = lines[at].split()
    found = []
    for line in lines[at + 1 :]:
        if not line.strip():
            break
        cells = re.split(r"\s{2,}", line.strip())
        found.append(dict(zip(names, cells, strict=False)))
    return found
