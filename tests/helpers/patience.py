"""How long tests, and what they start, wait for what is sure to come."""

# Time decides nothing: on a machine that does ten other things all is slow, and nothing is wrong.
# It is less than a test may take (see conftest.py), so that a failure says what was waited for.
PATIENCE = 150
"""Seconds after which something has gone wrong."""
