"""Which record has a read that a worker made, and what a record then answers for the whole job."""

import pytest
from collect_programs import Run

WORK = """
    def work(*names):
        return flat(read(name, -1) for name in names)

    def pool_of(n, method="fork"):
        return mp.get_context(method).Pool(n)
"""


# -- one worker, several records --------------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_warm_worker_tells_each_record_what_it_answers_from_memory(run: Run, method: str) -> None:
    """The scope is the very same one at each submission, so the worker knows all answers."""
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        with pool_of(1, sys.argv[1]) as pool:
            at = here(1)
            with hp.scope(a=1):
                for _ in range(3):
                    with hp.record() as rec:
                        reads = pool.apply(work, ("a", "b"))
                    whole(rec, reads, bindings({"a": 1}, at))
                    assert rec.operative() == {"a": 1, "b": -1}
        """,
        method,
    )


def test_two_records_open_at_two_submissions_to_one_worker_do_not_mix(run: Run) -> None:
    ended = run(
        WORK
        + """
    def submit(pool, meeting, name, results):
        with hp.record() as rec:
            meeting.wait(PATIENCE)  # both are open before either submits
            for n in range(20):
                results[name].append(pool.apply_async(work, ("a", f"{name}.k{n}")))
            reads = flat(one.get(PATIENCE) for one in results[name])
            meeting.wait(PATIENCE)
        whole(rec, reads)
        assert set(rec.operative()) == {"a", *(f"{name}.k{n}" for n in range(20))}
        show(name)

    def main():
        hp_dist.install()
        meeting, results = threading.Barrier(2), {"x": [], "y": []}
        with pool_of(1) as pool:
            threads = [threading.Thread(target=submit, args=(pool, meeting, name, results))
                       for name in results]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
        """
    )
    assert sorted(ended.shown) == ["x", "y"]


def test_work_submitted_in_turns_in_two_open_records(run: Run) -> None:
    """Both have the same answers from the same worker, each for its own submissions only."""
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        contexts = contextvars.copy_context(), contextvars.copy_context()
        records = hp.record(), hp.record()
        reads = [], []
        with pool_of(1) as pool:
            for context, rec in zip(contexts, records):
                context.run(rec.__enter__)
            for n in range(10):
                for number, context in enumerate(contexts):
                    names = "both", f"{number}.k{n}"
                    reads[number].extend(context.run(pool.apply, work, names))
            for context, rec in zip(contexts, records):
                context.run(rec.__exit__, None, None, None)
        for number, rec in enumerate(records):
            whole(rec, reads[number])
            assert set(rec.operative()) == {"both", *(f"{number}.k{n}" for n in range(10))}
        """
    )


def test_an_outer_record_has_what_inner_ones_have(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        with pool_of(1) as pool:
            with hp.record() as outer:
                before = pool.apply(work, ("a", "b"))
                with hp.record() as inner:
                    inside = pool.apply(work, ("b", "c"))
                after = pool.apply(work, ("c", "d"))
            outside = pool.apply(work, ("e",))
        whole(inner, inside)
        whole(outer, [*before, *inside, *after])
        assert set(inner.operative()) == {"b", "c"}
        assert set(outer.operative()) == set("abcd")
        lacks(hp.process_record(), outside)
        """
    )


def test_work_outside_of_any_record_is_in_the_record_of_the_process(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        at = here(1)
        with pool_of(2) as pool, hp.scope(a=1, aa=2):
            reads = flat(pool.starmap(work, [("a", "b"), ("c",)]))
        everything = hp.process_record()
        assert everything.wait(PATIENCE)
        assert everything.incomplete == []
        holds(everything, reads, bindings({"a": 1, "aa": 2}, at))
        assert [one.key for one in everything.unused()] == ["aa"]
        """
    )


