"""The packages offer what they say, and importing them stays cheap."""

import subprocess
import sys
from types import ModuleType

import pytest

import hp_dist
import hyperparameter


@pytest.mark.parametrize("package", [hyperparameter, hp_dist], ids=lambda p: p.__name__)
def test_all_names_are_exactly_the_public_ones(package: ModuleType) -> None:
    assert all(hasattr(package, name) for name in package.__all__)  # some are imported by that
    public = {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(package.__all__)
    assert list(package.__all__) == sorted(package.__all__)


def test_import_brings_no_costly_module() -> None:
    """The budget names logging, importlib.metadata, asyncio and everything of third parties."""
    program = (
        "import sys; before = set(sys.modules); import hyperparameter; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    new = set(done.stdout.split())
    assert new <= {*sys.stdlib_module_names, "hyperparameter"}
    assert new.isdisjoint({"logging", "asyncio", "inspect", "json", "argparse", "dataclasses"})
    assert "importlib.metadata" not in new
