"""MLflow: parameters are text, and what a run has once it keeps."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .fitting import PLAIN, Note, Notes, as_text, note_lookalike, record_file, renamed, storable
from .target import Change, Savable

_MOST_KEY, _MOST_VALUE = 250, 6000  # MLflow raises for longer keys, and cuts longer values
_BAD = re.compile(r"[^/\w.\- :]")
_fits = re.compile(rf"[\w.\- :]{{1,{_MOST_KEY}}}").fullmatch


def export(values: Mapping[str, Any]) -> tuple[dict[str, str], list[Change]]:
    """Return parameters for `mlflow.log_params`."""
    notes = Notes()
    texts = {key: _text(value, notes.of(key)) for key, value in values.items()}
    return renamed(texts, _name, notes, _MOST_KEY), notes.changed


def _text(value: Any, note: Note) -> str:
    if type(value) in PLAIN:
        return str(value)
    if isinstance(value, str):
        note_lookalike(value, lambda other: as_text(other, note), note)
    text = storable(as_text(value, note), note)
    if len(text) > _MOST_VALUE:
        note(f"cut to {_MOST_VALUE} of {len(text)} characters")
    return text[:_MOST_VALUE]


def _name(key: str) -> str:
    if _fits(key):
        return key
    name = _BAD.sub("_", key)
    if len(name) > _MOST_KEY:
        name = f"{name[:100]}...{name[100 - _MOST_KEY + 3 :]}"
    # MLflow takes names for paths, and refuses those that are not in their shortest form.
    is_path = posixpath.normpath(name) == name and not name.startswith(("/", ".."))
    return name if is_path else name.replace("/", "_")


def log(values: dict[str, str], record: Savable, run: Any) -> list[Change]:
    """Log into the active run, or one that is given or named by its id."""
    from ..._distribution import version
    from .finding import library

    mlflow = library("mlflow", "mlflow")
    run = mlflow.active_run() if run is None else run
    if run is None:
        raise RuntimeError("MLflow has no active run in this thread. Call mlflow.start_run().")
    run_id = run if isinstance(run, str) else run.info.run_id
    client = mlflow.MlflowClient()
    with TemporaryDirectory() as folder:
        path = Path(folder, record_file({file.path for file in client.list_artifacts(run_id)}))
        record.save(path)
        client.log_artifact(run_id, str(path))
    client.set_tag(run_id, "hp.version", str(version()))
    before = client.get_run(run_id).data.params
    mlflow.log_params({k: v for k, v in values.items() if k not in before}, run_id=run_id)
    return [
        (name, f"MLflow keeps {before[name]!r:.80}, which was logged before")
        for name, text in values.items()
        if before.get(name, text) != text
    ]
