"""What workers of each local engine read is in the record that was open at the submission."""

import pytest
from collect_programs import Run

METHODS = ["fork", "spawn", "forkserver"]
each_method = pytest.mark.parametrize("method", METHODS)

# What each way of an engine runs: keys that all items read, one that each has for itself, one
# override that nobody reads.
WORK = """
    SET = {"train.lr": 0.5, "train.momentun": 0.9}

    def work(n):
        return [*read(f"own.k{n}", n), *read("train.lr", 0.1), *read("train.momentum", 0.8)]

    def check(way):
        with hp.record() as rec:
            at = here(1)
            with hp.scope(**SET):
                reads = flat(way())
        assert {one.key for one in reads} >= {"own.k0", "own.k1", "own.k2", "train.lr"}
        whole(rec, reads, bindings(SET, at), {"train.momentun": ["train.momentum"]})
        assert rec.divergent() == {}
"""


@each_method
def test_every_way_to_submit_to_one_pool(run: Run, method: str) -> None:
    """The workers stay the same, and each record has what its submission read."""
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        items, pairs = range(3), [(n,) for n in range(3)]
        with mp.get_context(sys.argv[1]).Pool(2) as pool:
            ways = [
                lambda: [pool.apply(work, pair) for pair in pairs],
                lambda: [one.get(PATIENCE) for one in
                         [pool.apply_async(work, pair) for pair in pairs]],
                lambda: pool.map(work, items),
                lambda: pool.map(work, items, chunksize=3),
                lambda: pool.map_async(work, items).get(PATIENCE),
                lambda: list(pool.imap(work, items)),
                lambda: list(pool.imap(work, items, chunksize=2)),
                lambda: list(pool.imap_unordered(work, items)),
                lambda: pool.starmap(work, pairs),
                lambda: pool.starmap_async(work, pairs).get(PATIENCE),
            ]
            for way in [*ways, *ways]:
                check(way)
        """,
        method,
    )


@each_method
def test_every_way_to_submit_to_one_executor(run: Run, method: str) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        with ProcessPoolExecutor(2, mp.get_context(sys.argv[1])) as executor:
            ways = [
                lambda: [one.result(PATIENCE) for one in
                         [executor.submit(work, n) for n in range(3)]],
                lambda: list(executor.map(work, range(3), timeout=PATIENCE)),
                lambda: list(executor.map(work, range(3), chunksize=2, timeout=PATIENCE)),
                lambda: asyncio.run(gathered(executor)),
            ]
            for way in [*ways, *ways]:
                check(way)

    async def gathered(executor):
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(loop.run_in_executor(executor, work, n) for n in range(3)))
        """,
        method,
    )


@each_method
def test_processes(run: Run, method: str) -> None:
    """Whether they are made with a target or by a subclass, and however they end."""
    run(
        WORK
        + """
    def tell(queue, n):
        queue.put(work(n))

    def tell_and_exit(queue, n):
        queue.put(work(n))
        sys.exit(3)

    def main():
        hp_dist.install()
        context = mp.get_context(sys.argv[1])

        def way(target=tell):
            queue = context.SimpleQueue()
            processes = [context.Process(target=target, args=(queue, n)) for n in range(3)]
            for process in processes:
                process.start()
            reads = [queue.get() for process in processes]
            for process in processes:
                process.join(PATIENCE)
            return reads

        check(way)
        check(lambda: way(tell_and_exit))
        """,
        method,
    )


def test_a_subclass_of_process(run: Run) -> None:
    run(
        WORK
        + """
    class Worker(mp.get_context("spawn").Process):
        def __init__(self, queue, n):
            super().__init__()
            self.queue, self.n = queue, n

        def run(self):
            self.queue.put(work(self.n))

    def main():
        hp_dist.install()

        def way():
            queue = mp.get_context("spawn").SimpleQueue()
            workers = [Worker(queue, n) for n in range(3)]
            for worker in workers:
                worker.start()
            reads = [queue.get() for worker in workers]
            for worker in workers:
                worker.join(PATIENCE)
            return reads

        check(way)
        """
    )


