"""Environments of their own for the peers: what they need does not go together, nor with ours."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path
from typing import NamedTuple

from table import Figures

HERE = Path(__file__).parent
WORK = HERE.parent / ".bench"


class Environment(NamedTuple):
    """A virtual environment in `.bench`, made when it is first used, and again when it changes."""

    name: str
    packages: tuple[str, ...]

    def measured(self, program: str, *arguments: str) -> Figures:
        """Return the figures that a program prints as JSON in its last line."""
        alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [str(self._python()), str(HERE / program), *arguments]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=alone)
        measured: Figures = json.loads(done.stdout.splitlines()[-1])
        return measured

    def _python(self) -> Path:
        folder = WORK / self.name
        python, installed = folder / "bin" / "python", folder / "installed"
        if not installed.exists() or installed.read_text() != "\n".join(self.packages):
            venv.create(folder, with_pip=True, clear=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *self.packages], check=True)
            installed.write_text("\n".join(self.packages))
        return python


PEERS = Environment(
    "peers",
    (
        "hyperparameter==0.6.0", "omegaconf==2.3.0", "gin-config==0.5.0", "dask>=2024.8",
        "dynaconf==3.2.11", "pydantic-settings==2.12.0", "pyyaml>=6", "click>=8.1", "typer>=0.15",
        "tyro>=0.9", "jsonargparse[signatures]>=4.35", "hydra-core==1.3.2",
    ),
)  # fmt: skip
SWEEPING_PEERS = Environment(
    "peers-sweeps",
    ("hydra-core==1.3.2", "hydra-joblib-launcher==1.2.0", "optuna>=5", "ray[tune]>=2.60"),
)
HYDRA_RAY = Environment("peers-hydra-ray", ("hydra-core==1.3.2", "hydra-ray-launcher==1.2.2"))
"""Apart from the others: this launcher wants an old cloudpickle."""
