"""What `hp.Params` is made of: a nested dict that is consumed while it is read."""
