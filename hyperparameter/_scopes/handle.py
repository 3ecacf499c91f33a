"""What a scope object stands for in this context, whether or not it has been entered here."""

from __future__ import annotations

from . import ambient, frames
from .ambient import CARRIED, State
from .bound import as_layer
from .elsewhere import IMPLICIT_LAYER, ImplicitOwner, get_bindings, shown_elsewhere
from .frames import Enterable

_get_active = ambient.active.get


def state_of(scope: Enterable) -> State:
    """Return the state of the scope's frame, here or in the one other context where it is open.

    Where there is none, it is how it would be if entered now.
    """
    active = _get_active()
    if active is not None and active.owner is scope:
        return active
    now, state = ambient.current(), frame_of(scope)
    if state is not None:
        return state if state.record is now.record else ambient.view(state.snapshot, now.record)
    if (elsewhere := shown_elsewhere(get_bindings(scope))) is not None:
        return ambient.view(elsewhere, now.record)
    if is_implicit(scope):
        return now
    return ambient.view(as_layer(get_bindings(scope)).onto(now.snapshot), now.record)


def frame_of(scope: Enterable) -> State | None:
    """Return the scope's innermost state here; `implicit` has those that writes open, too."""
    if not is_implicit(scope):
        return frames.frame_of(scope)
    for state in ambient.chain(ambient.active.get()):
        if state.owner is scope or isinstance(state.owner, ImplicitOwner):
            return state
        if state.owner is CARRIED:  # what lies below is another's
            return None
    return None


def is_implicit(scope: Enterable) -> bool:
    """Tell whether the scope stands for what writes open where no scope is active."""
    return get_bindings(scope)[0] is IMPLICIT_LAYER
