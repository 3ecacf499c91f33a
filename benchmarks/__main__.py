"""Run the benchmarks, `python benchmarks [SECTION ...]`; exit 1 for a miss."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path

import core
from table import HEADER, Figures, Row

PEERS = (
    "hyperparameter==0.6.0", "omegaconf==2.3.0", "gin-config==0.5.0", "dask>=2024.8",
    "dynaconf==3.2.11", "pydantic-settings==2.12.0", "pyyaml>=6", "click>=8.1", "typer>=0.15",
    "tyro>=0.9", "jsonargparse[signatures]>=4.35", "hydra-core==1.3.2",
)  # fmt: skip
HERE = Path(__file__).parent
WORK = HERE.parent / ".bench"
SECTIONS = ("core", "files", "scan", "records", "engines")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python benchmarks")
    parser.add_argument("section", nargs="*", help=f"{' or '.join(SECTIONS)}; all by default")
    sections = parser.parse_args().section or SECTIONS
    if unknown := set(sections).difference(SECTIONS):
        parser.error(f"no section is called {', '.join(sorted(unknown))}")
    print(f"CPython {platform.python_version()}, {platform.machine()}\n\n{HEADER}")
    rows: list[Row] = []
    beside: dict[str, Figures] = {}
    if "core" in sections:
        beside["peers"] = _measure_peers("peers.py")
        rows += _printed(core.rows(beside["peers"]))
        beside["peers, programs"] = _measure_peers("peers_programs.py")
    if "files" in sections:
        import exporting
        import loading

        beside["peers, files"] = _measure_peers("peers_loading.py")
        rows += _printed(loading.rows(beside["peers, files"]))
        rows += _printed(exporting.rows())
    if "scan" in sections:
        import scanning

        rows += _printed(scanning.rows())
    if "records" in sections:
        import collecting
        import on_ray

        beside["records"] = {}
        rows += _printed(collecting.rows())
        with on_ray.started() as ray:
            rows += _printed(collecting.rows_on_ray(ray, beside["records"]))
    if "engines" in sections:
        import engines

        beside["engines"] = {}
        rows += _printed(engines.rows(beside["engines"]))
    for name, figures in beside.items():
        _print_beside(name, figures)
    _write(rows, beside)
    return 0 if all(row.holds for row in rows) else 1


def _printed(rows: Iterable[Row]) -> list[Row]:
    kept = []
    for row in rows:
        print(row, flush=True)
        kept.append(row)
    return kept


def _print_beside(name: str, figures: Figures) -> None:
    print(f"\n{name}, beside them")
    header: list[str] = []
    for what, measured in figures.items():
        if list(measured) != header:
            header = list(measured)
            print(f"{'':<58}", *(f"{unit:>17}" for unit in header))
        print(f"{what:<58}", *(f"{number:>17,.1f}" for number in measured.values()))


def _measure_peers(program: str) -> Figures:
    """Measure the peers in an environment of their own: one has our import name."""
    python, installed = WORK / "peers" / "bin" / "python", WORK / "peers" / "installed"
    if not installed.exists() or installed.read_text() != "\n".join(PEERS):
        venv.create(WORK / "peers", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PEERS], check=True)
        installed.write_text("\n".join(PEERS))
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, HERE / program], check=True, stdout=subprocess.PIPE, text=True, env=alone
    )
    measured: Figures = json.loads(done.stdout.splitlines()[-1])
    return measured


def _write(rows: list[Row], beside: dict[str, Figures]) -> None:
    path = WORK / "results.json"
    document = {
        "python": platform.python_version(),
        "rows": [{**row._asdict(), "holds": row.holds} for row in rows],
        "beside": beside,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
    print(f"\nWritten to {path}")


if __name__ == "__main__":
    sys.exit(main())
