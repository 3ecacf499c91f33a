"""The contract for a `ray://` client of a cluster in other processes."""

import contract_runners as runners
import pytest
from contract import ASYNC_ACTORS_ONLY, TASKS_HAVE_NO_MAKER, ActorContract, Contract
from ray_settings import WARNINGS

pytestmark = [pytest.mark.usefixtures("client"), *WARNINGS]

NO_STREAMING = "Ray's client does not have streaming generators."


class TestFunction(Contract):
    column = "Ray", "ray:// client, function"
    runner = runners.RayFunction
    installs = ("ray",)
    not_applicable = {
        "coroutine": ASYNC_ACTORS_ONLY,
        "generator": NO_STREAMING,
        "made_inside": TASKS_HAVE_NO_MAKER,
    }


class TestActor(ActorContract):
    column = "Ray", "ray:// client, method"
    runner = runners.RayClientActor
    installs = ("ray",)
    not_applicable = {
        "coroutine": ASYNC_ACTORS_ONLY,
        "generator": NO_STREAMING,
    }
