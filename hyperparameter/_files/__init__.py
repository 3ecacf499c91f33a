"""Configuration files: from TOML, YAML, JSON or Jsonnet to values with their line numbers."""
