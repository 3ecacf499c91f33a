"""What was set for nothing: overrides that nobody read, or that the program itself hid."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from .._console import print_message
from .._records.ending import finish
from .._records.read import Read
from .._records.record import Record
from .._records.unused import Unused, never_read, what_was_read
from .._values.origin import Origin, resolve
from .._values.untyped import EmptyVariable
from ..exceptions import CONTROLS, UsageError
from .program_keys import is_declared
from .settings import Settings

Reads = Mapping[str, list[Read]]
_MOST_REPORTED = 20
_CARRIERS = {"hp_dist.multiprocessing", "hp_dist.ray"}  # imported by install(), not by hp_dist


class NoEffect(UsageError):
    """Exit status 3: a value that was set had no effect, and `--strict-unused` forbids that."""

    exit_status = 3


def report(rec: Record, settings: Settings, program: str, *, is_strict: bool) -> None:
    """Print a line for each override from outside that had no effect.

    `is_strict` raises `NoEffect` if there is any, unless the record may lack reads.
    """
    finish(rec)
    texts, unknown = unread(rec, settings)
    more = 0 if is_strict else len(texts) - _MOST_REPORTED
    for text in texts[:_MOST_REPORTED] if more > 0 else texts:
        print_message(f"{program}: {text}")
    if more > 0:
        print_message(f"{program}: {more} more had no effect")
    if unknown:
        print_message(f"{program}: {unknown}")
    if is_strict and rec.incomplete:
        reasons = "; ".join(rec.incomplete)
        print_message(f"{program}: --strict-unused cannot tell what nobody has read: {reasons}.")
    elif is_strict and texts:
        raise no_effect(len(texts))


def no_effect(count: int) -> NoEffect:
    """Return the error of so many values that had no effect, and that have been named."""
    what = "1 value that was set" if count == 1 else f"{count} values that were set"
    return NoEffect(f"--strict-unused: {what} had no effect. Correct or remove what is named.")


def unread(rec: Record, settings: Settings) -> tuple[list[str], str]:
    """Return a text for each override from outside that had no effect, and what nobody can tell."""
    reads = _by_key(rec)
    found, unknown = rec.unused_and_unknown()
    unused = [
        one
        for one in found
        if one.key in settings.origins and not settings.is_taken_by_files(one.key)
    ]
    without_reader = {one.key: one for one in unused if not one.instead}
    texts = [
        *_never_read(list(without_reader.values()), settings, reads),
        *_shadowed([one for one in unused if one.instead], settings, reads),
    ]
    return texts, unknown


def _never_read(unused: list[Unused], settings: Settings, reads: Reads) -> Iterator[str]:
    if not unused:
        return
    # What is carried to workers is read there as well, and they tell it.
    is_known = not _had_workers() or not _CARRIERS.isdisjoint(sys.modules)
    where, advice = "", ""
    if not is_known:
        where, advice = "in this process", "; hp_dist.install() carries it to workers"
    for one in unused:
        origin = resolve(settings.origins[one.key])  # of what is in force, of several
        hidden_by = _hidden_by(reads.get(one.key.rpartition(".")[0], []))
        if hidden_by is not None:
            yield _shadowed_by(one.key, origin, hidden_by)
        elif not is_declared(one.key):
            yield never_read(one.key, origin, one.suggestions, where) + advice
        elif origin.kind != "file":  # a file may serve several commands and programs
            yield never_read(one.key, origin, where=where) + advice


def _had_workers() -> bool:
    """Tell whether Ray is in use, or a worker process of this one lives or has ended."""
    processes = sys.modules.get("multiprocessing.process")
    if "ray" in sys.modules or processes is None:
        return "ray" in sys.modules
    if processes.active_children():  # those of joblib wait for more work
        return True
    try:
        import resource
    except ImportError:  # Windows
        return True
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0


def _shadowed(unused: list[Unused], settings: Settings, reads: Reads) -> Iterator[str]:
    not_taken = {(one.key, one.origin[:2]): one for one in unused}
    for key, source in settings.origins.items():
        origin, hidden_by = resolve(source), _hidden_by(reads.get(key, []))
        if hidden_by is not None:
            yield _shadowed_by(key, origin, hidden_by)
        elif (one := not_taken.get((key, origin[:2]))) and _is_hidden_here(one, key, settings):
            got = what_was_read(one.instead)
            yield f"{key} ({origin}) had no effect: its readers got {got}".translate(CONTROLS)


def _is_hidden_here(one: Unused, key: str, settings: Settings) -> bool:
    """Tell whether the program has hidden it, and not a stronger source, such as `-D '~key'`."""
    is_by_program = any(origin is None or origin.kind == "code" for origin in one.instead)
    return is_by_program and not _is_unset(key, settings)


def _is_unset(key: str, settings: Settings) -> bool:
    """Tell a variable without text, which sets nothing for most readers."""
    return type(next(iter(settings.values_at(key)), None)) is EmptyVariable


def _hidden_by(reads: list[Read]) -> Origin | None:
    """Return the place in the code that set what was read, if all of it was set in code."""
    origins = [read.origin for read in reads]
    if not origins or any(one is None or one.kind != "code" for one in origins):
        return None
    return origins[0]


def _shadowed_by(key: str, origin: Origin, by: Origin) -> str:
    return f"{key} ({origin}) had no effect: {by} sets it wherever it is read"


def _by_key(rec: Record) -> Reads:
    found: dict[str, list[Read]] = {}
    for read in rec.reads:
        found.setdefault(read.key, []).append(read)
    return found
