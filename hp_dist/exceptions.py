"""What can go wrong on the way to a worker."""

from __future__ import annotations

from hyperparameter.exceptions import HyperparameterError


class CarrierError(HyperparameterError):
    """A scope cannot be encoded or decoded."""


class EngineError(HyperparameterError):
    """An engine is missing, or not as this library expects it."""
