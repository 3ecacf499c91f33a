"""The shapes of the calls in one file."""

import ast

from ..call_shape import ANY_NUMBER, CallShape

_MOST_SHAPES = 16  # of one name; many functions have a method such as `append` in common


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
