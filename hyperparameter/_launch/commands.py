"""Which function a command line runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeGuard

from .._functions.signature import Signature
from .._values.describe import show
from .._values.keys import did_you_mean
from ..exceptions import UsageError

Function = Callable[..., Any]
_GENERATORS = 0x20 | 0x200  # flags of code objects: generator, async generator


def discover(*namespaces: Mapping[str, object]) -> list[Function]:
    """Return each decorated function of a program once, without those named `_...`.

    `RuntimeError` if there is none.
    """
    found: dict[int, Function] = {}
    for names in namespaces:
        for name, value in list(names.items()):
            if not name.startswith("_") and not isinstance(value, type) and _can_run(value):
                found.setdefault(id(value), value)  # by identity: a command may have an alias
    if not found:
        raise RuntimeError(
            "launch() found no function decorated with @hp.param in the code that calls it. "
            "Decorate one, or pass it: hp.launch(main)."
        )
    return list(found.values())


def _can_run(value: object) -> TypeGuard[Function]:
    signature = getattr(value, "__hp_signature__", None)
    return isinstance(signature, Signature) and not signature.code.co_flags & _GENERATORS


def signature_of(function: object) -> Signature:
    """Return the signature that `@hp.param` has made; `ValueError` for what cannot be launched."""
    signature = getattr(function, "__hp_signature__", None)
    if isinstance(function, type) or not isinstance(signature, Signature):
        raise ValueError(
            f"{function!r} cannot be launched: launch takes a function decorated with @hp.param."
        )
    if signature.code.co_flags & _GENERATORS:
        raise ValueError(
            f"{function!r} cannot be launched: it is a generator function, and nothing would "
            "advance the generator. Launch a function that loops over it."
        )
    return signature


def by_command(functions: Iterable[Function]) -> dict[str, Function]:
    """Return the functions by all names of their commands.

    A function's own name takes precedence over the last part of another's namespace.  A name that
    two functions share selects neither; a function left without a name has its whole namespace.
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


def function_for(command: str, functions: Iterable[Function]) -> Function:
    """Return the function of a command; `UsageError` with a suggestion if there is none."""
    commands = by_command(functions)
    function = commands.get(_dashed(command)) or commands.get(command)
    if function is None:
        near = did_you_mean(command, commands)
        known = "" if near else f" The commands are {', '.join(sorted(commands))}."
        raise UsageError(f"{show('', command)}: unknown command.{near}{known} See --help.")
    return function


def names_of(function: Function, functions: Iterable[Function]) -> list[str]:
    """Return the names of a function's command, the function's own name first."""
    names = [name for name, one in by_command(functions).items() if one is function]
    own = _dashed(_own_name(function))
    return sorted(names, key=lambda name: (name != own, name))


def _dashed(name: str) -> str:
    return name.strip("_").replace("_", "-")
