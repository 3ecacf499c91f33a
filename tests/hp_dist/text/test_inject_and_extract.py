"""`inject` and `extract`: what was active goes through anything that maps text to text."""

import asyncio
import contextlib
import http.client
import json
import os
import resource
import stat
import subprocess
import sys
import textwrap
import threading
import wsgiref.headers
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import hp_dist
import hyperparameter as hp
from hp_dist._text import file as text_file
from hp_dist._text.codec import encode_text, seal
from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import Layer, Origin
from hyperparameter.context import Captured, Snapshot

KEY = "HYPERPARAMETER_SCOPE"
LIMIT = 131_072  # bytes of one variable with name, value, '=' and NUL
HERE = f"{os.uname().nodename}:{os.getpid()}"


def sent(*texts: str, **params: Any) -> dict[str, str]:
    carrier: dict[str, str] = {}
    with hp.scope(*texts, **params):
        hp_dist.inject(carrier)
    return carrier


def freeze(**params: Any) -> None:
    with hp.scope.empty(**params):
        hp.scope.frozen()


def visible() -> dict[str, Any]:
    return dict(hp.scope.storage().storage())


def seen_by_a_thread() -> dict[str, Any]:
    seen: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: seen.append(visible()))
    thread.start()
    thread.join()
    return seen[0]


def is_refused(carrier: Any, match: str) -> None:
    with pytest.raises(hp_dist.CarrierError, match=match) as refused:
        hp_dist.extract(carrier)
    assert type(refused.value) is hp_dist.CarrierError


# -- a block, a program -----------------------------------------------------------------------


def test_the_block_sees_scopes_over_baseline_as_they_were_and_nothing_stays() -> None:
    freeze(base="carried", both="baseline")
    carrier = sent("lr=1e-3", both="scope")
    freeze(base="mine", own=1)
    with hp_dist.extract(carrier):
        assert visible() == {"base": "carried", "own": 1, "both": "scope", "lr": 1e-3}
        assert hp.scope.lr | "" == "1e-3"
        assert seen_by_a_thread() == {"base": "mine", "own": 1}
    assert visible() == {"base": "mine", "own": 1}
    assert interface.active() is None


def test_carried_scopes_stand_over_those_open_where_they_arrive() -> None:
    carrier = sent(a="carried")
    with hp.scope(a="here", b="here"), hp_dist.extract(carrier):
        assert visible() == {"a": "carried", "b": "here"}
        with hp.scope(a="inner"):
            assert hp.scope.a() == "inner"


def test_a_baseline_alone_is_carried() -> None:
    freeze(base=1)
    carrier: dict[str, str] = {}
    hp_dist.inject(carrier)
    freeze()
    with hp_dist.extract(carrier):
        assert visible() == {"base": 1}
    assert visible() == {}


def test_an_empty_scope_hides_all_that_is_active_where_it_arrives() -> None:
    freeze(base=1)
    carrier: dict[str, str] = {}
    with hp.scope.empty(a=2):
        hp_dist.inject(carrier)
    with hp.scope(b=3), hp_dist.extract(carrier):
        assert visible() == {"a": 2}


def test_nothing_in_the_carrier_opens_nothing() -> None:
    freeze(base=1)
    with hp.scope(a=2):
        with hp_dist.extract({}):
            assert visible() == {"base": 1, "a": 2}
            hp.scope.a = 3
        assert visible() == {"base": 1, "a": 2}
    hp_dist.extract({"other": "x"}).open()
    assert interface.active() is None
    assert visible() == {"base": 1}


def test_what_the_block_writes_ends_with_it() -> None:
    for carrier in ({}, sent(a=1)):
        with hp_dist.extract(carrier):
            hp.scope.written = 1
        assert "written" not in hp.scope
        assert interface.active() is None


def test_an_error_in_the_block_goes_through_and_closes_it() -> None:
    with pytest.raises(ZeroDivisionError), hp_dist.extract(sent(a=1)):
        _ = 1 // 0
    assert interface.active() is None


def test_open_is_for_good_and_threads_see_the_baseline() -> None:
    freeze(base="carried")
    carrier = sent(a=1)
    freeze(base="mine", own=1)
    with interface.isolated():
        hp_dist.extract(carrier).open()
        assert visible() == {"base": "carried", "a": 1}
        assert seen_by_a_thread() == {"base": "carried"}


