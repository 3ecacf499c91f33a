"""The version of the package, and what it says where PyPI's `hyperparameter` is installed over it.

The other's files are written as pip leaves them, in either order, into a copy of this package.
"""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import hyperparameter

IMPORT = "import hyperparameter\n"
REMEDY = "pip uninstall -y hyperparameter hyperparameter-dist"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of this package, where both distributions would be."""
    source = Path(hyperparameter.__file__).parent
    return Path(shutil.copytree(source, tmp_path / "site" / "hyperparameter"))


def run(package: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words],
        cwd=package.parent.parent, env={**os.environ, "PYTHONPATH": str(package.parent)},
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip


def install_other_under(package: Path) -> None:
    """Leave the one file of the other that tells of it: ours have been installed after it."""
    (package / "api.py").write_text("raise AssertionError('nobody imports this')\n")


def install_other_over(package: Path) -> None:
    (package / "__init__.py").write_text("from .api import launch\n")
    (package / "api.py").write_text("from .cli import launch\n")
    (package / "cli.py").write_text("def launch(): ...\n")


def test_the_version_is_that_of_the_distribution() -> None:
    assert hyperparameter.__version__ == version("hyperparameter-dist")
    assert "__version__" not in hyperparameter.__all__


def test_the_version_is_known_without_importlib_metadata() -> None:
    ask = "print(hyperparameter.__version__, 'importlib.metadata' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys\n{IMPORT}{ask}"],
        capture_output=True, text=True, timeout=150, check=True,
    )  # fmt: skip
    assert done.stdout == f"{version('hyperparameter-dist')} False\n"


def test_folders_of_two_versions_are_left_to_importlib_metadata(package: Path) -> None:
    for number in ("0.0.8", "0.0.9"):
        folder = package.parent / f"hyperparameter_dist-{number}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: hyperparameter-dist\nVersion: {number}\n")
    done = run(package, "-S", "-c", f"{IMPORT}print(hyperparameter.__version__)")
    assert done.stdout in ("0.0.8\n", "0.0.9\n"), done.stderr


def test_there_is_no_version_where_the_package_is_not_installed(package: Path) -> None:
    done = run(package, "-S", "-c", f"{IMPORT}print(hasattr(hyperparameter, '__version__'))")
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")


def test_the_package_alone_is_imported_without_a_warning(package: Path) -> None:
    done = run(package, "-W", "error", "-c", f"{IMPORT}print(hyperparameter.__file__)")
    assert (done.stdout, done.stderr) == (f"{package}/__init__.py\n", "")
    assert not (package / "api.py").exists()


def test_an_import_beside_the_other_package_warns_at_its_line(package: Path) -> None:
    install_other_under(package)
    script = package.parent.parent / "app.py"
    script.write_text(f"'''Mine.'''\n{IMPORT}print(hyperparameter.scope.x | 1)\n")
    done = run(package, str(script))
    assert (done.returncode, done.stdout) == (0, "1\n")
    message, line = done.stderr.splitlines()
    assert message.startswith(f"{script}:2: UserWarning: hyperparameter-dist and PyPI's hyperp")
    assert REMEDY in message
    assert line.strip() == IMPORT.strip()


def test_the_other_package_installed_over_this_one_fails_with_the_remedy(package: Path) -> None:
    install_other_over(package)
    for words in (
        ["-c", IMPORT],
        ["-m", "hyperparameter.cli", "--version"],
        ["-c", "import hp_dist"],
    ):
        done = run(package, *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines()[-1].startswith(
            "ImportError: hyperparameter-dist and PyPI's"
        )
        assert REMEDY in done.stderr


@pytest.mark.parametrize("left", ["VERSION = '0.5'\n", None])
def test_hp_says_that_the_package_was_overwritten_or_deleted(
    package: Path, left: str | None
) -> None:
    if left is None:  # which is what uninstalling the other leaves
        (package / "__init__.py").unlink()
    else:
        (package / "__init__.py").write_text(left)
    done = run(package, "-S", "-m", "hyperparameter.cli", "--version")  # -S: no other copy of us
    assert (done.returncode, done.stdout) == (0, "hp (not installed)\n")
    (message,) = done.stderr.splitlines()
    assert message.startswith("hp: warning: hyperparameter-dist and PyPI's hyperparameter")
    assert REMEDY in message
