// A small classifier: functions from lib/, one external variable.
local optim = import "lib/optim.libsonnet";
local layers = import "lib/layers.libsonnet";

{
  dataset_reader: { type: "csv", delimiter: ",", fields: [{ name: "text" }, { name: "label" }] },
  train_data_path: std.extVar("DATA") + "/train.csv",
  validation_data_path: std.extVar("DATA") + "/dev.csv",
  model: { type: "classifier", dropout: 0.25, feedforward: layers.named("small") },
  trainer: { num_epochs: 5, patience: "None", optimizer: optim.adam(1e-3) },
}
