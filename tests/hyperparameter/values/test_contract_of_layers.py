"""Layers of any sources, in any order, against a model that is plain `dataclasses.replace`."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import soak
from contract_structures import Adam, Cfg, Opt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hyperparameter as hp


def cli(function: Any, *argv: str, **env: str) -> Any:
    with mock.patch.dict(os.environ, env), contextlib.redirect_stderr(io.StringIO()):
        return hp.run_cli(function, list(argv), env_prefix="APP")


FIELDS: dict[type, dict[str, Any]] = {
    Opt: {"lr": float, "name": str, "n": int, "tags": list, "extra": dict},
    Cfg: {"opt": Opt, "alt": "optional", "opts": "named", "items": "items", "tag": str},
}
FIELDS[Adam] = FIELDS[Opt] | {"eps": float}
TEXTS = st.sampled_from(
    ["007", "1e3", "3.10", "null", "~", "=", " x", "1_000", "on", "é", "#c", "{", "-", "'", "\\"]
)
NAMES = st.sampled_from(["a", "b.c", "base", "base.x", "1", "x y", "é", "UP", "null", "007"])
RANK = {
    "scope": 0,
    "word": 0,
    "yaml": 1,
    "json": 1,
    "environment": 2,
    "-D": 3,
    "option": 4,
    "inner": 5,
}
INSTANCES = [Opt(9.0, "i", 3, ["i"], {"i": "i"}), Adam(8.0, "adam", eps=0.5)]


def mapping(cls: type, least: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    names = st.lists(st.sampled_from(list(FIELDS[cls])), min_size=least, max_size=2, unique=True)
    return names.flatmap(lambda ns: st.fixed_dictionaries({n: value(FIELDS[cls][n]) for n in ns}))


def value(kind: Any) -> st.SearchStrategy[Any]:
    if kind is float:
        return st.sampled_from([0.25, 1e-3, 3.0, 2])
    if kind is int:
        return st.sampled_from([None, 0, 10**30])
    if kind is str:
        return TEXTS
    if kind is list:
        return st.lists(TEXTS, max_size=2)
    if kind is dict:
        return st.dictionaries(NAMES, TEXTS, min_size=1, max_size=2)
    if kind == "items":
        return st.lists(mapping(Opt, 0), max_size=2)
    if kind == "named":
        return st.dictionaries(NAMES, mapping(Opt), min_size=1, max_size=2)
    return st.one_of(st.none(), mapping(Opt)) if kind == "optional" else mapping(kind)


@st.composite
def layer(draw: st.DrawFn) -> tuple[str, list[str], Any]:
    source = draw(st.sampled_from(list(RANK)))
    if source in ("scope", "inner") and draw(st.booleans()):
        path = draw(st.sampled_from([["opt"], ["alt"], ["opts", "a"]]))
        return source, path, draw(st.sampled_from(INSTANCES))
    path, kind = [draw(st.sampled_from(list(FIELDS[Cfg])))], None
    kind = FIELDS[Cfg][path[0]]
    if kind in (Opt, "optional") and draw(st.booleans()):
        path.append(draw(st.sampled_from(list(FIELDS[Opt]))))
        kind = FIELDS[Opt][path[1]]
    found = draw(value(kind))
    if source not in ("environment", "option") and len(path) == 1 and draw(st.booleans()):
        return source, [], {path[0]: found}
    return source, path, found


def merged(kind: Any, below: Any, new: Any) -> Any:
    """Say what a write makes of what is below it."""
    if dataclasses.is_dataclass(new) or new is None:
        return new
    if kind is float:
        return float(new)
    if kind is dict:
        return (below or {}) | new
    if kind == "items":
        return [merged(Opt, None, item) for item in new]
    if kind == "named":
        return (below or {}) | {
            n: merged(Opt, (below or {}).get(n), item) for n, item in new.items()
        }
    if kind in (Opt, Cfg, "optional"):
        below = below or Opt()
        fields = FIELDS[type(below)]
        return dataclasses.replace(
            below, **{n: merged(fields[n], getattr(below, n), v) for n, v in new.items()}
        )
    return new


def nested(path: list[str], new: Any) -> Any:
    for name in reversed(path):
        new = {name: new}
    return new


DEFAULT = Cfg()


@hp.param("layers")
def plain(x: Cfg = DEFAULT) -> Cfg:
    return x


@contextlib.contextmanager
def program(layers: list[tuple[str, list[str], Any]], folder: Path) -> Iterator[Cfg]:
    argv: list[str] = []
    env: dict[str, str] = {}
    inner: list[Any] = []
    with contextlib.ExitStack() as stack:
        for number, (source, path, new) in enumerate(layers):
            word = (
                new
                if isinstance(new, str)
                else ""
                if dataclasses.is_dataclass(new)
                else json.dumps(new)
            )
            key = ".".join(["layers.x", *path])
            if source in ("yaml", "json"):  # JSON is YAML
                file = folder / f"{number}.{source}"
                file.write_text(json.dumps({"layers": {"x": nested(path, new)}}))
                argv += ["-C", str(file)]
            elif source == "environment":
                env["__".join(["APP_LAYERS__X", *path]).upper()] = word
            elif source == "option":
                argv.append(f"--{'.'.join(['x', *path])}={word}")
            elif source == "-D":
                argv += ["-D", f"{key}={word}"]
            elif source == "word":
                stack.enter_context(hp.scope(f"{key}={word}"))
            else:
                (inner.append if source == "inner" else stack.enter_context)(hp.scope(**{key: new}))

        @hp.param("layers")
        def main(x: Cfg = DEFAULT) -> Cfg:
            with contextlib.ExitStack() as scopes:
                for scope in inner:
                    scopes.enter_context(scope)
                return plain()

        yield cli(main, *argv, **env)


def names_sorted(found: Any) -> Any:
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        return type(found).__name__, [
            names_sorted(getattr(found, f.name)) for f in dataclasses.fields(found)
        ]
    if isinstance(found, dict):
        return sorted((name, names_sorted(item)) for name, item in found.items())
    return [names_sorted(item) for item in found] if isinstance(found, list) else repr(found)


def overlap(a: list[str], b: list[str]) -> bool:
    return a[: len(b)] == b[: len(a)]


@settings(
    max_examples=soak.count_of_examples(250), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(layers=st.lists(layer(), min_size=1, max_size=5))
def test_layers_of_any_sources_are_merged_field_by_field(
    layers: list[tuple[str, list[str], Any]], tmp_path: Path
) -> None:
    chosen: list[tuple[str, list[str], Any]] = []
    for source, path, new in layers:  # two words of one key in one source are another question
        if source not in ("-D", "option", "environment") or not any(
            source == other and overlap(path, theirs) for other, theirs, _ in chosen
        ):
            chosen.append((source, path, new))
    before, wanted = copy.deepcopy((chosen, DEFAULT)), DEFAULT
    for _, path, new in sorted(chosen, key=lambda item: RANK[item[0]]):
        wanted = merged(Cfg, wanted, nested(path, new))
    with program(chosen, tmp_path) as found:
        assert names_sorted(found) == names_sorted(wanted)
    assert (chosen, DEFAULT) == before
