"""TensorBoard's hparams, which take text, booleans and floats and drop all else without a word."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .fitting import (
    EXACT,
    Note,
    Notes,
    as_text,
    note_lookalike,
    record_file,
    renamed,
    storable,
    storable_name,
)
from .target import Change, Savable


def export(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Change]]:
    """Return values for `SummaryWriter.add_hparams`."""
    notes = Notes()
    fitted = {key: _fitted(value, notes.of(key)) for key, value in values.items()}
    return renamed(fitted, storable_name, notes), notes.changed


def _fitted(value: Any, note: Note) -> str | bool | float:
    if isinstance(value, str):
        note_lookalike(value, lambda other: _fitted(other, lambda _: None), note)
        return storable(value, note)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if -EXACT <= value <= EXACT:
            return value
        note("as text: numbers beyond 2**53 are rounded there")
    elif isinstance(value, float):
        if math.isfinite(value):
            return value
        note("as text: hparams cannot show numbers that are not finite")
    else:
        kind = "None" if value is None else f"a {type(value).__name__}"
        note(f"as text: {kind} would be dropped there")
    return storable(as_text(value, note), note)


def log(values: dict[str, Any], record: Savable, run: Any) -> list[Change]:
    """Log through a `SummaryWriter` of tensorboardX or PyTorch, into a run below its folder."""
    if not hasattr(run, "add_hparams"):
        raise TypeError(
            "rec.log_to('tensorboard', writer) needs a SummaryWriter of tensorboardX or "
            f"torch.utils.tensorboard, not {type(run).__name__}."
        )
    is_torch = type(run).__module__.startswith("torch.")
    words = {key: str(one) for key, one in values.items() if is_torch and isinstance(one, bool)}
    run.add_hparams({**values, **words}, {})
    changed = [(key, "as text: PyTorch's writer makes a number of a boolean") for key in words]
    folder = str(getattr(run, "logdir", None) or run.log_dir)
    if "://" in folder:
        return [*changed, ("", f"the record is not in {folder}: save it with rec.save")]
    record.save(Path(folder, record_file({path.name for path in Path(folder).iterdir()})))
    return changed
