"""Beside text, a number is what a member of the union makes of it, whichever source has it."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp

# Each hint with the text of a JSON number, and what every source gives.
ROWS: list[tuple[Any, str, object]] = [
    (Decimal | str, "2.5", Decimal("2.5")),
    (str | Decimal, "1.10", Decimal("1.10")),
    (Decimal | Path, "2", Decimal(2)),
    (Decimal | str | None, "1e-3", Decimal("0.001")),
    (Fraction | str, "0.5", Fraction(1, 2)),
    (complex | str, "2.5", 2.5 + 0j),
    (Decimal | float | str, "2.5", 2.5),
    (Decimal | int | str, "2", 2),
    (float | int | str, "2", 2),
    (int | float | str, "2.5", 2.5),
]
TEXTS = ["007", ".5", "+1", "1_000", "NaN", "1/2", "1+2j", "auto", " 1"]


def _read(hint: Any) -> Any:
    def read(x: Any = "default") -> Any:
        return x

    read.__annotations__["x"] = hint
    return hp.param("numbers")(read)


@pytest.mark.parametrize(("hint", "text", "expected"), ROWS, ids=str)
def test_every_source_gives_the_same(
    hint: Any, text: str, expected: object, tmp_path: Path
) -> None:
    read = _read(hint)
    files = {
        "c.json": f'{{"numbers": {{"x": {text}}}}}',
        "c.yaml": f"numbers: {{x: {text}}}",
        "c.toml": f"numbers.x = {text}",
    }
    found = [hp.run_cli(read, ["--x", text]), hp.run_cli(read, ["-D", f"numbers.x={text}"])]
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        with hp.config(tmp_path / name):
            found.append(read())
    with hp.config({"numbers": {"x": float(text) if "." in text or "e" in text else int(text)}}):
        found.append(read())
    assert found == [expected] * 6
    assert {type(one) for one in found} == {type(expected)}


@pytest.mark.parametrize("hint", [Decimal | str, Fraction | str, complex | str], ids=str)
@pytest.mark.parametrize("text", TEXTS)
def test_what_is_spelt_otherwise_stays_text(hint: Any, text: str) -> None:
    assert hp.run_cli(_read(hint), ["--x", text]) == text
