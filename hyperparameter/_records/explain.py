"""Why a key has the value that it has."""

from typing import Any, NamedTuple

from .._functions import registry
from .._scopes import ambient
from .._scopes.lookup import NO_DEFAULT
from .._scopes.markers import ABSENT, DELETED
from .._scopes.missing import explain_missing
from .._scopes.snapshot import Layer
from .._values.containers import takes_parts
from .._values.describe import describe, show
from .._values.keys import check, did_you_mean
from .._values.origin import Origin, location, resolve
from .._values.untyped import REMOVED
from ..exceptions import CONTROLS


class Binding(NamedTuple):
    """A value and where it was bound; the value is masked when the key looks secret."""

    value: Any
    origin: Origin


class Declaration(NamedTuple):
    """A function or class that declares the key with `@hp.param`."""

    function: str
    location: str
    default: Any
    required: bool


class Explanation(NamedTuple):
    """What is known about a key here; `str()` is the text for people.

    `bindings` are all that the scopes and the baseline have, innermost first: the first is in
    force, the others are shadowed by it.
    """

    key: str
    bindings: list[Binding]
    declarations: list[Declaration]
    hint: str

    @property
    def value(self) -> Any:
        return self.bindings[0].value if self.bindings else None

    @property
    def origin(self) -> Origin | None:
        return self.bindings[0].origin if self.bindings else None

    @property
    def shadows(self) -> list[Binding]:
        return self.bindings[1:]

    def __repr__(self) -> str:
        return str(self)  # which is what a notebook shows

    def __str__(self) -> str:
        lines = [f"{self.key} is not set.{self.hint}"]
        if self.bindings:
            lines = [f"{self.key} = {show(self.key, self.value)}  ({self.origin})"]
        lines += [f"  shadows {show(self.key, b.value)}  ({b.origin})" for b in self.shadows]
        for declared in self.declarations:
            default = show(self.key, declared.default)
            shown = "required" if declared.required else f"default {default}"
            lines.append(f"  declared by {declared.function} ({declared.location}), {shown}")
        return "\n".join(line.translate(CONTROLS) for line in lines)


def explain(key: str) -> Explanation:
    """Return the value of `key` here, its origin, and what it shadows, innermost first."""
    state = ambient.current()
    snapshot = state.snapshot
    state.record.note_shown((key,))
    bindings = _bindings(key) if snapshot.find(check(key)) is not None else []
    declarations = [
        Declaration(
            signature.qualname,
            location(signature.site),
            None if default is NO_DEFAULT else describe(key, default),
            default is NO_DEFAULT,
        )
        for signature in registry.declarations(key)
        for default in [signature.default(key.rpartition(".")[2], NO_DEFAULT)]
    ]
    known = bool(bindings or declarations)
    hint = "" if known else explain_missing(snapshot, key) or did_you_mean(key, registry.keys())
    return Explanation(key, bindings, declarations, hint)


def _bindings(key: str) -> list[Binding]:
    """Walk the frames of this context and then the baseline; stop at what hides the rest."""
    bindings: list[Binding] = []
    sources: list[Layer] = []
    bottom = ambient.baseline_state.snapshot
    state: ambient.State | None = ambient.active.get() or ambient.baseline_state
    while state is not None:
        if state.parent is None or isinstance(state, ambient.RecordOverBaseline):
            bottom = state.snapshot
            break
        sources.extend(state.layer.scopes())
        if state.inherited is not None:
            bottom = state.inherited
            break
        state = state.parent
    scopes = len(sources) + bottom.depth
    sources.extend(bottom.layers)
    is_mapping = False  # whether a mapping lies over what is below
    for index, layer in enumerate(sources):
        value = layer.values.get(key, ABSENT)
        if value is DELETED or value is REMOVED:
            break
        if is_mapping and value is not ABSENT and not takes_parts(value):
            break
        is_mapping = is_mapping or (value is ABSENT and key in layer.names)
        if value is not ABSENT:
            binding = Binding(describe(key, value), resolve(layer.origin_of(key)))
            # In a worker of a launched program, what was launched is a scope and the baseline too.
            is_known = index >= scopes and binding in bindings
            if not is_known and binding not in bindings[-1:]:
                bindings.append(binding)
        if layer.closed:
            break
    return bindings
