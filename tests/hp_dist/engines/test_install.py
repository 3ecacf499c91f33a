"""Installing engines: by name, before they are imported, and never by halves."""

import importlib
import subprocess
import sys

import pytest

import hp_dist
from hp_dist import _engines


def test_unknown_engine_is_named_with_the_known_ones() -> None:
    known = "futures, joblib, loky, multiprocessing, ray"
    with pytest.raises(
        hp_dist.EngineError, match=rf"'slurm' is not an engine; known are {known}\."
    ):
        hp_dist.install("slurm")
    assert _engines.installed() == ()


def test_engine_is_patched_when_it_is_imported_and_not_imported_for_it() -> None:
    program = """
import sys
import hp_dist
hp_dist.install("ray")
assert "ray" not in sys.modules
import ray
from ray.remote_function import RemoteFunction
assert RemoteFunction._remote.__module__ == "ray.remote_function"  # by functools.wraps
assert "hp_dist" in RemoteFunction._remote.__code__.co_filename
hp_dist.uninstall()
assert "hp_dist" not in RemoteFunction._remote.__code__.co_filename
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_engine_uninstalled_before_it_is_imported_stays_as_it_is() -> None:
    program = """
import hp_dist
hp_dist.install("ray")
hp_dist.uninstall()
import ray
from ray.remote_function import RemoteFunction
assert "hp_dist" not in RemoteFunction._remote.__code__.co_filename
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "name", ["futures", "joblib", "loky", "multiprocessing", "ray", "subprocess"]
)
def test_module_of_an_engine_offers_public_names_alone(name: str) -> None:
    module = importlib.import_module(f"hp_dist.{name}")
    assert module.__all__ == sorted(module.__all__)
    assert all(hasattr(module, public) for public in module.__all__)
    assert not any(public.startswith("_") or public == "patch" for public in module.__all__)
