"""Run all benchmarks: `python benchmarks`; exit 1 when a budget is missed."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import venv
from pathlib import Path

import core
from core import Row

PEERS = ("hyperparameter==0.6.0", "omegaconf==2.3.0", "gin-config==0.5.0", "dask>=2024.8")
HERE = Path(__file__).parent
WORK = HERE.parent / ".bench"


def main() -> int:
    peers = _measure_peers()
    rows = []
    print(f"CPython {platform.python_version()}, {platform.machine()}\n")
    print(f"{'what':<50} {'figure':>9}  {'budget':>7}  unit")
    for row in core.rows(peers):
        rows.append(row)
        mark = "" if row.holds else "   MISSED"
        sign = ">=" if row.at_least else "<="
        budget = f"{sign} {row.budget:g}"
        print(f"{row.what:<50} {row.figure:>9.2f}  {budget:>7}  {row.unit}{mark}", flush=True)
    print(f"\n{'beside them':<50} {'x floor':>9}  {'ns':>9}")
    for name, value in peers.items():
        print(f"{name:<50} {value / peers['floor']:>9.1f}  {value:>9.0f}")
    _write(rows, peers)
    return 0 if all(row.holds for row in rows) else 1


def _measure_peers() -> dict[str, float]:
    """Measure the peers in an environment of their own: one has our import name."""
    python = WORK / "peers" / "bin" / "python"
    if not python.exists():
        venv.create(WORK / "peers", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PEERS], check=True)
    done = subprocess.run(
        [python, HERE / "peers.py"], check=True, stdout=subprocess.PIPE, text=True
    )
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _write(rows: list[Row], peers: dict[str, float]) -> None:
    path = WORK / "results.json"
    document = {
        "python": platform.python_version(),
        "rows": [{**row._asdict(), "holds": row.holds} for row in rows],
        "peers_ns": peers,
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
    print(f"\nWritten to {path}")


if __name__ == "__main__":
    sys.exit(main())
