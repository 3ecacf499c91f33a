"""What a hello-world program costs with other libraries; run in an environment of their own.

Prints, as JSON, by name: milliseconds of a whole process over those of argparse, in the same turns.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from measure import programs_in_turns

PROGRAMS = Path(__file__).parent / "programs"
HYDRA = ["hydra.run.dir=.", "hydra.output_subdir=null"]  # it would leave files behind
COMMANDS = {
    "argparse": (["you"], ["--help"]),
    "click": (["you"], ["--help"]),
    "typer": (["you"], ["--help"]),
    "tyro": (["you"], ["--help"]),
    "jsonargparse": (["you"], ["--help"]),
    "hydra": (["name=you", *HYDRA], ["--help", *HYDRA]),
}


def main() -> None:
    commands = {}
    for name, (run, ask) in COMMANDS.items():
        program = str(PROGRAMS / f"hello_{name}.py")
        commands[f"hello-world with {name}"] = [program, *run]
        commands[f"its --help with {name}"] = [program, *ask]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        taken = programs_in_turns(commands)
    base = {kind: taken[f"{kind} with argparse"].median for kind in ("hello-world", "its --help")}
    print(json.dumps({
        name: {"ms": one.median, "ms over argparse": one.median - base[name.partition(" with ")[0]]}
        for name, one in taken.items()
    }))  # fmt: skip


if __name__ == "__main__":
    main()
