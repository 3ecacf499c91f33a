"""The store of a sweep, made for a new one or taken over from an earlier launch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from .._console import NotFound
from .._distribution import version
from ..exceptions import UsageError
from .code import Code, code_of_program
from .store import names
from .store.refused import take_back
from .store.rows import Row
from .store.store import Store
from .store.stored import Launch, Sweep

Resume = Literal["ask", "keep", "redo"]
_FINISHED = ("done", "pruned", "same")


def done_of(rows: Sequence[Row]) -> str:
    """Say how many runs a sweep that is continued will not run again."""
    return f"{sum(row.state in _FINISHED for row in rows)} of {len(rows)} runs are done."


def new_store(name: str | None, program: str, sweep: Sweep) -> Store:
    """Return the store of a sweep that begins; `UsageError` if there is one of this name."""
    folder = names.make_folder(name, program)
    return Store.create(folder, sweep._replace(name=folder.rpartition("/")[2]))


def store_to_resume(name: str | None, sweep: Sweep, resume: Resume, code: Code) -> Store:
    """Return the store of a sweep that an earlier launch has begun.

    `UsageError` if it is of another function or has another goal, or if the code has changed since
    and the user has not said what that means for the results.
    """
    try:
        folder = names.find(name)
    except NotFound as error:  # for which `hp` has another exit status
        raise UsageError(f"--resume: {error}") from error
    store = Store.open(folder)
    try:
        _check(store, sweep)
        changed = _changed(store, code)
        if changed and resume == "ask":
            raise UsageError(_question(store, changed))
        if changed and resume == "redo":
            store.redo(sorted(changed))
    except BaseException:
        take_back(store)
        raise
    return store


def _check(store: Store, sweep: Sweep) -> None:
    old = store.sweep
    if old.function != sweep.function:
        raise UsageError(
            f"--resume: {old.name} is a sweep of {old.function}, not of {sweep.function}. Name "
            "another sweep with --name, or begin one without --resume."
        )
    if old.goal != sweep.goal and sweep.goal is not None:
        raise UsageError(
            f"--resume: {old.name} was begun to {_words(old)}, not to {_words(sweep)}. Give the "
            "same goal, or begin another sweep without --resume."
        )


def _words(sweep: Sweep) -> str:
    if sweep.goal is None:
        return "list its results"
    return f"{sweep.goal.direction} {sweep.goal.name or 'its result'}"


def _changed(store: Store, code: Code) -> dict[int, list[str]]:
    """Return the finished runs that other code has made, with the files that have changed."""
    by_launch: dict[int, list[str]] = {
        launch: code.changed_since(one.modules) for launch, one in store.launches().items()
    }
    found: dict[int, list[str]] = {}
    for one in store.known().values():
        files = by_launch.get(one.launch or 0, [])
        if files and one.state in _FINISHED:
            found[one.number] = files
    return found


def _question(store: Store, changed: Mapping[int, list[str]]) -> str:
    files = sorted({name for names in changed.values() for name in names})
    shown = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    has = "has" if len(files) == 1 else "have"
    runs = "1 run" if len(changed) == 1 else f"{len(changed)} runs"
    return (
        f"--resume: {shown} {has} changed since {runs} of {store.sweep.name} finished. "
        "--resume=keep keeps their results, --resume=redo runs them again."
    )


def launch_of(argv: tuple[str, ...], words: tuple[str, ...], code: Code) -> Launch:
    """Return what the store keeps of this start of the launcher."""
    return Launch(
        argv, words, version() or "", code.modules, code.commit, code.diff, code.diff_digest
    )


__all__ = ["Code", "Resume", "code_of_program", "launch_of", "new_store", "store_to_resume"]
