"""What was read, where each value came from, and who read it."""
