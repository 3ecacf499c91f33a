"""The rows of the engines: pools first, for a process that runs Ray should not fork."""

from __future__ import annotations

from collections.abc import Iterator

import on_ray
import pools
from table import Figures, Row


def rows(figures: Figures) -> Iterator[Row]:
    """Yield the rows of the engines; put what they are made from into `figures`, by name."""
    yield from pools.rows(figures)
    with on_ray.started() as ray:
        yield from on_ray.rows(ray, figures)
