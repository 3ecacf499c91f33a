"""Jsonnet, evaluated in a process that can be stopped.

A Jsonnet file is a program: it may run without end, and its evaluators are written in C++ and
Rust, where too little memory or too deep a recursion ends the process.  So each evaluation has a
process of its own, `jsonnet_worker.py`, with limits.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from .._values.json_text import with_words
from .._values.masking import masked_text
from ..exceptions import ConfigurationError
from .text import FilePath, read_text

if TYPE_CHECKING:
    from .jsonnet_worker import Request

INSTALL = "pip install jsonnet, or pip install rjsonnet"
_WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "jsonnet_worker.py")
# Isolated mode: otherwise this folder would come first on the worker's path, and `text.py`, or a
# file on PYTHONPATH, could shadow a module that the evaluator imports.
_FLAGS = ["-I"]


class Limits(NamedTuple):
    """What one evaluation may use: seconds, bytes of address space, characters of the result.

    The defaults are far above the needs of any configuration.
    """

    seconds: float = 30.0
    memory: int = 2 << 30
    output: int = 64 << 20


class EvaluationError(ConfigurationError, RuntimeError):
    """Jsonnet cannot be evaluated; a `RuntimeError`, too, as of the evaluator itself."""


class BackendMissing(EvaluationError):
    """No package that evaluates Jsonnet is installed."""


def evaluate(
    path: FilePath,
    ext_vars: Mapping[str, str] | None = None,
    roots: Iterable[FilePath] = (),
    limits: Limits | None = None,
) -> object:
    """Return the value that a file evaluates to.

    It may import from its own directory downwards and from `roots`.  External variables are
    `ext_vars`, then those of the environment that the file asks for.
    """
    text = read_text(path)
    absolute = os.path.abspath(path)
    directory = os.path.dirname(absolute)
    allowed = [directory, *(os.path.abspath(root) for root in roots)]
    limits = limits or Limits()
    request = _request(absolute, text, ext_vars, limits, directory=directory, roots=allowed)
    return _run(os.fspath(path), request, limits)


def evaluate_snippet(
    text: str,
    name: str,
    ext_vars: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> object:
    """Return the value that `text` evaluates to; it cannot import anything."""
    limits = limits or Limits()
    return _run(name, _request(name, text, ext_vars, limits), limits)


def _request(
    name: str,
    text: str,
    ext_vars: Mapping[str, str] | None,
    limits: Limits,
    *,
    directory: str = "",
    roots: Iterable[str] = (),
) -> "Request":
    return {
        "name": name,
        "text": text,
        "directory": directory,
        "roots": list(roots),
        "variables": _checked(ext_vars or {}),
        "search": _search(),
        "seconds": limits.seconds,
        "memory": limits.memory,
        "output": limits.output,
    }


def _run(name: str, request: "Request", limits: Limits) -> object:
    with tempfile.TemporaryFile() as trace:  # not a pipe: RLIMIT_FSIZE limits a file
        code, answer = _ask(name, json.dumps(request).encode(), limits, trace)
        trace.seek(0)
        written = trace.read().decode("utf-8", "replace")
    word, newline, text = answer.decode().partition("\n")
    if not newline:  # the worker always answers, unless it was killed
        raise _crashed(name, code, written, limits)
    if written and sys.stderr:  # which is None in a program without a console
        sys.stderr.write(written)  # by std.trace
    if word != "ok":
        raise _error(name, word, text, limits)
    try:
        # Numbers are the evaluator's, which spells 1.10 as 1.1000000000000001.
        return with_words(json.loads(text))
    except (ValueError, RecursionError) as error:  # too many digits, too many levels
        raise EvaluationError(f"{name}: the result cannot be read as JSON: {error}.") from None


def _ask(name: str, request: bytes, limits: Limits, trace: IO[bytes]) -> tuple[int, bytes]:
    """Return exit code and answer; `run` kills the process on time-out and on Ctrl-C."""
    try:
        done = subprocess.run(
            [sys.executable, *_FLAGS, _WORKER],
            input=request,
            stdout=subprocess.PIPE,
            stderr=trace,
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EvaluationError(
            f"{name}: evaluation was stopped at the limit of {limits.seconds:g} seconds. Look for "
            "a recursion or an import that never ends."
        ) from None
    except OSError as error:
        raise EvaluationError(
            f"{name}: the process that evaluates Jsonnet cannot be started: {error}."
        ) from None
    return done.returncode, done.stdout


def _search() -> list[str]:
    """Return where the evaluator may be installed: wherever this process would find it."""
    return [entry for entry in sys.path if entry]  # "" would mean another directory in the worker


def _checked(ext_vars: Mapping[Any, Any]) -> dict[str, str]:
    for key, value in ext_vars.items():
        where = f"ext_vars[{key!r:.200}]"
        if not isinstance(key, str):
            raise ConfigurationError(
                f"{where}: the name is {type(key).__name__}, not text.", key=str(key)
            )
        if not isinstance(value, str):
            raise ConfigurationError(
                f"{where}: the value is {type(value).__name__}, not text. Pass text; the file "
                "converts it with std.parseJson(std.extVar(...)).",
                key=key,
            )
        if not _is_clean(key + value):
            raise ConfigurationError(
                f"{where}: name and value must be text that UTF-8 can encode, without NUL.",
                key=key,
            )
    return dict(ext_vars)


def _is_clean(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeError:  # half of a surrogate pair
        return False


def _crashed(name: str, code: int, written: str, limits: Limits) -> EvaluationError:
    # Out of memory, C++ aborts, and Rust prints "memory allocation of 8 bytes failed".
    if "memory" in written or code == -getattr(signal, "SIGABRT", 6):
        return _error(name, "memory", "", limits)
    return EvaluationError(
        f"{name}: the Jsonnet evaluator crashed (exit code {code}), often because of very deep "
        f"recursion. {written[-300:]}".rstrip()
    )


def _error(name: str, word: str, text: str, limits: Limits) -> EvaluationError:
    """Return the error that an answer of the worker means: `word` says what, `text` the details."""
    if word == "backend":
        return BackendMissing(
            f"{name}: Jsonnet needs an evaluator, and none is installed. Run: {INSTALL}"
        )
    messages = {
        "import": f"imports {text!r}, which is outside the directory of the file. Move it there, "
        "or load the file with Params.from_file, which takes more directories as roots=[...].",
        "snippet": f"imports {text!r}, but only a file can import. Put the text in a file.",
        "missing": f"an imported file cannot be read: {text}. Check its name and where it is.",
        "variable": f"the external variable {text!r} is set neither in ext_vars nor in the "
        "environment. Set it there, or load the file with Params.from_file, which takes "
        f"ext_vars={{{text!r}: ...}}.",
        "encoding": f"the environment variable {text!r} is not UTF-8. Load the file with "
        f"Params.from_file, which takes ext_vars={{{text!r}: ...}} instead.",
        "memory": f"evaluation was stopped at the limit of {limits.memory >> 20} MiB of memory. "
        "Look for a list or a text that grows without end.",
        "output": f"the result exceeds the limit of {limits.output} characters. Load large data in "
        "your program.",
    }
    fallback = f"evaluation failed: {masked_text(text[:2000].strip())}"
    return EvaluationError(f"{name}: {messages.get(word, fallback)}")
