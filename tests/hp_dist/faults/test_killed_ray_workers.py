"""Ray's workers that are killed, calls that are cancelled, messages that are spoiled.

Everything that runs in a worker is local to its test: Ray then ships it by value.
"""

import asyncio
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soak
from patience import wait_until
from ray_settings import WARNINGS

import hp_dist
import hyperparameter as hp
from hp_dist._carry import encoded
from hp_dist._carry.attachments import Attachment, digest_of
from hp_dist._carry.submission import Submission
from hp_dist._ray.argument import END, argument_here
from hp_dist._ray.argument import NAME as ARGUMENT
from hp_dist._ray.store import KeyValueStore, ObjectStore

pytestmark = [
    pytest.mark.usefixtures("installed_for_ray"),
    *WARNINGS,
]
SIZES = ["small", "large", "array"]


def get(references: Any) -> Any:
    """Return the results, or fail where Ray would wait for ever."""
    import ray

    return ray.get(references, timeout=150)


def scope(size: str, name: str, n: int) -> Any:
    """Return a scope that binds `name` to `n`, or to a 1 MB array of it, alone or among many."""
    value = np.full(125_000, float(n)) if size == "array" else n
    others = {f"{name}.other{i}": i * n for i in range(10_000)} if size == "large" else {}
    return hp.scope(**{name: value}, **others)


def told(size: str, n: int) -> Any:
    return 125_000.0 * n if size == "array" else n


def teller() -> Callable[..., Any]:
    """Return a function that tells what the worker sees: how much, and these values."""

    def tell(*keys: str) -> Any:
        found = [hp.scope[key] | None for key in keys]
        values = tuple(v.sum() if hasattr(v, "sum") else v for v in found)
        return values, os.getpid()

    return tell


# -- killed in the middle of a task -----------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_retry_of_a_task_whose_worker_is_killed_sees_the_scope_of_its_submission(
    ray: Any, tmp_path: Path, size: str, repeat: int
) -> None:
    tell = teller()

    @ray.remote(max_retries=3)
    def task(mark: str, *keys: str) -> Any:
        if not os.path.exists(mark):
            Path(mark).write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return tell(*keys), len(hp.scope)

    marks = [tmp_path / f"mark{n}" for n in range(2)]
    marks[1].write_text("0")  # this one is not killed
    results = []
    for n, mark in enumerate(marks):
        with scope(size, "sent", n), hp.scope(over=n):
            results.append(task.remote(str(mark), "sent", "over"))
    with scope(size, "sent", 9):
        found = get(results)
    assert [values for (values, _), _ in found] == [(told(size, n), n) for n in range(2)]
    assert [count for _, count in found] == [10_002 if size == "large" else 2] * 2
    for mark, ((_, process), _) in zip(marks, found, strict=True):
        assert process != int(mark.read_text())


@pytest.mark.parametrize("size", SIZES)
def test_restarted_actor_sees_the_scopes_of_its_creation_and_of_its_callers(
    ray: Any, tmp_path: Path, size: str, repeat: int
) -> None:
    tell = teller()

    class Actor:
        def __init__(self) -> None:
            self.made = tell("made", "sent")

        def tell(self) -> Any:
            return self.made, tell("made", "sent")

        def die_once(self, mark: str) -> Any:
            if not os.path.exists(mark):
                Path(mark).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return self.tell()

    with scope(size, "made", 3), hp.scope(sent="creation"):
        actor = ray.remote(Actor).options(max_restarts=-1, max_task_retries=-1, num_cpus=0).remote()
    first = get(actor.tell.remote())
    with scope(size, "sent", 4):
        killed = actor.die_once.remote(str(tmp_path / "mark"))
        behind = actor.tell.remote()
    with scope(size, "sent", 5):
        other = actor.tell.remote()
    found = [first, *get([killed, behind, other]), get(actor.tell.remote())]
    ray.kill(actor)
    assert [made[0] for made, _ in found] == [(told(size, 3), "creation")] * 5
    sent = ["creation", told(size, 4), told(size, 4), told(size, 5), "creation"]
    assert [now[0] for _, now in found] == [(told(size, 3), seen) for seen in sent]
    assert len({process for made, _ in found for process in [made[1]]}) == 2


