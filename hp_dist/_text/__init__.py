"""Scopes as text, for carriers that map text to text."""
