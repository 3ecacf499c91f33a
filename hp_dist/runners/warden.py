"""Ends the workers of a launcher that is gone, by whatever signal, with all that they started.

It is a program of its own, which the launcher starts: a worker may be inside C code that no thread
of Python interrupts, and cannot end its own children once it is killed.  On stdin come lines as
`+PID` and `-PID`, the groups of processes that there are.
"""

import os
import select
import signal
import sys
from contextlib import suppress


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
    """Kill a worker with all processes of its group, and its descendants that have left that.

    A worker that has not made its group yet is killed by itself.
    """
    descendants = _descendants(group)
    for kill in (os.killpg, os.kill):
        try:
            kill(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
        break
    for process in descendants:
        with suppress(OSError):  # it has ended with its group
            signal.pidfd_send_signal(process, signal.SIGKILL)
        os.close(process)


def _descendants(worker: int) -> list[int]:
    """Return handles of the processes below a worker, as far as the system tells."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if hasattr(signal, "pidfd_send_signal") else ():
        with suppress(OSError, ValueError):  # it has ended, or is none
            with open(f"/proc/{int(name)}/stat", "rb") as file:
                # What is before the last bracket is a name, and may hold anything.
                parent = int(file.read().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(name))
    found, waiting = [], children.get(worker, [])
    while waiting:
        pid = waiting.pop()
        waiting.extend(children.get(pid, ()))
        with suppress(OSError):
            found.append(os.pidfd_open(pid))
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]))
