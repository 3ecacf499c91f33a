"""What Ray's workers read is in the record that was open where their work was submitted."""

import re

from collect_programs import Run
from ray_settings import WARNINGS

pytestmark = WARNINGS

WORK = """
    SET = {"train.lr": 0.5, "train.momentun": 0.9}

    def work(n):
        return [*read(f"own.k{n}", n), *read("train.lr", 0.1), *read("train.momentum", 0.8)]

    def check(way, others=()):
        with hp.record() as rec:
            at = here(1)
            with hp.scope(**SET):
                reads = flat(way())
        assert {one.key for one in reads} >= {"own.k0", "own.k1", "own.k2", "train.lr"}
        bound = [*bindings(SET, at), *others]
        whole(rec, reads, bound, {"train.momentun": ["train.momentum"]})

    def cpus():
        return ray.available_resources().get("CPU", 0)
"""


def test_tasks_and_actors_of_every_kind_on_one_cpu(run_with_own_ray: Run) -> None:
    """The collector takes no CPU.  The actors and workers are warm from the second turn on."""
    run_with_own_ray(
        WORK
        + """
    @ray.remote
    def task(n):
        return work(n)

    @ray.remote(num_cpus=0)
    def parent():
        return flat(ray.get([task.remote(n) for n in range(3)]))

    @ray.remote(num_cpus=0)
    def grandparent():
        return ray.get(parent.remote())

    @ray.remote
    def streaming():
        for n in range(3):
            yield work(n)

    @ray.remote(num_returns=3)
    def three():
        return [work(n) for n in range(3)]

    @ray.remote(num_cpus=0)
    class Plain:
        def work(self, n):
            return work(n)

        def stream(self):
            for n in range(3):
                yield work(n)

        def deeper(self):
            return ray.get(parent.remote())

    @ray.remote(num_cpus=0)
    class Async:
        async def work(self, n):
            first = read("train.lr", 0.1)
            await asyncio.sleep(0)
            return [*first, *work(n)]

        async def stream(self):
            for n in range(3):
                await asyncio.sleep(0)
                yield work(n)

    def main():
        connect(num_cpus=1)
        hp_dist.install()
        plain, concurrent = Plain.remote(), Async.remote()
        threaded = Plain.options(max_concurrency=3).remote()
        ways = [
            lambda: get([task.remote(n) for n in range(3)]),
            lambda: get([task.options(name="x").remote(n) for n in range(3)]),
            lambda: [get(parent.remote())],
            lambda: [get(grandparent.remote())],
            lambda: [get(one) for one in streaming.remote()],
            lambda: get(three.remote()),
            lambda: get([plain.work.remote(n) for n in range(3)]),
            lambda: [get(one) for one in plain.stream.options(num_returns="streaming").remote()],
            lambda: [get(plain.deeper.remote())],
            lambda: get([threaded.work.remote(n) for n in range(3)]),
            lambda: get([concurrent.work.remote(n) for n in range(3)]),
            lambda: [get(one) for one in concurrent.stream.options(
                num_returns="streaming").remote()],
        ]
        for _ in range(2):
            for number, way in enumerate(ways):
                try:
                    check(way)
                except AssertionError as error:
                    error.add_note(f"the way with index {number}")
                    raise
        wait_until(lambda: cpus() == 1)
        ray.shutdown()
        """
    )


def test_what_a_constructor_reads_belongs_to_the_record_open_at_creation(
    run_with_ray: Run,
) -> None:
    """Again when the actor is restarted; its methods belong to their callers."""
    run_with_ray(
        WORK
        + """
    @ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)
    class Actor:
        def __init__(self):
            self.reads = read("made", -1)

        def made(self):
            return self.reads

        def process(self):
            return os.getpid()

        def work(self, n):
            return [*work(n), *read("made", 0)]

    def main():
        connect()
        hp_dist.install()
        with hp.record() as creation:
            at = here(1)
            with hp.scope(made=1):
                actor = Actor.remote()
                with hp.record() as inner:
                    reads = get(actor.made.remote())
        whole(creation, reads, bindings({"made": 1}, at))
        assert inner.reads == []
        check(lambda: get([actor.work.remote(n) for n in range(3)]), bindings({"made": 1}, at))
        old = get(actor.process.remote())
        assert hp.process_record().wait(PATIENCE)  # or the worker may die before it has told that
        os.kill(old, signal.SIGKILL)
        with hp.record() as method:
            reads += get(actor.made.remote())
        assert get(actor.process.remote()) != old
        check(lambda: get([actor.work.remote(n) for n in range(3)]), bindings({"made": 1}, at))
        creation.wait(PATIENCE)
        holds(creation, reads, bindings({"made": 1}, at))
        method.wait(PATIENCE)
        assert [one for one in method.reads if one.key == "made"] == []
        ray.shutdown()
        """
    )


