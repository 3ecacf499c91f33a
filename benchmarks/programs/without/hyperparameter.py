"""Stands for the library where a program is measured without it: nothing is looked up.

It has what the examples use.  Parameters have the values that the program calls with, or else
their defaults.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any


class UsageError(Exception):
    pass


class _Key:
    def __getattr__(self, name: str) -> _Key:
        return self

    def __or__(self, default: Any) -> Any:
        return default


scope = _Key()


def param(namespace: str) -> Callable[[Any], Any]:
    return lambda function: function


def launch(function: Callable[..., Any]) -> None:
    function(**json.loads(os.environ["PARAMETERS"]))
