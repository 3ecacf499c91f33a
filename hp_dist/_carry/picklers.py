"""Which pickler writes the values of a submission: that of the engine which carries it.

So a value arrives as an argument would: what the engine sends by reference is the worker's own.
"""

from __future__ import annotations

import io
import operator
import pickle
import sys
import types
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

import cloudpickle

from .reductions import Reducer, Reducers, table_of

Picklers = Sequence[type[pickle.Pickler]]
"""Tried in turn until one can write the values."""

# Ray counts the references to values of these types, and can do so only where it pickles them
# itself.  Inside our bytes it would free the object while the task still needs it.
_ENGINE_TYPES = (
    ("ray", "ObjectRef"),
    ("ray.actor", "ActorHandle"),
    ("ray.util.client.common", "ClientObjectRef"),
    ("ray.util.client.common", "ClientActorRef"),
    ("ray.util.client.common", "ClientActorHandle"),
)


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"cannot pickle {type(value).__name__!r} object")


def _standard_stream(file: io.TextIOWrapper) -> tuple[Callable[..., object], tuple[object, str]]:
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is file:
            return getattr, (sys, name)
    _refuse(file)


class ByValue(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Writes what plain pickle cannot, unless something else would arrive."""

    # It would make an open file a copy of the text, and a memory view bytes.
    dispatch_table: ClassVar[Mapping[type, Reducer]] = ChainMap(
        {io.TextIOWrapper: _standard_stream, memoryview: _refuse},
        *cloudpickle.Pickler.dispatch_table.maps,
    )


class MainByReference(ByValue):
    """The same, with `__main__` as plain pickle writes it: by reference."""

    def reducer_override(self, value: Any) -> Any:
        """Leave to pickle what can be found in `__main__`: processes of this host have it."""
        if isinstance(value, (type, types.FunctionType)) and _is_in_main(value):
            return NotImplemented
        return super().reducer_override(value)


def _is_in_main(value: Any) -> bool:
    if value.__module__ != "__main__":
        return False
    try:
        return operator.attrgetter(value.__qualname__)(sys.modules["__main__"]) is value
    except AttributeError:  # made in a function
        return False


def of_multiprocessing() -> Picklers:
    """Return plain pickle, and for what it cannot write, the same with functions by value."""
    # Plain pickle first: it is written in C, without a question to Python about every object.
    return pickle.Pickler, MainByReference


def of_loky() -> Picklers:
    """Return the pickler that workers of loky, or of joblib's copy of it, get their tasks with."""
    try:
        from joblib.externals.loky.backend.reduction import get_loky_pickler
    except ImportError:
        from loky.backend.reduction import get_loky_pickler

    return (_without_reducers(get_loky_pickler()),)


def of_ray() -> Picklers:
    """Return Ray's pickler, with the serializers that have been registered with Ray."""
    from ray.cloudpickle import CloudPickler

    return (CloudPickler,)


def of_the_carrier() -> Picklers:
    """Return the pickler that is writing now, when it writes functions by value; else those here.

    So `bind` is written for the engine which pickles it: by cloudpickle for hosts with another
    `__main__`, by plain pickle for processes of this one.
    """
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("hp_dist."):
        frame = frame.f_back
    # A pickler is written in C and is in no frame, but its subclass calls it from a method.
    caller = frame.f_locals.get("self") if frame is not None else None
    if isinstance(caller, pickle.Pickler) and hasattr(caller, "reducer_override"):
        return (_without_reducers(type(caller)),)
    return of_multiprocessing()


def _without_reducers(kind: type[pickle.Pickler]) -> type[pickle.Pickler]:
    """Return the pickler that a subclass has added reducers to, which need an engine at work."""
    writers = [each for each in kind.__mro__ if "reducer_override" in vars(each)]
    return writers[-1] if writers else kind.__mro__[1]


def of_any() -> Picklers:
    """Return all that may write values which nobody sends yet."""
    return (*of_multiprocessing(), *(of_ray() if "ray.cloudpickle" in sys.modules else ()))


def engine_value(index: int) -> object:
    """Stand for an engine value in a pickle; whoever reads it puts the value in its place."""
    raise pickle.UnpicklingError("Engine values are read by hp_dist alone.")


def make_pickler(
    kind: type[pickle.Pickler],
    file: io.BytesIO,
    buffer_callback: Callable[[pickle.PickleBuffer], object],
    engine_values: list[object],
) -> pickle.Pickler:
    """Return a pickler that leaves out engine values, and appends them to `engine_values`."""
    pickler = kind(file, protocol=5, buffer_callback=buffer_callback)
    is_of_multiprocessing = kind is pickle.Pickler or issubclass(kind, ByValue)
    table = table_of(kind, is_of_multiprocessing=is_of_multiprocessing)
    if "ray" in sys.modules:
        table = table | _leaving_out(engine_values)
    # By the descriptor: an attribute of the subclass hides it, which C code does not look at.
    _dispatch_table.__set__(pickler, table)
    return pickler


_dispatch_table: Any = vars(pickle.Pickler)["dispatch_table"]


def _leaving_out(engine_values: list[object]) -> Reducers:
    def leave_out(value: object) -> tuple[Callable[[int], object], tuple[int]]:
        engine_values.append(value)
        return engine_value, (len(engine_values) - 1,)

    # A table, because pickle would call a `persistent_id` for every object there is.
    return dict.fromkeys(_imported_engine_types(), leave_out)


def _imported_engine_types() -> set[type]:
    """Return those that exist: what has not been imported cannot have made a value."""
    modules = [(sys.modules.get(module), name) for module, name in _ENGINE_TYPES]
    return {vars(module)[name] for module, name in modules if module and name in vars(module)}
