"""Scopes on their way to where work runs: captured, encoded, received, attached."""
