"""Configuration that follows your code, and can tell afterwards what every value was.

@hp.param("train")
def train(lr=0.1, epochs=3): ...

with hp.scope("train.lr=0.01"):
    train()
"""

import typing as _typing

from ._config.config import config
from ._functions.param import param
from ._launch import launch, run_cli
from ._records.explain import Explanation, explain
from ._records.read import Read, Unused
from ._records.record import Record, process_record, record
from ._scopes.scope import scope
from ._values.secrets import add_secret_words
from .exceptions import (
    ConfigurationError,
    ConversionError,
    HyperparameterError,
    InvalidKey,
    MissingParameter,
    UsageError,
)

if _typing.TYPE_CHECKING:
    from .params import Params

__all__ = [
    "ConfigurationError",
    "ConversionError",
    "Explanation",
    "HyperparameterError",
    "InvalidKey",
    "MissingParameter",
    "Params",
    "Read",
    "Record",
    "Unused",
    "UsageError",
    "add_secret_words",
    "config",
    "explain",
    "launch",
    "param",
    "process_record",
    "record",
    "run_cli",
    "scope",
]


def __getattr__(name: str) -> object:
    """Import `Params` when it is first asked for: its logging would double our import."""
    if name != "Params":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .params import Params

    globals()[name] = Params
    return Params