def test_a_record_may_be_opened_again(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        rec = hp.record()
        with pool_of(1) as pool:
            with rec:
                first = pool.apply(work, ("a",))
            assert rec.wait(PATIENCE)
            between = pool.apply(work, ("b",))
            with rec:
                second = pool.apply(work, ("a", "c"))
        whole(rec, [*first, *second])
        """
    )


# -- work that is longer or shorter than its record -------------------------------------------


def test_a_record_that_is_closed_before_its_work_ends_says_so_and_gets_the_rest(run: Run) -> None:
    """What was submitted inside belongs to it, whenever it runs."""
    run(
        WORK
        + """
    def held_up(path, *names):
        with open(path) as fifo:
            fifo.read()
        return work(*names)

    def main():
        hp_dist.install()
        os.mkfifo("gate")
        with pool_of(1) as pool:
            at = here(1)
            with hp.record() as rec, hp.scope(a=1, unread=2):
                pending = pool.apply_async(held_up, ("gate", "a", "b"))
            assert rec.wait(0) is False
            assert rec.incomplete != []
            assert "a" not in unused_keys(rec)
            Path("gate").write_text("go on")
            reads = pending.get(PATIENCE)
            pool.apply(work, ("later",))
            whole(rec, reads, bindings({"a": 1, "unread": 2}, at), {"unread": None})
        """
    )


def test_a_record_stays_whole_when_its_pool_has_gone(run: Run) -> None:
    """Workers that are ended by their pool have told what the finished tasks read."""
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        records = []
        for ending in ("terminate", "close"):
            pool = pool_of(2)
            with hp.record() as rec:
                reads = flat(pool.starmap(work, [(f"k{n}",) for n in range(20)]))
            getattr(pool, ending)()
            pool.join()
            records.append((rec, reads))
        with hp.record() as rec, ProcessPoolExecutor(2, mp.get_context("spawn")) as executor:
            reads = flat(executor.map(work, [f"k{n}" for n in range(20)]))
        for rec, reads in [*records, (rec, reads)]:
            whole(rec, reads)
        """
    )


def test_wait_within_an_open_record(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        with pool_of(1) as pool, hp.record() as rec:
            for n in range(3):
                reads = pool.apply(work, (f"k{n}",))
                assert rec.wait(PATIENCE) is True
                assert f"k{n}" in rec.operative()
        assert rec.incomplete == []
        """
    )


def test_a_record_without_workers_has_nothing_to_wait_for(run: Run) -> None:
    run(
        """
    def main():
        hp_dist.install()
        with hp.record() as rec:
            reads = read("a", 1)
            assert rec.wait(0) is True
        assert rec.wait(0) is True
        whole(rec, reads)
        """
    )


# -- workers that do what drivers do ----------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_pools_inside_of_workers(run: Run, method: str) -> None:
    """Three processes deep; overrides of the one in the middle, too."""
    run(
        WORK
        + """
    def middle(method):
        at = here(1)
        with hp.scope(**{"middle.lr": 5, "middle.momentun": 6}):
            with ProcessPoolExecutor(1, mp.get_context(method)) as executor:
                deep = executor.submit(work, "top.lr", "middle.lr", "middle.momentum", "deep")
                reads = deep.result(PATIENCE)
            return at, [*read("middle.own", 0), *reads]

    def main():
        hp_dist.install()
        with ProcessPoolExecutor(1, mp.get_context(sys.argv[1])) as executor:
            for _ in range(2):
                with hp.record() as rec:
                    at = here(1)
                    with hp.scope(**{"top.lr": 1}):
                        there, reads = executor.submit(middle, sys.argv[1]).result(PATIENCE)
                assert len({one.pid for one in reads} | {os.getpid()}) == 3
                bound = [*bindings({"top.lr": 1}, at),
                         *bindings({"middle.lr": 5, "middle.momentun": 6}, there)]
                whole(rec, reads, bound, {"middle.momentun": ["middle.momentum"]})
        """,
        method,
    )


def test_a_record_that_a_worker_opens_is_its_own_and_the_driver_has_it_all(run: Run) -> None:
    run(
        WORK
        + """
    def recording():
        before = work("a")
        with hp.record() as inner:
            inside = work("a", "b")
            with ProcessPoolExecutor(1, mp.get_context("fork")) as executor:
                inside += executor.submit(work, "c").result(PATIENCE)
        assert inner.wait(PATIENCE)
        holds(inner, inside)
        assert set(inner.operative()) == {"a", "b", "c"}
        return [*before, *inside, *work("d")]

    def main():
        hp_dist.install()
        with ProcessPoolExecutor(1, mp.get_context("fork")) as executor:
            for _ in range(2):
                with hp.record() as rec:
                    reads = executor.submit(recording).result(PATIENCE)
                whole(rec, reads)
        """
    )


def test_overrides_that_a_worker_sets_count(run: Run) -> None:
    """The one that nobody reads is named, with the place and the process that set it."""
    run(
        WORK
        + """
    def overriding():
        at = here(1)
        with hp.scope(**{"train.lr": 0.5, "train.momentun": 0.9}):
            reads = [*read("train.lr", 0.1), *read("train.momentum", 0.8)]
        hp.scope.train.epochs = 7
        return os.getpid(), at, [*reads, *read("train.bs", 32)]

    def main():
        hp_dist.install()
        with pool_of(1, "spawn") as pool:
            with hp.record() as rec:
                pid, at, reads = pool.apply(overriding)
        whole(rec, reads, bindings({"train.lr": 0.5}, at),
              {"train.momentun": ["train.momentum"], "train.epochs": None})
        (misspelt,) = [one for one in rec.unused() if one.key == "train.momentun"]
        assert place(misspelt.origin.location) == at
        assert misspelt.origin.process.pid == pid
        (lr,) = [one for one in rec.reads if one.key == "train.lr"]
        assert lr.origin.process.pid == pid
        """
    )


def test_an_override_that_only_some_other_worker_reads_is_used(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        with hp.record() as rec, pool_of(2) as pool:
            at = here(1)
            with hp.scope(a=1, b=2, c=3):
                reads = flat(pool.starmap(work, [("a",), ("b",)], chunksize=1))
                reads += read("c", -1)
        whole(rec, reads, bindings({"a": 1, "b": 2, "c": 3}, at))
        """
    )


