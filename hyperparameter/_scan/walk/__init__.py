"""One source file followed statement by statement, without running it."""
