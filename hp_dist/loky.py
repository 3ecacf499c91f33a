"""Executors of `loky` that carry the scope of each submission, the reusable one among them."""

from __future__ import annotations

from ._carry.executors import creating, submitting
from ._carry.spool import LokySpool
from ._engines import Patches

__all__: list[str] = []  # `install("loky")` is all there is to use


def patch(patches: Patches) -> None:
    """Replace what creates the executor and what submits to it."""
    from loky import process_executor

    executor, run_chunk = process_executor.ProcessPoolExecutor, process_executor._process_chunk
    patches.replace(executor, "__init__", creating(executor.__init__))
    submit = submitting(executor.submit, run_chunk, store=LokySpool)
    patches.replace(executor, "submit", submit)
