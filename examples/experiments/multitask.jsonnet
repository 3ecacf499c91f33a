// Tasks by comprehension: dicts in lists in dicts, with their own weights and towers.
local layers = import "lib/layers.libsonnet";
local tasks = ["sentiment", "topic", "language"];

{
  about: importstr "data/about.txt",
  readers: { [task]: { type: "csv", path: std.extVar("DATA") + "/" + task + ".csv" } for task in tasks },
  model: {
    type: "multitask",
    trunk: layers.tower(layers.sizes.medium),
    heads: [
      { task: tasks[i], weight: 1 / (i + 1), layers: layers.named(if i == 0 then "large" else "small") }
      for i in std.range(0, std.length(tasks) - 1)
    ],
  },
  trainer: { num_epochs: 3, callbacks: [{ type: "log", every: 10 }, { type: "checkpoint", keep: 2 }] },
}
