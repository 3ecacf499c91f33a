"""Callables that run inside the scopes of the moment when they were bound."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, TypeVar, get_origin

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import State

from .._collect import forked as _forked  # noqa: F401  # for the children of this process
from .._collect.cluster import send_all
from .._collect.forward import Forward
from .._collect.inbox import current_inbox, wait_for_relayed
from .._collect.work import Ending
from .attachments import Inline
from .bound_class import BoundType, bound_class, bound_object
from .calling import continued_inside, inside
from .from_start import attaching
from .submission import AnySubmission, Attachments, LazySubmission, Submission

F = TypeVar("F", bound=Callable[..., object])


class Bound:
    """A callable that runs inside the scopes of the moment when it was bound.

    It keeps the kind of what it wraps: coroutine functions return coroutines, generator
    functions generators, each step of which runs inside the scopes.  Other attributes are those
    of what it wraps, and their methods run inside too.
    """

    def __init__(
        self,
        function: Callable[..., object],
        submission: AnySubmission,
        attach: Callable[[], object] | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._submission = submission
        self._attach = attach or attaching(submission)
        # Another frame in the tracebacks of ordinary functions would tell nobody anything.
        self._run = None if interface.is_ordinary(function) else inside(function, self._attach)
        interface.mark_kind(self, function)

    def __call__(self, /, *args: object, **kwargs: object) -> object:
        if self._run is not None:
            return self._run(*args, **kwargs)
        before, submission, here = interface.active(), self._submission, Ending()
        is_of_here = isinstance(submission, Submission) and submission.in_origin_process
        if isinstance(submission, Submission) and is_of_here:
            current_inbox().threads.note(submission.records, here)
        is_task = not is_of_here and not _is_in_task(before)
        try:
            if is_task and not interface.record_frames(before):
                _tell_where_this_process_was_started()
            self._attach()
            result = self._function(*args, **kwargs)
        finally:
            context.detach(before)
            here.has_ended = True
            if is_task:
                wait_for_relayed()
            send_all()
        return continued_inside(result, self._attach)

    def __get__(self, instance: object, owner: type | None = None) -> object:
        """Return a method where the wrapped function is one: in the body of a class."""
        get = getattr(type(self._function), "__get__", None)
        if instance is None or get is None or get(self._function, instance) is self._function:
            return self
        return MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        # Without these, copies and pickles would be of the function alone.
        if name in _OF_THE_WRAPPER:
            raise AttributeError(name)
        found = getattr(self._function, name)
        is_method = isinstance(found, MethodType) and found.__self__ is self._function
        return Bound(found, self._submission, self._attach) if is_method else found

    def __reduce__(self) -> tuple[object, ...]:
        return _bound, (self._function, *self._submission.message(Inline))

    def __repr__(self) -> str:
        return f"<bound {self._function!r}>"


_OF_THE_WRAPPER = frozenset([
    "_function", "__copy__", "__deepcopy__", "__getinitargs__", "__getnewargs__",
    "__getnewargs_ex__", "__getstate__", "__setstate__",
])  # fmt: skip


def note_sent(function: object) -> Sequence[interface.Recorder]:
    """Return the records that a bound function tells wherever it runs; of any other, none.

    They learn here that its scopes are sent: it is pickled later.
    """
    if isinstance(function, functools.partial) and function.args:  # what `map` makes of it
        function = function.args[0]
    submission = getattr(function, "_submission", None) if isinstance(function, Bound) else None
    if not isinstance(submission, Submission):
        return ()
    interface.note_sent(submission.scopes, submission.records, is_told=True)
    return submission.records


def _tell_where_this_process_was_started() -> None:
    """Tell what is read in this context to the records where a process was started with it."""
    if (of_start := interface.process_record().forward) is not None:
        interface.attach_records([of_start])


def _is_in_task(state: State | None) -> bool:
    """Tell whether a call is a part of a task from elsewhere, which continues behind it."""
    return any(isinstance(each.record, Forward) for each in interface.record_frames(state))


def is_bound(function: object) -> bool:
    """Tell what `bind` has made of something that can be called, an object's class included."""
    cls = get_origin(function) or function
    return isinstance(function, Bound) or any(
        isinstance(each, BoundType) for each in (cls, type(function))
    )


def _bound(function: Callable[..., object], payload: bytes, attachments: Attachments = ()) -> Bound:
    return Bound(function, LazySubmission(Inline, payload, attachments))


def bind(function: F) -> F:
    """Return `function` as a picklable callable that runs inside the scopes active here and now.

    For a class, return a subclass whose code runs inside them; for an object that can be called,
    one that has its attributes.  `CarrierError` is raised at once when a value cannot travel.
    """
    if not callable(function):
        raise TypeError(
            f"hp_dist.bind takes what can be called, not {function!r:.80}. Bind the function "
            "itself, and call what you get."
        )
    submission = Submission.capture().frozen()
    if isinstance(function, type):
        return bound_class(function, submission)  # type: ignore[return-value]  # a subclass
    if isinstance(cls := get_origin(function), type):  # a generic class with its types
        return bound_class(cls, submission)[function.__args__]  # type: ignore[no-any-return, attr-defined, index]
    return bound_object(function, submission) or Bound(function, submission)  # type: ignore[return-value]  # of the same kind
