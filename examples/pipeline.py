"""Find out what the pages of Python's own reference are about: a pipeline of processes.

    python examples/pipeline.py                                 # read, clean, score, write
    python examples/pipeline.py -D score.top=3 -D clean.shortest=6
    python examples/pipeline.py --timeout 2 -D faults.stall=clean   # a worker stops answering
    python examples/pipeline.py --retries 0 -D faults.kill=score    # a worker is killed
    python examples/pipeline.py --record run.json && hp show run.json

Each stage has processes of its own.  They are handed data, and read `read.*`, `clean.*`, `score.*`
and `write.*` from the scope that was active where a batch was submitted.  A batch whose worker
stalls or dies gets a new worker and another attempt, until `--retries` are used up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from pydoc_data.topics import topics  # the text of help("with"), a part of every Python
from typing import Any, Literal, get_args

import hp_dist
import hyperparameter as hp

Stage = Literal["read", "clean", "score", "write"]
SPAWN = multiprocessing.get_context("spawn")  # as on every system, with threads or without


@hp.param("read")
def read(names: list[str], longest: int = 20_000) -> dict[str, str]:
    """Return the text of pages.

    Args:
        names: the names under which Python has them
        longest: how many characters of a page to take at most
    """
    return {name: topics[name][:longest] for name in names}


@hp.param("clean")
def clean(
    pages: dict[str, str],
    shortest: int = 5,
    without: tuple[str, ...] = ("which", "there", "other", "these", "their", "where"),
) -> dict[str, list[str]]:
    """Return the words of each page that may say what it is about.

    Args:
        pages: text by name
        shortest: how many letters such a word has at least
        without: words to leave out
    """
    words = re.compile(f"[a-z]{{{shortest},}}")
    return {
        name: [word for word in words.findall(text.lower()) if word not in without]
        for name, text in pages.items()
    }


@hp.param("score")
def score(pages: dict[str, list[str]], top: int = 5) -> dict[str, dict[str, int]]:
    """Return the most frequent words of each page, with how often they occur.

    Args:
        pages: words by name
        top: how many words for each page
    """
    counts = {name: Counter(sorted(words)) for name, words in pages.items()}  # equal: by alphabet
    return {name: dict(count.most_common(top)) for name, count in counts.items()}


@hp.param("write")
def write(pages: dict[str, dict[str, int]], number: int, indent: int | None = None) -> str:
    """Write the words of a batch to a file; return its name.

    The file gets its name when it is complete, so another attempt leaves no half and nothing twice.

    Args:
        pages: what belongs into the file
        number: of the batch
        indent: spaces for each level of the JSON; None for a single line
    """
    path = folder() / f"batch-{number:03}.json"
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(pages, indent=indent), "utf-8")
    unfinished.replace(path)
    return path.name


def folder() -> Path:
    """Return where the files go; `main` and the workers that write read it from the same key."""
    return hp.scope.write.folder | Path("keywords")


@hp.param("faults")
def fault(
    stage: str,
    number: int,
    attempt: int,
    *,
    stall: Stage | None = None,
    kill: Stage | None = None,
    batch: int = 1,
    attempts: int = 1,
) -> None:
    """Do what goes wrong in practice, where `faults.*` asks for it.

    Args:
        stage: of this worker
        number: of the batch that it is about to work on
        attempt: 1 for the first one at this batch
        stall: the stage in which a worker stops answering
        kill: the stage in which a worker is killed, as by the system when memory runs out
        batch: the number of the batch that it happens to
        attempts: how many attempts at this batch fail
    """
    if number == batch and attempt <= attempts:
        if stage == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        if stage == stall:
            threading.Event().wait()


def perform(stage: Stage, number: int, attempt: int, data: Any) -> Any:
    """Do the work of a stage, in a worker."""
    fault(stage, number, attempt)
    steps: dict[Stage, Callable[[Any], Any]] = {"read": read, "clean": clean, "score": score}
    return write(data, number) if stage == "write" else steps[stage](data)


class Lost(Exception):
    """A worker has died or does not answer, or that has happened too often."""


class Worker:
    """A process in an executor of its own, so that its death ends nobody else's work."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Have another process, which starts with the first call."""
        self.executor = ProcessPoolExecutor(1, SPAWN, initializer=end_with_program)
        self.pid: int | None = None

    async def call(self, timeout: float, function: Callable[..., Any], *args: Any) -> Any:
        """Return what the function returns, or raise `Lost`."""
        loop = asyncio.get_running_loop()
        try:
            if self.pid is None:  # the time that it takes to start does not count
                with deaf_to_interrupts():
                    started = loop.run_in_executor(self.executor, os.getpid)
                self.pid = await started
                # Private: else the executor would wait for ever for the rest of a result that its
                # worker was sending when it was killed, because it could send that itself.
                self.executor._result_queue._writer.close()  # type: ignore[attr-defined]
            future = loop.run_in_executor(self.executor, function, *args)
            try:
                done, _ = await asyncio.wait([future], timeout=timeout)
                if not done:
                    raise Lost(f"no answer within {timeout:g} s")
                return future.result()
            finally:
                future.cancel()  # if it is not done, nobody asks for its result any more
        except BrokenProcessPool as error:
            raise Lost("its worker has died") from error

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.executor.shutdown(cancel_futures=True)


