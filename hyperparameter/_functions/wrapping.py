"""Wrappers that keep the kind of what they wrap: function, coroutine, generator, async generator.

`prepare(args, kwargs)` runs when the body starts (for generators, at the first step), may open
scopes, and returns the arguments to call with.  `finish(before)` gets the state to go back to.
Between the steps of a generator its state is put aside, so that suspension leaks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from .._scopes import ambient, frames

Args = tuple[object, ...]
Kwargs = dict[str, object]
Prepare = Callable[[Args, Kwargs], tuple[Args, Kwargs]]
Finish = Callable[[ambient.State | None], None]
Wrapped = Callable[..., Any]

_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200  # flags of code objects


def wrap(function: Wrapped, prepare: Prepare, finish: Finish) -> Wrapped:
    """Return a function of the same kind as `function` that runs it prepared."""
    flags = _flags(function)
    if flags & _COROUTINE:
        return _coroutine(function, prepare, finish)
    if flags & _GENERATOR:
        return _generator(function, prepare, finish)
    if flags & _ASYNC_GENERATOR:
        return _async_generator(function, prepare, finish)
    return _function(function, prepare, finish)


def is_ordinary(function: Wrapped) -> bool:
    return not _flags(function) & (_COROUTINE | _GENERATOR | _ASYNC_GENERATOR)


def mark_kind(instance: object, function: Wrapped) -> None:
    """Make `inspect` and `asyncio` see a callable object as the coroutine function it wraps."""
    if _flags(function) & _COROUTINE:
        import asyncio
        import inspect

        if hasattr(inspect, "markcoroutinefunction"):  # Python 3.12 and later
            inspect.markcoroutinefunction(instance)
        else:
            instance._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]


def _flags(function: Any) -> int:
    # Flags, which inspect asks for too: importing it takes nearly as long as this package does.
    while hasattr(function, "func") and not hasattr(function, "__code__"):  # a partial
        function = function.func
    if not hasattr(function, "__code__") and not isinstance(function, type):
        function = vars(type(function)).get("__call__")
    flags: int = getattr(getattr(function, "__code__", None), "co_flags", 0)
    return flags


def _function(function: Wrapped, prepare: Prepare, finish: Finish) -> Wrapped:
    def wrapper(*args: object, **kwargs: object) -> object:
        before = ambient.active.get()
        try:
            args, kwargs = prepare(args, kwargs)
            return function(*args, **kwargs)
        finally:
            finish(before)

    return wrapper


def _coroutine(function: Wrapped, prepare: Prepare, finish: Finish) -> Wrapped:
    async def wrapper(*args: object, **kwargs: object) -> object:
        before = ambient.active.get()
        try:
            args, kwargs = prepare(args, kwargs)
            return await function(*args, **kwargs)
        finally:
            finish(before)

    return wrapper


def _generator(function: Wrapped, prepare: Prepare, finish: Finish) -> Wrapped:
    def wrapper(*args: object, **kwargs: object) -> Generator[object, object, object]:
        steps = frames.GeneratorContext()
        try:
            with steps:
                args, kwargs = prepare(args, kwargs)
                generator = function(*args, **kwargs)
            stepped = _Stepped(generator, steps)
            try:
                return (yield from stepped)
            except GeneratorExit:
                if stepped.closed_with:
                    return stepped.closed_with[0]
                raise
        finally:
            finish(ambient.active.get())

    return wrapper


class _Stepped:
    """A generator whose every step runs in the state that the last one left."""

    def __init__(
        self, generator: Generator[object, object, object], steps: frames.GeneratorContext
    ) -> None:
        self._generator = generator
        self._steps = steps
        self.closed_with: tuple[object, ...] = ()  # what it returned when it was told to exit

    def __iter__(self) -> _Stepped:
        return self

    def __next__(self) -> object:
        with self._steps:
            return next(self._generator)

    def send(self, value: object) -> object:
        with self._steps:
            return self._generator.send(value)

    def throw(self, *error: Any) -> object:
        with self._steps:
            return self._generator.throw(*error)

    def close(self) -> None:
        # By `throw`: before Python 3.13, `close` drops what the generator returns.
        with self._steps:
            try:
                self._generator.throw(GeneratorExit)
            except GeneratorExit:
                return
            except StopIteration as returned:
                self.closed_with = (returned.value,)
                return
        raise RuntimeError("generator ignored GeneratorExit")


def _async_generator(function: Wrapped, prepare: Prepare, finish: Finish) -> Wrapped:
    async def wrapper(*args: object, **kwargs: object) -> object:
        steps = frames.GeneratorContext()
        try:
            with steps:
                args, kwargs = prepare(args, kwargs)
                generator = function(*args, **kwargs)
            step, sent = generator.asend, None
            while True:
                with steps:
                    try:
                        item = await step(sent)
                    except StopAsyncIteration:
                        return
                try:
                    sent = yield item
                    step = generator.asend
                except GeneratorExit:
                    with steps:
                        await generator.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001  # as `yield from`
                    step, sent = generator.athrow, error
        finally:
            finish(ambient.active.get())

    return wrapper
