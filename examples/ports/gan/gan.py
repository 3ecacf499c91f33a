"""The same program: one class, and a namespace for each of its uses."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import hyperparameter as hp


class Momentum:
    # -- configuration
    def __init__(self, learning_rate: float = 0.1, momentum: float = 0.9) -> None:
        # -- program
        self.learning_rate, self.momentum, self.speed = learning_rate, momentum, 0.0

    def step(self, weight: float, gradient: float) -> float:
        self.speed = self.momentum * self.speed - self.learning_rate * gradient
        return weight + self.speed


# -- configuration
GeneratorOptimizer = hp.param("generator")(Momentum)
DiscriminatorOptimizer = hp.param("discriminator")(Momentum)


@hp.param("gan")
def gan(steps: int = 5, seed: int = 0) -> None:
    generator_optimizer = GeneratorOptimizer()
    discriminator_optimizer = DiscriminatorOptimizer()
    # -- program
    random = np.random.default_rng(seed)
    mean, edge = 0.0, 1.0
    for _ in range(steps):
        fake, real = mean + random.normal(0, 0.1), 3 + random.normal(0, 0.1)
        edge = discriminator_optimizer.step(edge, edge - (fake + real) / 2)
        mean = generator_optimizer.step(mean, mean - edge)
    print(f"mean {mean:.4f}, edge {edge:.4f}")


# -- configuration
if __name__ == "__main__":
    hp.launch(gan, config=Path(__file__).with_name("gan.yaml"))
