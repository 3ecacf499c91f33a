"""What a sweep keeps in its folder: a database, large results and logs."""
