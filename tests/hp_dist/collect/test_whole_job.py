"""One program with every kind of engine: its record has what any of them read, and nothing else."""

import pytest
import soak
from collect_programs import Run
from ray_settings import WARNINGS

pytestmark = WARNINGS

JOB = """
    import joblib
    from joblib.externals.loky import get_reusable_executor

    LR, MISSPELT = 0.5, "net.momentun"

    @hp.param("net")
    def net(width=4, depth=2):
        return width, depth

    def work(name):
        # Each reads one key of its own, one that is set, two defaults that all read.
        assert net() == (8, 2)
        reader = here(1)
        momentum = hp.scope.net.momentum | 0.8
        return [*filled(net, "net.width", 8, 4), *filled(net, "net.depth", 2, 2),
                *told("net.momentum", momentum, 0.8, reader),
                *read(f"{name}.own", name), *read(f"{name}.set", -1), *read("net.lr", 0.1)]

    async def tasks():
        async def task(n):
            await asyncio.sleep(0)
            return work(f"asyncio{n}")

        return [*await asyncio.gather(*map(task, range(2))),
                await asyncio.to_thread(work, "to_thread")]

    def bare_thread(name):
        reads = []
        thread = threading.Thread(target=hp_dist.bind(lambda: reads.extend(work(name))))
        thread.start()
        thread.join(PATIENCE)
        return reads

    @ray.remote
    def leaf(name):
        return work(name)

    @ray.remote
    def parent(name):
        return [*work(name), *flat(ray.get([leaf.remote(f"{name}.leaf{n}") for n in range(2)]))]

    @ray.remote(num_cpus=0)
    class Actor:
        def __init__(self):
            self.at_start = work("actor.start")

        def work(self, name):
            return work(name)

    ENGINES = ("thread", "asyncio0", "asyncio1", "to_thread", "threads", "pool0", "pool1",
               "executor0", "executor1", "loky0", "loky1", "nested", "nested.leaf0",
               "nested.leaf1", "actor", "driver")

    def job(n, pool, executor, threads, actor):
        settings = {"net.width": 8, "net.lr": LR + n, MISSPELT: n,
                    **{f"{name}.set": n for name in ENGINES}}
        with hp.record() as rec:
            at = here(1)
            with hp.scope(**settings):
                nested, method = parent.remote("nested"), actor.work.remote("actor")
                pooled = pool.map_async(work, ["pool0", "pool1"], chunksize=1)
                futures = [executor.submit(work, f"executor{n}") for n in range(2)]
                reads = [
                    work("driver"),
                    bare_thread("thread"),
                    threads.submit(work, "threads").result(PATIENCE),
                    *asyncio.run(tasks()),
                    *joblib.Parallel(2)(joblib.delayed(work)(f"loky{n}") for n in range(2)),
                    *pooled.get(PATIENCE),
                    *(future.result(PATIENCE) for future in futures),
                    *get([nested, method]),
                ]
        reads = flat(reads)
        assert {one.key for one in reads if one.key.endswith(".own")} == {
            f"{name}.own" for name in ENGINES}
        whole(rec, reads, bindings(settings, at), {MISSPELT: ["net.momentum"]})
        assert rec.divergent() == {}
        assert rec.operative() == {one.key: one.value for one in reads}
        assert len({one.process.pid for one in rec.reads}) >= 6
        return rec

    def main():
        connect()
        hp_dist.install()
        with (mp.get_context("spawn").Pool(2) as pool,
              ProcessPoolExecutor(2, mp.get_context("spawn")) as executor,
              hp_dist.futures.ThreadPoolExecutor(2) as threads):
            with hp.record() as first, hp.scope(**{"net.width": 8}):
                actor = Actor.remote()
                get(actor.work.remote("warm"))
            assert first.wait(PATIENCE)
            assert "actor.start.own" in first.operative()
            with hp.record() as both:
                jobs = [job(n, pool, executor, threads, actor) for n in range(2)]
            same = job(1, pool, executor, threads, actor)  # all is known to all workers by now
            assert same.operative() == jobs[1].operative()
        assert both.wait(PATIENCE)
        assert both.incomplete == []
        keys = {one.key for rec in jobs for one in rec.reads}
        assert {one.key for one in both.reads} == keys
        assert {repr(one.value) for one in both.divergent()["net.lr"]} == {"0.5", "1.5"}
        assert [one.key for one in both.unused()] == [MISSPELT]
        get_reusable_executor().shutdown(wait=True)
        ray.shutdown()
"""


@pytest.mark.parametrize("turn", range(soak.amount(1, full=20)))
def test_jobs_on_the_same_warm_workers_of_all_engines(run_with_ray: Run, turn: int) -> None:
    """Every record is whole: values, origins, readers; the one misspelt override is named."""
    run_with_ray(JOB)
