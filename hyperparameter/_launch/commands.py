"""Which function a command line runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeGuard, cast

from .._functions.signature import Signature
from .._values.describe import show
from .._values.keys import did_you_mean
from ..exceptions import UsageError

Function = Callable[..., Any]
_GENERATORS = 0x20 | 0x200  # flags of code objects: generator, async generator


def discover(*namespaces: Mapping[str, object]) -> list[Function]:
    """Return each decorated function of a program once, without those named `_...`.

    Where no function is decorated, its decorated classes are the commands: beside functions they
    are what those work with.  `RuntimeError` if there is none of either.
    """
    named = [
        value for names in namespaces for name, value in list(names.items()) if name[:1] != "_"
    ]
    functions = [value for value in named if not isinstance(value, type) and _can_run(value)]
    found = {id(value): value for value in functions}  # by identity: a command may have an alias
    if not found:
        found = {id(one): one for one in named if isinstance(one, type) and is_filled(one)}
    if not found:
        raise RuntimeError(
            "launch() found nothing decorated with @hp.param in the code that calls it. "
            "Decorate a function, or pass a class: hp.launch(Config)."
        )
    return list(found.values())


def _can_run(value: object) -> TypeGuard[Function]:
    signature = getattr(value, "__hp_signature__", None)
    return isinstance(signature, Signature) and not signature.code.co_flags & _GENERATORS


def is_filled(cls: type) -> bool:
    """Tell a class that `@hp.param` has decorated."""
    from .._functions import namespaced  # most programs launch functions

    return namespaced.signature_of(cls) is not None


def launchable(target: object) -> Function:
    """Return what launches a function or a class; `ValueError` for what cannot be launched.

    A class need not be decorated: its name is its namespace then.
    """
    if isinstance(target, type) and not is_filled(target):
        from .._functions.param import param

        try:
            target = param(target.__name__)(target)
        except TypeError as error:
            raise ValueError(f"{target.__name__} cannot be launched: {error}") from None
    signature_of(target)  # raises for any other object
    return cast("Function", target)


def signature_of(target: object) -> Signature:
    """Return the signature that `@hp.param` has made; `ValueError` for what cannot be launched."""
    if isinstance(target, type):
        from .._functions import namespaced

        signature: object = namespaced.signature_of(target)
    else:
        signature = getattr(target, "__hp_signature__", None)
    if not isinstance(signature, Signature):
        raise ValueError(_undecorated(target))
    if signature.code.co_flags & _GENERATORS:
        raise ValueError(
            f"{target!r} cannot be launched: it is a generator function, and nothing would "
            "advance the generator. Launch a function that loops over it."
        )
    return signature


def _undecorated(target: object) -> str:
    name = getattr(target, "__name__", "")
    if not callable(target) or not str(name).isidentifier():
        return (
            f"launch takes a function decorated with @hp.param, or a class, not {target!r:.200}. "
            "Write a function that calls it."
        )
    return (
        f"{name} is not decorated, so launch does not know its parameters. "
        f"Write @hp.param above it, or hp.launch(hp.param({name}))."
    )


def class_of(function: Function) -> type | None:
    """Return the class whose instances a launched class makes, None for a function."""
    if not isinstance(function, type):
        return None
    from .._functions import namespaced

    return namespaced.original(function)


def by_command(functions: Iterable[Function]) -> dict[str, Function]:
    """Return the functions by all names of their commands.

    A function's own name takes precedence over the last part of another's namespace.  A name that
    two functions share selects neither; a function left without a name has its whole namespace.
    """
    functions = list(functions)
    last = _unique(functions, lambda one: dashed(signature_of(one).namespace.rpartition(".")[2]))
    commands = {**last, **_unique(functions, lambda one: dashed(_own_name(one)))}
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
    one = class_of(function) or signature_of(function).function
    return str(one.__name__)


def function_for(command: str, functions: Iterable[Function]) -> Function:
    """Return the function of a command; `UsageError` with a suggestion if there is none."""
    commands = by_command(functions)
    function = commands.get(dashed(command)) or commands.get(command)
    if function is None:
        from .hints import for_word

        near = for_word(command) or did_you_mean(command, commands)
        known = "" if near else f" The commands are {', '.join(sorted(commands))}."
        raise UsageError(f"{show('', command)}: unknown command.{near}{known} See --help.")
    return function


def names_of(function: Function, functions: Iterable[Function]) -> list[str]:
    """Return the names of a function's command, the function's own name first."""
    names = [name for name, one in by_command(functions).items() if one is function]
    own = dashed(_own_name(function))
    return sorted(names, key=lambda name: (name != own, name))


def dashed(name: str) -> str:
    return name.strip("_").replace("_", "-")
