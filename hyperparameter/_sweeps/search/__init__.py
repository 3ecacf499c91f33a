"""What chooses the cells of a sweep from the results so far."""
