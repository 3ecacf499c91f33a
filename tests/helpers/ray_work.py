"""What runs in the workers of Ray, and how a test awaits it."""

from typing import Any

import contract_tasks as tasks

import hyperparameter as hp


def get(references: Any) -> Any:
    """Return the results, or fail where Ray would wait for ever."""
    import ray

    return ray.get(references, timeout=tasks.PATIENCE)


def see() -> dict[str, Any]:
    """Return all that is visible here."""
    return dict(hp.scope.storage().storage())


class Seer:
    """An actor that tells what it sees, and what its constructor saw."""

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.at_creation = see()

    def see(self) -> Any:
        return see()

    def made(self) -> Any:
        return self.number, self.at_creation