# -- answers for the whole job ----------------------------------------------------------------


def test_values_that_differ_between_processes_are_divergent(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        with pool_of(2) as pool, hp.record() as rec, hp.scope(same=1, mixed=1):
            results = []
            for n in range(4):
                with hp.scope(lr=n):
                    results.append(pool.apply_async(work, ("lr", "same", "default")))
            flat(one.get(PATIENCE) for one in results)
            read("mixed", 0)
            with hp.scope(mixed=1.0):
                pool.apply(work, ("mixed",))
        assert rec.wait(PATIENCE)
        found = {key: sorted({repr(one.value) for one in reads})
                 for key, reads in rec.divergent().items()}
        assert found == {"lr": ["0", "1", "2", "3"], "mixed": ["1", "1.0"]}, found
        """
    )


def test_what_was_used_makes_the_same_program_do_the_same(run: Run) -> None:
    """Flat or nested, over other settings, in a new pool as well."""
    run("""
    @hp.param("net")
    def net(width=4, depth: int = 2, kind="plain"):
        return width, depth, kind, hp.scope.net.opt.lr | 0.5, hp.scope.seed | 0

    def work(_):
        return net()

    def job(pool):
        return pool.map(work, range(4))

    def main():
        hp_dist.install()
        with mp.get_context("spawn").Pool(2) as pool, mp.get_context("fork").Pool(1) as other:
            with hp.record() as rec, hp.scope("net.depth=007", "net.opt.lr=1e-2", seed=2**70):
                first = job(pool)
            assert rec.wait(PATIENCE)
            assert rec.operative() == {"net.width": 4, "net.depth": 7, "net.kind": "plain",
                                       "net.opt.lr": 0.01, "seed": 2**70}
            nested = rec.operative(nested=True)
            assert nested["net"]["opt"] == {"lr": 0.01}
            for config in (rec.operative(), nested):
                with hp.scope(**{"net.width": 99}), hp.record() as again, hp.scope(**config):
                    assert job(pool) == job(other) == first
                assert again.wait(PATIENCE)
                assert again.operative() == rec.operative()
                assert again.unused() == []
            rec.save("record.json")
            assert hp.Record.load("record.json").operative() == rec.operative()
    """)


def test_a_saved_record_has_what_workers_read(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        hp_dist.install()
        at = here(1)
        with pool_of(2) as pool, hp.record() as rec, hp.scope(a=1, zz=2):
            reads = flat(pool.starmap(work, [("a", f"k{n}") for n in range(6)]))
        whole(rec, reads, bindings({"a": 1, "zz": 2}, at), {"zz": None})
        rec.save("record.json")
        again = hp.Record.load("record.json")
        assert repr(again.reads) == repr(rec.reads)
        assert again.incomplete == []
        assert [one.key for one in again.unused()] == ["zz"]
        """
    )


