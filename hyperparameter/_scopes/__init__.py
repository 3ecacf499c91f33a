"""Scopes: immutable snapshots, the one ContextVar that says which is active, and reads of them."""

from . import fork as fork  # mends forked children from here on
