"""Programs of the collection tests: files of their own, which their workers import."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

HELPERS = Path(__file__).parent
MARK = "HP_TEST_OF_COLLECTION"

PROLOGUE = """
    import asyncio, contextvars, functools, json, multiprocessing as mp, os, signal, sys, threading
    import time
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    from pathlib import Path
    import hp_dist, hp_dist.futures, hyperparameter as hp
    from collect_work import *
    from patience import PATIENCE, wait_until

    def show(value):
        sys.stdout.write(f"=> {json.dumps(value)}\\n")  # at once: other threads print beside it
        sys.stdout.flush()
"""
RAY = """
    import ray

    def connect(log_to_driver=False, **options):
        own = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": 100 << 20}
        address = os.environ.get("RAY_OF_TESTS")
        ray.init(address=address, logging_level="ERROR", log_to_driver=log_to_driver,
                 **({} if address else {**own, **options}))

    def get(references):
        return ray.get(references, timeout=PATIENCE)

    def alive():
        from ray._private.state import actors
        job = ray.get_runtime_context().get_job_id()
        return [one for one in actors().values()
                if one["State"] == "ALIVE" and one["JobID"] == job]
"""
EPILOGUE = """
    if __name__ == "__main__":
        main()
"""


@dataclass
class Ended:
    """A program that has ended."""

    shown: list[Any]
    stderr: str


Run = Callable[..., Ended]


def _marked(mark: str) -> list[int]:
    """Return the processes that have the mark in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found


def leftovers(mark: str, seconds: float = 100) -> list[int]:
    """Return the processes that are still there after a while, and end them."""
    end = time.monotonic() + seconds
    while (left := _marked(mark)) and time.monotonic() < end:
        time.sleep(0.05)  # trackers of resources end a moment after their program
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return left


def start(
    body: str, folder: Path, temporary: Path, args: Sequence[str], before: Sequence[str], env: Any
) -> tuple["subprocess.Popen[str]", str]:
    mark = uuid.uuid4().hex
    program = folder / f"{mark[:8]}" / "program.py"
    program.parent.mkdir()
    program.write_text(dedent(PROLOGUE) + dedent(body) + dedent(EPILOGUE))
    path = [str(HELPERS), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [*before, sys.executable, str(program), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=program.parent,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path),
            "TMPDIR": str(temporary),
            MARK: mark,
            **env,
        },
    )
    return process, mark


def json_of(output: str) -> list[Any]:
    """Return what a program has shown."""
    shown = [line for line in output.splitlines() if line.startswith("=>")]
    return [json.loads(line.removeprefix("=>")) for line in shown]
