"""`${...}` in configuration: other keys, and the environment.

`${a.b}` is the value at `a.b`, which may be a list or a whole sub-tree; `${.b}` is the key beside,
`${..b}` one level up; `${env:NAME}` and `${env:NAME,default}` are untyped text, whose type the
reader chooses.  A reference alone is the value itself; inside text it is written out.  `$${`
stands for `${`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from .._values.keys import did_you_mean
from .._values.scalars import SCALARS
from .._values.secrets import is_secret, remember_made_of_secrets
from .._values.untyped import UntypedText
from .place import REFERENCE, Place, error_at
from .tree import Binding, BindingTree, flat_bindings

_MOST_STEPS = 60
"""The longest chain of references: longer than any real one, and safe for the stack."""

# A dozen lines of references to references can expand to more than fits into memory.
_MOST_VALUES = 1_000_000
_MOST_TEXT = 1_000_000

_SIGN = re.compile(r"\$\$\{|\$\{|\}")
_ABSENT: Final = object()


def interpolated(tree: BindingTree, env: Mapping[str, str]) -> dict[str, Binding]:
    """Return the bindings by dotted key, with all references resolved.

    `ConfigurationError` names the key and where it was set, for a reference that leads nowhere,
    is malformed or leads back to itself.
    """
    resolver = _Resolver(tree, env)
    resolved = {}
    for key, binding in flat_bindings(tree):
        try:
            fixed = _is_fixed(binding.value)
            resolved[key] = binding if fixed else binding._replace(value=resolver.at(key, binding))
        except RecursionError:
            problem = "the value is nested too deeply, or contains itself"
            raise error_at(key, binding.origin, problem) from None
    return resolved


def _is_fixed(value: object) -> bool:
    """Return True if a value certainly contains no reference, which is true of most."""
    if type(value) is str:
        return "${" not in value
    if type(value) is list:
        return SCALARS.issuperset(map(type, value)) or all(map(_is_fixed, value))
    return type(value) in SCALARS


class _Resolver:
    """Resolves each binding once, after the bindings that it refers to."""

    def __init__(self, tree: BindingTree, env: Mapping[str, str]) -> None:
        self._tree = tree
        self._env = env
        self._done: dict[str, object] = {}
        self._open: list[str] = []  # keys that are being resolved, each for the one before
        self._count = 0
        self._secrets = 0  # references to secrets so far

    def at(self, key: str, binding: Binding) -> object:
        """Return the value of a binding."""
        if key not in self._done:
            place = Place(key, binding.origin)
            if key in self._open:
                chain = " -> ".join([*self._open[self._open.index(key) :], key])
                raise place.error(f"the value refers to itself: {chain}")
            if len(self._open) >= _MOST_STEPS:
                raise place.error(f"a chain of more than {_MOST_STEPS} references leads here")
            self._open.append(key)
            self._done[key] = self._value(binding.value, place)
            self._open.pop()
        return self._done[key]

    def _value(self, value: object, place: Place) -> object:
        """Return `value` with its references resolved; values of other types have none."""
        self._count_one(place)
        if type(value) is str:
            return self._text(value, place) if "${" in value else value
        if type(value) is UntypedText:
            if "${" not in value.text:
                return value
            result = self._text(value.text, place)
            return UntypedText(result) if type(result) is str else result
        if type(value) is list:
            return [self._value(item, place.below(i)) for i, item in enumerate(value)]
        if type(value) is tuple:
            return tuple([self._value(item, place.below(i)) for i, item in enumerate(value)])
        if type(value) is dict:
            return {name: self._value(item, place.below(name)) for name, item in value.items()}
        return value

    def _count_one(self, place: Place) -> None:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise place.error(f"the references expand to more than {_MOST_VALUES:,} values")

    def _text(self, text: str, place: Place) -> object:
        """Return text with its references written out; the value itself for one alone.

        What is made of a secret is one, whatever the key that has it is called.
        """
        before = self._secrets
        result = self._pieces(text, 0, place, "")[0]
        if self._secrets > before:
            is_alone = text.startswith("${") and text.find("}") == len(text) - 1
            for part in _texts_in(result):
                remember_made_of_secrets(part, place.name if is_alone else None)
        return result

    def _pieces(self, text: str, start: int, place: Place, closing: str) -> tuple[object, int]:
        """Return what the text from `start` up to `closing` means, and where it ends."""
        pieces: list[str | _Resolved] = []
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
                return _joined(pieces, place), position
            else:
                if place.path.count(REFERENCE) > _MOST_STEPS:
                    raise place.error("too many references are nested in each other")
                name, position = self._pieces(text, position, place.below(REFERENCE), "}")
                pieces.append(_Resolved(self._referred(_written(name, place), place)))
        if closing:
            shown = place.shown(text)
            raise place.error(f"'${{' without '}}' in {shown!r:.80}. Write $${{ for the text ${{")
        pieces.append(text[position:])
        return _joined(pieces, place), len(text)

    def _referred(self, name: str, place: Place) -> object:
        if name.startswith("env:"):
            return self._from_environment(name[4:], place)
        if ":" in name:
            shown = place.shown(name)
            raise place.error(f"${{{shown}}}: only 'env' is known as a prefix before ':'")
        target = place.target(name)
        found = self._find(target, place)
        if found is _ABSENT:
            known = [key for key, _ in flat_bindings(self._tree)]
            near = did_you_mean(".".join(target), known)
            shown = place.shown(".".join(target))
            raise place.error(f"the value refers to {shown!r}, which is not set.{near}".rstrip("."))
        self._secrets += _is_secret_part(".".join(target), found)
        return found

    def _from_environment(self, name: str, place: Place) -> UntypedText:
        name, comma, default = name.partition(",")
        text = self._env.get(name.strip(), default if comma else None)
        if text is None:
            raise place.error(
                f"the value needs the environment variable {name.strip()!r}, which is not set. "
                f"Set it, or write a default: ${{env:{name.strip()},DEFAULT}}"
            )
        self._secrets += is_secret(name.strip(), text)
        return UntypedText(text)

    def _find(self, target: list[str], place: Place) -> object:
        node: Binding | BindingTree = self._tree
        for index, name in enumerate(target):
            if isinstance(node, Binding):
                return self._in_binding(node, target, index, place)
            below = node.get(name)
            if below is None:
                return _ABSENT
            node = below
        return self._all(node, ".".join(target), place)

    def _in_binding(self, binding: Binding, target: list[str], depth: int, place: Place) -> object:
        """Return a part of a leaf: of a list, or of the value that a reference has."""
        key = ".".join(target[:depth])
        if key not in self._open:
            return self._copied(_inside(self.at(key, binding), target[depth:]), place)
        # The reference is inside this very value, as in xs: [1, "${xs.0}"].  The value cannot be
        # resolved before it, but the part that it names can.
        part, whole = _inside(binding.value, target[depth:]), ".".join(target)
        if whole in self._open or (part is _ABSENT and type(binding.value) in (str, UntypedText)):
            raise place.error(f"the value refers to itself: {' -> '.join([*self._open, whole])}")
        self._open.append(whole)
        value = self._value(part, Place(key, binding.origin, tuple(target)))
        self._open.pop()
        return value

    def _all(self, node: Binding | BindingTree, key: str, place: Place) -> object:
        """Return the value of a binding, or a whole sub-tree as a dict."""
        if isinstance(node, Binding):
            return self._copied(self.at(key, node), place)
        if key in self._open or any(one.startswith(f"{key}.") for one in self._open):
            chain = " -> ".join([*self._open, key])
            raise place.error(f"the value refers to a mapping that contains it: {chain}")
        return {name: self._all(below, f"{key}.{name}", place) for name, below in node.items()}

    def _copied(self, value: object, place: Place) -> object:
        """Return a value with containers of its own, so that no two keys share one."""
        self._count_one(place)
        if type(value) is list:
            return [self._copied(item, place) for item in value]
        if type(value) is tuple:
            return tuple([self._copied(item, place) for item in value])
        if type(value) is dict:
            return {name: self._copied(item, place) for name, item in value.items()}
        return value


class _Resolved:
    """The value of a reference, to tell it from the pieces of text around it."""

    def __init__(self, value: object) -> None:
        self.value = value


def _joined(pieces: list[str | _Resolved], place: Place) -> object:
    pieces = [piece for piece in pieces if piece != ""]
    if len(pieces) == 1 and isinstance(pieces[0], _Resolved):
        return pieces[0].value
    texts = [_written(p.value, place) if isinstance(p, _Resolved) else p for p in pieces]
    if sum(map(len, texts)) > _MOST_TEXT:
        raise place.error(f"with its references, the text is longer than {_MOST_TEXT:,} characters")
    return "".join(texts)


def _written(value: object, place: Place) -> str:
    """Return a value as text, in the spelling that a configuration file would have."""
    if type(value) is UntypedText:
        return value.text
    if isinstance(value, (dict, list, tuple)):
        raise place.error(
            f"a reference to a {type(value).__name__} cannot be part of a text. Write it alone"
        )
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        return str(value)
    except ValueError:  # an int of more digits than the interpreter writes
        raise place.error("a number with too many digits cannot be part of a text") from None


def _is_secret_part(key: str, value: object) -> bool:
    return any(is_secret(key, text) for text in _texts_in(value))


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, (str, UntypedText)):
        yield value.text if isinstance(value, UntypedText) else value
    elif isinstance(value, (dict, list, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(part)


def _inside(value: object, target: list[str]) -> object:
    for name in target:
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, (list, tuple)) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return _ABSENT
    return value
