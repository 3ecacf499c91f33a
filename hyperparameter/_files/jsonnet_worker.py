"""Evaluate one Jsonnet text in a process of its own; `from_jsonnet` runs this file as a script.

It reads a `Request` as JSON from standard input, and writes one word, a line end and a text to
standard output: "ok" and the result, or what went wrong and its details.  It imports nothing of
the package and not even `typing`: that would take longer than most evaluations.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys

TYPE_CHECKING = False  # type checkers take this name for that of typing
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypedDict

    class Request(TypedDict):
        """What to evaluate, and what it may use."""

        name: str
        text: str
        directory: str  # where relative imports start; "" for a text that cannot import
        roots: list[str]  # the directories that it may import from
        variables: dict[str, str]
        search: list[str]  # where the evaluator may be installed
        seconds: float
        memory: int
        output: int


# Both evaluators name a missing variable only in the text of an error.
_UNDEFINED = re.compile(r"external variable(?: is not defined)?: ([^\r\n]*)")
_MOST_TRACE = 1 << 20


class _Failure(Exception):
    """Ends the evaluation; the arguments are the word and the text of the answer."""


def _limit(request: Request) -> None:
    """Bound this process."""
    try:
        import resource
    except ImportError:  # Windows: only the time limit of the parent
        return
    # Normally the parent's time-out comes first; this one is for when the parent was killed.
    seconds = int(request["seconds"]) + 2
    for kind, most in (
        ("RLIMIT_AS", request["memory"]),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_FSIZE", _MOST_TRACE),  # of std.trace, which goes to a file
    ):
        hard = resource.getrlimit(getattr(resource, kind))[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(getattr(resource, kind), (soft, hard))
        except (OSError, ValueError):  # a system without this limit
            continue


def _backend(search: list[str]) -> tuple[Callable[..., str], bool]:
    """Return the function that evaluates, and whether it wants imported files as bytes."""
    sys.path += [entry for entry in search if entry not in sys.path]
    try:
        import _jsonnet
    except ImportError:
        try:
            import rjsonnet
        except ImportError:
            raise _Failure("backend", "") from None
        return rjsonnet.evaluate_snippet, False
    return _jsonnet.evaluate_snippet, True


class _Imports:
    """Finds imported files inside `roots`; `refused` keeps the reasons for those that failed.

    The evaluators replace whatever is raised here by an error with a text of their own.
    """

    def __init__(self, roots: list[str], binary: bool) -> None:
        self.roots = [os.path.realpath(root) for root in roots]
        self.binary = binary
        self.refused: list[tuple[str, str]] = []

    def __call__(self, base: str, name: str) -> tuple[str, bytes | str]:
        path = os.path.join(base, name)
        if not self._is_inside(os.path.realpath(path)):  # a link counts as its target
            self.refused.append(("import" if self.roots else "snippet", name))
            raise RuntimeError(f"{name} is outside")
        try:
            with open(path, "rb") as file:
                content = file.read()
            return path, content if self.binary else content.decode()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            self.refused.append(("missing", f"{name}: {reason}"))
            raise
        except MemoryError:
            self.refused.append(("memory", ""))
            raise

    def _is_inside(self, path: str) -> bool:
        try:
            return any(os.path.commonpath([root, path]) == root for root in self.roots)
        except ValueError:  # another drive
            return False


def _evaluate(request: Request) -> str:
    run, binary = _backend(request["search"])
    imports = _Imports(request["roots"], binary)
    variables = dict(request["variables"])
    if request["directory"]:
        os.chdir(request["directory"])  # where rjsonnet lets imports of a snippet start
    # Try again for each missing variable: passing on the whole environment would let a file
    # read all of it.
    while True:
        try:
            return run(
                request["name"], request["text"], ext_vars=variables, import_callback=imports
            )
        except (RuntimeError, ValueError) as error:
            if imports.refused:
                raise _Failure(*imports.refused[-1]) from None
            missing = _UNDEFINED.search(str(error))
            # A variable that has been passed cannot be missing: the file itself raised the text.
            if not missing or missing[1] in variables:
                raise _Failure("error", str(error)) from None
            variables[missing[1]] = _from_environment(missing[1])


def _from_environment(name: str) -> str:
    try:
        if os.name == "posix":  # as bytes: os.environ turns what is not UTF-8 into surrogates
            return os.environb[name.encode()].decode()
        return os.environ[name]
    except KeyError:
        raise _Failure("variable", name) from None
    except UnicodeError:
        raise _Failure("encoding", name) from None


def _answer(request: Request) -> tuple[str, str]:
    try:
        _limit(request)
        result = _evaluate(request)
    except _Failure as failure:
        word, text = failure.args
        return word, text
    except MemoryError:
        return "memory", ""
    return ("output", "") if len(result) > request["output"] else ("ok", result)


def main() -> None:
    """Answer the request on standard input."""
    # End at once on Ctrl-C: Python's own handler waits until the evaluator returns.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    word, text = _answer(json.load(sys.stdin.buffer))
    sys.stdout.buffer.write(f"{word}\n{text}".encode("utf-8", "backslashreplace"))


if __name__ == "__main__":
    main()
