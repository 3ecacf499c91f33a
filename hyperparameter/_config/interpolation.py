"""`${...}` in configuration: other keys, and the environment.

`${a.b}` is the value at `a.b`, which may be a list or a whole sub-tree; `${.b}` is the key beside,
`${..b}` one level up; `${env:NAME}` and `${env:NAME,default}` are untyped text, whose type the
reader chooses.  A reference alone is the value itself; inside text it is written out.  `$${`
stands for `${`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .._scopes.whole import whole
from .._values.own_class import is_copyable, like
from .._values.secrets import is_secret, remember_made_of_secrets
from .._values.untyped import REMOVED, UntypedText, UntypedTree, sets_nothing
from .bindings import Binding, Bindings, below, has_untyped, in_one
from .defaults import Elsewhere, default_of, not_set
from .expansion import Expansion
from .parts import (
    ABSENT,
    Resolved,
    has_no_reference,
    inside,
    is_secret_part,
    texts_in,
    value_of,
    written,
)
from .place import REFERENCE, Place, error_at
from .view import View, as_snapshot, keys_above, may_join

_MOST_STEPS = 60
"""The longest chain of references: longer than any real one, and safe for the stack."""

_SIGN = re.compile(r"\$\$\{|\$\{|\}")


def interpolated(
    sources: Iterable[Bindings], env: Mapping[str, str], elsewhere: Elsewhere
) -> tuple[list[Bindings], frozenset[str]]:
    """Return the sources with all references resolved, and the keys that references took.

    `ConfigurationError` names the key and where it was set, for a reference that leads nowhere,
    is malformed or leads back to itself.  What a later source replaces stays as it is.
    """
    sources = list(sources)
    values = [one.value for source in sources for one in source.values()]
    if has_no_reference(values):
        return sources, frozenset()
    resolver = Resolver(View(sources), env, elsewhere)
    return [resolver.resolved(source) for source in sources], frozenset(resolver.taken)


class Resolver:
    """Resolves each binding once, after the bindings that it refers to."""

    def __init__(self, view: View, env: Mapping[str, str], elsewhere: Elsewhere) -> None:
        self.taken: set[str] = set()  # the keys whose values references have taken
        self._view = view
        self._env = env
        self._elsewhere = elsewhere
        self._outside = View([elsewhere.bindings])
        self._done: dict[int, object] = {}  # by the identity of the binding
        self._open: list[str] = []  # keys that are being resolved, each for the one before
        self._expansion = Expansion()
        self._secrets = 0  # references to secrets so far

    def resolved(self, source: Bindings) -> Bindings:
        """Return a source without references; a mapping that one brought is keys of its own."""
        found: Bindings = {}
        for key, binding in source.items():
            if id(binding) in self._view.replaced or has_no_reference(binding.value):
                found[key] = binding
                continue
            try:
                value = self.at(key, binding)
                parts = below(key, binding, value)
            except RecursionError:
                problem = "the value is nested too deeply, or contains itself"
                raise error_at(key, binding.origin, problem) from None
            # What is written out below the key wins.
            found |= {name: one for name, one in parts.items() if name == key or name not in source}
        return found

    def at(self, key: str, binding: Binding) -> object:
        """Return the value of a binding."""
        if id(binding) not in self._done:
            place = Place(key, binding.origin, binding.names)
            if key in self._open:
                chain = " -> ".join([*self._open[self._open.index(key) :], key])
                raise place.error(f"the value refers to itself: {chain}")
            if len(self._open) >= _MOST_STEPS:
                raise place.error(f"a chain of more than {_MOST_STEPS} references leads here")
            self._open.append(key)
            self._done[id(binding)] = self._value(binding.value, place)
            self._open.pop()
        return self._done[id(binding)]

    def _value(self, value: object, place: Place) -> object:
        """Return `value` with its references resolved; values of other types have none."""
        self._expansion.add_value(place)
        if type(value) is str:
            return value_of(self._text(value, place)) if "${" in value else value
        if type(value) is UntypedText:
            if "${" not in value.text:
                return value
            found = self._text(value.text, place)
            # Text that a reference brings keeps its type: it may have been in quotes.
            return UntypedText(found) if isinstance(found, str) else found.value
        if type(value) is UntypedTree:
            inner: Any = self._value(value.value, place)
            return in_one(inner) if value.kind is None else UntypedTree(inner, value.kind)
        if type(value) in (list, tuple):
            parts: Any = value
            items = [self._value(item, place.below(i)) for i, item in enumerate(parts)]
            # A tuple of Python has no untyped parts, so one that gets some becomes a list.
            return items if type(value) is list or any(map(has_untyped, items)) else tuple(items)
        if is_copyable(value):
            made = {name: self._value(one, place.below(name)) for name, one in value.items()}
            return like(value, made)
        return value

    def _text(self, text: str, place: Place) -> str | Resolved:
        """Return text with its references written out; what one alone brings.

        What is made of a secret is one, whatever the key that has it is called.
        """
        before = self._secrets
        result = self._pieces(text, 0, place, "")[0]
        if self._secrets > before:
            is_alone = text.startswith("${") and text.find("}") == len(text) - 1
            for part in texts_in(value_of(result)):
                remember_made_of_secrets(part, place.name if is_alone else None)
        return result

    def _pieces(
        self, text: str, start: int, place: Place, closing: str
    ) -> tuple[str | Resolved, int]:
        """Return what the text from `start` up to `closing` means, and where it ends."""
        pieces: list[str | Resolved] = []
        position = start
        while (found := _SIGN.search(text, position)) is not None:
            if found[0] == "}" and not closing:  # part of the text
                pieces.append(text[position : found.end()])
                position = found.end()
                continue
            pieces.append(text[position : found.start()])
            position = found.end()
            if found[0] == "$${":
                pieces.append("${")
            elif found[0] == "}":
                return self._joined(pieces, place), position
            else:
                if place.path.count(REFERENCE) > _MOST_STEPS:
                    raise place.error("too many references are nested in each other")
                name, position = self._name(text, position, place)
                pieces.append(Resolved(self._referred(name, place)))
        if closing:
            shown = place.shown(text)
            raise place.error(f"'${{' without '}}' in {shown!r:.80}. Write $${{ for the text ${{")
        pieces.append(text[position:])
        return self._joined(pieces, place), len(text)

    def _name(self, text: str, start: int, place: Place) -> tuple[str, int]:
        """Return the name inside of a reference, and where it ends; it may be made of a secret."""
        before = self._secrets
        found, end = self._pieces(text, start, place.below(REFERENCE), "}")
        name = written(value_of(found), place)
        if self._secrets > before:
            place.hide(name)
            place.hide(name.removeprefix("env:").strip())
        return name, end

    def _joined(self, pieces: list[str | Resolved], place: Place) -> str | Resolved:
        pieces = [piece for piece in pieces if piece != ""]
        if len(pieces) == 1 and isinstance(pieces[0], Resolved):
            return pieces[0]
        texts = [written(p.value, place) if isinstance(p, Resolved) else p for p in pieces]
        self._expansion.add_text(sum(map(len, texts)), place)
        return "".join(texts)

    def _referred(self, name: str, place: Place) -> object:
        if name.startswith("env:"):
            return self._from_environment(name[4:], place)
        if ":" in name or name.startswith("{"):
            from .other_tools import not_ours  # for an error alone

            raise place.error(not_ours(place.shown(name)))
        target = place.target(name)
        found = self._find(target, place)
        if found is ABSENT:
            from .other_tools import elsewhere_written

            key = ".".join(target)
            why = not_set(key, self._elsewhere.declarations, self._view.bindings)
            shown = place.shown(name)
            advice = elsewhere_written(shown)
            shown = place.shown(key) if shown == name else shown
            stop = "" if why.endswith("?") or not advice else "."
            raise place.error(f"the value refers to {shown!r}, {why}{stop} {advice}".rstrip())
        self._secrets += is_secret_part(".".join(target), found)
        return found

    def _from_environment(self, name: str, place: Place) -> UntypedText:
        name, comma, default = name.partition(",")
        text = self._env.get(name.strip(), default if comma else None)
        if text is None:
            shown = place.shown(name.strip())
            raise place.error(
                f"the value needs the environment variable {shown!r}, which is not set. "
                f"Set it, or write a default: ${{env:{shown},DEFAULT}}"
            )
        self._secrets += is_secret(name.strip(), text)
        return UntypedText(text)

    def _find(self, target: list[str], place: Place) -> object:
        found = self._seen(self._view, target, place)
        if found is ABSENT and target[0] in self._elsewhere.full:
            return self._find([*self._elsewhere.full[target[0]].split("."), *target[1:]], place)
        above = list(keys_above(".".join(target)))
        if found is ABSENT and not any(self._takes_away(self._view, one) for one in above):
            found = self._seen(self._outside, target, place)
        return self._default(".".join(target), place) if found is ABSENT else found

    def _seen(self, view: View, target: list[str], place: Place) -> object:
        """Return what a view has at a key, or what the value of one above it has there."""
        whole = ".".join(target)
        if view.has(whole):
            return self._all(view, whole, place)
        for depth in range(len(target) - 1, 0, -1):
            key = ".".join(target[:depth])
            if key in view.bindings:
                return self._inside_of(view, key, target, depth, place)
        return ABSENT

    def _default(self, key: str, place: Place) -> object:
        """Return the default that is declared, unless what is set around it takes it away."""
        found = default_of(key, self._elsewhere.declarations, place)
        if found is None:
            return ABSENT
        for above in (key, *keys_above(key)) if key != found.parameter else ():
            is_part = f"{above}.".startswith(f"{found.parameter}.")
            for view in (self._view, self._outside) if is_part else ():
                if self._takes_away(view, above, blank=True):
                    return ABSENT
        self.taken.add(key)
        return self._copied(found.binding.value, place)

    def _takes_away(self, view: View, key: str, *, blank: bool = False) -> bool:
        """Tell whether a value takes the place of all that weaker sources have below its key.

        A `blank` section does so where it is the value of a parameter, which is then None.
        """
        if any(key in one and one[key].value is REMOVED for one in view.sources):
            return True
        if key not in view.bindings:
            return False
        binding = view.bindings[key]
        value = binding.value if key in self._open else self.at(key, binding)
        return not may_join(value) and (blank or not sets_nothing(value))

    def _inside_of(
        self, view: View, key: str, target: list[str], depth: int, place: Place
    ) -> object:
        """Return a part of a value: of a list, or of what a reference brings."""
        if key not in self._open:
            return self._copied(inside(self._all(view, key, place), target[depth:]), place)
        # The reference is inside this very value, as in xs: [1, "${xs.0}"].  The value cannot be
        # resolved before it, but the part that it names can.
        binding = view.bindings[key]
        part, whole = inside(binding.value, target[depth:]), ".".join(target)
        if whole in self._open or (part is ABSENT and type(binding.value) in (str, UntypedText)):
            raise place.error(f"the value refers to itself: {' -> '.join([*self._open, whole])}")
        self._open.append(whole)
        value = self._value(part, Place(key, binding.origin, tuple(target)))
        self._open.pop()
        return value

    def _all(self, view: View, key: str, place: Place) -> object:
        """Return what all sources say at a key and below it."""
        sources = list(view.at(key))
        is_section = any(one != key for source in sources for one in source)
        if is_section and any(f"{one}.".startswith(f"{key}.") for one in self._open):
            chain = " -> ".join([*self._open, key])
            raise place.error(f"the value refers to a mapping that contains it: {chain}")
        self.taken.update(one for source in sources for one in source)
        resolved = [
            {
                one: bound._replace(value=self._copied(self.at(one, bound), place))
                for one, bound in source.items()
            }
            for source in sources
        ]
        found = whole(as_snapshot(resolved, place.origin), key)
        return found.value if found is not None else ABSENT

    def _copied(self, value: object, place: Place) -> object:
        """Return a value with containers of its own, so that no two keys share one."""
        self._expansion.add_value(place)
        if type(value) is UntypedTree:
            return UntypedTree(self._copied(value.value, place), value.kind)  # type: ignore[arg-type]  # of its kind
        if type(value) is list:
            return [self._copied(item, place) for item in value]
        if type(value) is tuple:
            return tuple([self._copied(item, place) for item in value])
        if is_copyable(value):
            items = {name: self._copied(item, place) for name, item in value.items()}
            return like(value, items)
        return value
