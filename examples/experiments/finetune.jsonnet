// One rate for each layer, and numbers that come from outside as text.
local optim = import "lib/optim.libsonnet";
local rate = std.parseJson(std.extVar("RATE"));

{
  train_data_path: std.extVar("DATA") + "/train.csv",
  model: {
    type: "pretrained",
    archive: "model.tar.gz",
    frozen: ["embedding", "layer.0"],
    head: { initializer: [{ pattern: ".*weight", type: "xavier" }, { pattern: ".*bias", type: "zero" }] },
  },
  trainer: {
    num_epochs: if rate < 1e-4 then 20 else 10,
    optimizer: optim.adam(rate, decay=0.01) { groups: optim.groups(rate, [0.25, 0.5, 1]) },
  },
}