def test_idle_workers_that_are_killed_are_replaced_by_such_as_see_the_scope(
    ray: Any, repeat: int
) -> None:
    task = ray.remote(max_retries=5)(teller())
    for n in range(1, soak.amount(2, full=3)):
        with scope("large", "sent", n):
            found = get([task.remote("sent") for _ in range(4)])
            assert {values for values, _ in found} == {(n,)}
            for process in {process for _, process in found}:
                os.kill(process, signal.SIGKILL)
            assert {values for values, _ in get([task.remote("sent")] * 4)} == {(n,)}


def test_task_of_a_task_is_retried_in_the_scope_of_both(
    ray: Any, tmp_path: Path, repeat: int
) -> None:
    @ray.remote(max_retries=3)
    def inner(mark: str) -> Any:
        if not os.path.exists(mark):
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return hp.scope.outer | 0, hp.scope.inner | 0, len(hp.scope)

    @ray.remote(num_cpus=0, max_retries=3)
    def outer(mark: str) -> Any:
        with hp.scope(inner=2):
            result = inner.remote(f"{mark}.inner")
        found = ray.get(result)
        if not os.path.exists(mark):
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    with scope("large", "outer", 1):
        result = outer.remote(str(tmp_path / "mark"))
    assert get(result) == (1, 2, 10_002)


# -- cancelled --------------------------------------------------------------------------------


def leftovers(process: int, folder: Path) -> dict[str, Any]:
    """Return all that is seen in this worker by a task that was submitted in no scope.

    Tasks wait for each other, so that all idle workers have one of them.
    """
    import ray

    @ray.remote(num_cpus=0, max_retries=0)
    def look(meeting: str, count: int) -> Any:
        Path(meeting, str(os.getpid())).touch()
        while len(os.listdir(meeting)) < count:
            time.sleep(0.01)
        return os.getpid(), dict(hp.scope.storage().storage())

    for count in range(2, 12):
        meeting = folder / f"{process} {count} {time.monotonic_ns()}"
        meeting.mkdir()
        found = dict(get([look.remote(str(meeting), count) for _ in range(count)]))
        assert all(not seen for seen in found.values())
        if process in found:
            return found[process]
    pytest.fail(f"worker {process} was given none of the tasks")


def test_worker_of_a_cancelled_generator_has_no_rest_of_it(ray: Any, tmp_path: Path) -> None:
    @ray.remote(num_returns="streaming", max_retries=0)
    def stream() -> Iterator[Any]:
        for n in range(100_000):
            with hp.scope(leak=n):
                yield hp.scope.sent | 0, hp.scope.leak | 0, os.getpid()

    for n in range(3):
        with hp.scope(sent=n):
            generator = stream.remote()
        sent, leak, process = get(next(generator))
        assert (sent, leak) == (n, 0)
        ray.cancel(generator)
        with pytest.raises((ray.exceptions.TaskCancelledError, ray.exceptions.RayTaskError)):
            get(list(generator))
        assert leftovers(process, tmp_path) == {}


def test_worker_of_a_dropped_generator_has_no_rest_of_it(ray: Any, tmp_path: Path) -> None:
    @ray.remote(num_returns="streaming")
    def stream() -> Iterator[Any]:
        for n in range(100):
            hp.scope.sent = n
            yield hp.scope.sent | 0, os.getpid()

    with hp.scope(sent=1):
        generator = stream.remote()
    _, process = get(next(generator))
    del generator
    assert leftovers(process, tmp_path) == {}


def test_worker_of_a_cancelled_task_has_no_rest_of_it(ray: Any, tmp_path: Path) -> None:
    @ray.remote(max_retries=0)
    def wait(path: str) -> None:
        hp.scope(leak=1).__enter__()
        hp.scope.written = 2
        Path(path).write_text(str(os.getpid()))
        while True:
            time.sleep(0.01)

    for n in range(3):
        path = tmp_path / f"process{n}"
        with hp.scope(sent=1):
            running = wait.remote(str(path))
        wait_until(lambda path=path: path.exists() and path.read_text() != "")
        ray.cancel(running)
        with pytest.raises(ray.exceptions.TaskCancelledError):
            get(running)
        assert leftovers(int(path.read_text()), tmp_path) == {}


