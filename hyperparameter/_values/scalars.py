"""The types of scalars, and the test for values that are small enough to be cached."""

SCALARS = frozenset([int, float, bool, type(None)])
"""Types of values that never change and are never large, but for ints of many digits."""

SCALARS_AND_TEXT = SCALARS | {str}

MOST_SMALL_TEXT = 256


def is_small(value: object) -> bool:
    """Tell values that a cache may keep: small and immutable."""
    kind = type(value)
    return kind in SCALARS or (kind is str and len(value) <= MOST_SMALL_TEXT)  # type: ignore[arg-type]  # a str
