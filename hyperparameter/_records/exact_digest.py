"""Digests by which two runs are told apart: nothing that a reader can see is left out.

Where that cannot be known there is no digest.  Functions that are not found by their names count
with their code, their defaults and what they close over.
"""

from __future__ import annotations

import functools
import sys
from enum import Enum
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any

from .fingerprint import Digest, Unknown, digest_of

_NUMBERS = (int, float, complex)
_STATIC = 1 << 9
"""Python's `Py_TPFLAGS_HEAPTYPE`, without which a type is written in C and may hide its state."""


def exact_digest_of(value: object) -> str:
    """Return a digest that only equal values have, empty for one whose contents cannot be seen."""
    return digest_of(value, _Exact)


class _Exact(Digest):
    def put(self, data: bytes | bytearray | memoryview) -> None:
        self.hash.update(f"{len(data)}:".encode())
        self.hash.update(data)

    def part_of_set(self, value: object) -> str:
        return exact_digest_of(value)

    def parts(self, value: Any, name: str) -> None:
        if isinstance(value, MethodType):
            self.add(value.__self__, "")
            self.add(value.__func__, "")
        elif isinstance(value, (FunctionType, BuiltinFunctionType, type)):
            self._named(value)
        elif isinstance(value, functools.partial):
            self.add([value.func, value.args, value.keywords, vars(value)], name)
        elif isinstance(value, Enum):
            self.text(value.name or "")
            self.add(value.value, name)
        elif isinstance(value, _NUMBERS):
            base = next(one for one in _NUMBERS if isinstance(value, one))
            self.text(base.__repr__(value))
            self.add(dict(getattr(value, "__dict__", {})), name)
        else:
            super().parts(value, name)

    def container(self, value: Any, name: str) -> None:
        super().container(value, name)
        if attributes := getattr(value, "__dict__", None):
            self.add(dict(attributes), name)
        if type(value).__module__ == "collections":  # the factory of a defaultdict, and such
            self.add(getattr(value, "default_factory", None), "")

    def array(self, value: Any) -> bool:
        if not super().array(value):
            return False
        if isinstance(getattr(value, "__dict__", None), dict):  # names of columns, a mask
            self.add(dict(vars(value)), "")
        return True

    def object(self, value: Any) -> None:
        if any(not kind.__flags__ & _STATIC and kind is not object for kind in type(value).__mro__):
            raise Unknown
        super().object(value)

    def _named(self, value: Any) -> None:
        """Add a function or a class by its name, if that finds it, else a function by its code."""
        name = value.__qualname__
        self.text(f"{value.__module__}.{name}")
        found: object = sys.modules.get(value.__module__)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is value:
            return
        if not isinstance(value, FunctionType):
            raise Unknown
        self._code(value.__code__)
        self.add([value.__defaults__, value.__kwdefaults__], "")
        self.add([cell.cell_contents for cell in value.__closure__ or ()], "")

    def _code(self, code: CodeType) -> None:
        self.put(code.co_code)
        self.text(" ".join([*code.co_names, *code.co_varnames, *code.co_freevars]))
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._code(constant)
            elif constant is ...:
                self.text("...")
            else:
                self.add(constant, "")
