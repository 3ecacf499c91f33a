"""The run: the call of a program's function in the scopes that the command line sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from .._functions.awaiting import settled
from .._functions.signature import Signature
from .._records.record import Record
from .._scopes import ambient, frames
from .._scopes.snapshot import Layer
from .._scopes.whole import Whole
from .._values.hints import refused
from .._values.origin import Origin
from .._values.structures import structure_of
from ..exceptions import ConversionError, HyperparameterError, UsageError
from .commands import Function, signature_of
from .invocation import Invocation
from .keywords import keywords_of
from .options import REQUIRED, Option
from .program_keys import LazyScan
from .recording import recorded
from .settings import Settings
from .usage_errors import usage_errors


def run_function(
    function: Function,
    invocation: Invocation,
    settings: Settings,
    argv: Sequence[str],
    freeze: bool,
    *,
    scan: LazyScan,
    begun: Callable[[Record], object] = lambda _: None,
) -> tuple[object, Record]:
    """Return what the function returns, and the record of what it read.

    `begun` is told the record when it begins, for a run that does not return.
    """
    with recorded(function, invocation, argv, freeze) as (rec, masks), settings.open():
        begun(rec)
        if masks is not None:
            masks.learn_all([ambient.current().snapshot, ambient.baseline_state.snapshot])
        if freeze:
            frames.freeze()  # threads of the program open no scope of their own
            ambient.launched = ambient.current(), ambient.baseline_state
        with usage_errors(settings), own_refusals(function, settings):
            signature = signature_of(function)
            args, kwargs = signature.bind(invocation.args, keywords_of(signature, scan))
            result = settled(function(*args, **kwargs))
    return result, rec


def lacking(own: Iterable[Option], signature: Signature, settings: Settings) -> list[Option]:
    """Return the parameters without default that neither `settings` nor a scope sets."""
    with settings.open():  # which may take away what a scope sets
        snapshot = ambient.current().snapshot
    return [
        option
        for option in own
        if option.default is REQUIRED
        and option.key.rpartition(".")[0] == signature.namespace  # not a field of one
        and not settings.sets(option.key)
        and snapshot.find(option.key) is None
        and not snapshot.below(option.key)
    ]


def missing(
    own: Sequence[Option], signature: Signature, settings: Settings
) -> Iterator[UsageError]:
    """Yield an error for each parameter without default that nothing sets.

    A structure whose fields all have defaults is built from them.
    """
    for option in lacking(own, signature, settings):
        below = [one for one in own if one.key.startswith(f"{option.key}.")]
        if option.kind != "fields" or any(one.default is REQUIRED for one in below):
            yield UsageError(f"{_missing(option, below)} See --help.", key=option.key)
        else:
            # An empty mapping, which the conversion completes with the defaults of the fields.
            settings.layers.append(Layer({option.key: {}}, Origin("default", "")))


def require(own: Sequence[Option], signature: Signature, settings: Settings) -> None:
    """Raise `UsageError` for a parameter without default that nothing sets."""
    for fault in missing(own, signature, settings):
        raise fault


def _missing(option: Option, below: list[Option]) -> str:
    if not option.flags:
        return f"{option.metavar} is missing. Give it as an argument or with -D {option.key}=VALUE."
    required = [one for one in below if one.default is REQUIRED and one.kind != "fields"]
    one = required[0] if required else option
    from .help import placeholder  # which most runs do not need

    words = f"{one.flags[0]} {placeholder(one)}".rstrip()
    shown = " or ".join([words, *one.negations[:1]])
    return f"{option.flags[0]} is missing. Give it with {shown}."


@contextmanager
def own_refusals(function: Function, settings: Settings) -> Iterator[None]:
    """Raise what a launched class with fields says to their values as what is wrong with these."""
    try:
        yield
    except HyperparameterError:
        raise
    except ValueError as error:
        structure, key = structure_of(function), signature_of(function).namespace
        origins = {k: at for k, at in settings.origins.items() if k.startswith(f"{key}.")}
        if structure is None or not origins:
            raise
        from .._scopes.refusal import refusal

        # A class with fields does nothing but hold them: it has refused what was set.
        found = Whole(None, next(iter(origins.values())), origins)
        raise refusal(ConversionError, key, found, refused(error, structure.fields)) from error
