"""A GAN with two optimizers of one class, configured by gin."""

import sys

# -- configuration
import gin

# -- program
import numpy as np


# -- configuration
@gin.configurable
class Momentum:
    def __init__(self, learning_rate=0.1, momentum=0.9):
        # -- program
        self.learning_rate, self.momentum, self.speed = learning_rate, momentum, 0.0

    def step(self, weight, gradient):
        self.speed = self.momentum * self.speed - self.learning_rate * gradient
        return weight + self.speed


# -- configuration
@gin.configurable
def gan(generator_optimizer=gin.REQUIRED, discriminator_optimizer=gin.REQUIRED, steps=5, seed=0):
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
    gin.parse_config_files_and_bindings(["before.gin"], sys.argv[1:])
    gan()
