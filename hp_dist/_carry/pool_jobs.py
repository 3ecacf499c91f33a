"""Jobs of a `multiprocessing.Pool`: their files are kept, and their tasks delivered, until the end.

A pool has no public callback for all kinds of results.  So `_set`, to which the pool hands each
result, is replaced on the results of jobs whose tasks read files.
"""

from __future__ import annotations

from multiprocessing.pool import Pool
from queue import SimpleQueue
from typing import Protocol, cast

from .delivery import Call, Delivery
from .local_call import ATTRIBUTE


class Result(Protocol):
    """What is used of `ApplyResult`, `MapResult` and the iterators of `imap`, all private.

    The pool drops the job from its cache with the last result.
    """

    _job: int
    _cache: dict[int, Result]

    def _set(self, index: int, value: tuple[bool, object]) -> None: ...


class _Completed(Protocol):
    _value: object


class _Queues(Protocol):
    """What is used of a pool: where its own thread finds what to send to the workers."""

    _taskqueue: SimpleQueue[tuple[list[tuple[object, ...]], None]]


class Job:
    """A job whose tasks read files: its calls, by index, until their results are there."""

    def __init__(self, pool: Pool, result: Result, delivery: Delivery) -> None:
        self.calls: dict[int, Call] = {}
        self._pool = pool
        self._result = result
        self._delivery = delivery

    def set(self, index: int, value: tuple[bool, object]) -> None:
        """Take a result from the pool, or send its task again."""
        again = self._delivery.again(self.calls.pop(index, None), value[1])
        if again is None:
            type(self._result)._set(self._result, index, value)
            release(self._result)
        else:
            task: tuple[object, ...] = (self._result._job, index, again[0], again[1:], {})
            cast(_Queues, self._pool)._taskqueue.put(([task], None))


def keep(pool: Pool, number: int, delivery: Delivery, call: Call | None = None) -> Job | None:
    """Keep the files of the spool until the pool has the last result of the job.

    Return the job, None if it is done already.  Its one `call`, or all others before they are
    sent, are noted in it.
    """
    result = jobs(pool).get(number)
    if result is None:
        return None
    job = Job(pool, result, delivery)
    if call is not None:
        job.calls[0] = call
    setattr(result, ATTRIBUTE, delivery)
    vars(result)["_set"] = job.set
    release(result)  # it may have been done meanwhile, by a thread of the pool
    return job


def error_of(result: object) -> object:
    """Return the error of a result that is complete."""
    return cast(_Completed, result)._value


def jobs(pool: Pool) -> dict[int, Result]:
    """Return the results that are not complete."""
    return cast(Result, pool)._cache


def release(result: Result) -> None:
    if result._job not in result._cache:
        vars(result).pop(ATTRIBUTE, None)
        vars(result).pop("_set", None)
