"""Messages that are damaged, cut short, of another version, or missing: always a `CarrierError`.

Never a value that was not sent, never another error, never nothing at all.
"""

import multiprocessing as mp
import os
import pickle
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import faulty_work as work
import joblib
import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor
from private_files import spool_files
from soak import amount

import hp_dist
import hyperparameter as hp
from hp_dist._carry import decoded, encoded, wire
from hp_dist._carry.attachments import (
    Attachment,
    Inline,
    digest_of,
    from_bytes,
    receive_attachment,
    to_chunks,
)
from hp_dist._carry.spool import Spool
from hp_dist._carry.submission import Submission, receive

pytestmark = [
    # Only Python 3.12 and later say so; the children here touch nothing that a thread may hold.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]

MUTATIONS = amount(3_000, full=100_000)


class Trap:
    """A value whose unpickling is noticed."""

    sprung = 0

    def __reduce__(self) -> Any:
        return spring, ()


def spring() -> Trap:
    Trap.sprung += 1
    return Trap()


def samples() -> list[tuple[bytes, Any]]:
    """Return messages of all kinds: small, special values, attachments, over a baseline."""
    with hp.scope(base="line", trap=Trap()):
        hp.scope.frozen()
    scopes: list[dict[str, Any]] = [
        {"a": 1},
        {"trap": Trap(), "f": len, "n": 10**40},
        {f"key{i}": i for i in range(10_000)},
        {"array": np.arange(20_000.0), "lr": 0.1},
    ]
    messages = []
    for params in scopes:
        with hp.scope(**params), hp.scope(over=1):
            messages.append(tuple(Submission.capture().message(Inline)))
    return messages  # type: ignore[return-value]  # pairs


def mutated(chance: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """Return something else than any of the messages, made from them."""
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    piece = data[start:end]
    other = chance.choice(others)
    bit = 1 << chance.randrange(8)
    where = chance.randrange(len(data))
    return chance.choice(
        [
            lambda: data[:where] + bytes([data[where] ^ bit]) + data[where + 1 :],
            lambda: data[:start],
            lambda: data[start:],
            lambda: data[:start] + data[end:],
            lambda: data[:end] + piece + data[end:],
            lambda: data[:start] + bytes(len(piece)) + data[end:],
            lambda: data[:start] + chance.randbytes(len(piece)) + data[end:],
            lambda: data[:start] + piece[::-1] + data[end:],
            lambda: data[:start] + other[start:],
            lambda: data + chance.randbytes(1 + where % 40),
            lambda: data[:20] + other[20:],
            lambda: data[:4] + chance.randbytes(16) + data[20:],
            lambda: b"#" + data[1:],
            lambda: b"#" + chance.randbytes(16),
        ]
    )()


def test_payload_changed_in_any_way_is_a_carrier_error_and_nothing_of_it_is_unpickled() -> None:
    chance = random.Random(20)
    messages = samples()
    good = [data for data, _ in messages]
    Trap.sprung = count = 0
    while count < MUTATIONS:
        data, attachments = chance.choice(messages)
        bad = mutated(chance, data, good)
        if bad in good:
            continue
        count += 1
        try:
            receive(Inline, bad, attachments)
        except hp_dist.CarrierError:
            continue
        pytest.fail(f"{bad!r} was taken for a message")
    assert Trap.sprung == 0


def test_file_of_an_attachment_changed_in_any_way_is_an_error_or_the_same_attachment() -> None:
    """What lies between the pieces of the file is nobody's: only that may change."""
    chance = random.Random(30)
    originals = [each for _, beside in samples() if beside for each in beside[1].values()]
    originals += [Attachment(digest_of(b"x" * 70, b"y" * 9), b"x" * 70, [b"y" * 9])]
    wholes = [b"".join(to_chunks(each)) for each in originals]
    same = 0
    for _ in range(MUTATIONS // 10):
        index = chance.randrange(len(originals))
        bad = mutated(chance, wholes[index], wholes)
        try:
            found = from_bytes(originals[index].digest, bad)
        except hp_dist.CarrierError:
            continue
        same += 1
        assert found.stream == originals[index].stream
        assert [bytes(b) for b in found.buffers] == [bytes(b) for b in originals[index].buffers]
    assert same < MUTATIONS / 20


@pytest.mark.parametrize("index", [2, 3], ids=["large layer", "array"])
def test_attachment_that_is_changed_lost_or_another_one_is_a_carrier_error(index: int) -> None:
    (payload, attachments), others = samples()[index], samples()[5 - index][1][1]
    engine_values, places = attachments
    digest, attachment = next(iter(places.items()))
    for wrong in (
        {},
        {digest: next(iter(others.values()))},
        {digest: None},
        {digest: b"bytes"},
        {digest[:-1]: attachment},
    ):
        with pytest.raises(hp_dist.CarrierError):
            fresh_receive(payload, (engine_values, wrong))
    for stream, buffers in (
        (attachment.stream[:-1] or b"x", attachment.buffers),
        (attachment.stream + b".", attachment.buffers),
        (attachment.stream, [*attachment.buffers, b""]),
        (b"".join([attachment.stream, *attachment.buffers, b"x"]), []),
    ):
        with pytest.raises(hp_dist.CarrierError):
            receive_attachment(digest, stream, buffers)


def fresh_receive(data: bytes, attachments: Any) -> Submission:
    """Receive where nothing is known yet, as in a new process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoded, "_received", type(decoded._received)(10, 10**9))
        patch.setattr(wire, "_decoded", type(wire._decoded)(10, 10**9))
        return receive(Inline, data, attachments)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("attachments", [(1,), ((),), ((), {}, 3), ((), {})])
def test_attachments_of_another_shape_are_a_carrier_error_or_not_needed(
    attachments: Any, known: bool
) -> None:
    data, good = samples()[3]
    whole = receive(Inline, data, good)
    try:
        found = receive(Inline, data, attachments) if known else fresh_receive(data, attachments)
    except hp_dist.CarrierError:
        return
    assert known  # what has been decoded before needs no attachments
    assert found.scopes.flat()["lr"] == whole.scopes.flat()["lr"]


@pytest.mark.parametrize("sent", [None, 5, "text", ("job",), [b"HPS"], bytearray(b"HPS"), b""])
def test_what_is_no_bytes_is_a_carrier_error(sent: Any) -> None:
    with pytest.raises(hp_dist.CarrierError):
        receive(Inline, sent)


def test_error_survives_the_way_back_with_key_and_origin() -> None:
    """One that cannot be unpickled stops a pool's own thread, and everybody waits with it."""
    origin = hp.explain("nothing").origin
    error = hp_dist.CarrierError("message", key="model.lr", origin=origin)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.key, again.origin) == (str(error), "model.lr", origin)


# -- at each entry, in real processes ---------------------------------------------------------


def damage(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def other_version(data: bytes) -> bytes:
    return data[:3] + bytes([encoded.VERSION + 1]) + data[4:]


WAYS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "damaged": (damage, "damaged on its way"),
    "cut": (lambda data: data[:30], "damaged on its way|cut short"),
    "nothing left": (lambda _: b"", "0 bytes are not an encoded scope"),
    "garbage": (lambda data: b"x" * len(data), "not an encoded scope"),
    "another version": (
        other_version,
        rf"version {encoded.VERSION + 1}, this side knows version {encoded.VERSION}",
    ),
}
ways = pytest.mark.parametrize(("spoil", "message"), WAYS.values(), ids=WAYS)


@pytest.fixture
def spoiled(spoil: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what makes all messages of this process, from then on, spoiled ones."""

    def begin() -> None:
        seal = encoded.seal
        monkeypatch.setattr(encoded, "seal", lambda body: spoil(seal(body)))

    return begin


@ways
def test_task_of_a_pool_or_executor_with_a_spoiled_message_is_an_error_and_others_go_on(
    installed: None, message: str, spoiled: Callable[[], None]
) -> None:
    with mp.get_context("fork").Pool(1) as pool, ProcessPoolExecutor(1) as executor:
        with hp.scope(n=1):
            before = pool.apply(work.seen, ("n",)), executor.submit(work.seen, "n").result(60)
        spoiled()
        with hp.scope(n=2):
            sent = [
                pool.apply_async(work.seen, ("n",)),
                pool.map_async(work.values, ["n"] * 3, 2),
                executor.submit(work.seen, "n"),
                executor.submit(work.process),
            ]
            items = [pool.imap(work.values, ["n"]), executor.map(work.values, ["n"])]
        for result in sent:
            with pytest.raises(hp_dist.CarrierError, match=message):
                result.get(timeout=150) if hasattr(result, "get") else result.result(timeout=150)
        for one in items:
            with pytest.raises(hp_dist.CarrierError, match=message):
                next(one)
    assert [values for _, values, _ in before] == [(1,), (1,)]


def test_tasks_after_a_spoiled_one_are_served_by_the_same_worker(
    installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mp.get_context("fork").Pool(1) as pool, ProcessPoolExecutor(1) as executor:
        before = pool.apply(work.process), executor.submit(work.process).result(timeout=150)
        with monkeypatch.context() as patch, hp.scope(n=2):
            seal = encoded.seal
            patch.setattr(encoded, "seal", lambda body: damage(seal(body)))
            with pytest.raises(hp_dist.CarrierError):
                pool.apply(work.seen, ("n",))
            with pytest.raises(hp_dist.CarrierError):
                executor.submit(work.seen, "n").result(timeout=150)
        with hp.scope(n=3):
            assert pool.apply(work.seen, ("n",)) == (1, (3,), before[0])
            assert executor.submit(work.seen, "n").result(timeout=150) == (1, (3,), before[1])


@pytest.fixture(scope="module")
def loky() -> Iterator[None]:
    """Leave no worker of joblib behind."""
    yield
    get_reusable_executor().shutdown(wait=True, kill_workers=True)


@pytest.mark.usefixtures("loky")
@ways
def test_call_of_joblib_with_a_spoiled_message_is_an_error(
    installed: None, message: str, spoiled: Callable[[], None]
) -> None:
    calls = [joblib.delayed(work.values)("n")] * 2
    joblib.Parallel(2, timeout=150)(calls)  # the workers have started
    spoiled()
    with hp.scope(n=2), pytest.raises(hp_dist.CarrierError, match=message):
        joblib.Parallel(2, timeout=150)(calls)


@ways
@pytest.mark.parametrize("method", ["spawn", "forkserver"])  # a forked process unpickles nothing
def test_process_with_a_spoiled_message_ends_where_it_would_read_a_default(
    installed: None,
    method: str,
    message: str,
    spoiled: Callable[[], None],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    mark = tmp_path / "mark"
    process = mp.get_context(method).Process(target=work.read_and_touch, args=(mark,))
    spoiled()
    with hp.scope(n=2):
        process.start()
    process.join(timeout=150)
    assert process.exitcode not in (0, None)
    assert not mark.exists()
    if method == "spawn":  # the server of forkserver writes where it was started
        assert re.search(f"CarrierError: .*({message})", capfd.readouterr().err)


@ways
def test_bound_function_with_a_spoiled_message_is_an_error(
    spoil: Callable[[bytes], bytes], message: str
) -> None:
    with hp.scope(n=2):
        make, (function, data, *attachments) = hp_dist.bind(work.values).__reduce__()
        sent = make(function, spoil(data), *attachments)
    with pytest.raises(hp_dist.CarrierError, match=message):
        sent("n")
    with pytest.raises(hp_dist.CarrierError, match=message):
        pickle.loads(pickle.dumps(sent))("n")


@pytest.mark.parametrize("spoil", ["damaged", "cut", "emptied", "deleted", "another"])
def test_file_that_is_spoiled_before_a_worker_reads_it_is_an_error_of_the_task(
    installed: None, folders: Path, spoil: str
) -> None:
    gate = folders / "gate"
    os.mkfifo(gate)
    with mp.get_context("fork").Pool(1) as pool:
        held = pool.apply_async(work.wait, (str(gate),))
        with hp.scope(array=np.ones(20_000)), hp.scope(**work.large(3)):
            results = [pool.apply_async(work.seen, ("key1",)) for _ in range(2)]
            for path in spool_files(folders):
                spoil_file(path, spoil)
            gate.write_text("go")
            assert held.get(timeout=150) == "go"
            for result in results:
                if spoil == "deleted":  # then the worker gets the bytes
                    assert result.get(timeout=150)[1] == (3,)
                    continue
                with pytest.raises(hp_dist.CarrierError, match="attachment of the submitted scope"):
                    result.get(timeout=150)
        assert pool.apply(work.seen, ("key1",))[1] == (None,)


def spoil_file(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "deleted":
        path.unlink()
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(content[:-10])
    elif how == "damaged":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :])
    else:
        stream = b"another"
        other = Attachment(digest_of(stream), stream, ())
        path.write_bytes(b"".join(to_chunks(other)))


def test_place_that_is_no_path_is_an_error(tmp_path: Path) -> None:
    for place in (str(tmp_path), str(tmp_path / "nothing"), "", "\0"):
        with pytest.raises(hp_dist.CarrierError):
            Spool.fetch(b"digest", place)
