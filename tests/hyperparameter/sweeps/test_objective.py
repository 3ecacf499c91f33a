"""The number that counts of a result, and what is said where there is none."""

from math import inf, nan

import numpy as np
import pytest

from hyperparameter._sweeps.objective import Goal, NoObjective, objective

LOSS = Goal("minimize", "loss")


@pytest.mark.parametrize("result", [0.5, np.float32(0.5), {"result": 0.5}])
@pytest.mark.parametrize("goal", [None, Goal(), LOSS])
def test_a_result_that_is_one_number_needs_no_name_and_may_be_called_anything(
    result: object, goal: Goal | None
) -> None:
    assert objective(result, goal) == 0.5


def test_a_name_picks_a_number_of_a_mapping() -> None:
    assert objective({"acc": 0.9, "loss": 2}, LOSS) == 2.0
    assert objective({"val.loss": 3}, Goal("minimize", "val.loss")) == 3.0


@pytest.mark.parametrize(
    ("result", "goal", "problem"),
    [
        ({"acc": 1, "loss": 2}, None, "with --minimize NAME or --maximize NAME: it has acc, loss."),
        ({"loss": 2}, Goal("maximize"), "it has loss."),  # one number, and no guess
        ({"a": 1, "losss": 2}, LOSS, "not in the result. Did you mean 'losss'? It has a, losss."),
        ({}, LOSS, "It has nothing."),
        ({"loss": "low"}, LOSS, "'loss' of the result is of type str, not a number."),
        ({"loss": None}, LOSS, "'loss' of the result is None, not a number."),
        ({"result": None}, LOSS, "The result is None, not a number."),
        (None, None, "The result is None, not a number. Return a number, or a dict of numbers."),
        ("0.5", None, "The result is of type str, not a number."),
        ([1.0], None, "The result is of type list, not a number."),
        (np.array([1.0, 2.0]), None, "The result is of type ndarray, not a number."),
        (10**400, None, "The result is of type int, not a number."),
    ],
)  # fmt: skip
def test_what_has_no_number_is_said(result: object, goal: Goal | None, problem: str) -> None:
    with pytest.raises(NoObjective) as raised:
        objective(result, goal)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("direction", "value", "other", "better"),
    [
        ("minimize", 1, 2, True), ("minimize", 2, 1, False), ("maximize", 2, 1, True),
        ("minimize", 1, 1, False), ("minimize", nan, None, False), ("maximize", nan, 1, False),
        ("minimize", inf, None, True), ("minimize", -inf, 0, True),
    ],
)  # fmt: skip
def test_better_is_lower_or_higher_and_never_nan(
    direction: str, value: float, other: float | None, better: bool
) -> None:
    assert Goal(direction).is_better(value, other) is better  # type: ignore[arg-type]
