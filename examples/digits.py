"""Read handwritten digits: a grid of small classifiers, trained side by side.

    python examples/digits.py                                # in local processes
    python examples/digits.py --on ray                       # the same runs as Ray tasks
    python examples/digits.py -C examples/digits.toml        # with parameters from a file
    python examples/digits.py -D train.epochs=5 -D prep.gamma=2 --rates '[0.1]'

Nothing is passed to the workers but data.  The pool that prepares the images reads `prep.*`
and each training run reads `train.*` from the scope that was active where it was submitted.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Iterator
from multiprocessing import Pool
from typing import Literal, NamedTuple

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
    """What one training run gave, and the parameters that its worker read, with their origins."""

    accuracy: float
    read: dict[str, tuple[object, str]]
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
    learn: Data,
    check: Data,
    *,
    lr: float = 0.01,
    width: int = 32,
    decay: float = 0.0001,
    epochs: int = 40,
    seed: int = 0,
) -> float:
    """Train a network with one hidden layer and return its accuracy on `check`."""
    network = MLPClassifier(
        (width,), learning_rate_init=lr, alpha=decay, max_iter=epochs, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # train.epochs is where we stop
        network.fit(learn.images, learn.digits)
    return float(network.score(check.images, check.digits))


def run(learn: Data, check: Data) -> Run:
    """Train once and tell what the worker read, and from where."""
    with hp.record() as record:
        accuracy = train(learn, check)
    read = {each.key: (each.value, str(each.origin or "default")) for each in record.reads}
    return Run(accuracy, read, f"pid {os.getpid()}")


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
    hp_dist.install()
    everywhere = {"processes": in_processes, "ray": in_ray}[on]
    learn, check, test = load(workers)
    print(f"{len(learn.digits)} images to learn from, {len(check.digits)} to choose by.\n")
    grid = [
        hp.scope(**{"train.lr": rate, "train.width": width}) for rate in rates for width in widths
    ]
    runs = shown(everywhere(grid, (learn, check), workers), len(grid))
    best = max(range(len(grid)), key=lambda index: runs[index].accuracy)
    print(f"\nThe best of them with three other seeds, on {len(test.digits)} new images:\n")
    with grid[best]:
        seeds = [hp.scope(**{"train.seed": seed}) for seed in (1, 2, 3)]
        again = shown(everywhere(seeds, (learn, test), workers), len(seeds))
    accuracies = [run.accuracy for run in again]
    print(
        f"\nChosen with {runs[best].accuracy:.1%}, confirmed with {np.mean(accuracies):.1%} "
        f"({min(accuracies):.1%} to {max(accuracies):.1%}).\n"
        f"\nWhat the worker of the last run read, and where each value came from:\n"
    )
    for key, (value, origin) in again[-1].read.items():
        print(f"  {key:<14}{value!s:<8}{origin}")


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


def in_processes(
    scopes: Iterable[hp.scope], data: tuple[Data, Data], workers: int
) -> Iterator[Run]:
    """Run once inside each of the scopes, in a pool; yield the runs in the same order."""
    with Pool(workers) as pool:
        pending = []
        for scope in scopes:
            with scope:
                pending.append(pool.apply_async(run, data))
        for result in pending:
            yield result.get()


def in_ray(scopes: Iterable[hp.scope], data: tuple[Data, Data], workers: int) -> Iterator[Run]:
    """Do the same in tasks of Ray."""
    try:
        import ray
    except ImportError as error:
        raise hp.UsageError("--on ray: Ray is not installed. Use pip install '.[ray]'.") from error

    if not ray.is_initialized():
        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
    task = ray.remote(run)
    shared = [ray.put(part) for part in data]
    pending = []
    for scope in scopes:
        with scope:
            pending.append(task.remote(*shared))
    return map(ray.get, pending)


def shown(runs: Iterable[Run], count: int) -> list[Run]:
    """Print a line for each run as soon as it is there, with what its worker read."""
    start, done = time.monotonic(), []
    print("   run       lr  width  epochs  seed  accuracy  worker        after")
    for number, each in enumerate(runs, 1):
        lr, width, epochs, seed = (
            each.read[f"train.{name}"][0] for name in ("lr", "width", "epochs", "seed")
        )
        print(
            f"{number:>4}/{count}  {lr!s:>7}{width!s:>7}{epochs!s:>8}{seed!s:>6}"
            f"{each.accuracy:>10.1%}  {each.worker:<10}{time.monotonic() - start:>7.1f} s",
            flush=True,
        )
        done.append(each)
    return done


if __name__ == "__main__":
    hp.launch(main)
