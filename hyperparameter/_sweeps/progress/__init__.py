"""What is shown while a sweep runs."""
