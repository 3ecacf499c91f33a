"""What becomes of a program that a test has started."""

import contextlib
import os
import signal
import subprocess
from typing import Any

from patience import PATIENCE


def output_of(process: "subprocess.Popen[Any]") -> tuple[Any, Any]:
    """Wait until a program has ended, and return what it has written to stdout and stderr.

    If it does not end, its process group is killed (if it leads one) and the test fails with what
    the program had written: one that hangs leaves no process and no open file to later tests.
    """
    try:
        return process.communicate(timeout=PATIENCE)
    except BaseException as error:
        said = _stopped(process)
        if isinstance(error, (subprocess.TimeoutExpired, TimeoutError)):
            raise AssertionError(f"{process.args} does not end: {said}") from error
        raise


def _stopped(process: "subprocess.Popen[Any]") -> str:
    with contextlib.suppress(ProcessLookupError):  # it does not lead a group
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    try:
        output, errors = process.communicate(timeout=10)
    except subprocess.TimeoutExpired as still:  # a process of another group has its pipes
        output, errors = still.output, still.stderr
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    process.wait()
    return f"stdout {output!r}, stderr {errors!r}"
