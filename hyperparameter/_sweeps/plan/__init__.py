"""What is to be run: words or mappings read, and the cells that they mean."""