def test_workers_that_serve_one_task_each(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        with mp.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
            for _ in range(3):
                check(lambda: pool.map(work, range(3), chunksize=1))
        """
    )


def test_the_explicit_pools_and_executors_without_install(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        import hp_dist.multiprocessing
        with hp_dist.multiprocessing.get_context("spawn").Pool(2) as pool:
            for _ in range(2):
                check(lambda: pool.map(work, range(3)))
        with hp_dist.futures.ProcessPoolExecutor(2, mp.get_context("spawn")) as executor:
            for _ in range(2):
                check(lambda: list(executor.map(work, range(3))))
        """
    )


def test_threads(run: Run) -> None:
    """Those of `hp_dist.futures`, bare ones with a bound function, tasks and threads of asyncio."""
    run(
        WORK
        + """
    async def tasks():
        async def task(n):
            await asyncio.sleep(0)
            return [*work(n), *await asyncio.to_thread(work, n)]

        return await asyncio.gather(*(task(n) for n in range(3)))

    def bare_threads():
        reads = []
        threads = [threading.Thread(target=hp_dist.bind(lambda n: reads.append(work(n))), args=(n,))
                   for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        return reads

    def main():
        with hp_dist.futures.ThreadPoolExecutor(2) as threads, ThreadPoolExecutor(2) as stock:
            ways = [
                lambda: list(threads.map(work, range(3))),
                lambda: [one.result(PATIENCE) for one in
                         [threads.submit(work, n) for n in range(3)]],
                lambda: list(stock.map(hp_dist.bind(work), range(3))),
                bare_threads,
                lambda: asyncio.run(tasks()),
            ]
            for way in [*ways, *ways]:
                check(way)
        """
    )


def test_a_bound_function_in_processes_without_install(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        with mp.get_context("spawn").Pool(2) as pool:
            for _ in range(2):
                check(lambda: pool.map(hp_dist.bind(work), range(3)))
        """
    )


@pytest.mark.parametrize("how", ["plain", "bound"])
@pytest.mark.parametrize("kind", ["thread", "executor"])
def test_a_record_says_so_if_a_thread_outlives_its_task(run: Run, how: str, kind: str) -> None:
    """Nothing that such a thread reads later is missing from a record that calls itself whole."""
    run(
        """
    begins = threading.Event()
    ends = threading.Event()

    def in_thread(is_late):
        begins.set()
        if is_late:
            ends.wait(PATIENCE)
        return read("late", 1)

    def task(is_late):
        begins.clear()
        if sys.argv[2] == "thread":
            thread = threading.Thread(target=hp_dist.bind(in_thread), args=(is_late,), daemon=True)
            thread.start()
            wait = thread.join
        else:
            executor = hp_dist.futures.ThreadPoolExecutor(1)
            executor.submit(in_thread, is_late)
            wait = executor.shutdown
        begins.wait(PATIENCE)
        if not is_late:
            wait()

    def end():
        ends.set()

    def main():
        hp_dist.install()
        bind = hp_dist.bind if sys.argv[1] == "bound" else lambda function: function
        with ProcessPoolExecutor(1, mp.get_context("fork")) as executor:
            with hp.record() as quick, hp.scope(late=5):
                executor.submit(bind(task), False).result()
            assert [one.value for one in quick.reads] == [5]
            assert quick.incomplete == []
            with hp.record() as slow, hp.scope(late=6):
                executor.submit(bind(task), True).result()
            assert "thread" in str(slow.incomplete), slow.incomplete
            with hp.record() as after, hp.scope(late=7):
                executor.submit(bind(task), False).result()
            assert after.incomplete == []
            executor.submit(end).result()
        """,
        how,
        kind,
        noisy=True,
    )


def test_a_bound_function_that_a_task_calls_is_not_its_end(run: Run) -> None:
    """What a thread of the task reads behind that call is not taken for lost."""
    run(
        """
    def task(bound):
        goes = threading.Event()

        def in_thread():
            goes.wait(PATIENCE)
            read("late", 1)

        thread = threading.Thread(target=hp_dist.bind(in_thread))
        thread.start()
        bound()
        goes.set()
        thread.join()

    def main():
        hp_dist.install()
        with ProcessPoolExecutor(1, mp.get_context("fork")) as executor:
            with hp.record() as rec, hp.scope(late=5):
                executor.submit(task, hp_dist.bind(os.getpid)).result()
            assert [one.value for one in rec.reads] == [5]
            assert rec.incomplete == []
        """,
        noisy=True,
    )


def test_an_initializer_brings_the_record_that_was_open_where_it_was_made(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        def way():
            with ProcessPoolExecutor(1, mp.get_context("spawn"), hp_dist.initializer()) as executor:
                return list(executor.map(work, range(3)))

        check(way)
        """
    )


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading", "sequential"])
def test_joblib(run: Run, backend: str) -> None:
    run(
        WORK
        + """
    def main():
        import joblib
        from joblib.externals.loky import get_reusable_executor
        hp_dist.install()
        calls = [joblib.delayed(work)(n) for n in range(3)]
        for _ in range(3):
            check(lambda: joblib.Parallel(2, backend=sys.argv[1])(calls))
        if sys.argv[1] == "loky":
            check(lambda: list(get_reusable_executor(2).map(work, range(3))))
            get_reusable_executor().shutdown(wait=True)
        """,
        backend,
    )


