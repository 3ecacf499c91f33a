"""Sweeps: many runs of one function, on one machine or a cluster, that can be resumed."""
