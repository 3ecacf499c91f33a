"""The error of a value that is not what is wanted: what was set, where, and what it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from .._values.convert import Unconvertible
from .._values.describe import show
from .._values.json_text import loads
from .._values.masking import MASK
from .._values.origin import Origin, RawOrigin, resolve
from .._values.secrets import is_secret
from .._values.untyped import UntypedText, plain
from ..exceptions import HyperparameterError
from .whole import Whole

_OMEGACONF_MISSING = "???"

E = TypeVar("E", bound=HyperparameterError)


def refusal(kind: type[E], key: str, found: Whole, problem: Unconvertible) -> E:
    """Return an error of one line about the value of a key, or about all keys."""
    steps = [*(key.split(".") if key else []), *problem.path]
    path = ".".join(map(str, steps))
    bound = next(_bound(path, found.origins), found.origin if key else None)
    origin = None if bound is None else resolve(bound)
    value = problem.value
    shown = _shown(path, value, origin)
    reason = problem.reason or f"{shown} is not {problem.wanted or 'what is wanted here'}"
    end = "" if reason.endswith(("?", ".")) else "."
    message = f"{_subject(steps, origin)}: {reason}{end}{_advice(steps, problem, origin, shown)}"
    return kind(message, key=key or path, value=shown, origin=origin)


def _shown(path: str, value: object, origin: Origin | None) -> str:
    """Return a value as whoever set it has written it."""
    found = value.text if isinstance(value, UntypedText) else plain(value)
    if isinstance(found, Mapping) and is_secret(path):  # whose names may be the secret
        return MASK
    if origin is not None and origin.kind == "file":
        if found is None:
            return "null"
        if type(found).__module__ == "datetime" and hasattr(found, "isoformat"):
            return str(found.isoformat())
    return show(path, found)


def _advice(
    steps: list[str | int], problem: Unconvertible, origin: Origin | None, shown: str
) -> str:
    """Say how a list is written, where one word has been given for several values."""
    if origin is None or problem.reason or not isinstance(problem.value, UntypedText):
        return ""
    text = problem.value.text
    if shown != repr(text):  # masked, or shortened
        return ""
    if text == _OMEGACONF_MISSING:
        return " OmegaConf writes it for what must be set: give a value."
    inner = text.strip().removeprefix("[").removesuffix("]")
    parts = [part.strip() for part in inner.split(",") if part.strip()]
    if "[" in inner or "{" in inner:  # whose parts are not between commas
        listed = " Write a list as JSON: in brackets, with each text in double quotes."
    else:
        listed = f" Write a list in brackets: [{','.join(map(_as_json, parts))}]."
    if problem.wanted == "a list" or problem.wanted.startswith(f"a list of {len(parts)} item"):
        return listed
    if not (steps and isinstance(steps[-1], int) and "," in text):
        return ""
    flag = origin.location
    if origin.kind != "cli" or not flag.startswith("--") or flag == "--sweep":
        return listed
    example = f": {flag} {' '.join(parts)}" if len(parts) > 1 else ", and without commas"
    return f" Separate values with spaces{example}."


def _as_json(text: str) -> str:
    """Return a word as an item of a list in JSON: a number as it is, text in quotes."""
    try:
        loads(text)
    except (ValueError, RecursionError):
        import json  # which few programs need

        return json.dumps(text, ensure_ascii=False)
    return text


def _bound(path: str, origins: Mapping[str, RawOrigin]) -> Iterator[RawOrigin]:
    """Yield where the parts of the way to a value were bound, the longest first; or those of it."""
    above = path
    while above:
        if above in origins:
            yield origins[above]
        above = above.rpartition(".")[0]
    for key, origin in origins.items():
        if path and key.startswith(f"{path}."):
            yield origin


def _subject(steps: list[str | int], origin: Origin | None) -> str:
    """Return what a message is about, as the user wrote it: an option, or a key and its place."""
    if origin is None:
        return _path(steps) if steps else "The configuration"
    if origin.kind != "cli":
        return f"{_path(steps)} ({origin})"
    flag = origin.location
    if flag.startswith("-") and not flag.startswith("--"):
        return f"{flag} {_path(steps)}"
    name = flag.removeprefix("--").replace("-", "_").lower()
    for count in range(len(steps), 0, -1):
        if ".".join(map(str, steps[:count])).lower().endswith(name):
            return f"{flag}{_path(['', *steps[count:]])}"
    return f"{flag} ({_path(steps)})"


def _path(steps: list[str | int]) -> str:
    first, *rest = steps
    return "".join([str(first), *(f"[{s}]" if isinstance(s, int) else f".{s}" for s in rest)])
