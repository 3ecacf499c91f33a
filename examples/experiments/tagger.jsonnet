// Inherits from the classifier: another model, the same data and most of the training.
local base = import "classifier.jsonnet";
local optim = import "lib/optim.libsonnet";

base {
  model: {
    type: "tagger",
    embedders: [
      { field: "words", type: "lookup", dim: 100 },
      { field: "chars", type: "cnn", dim: 16, filters: [{ size: n, count: 8 * n } for n in [2, 3, 4]] },
    ],
    encoder: { type: "lstm", hidden: self.input, input: std.foldl(function(a, e) a + e.dim, $.model.embedders, 0) },
  },
  trainer+: { optimizer: optim.sgd(0.1), scheduler: optim.warmup(500) },
}
