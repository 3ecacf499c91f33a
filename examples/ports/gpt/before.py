"""Trains a toy language model: settings are globals, and a file that is executed changes them."""

import ast
import math
import sys

import numpy as np

# -- configuration
out_dir = "out"
eval_interval = 20
dataset = "openwebtext"
batch_size = 12
n_layer = 4
n_embd = 16
dropout = 0.0
learning_rate = 6e-2
max_iters = 60
weight_decay = 1e-1
grad_clip = 1.0
decay_lr = True
warmup_iters = 10
lr_decay_iters = 60
min_lr = 6e-3
seed = 1337
config_keys = [
    name
    for name, value in globals().items()
    if not name.startswith("_") and isinstance(value, (int, float, bool, str))
]
for word in sys.argv[1:]:
    if "=" not in word:
        print(f"Overriding config with {word}")
        exec(open(word).read())
        continue
    name, text = word.removeprefix("--").split("=")
    if name not in config_keys:
        raise ValueError(f"Unknown config key: {name}")
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        value = text
    assert type(value) is type(globals()[name])
    globals()[name] = value
config = {name: globals()[name] for name in config_keys}


# -- program
def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    return min_lr + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (learning_rate - min_lr)


class GPT:
    def __init__(self, random):
        self.layers = [random.normal(0, 0.2, (n_embd, n_embd)) for _ in range(n_layer)]
        self.random = random

    def forward(self, x):
        states = [x]
        for layer in self.layers:
            kept = self.random.random(states[-1].shape) >= dropout
            states.append(states[-1] + np.tanh(states[-1] @ layer) * kept)
        return states

    def step(self, x, y, lr):
        states = self.forward(x)
        error = states[-1] - y
        for layer, state in zip(self.layers, states, strict=False):
            gradient = state.T @ error / len(x)
            norm = float(np.linalg.norm(gradient))
            if grad_clip and norm > grad_clip:
                gradient *= grad_clip / norm
            layer -= lr * (gradient + weight_decay * layer)
        return float((error**2).mean())


random = np.random.default_rng(seed)
model = GPT(random)
for it in range(max_iters):
    lr = get_lr(it) if decay_lr else learning_rate
    x = random.normal(size=(batch_size, n_embd))
    loss = model.step(x, np.roll(x, 1, axis=1), lr)
    if it % eval_interval == 0:
        print(f"step {it}: loss {loss:.4f}, lr {lr:.5f}")
print(f"saved {dataset} to {out_dir}")
