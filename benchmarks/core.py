"""The core rows: reads, scopes, decorated calls, import, command line, memory."""

from __future__ import annotations

import contextvars
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from floor import Override, floor, passing, three
from measure import in_turns, programs_in_turns
from table import Figures, Row

import hyperparameter as hp

MANY = {f"group{i // 10}.key{i}": i for i in range(10_000)}
PROGRAMS = Path(__file__).parent / "programs"

# Budgets in absolute time hold for the machine that they were set on: there, hyperparameter
# 0.6.0 took 4.2 us to enter and leave a scope, and importing argparse 6 ms.
_PEER_ENTER_US = 4.2
_ARGPARSE_MS = 6


decorated = hp.param("three")(three)


def enter() -> None:
    with hp.scope(x=1):
        pass


def enter_and_read() -> None:
    with hp.scope(x=1):
        hp.scope.x | 0


def override() -> None:
    with Override(x=1):
        pass


def rows(peers: Figures) -> Iterator[Row]:
    """Yield the core rows; `peers` is what `peers.py` prints."""
    yield from _reads(peers)
    yield from _scopes(peers)
    yield from _calls()
    yield from _programs()
    yield from _memory()


def _reads(peers: Figures) -> Iterator[Row]:
    def hit() -> None:
        hp.scope.a.b.c | 1

    def miss() -> None:
        hp.scope.a.b.d | 1

    few, many = contextvars.copy_context(), contextvars.copy_context()
    few.run(_open, {"a.b.c": 1}, 0)
    many.run(_open, MANY, 100)
    here = in_turns(
        {"floor": lambda: floor("a.b.c", 1), "hit": hit, "miss": miss, "hit deep": hit,
         "miss deep": miss},
        within={"hit": few, "miss": few, "hit deep": many, "miss deep": many},
    )  # fmt: skip
    ratio = here["hit"] / here["floor"]
    yield Row("read hp.scope.a.b.c | d, hit", ratio, "x floor", 5.5)
    yield Row("read hp.scope.a.b.d | d, miss", here["miss"] / here["floor"], "x floor", 5.5)
    peer = peers["hyperparameter 0.6.0, read"]["x floor"]
    yield Row("read, times faster than hyperparameter 0.6.0", peer / ratio, "x", 70, at_least=True)
    what = "the same among 10 000 keys, 100 scopes deep"
    yield Row(f"{what}, hit", here["hit deep"] / here["hit"], "x the above", 1.2)
    yield Row(f"{what}, miss", here["miss deep"] / here["miss"], "x the above", 1.2)


def _open(params: dict[str, int], depth: int) -> None:
    """Record, and open a scope of `params` with `depth` more inside it, in this context."""
    hp.record().__enter__()
    hp.scope.init(params)
    for level in range(depth):
        hp.scope.init({"a.b.c": level, f"level{level}": level})


def _scopes(peers: Figures) -> Iterator[Row]:
    few, many = contextvars.copy_context(), contextvars.copy_context()
    few.run(_open, {f"k{i}": i for i in range(10)}, 0)
    many.run(_open, MANY, 0)
    here = in_turns(
        {"override": override, "enter": enter, "enter many": enter, "read many": enter_and_read},
        within={"enter": few, "enter many": many, "read many": many},
    )
    yield Row("enter and exit, 1 key", here["enter"] / here["override"], "x minimal manager", 1.6)
    inherited = here["enter many"] / here["enter"]
    yield Row("enter and exit inside 10 000 keys", inherited, "x inside 10", 2)
    managers = (here["read many"] - here["enter many"]) / here["override"]
    microseconds = (
        managers
        * _PEER_ENTER_US
        / peers["hyperparameter 0.6.0, enter and exit"]["x minimal manager"]
    )
    yield Row("first read in a new scope", microseconds, "us where 0.6.0 enters in 4.2", 1.5)


def _calls() -> Iterator[Row]:
    def plain() -> None:
        decorated()

    with hp.scope(unrelated=1):
        none = in_turns({"passing": passing, "decorated": decorated})
    with hp.scope(**{"three.a": 5}):
        one = in_turns({"passing": passing, "decorated": decorated})
    yield Row("@hp.param call, 3 parameters, 1 override", one["decorated"] / one["passing"],
              "x pass-through", 5)  # fmt: skip
    yield Row("@hp.param call, no override", none["decorated"] / none["passing"],
              "x pass-through", 2.5)  # fmt: skip


def _programs() -> Iterator[Row]:
    times = programs_in_turns({
        "bare": ["-c", "pass"],
        "import argparse": ["-c", "import argparse"],
        "import": ["-c", "import hyperparameter"],
        "argparse": [str(PROGRAMS / "hello_argparse.py"), "you"],
        "launch": [str(PROGRAMS / "hello_launch.py"), "you"],
        "argparse help": [str(PROGRAMS / "hello_argparse.py"), "--help"],
        "launch help": [str(PROGRAMS / "hello_launch.py"), "--help"],
        "structure help": [str(PROGRAMS / "structure_launch.py"), "--help"],
        "50 options help": [str(PROGRAMS / "many_launch.py"), "--help"],
    })  # fmt: skip
    # A whole process is one sample: its noise must not get into a divisor turn by turn.
    scale = _ARGPARSE_MS / (times["import argparse"] - times["bare"]).median
    unit = "ms where importing argparse takes 6"
    yield Row("import hyperparameter", (times["import"] - times["bare"]).median * scale, unit, 20)
    more = (times["launch"] - times["argparse"]).median * scale
    yield Row("hello-world with hp.launch, over argparse", more, unit, 15)
    for name, what, most in (
        ("launch help", "its --help, over argparse", 40),
        ("structure help", "--help with a dataclass", 50),
        ("50 options help", "--help of 50 options", 60),
    ):
        yield Row(what, (times[name] - times["argparse help"]).median * scale, unit, most)


def _memory() -> Iterator[Row]:
    keys = [f"group{i // 10}.key{i}" for i in range(100_000)]
    params = dict.fromkeys(keys, 1)
    tracemalloc.start()
    with hp.scope(**params):
        hp.scope.group1.key10 | 0
        size, _ = tracemalloc.get_traced_memory()
        yield Row("100 000 keys", size / 1e6, "MB", 14)
        enter()
        before, _ = tracemalloc.get_traced_memory()
        with hp.scope(nested=1):
            hp.scope.nested | 0
            after, _ = tracemalloc.get_traced_memory()
            yield Row("a nested scope on top", (after - before) / 1e3, "KB", 2)
    tracemalloc.stop()
