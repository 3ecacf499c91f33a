"""Read handwritten digits: train one small classifier, or sweep over many.

    python examples/digits.py                                  # one run, with its defaults
    python examples/digits.py --lr 0.1 -D prep.gamma=2         # another one
    python examples/digits.py -C examples/digits.toml --sweep lr=0.001,0.01,0.1 \
        --sweep width=16,64 --on processes:2 --maximize chosen_by   # six, two at a time
    ... --on ray                                               # the same in tasks of Ray
    ... --resume                                               # only what is missing

Nothing is passed on but data: `prepare` reads `prep.*` in the processes of a pool, which a run of
the sweep starts in a process of its own.
"""

from __future__ import annotations

import warnings
from multiprocessing import Pool
from typing import NamedTuple

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


@hp.param("prep")
def prepare(image: np.ndarray, gamma: float = 0.7, smooth: float = 0.1) -> np.ndarray:
    """Scale an 8 x 8 image of 0..16 to 0..1, brighten its strokes and blend in its neighbours."""
    bright = (image / 16.0) ** gamma
    padded = np.pad(bright, 1)
    around = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]) / 4
    return ((1 - smooth) * bright + smooth * around).ravel()


def load(workers: int = 2) -> tuple[Data, Data, Data]:
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


@hp.param("train")
def train(
    *, lr: float = 0.01, width: int = 32, decay: float = 0.0001, epochs: int = 40, seed: int = 0
) -> dict[str, float]:
    """Train a network with one hidden layer, and return how many digits it reads rightly.

    Args:
        lr: learning rate
        width: how many units the hidden layer has
        decay: strength of the L2 penalty
        epochs: how often it sees all images
        seed: of the first weights
    """
    hp_dist.install()
    learn, check, test = load()
    network = MLPClassifier(
        (width,), learning_rate_init=lr, alpha=decay, max_iter=epochs, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # train.epochs is where we stop
        network.fit(learn.images, learn.digits)
    accuracy = {"chosen_by": network.score(*check), "tested": network.score(*test)}
    print(f"{len(learn.digits)} images learnt: {accuracy}")
    return {name: round(float(one), 4) for name, one in accuracy.items()}


if __name__ == "__main__":
    hp.launch(train)