def test_concurrent_calls_of_one_actor_belong_to_their_own_records(run_with_ray: Run) -> None:
    """All calls are inside of the actor at the same time, and all read the same."""
    run_with_ray(
        WORK
        + """
    @ray.remote(num_cpus=0, max_concurrency=4)
    class Threaded:
        def __init__(self):
            self.meeting = threading.Barrier(4)

        def work(self, name):
            first = read("both", 0)
            self.meeting.wait(PATIENCE)
            reads = [*first, *read(name, 1), *read("late", 2)]
            self.meeting.wait(PATIENCE)
            return [*reads, *read("both", 0)]

    @ray.remote(num_cpus=0)
    class Async:
        def __init__(self):
            self.meeting = asyncio.Barrier(4)

        async def work(self, name):
            first = read("both", 0)
            await self.meeting.wait()
            reads = [*first, *read(name, 1), *read("late", 2)]
            await self.meeting.wait()
            return [*reads, *read("both", 0)]

    def main():
        connect()
        hp_dist.install()
        for actor in (Threaded.remote(), Async.remote()):
            for turn in range(2):
                records, calls = [], []
                for n in range(4):
                    with hp.record() as rec:
                        calls.append(actor.work.remote(f"k{n}"))
                    records.append(rec)
                for n, (rec, reads) in enumerate(zip(records, get(calls))):
                    whole(rec, reads)
                    assert set(rec.operative()) == {"both", f"k{n}", "late"}
        ray.shutdown()
        """
    )


def test_the_explicit_way_without_install(run_with_ray: Run) -> None:
    run_with_ray(
        WORK
        + """
    import hp_dist.ray

    @hp_dist.ray.remote
    def task(n):
        return work(n)

    @hp_dist.ray.remote(num_cpus=0)
    class Actor:
        def work(self, n):
            return work(n)

    def main():
        connect()
        actor, stock = Actor.remote(), ray.remote(lambda function, n: function(n))
        for _ in range(2):
            check(lambda: get([task.remote(n) for n in range(3)]))
            check(lambda: get([actor.work.remote(n) for n in range(3)]))
            check(lambda: get([stock.remote(hp_dist.bind(work), n) for n in range(3)]))
        ray.shutdown()
        """
    )


def test_local_pools_inside_of_tasks(run_with_ray: Run) -> None:
    run_with_ray(
        WORK
        + """
    @ray.remote
    def task():
        with ProcessPoolExecutor(1, mp.get_context("fork")) as executor:
            # Its workers are forked from Ray's: they have no `__main__` of this program.
            keys = ["own.k0", "own.k1", "own.k2", "train.lr", "train.momentum"]
            return [*read("task", 0), *flat(executor.map(read_all, keys))]

    def main():
        connect()
        hp_dist.install()
        for _ in range(2):
            check(lambda: [get(task.remote())])
        ray.shutdown()
        """
    )


def test_the_collector_outlives_a_placement_group_that_its_children_would_join(
    run_with_own_ray: Run,
) -> None:
    run_with_own_ray(
        WORK
        + """
    from ray.util.placement_group import placement_group, remove_placement_group
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    @ray.remote
    def task(n):
        return work(n)

    @ray.remote
    def parent():
        return flat(ray.get([task.options(num_cpus=0).remote(n) for n in range(3)]))

    def main():
        connect(num_cpus=1)
        hp_dist.install()
        group = placement_group([{"CPU": 1}])
        get(group.ready())
        inside = PlacementGroupSchedulingStrategy(group, placement_group_capture_child_tasks=True)
        with hp.record() as around:
            check(lambda: [get(parent.options(scheduling_strategy=inside).remote())])
            remove_placement_group(group)
            wait_until(lambda: cpus() == 1)
            check(lambda: get([task.remote(n) for n in range(3)]))
        assert around.wait(PATIENCE)
        assert around.incomplete == []
        ray.shutdown()
        """
    )


