local sizes = import "sizes.json";

{
  sizes: sizes,
  dense(width, activation="relu"):: { type: "dense", width: width, activation: activation },
  tower(widths):: [$.dense(w) for w in widths] + [$.dense(1, "linear")],
  named(size):: $.tower(sizes[size]),
}
