"""Workers that cannot reach the folder of their submitter: what they read arrives, or is missed."""

import os

import pytest
from collect_programs import Run

pytestmark = pytest.mark.skipif(
    os.getuid() != 0, reason="to change the root or the user needs root"
)

WORK = """
    def work(*names):
        return flat(read(name, -1) for name in names)

    def fail(*names):
        work(*names)
        raise ValueError("as it should")

    class Odd(Exception):
        def __reduce__(self):
            return Odd, ()

    def fail_oddly(*names):
        work(*names)
        raise Odd

    def new_root():
        os.makedirs("root", exist_ok=True)
        os.chroot("root")

    def new_user():
        os.setgid(65534)
        os.setuid(65534)

    def moved_folder():
        import hp_dist._collect.mailbox as mailbox

        def nowhere(path):
            raise FileNotFoundError(path)

        mailbox._open = nowhere
        mailbox._kept.clear()
        mailbox._own.clear()

    CHANGES = {"root": new_root, "user": new_user, "folder": moved_folder}
"""


@pytest.mark.parametrize("change", ["root", "user", "folder"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_what_tasks_read_comes_with_their_results(run: Run, method: str, change: str) -> None:
    """Beside a pool whose workers can tell, which vouches for itself alone."""
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        context, change = mp.get_context(sys.argv[1]), CHANGES[sys.argv[2]]
        with context.Pool(1) as right, context.Pool(1, change) as pool:
            for n in range(2):
                at = here(1)
                with hp.record() as rec, hp.scope(a=1, b=2, c=3, d=4, unread=5):
                    reads = right.apply(work, ("a",))
                    reads += pool.apply(work, ("b", f"k{n}"))
                    reads += flat(pool.starmap(work, [("c",), ("c", "d")]))
                bound = bindings({"a": 1, "b": 2, "c": 3, "d": 4}, at)
                whole(rec, reads, bound, {"unread": None})
        """,
        method,
        change,
        noisy=True,
    )


@pytest.mark.parametrize("change", ["root", "user", "folder"])
def test_what_failed_tasks_read_comes_with_their_errors(run: Run, change: str) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        with mp.get_context("spawn").Pool(1, CHANGES[sys.argv[1]]) as pool:
            with hp.record() as rec, hp.scope(a=1, b=2):
                for function, kind, key in ((fail, ValueError, "a"), (fail_oddly, Odd, "b")):
                    try:
                        pool.apply(function, (key,))
                    except kind:
                        continue
                    raise AssertionError
                pool.apply(work, ("c",))
            assert rec.wait(PATIENCE)
            assert rec.incomplete == []
            assert set(rec.operative()) == {"a", "b", "c"}
            assert rec.unused() == []
        """,
        change,
        noisy=True,
    )


@pytest.mark.parametrize("change", ["root", "user"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_process_that_changes_tells_all_the_same_or_is_missed(
    run: Run, method: str, change: str
) -> None:
    """It has no result."""
    run(
        WORK
        + """
    def changing(change):
        hp.scope.a | 0
        CHANGES[change]()
        hp.scope.b | 0

    def main():
        hp_dist.install()
        with mp.get_context(sys.argv[1]).Pool(1) as right:
            with hp.record() as rec, hp.scope(a=1, b=2):
                right.apply(work, ("c",))
                process = mp.get_context(sys.argv[1]).Process(target=changing, args=sys.argv[2:])
                process.start()
                process.join(PATIENCE)
            assert process.exitcode == 0
            rec.wait(PATIENCE)
            assert "a" in rec.operative()
            assert "b" in rec.operative() or rec.incomplete
            assert unused_keys(rec) == set()
        """,
        method,
        change,
        noisy=True,
    )


@pytest.mark.parametrize("way", ["apply", "executor"])
def test_a_bound_function_whose_worker_tells_nothing_is_missed(run: Run, way: str) -> None:
    """It has no way to tell; that other workers could tell what they read vouches for nothing."""
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        context = mp.get_context("spawn")
        def pool_of(change):
            if sys.argv[1] == "apply":
                return context.Pool(1, change)
            return ProcessPoolExecutor(1, context, change)
        with context.Pool(1) as right, pool_of(None) as able, pool_of(moved_folder) as pool:
            for other, is_whole in ((able, True), (pool, False)):
                with hp.record() as rec, hp.scope(a=1, b=2):
                    reads = right.apply(work, ("a",))
                    bound = hp_dist.bind(work)
                    if sys.argv[1] == "apply":
                        reads += other.apply(bound, ("b",))
                    else:
                        reads += other.submit(bound, "b").result(PATIENCE)
                assert rec.wait(PATIENCE)
                assert (rec.incomplete == []) is is_whole, rec.incomplete
                assert unused_keys(rec) == set()
                assert not_wrong(rec, reads) is is_whole
        """,
        way,
        noisy=True,
    )