def test_two_drivers_one_after_the_other_in_one_program(run_with_ray: Run) -> None:
    """A record that is open all the time has the reads of both."""
    run_with_ray(
        WORK
        + """
    @ray.remote
    def task(n):
        return work(n)

    def main():
        hp_dist.install()
        with hp.record() as rec:
            everything = []
            for turn in range(2):
                connect()
                check(lambda: get([task.remote(n) for n in range(3)]))
                last = get(task.remote(10 + turn))
                assert rec.wait(PATIENCE)
                ray.shutdown()
                everything += last
        assert rec.wait(PATIENCE)
        lacks(rec, everything)
        assert {one.key for one in rec.reads} >= {"own.k0", "own.k10", "own.k11"}
        """
    )


def test_a_thousand_tasks_that_read_a_hundred_keys(run_with_ray: Run) -> None:
    run_with_ray(
        WORK
        + """
    @ray.remote
    def task(n):
        return sum(hp.scope[f"key{k}"] | 0 for k in range(100)) + (hp.scope.n | -1)

    def main():
        connect()
        hp_dist.install()
        with hp.record() as rec:
            references = []
            with hp.scope(**{f"key{k}": 1 for k in range(100)}, unread=1):
                for n in range(500):
                    references.append(task.remote(n))
            for n in range(500, 1000):
                with hp.scope(**{f"key{k}": 1 for k in range(100)}, n=n):
                    references.append(task.remote(n))
            assert get(references) == [99] * 500 + [100 + n for n in range(500, 1000)]
        assert rec.wait(PATIENCE)
        assert rec.incomplete == []
        assert {one.key for one in rec.reads} == {"n", *(f"key{k}" for k in range(100))}
        assert {one.value for one in rec.reads if one.key == "n"} == {-1, *range(500, 1000)}
        assert {one.value for one in rec.reads if one.key != "n"} == {1}
        assert [one.key for one in rec.unused()] == ["unread"]
        ray.shutdown()
        """
    )


# -- faults ------------------------------------------------------------------------------------


def test_a_killed_worker_makes_no_record_wrong(run_with_ray: Run, repeat: int) -> None:
    """The retried task is in the record; of the killed one, all but the last second."""
    run_with_ray(
        WORK
        + """
    @ray.remote(max_retries=2)
    def dies_once(folder):
        first = not os.path.exists(f"{folder}/told")
        reads = [*work(0), *read("first" if first else "second", 0)]
        if first:
            Path(folder, "told").write_text(json.dumps(reads))
            wait_until(lambda: os.path.exists(f"{folder}/known"))
            os.kill(os.getpid(), signal.SIGKILL)
        return reads

    @ray.remote(max_retries=0)
    def dies(folder):
        Path(folder, "at once").write_text(json.dumps(read("b", -1)))
        os.kill(os.getpid(), signal.SIGKILL)

    def main():
        connect()
        hp_dist.install()
        with hp.record() as rec:
            at = here(1)
            with hp.scope(**SET):
                retried = dies_once.remote(os.getcwd())
            wait_until(lambda: "first" in rec.operative())  # while its task is under way
            Path("known").touch()
            reads = get(retried)
        rec.wait(5)
        reads += [Told(*one) for one in json.loads(Path("told").read_text())]
        assert len({one.pid for one in reads}) == 2
        holds(rec, reads, bindings(SET, at))
        assert unused_keys(rec) <= {"train.momentun"}
        with hp.record() as rec, hp.scope(b=1, unread=2):
            try:
                get(dies.remote(os.getcwd()))
            except ray.exceptions.WorkerCrashedError:
                show("killed")
        complete = rec.wait(5)
        reads = [Told(*one) for one in json.loads(Path("at once").read_text())]
        has_all = not_wrong(rec, reads, ["unread"])
        assert has_all or not complete
        ray.shutdown()
        """
    )


