"""The contract for functions, generators and actors of Ray."""

from functools import partial

import contract_runners as runners
import pytest
from contract import ASYNC_ACTORS_ONLY, TASKS_HAVE_NO_MAKER, ActorContract, Contract
from ray_settings import WARNINGS

pytestmark = [pytest.mark.usefixtures("ray"), *WARNINGS]


class TaskContract(Contract):
    installs = ("ray",)
    not_applicable = {"coroutine": ASYNC_ACTORS_ONLY, "made_inside": TASKS_HAVE_NO_MAKER}


class TestFunction(TaskContract):
    column = "Ray", "function"
    runner = runners.RayFunction


class TestGenerator(TaskContract):
    column = "Ray", "generator"
    runner = runners.RayGenerator


class TestExplicitFunction(TaskContract):
    column = "Ray", "hp_dist.ray.remote, function"
    runner = partial(runners.RayFunction, True)
    installs = ()


class TestConstructor(Contract):
    column = "Ray", "actor's constructor"
    runner = runners.RayConstructor
    installs = ("ray",)
    not_applicable = {
        "every_kind_of_callable": "Only classes have constructors.",
        "coroutine": "A constructor is not a coroutine.",
        "generator": "A constructor is not a generator.",
        "made_inside": TASKS_HAVE_NO_MAKER,
        "what_a_task_leaves": "Every actor is a new process.",
        "what_a_task_freezes": "Every actor is a new process.",
        "what_a_failing_task_leaves": "Every actor is a new process.",
        "error": "Ray turns it into an ActorDiedError.",
        "wrong_call": "Ray turns it into an ActorDiedError.",
    }


class SyncActorContract(ActorContract):
    installs = ("ray",)
    not_applicable = {"coroutine": ASYNC_ACTORS_ONLY}


class TestActor(SyncActorContract):
    column = "Ray", "actor's method"
    runner = runners.RaySyncActor


class TestAsyncActor(ActorContract):
    column = "Ray", "method, async"
    runner = runners.RayAsyncActor
    installs = ("ray",)


class TestThreadedActor(SyncActorContract):
    column = "Ray", "method, threaded"
    runner = runners.RayThreadedActor


class TestConcurrencyGroup(SyncActorContract):
    column = "Ray", "method, concurrency group"
    runner = runners.RayGroupsActor


class TestExplicitActor(SyncActorContract):
    column = "Ray", "hp_dist.ray.remote, method"
    runner = partial(runners.RaySyncActor, True)
    installs = ()
