"""Scopes from the environment of this program, and their rank among what it sets itself."""

from __future__ import annotations

from .._values.origin import resolve
from . import ambient
from .ambient import CARRIED, INHERITED, OVER_INHERITED, PROCESS, State, chain
from .carried import note_overrides
from .frames import copy_over, freeze, inherited_by, make_state, swap
from .shadowed import as_baseline
from .snapshot import EMPTY, Layer, Snapshot

_INHERITED = frozenset([INHERITED, OVER_INHERITED])


def inherit(scopes: Snapshot, baseline: Snapshot) -> None:
    """Open what the environment of this program brings, for good.

    It ranks with the environment, whenever it is opened: over files and defaults, and under all
    else that is set here by now, in scopes or as the baseline.  The baseline that is brought lies
    under that of this process.
    """
    state = ambient.active.get()
    if ambient.launched is not None:
        scopes = _over_as_scopes(scopes, baseline)
        here = _with_inherited(state, scopes, baseline)
    else:
        here = _with_inherited(state, scopes, baseline, _set_here(state) if scopes.depth else 0)
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

    Of its baseline too, unless this process has made another one since.  To what is launched, the
    baseline of before ranks below files, and so below the environment.
    """
    state = ambient.active.get()
    scopes = _brought(state) or EMPTY
    if ambient.inherited is not None and ambient.inherited[1] is ambient.baseline_state.snapshot:
        scopes = _over_as_scopes(scopes, ambient.inherited[0])
    if scopes.depth:
        swap(_with_inherited(state, scopes, None))


def freeze_here() -> None:
    """Make what is visible here the baseline, and show it here too once no scope is open.

    The frame of what the environment has brought would hide it: it ranks lower.
    """
    freeze()
    state, layers = ambient.active.get(), ambient.baseline_state.snapshot.layers
    frames, scopes = chain(state), _brought(state)
    if scopes is None or any(frame.owner is CARRIED for frame in frames):
        return
    first = scopes.scopes()[:1]
    cut = next((i for i, layer in enumerate(layers) if first and layer is first[0]), len(layers))
    top: State | None = None
    for frame in reversed(frames):
        if frame.owner is INHERITED:
            top = copy_over(frame, top, inherited_by(frame))
            own = Snapshot(layers[:cut], cut, closed=cut == len(layers))
            if own.depth or own.closed:
                top = make_state(top, OVER_INHERITED, own, top.record)
        elif frame.owner is not OVER_INHERITED:
            top = copy_over(frame, top, inherited_by(frame))
    swap(top)


def _brought(state: State | None) -> Snapshot | None:
    """Return the scopes that the environment has brought here."""
    found = [frame.layer for frame in chain(state) if frame.owner is INHERITED]
    return found[0] if found and isinstance(found[0], Snapshot) else None


def _set_here(state: State | None) -> int:
    """Return how many layers of the baseline seen below the scopes rank over the environment."""
    now, known = ambient.baseline_state, ambient.inherited
    layers = _found_below(state).layers
    if now.owner is not PROCESS or (known is not None and known[1] is now.snapshot):
        return 0
    count = len(layers)
    while count and _ranks_below(layers[count - 1]):
        count -= 1
    return count


def _found_below(state: State | None) -> Snapshot:
    """Return the baseline that the scopes open here have found."""
    frames = [frame for frame in chain(state) if not frame.is_record]
    if not frames:
        return ambient.baseline_state.snapshot
    bottom = inherited_by(frames[-1]) or EMPTY
    for frame in frames[-2:]:
        if frame.owner is OVER_INHERITED:
            bottom = frame.layer.onto(bottom)
    return as_baseline(bottom)


def _over_as_scopes(scopes: Snapshot, baseline: Snapshot) -> Snapshot:
    """Return the scopes with those of the baseline as the outermost of them."""
    if scopes.closed:
        return scopes
    has = set(map(id, scopes.scopes()))
    own = tuple(layer for layer in baseline.layers if id(layer) not in has)
    return Snapshot(scopes.scopes() + own, scopes.depth + len(own))


def _with_inherited(
    state: State | None, scopes: Snapshot, baseline: Snapshot | None, set_here: int = 0
) -> State:
    """Return `state` with the scopes in their rank, over `baseline` if that is another one.

    They lie below the first layers, `set_here`, of the baseline that was there.
    """
    frames = [frame for frame in chain(state) if frame.owner not in _INHERITED]
    above = len(frames)
    while above and not set_here and _is_weaker(frames[above - 1]):
        above -= 1
    layers = _found_below(state).layers
    own, rest = Snapshot(layers[:set_here], set_here), Snapshot(layers[set_here:])
    bottom: Snapshot | None = rest if baseline is None else _over(rest, baseline)
    top: State | None = None
    for frame in reversed(frames[above:]):
        below = None if frame.is_record else bottom
        top, bottom = copy_over(frame, top, below), bottom if frame.is_record else None
    top = top or ambient.baseline_state
    top = make_state(top, INHERITED, scopes, top.record, bottom)
    if own.depth:
        top = make_state(top, OVER_INHERITED, own, top.record)
    for frame in reversed(frames[:above]):
        layer = frame.layer
        if isinstance(layer, Layer):
            layer = layer.removing(top.snapshot)
        top = copy_over(frame, top, None, layer)
    return top


def _is_weaker(frame: State) -> bool:
    """Tell whether a frame ranks below the environment."""
    return frame.is_record or all(map(_ranks_below, frame.layer.scopes()))


def _ranks_below(layer: Layer) -> bool:
    origins = {layer.origin_of(key) for key in layer.values or [""]}
    return all(resolve(origin).kind in {"file", "default"} for origin in origins)


def _over(upper: Snapshot, lower: Snapshot) -> Snapshot:
    """Return a baseline that shows one over another."""
    for layer in reversed(upper.layers):
        lower = layer.onto(lower)
    return as_baseline(lower)
