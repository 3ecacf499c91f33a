"""Scopes from the environment of this program, and their rank among what it sets itself."""

from __future__ import annotations

from .._values.origin import resolve
from . import ambient
from .ambient import INHERITED, State, chain
from .carried import note_overrides
from .frames import copy_over, inherited_by, make_state, swap
from .shadowed import as_baseline
from .snapshot import EMPTY, Layer, Snapshot


def inherit(scopes: Snapshot, baseline: Snapshot) -> None:
    """Open what the environment of this program brings, for good.

    It ranks with the environment, whenever it is opened: over files and defaults, and under all
    else that is set here by now.  The baseline lies under that of this process.
    """
    if ambient.launched is not None:
        scopes = _over_as_scopes(scopes, baseline)
    state, here = ambient.active.get(), _with_inherited(ambient.active.get(), scopes, baseline)
    below = _over(ambient.baseline_state.snapshot, baseline)
    if ambient.launched is not None and ambient.launched[1] is ambient.baseline_state:
        # The baseline is what the program was launched with, and now that is more.
        below = _with_inherited(ambient.launched[0], scopes, baseline).snapshot
    ambient.set_baseline(below)
    ambient.inherited = baseline, ambient.baseline_state.snapshot
    note_overrides(scopes, here.record)
    if state is not None or scopes.depth:
        swap(here)


def rank_inherited() -> None:
    """Put what the environment has brought over the files that have been opened since.

    Of its baseline too, unless this process has made another one since.
    """
    state = ambient.active.get()
    found = [frame.layer for frame in chain(state) if frame.owner is INHERITED]
    scopes = found[0] if found and isinstance(found[0], Snapshot) else EMPTY
    if ambient.inherited is not None and ambient.inherited[1] is ambient.baseline_state.snapshot:
        scopes = _over_as_scopes(scopes, ambient.inherited[0])
    if scopes.depth:
        swap(_with_inherited(state, scopes, None))


def _over_as_scopes(scopes: Snapshot, baseline: Snapshot) -> Snapshot:
    """Return the scopes with those of the baseline as the outermost of them."""
    if scopes.closed:
        return scopes
    has = set(map(id, scopes.scopes()))
    own = tuple(layer for layer in baseline.layers if id(layer) not in has)
    return Snapshot(scopes.scopes() + own, scopes.depth + len(own))


def _with_inherited(state: State | None, scopes: Snapshot, baseline: Snapshot | None) -> State:
    """Return `state` with the scopes in their rank, over `baseline` if that is another one."""
    frames = [frame for frame in chain(state) if frame.owner is not INHERITED]
    above = len(frames)
    while above and _is_weaker(frames[above - 1]):
        above -= 1
    lowest = next((frame for frame in reversed(chain(state)) if not frame.is_record), None)
    bottom = inherited_by(lowest) if lowest is not None else ambient.baseline_state.snapshot
    if bottom is not None and baseline is not None:
        bottom = _over(bottom, baseline)
    top: State | None = None
    for frame in reversed(frames[above:]):
        below = None if frame.is_record else bottom
        top, bottom = copy_over(frame, top, below), bottom if frame.is_record else None
    top = top or ambient.baseline_state
    top = make_state(top, INHERITED, scopes, top.record, bottom)
    for frame in reversed(frames[:above]):
        layer = frame.layer
        if isinstance(layer, Layer):
            layer = layer.removing(top.snapshot)
        top = copy_over(frame, top, None, layer)
    return top


def _is_weaker(frame: State) -> bool:
    """Tell whether a frame ranks below the environment."""
    layers = () if frame.is_record else frame.layer.scopes()
    origins = {layer.origin_of(key) for layer in layers for key in layer.values or [""]}
    return all(resolve(origin).kind in {"file", "default"} for origin in origins)


def _over(upper: Snapshot, lower: Snapshot) -> Snapshot:
    """Return a baseline that shows one over another."""
    for layer in reversed(upper.layers):
        lower = layer.onto(lower)
    return as_baseline(lower)
