"""The example of digits, two hundred times: by a sweep, or by the loop that one writes without."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
import digits

GRID: dict[str, list[float]] = {
    "lr": [0.001, 0.003, 0.01, 0.03, 0.1],
    "width": [16, 24, 32, 48],
    "decay": [0.0001, 0.001],
    "seed": [0, 1, 2, 3, 4],
    "epochs": [3],
}

if __name__ == "__main__":
    if sys.argv[1] == "with":
        import hyperparameter as hp

        swept = {f"train.{name}": values for name, values in GRID.items()}
        results = [run.result for run in hp.sweep(digits.train, swept, on="local")]
    else:
        results = []
        for values in itertools.product(*GRID.values()):
            cell: Any = dict(zip(list(GRID), values, strict=True))
            results.append(digits.train(**cell))
    assert len(results) == 200
    print(sum(result["tested"] for result in results))
