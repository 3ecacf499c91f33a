"""Workers that die, disks that are full, odd values: a record is right or says that it is not."""

import re
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from collect_programs import Run
from unprivileged import unprivileged

WORK = """
    def work(*names):
        return flat(read(name, -1) for name in names)

    def pool_of(n, method="fork", **options):
        return mp.get_context(method).Pool(n, **options)
"""


def warnings_in(text: str) -> list[str]:
    return re.findall(r"\w*warning: .*", text, re.IGNORECASE)


# -- killed ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_has_told_what_it_read_before_it_is_killed(
    run: Run, method: str, repeat: int
) -> None:
    """What it has told is in the record, which says what may be missing."""
    run(
        WORK
        + """
    def die(*names):
        Path("told").write_text(json.dumps(work(*names)))
        wait_until(lambda: os.path.exists("known"))
        os.kill(os.getpid(), signal.SIGKILL)

    def main():
        hp_dist.install()
        at = here(1)
        with hp.record() as rec, hp.scope(a=1, b=2, c=3):
            with ProcessPoolExecutor(1, mp.get_context(sys.argv[1])) as executor:
                before = executor.submit(work, "a").result(PATIENCE)
                killed = executor.submit(die, "a", "b", "d")
                wait_until(lambda: "d" in rec.operative())  # while its task is under way
                Path("known").touch()
                assert killed.exception(PATIENCE) is not None
        complete = rec.wait(5)
        reads = [Told(*one) for one in json.loads(Path("told").read_text())]
        lacks(rec, [*before, *reads])
        holds(rec, [*before, *reads], bindings({"a": 1, "b": 2, "c": 3}, at))
        assert not complete or not rec.incomplete
        assert unused_keys(rec) <= {"c"}
        """,
        method,
    )


@pytest.mark.parametrize("engine", ["executor", "pool"])
def test_a_worker_that_is_killed_at_once_makes_no_record_wrong(
    run: Run, engine: str, repeat: int
) -> None:
    run(
        WORK
        + """
    def die(*names):
        Path("told").write_text(json.dumps(work(*names)))
        os.kill(os.getpid(), signal.SIGKILL)

    def main():
        hp_dist.install()
        if sys.argv[1] == "pool":
            with pool_of(1) as pool:
                with hp.record() as rec, hp.scope(a=1, b=2, unread=3):
                    before = pool.apply(work, ("a",))
                    lost = pool.apply_async(die, ("b",))
                    after = pool.apply(work, ("c",))  # in the worker that has replaced it
                with hp.record() as other:
                    reads = pool.apply(work, ("b",))
                assert other.wait(PATIENCE)  # that of the process has work which never ends
                assert other.incomplete == []
                holds(other, reads)
                complete = rec.wait(5)
        else:
            with hp.record() as rec, hp.scope(a=1, b=2, unread=3):
                with ProcessPoolExecutor(1, mp.get_context("fork")) as executor:
                    before = executor.submit(work, "a").result(PATIENCE)
                    assert executor.submit(die, "b").exception(PATIENCE) is not None
                    after = []
            complete = rec.wait(5)
        reads = [Told(*one) for one in json.loads(Path("told").read_text())]
        lacks(rec, [*before, *after])
        has_all = not_wrong(rec, [*before, *reads, *after], ["unread"])
        assert has_all or not complete, "it waited for work that has gone and says: all is here"
        """,
        engine,
    )


def test_what_a_killed_driver_leaves_is_removed_by_the_next_program(
    run: Run, temporary: Path
) -> None:
    body = (
        WORK
        + """
    def main():
        hp_dist.install()
        with pool_of(1, "spawn") as pool, hp.record() as rec:
            reads = pool.apply(work, ("a", "b"))
            assert rec.wait(PATIENCE)
            if len(sys.argv) > 1:
                pool.terminate()
                os.kill(os.getpid(), signal.SIGKILL)
        whole(rec, reads)
        """
    )
    run(body, "killed", status=-signal.SIGKILL, leaves_files=True, noisy=True)
    for left in temporary.glob("pymp-*"):
        shutil.rmtree(left)  # those are of multiprocessing, which sweeps nothing
    run(body)


# -- no place to write -------------------------------------------------------------------------

