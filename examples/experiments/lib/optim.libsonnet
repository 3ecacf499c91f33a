// Optimizers and what goes with them; imported by the experiments beside this directory.
{
  adam(lr, decay=0.0):: { type: "adam", lr: lr, weight_decay: decay, betas: [0.9, 0.999] },
  sgd(lr, momentum=0.9):: { type: "sgd", lr: lr, momentum: momentum },
  warmup(steps):: { type: "linear_warmup", steps: steps },
  groups(base, factors):: [
    { pattern: "layer." + i, lr: base * factors[i] }
    for i in std.range(0, std.length(factors) - 1)
  ],
}
