"""What runs in the workers of the fault tests: a module, so that spawned children can import it."""

import gc
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import hyperparameter as hp


def seen(*keys: str) -> Any:
    """Return the size of the scope, the values of the keys in it, and the process."""
    return len(hp.scope), tuple(_shown(hp.scope[key] | None) for key in keys), os.getpid()


def _shown(value: Any) -> Any:
    return (value.shape, float(value.sum())) if hasattr(value, "shape") else value


def values(key: str) -> Any:
    return _shown(hp.scope[key] | None)


def value_and_process(key: str) -> Any:
    return _shown(hp.scope[key] | None), os.getpid()


def pair(key: str, _: Any) -> Any:
    return _shown(hp.scope[key] | None)


def process() -> int:
    return os.getpid()


def die(*_: Any) -> None:
    """Read the scope, and be killed in the middle of the task."""
    len(hp.scope)
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(mark: str, key: str) -> Any:
    """Be killed the first time; return what is seen when asked again."""
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return _shown(hp.scope[key] | None)
    return die()


def send(sender: Any, function: Any, *args: Any) -> None:
    sender.send(function(*args))
    sender.close()


def wait(path: str) -> str:
    """Return what is written to a named pipe; whoever writes knows that this has begun."""
    with open(path) as fifo:
        return fifo.read()


def rss() -> int:
    """Return how many bytes of this process are its own and in memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    raise LookupError("RssAnon")


def held() -> dict[str, float]:
    """Return what this process holds, without what a garbage collection would free."""
    gc.collect()
    return {
        "megabytes": rss() / (1 << 20),
        "blocks": sys.getallocatedblocks(),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


def value_and_rss(key: str) -> Any:
    return hp.scope[key] | None, rss()


def nest(folders: str) -> Any:
    """Submit work of this worker's own; return what that saw and which folders there were."""
    with hp.scope(**large(7)), ProcessPoolExecutor(1) as executor:
        found = executor.submit(values, "key7").result(timeout=150)
        return found, sorted(path.name for path in Path(folders).glob("hyperparameter-*"))


def nested(method: str, folders: str) -> None:
    """Print what `nest` returns in a process of its own."""
    context = multiprocessing.get_context(method)
    process = context.Process(target=_print_nested, args=(folders,))
    process.start()
    process.join(60)
    if process.exitcode:
        raise ChildProcessError(process.exitcode)


def _print_nested(folders: str) -> None:
    print(*nest(folders))


def large(n: int) -> dict[str, int]:
    """Return the bindings of a large scope: 10 000 keys, all of them different for each `n`."""
    return {f"key{i}": i * n for i in range(10_000)}


def write_environment(_: Any) -> int:
    """Return the length of an environment whose scope is in a file of this process."""
    from hp_dist.subprocess import environ

    with hp.scope(data="x" * 200_000):
        return len(environ()["HYPERPARAMETER_SCOPE"])


def read_and_touch(mark: Path) -> None:
    hp.scope.n | 0  # it is read
    mark.touch()
