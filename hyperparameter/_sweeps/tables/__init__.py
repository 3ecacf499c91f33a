"""The runs of a store as tables."""
