"""Whatever is given to `hp.config`, it raises nothing but `ConfigurationError`."""

import random
from pathlib import Path
from typing import Any

import pytest
from soak import amount

import hyperparameter as hp
from hyperparameter._files.document import read_document
from hyperparameter._files.from_json import parse_json
from hyperparameter._files.from_toml import parse_toml
from hyperparameter._files.from_yaml import parse_yaml

INPUTS = amount(700, full=70_000)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(text: str) -> list[str]:
    return text.split()


PIECES = {
    "json": [
        *words(r'{ } [ ] " : , \ "a" "b" 1 -1e9 null true \u00 \ud800 "a":1 {"c": 0.1 NaN é ${a}'),
        *"\n\t ",
    ],
    "toml": [
        *words(r"""a b.c " ' [ ] [[ ]] # 1 0x1 1979-05-27 { } , . \ é inf"""),
        *['"' * 3, "'" * 3, " = ", "a = 1\n", "[t]\n", "[[u]]\n", "\r\n", "\n"],
    ],
    "yaml": [
        *words(r"""a : &x *x << | > " ' { } [ ] , --- ... # 1 1e3 ~ % @"""),
        *[": ", "- ", "? ", "\n", "  ", "!!str ", "!t ", "\t", "b: 1\n"],
    ],
}
SEEDS = {
    "json": '{"a": 1, "b": {"c": [1, 2, {"d": "x\\n"}], "e": null}, "f": 1e-3}',
    "toml": 'a = 1\n[b]\nc = [1, 2, {d = "x\\n"}]\n"e.f" = """\ng"""\n[[h]]\ni = 2020-01-01\n',
    "yaml": "a: &x 1\nb:\n  c: [1, 2, {d: 'x'}]\n  e: |\n    text\nf: *x\n<<: {g: 1}\n",
}


def texts(kind: str, count: int, seed: int) -> Any:
    """Yield texts of the format's pieces, and mutations of one that is right."""
    chance = random.Random(seed)
    pieces, whole = PIECES[kind], SEEDS[kind]
    for _ in range(count):
        if chance.random() < 0.5:
            yield "".join(chance.choices(pieces, k=chance.randint(1, 12)))
            continue
        text = whole
        for _ in range(chance.randint(1, 4)):
            at, end = sorted(chance.choices(range(len(text) + 1), k=2))
            text = (
                text[:at]
                + chance.choice(["", chance.choice(pieces), text[at:end] * 2])
                + text[end:]
            )
        yield text


@pytest.mark.parametrize(("kind", "parse"), [("json", parse_json), ("toml", parse_toml), ("yaml", parse_yaml)], ids=["json", "toml", "yaml"])  # noqa: E501  # fmt: skip
def test_any_text_is_read_or_a_configuration_error(kind: str, parse: Any) -> None:
    read_at_all = 0
    for text in texts(kind, INPUTS, 0):
        try:
            values, lines = parse(text, "f")
        except hp.ConfigurationError:
            continue
        read_at_all += 1
        for path, line in lines:
            assert 1 <= line <= text.count("\n") + 1, text
            place: Any = values
            for name in path:
                place = place[name]  # every path that has a line leads to a value
    assert 5 < read_at_all < INPUTS


@pytest.mark.parametrize("kind", PIECES)
def test_any_file_is_a_scope_or_a_configuration_error(kind: str) -> None:
    name = f"a.{kind}"
    for text in texts(kind, INPUTS // 20, 1):
        Path(name).write_text(text)
        try:
            dict(hp.config(name, env={}))
        except hp.ConfigurationError:
            continue


REFERENCES = words("${ $${ } a b a.b .b ..a xs 0 1 : env: E , 1e3 null [1,2] {} -1 é .")
NAMES = words("a b a.b b.a xs xs.0 xs.-1 . a. A__B")


def reference(chance: random.Random, depth: int = 3) -> Any:
    """Return a value that refers to others, well or not."""
    kind = chance.random()
    if depth and kind < 0.15:
        return [reference(chance, depth - 1) for _ in range(chance.randint(0, 3))]
    if depth and kind < 0.3:
        return {chance.choice(NAMES): reference(chance, depth - 1) for _ in range(2)}
    if kind < 0.6:
        return "${" + chance.choice(NAMES) + "}"
    return "".join(chance.choices(REFERENCES, k=chance.randint(0, 5)))


def test_any_mappings_variables_and_overrides_are_a_scope_or_a_configuration_error() -> None:
    chance, entered = random.Random(3), 0
    for _ in range(INPUTS):
        mappings = [{one: reference(chance) for one in chance.choices(NAMES, k=3)} for _ in "ab"]
        env = {f"P_{chance.choice(NAMES)}": str(reference(chance, 0)), "E": "7"}
        overrides = [f"{chance.choice(NAMES)}{chance.choice('==:')}{reference(chance, 0)}"]
        try:
            dict(hp.config(mappings, overrides=overrides, env_prefix="P", env=env))
        except hp.ConfigurationError:
            continue
        entered += 1
    assert INPUTS / 200 < entered < INPUTS


@pytest.mark.parametrize("kind", PIECES)
def test_any_bytes_are_read_or_a_configuration_error(kind: str) -> None:
    chance = random.Random(2)
    for _ in range(INPUTS // 20):
        Path(f"a.{kind}").write_bytes(chance.randbytes(chance.randint(0, 40)))
        try:
            read_document(f"a.{kind}")
        except hp.ConfigurationError:
            continue
