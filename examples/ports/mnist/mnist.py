"""The same program: `train` and `test` have their own settings, so no `args` is passed on."""

from __future__ import annotations

from typing import Any

import numpy as np

import hyperparameter as hp


def digits(random: Any, count: int) -> tuple[Any, Any]:
    labels = random.integers(0, 10, count)
    return np.eye(10)[labels] + random.normal(0, 0.4, (count, 10)), labels


# -- configuration
@hp.param("mnist")
def train(
    weights: Any, random: Any, epoch: int, rate: float,
    batch_size: int = 64, log_interval: int = 10, dry_run: bool = False,
) -> None:  # fmt: skip
    # -- program
    images, labels = digits(random, 2000)
    for batch, start in enumerate(range(0, len(images), batch_size)):
        x, y = images[start : start + batch_size], labels[start : start + batch_size]
        scores = np.exp(x @ weights)
        chances = scores / scores.sum(axis=1, keepdims=True)
        weights -= rate * x.T @ (chances - np.eye(10)[y]) / len(x)
        if batch % log_interval == 0:
            loss = -np.log(chances[np.arange(len(y)), y]).mean()
            print(f"Train Epoch: {epoch} [{start}/{len(images)}] Loss: {loss:.6f}")
            if dry_run:
                break


# -- configuration
@hp.param("mnist")
def test(weights: Any, random: Any, test_batch_size: int = 1000) -> None:
    # -- program
    images, labels = digits(random, 4000)
    correct = 0
    for start in range(0, len(images), test_batch_size):
        part = slice(start, start + test_batch_size)
        correct += int(((images[part] @ weights).argmax(axis=1) == labels[part]).sum())
    print(f"Test set: Accuracy: {correct}/{len(images)}")


# -- configuration
@hp.param("mnist")
def main(
    epochs: int = 4, lr: float = 1.0, gamma: float = 0.7, cuda: bool = True, seed: int = 1,
    save_model: bool = False,
) -> None:  # fmt: skip
    """NumPy MNIST example.

    Args:
        epochs: number of epochs to train
        lr: learning rate
        gamma: learning rate step gamma
        cuda: train on the GPU
        seed: random seed
        save_model: save the current model
    """
    # -- program
    print("device:", "cuda" if cuda else "cpu")
    random = np.random.default_rng(seed)
    weights = np.zeros((10, 10))
    for epoch in range(1, epochs + 1):
        train(weights, random, epoch, lr)
        test(weights, random)
        lr *= gamma
    if save_model:
        print("saved mnist_cnn.npy")


# -- configuration
if __name__ == "__main__":
    hp.launch(main)