def test_a_killed_collector_is_one_warning_and_an_incomplete_record(run_with_ray: Run) -> None:
    """The program goes on, and so do later records: whole, or named incomplete."""
    ended = run_with_ray(
        WORK
        + """
    @ray.remote
    def task(n):
        return work(n)

    def main():
        connect(log_to_driver=True)
        hp_dist.install()
        with hp.record() as rec:
            reads = flat(get([task.remote(n) for n in range(3)]))
            assert rec.wait(PATIENCE)
            collectors = alive()
            assert len(collectors) == 1, collectors
            os.kill(collectors[0]["Pid"], signal.SIGKILL)
            with hp.scope(**{"train.lr": 2, "unread": 1}):
                reads += flat(get([task.remote(n) for n in range(20)]))
        rec.wait(5)
        not_wrong(rec, reads, ["unread"])
        show(bool(rec.incomplete))
        with hp.record() as rec, hp.scope(**{"train.lr": 3}):
            reads = flat(get([task.remote(n) for n in range(20)]))
        rec.wait(5)
        not_wrong(rec, reads)
        assert [one.value for one in reads if one.key == "train.lr"] == [3] * 20
        ray.shutdown()
        """
    )
    ours = re.findall(r"\w*warning: .*(?:record|collect).*", ended.stderr, re.IGNORECASE)
    (incomplete,) = ended.shown
    assert len(ours) == (1 if incomplete else 0), ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_driver_that_is_interrupted_does_not_wait_for_its_tasks(run_with_ray: Run) -> None:
    ended = run_with_ray(
        WORK
        + """
    @ray.remote
    def held_up(ready):
        reads = work(0)
        Path(ready).touch()
        time.sleep(1000)

    def main():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        connect()
        hp_dist.install()
        try:
            with hp.record() as rec, hp.scope(**{"train.lr": 1}):
                task = held_up.remote(os.path.abspath("ready"))
                wait_until(Path("ready").exists)
                began = time.monotonic()
                os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            show(time.monotonic() - began)
        assert rec.incomplete
        assert unused_keys(rec) == set()
        ray.cancel(task, force=True)
        ray.shutdown()
        """
    )
    (seconds,) = ended.shown
    assert seconds < 1


def test_a_worker_of_a_pool_that_is_a_driver_of_its_own_passes_on_what_its_tasks_read(
    run_with_ray: Run,
) -> None:
    run_with_ray(
        WORK
        + """
    def drive(n):
        connect()
        try:
            task = ray.remote(num_cpus=0)(read)
            return flat([read(f"own.k{n}", n), *get([task.remote(f"deep.k{n}", n),
                                                     task.remote("train.momentum", 0.8)])])
        finally:
            ray.shutdown()

    def main():
        hp_dist.install()
        with ProcessPoolExecutor(1, mp.get_context("spawn")) as executor:
            for n in range(2):
                with hp.record() as rec:
                    at = here(1)
                    with hp.scope(**SET):
                        reads = executor.submit(drive, n).result(PATIENCE)
                assert [one.key for one in reads] == [f"own.k{n}", f"deep.k{n}", "train.momentum"]
                lacks(rec, reads)
                assert rec.incomplete == []
                assert {one.key for one in rec.unused()} == set(SET)
    """
    )


def test_a_fork_in_a_driver_leaves_its_collector_alone(run_with_ray: Run) -> None:
    """A handle that is deleted in a forked child says so over the connection of its parent."""
    run_with_ray(
        WORK
        + """
    def main():
        import gc
        connect()
        hp_dist.install("ray")
        task = ray.remote(num_cpus=0)(work)
        collectors = []
        for n in range(2):
            check(lambda: get([task.remote(n) for n in range(3)]))
            collectors.append([one["Name"] for one in alive()])
            child = os.fork()
            if child == 0:
                gc.collect()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        check(lambda: get([task.remote(n) for n in range(3)]))
        assert collectors[0] == collectors[1] == [one["Name"] for one in alive()]
        assert len(collectors[0]) == 1
        ray.shutdown()
    """
    )
