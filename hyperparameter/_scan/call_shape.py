"""How a call passes its arguments: enough to tell which parameters the program itself gives."""

from typing import NamedTuple

ANY_NUMBER = -1
"""The number of positional arguments that nobody can see: of `*args`, or of whoever gets passed a
function."""


class CallShape(NamedTuple):
    """How many arguments a call passes by position, and the names of the others; `**` is one."""

    positional: int
    names: tuple[str, ...] = ()

    def passes(self, index: int, name: str) -> bool | None:
        """Tell whether the call passes a parameter; None where that cannot be seen."""
        if name in self.names or 0 <= index < self.positional:
            return True
        return None if self.positional == ANY_NUMBER or "**" in self.names else False


def passes(shapes: list[CallShape], index: int, name: str, *, required: bool) -> bool:
    """Tell whether the program itself passes a parameter, so that no setting can reach it.

    One that has to be passed is taken for passed if any call may do so.
    """
    seen = [shape.passes(index, name) for shape in shapes]
    return any(one is not False for one in seen) if required else bool(seen) and all(seen)