@contextlib.contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Block Ctrl-C for what starts here: it reaches all processes, but the program ends its own."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:  # also where no process can be started
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def end_with_program() -> None:
    """Let a worker end when the program is killed, also while the worker stalls."""
    parent = multiprocessing.parent_process()
    assert parent

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class Workers:
    """The workers of one stage."""

    def __init__(self, stage: Stage, count: int, timeout: float, retries: int) -> None:
        self.stage, self.timeout, self.retries = stage, timeout, retries
        self.all = [Worker() for _ in range(count)]
        self.idle: asyncio.Queue[Worker] = asyncio.Queue()
        for worker in self.all:
            self.idle.put_nowait(worker)

    async def work(self, number: int, data: Any) -> Any:
        """Return what the stage makes of a batch, at the first attempt that succeeds."""
        for attempt in range(1, self.retries + 2):
            worker = await self.idle.get()
            try:
                return await worker.call(self.timeout, perform, self.stage, number, attempt, data)
            except Lost as error:
                problem = f"{self.stage}: batch {number}: {error}"
                worker.kill()
                worker.renew()
            finally:
                self.idle.put_nowait(worker)
            print(f"{problem} (attempt {attempt} of {self.retries + 1})", file=sys.stderr)
        raise Lost(f"{problem}. Raise --retries or --timeout if that may happen.")


async def through(stages: list[Workers], batches: list[list[str]]) -> list[str]:
    """Send the batches through the stages; return the names of the files that were written."""
    room = asyncio.Semaphore(2 * sum(len(stage.all) for stage in stages))  # bounds the memory

    async def one(number: int, data: Any) -> str:
        async with room:
            for stage in stages:
                data = await stage.work(number, data)
        return str(data)

    tasks = [asyncio.create_task(one(number, names)) for number, names in enumerate(batches)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()  # or it would try again with a new worker
        await asyncio.gather(*tasks, return_exceptions=True)
        for stage in stages:
            for worker in stage.all:
                worker.kill()


@hp.param("pipeline")
def main(
    pages: int = 40, batch: int = 8, workers: int = 1, timeout: float = 30, retries: int = 1
) -> None:
    """Find the words that pages of Python's reference use most, in processes for each stage.

    Args:
        pages: how many pages to take
        batch: how many of them are handed on together
        workers: processes for each stage
        timeout: seconds after which a worker without an answer counts as stalled
        retries: how often a batch is tried again after its worker has stalled or died
    """
    counts = {"pages": pages, "batch": batch, "workers": workers, "timeout": timeout}
    for name, value in {**counts, "retries": retries + 1}.items():
        if value <= 0:
            raise hp.UsageError(f"--{name}: the number is too small.")
    hp_dist.install("futures")
    names = sorted(topics)[:pages]
    batches = [names[start : start + batch] for start in range(0, len(names), batch)]
    clear(folder())
    stages = [Workers(stage, workers, timeout, retries) for stage in get_args(Stage)]
    try:
        files = asyncio.run(through(stages, batches))
    except Lost as error:
        sys.exit(f"pipeline.py: error: {error}")
    show([folder() / name for name in files])


def clear(folder: Path) -> None:
    """Make a folder without the files of an earlier run."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("batch-*"):
            old.unlink()
    except OSError as error:
        raise hp.UsageError(f"write.folder: {error}") from error


def show(files: list[Path]) -> None:
    """Print the words of each page, from the files."""
    for file in files:
        for name, words in json.loads(file.read_text("utf-8")).items():
            print(f"{name:<22}{', '.join(f'{word} {count}' for word, count in words.items())}")
    print(f"{len(files)} files in {folder()}")


if __name__ == "__main__":
    hp.launch(main)
