"""Jsonnet, evaluated in a process that can be stopped.

A configuration is a program here: it may run away, and the evaluators are written in languages
where that ends the process.  So each evaluation has its own, with limits.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from typing import IO, Any, NamedTuple

from ..exceptions import ConfigurationError
from .text import read_text

INSTALL = "pip install 'hyperparameter-dist[jsonnet]'"
_WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "jsonnet_worker.py")
_FLAGS = ["-I"]  # no file beside the configuration is mistaken for a module


class Limits(NamedTuple):
    """What one evaluation may use: seconds, bytes of address space, characters of result."""

    seconds: float = 30.0
    memory: int = 2 << 30
    output: int = 64 << 20


class BackendMissing(ConfigurationError):
    """No package that evaluates Jsonnet is installed."""


def evaluate(
    path: str | os.PathLike[str],
    ext_vars: Mapping[str, str] | None = None,
    roots: Iterable[str | os.PathLike[str]] = (),
    limits: Limits | None = None,
) -> Any:
    """Return what the file evaluates to.

    It may import from its own directory downwards and from `roots`.  External variables are
    `ext_vars`, then those of the environment that it asks for.
    """
    text = read_text(path)
    absolute = os.path.abspath(path)
    directory = os.path.dirname(absolute)
    request = {
        "name": absolute,
        "text": text,
        "directory": directory,
        "roots": [directory, *(os.path.abspath(root) for root in roots)],
    }
    return _run(os.fspath(path), request, ext_vars, limits or Limits())


def evaluate_snippet(
    text: str,
    name: str,
    ext_vars: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Any:
    """Return what `text` evaluates to; it can import nothing."""
    request = {"name": name, "text": text, "directory": "", "roots": []}
    return _run(name, request, ext_vars, limits or Limits())


def _run(
    name: str, request: dict[str, Any], ext_vars: Mapping[str, str] | None, limits: Limits
) -> Any:
    asked = {
        **request,
        "variables": _checked(ext_vars or {}),
        "search": _search(),
        **limits._asdict(),
    }
    with tempfile.TemporaryFile() as trace:
        code, answer = _ask(name, json.dumps(asked).encode(), limits, trace)
        trace.seek(0)
        said = trace.read().decode("utf-8", "replace")
    word, newline, text = answer.decode().partition("\n")
    if not newline:
        raise _crashed(name, code, said, limits)
    if said and sys.stderr:
        sys.stderr.write(said)  # of std.trace
    if word != "ok":
        raise _error(name, word, text, limits)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} evaluates to what is no usable JSON: {error}.") from None


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
        raise ConfigurationError(
            f"{name} ran longer than {limits.seconds:g} seconds and was stopped. Look for a "
            "recursion without end, or an import that never ends."
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{name}: no process can be started for it: {error}.") from None
    return done.returncode, done.stdout


def _search() -> list[str]:
    """Return where the evaluator may be installed: wherever this process would find it."""
    return [entry for entry in sys.path if entry]


def _checked(ext_vars: Mapping[Any, Any]) -> dict[str, str]:
    for key, value in ext_vars.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise ConfigurationError(
                f"External variable {key!r:.200} is {type(value).__name__}, not text. Pass text; "
                "the file makes a number of it by std.parseJson(std.extVar(...)).",
                key=str(key),
            )
        if not _is_clean(key + value):
            raise ConfigurationError(
                f"External variable {key!r:.200} is not text in UTF-8 without NUL.", key=key
            )
    return dict(ext_vars)


def _is_clean(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeError:
        return False


def _crashed(name: str, code: int, said: str, limits: Limits) -> ConfigurationError:
    if "memory" in said or code == -getattr(signal, "SIGABRT", 6):
        return _error(name, "memory", "", limits)
    return ConfigurationError(
        f"{name} made the Jsonnet evaluator crash (exit code {code}), as a very deep recursion "
        f"does. {said[-300:]}".rstrip()
    )


def _error(name: str, word: str, text: str, limits: Limits) -> ConfigurationError:
    if word == "backend":
        return BackendMissing(f"{name} needs Jsonnet, and no evaluator is installed: {INSTALL}")
    messages = {
        "import": f"{name} imports {text!r}, which is outside its own directory tree. Move the "
        "file there, or pass its directory in roots=[...].",
        "snippet": f"{name} imports {text!r}, and a text that is no file can import nothing. Put "
        "the import in a file.",
        "missing": f"{name} imports a file that cannot be read: {text}.",
        "variable": f"{name} asks for the external variable {text!r}, which neither ext_vars nor "
        f"the environment has. Set it, or pass ext_vars={{{text!r}: ...}}.",
        "encoding": f"{name} asks for the environment variable {text!r}, whose value is not "
        f"UTF-8. Pass ext_vars={{{text!r}: ...}} instead.",
        "memory": f"{name} needs more than the limit of {limits.memory >> 20} MiB of memory and "
        "was stopped. Make it smaller; look for a list or a text that grows without end.",
        "output": f"{name} evaluates to more than the limit of {limits.output} characters.",
    }
    fallback = f"{name} cannot be evaluated as Jsonnet: {text[:2000].strip()}"
    return ConfigurationError(messages.get(word, fallback))
