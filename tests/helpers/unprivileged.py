"""Commands that have to keep to the permissions of files, also where root runs the tests."""

import os
import subprocess
import sys
from pathlib import Path

# Root without these is asked for permission as everybody else is, and still finds its Python.
_ABOVE_PERMISSIONS = "-dac_override,-dac_read_search"


def unprivileged(*command: str) -> list[str]:
    if os.geteuid() != 0:
        return list(command)
    without = f"--bounding-set={_ABOVE_PERMISSIONS}", f"--inh-caps={_ABOVE_PERMISSIONS}"
    return ["setpriv", *without, *command]


def run_unprivileged(program: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a Python program in a folder."""
    return subprocess.run(
        unprivileged(sys.executable, "-c", program),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
