"""Read handwritten digits: a grid of small classifiers, trained side by side.

    python examples/digits.py                            # in local processes
    python examples/digits.py --on ray                   # the same runs as Ray tasks
    python examples/digits.py -D train.epochs=5 -D prep.gamma=2 --rates '[0.1]'

Nothing is passed to the workers but data.  The pool that prepares the images reads `prep.*`
and each training run reads `train.*` from the scope that was active where it was submitted.
"""

from __future__ import annotations

import os
import warnings
from multiprocessing import Pool
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import hp_dist
import hyperparameter as hp


class Data(NamedTuple):
    """Images as rows of 64 numbers in 0..1, with the digits that they show."""

    images: np.ndarray
    digits: np.ndarray


class Run(NamedTuple):
    """What one training run gave, and the parameters that its worker saw."""

    accuracy: float
    seen: dict[str, Any]
    origins: dict[str, str]
    worker: str


@hp.param("prep")
def prepare(image: np.ndarray, gamma: float = 0.7, smooth: float = 0.1) -> np.ndarray:
    """Scale an 8 x 8 image of 0..16 to 0..1, brighten its strokes and blend in its neighbours."""
    bright = (image / 16.0) ** gamma
    padded = np.pad(bright, 1)
    around = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]) / 4
    return ((1 - smooth) * bright + smooth * around).ravel()


@hp.param("train")
def train(
    learn: Data, check: Data, *, lr: float = 0.01, width: int = 32, epochs: int = 40, seed: int = 0
) -> float:
    """Train a network with one hidden layer and return its accuracy on `check`."""
    network = MLPClassifier((width,), learning_rate_init=lr, max_iter=epochs, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # train.epochs is where we stop
        network.fit(learn.images, learn.digits)
    return float(network.score(check.images, check.digits))


def run(learn: Data, check: Data) -> Run:
    """Train once and tell what the worker read, from where."""
    with hp.record() as record:
        accuracy = train(learn, check)
    origins = {read.key: str(read.origin or "default") for read in record.reads}
    return Run(accuracy, record.operative(), origins, f"pid {os.getpid()}")


@hp.param("digits")
def main(
    on: Literal["processes", "ray"] = "processes",
    rates: tuple[float, ...] = (0.001, 0.01, 0.1),
    widths: tuple[int, ...] = (16, 64),
    workers: int = 2,
) -> None:
    """Train a grid of classifiers on the digits and show which one to believe.

    Args:
        on: where the runs take place, processes or ray
        rates: learning rates of the grid
        widths: widths of the hidden layer of the grid
        workers: how many runs at a time
    """
    hp_dist.install("multiprocessing", "ray")
    learn, check, test = load(workers)
    grid = [{"train.lr": rate, "train.width": width} for rate in rates for width in widths]
    again = [{"train.seed": seed} for seed in (1, 2, 3)]
    everywhere = {"processes": in_processes, "ray": in_ray}[on]
    runs = everywhere(grid, (learn, check), workers)
    show(grid, runs)
    best, overrides = max(zip(runs, grid, strict=True), key=lambda pair: pair[0].accuracy)
    scores = everywhere([{**overrides, **seed} for seed in again], (learn, test), workers)
    accuracies = [run.accuracy for run in scores]
    print(
        f"\nBest on {len(check.digits)} validation images: "
        + ", ".join(f"{key} = {value}" for key, value in overrides.items())
        + f" ({best.accuracy:.1%}).\nThe same with three other seeds on {len(test.digits)} images "
        f"that no choice has seen: {np.mean(accuracies):.1%} "
        f"({min(accuracies):.1%} to {max(accuracies):.1%})."
    )


def load(workers: int) -> tuple[Data, Data, Data]:
    """Return data to learn from, to choose by and to test with, prepared in a pool."""
    images, digits = load_digits(return_X_y=True)
    with Pool(workers) as pool:
        rows = np.array(pool.map(prepare, images.reshape(-1, 8, 8), chunksize=100))
    rest, test, rest_digits, test_digits = train_test_split(
        rows, digits, test_size=0.2, random_state=0, stratify=digits
    )
    learn, check, learn_digits, check_digits = train_test_split(
        rest, rest_digits, test_size=0.25, random_state=0, stratify=rest_digits
    )
    return Data(learn, learn_digits), Data(check, check_digits), Data(test, test_digits)


def in_processes(grid: list[dict[str, Any]], data: tuple[Data, Data], workers: int) -> list[Run]:
    with Pool(workers) as pool:
        pending = []
        for overrides in grid:
            with hp.scope(**overrides):
                pending.append(pool.apply_async(run, data))
        return [result.get() for result in pending]


def in_ray(grid: list[dict[str, Any]], data: tuple[Data, Data], workers: int) -> list[Run]:
    import ray

    if not ray.is_initialized():
        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
    task = ray.remote(run)
    shared = [ray.put(part) for part in data]
    pending = []
    for overrides in grid:
        with hp.scope(**overrides):
            pending.append(task.remote(*shared))
    runs: list[Run] = ray.get(pending)
    return runs


def show(grid: list[dict[str, Any]], runs: list[Run]) -> None:
    """Print a row for each run, of what its worker saw."""
    columns = [("lr", "train.lr"), ("width", "train.width"), ("epochs", "train.epochs")]
    head = "".join(f"{name:>8}" for name, _ in columns)
    print(f"{head}  accuracy  worker      lr from")
    for done, overrides in zip(runs, grid, strict=True):
        assert overrides.items() <= done.seen.items(), f"{done} ran without {overrides}"
        seen = "".join(f"{done.seen[key]!s:>8}" for _, key in columns)
        print(f"{seen}  {done.accuracy:>8.1%}  {done.worker:<10}  {done.origins['train.lr']}")


if __name__ == "__main__":
    hp.launch(main)
