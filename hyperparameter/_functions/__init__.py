"""Functions and classes whose parameters a scope fills."""
