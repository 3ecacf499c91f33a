"""Wrappers that keep the kind of what they wrap: function, coroutine, generator, async generator.

`prepare(args, kwargs)` runs when the body starts (for generators, at the first step), may open
scopes, and returns the arguments to call with.  `finish(before)` gets the state to go back to, and
finds what the call has left.
Between the steps of a generator its state is put aside, so that suspension leaks nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
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


def wrap_result(result: object, prepare: Prepare, finish: Finish) -> object:
    """Return what an ordinary function has made to run later, run prepared too.

    That is a generator or coroutine of another function, or a context manager of one.  Anything
    else is returned as it is.
    """
    contextlib = sys.modules.get("contextlib")
    # Private, but nothing else tells that entering the manager resumes a generator.
    if contextlib is not None and isinstance(result, contextlib._GeneratorContextManagerBase):
        result.gen = wrap_result(result.gen, prepare, finish)
        result.func = wrap(result.func, prepare, finish)  # from which a decorator makes more
        return result
    make = _OF_RESULTS.get(type(result))
    return result if make is None else make(lambda: result, prepare, finish)()


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
    # Step by step, not `yield from`: what it would delegate to is one more frame in tracebacks.
    def wrapper(*args: object, **kwargs: object) -> Generator[object, object, object]:
        steps = frames.GeneratorContext()
        try:
            with steps:
                args, kwargs = prepare(args, kwargs)
                generator = function(*args, **kwargs)
            step, sent = generator.send, None
            while True:
                with steps:
                    try:
                        item = step(sent)
                    except StopIteration as returned:
                        return returned.value
                try:
                    sent = yield item
                    step = generator.send
                except GeneratorExit as closing:
                    with steps:
                        return _close(generator, closing)
                except BaseException as error:  # noqa: BLE001  # as `yield from`
                    step, sent = generator.throw, error
        finally:
            with steps:
                finish(steps.before)

    return wrapper


def _close(generator: Generator[object, object, object], closing: GeneratorExit) -> object:
    """Close a generator; return what it returns, where `close()` itself would tell nobody."""
    try:
        generator.throw(closing)
    except StopIteration as returned:
        return returned.value
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
            with steps:
                finish(steps.before)

    return wrapper


_OF_RESULTS = {
    GeneratorType: _generator,
    CoroutineType: _coroutine,
    AsyncGeneratorType: _async_generator,
}