# -- every record around a read has it ---------------------------------------------------------


def test_a_record_that_is_opened_again_passes_on_what_it_knows_already(run: Run) -> None:
    """The records around it are others the second time."""
    run(
        WORK
        + """
    def main():
        again = hp.record()
        with hp.scope(a=1):
            for _ in range(2):
                with hp.record() as outer, again:
                    work("a", "b")
                assert set(outer.operative()) == {"a", "b"}
                assert outer.unused() == []
        """
    )


def test_a_bound_function_that_was_pickled_and_stays_here_tells_its_record(run: Run) -> None:
    run(
        WORK
        + """
    def main():
        import pickle
        with hp.scope(a=1), hp.record() as rec:
            data = pickle.dumps(hp_dist.bind(work))
        reads = pickle.loads(data)("a")
        lacks(rec, reads)
        assert rec.unused() == []
        """
    )


# -- nothing is lost between those who write and the one who empties ---------------------------


def test_threads_of_a_worker_and_its_submitter_lose_no_line_between_them(run: Run) -> None:
    """The owner empties the mailbox while four threads of one worker append to it."""
    run(
        WORK
        + """
    def many(count):
        def these(thread):
            for n in range(count):
                hp.scope[f"key{n}.of{thread}"] | 0
        threads = [threading.Thread(target=hp_dist.bind(these), args=(n,)) for n in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    def main():
        hp_dist.install()
        with pool_of(1) as pool, hp.record() as rec:
            result = pool.apply_async(many, (1_000,))
            while not result.ready():
                rec.reads  # noqa: B018
            result.get(PATIENCE)
        assert len(rec.reads) == 4_000
        assert rec.incomplete == []
        """
    )


# -- what has yet to be done is pending --------------------------------------------------------


def test_what_joblib_has_yet_to_do_is_pending(run: Run) -> None:
    run(
        WORK
        + """
    def slow(n, gate):
        while n and not Path(gate).exists():
            time.sleep(0.01)
        return work(f"k{n}")

    def main():
        import joblib
        from joblib.externals.loky import get_reusable_executor
        hp_dist.install()
        with joblib.Parallel(2, backend="loky", return_as="generator", batch_size=1) as parallel:
            with hp.record() as rec, hp.scope(k0=1, k1=2):
                results = parallel(joblib.delayed(slow)(n, "gate") for n in range(2))
                next(results)
            assert not rec.wait(0) and rec.incomplete
            assert unused_keys(rec) == set()
            Path("gate").touch()
            list(results)
            assert rec.wait(PATIENCE)
            assert rec.unused() == [] and rec.incomplete == []
        get_reusable_executor().shutdown(wait=True)
        """
    )


@pytest.mark.parametrize("way", ["pool", "executor"])
def test_a_bound_call_is_pending_for_the_record_where_it_was_bound(run: Run, way: str) -> None:
    run(
        WORK
        + """
    def slow(gate):
        while not Path(gate).exists():
            time.sleep(0.01)
        return work("a")

    def main():
        hp_dist.install()
        with pool_of(1) as pool, ProcessPoolExecutor(1, mp.get_context("spawn")) as executor:
            with hp.record() as rec, hp.scope(a=1):
                bound = hp_dist.bind(slow)
            if sys.argv[1] == "pool":
                get = pool.apply_async(bound, ("gate",)).get
            else:
                get = executor.submit(bound, "gate").result
            assert not rec.wait(0)
            assert unused_keys(rec) == set()
            Path("gate").touch()
            reads = get(PATIENCE)
            lacks(rec, reads)
            assert rec.wait(PATIENCE)
            assert rec.unused() == []
        """,
        way,
    )
