"""A usage error in a task or an actor of Ray is the one line that it would be without Ray."""

from typing import Any

import pytest
from ray_settings import WARNINGS
from ray_work import get

import hyperparameter as hp

pytestmark = WARNINGS

MISSING = "Hyperparameter 'ue.a' is required but not defined. Give it with -D ue.a=VALUE."


def launched(run: Any, *words: str) -> str:
    """Return the usage error in which the program ends that calls `run`."""

    @hp.param("ue_main")
    def main() -> None:
        run()

    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(main, list(words))
    return str(caught.value)


def test_of_a_task_and_of_a_task_of_a_task(ray: Any, installed: None) -> None:
    @ray.remote(max_retries=0)
    def need() -> Any:
        return hp.scope.ue.a()

    @ray.remote(max_retries=0)
    def outer() -> Any:
        return ray.get(need.remote())

    assert launched(lambda: get(need.remote())) == MISSING
    assert launched(lambda: get(outer.remote())) == MISSING


def test_of_a_value_that_the_command_line_set(ray: Any, installed: None) -> None:
    @ray.remote(max_retries=0)
    def wrong() -> Any:
        return hp.scope.ue.b | 1

    words = ["--allow-unknown", "-D", "ue.b=many"]
    assert launched(lambda: get(wrong.remote()), *words) == "-D ue.b: 'many' is not an int."


def test_of_the_constructor_and_of_a_method_of_an_actor(ray: Any, installed: None) -> None:
    @ray.remote(max_restarts=0)
    class Needs:
        def __init__(self, at_once: bool) -> None:
            if at_once:
                self.need()

        def need(self) -> Any:
            return hp.scope.ue.a()

    @ray.remote(max_restarts=0)
    class Wrong:
        def __init__(self) -> None:
            self.b = hp.scope.ue.b | 1

        def value(self) -> int:
            return self.b

    assert launched(lambda: get(Needs.remote(True).need.remote())) == MISSING
    assert launched(lambda: get(Needs.remote(False).need.remote())) == MISSING
    words = ["--allow-unknown", "-D", "ue.b=many"]
    line = launched(lambda: get(Wrong.remote().value.remote()), *words)
    assert line == "-D ue.b: 'many' is not an int."


def test_not_of_a_value_that_the_code_of_an_actor_set(ray: Any, installed: None) -> None:
    @ray.remote(max_restarts=0)
    class Own:
        def __init__(self) -> None:
            with hp.scope(**{"ue.b": "many"}):
                self.b = hp.scope.ue.b | 1

        def value(self) -> int:
            return self.b

    @hp.param("ue_own")
    def main() -> Any:
        return get(Own.remote().value.remote())

    with pytest.raises(ray.exceptions.ActorDiedError, match="'many' is not an int"):
        hp.run_cli(main, [])
