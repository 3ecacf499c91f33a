"""Configuration files: from text in TOML, YAML, JSON or Jsonnet to values that know their lines."""
