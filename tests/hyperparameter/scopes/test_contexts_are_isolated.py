"""Many threads with many tasks, each in its own scope: nobody ever sees somebody else's value.

Always 8 threads x 100 tasks x 1000 reads; a soak makes as many steps in the tests that write,
nest and await as well.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from soak import amount

import hyperparameter as hp

THREADS, TASKS, READS = 8, 100, 1000
GUARD = 120.0  # seconds; a thread that waits longer has lost the others to an error
STEPS = amount(READS // 10, full=READS)


@pytest.fixture(autouse=True)
def _threads_switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(index)` in `count` threads that begin together; return results, raise errors."""
    outcomes: dict[int, Any] = {}
    together = Barrier(count)

    def target(index: int) -> None:
        together.wait(GUARD)
        outcomes[index] = work(index)

    threads = [Thread(target=target, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == count, "a thread ended with an error"
    return [outcomes[index] for index in range(count)]


async def tasks(count: int, work: Callable[[int], Any]) -> int:
    return sum(await asyncio.gather(*[asyncio.create_task(work(i)) for i in range(count)]))


def run_all(work: Callable[[int, int], Any]) -> int:
    """Run `work(thread, task)` in every task of every thread; return the sum of the results."""
    return sum(in_threads(THREADS, lambda t: asyncio.run(tasks(TASKS, lambda i: work(t, i)))))


def test_tasks_in_scopes_of_their_own_read_only_their_own_values() -> None:
    async def work(thread: int, task: int) -> int:
        mine, wrong = (thread, task), 0
        with hp.scope(**{"who.am_i": mine, "lr": task}):
            for step in range(amount(200, full=READS)):
                wrong += (hp.scope.who.am_i | None) != mine or hp.scope.lr(-1) != task
                if step % 50 == 0:
                    await asyncio.sleep(0)
        return wrong + ((hp.scope.lr | -1) != -1)

    assert run_all(work) == 0


def test_tasks_see_their_own_writes_and_nobody_elses() -> None:
    async def work(thread: int, task: int) -> int:
        wrong = 0
        with hp.scope(n=-1) as ps:
            for step in range(STEPS):
                mine = (thread * TASKS + task) * READS + step - step % 10
                if step % 10 == 0:
                    hp.scope.n = ps.m = mine
                    await asyncio.sleep(0)
                wrong += (hp.scope.n | 0) != mine or (ps.m | 0) != mine
        return wrong

    assert run_all(work) == 0


def test_nested_scopes_roll_back_in_every_task() -> None:
    async def work(thread: int, task: int) -> int:
        wrong = 0
        with hp.scope(outer=task, both=thread):
            for step in range(STEPS // 4):
                with hp.scope(both=step) as inner:
                    inner.own = step
                    if step % 25 == 0:
                        await asyncio.sleep(0)
                    seen = (hp.scope.outer(), hp.scope.both(), hp.scope.own())
                    wrong += seen != (task, step, step)
                wrong += (hp.scope.both(), hp.scope.own | None) != (thread, None)
        return wrong

    assert run_all(work) == 0


def test_tasks_that_inherit_one_scope_write_copies_of_their_own() -> None:
    def thread(index: int) -> int:
        async def work(task: int) -> int:
            wrong = 0
            for step in range(STEPS // 4):
                hp.scope.n = (task, step)
                if step % 25 == 0:
                    await asyncio.sleep(0)
                wrong += hp.scope.n() != (task, step) or hp.scope.shared() != index
            return wrong

        with hp.scope(shared=index, n="untouched"):
            wrong = asyncio.run(tasks(TASKS, work))
            return wrong + (hp.scope.n() != "untouched")

    assert sum(in_threads(THREADS, thread)) == 0


def test_one_scope_object_may_be_open_in_all_tasks_at_once() -> None:
    one = hp.scope(base=1)

    async def work(thread: int, task: int) -> int:
        wrong = 0
        for step in range(STEPS // 10):
            with one:
                one.mine = (thread, task)
                if step % 25 == 0:
                    await asyncio.sleep(0)
                wrong += (one.base(), one.mine()) != (1, (thread, task))
        return wrong

    assert run_all(work) == 0
    assert dict(one) == {"base": 1}


def test_threads_that_fill_one_scope_before_it_is_entered_lose_no_value() -> None:
    one = hp.scope()

    def fill(thread: int) -> None:
        for step in range(STEPS):
            one[f"k{thread}.n{step}"] = step

    in_threads(THREADS, fill)
    assert len(one) == THREADS * STEPS


def test_a_write_where_a_scope_is_not_entered_is_seen_there_alone() -> None:
    def write(_: int) -> tuple[int, int, int]:
        one["n"] = 2
        return one.n(), hp.scope.n(), one.other()

    with hp.scope(n=1, other=3) as one:
        assert in_threads(2, write) == [(2, 2, 3), (2, 2, 3)]
        assert (one.n(), hp.scope.n()) == (1, 1)
        assert in_threads(1, lambda _: (one.n(), hp.scope.n | 0)) == [(1, 0)]
    assert one.n() == 1
    with one:
        assert hp.scope.n() == 1


def test_decorated_functions_take_the_values_of_their_own_task() -> None:
    @hp.param("job")
    async def job(thread: int = -1, task: int = -1) -> tuple[int, int]:
        await asyncio.sleep(0)
        hp.scope.job.task = "written by the body"
        return thread, task

    async def work(thread: int, task: int) -> int:
        wrong = 0
        with hp.scope(**{"job.thread": thread, "job.task": task}):
            for _ in range(STEPS // 20):
                wrong += await job() != (thread, task)
                wrong += hp.scope.job.task() != task
        return wrong

    assert run_all(work) == 0


RECORDING = [nullcontext, hp.record]


@pytest.mark.parametrize("recording", RECORDING)
def test_threads_without_scope_see_only_values_that_were_frozen(
    recording: Callable[[], AbstractContextManager[Any]],
) -> None:
    """Both keys are always frozen together, and never go back to an earlier value."""
    rounds, done = 200, Event()
    freeze_pair(0)

    def read_all_along(_: int) -> int:
        wrong = latest = reads = 0
        with recording():
            while not done.is_set() or reads < STEPS:
                n = hp.scope.n | -1
                pair = dict(hp.scope.storage().storage())
                wrong += not latest <= n <= pair["n"] <= rounds or pair["n"] != pair["pair.twin"]
                latest, reads = pair["n"], reads + 1
        return wrong

    def work(index: int) -> int:
        if index:
            return read_all_along(index)
        try:
            for number in range(1, rounds + 1):
                freeze_pair(number)
        finally:
            done.set()
        return 0

    assert sum(in_threads(THREADS, work)) == 0


def freeze_pair(number: int) -> None:
    with hp.scope.empty(n=number, **{"pair.twin": number}):
        hp.scope.frozen()


@pytest.mark.parametrize("recording", RECORDING)
def test_all_threads_see_the_last_frozen_value(
    recording: Callable[[], AbstractContextManager[Any]],
) -> None:
    """Each round, all threads have read the old value when the new one is frozen."""
    rounds = 50
    read, frozen = (Barrier(THREADS + 1, timeout=GUARD) for _ in range(2))
    freeze_pair(0)

    def reader() -> list[tuple[int, int, int]]:
        seen = []
        with recording():
            for _ in range(rounds):
                seen.append((hp.scope.n | -1, hp.scope.n(), decorated()))
                read.wait()
                frozen.wait()
            seen.append((hp.scope.n | -1, hp.scope.n(), decorated()))
        return seen

    @hp.param("pair")
    def decorated(twin: int = -1) -> int:
        return twin

    def work(index: int) -> list[tuple[int, int, int]]:
        if index:
            return reader()
        for number in range(1, rounds + 1):
            read.wait()
            freeze_pair(number)
            frozen.wait()
        return []

    expected = [(number, number, number) for number in range(rounds + 1)]
    assert in_threads(THREADS + 1, work) == [[], *[expected] * THREADS]


def test_threads_that_freeze_at_once_leave_one_of_their_values() -> None:
    def work(index: int) -> int:
        for _ in range(STEPS):
            freeze_pair(index)
        return 0

    in_threads(THREADS, work)
    assert hp.scope.n() == hp.scope.pair.twin()
    assert hp.scope.n() in range(THREADS)


def test_one_record_takes_the_reads_of_all_threads() -> None:
    def read(context: Any, index: int) -> None:
        def work() -> None:
            with hp.scope(**{f"key{index}": index}):
                for _ in range(STEPS):
                    hp.scope[f"key{index}"] | -1

        context.run(work)

    with hp.record() as record:
        contexts = [copy_context() for _ in range(THREADS)]
        in_threads(THREADS, lambda index: read(contexts[index], index))
    assert record.operative() == {f"key{index}": index for index in range(THREADS)}
