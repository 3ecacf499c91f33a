"""Configuration that follows your code, and can tell afterwards what every value was.

@hp.param("train")
def train(lr=0.1, epochs=3): ...

with hp.scope("train.lr=0.01"):
    train()
"""

import os as _os
import typing as _typing

from ._functions.param import param
from ._launch import launch, run_cli
from ._records.read import Read
from ._records.record import Record, process_record, record
from ._scopes.scope import scope
from ._values.secrets import add_secret_words, not_secret
from .exceptions import (
    ConfigurationError,
    ConversionError,
    HyperparameterError,
    InvalidKey,
    MissingParameter,
    UsageError,
)

if _typing.TYPE_CHECKING:
    from ._config.config import config
    from ._records.explain import Explanation, explain
    from ._records.exports.target import Exported
    from ._records.unused import Unused
    from ._sweeps.finished import SweepError, SweepRun
    from ._sweeps.from_python import sweep
    from ._sweeps.sweep import Sweep
    from ._sweeps.work.report import report
    from .params import Params

    # Not in __all__: a program that imports * would take our version for its own.
    __version__: str

__all__ = [
    "ConfigurationError",
    "ConversionError",
    "Explanation",
    "Exported",
    "HyperparameterError",
    "InvalidKey",
    "MissingParameter",
    "Params",
    "Read",
    "Record",
    "Sweep",
    "SweepError",
    "SweepRun",
    "Unused",
    "UsageError",
    "add_secret_words",
    "config",
    "explain",
    "launch",
    "not_secret",
    "param",
    "process_record",
    "record",
    "report",
    "run_cli",
    "scope",
    "sweep",
]


# A file of PyPI's `hyperparameter` from 0.5 on.  One stat call is all that an import can spare.
if _os.path.exists(_os.path.join(__path__[0], "api.py")):
    from ._distribution import warn_of_conflict as _warn_of_conflict

    _warn_of_conflict()


_ON_USE = {
    "Explanation": "._records.explain",
    "Exported": "._records.exports.target",
    "Params": ".params",
    "config": "._config.config",
    "explain": "._records.explain",
    "report": "._sweeps.work.report",
    "Sweep": "._sweeps.sweep",
    "SweepError": "._sweeps.finished",
    "SweepRun": "._sweeps.finished",
    "Unused": "._records.unused",
    "sweep": "._sweeps.from_python",
}
"""Public names that few programs use, and the modules that have them: imported with us, they would
double the time of our import."""


def __getattr__(name: str) -> object:
    """Return a name of `_ON_USE`, or `__version__`.

    `ImportError` for names that PyPI's `hyperparameter` had, and most public code uses.
    """
    value: object = None
    if name in ("param_scope", "auto_param"):
        from ._distribution import renamed

        raise ImportError(renamed(name))
    if name in _ON_USE:
        from importlib import import_module

        value = getattr(import_module(_ON_USE[name], __name__), name)
    elif name == "__version__":
        from ._distribution import version

        value = version()
    if value is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