def test_cancelled_call_of_an_async_actor_leaves_nothing_to_those_beside_and_after(
    ray: Any,
) -> None:
    class Actor:
        def __init__(self) -> None:
            self.begun = asyncio.Event()

        async def hold(self) -> None:
            with hp.scope(leak=1):
                hp.scope.written = 2
                self.begun.set()
                await asyncio.sleep(1_000)

        async def held(self) -> Any:
            await self.begun.wait()
            return self.seen()

        async def after(self) -> Any:
            return self.seen()

        def seen(self) -> Any:
            return dict(hp.scope.storage().storage())

    with hp.scope(made=1):
        actor = ray.remote(Actor).options(num_cpus=0).remote()
    with hp.scope(sent=1):
        holding = actor.hold.remote()
    with hp.scope(beside=1):
        assert get(actor.held.remote()) == {"made": 1, "beside": 1}
    ray.cancel(holding)
    with pytest.raises(ray.exceptions.TaskCancelledError):
        get(holding)
    assert get(actor.after.remote()) == {"made": 1}
    with hp.scope(sent=2):
        assert get(actor.after.remote()) == {"made": 1, "sent": 2}
    ray.kill(actor)


# -- values that cannot be pickled ------------------------------------------------------------


def test_value_that_cannot_be_pickled_is_named_at_remote_and_nothing_is_submitted(
    ray: Any,
) -> None:
    class Actor:
        def tell(self) -> Any:
            return dict(hp.scope.storage().storage())

        async def tell_later(self) -> Any:
            return dict(hp.scope.storage().storage())

        def stream(self) -> Iterator[int]:
            yield hp.scope.n | 0

    task = ray.remote(teller())
    actor_class = ray.remote(Actor)
    actor = actor_class.options(num_cpus=0).remote()
    submissions: list[Callable[[], Any]] = [
        task.remote,
        task.options(num_cpus=1).remote,
        actor_class.remote,
        actor_class.options(lifetime="detached", name="never").remote,
        actor.tell.remote,
        actor.tell.options(num_returns=1).remote,
        actor.tell_later.remote,
        actor.stream.options(num_returns="streaming").remote,
        hp_dist.ray.remote(teller()).remote,
        hp_dist.ray.remote(Actor).remote,
        lambda: task.bind().execute(),
    ]
    here = os.path.basename(__file__)
    for submit in submissions:
        with hp.scope(fine=1):
            hp.scope["model.lock"] = threading.Lock()
            with pytest.raises(hp_dist.CarrierError, match=r"model\.lock") as caught:
                submit()
        assert caught.value.key == "model.lock"
        assert re.search(rf"{here}:\d+$", caught.value.origin.location)
        assert caught.value.origin.location in str(caught.value)
    with pytest.raises(ValueError, match="never"):
        ray.get_actor("never")
    with hp.scope(n=1):
        assert get(actor.tell.remote()) == {"n": 1}
    ray.kill(actor)


# -- spoiled on the way -----------------------------------------------------------------------


def argument(store: Any) -> Any:
    """Return what a call takes along that is submitted here, but for its id."""
    payload, attachments = Submission.capture().message(store)
    return (payload, attachments) if attachments else payload


def message(name: str, store: Any = ObjectStore) -> Any:
    """Return the argument of a submission in a large scope of its own, and the digest in it."""
    with hp.scope(**{f"{name}.key{i}": i for i in range(10_000)}):
        sent = argument(store)
    (digest,) = sent[1][1]
    return sent, digest


def small() -> bytes:
    with hp.scope(small=1):
        data = argument(ObjectStore)
    assert isinstance(data, bytes)
    return data


def with_place(sent: Any, digest: bytes, place: Any) -> Any:
    data, (engine_values, _) = sent
    return data, (engine_values, {digest: place})


