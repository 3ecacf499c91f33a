"""`${...}` in configuration: other keys, and the environment.

`${a.b}` is the value at `a.b`, a list or a whole sub-tree too; `${.b}` is the key beside, `${..b}`
one level up; `${env:NAME}` and `${env:NAME,default}` are text whose type the reader chooses.
Alone, a reference is the value itself; inside text it is written out.  `$${` stands for `${`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._files.key_path import KeyPath as Path
from .._values.convert import UntypedText
from .._values.keys import did_you_mean
from .._values.origin import Source, resolve
from ..exceptions import ConfigurationError
from .tree import Setting, Tree, settings

_MOST_STEPS = 60  # of a chain of references: beyond any real one, within the interpreter's stack
_MOST_VALUES = 1_000_000
_MOST_TEXT = 1_000_000
_PIECE = re.compile(r"\$\$\{|\$\{|\}")
_ABSENT: Any = object()


def interpolated(tree: Tree, env: Mapping[str, str]) -> dict[str, Setting]:
    """Return the settings by dotted key, with all references resolved.

    `ConfigurationError` names the key and where it was set, for what is missing, malformed or
    refers to itself.
    """
    resolver = _Resolver(tree, env)
    resolved = {}
    for key, setting in settings(tree):
        try:
            fixed = _is_fixed(setting.value)
            resolved[key] = setting if fixed else setting._replace(value=resolver.at(key, setting))
        except RecursionError:
            raise _error(key, setting.origin, "is nested too deep, or contains itself") from None
    return resolved


def _is_fixed(value: Any) -> bool:
    """Tell what has no reference in it."""
    kind = type(value)
    if kind is str:
        return "${" not in value
    if kind is list:
        return _SIMPLE.issuperset(map(type, value)) or all(map(_is_fixed, value))
    return kind in _SIMPLE


_SIMPLE = frozenset([int, float, bool, type(None)])


class _Resolver:
    def __init__(self, tree: Tree, env: Mapping[str, str]) -> None:
        self._tree = tree
        self._env = env
        self._done: dict[str, Any] = {}
        self._open: list[str] = []  # keys that are being resolved, each for the one before
        self._count = 0

    def at(self, key: str, setting: Setting) -> Any:
        """Return the value of a setting."""
        if key not in self._done:
            if key in self._open:
                chain = " -> ".join([*self._open[self._open.index(key) :], key])
                raise _error(key, setting.origin, f"refers to itself: {chain}")
            if len(self._open) >= _MOST_STEPS:
                raise _error(
                    key, setting.origin, f"is the end of {_MOST_STEPS} references in a row"
                )
            self._open.append(key)
            self._done[key] = self._value(setting.value, _Place(key, setting.origin))
            self._open.pop()
        return self._done[key]

    def _value(self, value: Any, place: _Place) -> Any:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise place.error(f"stands for more than {_MOST_VALUES:,} values, with its references")
        kind = type(value)
        if kind is str:
            return self._text(value, place) if "${" in value else value
        if kind is UntypedText:
            if "${" not in value.text:
                return value
            result = self._text(value.text, place)
            return UntypedText(result) if type(result) is str else result
        if kind is list or kind is tuple:
            return kind(self._value(item, place.below(i)) for i, item in enumerate(value))
        if kind is dict:
            return {name: self._value(item, place.below(name)) for name, item in value.items()}
        return value

    def _text(self, text: str, place: _Place) -> Any:
        """Return text with its references written out; the value itself for one alone."""
        return self._pieces(text, 0, place, "")[0]

    def _pieces(self, text: str, start: int, place: _Place, closing: str) -> tuple[Any, int]:
        """Return what `text` says from `start` on up to `closing`, and where that ends."""
        pieces: list[Any] = []
        position = start
        while (found := _PIECE.search(text, position)) is not None:
            if found[0] == "}" and not closing:  # which is text
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
                if place.path.count("${") > _MOST_STEPS:
                    raise place.error("has too many references in each other")
                name, position = self._pieces(text, position, place.below("${"), "}")
                pieces.append(_Reference(self._referred(_written(name, place), place)))
        if closing:
            raise place.error(
                f"has a '${{' without '}}': {text!r:.80}. Write $${{ for the text ${{"
            )
        pieces.append(text[position:])
        return _joined(pieces, place), len(text)

    def _referred(self, name: str, place: _Place) -> Any:
        if name.startswith("env:"):
            return self._from_environment(name[4:], place)
        if ":" in name:
            raise place.error(f"has ${{{name}}}: before ':' only 'env' is known")
        target = place.target(name)
        found = self._find(target, place)
        if found is _ABSENT:
            known = [key for key, _ in settings(self._tree)]
            near = did_you_mean(".".join(target), known)
            raise place.error(
                f"refers to {'.'.join(target)!r}, which is not set.{near}".rstrip(".")
            )
        return found

    def _from_environment(self, name: str, place: _Place) -> UntypedText:
        name, comma, default = name.partition(",")
        text = self._env.get(name.strip(), default if comma else None)
        if text is None:
            raise place.error(
                f"needs the environment variable {name.strip()!r}, which is not set. Set it, or "
                f"write ${{env:{name.strip()},DEFAULT}}"
            )
        return UntypedText(text)

    def _find(self, target: list[str], place: _Place) -> Any:
        node: Any = self._tree
        for index, name in enumerate(target):
            if isinstance(node, Setting):
                return self._in_setting(node, target, index, place)
            node = node.get(name, _ABSENT)
            if node is _ABSENT:
                return _ABSENT
        return self._all(node, ".".join(target), place)

    def _in_setting(self, setting: Setting, target: list[str], depth: int, place: _Place) -> Any:
        """Return what is deeper than the leaf: in a list, or in what a reference stands for."""
        key = ".".join(target[:depth])
        if key not in self._open:
            return self._copied(_inside(self.at(key, setting), target[depth:]), place)
        raw, whole = _inside(setting.value, target[depth:]), ".".join(target)
        if whole in self._open or (raw is _ABSENT and type(setting.value) in (str, UntypedText)):
            raise place.error(f"refers to itself: {' -> '.join([*self._open, whole])}")
        self._open.append(whole)
        value = self._value(raw, _Place(key, setting.origin, tuple(target)))
        self._open.pop()
        return value

    def _all(self, node: Any, key: str, place: _Place) -> Any:
        if isinstance(node, Setting):
            return self._copied(self.at(key, node), place)
        if key in self._open or any(one.startswith(f"{key}.") for one in self._open):
            chain = " -> ".join([*self._open, key])
            raise place.error(f"refers to what it is in itself: {chain}")
        return {name: self._all(below, f"{key}.{name}", place) for name, below in node.items()}

    def _copied(self, value: Any, place: _Place) -> Any:
        """Return a value with containers of its own, so that no two keys share one."""
        self._count += 1
        if self._count > _MOST_VALUES:
            raise place.error(f"stands for more than {_MOST_VALUES:,} values, with its references")
        if type(value) in (list, tuple):
            return type(value)(self._copied(item, place) for item in value)
        if type(value) is dict:
            return {name: self._copied(item, place) for name, item in value.items()}
        return value


class _Reference:
    """What a reference stands for, among the pieces of a text."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _joined(pieces: list[Any], place: _Place) -> Any:
    pieces = [piece for piece in pieces if piece != ""]
    if len(pieces) == 1 and isinstance(pieces[0], _Reference):
        return pieces[0].value
    texts = [_written(p.value, place) if isinstance(p, _Reference) else p for p in pieces]
    if sum(map(len, texts)) > _MOST_TEXT:
        raise place.error(f"is longer than {_MOST_TEXT:,} characters, with its references")
    return "".join(texts)