CANNOT_WRITE = {
    "no file may grow": "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
    "full": "fill()",
    "not writable": "os.chmod(os.environ['TMPDIR'], 0o500)",
    "gone": "shutil.rmtree(os.environ['TMPDIR'])",
}


@pytest.mark.parametrize("why", CANNOT_WRITE)
@pytest.mark.parametrize("warm", [True, False], ids=["later", "from the start"])
def test_a_worker_that_cannot_write_files_goes_on(
    run: Run, temporary: Path, why: str, warm: bool
) -> None:
    """There is one warning, and the record says that something may be missing."""
    before = {
        "no file may grow": [],
        "gone": [],
        "not writable": unprivileged(),
        # A file system of this program alone, which ends with it.
        "full": [
            *("unshare", "--mount", "sh", "-c"),
            'mount -t tmpfs -o size=256k none "$TMPDIR" && exec "$0" "$@"',
        ],
    }[why]
    if why == "full" and not _may_mount():
        pytest.skip("mounting a file system needs root and unshare(1)")
    ended = run(
        WORK
        + f"""
    def spoil():
        {CANNOT_WRITE[why]}
"""
        + """
    import errno, resource, shutil

    def fill():
        with open(os.path.join(os.environ["TMPDIR"], "filler"), "wb", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC, error

    def main():
        hp_dist.install()
        first = pool_of(1, "fork")
        if sys.argv[1] == "warm":
            with hp.record() as rec:
                reads = first.apply(work, ("a", "k"))
            whole(rec, reads)
        first.apply(spoil)
        with hp.record() as rec, hp.scope(a=1, unread=2):
            reads = flat(first.apply(work, ("a", f"k{n}")) for n in range(20))
        assert [one.value for one in reads if one.key == "a"] == [1] * 20
        assert len(reads) == 40
        rec.wait(3)
        show(not_wrong(rec, reads, ["unread"]) and not rec.incomplete)
        with hp.record() as again, hp.scope(b=1):
            reads = first.apply(work, ("b",))
        again.wait(3)
        show(not_wrong(again, reads) and not again.incomplete)
        first.close()
        first.join()
        if os.path.isdir(os.environ["TMPDIR"]):
            os.chmod(os.environ["TMPDIR"], 0o700)
            Path(os.environ["TMPDIR"], "filler").unlink(missing_ok=True)
        """,
        "warm" if warm else "cold",
        before=before,
        noisy=True,
        leaves_files=why == "gone",
    )
    temporary.mkdir(exist_ok=True)
    assert "Traceback" not in ended.stderr, ended.stderr
    # A collection that finds another way has lost nothing, and has nothing to warn of.
    assert len(warnings_in(ended.stderr)) == (0 if all(ended.shown) else 1), ended.stderr


def _may_mount() -> bool:
    import subprocess

    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_workers_in_another_folder_and_with_another_mask(run: Run) -> None:
    """Nor can others on this host read what is collected, whatever the mask allows."""
    run(
        WORK
        + """
    def move(mask):
        os.chdir("/")
        os.umask(mask)

    def open_to_others():
        return [path.name for path in Path(os.environ["TMPDIR"]).iterdir()
                if path.lstat().st_mode & 0o077]

    def main():
        hp_dist.install()
        os.umask(0)
        for method in ("fork", "spawn"):
            for mask in (0, 0o777):
                with pool_of(2, method, initializer=move, initargs=(mask,)) as pool:
                    for _ in range(2):
                        with hp.record() as rec:
                            reads = flat(pool.starmap(work, [("a", f"k{n}") for n in range(4)]))
                            assert pool.apply(open_to_others) == []
                        whole(rec, reads)
        """
    )


@pytest.mark.parametrize("seconds", [-(10**8), 10**8])
def test_clocks_that_differ(run: Run, seconds: int) -> None:
    """Nothing is late or early for a record, whatever a worker takes for the time."""
    run(
        WORK
        + """
    def set_clock(seconds):
        def shift(name, by):
            right = getattr(time, name)
            setattr(time, name, lambda: right() + by)

        shift("time", seconds)
        shift("time_ns", seconds * 10**9)

    def main():
        hp_dist.install()
        options = {"initializer": set_clock, "initargs": (int(sys.argv[1]),)}
        with pool_of(1, "spawn", **options) as pool, pool_of(1) as right:
            for _ in range(2):
                with hp.record() as rec:
                    reads = [*pool.apply(work, ("a", "b")), *right.apply(work, ("b", "c"))]
                whole(rec, reads)
        """,
        str(seconds),
    )


