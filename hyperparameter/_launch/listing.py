"""What `--list-param-scope`, `--explain-param` and `--print-config` print."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._console import NotFound, can_show, say
from .._functions import registry
from .._functions.docstring import parse
from .._functions.signature import Signature
from .._records.explain import Explanation, explain
from .._scan.finding import matches
from .._scopes import ambient
from .._scopes.lookup import fields_of, typed
from .._values.convert import convert, is_enum, plain
from .._values.describe import Description, show
from .._values.keys import did_you_mean, nest
from .._values.origin import Source, location
from .._values.secrets import MASK, is_secret
from ..exceptions import InvalidKey, UsageError
from .options import EXPLAIN, LIST, PRINT, REQUIRED, Option, is_given
from .unknown_keys import Declared

if TYPE_CHECKING:
    from .._scan import Finding, SourceTree


def answer(
    asked: Mapping[str, list[str]], program: SourceTree | None, sources: Iterable[str]
) -> str:
    """Return what the program says about itself; `NotFound` for a key that it does not know."""
    if EXPLAIN.key in asked:
        return _explanations(asked[EXPLAIN.key], program)
    if LIST.key in asked:
        return _listed(program)
    return _configuration(asked[PRINT.key][-1], program, sources)


def _listed(program: SourceTree | None) -> str:
    """Return all parameters, each with what declares it and its value."""
    declared, reads = Declared(), _reads(program)
    keys = dict.fromkeys([*declared, *(one.key for one in reads)])
    texts = ["\n".join([f"{key}:", *_summary(key, declared, reads)]) for key in keys]
    return "\n".join(texts) or "No parameters."


def _explanations(keys: Iterable[str], program: SourceTree | None) -> str:
    """Return all that is known of each key."""
    declared, reads = Declared(), _reads(program)
    texts = []
    for key in keys:
        lines = [*_summary(key, declared, reads), *_details(key, declared)]
        if not lines:
            known = [*declared, *(one.key for one in reads)]
            raise NotFound(f"unknown parameter {key!r}.{did_you_mean(key, known)}", key=key)
        texts.append("\n".join([f"{key}:", *lines]))
    return "\n".join(texts)


def _summary(key: str, declared: Declared, reads: list[Finding]) -> Iterator[str]:
    for signature, option in declared.of(key):
        place = f"{signature.module}.{signature.qualname}"
        shown = None if option.default is REQUIRED else show(key, option.default)
        yield _place(signature.qualname, place, shown)
    found = [one for one in reads if one.key == key]
    if not found and not declared.of(key):
        found = [one for one in reads if one.is_pattern and matches(one.key, key)]
    for one in found:
        yield _place(one.function, _at(one), one.shown_default)
    explanation = _explained(key)
    if explanation.bindings:
        yield f"  value={show(key, explanation.value)}, origin={explanation.origin}"
    elif below := list(ambient.current().snapshot.below(key)):
        for signature, _ in declared.of(key)[:1]:
            value = signature.value(key.rpartition(".")[2], REQUIRED)
            origin = _explained(f"{key}.{below[0]}").origin
            yield f"  value={show(key, value)}, origin={origin}"


def _explained(key: str) -> Explanation:
    try:
        return explain(key)
    except InvalidKey as error:
        raise UsageError(str(error), key=key) from None


def _place(function: str, place: str, default: str | None) -> str:
    shown = "required" if default is None else f"default={default}"
    return f"  function={function}, location={place}, {shown}"


def _at(one: Finding) -> str:
    return f"{one.file.removeprefix(os.path.join(os.getcwd(), ''))}:{one.line}"


def _details(key: str, declared: Declared) -> Iterator[str]:
    for shadowed in _explained(key).shadows:
        yield f"  shadows={show(key, shadowed.value)}, origin={shadowed.origin}"
    for signature, _ in declared.of(key):
        texts = parse(signature.doc).parameters
        if text := texts.get(key.removeprefix(f"{signature.namespace}.")):
            yield f"  help={text}"
        yield f"  declared={location(signature.site)}"


def _reads(program: SourceTree | None) -> list[Finding]:
    """Return what is read in scopes; what is declared, the program itself knows better."""
    if program is None:
        return []
    return [one for one in program.findings if one.kind == "read" and one.key.strip("*.")]


def advanced(
    program: SourceTree | None, signature: Signature, own: Sequence[Option]
) -> list[tuple[str, str]]:
    """Return the parameters that the functions called may read, each with what help says of it."""
    if program is None:
        return []
    shown = {option.key for option in own}
    rows: dict[str, str] = {}
    function = signature.function.__qualname__
    for one in program.reachable(signature.code.co_filename, function):
        if one.key not in shown and one.key.strip("*."):
            default = f"default {one.shown_default}" if one.has_default else "required"
            rows.setdefault(one.key, f"{default}, {one.function} ({_at(one)})")
    return sorted(rows.items())


def _configuration(kind: str, program: SourceTree | None, sources: Iterable[str]) -> str:
    """Return all parameters with their values as a file.

    What has no value, or none that a file can hold, is said on stderr.
    """
    flat: dict[str, Any] = {}
    for key, value in _values(program, sources):
        for name, leaf in _leaves(key, value):
            try:
                flat[name] = MASK if is_given(leaf) and is_secret(name) else _plain(leaf, kind)
            except _Unwritable as error:
                say(f"{name} {error}: it is left out")
    for key in [key for key in flat if _is_below_a_value(key, flat)]:
        say(f"{key} is below a key with a value, which no file can hold: it is left out")
        del flat[key]
    return _written(kind, nest(flat))


def _is_below_a_value(key: str, flat: Mapping[str, Any]) -> bool:
    parts = key.split(".")
    return any(".".join(parts[:depth]) in flat for depth in range(1, len(parts)))


def _values(program: SourceTree | None, sources: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield each parameter with the value that the program would have for it."""
    seen: set[str] = set()
    for signature in registry.declared():
        for name in signature.names:
            key = f"{signature.namespace}.{name}"
            if key not in seen:
                seen.add(key)
                yield key, signature.value(name, REQUIRED)
    snapshot = ambient.current().snapshot
    for one in _reads(program):
        if not one.is_pattern and one.key not in seen:
            seen.add(one.key)
            found = snapshot.find(one.key)
            default = one.default if one.has_default else REQUIRED
            yield one.key, default if found is None else _read(one.key, default, *found)
    for key in sources:
        if not any(key == one or key.startswith(f"{one}.") for one in seen):
            yield key, plain(snapshot.flat()[key])