def _written(value: Any, place: _Place) -> str:
    if type(value) is UntypedText:
        return value.text
    if isinstance(value, (dict, list, tuple)):
        raise place.error(
            f"has a {type(value).__name__} inside text. A reference to one stands alone"
        )
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        return str(value)
    except ValueError:  # an int of more digits than the interpreter writes
        raise place.error("has a number of too many digits inside text") from None


def _inside(value: Any, target: list[str]) -> Any:
    for name in target:
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, (list, tuple)) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return _ABSENT
    return value


class _Place:
    """Where a reference stands: a path for relative ones, a key and an origin for errors."""

    def __init__(self, key: str, origin: Source, path: Path | None = None) -> None:
        self.key = key
        self.origin = origin
        self.path: Path = tuple(key.split(".")) if path is None else path

    def below(self, name: str | int) -> _Place:
        return _Place(self.key, self.origin, (*self.path, name))

    def target(self, name: str) -> list[str]:
        """Return the names of the key that `name` means here."""
        bare = name.strip()
        up = len(bare) - len(bare.lstrip("."))
        names = bare[up:].split(".")
        if not all(names):
            raise self.error(f"has ${{{name}}}, which names no key")
        if not up:
            return names
        mapping = [str(part) for part in self.path if part != "${"]
        beside = [part for part in self.path if part != "${"]
        while beside and isinstance(beside[-1], int):  # a list: its items are beside it
            beside.pop()
        if up > len(beside):
            raise self.error(f"has ${{{name}}}, which leads above the top")
        return mapping[: len(beside) - up] + names

    def error(self, problem: str) -> ConfigurationError:
        return _error(self.key, self.origin, problem)


def _error(key: str, origin: Source, problem: str) -> ConfigurationError:
    place = resolve(origin)
    return ConfigurationError(f"{key!r} ({place}) {problem}.", key=key, origin=place)
