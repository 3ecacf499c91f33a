"""Ends the workers of a launcher that is gone, by whatever signal, with all that they started.

It is a program of its own, which the launcher starts: a worker may be inside C code that no thread
of Python interrupts, and cannot end its own children once it is killed.  On stdin come lines as
`+PID` and `-PID`, the groups of processes that there are.
"""

import os
import select
import signal
import sys


def main(launcher: int) -> None:
    """Wait until the launcher has ended, or has closed stdin, and end what is left."""
    try:
        watched = [0, os.pidfd_open(launcher)]
    except OSError:  # it has ended already
        watched = [0]
    groups: set[int] = set()
    rest = b""
    os.set_blocking(0, False)
    while True:
        ready = select.select(watched, [], [])[0]
        data = _read()
        *lines, rest = (rest + (data or b"")).split(b"\n")
        for line in lines:
            (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
        if data == b"" or ready == watched[1:]:
            break
    for group in groups:
        end_group(group)


def _read() -> bytes | None:
    """Return what can be read now: nothing at the end, None before anything has come."""
    try:
        return os.read(0, 1 << 16)
    except BlockingIOError:
        return None


def end_group(group: int) -> None:
    """Kill all processes of a worker's group, or the worker that has not made its group yet."""
    for kill in (os.killpg, os.kill):
        try:
            kill(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
        return


if __name__ == "__main__":
    main(int(sys.argv[1]))
