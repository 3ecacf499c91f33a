"""A job that was submitted: its output as it comes, its end, and what Ctrl-C does."""

from __future__ import annotations

import io
import signal
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hyperparameter._engine_interface import print_message

from .server import JobServer, Refused, Unreachable

if TYPE_CHECKING:
    from ray.job_submission import JobDetails

_SILENCE = 1.0  # seconds without output until the server is asked how the job is
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds between attempts to reach the server again
_POLL = 2.0
_ENDED = ("SUCCEEDED", "FAILED", "STOPPED")
INTERRUPTED, STOPPED = 130, 143
"""Exit statuses, as of a process that Ctrl-C or SIGTERM ends."""


class Following:
    """One job, and how many characters of its output were printed."""

    def __init__(self, server: JobServer, name: str) -> None:
        self._server = server
        self._name = name
        self._printed = 0
        self._has_asked = False

    def detach(self) -> int:
        """Print the name of the job, and on stderr how to follow it."""
        print(self._name, flush=True)  # noqa: T201  # the output
        print_message(f"hp: follow it with: {self._command('logs --follow')}")
        return 0

    def follow(self) -> int:
        """Print the output of the job until it has ended; return the exit status."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        while True:
            try:
                return self._status()
            except KeyboardInterrupt:
                if not self._continues():
                    return INTERRUPTED
            except BrokenPipeError:
                self._tell_how_it_continues("nobody reads the output")
                raise

    def _status(self) -> int:
        info = self._until_its_end()
        if info is None:
            return 1
        self._print_rest(info)
        if info.status == "STOPPED":
            print_message(f"hp: job {self._name} was stopped.")
            return INTERRUPTED if self._has_asked else STOPPED
        return self._exit_status(info)

    def _exit_status(self, info: JobDetails) -> int:
        """Return the status of the script, or 1 where it never ran or its end is unknown."""
        code: int | None = getattr(info, "driver_exit_code", None)
        if info.status == "SUCCEEDED":
            return 0
        if code is None:
            print_message(f"hp: job {self._name} failed: {_in_one_line(info.message or '')}")
            return 1
        if code < 0:
            print_message(f"hp: job {self._name} was killed by {_signal_name(-code)}.")
            return 128 - code
        return code

    def _until_its_end(self) -> JobDetails | None:
        """Print output until the job has ended; return None if the server cannot be reached."""
        pauses, is_lost = iter(_PAUSES), False
        while True:
            before = self._printed
            try:
                info = self._print_more()
                if info.status in _ENDED:
                    return info
                problem = "the output ends too early."
            except Unreachable as error:
                problem = str(error)
            except Refused as error:  # as of a cluster that has been started anew
                print_message(f"hp: job {self._name}: {error}")
                return None
            if self._printed > before:
                pauses, is_lost = iter(_PAUSES), False
            pause = next(pauses, None)
            if pause is None:
                return self._without_output(problem)
            if not is_lost:
                print_message(f"hp: lost {self._server.address}: {problem} Trying again.")
                is_lost = True
            time.sleep(pause)

    def _print_more(self) -> JobDetails:
        """Print what the server has of the output behind what was printed; say how the job is.

        The server sends the output from its beginning each time.
        """
        self._print_new(self._server.tail(self._name, _SILENCE))
        return self._server.info(self._name)

    def _print_new(self, output: Iterable[str]) -> None:
        """Print what of the output, which begins at its beginning, was not printed yet."""
        known, position = self._printed, 0
        for chunk in output:
            # It raises where the connection is dead.  For the end of what it sends, Ray takes four
            # seconds longer than the job, and the rest is in the file.
            if not chunk and self._server.info(self._name).status in _ENDED:
                return
            new = chunk[max(0, known - position) :]
            position += len(chunk)
            if new:
                sys.stdout.write(new)
                sys.stdout.flush()
                self._printed += len(new)

    def _print_rest(self, info: JobDetails) -> None:
        """Print what was not sent while it came.

        For a byte that is not UTF-8 and for a line of more than 4 MB, Ray ends what it sends, as
        if that was all.
        """
        if not info.driver_node_id:  # it never ran
            return
        try:
            self._print_new(self._server.file(self._name, info.driver_node_id))
        except (Unreachable, Refused) as error:
            print_message(f"hp: there may be more output, which cannot be read: {error}")

    def _without_output(self, problem: str) -> JobDetails | None:
        """Wait for the end of a job whose output cannot be had; None without any answer."""
        is_told = False
        while True:
            try:
                info = self._server.info(self._name)
            except (Unreachable, Refused) as error:
                self._tell_how_it_continues(f"{self._server.address} cannot be reached: {error}")
                return None
            if info.status in _ENDED:
                return info
            if not is_told:
                print_message(f"hp: {problem} Waiting for the end of job {self._name} without it.")
                is_told = True
            time.sleep(_POLL)

    def _continues(self) -> bool:
        """Ask after Ctrl-C whether to stop the job; tell whether to follow it further."""
        if self._has_asked or not (_is_terminal(sys.stdin) and _is_terminal(sys.stderr)):
            self._tell_how_it_continues("interrupted")
            return False
        try:
            if not _agrees(f"\nStop job {self._name}? [y/N] "):
                return True
            self._server.stop(self._name)
        except KeyboardInterrupt:
            self._tell_how_it_continues("interrupted")
            return False
        except (Unreachable, Refused) as error:
            self._tell_how_it_continues(f"it was not stopped: {error}")
            return False
        self._has_asked = True
        return True

    def _tell_how_it_continues(self, why: str) -> None:
        why = why.rstrip(".")
        print_message(
            f"hp: {why}; job {self._name} continues. Follow it with: "
            f"{self._command('logs --follow')}; stop it with: {self._command('stop')}"
        )

    def _command(self, verb: str) -> str:
        return f"ray job {verb} --address {self._server.address} {self._name}"


def _is_terminal(stream: io.TextIOBase | object) -> bool:
    isatty = getattr(stream, "isatty", None)
    return isatty is not None and bool(isatty())


def _agrees(question: str) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _in_one_line(message: str) -> str:
    return " ".join(message.split())[:500] or "Ray does not say why."
