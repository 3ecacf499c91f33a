"""Weights & Biases: a config of JSON values, shown by a dashboard whose numbers are floats."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .fitting import Notes, as_numbers_allow, public_name, record_file, renamed
from .target import Change, Savable


def export(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Change]]:
    """Return values for `run.config.update`."""
    notes = Notes()
    fitted = {key: as_numbers_allow(value, notes.of(key)) for key, value in values.items()}
    return renamed(fitted, public_name, notes), notes.changed


def log(values: dict[str, Any], record: Savable, run: Any) -> list[Change]:
    """Log into the active run, or one that is given."""
    from .finding import library

    run = library("wandb", "wandb").run if run is None else run
    if run is None:
        raise RuntimeError("W&B has no active run. Call wandb.init().")
    if not run.disabled:  # which has no folder, and stores nothing at all
        path = Path(run.dir, record_file(set(os.listdir(run.dir))))
        record.save(path)
        run.save(str(path), base_path=run.dir, policy="now")
    before = dict(run.config)
    run.config.update(values, allow_val_change=True)
    return list(_differences(values, before, dict(run.config)))


def _differences(
    values: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> list[Change]:
    found = []
    for key, value in values.items():
        if key not in after or after[key] != value:
            found.append((key, f"W&B keeps {after.get(key)!r:.80}"))  # a sweep has locked it
        elif key in before and before[key] != value:
            found.append((key, f"replaces {before[key]!r:.80}, which was logged before"))
    return found
