"""Configuration files, `Params` and conversion."""

from __future__ import annotations

import functools
import json
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from measure import in_turns
from sample import KEYS, as_yaml, values
from table import Figures, Row

import hyperparameter as hp
from hyperparameter._values.convert import NOTHING
from hyperparameter._values.hints import converter


def rows(peers: Figures) -> Iterator[Row]:
    """Yield the rows; `peers` is what `peers_loading.py` prints."""
    yield from _files()
    for name, figures in peers.items():
        yield Row(
            f"YAML of {KEYS:,} keys: {name}", figures["x compose"], "x bare parser with marks"
        )
    yield from _params()
    yield from _conversions()
    yield from _records()


def _records() -> Iterator[Row]:
    with hp.record() as rec, hp.scope(**{f"ns{n % 100}.key{n}": n * 0.5 for n in range(100_000)}):
        hp.scope.storage().storage()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "record.json")
        taken = in_turns(
            {"save": lambda: rec.save(path), "load": lambda: hp.Record.load(path)},
            rounds=3,
            calls=1,
        )
    for name, one in taken.items():
        yield Row(f"record of 100,000 keys: {name}", one.median / 1e9, "s", 2)


def _files() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        texts = {"yaml": as_yaml(), "toml": _as_toml(), "json": json.dumps(values(), indent=1)}
        files = {}
        for kind, text in texts.items():
            files[kind] = Path(folder, f"sample.{kind}")
            files[kind].write_text(text)
        if not len(hp.config(files["yaml"])) == len(hp.config(files["toml"])) == KEYS:
            raise AssertionError("the files do not have the keys")
        taken = in_turns(
            {
                "yaml": lambda: hp.config(files["yaml"]),
                "compose": lambda: yaml.compose(files["yaml"].read_text(), yaml.CSafeLoader),
                "toml": lambda: hp.config(files["toml"]),
                "tomllib": lambda: tomllib.loads(files["toml"].read_text()),
                "json": lambda: hp.config(files["json"]),
                "json.loads": lambda: json.loads(files["json"].read_text()),
            },
            rounds=20,
            calls=2,
        )
    ratio = taken["yaml"] / taken["compose"]
    yield Row(f"YAML of {KEYS:,} keys: hp.config", ratio, "x bare parser with marks", 1.3)
    yield Row(f"TOML of {KEYS:,} keys: hp.config", taken["toml"] / taken["tomllib"], "x tomllib")
    yield Row(f"JSON of {KEYS:,} keys: hp.config", taken["json"] / taken["json.loads"], "x json")


def _as_toml() -> str:
    return "\n".join(
        f"[{name}]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in group.items())
        for name, group in values().items()
    )


def _params() -> Iterator[Row]:
    scalars = {f"key{i}": i for i in range(1_000)}

    def popped(kind: str) -> object:
        params = hp.Params(scalars)
        pop = getattr(params, kind)
        for key in scalars:
            pop(key)
        return params

    taken = in_turns(
        {
            "made": lambda: hp.Params(scalars),
            "pop": lambda: popped("pop"),
            "pop_int": lambda: popped("pop_int"),
        },
        rounds=30,
        calls=2,
    )
    for kind in ("pop", "pop_int"):
        spent = (taken[kind] - taken["made"]).median / len(scalars) / 1_000
        yield Row(f"Params.{kind}, logging off", spent, "us", 3)


def _conversions() -> Iterator[Row]:
    numbers = [str(i) for i in range(100)]
    cases: dict[str, tuple[Any, Any, float | None]] = {
        "'0.1' to float": (float, "0.1", 1.0),
        "'7' to int": (int, "7", 1.0),
        "'yes' to bool": (bool, "yes", 1.0),
        "100 ints to list[int]": (list[int], list(range(100)), 10.0),
        "100 texts to list[int]": (list[int], numbers, None),
    }
    calls = {
        n: functools.partial(converter(hint), value, NOTHING)
        for n, (hint, value, _) in cases.items()
    }
    taken = in_turns(calls, 40, 500)
    for name, (_, _, budget) in cases.items():
        yield Row(f"convert {name}", taken[name].median / 1_000, "us", budget)
