"""How calls pass their arguments: enough to tell which parameters the program itself gives."""

import ast
from typing import NamedTuple

_MOST_SHAPES = 16  # of one name; many functions have a method such as `append` in common
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


class CallShapes:
    """The shapes of the calls in a file by the last name of what is called."""

    def __init__(self) -> None:
        self._by_name: dict[str, set[CallShape]] = {}

    def add(self, node: ast.Call) -> None:
        """Note a call, and that a function may be called that is passed as an argument."""
        is_known = not any(isinstance(arg, ast.Starred) for arg in node.args)
        names = sorted(keyword.arg or "**" for keyword in node.keywords)
        shape = CallShape(len(node.args) if is_known else ANY_NUMBER, tuple(names))
        self._note(node.func, shape)
        for arg in (*node.args, *(keyword.value for keyword in node.keywords)):
            self._note(arg, CallShape(ANY_NUMBER))

    def _note(self, called: ast.expr, shape: CallShape) -> None:
        name = getattr(called, "attr", None) or getattr(called, "id", None)
        if isinstance(called, (ast.Name, ast.Attribute)) and name:
            known = self._by_name.setdefault(name, set())
            if len(known) < _MOST_SHAPES:
                known.add(shape)

    def plain(self) -> dict[str, list[list[object]]]:
        """Return the shapes by name, as JSON has them."""
        return {
            name: [[one.positional, list(one.names)] for one in sorted(found)]
            for name, found in self._by_name.items()
        }


def passes(shapes: list[CallShape], index: int, name: str, *, required: bool) -> bool:
    """Tell whether the program itself passes a parameter, so that no setting can reach it.

    One that has to be passed is taken for passed if any call may do so.
    """
    seen = [shape.passes(index, name) for shape in shapes]
    return any(one is not False for one in seen) if required else bool(seen) and all(seen)