def test_two_programs_at_once(run: Run) -> None:
    """They have one folder for temporary files, and each has its own reads."""
    body = (
        WORK
        + """
    def main():
        hp_dist.install()
        name = sys.argv[1]
        with pool_of(2) as pool:
            for n in range(10):
                with hp.record() as rec:
                    reads = flat(pool.starmap(work, [("shared", f"{name}.k{n}")] * 3))
                whole(rec, reads)
                assert set(rec.operative()) == {"shared", f"{name}.k{n}"}
        """
    )
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(run, body, name, leaves_files=True) for name in ("x", "y")]
        for one in both:
            one.result()
    run(body, "z")  # and when all have ended, nothing is left


# -- odd values --------------------------------------------------------------------------------


def test_large_values_are_shortened_and_told_apart(run: Run) -> None:
    run(
        WORK
        + """
    def sizes(*names):
        reads = [(key, len(hp.scope[key] | "")) for key in names]
        return reads, sum(path.stat().st_size for path in files())

    def main():
        hp_dist.install()
        text = "x" * 1_000_000
        with pool_of(1) as pool, pool_of(1) as other:
            with hp.record() as rec:
                with hp.scope(same=text, late=text):
                    found, size = pool.apply(sizes, ("same", "late"))
                    other.apply(sizes, ("same",))
                with hp.scope(same=text, late=text[:-1] + "y"):
                    other.apply(sizes, ("same", "late"))
            assert found == [("same", 1_000_000), ("late", 1_000_000)]
            assert rec.wait(PATIENCE)
        assert rec.incomplete == []
        assert {one.key for one in rec.reads} == {"same", "late"}
        assert all(len(str(one.value)) < 10_000 for one in rec.reads)
        assert list(rec.divergent()) == ["late"]
        rec.operative()
        assert {"same", "late"} <= rec.left_out.keys()
        rec.save("record.json")
        assert Path("record.json").stat().st_size < 20_000
        """
    )


def test_values_without_a_stable_text_are_the_same_in_all_workers(run: Run) -> None:
    """An address says nothing outside of its process: a type and a digest do."""
    run(
        WORK
        + """
    class Plain:
        def __init__(self, n):
            self.n = n

    def kinds(*names):
        return [type(hp.scope[name] | None).__name__ for name in names]

    def main():
        hp_dist.install()
        values = {"object": Plain(1), "many": [Plain(n) for n in range(3)], "code": kinds,
                  "words": {"c", "a", "b"}}
        with pool_of(1, "spawn") as pool, pool_of(1, "spawn") as other:
            with hp.record() as rec, hp.scope(**values):
                for one in (pool, other, pool):
                    assert one.apply(kinds, tuple(values)) == ["Plain", "list", "function", "set"]
            assert rec.wait(PATIENCE)
        assert {one.key for one in rec.reads} == set(values)
        for one in rec.reads:
            assert "0x" not in repr(one.value), one
        assert rec.divergent() == {}
        assert "Plain" in str([one for one in rec.reads if one.key == "object"][0].value)
        rec.save("record.json")
        assert repr(hp.Record.load("record.json").reads) == repr(rec.reads)
        """
    )


