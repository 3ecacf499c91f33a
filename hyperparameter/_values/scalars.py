"""The types of scalars, and the test for values that are small enough to be cached."""

SCALARS = frozenset([int, float, bool, type(None)])
"""Types of values that never change and are never large, but for ints of many digits."""

SCALARS_AND_TEXT = SCALARS | {str}

MOST_SMALL_TEXT = 256


_MOST_ITEMS = 16


def is_small(value: object) -> bool:
    """Tell values that a cache may keep: small and immutable."""
    kind = type(value)
    return kind in SCALARS or (kind is str and len(value) <= MOST_SMALL_TEXT)  # type: ignore[arg-type]  # a str


def is_constant(value: object) -> bool:
    """Tell small values that never change: those of `is_small`, and a few of them in a tuple."""
    kind = type(value)
    if kind in SCALARS:
        return True
    if kind is tuple:
        return len(value) <= _MOST_ITEMS and all(map(is_small, value))  # type: ignore[arg-type,call-overload]  # a tuple
    return is_small(value)


def items_of(value: object) -> tuple[object, ...] | None:
    """Return the types and values of a list with few small items, None for anything else."""
    if type(value) is list and len(value) <= _MOST_ITEMS and all(map(is_small, value)):
        return (*map(type, value), *value)  # 1 == True
    return None
