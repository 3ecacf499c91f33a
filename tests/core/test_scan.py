"""What the static scan finds in one file."""

from textwrap import dedent
from typing import Any

import pytest

from hyperparameter._scan import NO_DEFAULT, Finding, scan_paths


@pytest.fixture
def scan(tmp_path: Any) -> Any:
    def scanned(source: str | bytes, name: str = "app.py") -> Any:
        data = dedent(source).encode() if isinstance(source, str) else source
        (tmp_path / name).write_bytes(data)
        return scan_paths([str(tmp_path)], None)

    return scanned


def shown(findings: list[Finding]) -> dict[str, Any]:
    """Return keys with their defaults, `...` where there is none."""
    return {f.key: f.default if f.default is not NO_DEFAULT else ... for f in findings}


IMPORTS = [
    ("import hyperparameter", "hyperparameter.param", "hyperparameter.scope"),
    ("import hyperparameter as h", "h.param", "h.scope"),
    ("from hyperparameter import param as p, scope as s", "p", "s"),
    ("from hyperparameter import *", "param", "scope"),
    ("from anything import hp", "hp.param", "hp.scope"),
]


@pytest.mark.parametrize(("line", "param", "scope"), IMPORTS)
@pytest.mark.parametrize("call", ["", "()", "('f')", "(None)"])
def test_every_way_to_import_and_decorate_is_found(
    scan: Any, line: str, param: str, scope: str, call: str
) -> None:
    found = scan(f"{line}\n@{param}{call}\ndef f(a, b=2):\n    return {scope}.c.d | 3\n")
    assert shown(found.findings) == {"f.a": ..., "f.b": 2, "c.d": 3}