def test_values_of_all_kinds_come_back_as_they_were(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        values = {"none": None, "yes": True, "no": False, "one": 1, "float": 1.0, "large": 2**200,
                  "nan": float("nan"), "inf": -float("inf"), "zero": -0.0, "text": "007",
                  "null": "null", "lone": chr(0xD800), "nul": "a\\0b", "lines": "a\\nb\\r\\u2028c",
                  "torn": '{"key": 1}\\n', "list": [1, [2.0, "x"]], "tuple": (1, (2,)),
                  "dict": {"a": {"b": 1}, "c.d": 2}, "empty": "", "bytes": b"\\n"}
        with pool_of(1, "spawn") as pool:
            with hp.scope(**values):
                with hp.record() as rec:
                    for key in values:
                        pool.apply(read, (key,))
                with hp.record() as here_only:
                    for key in values:
                        read(key)
            assert rec.wait(PATIENCE)
            assert {one.key.partition(".")[0] for one in rec.reads} == set(values)
            for one, other in zip(rec.reads, here_only.reads, strict=True):
                assert repr(one[:2]) == repr(other[:2])
                assert type(one.value) is type(other.value)
        """
    )


def test_terminal_escapes_arrive_and_are_never_printed(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        odd = {"red\\x1b[31m": "\\x1b[32mgreen", "bell\\x07\\n": "a\\nb"}
        with pool_of(1, "spawn") as pool:
            at = here(1)
            with hp.record() as rec, hp.scope(**odd, **{"unread\\x1b[2J": 1}):
                reads = flat(pool.apply(read, (key, "")) for key in odd)
        whole(rec, reads, bindings(odd, at), {"unread\\x1b[2J": None})
        shown = [str(rec.unused()), *map(str, rec.unused()), str(rec), *map(str, rec.incomplete)]
        lines = [line for text in shown for line in text.split("\\n")]  # a table has lines
        assert all(line.isprintable() for line in lines), lines
        """
    )


def test_a_thousand_values_of_one_key(run: Run) -> None:
    run(
        WORK
        + """
    def many(numbers):
        reads = []
        for number in numbers:
            with hp.scope(lr=number):
                reads.extend(read("lr", -1))
        return reads

    def main():
        hp_dist.install()
        halves = [range(500), range(500, 1000)]
        with pool_of(2) as pool, hp.record() as rec:
            reads = flat(pool.map(many, halves, chunksize=1))
        assert rec.wait(PATIENCE)
        assert rec.incomplete == []
        lacks(rec, reads)
        assert {one.value for one in rec.divergent()["lr"]} == set(range(1000))
        """
    )


def test_more_reads_than_a_record_keeps_are_an_incomplete_record(run: Run) -> None:
    run(
        WORK
        + """
    def many(count):
        for number in range(count):
            with hp.scope(lr=number):
                hp.scope.lr | -1

    def main():
        hp_dist.install()
        with pool_of(1) as pool:
            for submit in (many, functools.partial(pool.apply, many)):
                with hp.record() as rec:
                    submit(*([5_000] if submit is many else [(5_000,)]))
                assert rec.wait(PATIENCE)
                assert len(rec.reads) == 5_000 or rec.incomplete, len(rec.reads)
                assert rec.unused() == []  # nor a warning: there is no override
        """
    )


def test_a_million_reads_of_a_hundred_keys_are_a_hundred_entries(run: Run) -> None:
    run(
        WORK
        + """
    def many():
        accessors = [hp.scope[f"k{n}"] for n in range(100)]
        for _ in range(10_000):
            for accessor in accessors:
                accessor | 0
        return sum(path.stat().st_size for path in files())

    def main():
        hp_dist.install()
        with pool_of(1) as pool:
            for _ in range(2):
                with hp.record() as rec, hp.scope(k5=7):
                    size = pool.apply(many)
                assert rec.wait(PATIENCE)
                assert rec.incomplete == []
                assert len(rec.reads) == 100
                assert rec.operative() == {f"k{n}": 7 if n == 5 else 0 for n in range(100)}
                assert size < 200 * 1024, size
        """
    )


# -- secrets -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_no_file_has_a_secret_in_clear(run: Run, method: str) -> None:
    """Not while work runs, not afterwards, and not those that are values of open keys."""
    run(
        """
    MARK = "hunter2zz"
    SECRETS = {"db.password": MARK, "hf_token": MARK + "1", "url": f"https://me:{MARK}@host/x",
               "key": f"sk-proj-{MARK}0123456789abcdef",
               "many": [f"sk-proj-{MARK}0123456789abcdef"]}

    def work(names):
        for name in names:
            hp.scope[name] | None
        hp.scope["own.secret"] | f"{MARK}default"
        with hp.scope(**{"set.password": f"{MARK}set"}):
            hp.scope.set.password | None
        first = MARK.encode() in contents()
        time.sleep(1.5)  # what is written once a second has been written by now
        return first or MARK.encode() in contents()

    def main():
        hp_dist.install()
        with mp.get_context(sys.argv[1]).Pool(1) as pool:
            with hp.record() as rec, hp.scope(**SECRETS):
                assert pool.apply(work, (list(SECRETS),)) is False
                assert MARK.encode() not in contents()
            assert rec.wait(PATIENCE)
            assert MARK.encode() not in contents()
        assert rec.incomplete == []
        assert {one.key for one in rec.reads} == {*SECRETS, "own.secret", "set.password"}
        assert rec.unused() == []
        assert MARK not in repr(rec.reads) + repr(rec.operative())
        rec.save("record.json")
        assert MARK not in Path("record.json").read_text()
        """,
        method,
    )


