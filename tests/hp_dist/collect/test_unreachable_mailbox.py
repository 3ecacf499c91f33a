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


@pytest.mark.parametrize("way", ["apply", "map", "executor"])
@pytest.mark.parametrize(
    "task", ["give_a_lambda", "fail_oddly", "fail_unsendably", "give_a_number"]
)
@pytest.mark.parametrize("is_bound", [False, True])
def test_what_the_last_task_read_is_told_however_it_ends(
    run: Run, way: str, task: str, is_bound: bool
) -> None:
    """No later result of the worker could take it along."""
    run(
        WORK
        + """
    class Unsendable(Exception):
        def __init__(self):
            super().__init__(lambda: 0)

    def give_a_lambda(name):
        work(name)
        return lambda: 0

    def give_a_number(name):
        work(name)
        return 1

    def fail_unsendably(name):
        work(name)
        raise Unsendable

    def ended(pool, function, name):
        if isinstance(pool, ProcessPoolExecutor):
            return pool.submit(function, name).result(PATIENCE)
        return getattr(pool, sys.argv[1])(function, [name])

    def problem_of(pool, function, name):
        try:
            return ended(pool, function, name) and ""
        except Exception as error:
            return type(error).__name__

    def main():
        context, function = mp.get_context("spawn"), globals()[sys.argv[2]]
        def pool_of(change):
            if sys.argv[1] == "executor":
                return ProcessPoolExecutor(1, context, change)
            return context.Pool(1, change)
        with pool_of(None) as plain:
            stock = problem_of(plain, function, "b")
        hp_dist.install()
        with pool_of(None) as right, pool_of(moved_folder) as pool:
            with hp.record() as rec, hp.scope(a=1, b=2):
                ended(right, work, "a")
                if sys.argv[3] == "True":
                    function = hp_dist.bind(function)
                assert problem_of(pool, function, "b") == stock, stock
            assert rec.wait(PATIENCE)
            assert set(rec.operative()) == {"a", "b"}, rec.operative()
            assert rec.incomplete == [], rec.incomplete
        """,
        way,
        task,
        str(is_bound),
        noisy=True,
    )


@pytest.mark.parametrize("times", [1, 2])
def test_a_bound_function_that_is_sent_again_is_heard_again(run: Run, times: int) -> None:
    """To a worker that can tell, and to one that cannot, in both orders."""
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        context = mp.get_context("spawn")
        with ProcessPoolExecutor(1, context) as able, ProcessPoolExecutor(1, context, moved_folder) as not_able:
            for order in ((able, not_able), (not_able, able)):
                with hp.record() as rec, hp.scope(a=1, b=2, c=3):
                    bound = hp_dist.bind(work)
                    for pool, name in zip(order * int(sys.argv[1]), "abab"):
                        pool.submit(bound, name).result(PATIENCE)
                assert rec.wait(PATIENCE)
                assert set(rec.operative()) == {"a", "b"}
                assert rec.incomplete == []
                assert unused_keys(rec) == {"c"}
        """,  # noqa: E501
        str(times),
        noisy=True,
    )


def test_a_process_that_never_sees_the_mailbox_is_missed(run: Run) -> None:
    """It is started anew, and its main module takes the mailbox away before it reads."""
    run(
        WORK
        + """
    if __name__ == "__mp_main__" and "blind" in mp.current_process().name:
        moved_folder()

    def reading():
        hp.scope.b | 0

    def main():
        hp_dist.install()
        context = mp.get_context("spawn")
        for name, is_whole in (("able", True), ("blind", False)):
            with context.Pool(1) as right, hp.record() as rec, hp.scope(a=1, b=2):
                right.apply(work, ("a",))
                process = context.Process(target=reading, name=name)
                process.start()
                process.join(PATIENCE)
                assert process.exitcode == 0
            rec.wait(PATIENCE)
            assert (rec.incomplete == []) is is_whole, rec.incomplete
            assert ("b" in rec.operative()) is is_whole
            assert unused_keys(rec) == set()
        """,
        noisy=True,
    )
