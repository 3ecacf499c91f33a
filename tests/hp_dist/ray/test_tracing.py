"""Ray's own tracing, which wraps functions and methods as well, goes on beside us."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from ray_settings import ray_settings

# What Ray calls in every process when tracing is on: spans are written by name, a file a process.
HOOK = """
    import os
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

    def setup():
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
        out = open(os.path.join(os.environ["SPANS"], str(os.getpid())), "a", buffering=1)
        exporter = ConsoleSpanExporter(out=out, formatter=lambda span: span.name + chr(10))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
"""

PROGRAM = """
    import json
    import hp_dist, ray
    import hyperparameter as hp

    def see():
        return dict(hp.scope.storage().storage())

    def get(references):
        return ray.get(references, timeout=150)

    def made():
        @ray.remote(num_cpus=0)
        def function(a, **kwargs):
            return a, kwargs, see()

        @ray.remote(num_cpus=0)
        def stream(count):
            for number in range(count):
                yield number, see()

        @ray.remote(num_cpus=0)
        class Actor:
            def __init__(self, number):
                self.number, self.at_creation = number, see()

            def method(self, **kwargs):
                return self.number, kwargs, see(), self.at_creation

            async def coroutine(self):
                return see()

        return function, stream, Actor

    def used(function, stream, actor_class):
        with hp.scope(made=1):
            actor = actor_class.remote(2)
        with hp.scope(called=1):
            results = [
                function.remote(1, b=2),
                function.options(name="x").remote(3),
                actor.method.remote(k=1),
                actor.coroutine.remote(),
            ]
            items = stream.remote(2)
        return {"results": get(results), "items": [get(item) for item in items]}

    ray.init(
        num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False,
        _tracing_startup_hook="spans_of_tests:setup",
    )
    before = made()
    told = {"bare": used(*before)}
    hp_dist.install("ray")
    told["made before"] = used(*before)
    told["made after"] = used(*made())
    hp_dist.uninstall()
    told["uninstalled"] = used(*before)
    print(json.dumps(told))
    ray.shutdown()
"""


@pytest.fixture(scope="module")
def told() -> Iterator[Any]:
    """What the program saw, stage by stage, and the spans of all processes."""
    with ray_settings() as settings:
        folder = Path(settings["RAY_TMPDIR"])
        spans = folder / "spans"
        spans.mkdir()
        (folder / "spans_of_tests.py").write_text(dedent(HOOK))
        path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", dedent(PROGRAM)],
            cwd=folder, capture_output=True, text=True, timeout=240, check=False,
            env={**os.environ, **settings, "SPANS": str(spans), "PYTHONPATH": path},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        names = [name for file in spans.iterdir() for name in file.read_text().split("\n") if name]
        yield {**json.loads(done.stdout), "spans": Counter(names)}


def expected(called: Any, made: Any) -> Any:
    seen = {**made, **called}
    return {
        "results": [[1, {"b": 2}, called], [3, {}, called], [2, {"k": 1}, seen, made], seen],
        "items": [[0, called], [1, called]],
    }


@pytest.mark.parametrize("stage", ["made before", "made after"])
def test_scopes_arrive_beside_tracing(told: Any, stage: str) -> None:
    assert told[stage] == expected({"called": 1}, {"made": 1})


@pytest.mark.parametrize("stage", ["bare", "uninstalled"])
def test_nothing_arrives_where_nothing_is_installed(told: Any, stage: str) -> None:
    assert told[stage] == expected({}, {})


def test_spans_are_those_that_ray_makes_alone(told: Any) -> None:
    """In each of the four stages a call makes a span at its caller and one in its worker.

    The actor that hears what workers read has spans of its own.
    """
    calls = {"__main__.function": 2, "__main__.stream": 1}
    calls |= {f"Actor.{name}": 1 for name in ("__init__", "method", "coroutine")}
    every = (name.removeprefix("made.<locals>.") for name in told["spans"].elements())
    spans = Counter(name for name in every if not name.startswith("CollectorActor."))
    assert spans == {
        f"{name} {side}": 4 * count
        for name, count in calls.items()
        for side in ("ray.remote", "ray.remote_worker")
    }