def _read(key: str, default: Any, stored: Any, origin: Source) -> Any:
    """Return what reading a key toward a default that was found in the sources gives."""
    if not is_given(default) or isinstance(default, Description):
        return plain(stored)
    kind = type(default)
    return typed(key, stored, origin, lambda value: convert(value, default), kind.__name__)


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what stands at a key and below it; a mapping with names that are none is one value."""
    fields = value if isinstance(value, Mapping) else fields_of(value)
    if fields and all(isinstance(name, str) and name and "." not in name for name in fields):
        for name, inner in fields.items():
            yield from _leaves(f"{key}.{name}", inner)
    else:
        yield key, value


class _Unwritable(Exception):
    """Raised for what a file cannot hold."""


def _plain(value: Any, kind: str) -> Any:
    if value is REQUIRED:
        raise _Unwritable("is required and not set")
    if value is None and kind == "toml":
        raise _Unwritable("is None, which TOML cannot hold")
    if type(value) is str:
        return value.replace("${", "$${")  # which would be a reference in a file
    if type(value) in (int, float, bool, type(None)):
        return value
    if is_enum(type(value)):
        return value.name
    if isinstance(value, Mapping) or fields_of(value):
        fields = value if isinstance(value, Mapping) else fields_of(value)
        return {
            str(name): MASK if is_secret(str(name)) else _plain(inner, kind)
            for name, inner in fields.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, kind) for item in value]
    if hasattr(value, "__fspath__"):
        return os.fspath(value)
    if isinstance(value, Description):
        raise _Unwritable(f"is {value} in the program, which is computed")
    raise _Unwritable(f"is {show('', value)}, which no file can hold")


def _written(kind: str, values: dict[str, Any]) -> str:
    """Return the text of a file; characters that stdout cannot show are escaped as it has them."""
    if kind == "json":
        import json

        text = json.dumps(values, indent=2, ensure_ascii=False)
        return text if can_show(text) else json.dumps(values, indent=2)
    if kind == "yaml":
        import yaml

        text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
        return str(text if can_show(text) else yaml.safe_dump(values, sort_keys=False)).rstrip()
    import tomli_w

    text = tomli_w.dumps(values).rstrip()
    return text if can_show(text) else "".join(map(_toml_escaped, text))


def _toml_escaped(character: str) -> str:
    return character if character.isascii() else f"\\U{ord(character):08x}"