def test_loky_by_itself(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        import loky
        hp_dist.install()
        with loky.ProcessPoolExecutor(2) as executor:
            for _ in range(2):
                check(lambda: list(executor.map(work, range(3))))
        """
    )


def test_reads_through_decorated_functions_and_in_bulk(run: Run) -> None:
    run("""
    @hp.param("net")
    def net(width=4, depth=2):
        return width, depth

    def work(_):
        assert net() == (8, 2)
        return [*filled(net, "net.width", 8, 4), *filled(net, "net.depth", 2, 2)]

    def take(_):
        reader = here(1)
        taken = hp.scope.current().storage().storage()
        return flat(told(key, value, None, reader) for key, value in taken.items())

    def main():
        hp_dist.install()
        with mp.get_context("spawn").Pool(2) as pool:
            for _ in range(2):
                with hp.record() as rec:
                    at = here(1)
                    with hp.scope(**{"net.width": 8}):
                        reads = flat(pool.map(work, range(4)))
                whole(rec, reads, bindings({"net.width": 8}, at))
                with hp.record() as rec:
                    at = here(1)
                    with hp.scope(a=1, b=2):
                        reads = flat(pool.map(take, range(4)))
                assert len(reads) == 8
                whole(rec, reads, bindings({"a": 1, "b": 2}, at))
                assert {one.bulk for one in rec.reads} == {True}
    """)


def test_a_task_that_fails_has_told_what_it_read(run: Run) -> None:
    run("""
    class Refused(Exception):
        pass

    def work(n):
        reads = read(f"k{n}", 0)
        raise Refused(reads)

    def main():
        hp_dist.install()
        with mp.get_context("fork").Pool(1) as pool:
            for n in range(3):
                with hp.record() as rec:
                    try:
                        pool.apply(work, (n,))
                    except Refused as error:
                        reads = error.args[0]
                whole(rec, reads)
    """)


def test_every_process_that_read_a_value_is_named(run: Run) -> None:
    """Who reads what is known for each process, also where all of them see the same."""
    run("""
    def work(meeting):
        meeting.wait(PATIENCE)  # so that each process has one task
        return read("train.lr", 0.1)

    def main():
        hp_dist.install()
        context = mp.get_context("fork")
        with context.Manager() as manager, context.Pool(2) as pool:
            with hp.record() as rec, hp.scope(**{"train.lr": 0.5}):
                reads = flat(pool.map(work, [manager.Barrier(2)] * 2, chunksize=1))
                reads += read("train.lr", 0.1)
        assert rec.wait(PATIENCE)
        assert len({one.pid for one in reads}) == 3
        named = {one.process.pid for one in rec.reads if one.key == "train.lr"}
        assert named == {one.pid for one in reads}
    """)
