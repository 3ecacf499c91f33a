"""Runs that do nothing, with this library."""

import hyperparameter as hp


@hp.param("train")
def train(n: int = 0) -> float:
    return n / 7


if __name__ == "__main__":
    hp.launch(train)
