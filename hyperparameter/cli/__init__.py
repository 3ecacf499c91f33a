"""The `hp` command."""
