"""The same program: each part has its settings in its signature, and a file cannot run code."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import hyperparameter as hp


# -- configuration
@hp.param("lr")
def get_lr(
    it: int, peak: float = 6e-2, decay: bool = True, warmup_iters: int = 10,
    decay_iters: int = 60, minimum: float = 6e-3,
) -> float:  # fmt: skip
    # -- program
    if not decay:
        return peak
    if it < warmup_iters:
        return peak * (it + 1) / (warmup_iters + 1)
    if it > decay_iters:
        return minimum
    ratio = (it - warmup_iters) / (decay_iters - warmup_iters)
    return minimum + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (peak - minimum)


# -- configuration
@hp.param("model")
class GPT:
    def __init__(self, random: Any, n_layer: int = 4, n_embd: int = 16, dropout: float = 0.0):
        # -- program
        self.layers = [random.normal(0, 0.2, (n_embd, n_embd)) for _ in range(n_layer)]
        self.random, self.width, self.dropout = random, n_embd, dropout

    def forward(self, x: Any) -> list[Any]:
        states = [x]
        for layer in self.layers:
            kept = self.random.random(states[-1].shape) >= self.dropout
            states.append(states[-1] + np.tanh(states[-1] @ layer) * kept)
        return states

    # -- configuration
    @hp.param("adamw")
    def step(
        self, x: Any, y: Any, lr: float, weight_decay: float = 1e-1, grad_clip: float = 1.0
    ) -> float:
        # -- program
        states = self.forward(x)
        error = states[-1] - y
        for layer, state in zip(self.layers, states, strict=False):
            gradient = state.T @ error / len(x)
            norm = float(np.linalg.norm(gradient))
            if grad_clip and norm > grad_clip:
                gradient *= grad_clip / norm
            layer -= lr * (gradient + weight_decay * layer)
        return float((error**2).mean())


# -- configuration
@hp.param("gpt")
def train(
    *, out_dir: str = "out", eval_interval: int = 20, dataset: str = "openwebtext",
    batch_size: int = 12, max_iters: int = 60, seed: int = 1337,
) -> None:  # fmt: skip
    # -- program
    random = np.random.default_rng(seed)
    model = GPT(random)
    for it in range(max_iters):
        lr = get_lr(it)
        x = random.normal(size=(batch_size, model.width))
        loss = model.step(x, np.roll(x, 1, axis=1), lr)
        if it % eval_interval == 0:
            print(f"step {it}: loss {loss:.4f}, lr {lr:.5f}")
    print(f"saved {dataset} to {out_dir}")


# -- configuration
if __name__ == "__main__":
    hp.launch(train)