# -- processes that are forked, programs that are interrupted ----------------------------------


@pytest.mark.parametrize("ending", ["os._exit(0)", "sys.exit(0)"])
def test_a_fork_of_a_process_with_an_open_record_spoils_nothing(run: Run, ending: str) -> None:
    """Nor does its end take away what its parent still needs."""
    run(
        WORK
        + f"""
    def end():
        {ending}
"""
        + """
    def main():
        hp_dist.install()
        with hp.record() as rec:
            with pool_of(1) as pool:
                reads = [*work("a"), *pool.apply(work, ("b",))]
            pid = os.fork()  # without a pool: by its own end the fork would end that
            if pid == 0:
                work("a", "in the fork")
                with hp.record() as own:
                    work("c")
                end()
            assert os.waitpid(pid, 0)[1] == 0
            with pool_of(1) as pool:
                reads += [*work("d"), *pool.apply(work, ("b", "e"))]
        assert rec.wait(PATIENCE)
        lacks(rec, reads)
        mine = [one for one in rec.reads if one.process.pid != pid]
        assert {one.key for one in mine} == set("abde")
        assert {one.key for one in rec.reads} - set("abcde") <= {"in the fork"}
        """,
        noisy=True,
    )


@pytest.mark.parametrize("is_in_task", [False, True])
def test_children_that_no_engine_has_forked_tell_what_they_read(run: Run, is_in_task: bool) -> None:
    """They do so before any work was submitted, in records of their own, and from theirs."""
    run(
        WORK
        + """
    def forked(*steps):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                for step in steps:
                    step()
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0

    def in_own_record():
        with hp.record() as own:
            forked(lambda: work("c"))
            work("b")
        assert {one.key for one in own.reads} == set("bc")

    def fork_children():
        forked(lambda: work("a"), in_own_record, lambda: forked(lambda: work("d")))
"""
        + f"""
    def main():
        hp_dist.install()
        with hp.record() as rec, hp.scope(a=1, b=2, c=3, d=4):
            if {is_in_task}:
                with pool_of(1) as pool:
                    pool.apply(fork_children)
            else:
                fork_children()
        found = {{(one.key, one.value) for one in rec.reads}}
        assert found == {{("a", 1), ("b", 2), ("c", 3), ("d", 4)}}, found
        assert (rec.incomplete, rec.unused()) == ([], [])
        """
    )


BLOCKED = (
    WORK
    + """
    def held_up(ready, gate):
        reads = work("a")
        Path(ready).write_text("here")
        with open(gate) as fifo:
            fifo.read()
        return reads

    def main():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        hp_dist.install()
        os.mkfifo("ready")
        os.mkfifo("gate")
        with pool_of(1) as pool:
            try:
                with hp.record() as rec, hp.scope(a=1):
                    held = pool.apply_async(held_up, ("ready", "gate"))
                    Path("ready").read_text()
                    began = time.monotonic()
                    if sys.argv[1:]:
                        os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                assert sys.argv[1:]
            seconds = time.monotonic() - began
            assert rec.incomplete
            assert unused_keys(rec) == set()
            Path("gate").write_text("go on")
            held.get(PATIENCE)  # a pool that is terminated with a result on its way may hang
            show(seconds)
    """
)


def test_an_interrupted_record_does_not_wait(run: Run) -> None:
    (seconds,) = run(BLOCKED, "interrupted").shown
    assert seconds < 1


def test_a_record_waits_no_longer_than_two_seconds_at_its_end(run: Run) -> None:
    (seconds,) = run(BLOCKED).shown
    assert seconds < 4  # two of its own, and what two busy cores take
