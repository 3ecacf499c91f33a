"""Whatever is read as a configuration, nothing but `ConfigurationError` is raised.

What reads text runs without its evaluator, which would start a process for each text that is not
JSON; the processes have a smaller test of their own.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from soak import amount

from hyperparameter._files.from_jsonnet import Limits, evaluate_snippet
from hyperparameter._params import file
from hyperparameter.params import (
    ConfigurationError,
    Params,
    infer_and_cast,
    parse_overrides,
    unflatten,
    with_fallback,
    with_overrides,
)

ROUNDS = amount(1_000, full=50_000)
PROCESSES = amount(12, full=500)
SEEDS = [
    '{"a": {"b": [1, 2.5, {"c": null}]}, "d.e": "None", "f": true}',
    '{"a.0": 1, "a.-1": {"x": 1e400}, "b": "\\ud800", "c": NaN}',
    "local f(x) = {y: x}; {a: f(1), b: [i for i in std.range(1, 3)], c: std.extVar('HOME')}",
    "[[[[[[{}]]]]]]",
]
WORDS = [
    "a",
    "b",
    "0",
    "-1",
    "a.b",
    "",
    ".",
    "None",
    "true",
    "1e9",
    "9" * 5000,
    "é",
    "\ud800",
    "a" * 300,
]


def value(rng: random.Random, depth: int = 4) -> Any:
    kind = rng.randrange(9 if depth else 6)
    if kind >= 7:
        return {key(rng): value(rng, depth - 1) for _ in range(rng.randrange(4))}
    if kind == 6:
        return [value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return rng.choice([None, True, 0, -1, 2**80, 1.5, float("nan"), float("-inf"), *WORDS])


def key(rng: random.Random) -> Any:
    return rng.choice(WORDS) if rng.random() < 0.97 else rng.choice([None, 1, 2.5, ("a",)])


def odd(rng: random.Random) -> Any:
    """Return mostly a mapping; at times what is none, or holds itself, or is no plain data."""
    if rng.random() < 0.03:
        loop: dict[str, Any] = {}
        loop[rng.choice(WORDS)] = [loop]
        return loop
    if rng.random() < 0.06:
        return rng.choice([None, 3, "a", [], object(), {1, 2}, {"a": object()}, {"a": (1,)}, b"x"])
    return {key(rng): value(rng) for _ in range(rng.randrange(5))}


def text(rng: random.Random) -> str:
    """Return a text that was a configuration before some of it was cut, doubled or replaced."""
    chars = list(rng.choice(SEEDS) if rng.random() < 0.5 else json.dumps(value(rng), skipkeys=True))
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(chars) + 1)
        chars[at : at + rng.randrange(5)] = rng.choice(
            ['{"', "[" * 500, ",", ":", "\0", "1", "", *WORDS]
        )
    return "".join(chars)


def evaluator(*_: Any) -> Any:
    raise ConfigurationError("not evaluated in this test")


def survives(door: Any, *inputs: Any) -> bool:
    """Tell whether `door` returned; anything but `ConfigurationError` fails the test."""
    try:
        door(*inputs)
    except ConfigurationError:
        return False
    return True


DOORS = {
    "params": lambda rng: (Params, odd(rng)),
    "unflatten": lambda rng: (unflatten, odd(rng)),
    "with_fallback": lambda rng: (with_fallback, odd(rng), odd(rng)),
    "with_overrides": lambda rng: (with_overrides, odd(rng), odd(rng)),
    "infer_and_cast": lambda rng: (infer_and_cast, odd(rng)),
}


@pytest.mark.parametrize("name", DOORS)
def test_values(name: str) -> None:
    rng = random.Random(name)
    passed = sum(survives(*DOORS[name](rng)) for _ in range(ROUNDS))
    assert ROUNDS / 20 < passed < ROUNDS  # both ways are taken


@pytest.mark.parametrize("overrides", [False, True])
def test_texts(overrides: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hyperparameter._files.from_jsonnet.evaluate_snippet", evaluator)
    rng = random.Random(1)

    def parse(source: str) -> None:
        file.parse_json_or_jsonnet(source, "x", evaluator)

    door = parse_overrides if overrides else parse
    passed = sum(survives(door, text(rng)) for _ in range(ROUNDS))
    assert ROUNDS / 20 < passed < ROUNDS


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hyperparameter._files.from_jsonnet.evaluate", evaluator)
    monkeypatch.setattr("hyperparameter._files.from_jsonnet.evaluate_snippet", evaluator)
    rng, path, passed = random.Random(2), tmp_path / "x.json", 0
    for _ in range(ROUNDS):
        data = text(rng).encode("utf-8", "surrogatepass")
        if rng.random() < 0.1:
            data = data[::2] + rng.randbytes(3)
        path.write_bytes(data)
        over = rng.choice(["", text(rng), odd(rng)])
        passed += survives(Params.from_file, path, over)
    assert ROUNDS / 50 < passed < ROUNDS


def test_processes() -> None:
    rng = random.Random(3)
    for _ in range(PROCESSES):
        survives(
            evaluate_snippet, text(rng), "x", {"HOME": "h"}, Limits(seconds=20, memory=1 << 30)
        )
