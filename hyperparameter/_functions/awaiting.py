"""Coroutine functions that are called as programs: their event loop runs to the end."""

from __future__ import annotations

from collections.abc import Awaitable


def settled(returned: object) -> object:
    """Return what a function has returned, or what that comes to where it must be awaited."""
    if not hasattr(returned, "__await__"):
        return returned
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_awaited(returned))
    if hasattr(returned, "close"):
        returned.close()  # else Python warns that the coroutine was never awaited
    raise RuntimeError(
        "An async function cannot be launched inside a running event loop. "
        "Await the function itself; a sweep of it needs workers: on='processes:1'."
    )


async def _awaited(awaitable: Awaitable[object]) -> object:
    return await awaitable  # asyncio.run takes coroutines alone
