from dataclasses import dataclass

import hyperparameter as hp


@dataclass
class Optimizer:
    """How weights are updated."""

    lr: float = 0.1
    """step size"""
    momentum: float = 0.9
    """share of the previous step"""


@hp.param("train")
def train(data: str, optimizer: Optimizer, epochs: int = 3) -> None:
    """Train a model.

    Args:
        data: file with the examples
        epochs: number of passes over the data
    """
    print(data, optimizer, epochs)


if __name__ == "__main__":
    hp.launch(train)
