"""What a `Launcher` tells the modules that it hands a command line over to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .._files.text import FilePath
from .asked import Asked
from .commands import Function
from .options import Option


class Program(Protocol):
    """A program: its functions, the file that it always reads, and how its words are parsed.

    One that `is_single` has no names of commands.
    """

    name: str
    functions: Sequence[Function]
    config: FilePath | None
    is_single: bool

    def parsed(self, argv: list[str]) -> Asked: ...

    def common(self, argv: list[str], own: Sequence[Option] = ()) -> list[Option]: ...

    def version(self, argv: list[str]) -> str | None: ...
