"""Which function a command line runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._functions.signature import Signature
from .._values.keys import did_you_mean
from ..exceptions import UsageError

Function = Callable[..., Any]
_GENERATORS = 0x20 | 0x200  # flags of code objects: generator, async generator


def discovered(*namespaces: Mapping[str, Any]) -> list[Function]:
    """Return the decorated functions of a program, each once, but those named `_...`.

    `RuntimeError` where there is none.
    """
    found: dict[int, Function] = {}
    for names in namespaces:
        for name, value in list(names.items()):
            if not name.startswith("_") and not isinstance(value, type) and is_decorated(value):
                found.setdefault(id(value), value)
    if not found:
        raise RuntimeError(
            "launch() found no function decorated with @hp.param where it is called. "
            "Decorate one, or give it: hp.launch(main)."
        )
    return list(found.values())


def is_decorated(function: Any) -> bool:
    signature = getattr(function, "__hp_signature__", None)
    return isinstance(signature, Signature) and not signature.code.co_flags & _GENERATORS


def signature_of(function: Any) -> Signature:
    """Return what the decorator knows of a function; `ValueError` where it is not decorated."""
    if isinstance(function, type):
        raise ValueError(f"launch takes a function decorated with @hp.param, not {function!r}.")
    signature = getattr(function, "__hp_signature__", None)
    if not isinstance(signature, Signature):
        raise ValueError(
            f"launch takes a function decorated with @hp.param, not {function!r}. Decorate it."
        )
    if signature.code.co_flags & _GENERATORS:
        raise ValueError(f"launch runs no generator such as {function!r}: nobody would advance it.")
    return signature


def by_name(functions: Iterable[Function]) -> dict[str, Function]:
    """Return the functions by the names of their commands: first the one that help shows.

    A function's own name comes before the last part of another's namespace, and that before its
    whole namespace; a name that two could have is nobody's.
    """
    functions = list(functions)
    last = _unique(functions, lambda one: _dashed(signature_of(one).namespace.rpartition(".")[2]))
    commands = {**last, **_unique(functions, lambda one: _dashed(_own_name(one)))}
    for one in functions:
        if one not in commands.values():
            commands[signature_of(one).namespace] = one
    return commands


def _unique(functions: list[Function], name_of: Callable[[Function], str]) -> dict[str, Function]:
    names: dict[str, list[Function]] = {}
    for one in functions:
        names.setdefault(name_of(one), []).append(one)
    return {name: ones[0] for name, ones in names.items() if len(ones) == 1}


def _own_name(function: Function) -> str:
    return str(signature_of(function).function.__name__)


def chosen(name: str, functions: Iterable[Function]) -> Function:
    """Return the function of a command; `UsageError` with the near ones where there is none."""
    commands = by_name(functions)
    function = commands.get(_dashed(name)) or commands.get(name)
    if function is None:
        near = did_you_mean(name, commands)
        known = "" if near else f" Known are {', '.join(sorted(commands))}."
        raise UsageError(f"unknown command {name!r}.{near}{known} See --help.")
    return function


def names_of(function: Function, functions: Iterable[Function]) -> list[str]:
    """Return the names of a function's command, its own one first."""
    names = [name for name, one in by_name(functions).items() if one is function]
    own = _dashed(_own_name(function))
    return sorted(names, key=lambda name: (name != own, name))


def _dashed(name: str) -> str:
    return name.strip("_").replace("_", "-")
