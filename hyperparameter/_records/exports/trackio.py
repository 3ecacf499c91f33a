"""trackio: a config like that of W&B, which is stored with the first metrics and then fixed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .fitting import Note, Notes, as_numbers_allow, public_name, record_file, renamed
from .target import Change, Savable

_READ_AS_NUMBERS = ("NaN", "Infinity", "-Infinity")


def export(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Change]]:
    """Return values for `trackio.init(config=...)`."""
    notes = Notes()
    fitted = {key: _fitted(value, notes.of(key)) for key, value in values.items()}
    return renamed(fitted, public_name, notes), notes.changed


def _fitted(value: Any, note: Note) -> Any:
    if isinstance(value, str) and value in _READ_AS_NUMBERS:
        note("in quotes: trackio would read a number")
        return f'"{value}"'
    return as_numbers_allow(value, note)


def log(values: dict[str, Any], record: Savable, run: Any) -> list[Change]:
    """Log into the active run, or one that is given."""
    from .finding import library

    trackio = library("trackio", "trackio")
    run = trackio.context_vars.current_run.get() if run is None else run
    if run is None:
        raise RuntimeError("trackio has no active run. Call trackio.init(project=...).")
    with TemporaryDirectory() as folder:
        path = Path(folder, record_file({}))
        record.save(path)
        run.log_artifact(path, name=path.stem, type=path.stem)  # which has versions
    before = dict(run.config)
    if run._config_logged:  # nothing public tells that what comes now would be lost
        why = "not logged: trackio takes a config only before the first trackio.log"
        return [(key, why) for key, value in values.items() if not _has(before, key, value)]
    run.config.update(values)
    return [
        (key, f"replaces {before[key]!r:.80}, which was set before")
        for key, value in values.items()
        if key in before and before[key] != value
    ]


def _has(config: Mapping[str, object], key: str, value: object) -> bool:
    return key in config and config[key] == value
