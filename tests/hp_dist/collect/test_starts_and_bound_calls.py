"""What initializers and bound functions read is in the records where the work was submitted."""

import pytest
from collect_programs import Run

INITIALIZERS = """
    def load():
        global SEEN
        SEEN = hp.scope.lr | 0

    def seen(_=None):
        return SEEN

    def as_is(initializer):
        return initializer

    def made(way, method, initializer):
        "Return what calls a function in a new worker."
        context = mp.get_context(method)
        if way == "Pool":
            with context.Pool(1, initializer) as pool:
                return pool.map(seen, [0])[0]
        if way == "get_context().Pool":
            with hp_dist.multiprocessing.get_context(method).Pool(1, initializer) as pool:
                return pool.apply(seen)
        kind = ProcessPoolExecutor if way == "executor" else hp_dist.futures.ProcessPoolExecutor
        with kind(1, context, initializer) as executor:
            return executor.submit(seen).result()
"""
WAYS = ["Pool", "get_context().Pool", "executor", "futures.ProcessPoolExecutor"]


@pytest.mark.parametrize("is_explicit", [False, True])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_what_an_initializer_reads_is_in_each_record_around_the_pool(
    run: Run, method: str, way: str, is_explicit: bool
) -> None:
    run(
        INITIALIZERS
        + """
    def main():
        method, way, is_explicit = sys.argv[1:]
        hp_dist.install()
        with hp.record() as outer, hp.record() as rec, hp.scope(lr=0.5):
            initializer = hp_dist.initializer(load) if is_explicit == "True" else load
            assert made(way, method, initializer) == 0.5
        for one in outer, rec:
            assert one.operative() == {"lr": 0.5}
            assert (one.unused(), one.incomplete) == ([], [])
        """,
        method,
        way,
        str(is_explicit),
    )


def test_what_later_tasks_read_is_in_no_record_of_the_pools_start(run: Run) -> None:
    run("""
    def load():
        hp.scope.lr | 0

    def work(_):
        return hp.scope.wd | 0

    def main():
        hp_dist.install()
        for method in "fork", "spawn", "forkserver":
            with hp.record() as start, hp.scope(lr=1):
                pool = mp.get_context(method).Pool(1, load)
                other = threading.Thread(target=submit, args=(pool,))
                other.start()
                other.join()
            pool.terminate()
            assert start.operative() == {"lr": 1}, method

    def submit(pool):
        with hp.record() as rec, hp.scope(wd=2):
            assert pool.map(work, [0]) == [2]
        assert rec.operative() == {"wd": 2}
    """)


@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_initializers_of_joblib_are_inside_the_scope_of_the_call(run: Run, backend: str) -> None:
    run(
        """
    import joblib

    def load():
        os.environ["SEEN"] = str(hp.scope.lr | 0)

    def seen():
        return os.environ["SEEN"]

    def main():
        hp_dist.install()
        backend = sys.argv[1]
        calls = [joblib.delayed(seen)() for _ in range(2)]

        def call(initializer):
            return joblib.Parallel(2, backend=backend, initializer=initializer)(calls)

        def configured(initializer):
            with joblib.parallel_config(backend, initializer=initializer):
                return joblib.Parallel(2)(calls)

        def entered(initializer):
            with joblib.Parallel(2, backend=backend, initializer=initializer) as parallel:
                return parallel(calls)

        for number, way in enumerate([call, configured, entered], 1):
            def initializer():  # another one each time: loky keeps workers for the same
                load()

            with hp.record() as rec, hp.scope(lr=number):
                assert way(initializer) == [str(number)] * 2
            assert rec.operative() == {"lr": number}
            assert (rec.unused(), rec.incomplete) == ([], [])

        if backend == "loky":  # which keeps its workers while the initializer is the same
            for number in 7, 8:
                with hp.scope(lr=number):
                    assert call(load) == ["7"] * 2
            from joblib.externals.loky import get_reusable_executor
            get_reusable_executor().shutdown(wait=True)
        """,
        backend,
    )


BOUND = """
    def read_both(*_):
        return hp.scope.lr | 0, hp.scope.wd | 0

    async def awaited(executor, bound):
        return await asyncio.get_running_loop().run_in_executor(executor, bound)

    def ways(bound, method):
        context = mp.get_context(method)
        with context.Pool(1) as pool:
            yield lambda: pool.apply(bound)
            yield lambda: pool.apply_async(bound).get(PATIENCE)
            yield lambda: pool.map(bound, [1])[0]
            yield lambda: [*pool.imap(bound, [1])][0]
            yield lambda: pool.starmap(bound, [(1,)])[0]
        with ProcessPoolExecutor(1, context) as executor:
            yield lambda: executor.submit(bound).result()
            yield lambda: [*executor.map(bound, [1])][0]
            yield lambda: [*executor.map(bound, [1, 2], chunksize=2)][0]
            yield lambda: asyncio.run(awaited(executor, bound))

    def main():
        method = sys.argv[1]
        hp_dist.install()
        with hp.record() as where_bound, hp.scope(lr=1):
            bound = hp_dist.bind(read_both)
        for number, way in enumerate(ways(bound, method)):
            with hp.record() as rec, hp.scope(lr=2, wd=3):
                found = way()
            # Inside what it was bound with, over what is open where it is submitted.
            assert found == (1, 3) == bound_here(bound), number
            assert rec.operative() == {"lr": 1, "wd": 3}, number
            assert rec.incomplete == []
        process = mp.get_context(method).Process(target=bound)
        with hp.record() as rec:
            process.start()
            process.join()
        assert rec.operative() == {"lr": 1, "wd": 0}

    def bound_here(bound):
        with hp.scope(lr=2, wd=3):
            return bound()
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_what_a_bound_function_reads_is_where_it_was_submitted_too(run: Run, method: str) -> None:
    run(BOUND, method)
