"""The tests run against the installed package, not the checkout by accident."""

import sysconfig
from pathlib import Path

import hp_dist
import hyperparameter


def test_packages_come_from_site_packages() -> None:
    site = Path(sysconfig.get_path("purelib"))
    assert site in Path(hyperparameter.__file__).parents
    assert site in Path(hp_dist.__file__).parents


def test_packages_are_typed() -> None:
    assert (Path(hyperparameter.__file__).parent / "py.typed").exists()
    assert (Path(hp_dist.__file__).parent / "py.typed").exists()
