"""Functions that runners run in tests, and a driver that is as simple as can be."""

import asyncio
import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from patience import wait_until

import hyperparameter as hp
from hyperparameter import context
from hyperparameter._sweeps.run import Outcome, Work
from hyperparameter._sweeps.work.report import report
from hyperparameter._sweeps.work.runner import Ended, Event, Reported, Runner, Started


def work(
    function: Callable[..., object], *args: object, number: int = 0, log: object = None
) -> Work:
    return Work(number, 1, function, args, (), None if log is None else str(log))


def drive(
    runner: Runner,
    works: Iterable[Work],
    scopes: Callable[[Work], Mapping[str, object]] = lambda _: {},
    heard: Callable[[Event], None] = lambda _: None,
) -> dict[int, Outcome]:
    """Run all of the work, and return the outcomes by number."""
    waiting, running = list(works), set()
    outcomes: dict[int, Outcome] = {}
    while waiting or running:
        while waiting and len(running) < runner.capacity:
            one = waiting.pop(0)
            with hp.scope(**scopes(one)):
                captured = context.capture()
            running.add(one.number)
            runner.submit(one, captured)
        for event in runner.events(30):
            heard(event)
            if isinstance(event, Reported):
                runner.answer(event.number, event.value < 1)
            if isinstance(event, Ended):
                running.remove(event.number)
                assert event.number not in outcomes
                outcomes[event.number] = event.outcome
    return outcomes


def run_one(
    runner: Runner, one: Work, scopes: Mapping[str, object] | None = None, **rest: object
) -> Outcome:
    (outcome,) = drive(runner, [one], lambda _: scopes or {}, **rest).values()
    return outcome


def interrupted_once_started(runner: Runner, one: Work, begun: Path) -> Outcome:
    """Run the work, and interrupt all runs when it has made the file."""
    runner.submit(one, context.capture())
    found: list[Event] = []
    while not begun.exists():
        found += runner.events(0.05)
    runner.interrupt()
    while not any(isinstance(event, Ended) for event in found):
        found += runner.events(30)
    assert any(isinstance(event, Started) for event in found)
    return next(event.outcome for event in found if isinstance(event, Ended))


def same(value: object) -> object:
    return value


def read_lr() -> object:
    return hp.scope.lr | 1.0


def read_required() -> object:
    return hp.scope.lr()


def read_both() -> object:
    return [hp.scope.lr | 1.0, hp.scope.wd | 0.0]


def read_in_thread() -> object:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(hp.scope.lr | 1.0))
    thread.start()
    thread.join()
    return found


def read_all() -> object:
    return len(hp.scope.current().storage())


async def read_async() -> object:
    await asyncio.sleep(0)
    return hp.scope.lr | 1.0


class Trained:
    def __init__(self, value: int) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trained) and other.value == self.value


def leave_open() -> None:
    hp.scope.init({"left": "open"})
    hp.scope.frozen()
    os.environ.pop("HYPERPARAMETER_RUN", None)
    warnings.simplefilter("ignore")
    sys.stdout = None
    os.chdir("/")


def folder() -> str:
    return os.getcwd()


def warn() -> None:
    warnings.warn("told again", UserWarning, stacklevel=1)


def fail(message: str) -> None:
    def deeper() -> None:
        raise ValueError(message)

    hp.param("deep")(deeper)()


def leave_with(code: object) -> None:
    sys.exit(code)


def a_generator() -> object:
    return (item for item in "ab")


def megabytes(count: int) -> bytes:
    return bytes(count << 20)


def print_all_ways() -> None:
    print("from Python, \ud800")
    print("from Python, on stderr", file=sys.stderr)
    os.write(1, b"from a descriptor\n")
    ctypes.CDLL(None).puts(b"from C")
    subprocess.run(["sh", "-c", "echo from a child; (echo from a grandchild)"], check=True)
    logger = logging.getLogger("train")
    logger.addHandler(handler := logging.StreamHandler())
    logger.warning("from logging")
    logger.removeHandler(handler)
    warnings.warn("from warnings", UserWarning, stacklevel=1)
    print(f"stdin: {sys.stdin.read()!r}, {os.read(0, 1)!r}")


def print_and_die() -> None:
    print("before the end", end="")
    os.kill(os.getpid(), signal.SIGKILL)


def print_around(begun: str, go: str) -> None:
    print("one")
    Path(begun).touch()
    wait_until(Path(go).exists)
    print("two")


def die(how: str) -> None:
    if how == "segfault":
        ctypes.string_at(0)
    if how == "exit":
        os._exit(3)
    os.kill(os.getpid(), getattr(signal, how))
    time.sleep(60)


def hang(begun: str) -> None:
    """Start a process of a process, and hang."""
    subprocess.run(["sh", "-c", f"sleep 1000 & echo $! > {begun}.new"], check=True)
    os.rename(f"{begun}.new", begun)
    time.sleep(1000)


def clean_up(begun: str, cleaned: str) -> None:
    try:
        Path(begun).touch()
        time.sleep(1000)
    finally:
        Path(cleaned).touch()


def tell(values: list[float]) -> list[bool]:
    return [report(value) for value in values]


def pid(_: object = None) -> int:
    return os.getpid()


def device() -> object:
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def pool_reads() -> object:
    import multiprocessing

    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(read_lr)


def ray_reads() -> object:
    import ray

    return ray.get(ray.remote(num_cpus=0)(read_lr).remote())


def set_start_method() -> object:
    import multiprocessing

    multiprocessing.set_start_method("forkserver")
    return multiprocessing.get_start_method()


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