def test_one_extracted_serves_nested_blocks_and_all_threads_at_once() -> None:
    extracted = hp_dist.extract(sent(a=1))
    meeting = threading.Barrier(4, timeout=150)
    seen: list[Any] = []

    def serve(index: int) -> None:
        with hp.scope(b=index), extracted:
            meeting.wait()
            hp.scope.c = index
            with extracted:
                meeting.wait()
                seen.append((index, visible(), index))
            meeting.wait()
        seen.append(visible())

    threads = [threading.Thread(target=serve, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry for entry in seen if entry == {}] == [{}] * 4
    inner = sorted(entry for entry in seen if entry != {})
    assert [i for i, _, _ in inner] == [0, 1, 2, 3]
    assert all(v == {"a": 1, "b": i, "c": i} for i, v, _ in inner)


def test_requests_of_a_server_see_each_their_own() -> None:
    async def handle(headers: dict[str, str]) -> Any:
        with hp_dist.extract(headers):
            await asyncio.sleep(0)
            hp.scope.mine = hp.scope.user()
            await asyncio.sleep(0)
            return hp.scope.user(), hp.scope.mine()

    async def serve() -> list[Any]:
        return await asyncio.gather(*[handle(sent(user=index)) for index in range(50)])

    assert asyncio.run(serve()) == [(index, index) for index in range(50)]


def test_explain_names_the_line_and_the_process_of_the_sender() -> None:
    carrier: dict[str, str] = {}
    line = sys._getframe().f_lineno + 1
    with hp.scope(lr=0.5):
        hp_dist.inject(carrier)
    with hp_dist.extract(carrier):
        assert f"test_inject_and_extract.py:{line} on {HERE})" in str(hp.explain("lr"))


def test_what_is_carried_goes_on_from_where_it_arrives() -> None:
    with hp_dist.extract(sent(a=1)), hp.scope(b=2):
        further: dict[str, str] = {}
        hp_dist.inject(further)
    with hp_dist.extract(further):
        assert visible() == {"a": 1, "b": 2}


def test_inject_replaces_what_the_carrier_had_and_touches_nothing_else() -> None:
    carrier = sent(a=1)
    carrier["other"] = "kept"
    hp_dist.inject(carrier)
    assert set(carrier) == {KEY, "other"}
    with hp_dist.extract(MappingProxyType(carrier)):
        assert visible() == {}


def test_a_value_that_cannot_travel_leaves_the_carrier_as_it_was() -> None:
    carrier = {KEY: "before"}
    with hp.scope(fine=1, **{"group.bad": (1, 2)}):
        with pytest.raises(hp_dist.CarrierError, match=r"'group\.bad' \(code .*\.py:\d+ on") as e:
            hp_dist.inject(carrier)
    assert (e.value.key, carrier) == ("group.bad", {KEY: "before"})


def test_overrides_that_went_elsewhere_are_not_called_unused() -> None:
    with hp.record() as record:
        sent(a=1)
        with hp.scope(b=2):
            pass
    assert [unused.key for unused in record.unused()] == ["b"]


@pytest.mark.parametrize("value", ["", "x", "{}", b"{}", 1, ["x"], {}])
def test_a_value_that_is_no_carried_scope_is_an_error(value: Any) -> None:
    is_refused({KEY: value}, "carried scope")


# -- too large for a variable -----------------------------------------------------------------


def injected(scope: hp.scope) -> str:
    carrier: dict[str, str] = {}
    with scope:
        hp_dist.inject(carrier)
    return carrier[KEY]


def padded(characters: int) -> Snapshot:
    layer = Layer({"pad": "x" * characters}, Origin("cli", "-D"))
    return Snapshot((layer,), 1)


def fitted(length: int) -> tuple[str, str]:
    """Return the text of a scope of exactly so many bytes, and what `inject` makes of it."""
    bare = encode_text(Captured(padded(0), Snapshot()))
    snapshot = padded(length - len(f"{KEY}={bare}\0"))
    text = encode_text(Captured(snapshot, Snapshot()))
    assert len(f"{KEY}={text}\0") == length
    carrier: dict[str, str] = {}
    with context.attached(snapshot):
        hp_dist.inject(carrier)
    return text, carrier[KEY]


@pytest.mark.skipif(
    sys.platform != "linux" or os.sysconf("SC_PAGE_SIZE") != 4096,
    reason="the limit is that of Linux with small pages",
)
def test_the_largest_text_in_place_is_the_largest_that_the_system_takes() -> None:
    text, carried = fitted(LIMIT)
    assert carried == text
    env = {**os.environ, KEY: carried}
    subprocess.run([sys.executable, "-c", ""], env=env, check=True)
    with pytest.raises(OSError, match="too long"):
        subprocess.run([sys.executable, "-c", ""], env={**env, KEY: carried + "x"}, check=True)


def test_one_byte_more_goes_to_a_file_and_a_short_text_names_it() -> None:
    text, carried = fitted(LIMIT + 1)
    assert carried != text
    assert len(carried) < 1000
    assert carried.isascii()
    assert carried.isprintable()
    assert path_in(carried).read_text("ascii") == text


def path_in(text: str) -> Path:
    named = json.loads(text)["file"]
    return Path(named["directory"]) / f"{named['digest']}.json"


@pytest.fixture
def large() -> dict[str, str]:
    return sent(data="x" * 200_000)


@pytest.fixture
def restored(large: dict[str, str]) -> Iterator[Path]:
    """The file of `large`, which is put back when the test has spoilt it."""
    path = path_in(large[KEY])
    text = path.read_bytes()
    yield path
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.write_bytes(text)


def test_a_large_scope_arrives_through_its_file(large: dict[str, str]) -> None:
    with hp_dist.extract(large):
        assert visible() == {"data": "x" * 200_000}


def test_only_the_owner_may_read_the_file_and_its_directory(large: dict[str, str]) -> None:
    path = path_in(large[KEY])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_same_scope_takes_one_file(large: dict[str, str]) -> None:
    scope = hp.scope(data="y" * 200_000)
    folder = path_in(large[KEY]).parent
    before = set(folder.iterdir())
    paths = {path_in(injected(scope)) for _ in range(3)}
    assert len(paths) == 1
    assert set(folder.iterdir()) - before == paths


def test_what_a_cleaner_took_is_made_anew() -> None:
    scope = hp.scope(data="z" * 200_000)
    path = path_in(injected(scope))
    path.unlink()
    assert path_in(injected(scope)) == path
    assert path.exists()
    for entry in path.parent.iterdir():
        entry.unlink()
    path.parent.rmdir()
    again = path_in(injected(scope))
    assert again != path
    assert again.exists()


def test_a_full_disk_is_an_error_of_ours_and_keeps_no_half_of_the_file() -> None:
    folder = path_in(injected(hp.scope(data="a" * 200_000))).parent
    before = set(folder.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(hp_dist.CarrierError, match=r"cannot be written .* Set TMPDIR"):
            injected(hp.scope(data="b" * 200_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert set(folder.iterdir()) == before


def test_a_missing_file_is_an_error_that_says_where_it_was_made(
    large: dict[str, str], restored: Path
) -> None:
    restored.unlink()
    with pytest.raises(hp_dist.CarrierError) as refused:
        hp_dist.extract(large)
    message = str(refused.value)
    assert repr(str(restored)) in message
    assert f"made on host {os.uname().nodename!r} by process {os.getpid()} " in message


def test_a_file_in_place_of_the_directory_is_a_missing_file(large: dict[str, str]) -> None:
    named = json.loads(large[KEY])["file"]
    named["directory"] = sys.executable
    is_refused({KEY: resealed(named)}, "made on host")


def resealed(named: dict[str, Any]) -> str:
    return seal("file", named)


def test_a_changed_file_is_an_error(large: dict[str, str], restored: Path) -> None:
    data = restored.read_bytes()
    restored.write_bytes(data.replace(b"xxx", b"xyx", 1))
    is_refused(large, "has been changed")
    restored.write_bytes(data[:-1])
    is_refused(large, "bytes instead of")
    restored.write_bytes(data + b" ")
    is_refused(large, "bytes instead of")
    restored.write_bytes(b"\xff" * len(data))
    is_refused(large, "cannot be used")
    restored.write_bytes(b"")
    is_refused(large, "bytes instead of")


def test_a_link_is_not_followed(large: dict[str, str], restored: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    restored.rename(moved)
    restored.symlink_to(moved)
    is_refused(large, "cannot be used")


def test_a_directory_is_an_error(large: dict[str, str], restored: Path) -> None:
    restored.unlink()
    restored.mkdir()
    is_refused(large, "not a regular file")


def test_a_fifo_is_an_error_and_nobody_waits(large: dict[str, str], restored: Path) -> None:
    restored.unlink()
    os.mkfifo(restored)
    program = "import os, hp_dist; hp_dist.extract(os.environ)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **large}, capture_output=True, text=True, timeout=150,
    )  # fmt: skip
    assert done.returncode == 1
    assert "not a regular file" in done.stderr.splitlines()[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_else_is_an_error(large: dict[str, str], restored: Path) -> None:
    os.chown(restored, 12345, -1)
    is_refused(large, "belongs to user 12345")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_an_error(large: dict[str, str], restored: Path) -> None:
    restored.unlink()
    try:
        os.mknod(restored, 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # zero, which never ends
    except PermissionError:
        pytest.skip("this root makes no devices")
    is_refused(large, "not a regular file|cannot be used")


def test_only_absolute_paths_to_files_of_our_making_are_opened(large: dict[str, str]) -> None:
    named = json.loads(large[KEY])["file"]
    for change in [
        {"directory": "relative"},
        {"directory": ""},
        {"digest": "../../etc/passwd"},
        {"digest": ""},
        {"size": 2**40},
    ]:
        is_refused({KEY: resealed({**named, **change})}, "not name the file of a scope")
    for change in [{"directory": "/\0"}, {"directory": "/\ud800"}, {"size": -1}]:
        is_refused({KEY: resealed({**named, **change})}, "cannot be used")
    for change in [{"process": []}, {"process": ["h", True]}, {"size": "1"}, {"more": 1}]:
        is_refused({KEY: resealed({**named, **change})}, "damaged")


def test_a_file_that_names_a_file_is_an_error(large: dict[str, str]) -> None:
    is_refused({KEY: text_file.save(large[KEY])}, "names another file")


# -- who removes the files --------------------------------------------------------------------

INJECT = """
    import json, os, sys
    import hp_dist, hyperparameter as hp

    def inject(letter="x"):
        carrier = {}
        with hp.scope(data=letter * 200_000):
            hp_dist.inject(carrier)
        named = json.loads(carrier["HYPERPARAMETER_SCOPE"])["file"]
        print(named["directory"], os.path.exists(named["directory"]), flush=True)
        return carrier
"""


def run(program: str, tmp_path: Path, status: int = 0) -> list[str]:
    """Run a program that prints the directories of its files; return the lines."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(INJECT) + textwrap.dedent(program))
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=150,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done.stdout.splitlines()


def left_over(tmp_path: Path) -> list[str]:
    return [entry.name for entry in tmp_path.iterdir() if entry.name.startswith("hyperparameter-")]


@pytest.mark.parametrize(("end", "status"), [("", 0), ("sys.exit(3)", 3), ("1 // 0", 1)])
def test_files_go_with_the_process_that_made_them(end: str, status: int, tmp_path: Path) -> None:
    (line,) = run(f"inject()\n{end}", tmp_path, status)
    directory, existed = line.split()
    assert existed == "True"
    assert Path(directory).parent == tmp_path
    assert left_over(tmp_path) == []


def test_a_forked_child_leaves_the_files_of_its_parent_and_removes_its_own(tmp_path: Path) -> None:
    lines = run(
        """
        carrier = inject()
        child = os.fork()
        if not child:
            inject("y")
            sys.exit()
        assert os.waitpid(child, 0)[1] == 0
        with hp_dist.extract(carrier):
            print(len(hp.scope.data()))
        """,
        tmp_path,
    )
    assert lines[2] == "200000"
    assert lines[0] != lines[1]
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_of_multiprocessing_removes_its_files(method: str, tmp_path: Path) -> None:
    lines = run(
        f"""
        import multiprocessing
        if __name__ == "__main__":
            carrier = inject()
            context = multiprocessing.get_context({method!r})
            worker = context.Process(target=inject, args=("y",))
            worker.start()
            worker.join()
            with hp_dist.extract(carrier):
                print(worker.exitcode, len(hp.scope.data()))
        """,
        tmp_path,
    )
    assert lines[2] == "0 200000"
    assert left_over(tmp_path) == []


# -- isolated ---------------------------------------------------------------------------------


def test_isolated_starts_clean_and_puts_everything_back() -> None:
    freeze(base=1)
    process_record = hp.process_record()
    with hp.scope(a=1), hp.record() as record:
        assert hp.scope.a() == 1
        with interface.isolated():
            assert visible() == {}
            assert interface.active() is None
            assert seen_by_a_thread() == {}
            assert hp.process_record() is not process_record
            hp.scope.init({"left": "open"})
            hp.scope.frozen()
            hp.scope.other | 1
            assert list(hp.process_record().operative()) == ["other"]
        assert visible() == {"base": 1, "a": 1}
        assert seen_by_a_thread() == {"base": 1}
        assert "other" not in record.operative()
    assert hp.process_record() is process_record
    assert "other" not in process_record.operative()
    assert interface.active() is None


def test_isolated_has_the_baseline_that_it_is_given() -> None:
    with hp.scope(a=1):
        snapshot = context.capture().scopes
    with interface.isolated(snapshot):
        assert interface.active() is None
        assert [unused.key for unused in hp.process_record().unused()] == ["a"]
        assert seen_by_a_thread() == {"a": 1}
    assert visible() == {}


def test_isolated_puts_back_after_an_error_and_nests() -> None:
    with pytest.raises(ZeroDivisionError), interface.isolated(), interface.isolated():  # noqa: PT012  # two steps
        hp.scope.init({"a": 1})
        _ = 1 // 0
    assert interface.active() is None


def test_a_record_counts_as_open() -> None:
    with contextlib.ExitStack() as stack:
        assert interface.active() is None
        stack.enter_context(hp.record())
        assert interface.active() is not None


# -- spellings of the key ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "HYPERPARAMETER_SCOPE", "hyperparameter_scope", "Hyperparameter-Scope",
        "hyperparameter-scope", "HYPERPARAMETER-SCOPE", b"hyperparameter-scope",
        b"hyperparameter_scope", "HTTP_HYPERPARAMETER_SCOPE",
    ],
)  # fmt: skip
def test_key_is_found_as_http_asgi_http2_and_grpc_spell_it(name: Any) -> None:
    (text,) = sent(rate=0.5).values()
    carrier: Any = {"other": "x", name: text.encode() if isinstance(name, bytes) else text}
    with hp_dist.extract(carrier):
        assert visible() == {"rate": 0.5}


def test_names_that_are_no_spelling_of_the_key_are_left_alone() -> None:
    (text,) = sent(rate=0.5).values()
    others: Any = {"x-hyperparameter-scope": text, "HTTPS_HYPERPARAMETER_SCOPE": text, 3: text}
    with hp_dist.extract(others):
        assert visible() == {}
    with hp.scope(rate=0.7):
        hp_dist.inject(others)
    assert others["x-hyperparameter-scope"] == text


def test_inject_replaces_what_came_in_another_spelling() -> None:
    carrier = {name.lower().replace("_", "-"): text for name, text in sent(rate=0.5).items()}
    with hp.scope(rate=0.7):
        hp_dist.inject(carrier)
    with hp_dist.extract(carrier):
        assert visible() == {"rate": 0.7}
    assert list(carrier) == [KEY]


@pytest.mark.parametrize("kind", [tuple, list])
def test_inject_replaces_all_that_a_list_of_pairs_has(kind: type) -> None:
    names = "Hyperparameter-Scope", "hyperparameter-scope", KEY
    carrier: list[Any] = [kind(("other", "kept")), *(kind((name, "old")) for name in names)]
    with hp.scope(rate=0.7):
        hp_dist.inject(carrier)
    with hp_dist.extract(carrier):
        assert visible() == {"rate": 0.7}
    assert [name for name, _ in carrier] == ["other", "hyperparameter-scope"]
    assert {type(pair) for pair in carrier} == {kind}


def test_two_spellings_with_different_scopes_are_refused() -> None:
    (one,), (two,) = sent(rate=0.5).values(), sent(rate=0.7).values()
    is_refused({"hyperparameter_scope": one, "Hyperparameter-Scope": two}, "two different scopes")
    with hp_dist.extract({"hyperparameter_scope": one, "Hyperparameter-Scope": one}):
        assert visible() == {"rate": 0.5}


def headers_of_wsgiref(pairs: list[tuple[str, str]]) -> Any:
    return wsgiref.headers.Headers(pairs)


def headers_of_http(pairs: list[tuple[str, str]]) -> Any:
    message = http.client.HTTPMessage()
    for name, text in pairs:
        message[name] = text
    return message


def headers_of_aiohttp(pairs: list[tuple[str, str]]) -> Any:
    return pytest.importorskip("multidict").CIMultiDict(pairs)


def headers_of_starlette(pairs: list[tuple[str, str]]) -> Any:
    return pytest.importorskip("starlette.datastructures").MutableHeaders(dict(pairs))


HEADERS = [headers_of_wsgiref, headers_of_http, headers_of_aiohttp, headers_of_starlette]


@pytest.mark.parametrize("make", HEADERS)
def test_headers_of_every_make_carry_one_scope_under_a_name_that_proxies_let_through(
    make: Callable[[list[tuple[str, str]]], Any],
) -> None:
    (old,) = sent(rate=0.5).values()
    headers = make([("Host", "here"), ("hyperparameter-scope", old)])
    with hp_dist.extract(headers):
        assert visible() == {"rate": 0.5}
    with hp.scope(rate=0.7):
        hp_dist.inject(headers)
    assert [name.lower() for name, _ in headers.items()] == ["host", "hyperparameter-scope"]
    with hp_dist.extract(headers):
        assert visible() == {"rate": 0.7}
    empty = make([])
    with hp.scope(rate=0.9):
        hp_dist.inject(empty)
    with hp_dist.extract(empty):
        assert visible() == {"rate": 0.9}


@pytest.mark.parametrize(
    ("other", "name", "kind"),
    [
        ([], "hyperparameter-scope", str), ([("host", "here")], "hyperparameter-scope", str),
        ([(b"host", b"here")], b"hyperparameter-scope", bytes),  # ASGI
        ([[b"host", b"here"]], b"hyperparameter-scope", bytes),
        ([("host", b"here")], "hyperparameter-scope", bytes),  # Kafka
    ],
)  # fmt: skip
def test_lists_of_pairs_carry_a_scope_in_pairs_like_the_others(
    other: list[Any], name: Any, kind: type
) -> None:
    pairs = [*other]
    for rate in (0.5, 0.7):
        with hp.scope(rate=rate):
            hp_dist.inject(pairs)
    assert pairs[:-1] == other
    assert {type(pair) for pair in pairs} == {type(other[0]) if other else tuple}
    assert pairs[-1][0] == name
    assert type(pairs[-1][1]) is kind
    for received in (pairs, tuple(pairs), iter(pairs)):
        with hp_dist.extract(received):
            assert visible() == {"rate": 0.7}


def test_metadata_of_grpc_carry_a_scope_both_ways() -> None:
    grpc = pytest.importorskip("grpc")
    metadata: list[tuple[str, str]] = []
    with hp.scope(rate=0.5):
        hp_dist.inject(metadata)
    seen: list[Any] = []

    def handle(request: bytes, context: Any) -> bytes:
        with hp_dist.extract(context.invocation_metadata()):
            seen.append(visible())
        return request

    methods = {"Call": grpc.unary_unary_rpc_method_handler(handle)}
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("Test", methods)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert channel.unary_unary("/Test/Call")(b"", metadata=metadata, timeout=60) == b""
    server.stop(None).wait()
    assert seen == [{"rate": 0.5}]
    of_asyncio = grpc.aio.Metadata(*metadata)
    with hp_dist.extract(of_asyncio):
        assert visible() == {"rate": 0.5}
    with hp.scope(rate=0.7):
        hp_dist.inject(of_asyncio)
    assert [name for name, _ in of_asyncio] == ["hyperparameter-scope"]
    with hp_dist.extract(of_asyncio):
        assert visible() == {"rate": 0.7}


def test_a_request_of_wsgi_has_what_its_client_sent_and_not_what_the_server_inherited() -> None:
    (mine,), (sent_here,) = sent(rate=0.5).values(), sent(rate=0.7).values()
    environ: dict[str, Any] = {"wsgi.version": (1, 0), KEY: mine}
    with hp_dist.extract(environ):
        assert visible() == {}
    with hp_dist.extract({**environ, f"HTTP_{KEY}": sent_here}):
        assert visible() == {"rate": 0.7}


def test_nothing_that_a_client_of_cgi_sends_is_opened_as_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(KEY, raising=False)
    monkeypatch.setenv(f"HTTP_{KEY}", *sent(rate=0.5).values())
    with hp_dist.extract(os.environ):
        assert visible() == {}
    program = "import hp_dist, hyperparameter as hp; hp_dist.install(); print(hp.scope.rate | 0)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ran.stdout == b"0\n"


@pytest.mark.parametrize("carrier", [(), (("a", "b"),), MappingProxyType({}), "text", None, 5])
def test_what_cannot_be_written_is_refused_by_inject(carrier: Any) -> None:
    with pytest.raises(TypeError, match=r"inject writes into a mapping, .* Inject into a dict"):
        hp_dist.inject(carrier)


@pytest.mark.parametrize("carrier", [None, 5, "text", b"text", [1], ["ab", "cde"]])
def test_what_has_no_names_is_refused_and_not_taken_for_empty(carrier: Any) -> None:
    with pytest.raises(TypeError, match="extract takes a mapping, headers or a list of pairs"):
        hp_dist.extract(carrier)
