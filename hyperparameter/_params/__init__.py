"""What `hp.Params` is made of: a nested dict that is consumed as it is read."""
