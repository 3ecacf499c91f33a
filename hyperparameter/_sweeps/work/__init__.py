"""Runs under way: runners, and what a worker does with one run."""