class Corrupt:
    """Arrives as an attachment whose contents are not those that were sent."""

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment

    def __reduce__(self) -> Any:
        make, (digest, stream, buffers) = self.attachment.__reduce_ex__(5)
        return make, (digest, stream[:-2] + b"xx", buffers)


def other_place(put: Any) -> Any:
    return with_place(*message("lost"), message("other")[0][1][1].popitem()[1])


SPOILED: dict[str, Callable[[Any], Any]] = {
    "damaged": lambda _: small()[:-1] + b"?",
    "cut": lambda _: small()[:40],
    "empty": lambda _: b"",
    "text": lambda _: "HPS",
    "number": lambda _: 5,
    "another version": lambda _: small()[:3] + bytes([encoded.VERSION + 1]) + small()[4:],
    "without its attachments": lambda _: message("bare")[0][0],
    "no places": lambda _: with_place(message("nowhere")[0], b"other", None),
    "place of another attachment": other_place,
    "place of something else": lambda ray: with_place(*message("else"), ray.put([1, 2])),
    "attachment that is another": lambda ray: with_place(
        *message("stranger"), ray.put(Attachment(digest_of(b"N."), b"N.", ()))
    ),
    "key that is not there": lambda _: with_place(*message("key"), b"job/none"),
    "another shape": lambda _: ("store", *message("shape")[0]),
    "fewer attachments": lambda _: (message("less")[0][0], ((),)),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_spoiled_argument_is_an_error_of_the_task_and_of_the_method(
    ray: Any, spoil: Callable[[Any], Any]
) -> None:
    class Actor:
        def tell(self) -> Any:
            return dict(hp.scope.storage().storage())

    def tell() -> Any:
        return dict(hp.scope.storage().storage())

    actor = ray.remote(Actor).options(num_cpus=0).remote()
    task = ray.remote(max_retries=0)(tell)
    with hp.scope(before=1):
        get([task.remote(), actor.tell.remote()])
    sent = spoil(ray)
    for call in (task.remote, actor.tell.remote):
        with pytest.raises(ray.exceptions.RayTaskError) as caught:
            get(call(**{ARGUMENT: sent}))
        assert isinstance(caught.value.cause, hp_dist.CarrierError), caught.value
    with hp.scope(after=1):
        assert get([task.remote(), actor.tell.remote()]) == [{"after": 1}] * 2
    ray.kill(actor)


def test_attachment_that_was_damaged_in_the_store_is_an_error_of_the_task(
    ray: Any,
) -> None:
    @ray.remote(max_retries=0)
    def tell() -> Any:
        return len(hp.scope)

    sent, digest = message("content")
    attachment = get(sent[1][1][digest])
    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        get(tell.remote(**{ARGUMENT: with_place(sent, digest, ray.put(Corrupt(attachment)))}))
    assert isinstance(caught.value.cause, hp_dist.CarrierError), caught.value


def test_versions_of_both_sides_are_named(ray: Any) -> None:
    @ray.remote(max_retries=0)
    def tell() -> Any:
        return len(hp.scope)

    with pytest.raises(hp_dist.CarrierError) as caught:
        get(tell.remote(**{ARGUMENT: SPOILED["another version"](ray)}))
    assert f"wire version {encoded.VERSION + 1}" in str(caught.value)
    assert f"knows version {encoded.VERSION}" in str(caught.value)


def test_constructor_with_a_spoiled_argument_makes_no_actor(ray: Any) -> None:
    class Actor:
        def tell(self) -> Any:
            return dict(hp.scope.storage().storage())

    sent, digest = message("made", KeyValueStore)
    for spoiled in (small()[:-1], with_place(sent, digest, b"gone"), sent[0]):
        actor = ray.remote(Actor).options(num_cpus=0).remote(**{ARGUMENT: spoiled})
        with pytest.raises(ray.exceptions.ActorDiedError, match="CarrierError"):
            get(actor.tell.remote())


def test_captured_twice_is_the_same_message(ray: Any) -> None:
    """What the tests here take apart is what travels."""
    with hp.scope(n=1):
        head, end, _ = argument_here(ObjectStore).of_call(b"0000000001").rpartition(END)
        assert (head, end) == (argument(ObjectStore), END)
