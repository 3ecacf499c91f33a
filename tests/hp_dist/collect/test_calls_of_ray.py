"""Calls of Ray that run twice, or never: a record waits for what can still tell, for no other."""

from collect_programs import Run
from ray_settings import WARNINGS

pytestmark = WARNINGS

WORK = """
    @ray.remote(num_cpus=0)
    def work(*names):
        return flat(read(name, -1) for name in names)

    @ray.remote(num_cpus=0)
    def held_up(path, *names):
        with open(path) as fifo:
            fifo.read()
        return flat(read(name, -1) for name in names)

    def gate():
        os.mkfifo("gate")
        return os.path.abspath("gate")

    def ends_incomplete(rec):
        ended = []
        waiter = threading.Thread(target=lambda: ended.append(rec.wait()), daemon=True)
        waiter.start()
        waiter.join(PATIENCE)
        assert ended == [False], ended
        reasons = rec.incomplete
        assert any("without telling" in reason for reason in reasons), reasons
        assert not any("have not ended" in reason for reason in reasons), reasons

    NOWHERE = {"resources": {"nowhere": 1}}
"""


def test_calls_that_never_begin_are_not_waited_for(run_with_ray: Run) -> None:
    """Cancelled ones, with or without a reference to ask by, and those of an actor that is dead."""
    run_with_ray(
        WORK
        + """
    @ray.remote(num_cpus=0)
    class Actor:
        def work(self, *names):
            return flat(read(name, -1) for name in names)

    def cancelled():
        ray.cancel(work.options(**NOWHERE).remote("a"))

    def cancelled_and_kept():
        kept.append(work.options(**NOWHERE).remote("a"))
        ray.cancel(kept[-1])

    def needs_what_fails():
        @ray.remote(num_cpus=0)
        def fail():
            raise ValueError
        kept.append(work.remote(fail.remote()))

    def killed_actor():
        actor = Actor.remote()
        get(actor.work.remote("a"))
        ray.kill(actor)
        wait_until(lambda: not [one for one in alive() if one["ActorClassName"] == "Actor"])
        kept.append(actor.work.remote("b"))

    def unschedulable_actor():
        actor = Actor.options(**NOWHERE).remote()
        actor.work.remote("a")
        ray.kill(actor)

    kept = []

    def main():
        connect()
        hp_dist.install()
        for way in (cancelled, cancelled_and_kept, needs_what_fails, killed_actor,
                    unschedulable_actor):
            with hp.record() as rec, hp.scope(unread=1):
                way()
            try:
                ends_incomplete(rec)
                assert unused_keys(rec) == set()
            except AssertionError as error:
                error.add_note(way.__name__)
                raise
        with hp.record() as rec:
            reads = get(work.remote("a"))
        assert rec.wait(PATIENCE) and rec.incomplete == []
        ray.shutdown()
        """
    )


def test_a_call_that_ray_refuses_was_never_submitted(run_with_ray: Run) -> None:
    run_with_ray(
        WORK
        + """
    def main():
        connect()
        hp_dist.install()
        with hp.record() as rec:
            for wrong in ({"num_cpus": -1}, {"scheduling_strategy": 7}):
                try:
                    work.options(**wrong).remote("b")
                except (TypeError, ValueError):
                    continue
                raise AssertionError(wrong)
            try:
                work.remote(threading.Lock())
            except TypeError:
                pass
            reads = get(work.remote("a"))
        whole(rec, reads)
        ray.shutdown()
        """
    )


def test_a_call_whose_worker_is_killed_is_given_up(run_with_ray: Run) -> None:
    """Whether the caller has kept its reference or not, and where the call has no results."""
    run_with_ray(
        WORK
        + """
    @ray.remote(num_cpus=0, max_retries=0)
    def die(path):
        Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)

    def main():
        connect()
        hp_dist.install()
        for n, options in enumerate([{}, {"num_returns": 0}, {"num_returns": 2}]):
            with hp.record() as rec:
                kept = die.options(**options).remote(os.path.abspath(f"died{n}"))
                if n == 0:
                    del kept
            ends_incomplete(rec)
            assert Path(f"died{n}").exists()
        ray.shutdown()
        """
    )


def test_what_a_killed_worker_had_submitted_is_given_up(run_with_ray: Run) -> None:
    """Ray ends the calls whose submitter has died, and nobody tells that they have ended."""
    run_with_ray(
        WORK
        + """
    @ray.remote(num_cpus=0, max_retries=0)
    def submit_and_die(gate, known):
        held_up.remote(gate, "a")
        work.options(**NOWHERE).remote("b")
        get(work.remote("c"))
        read("own", 0)  # told after what was submitted
        wait_until(lambda: os.path.exists(known))
        os.kill(os.getpid(), signal.SIGKILL)

    def main():
        connect()
        hp_dist.install()
        with hp.record() as rec:
            kept = submit_and_die.remote(gate(), os.path.abspath("known"))
        wait_until(lambda: "own" in rec.operative())
        Path("known").touch()
        ends_incomplete(rec)
        assert "c" in rec.operative()
        ray.shutdown()
        """
    )


def test_what_a_living_worker_has_submitted_and_cancelled_is_given_up(run_with_ray: Run) -> None:
    run_with_ray(
        WORK
        + """
    @ray.remote(num_cpus=0)
    class Submitter:
        def submit(self):
            ray.cancel(work.options(**NOWHERE).remote("b"))

    def main():
        connect()
        hp_dist.install()
        submitter = Submitter.remote()
        with hp.record() as rec:
            get(submitter.submit.remote())
        ends_incomplete(rec)
        ray.shutdown()
        """
    )


def test_a_call_that_runs_twice_counts_once(run_with_ray: Run) -> None:
    """The other call, which has not ended, is still waited for."""
    run_with_ray(
        WORK
        + """
    @ray.remote(num_cpus=0, max_retries=3, retry_exceptions=True)
    def second_time(path, name):
        reads = read(name, -1)
        if not os.path.exists(path):
            Path(path).touch()
            raise ValueError
        return reads

    @ray.remote(num_cpus=0, max_restarts=3, max_task_retries=3)
    class Actor:
        def second_time(self, path, name):
            reads = read(name, -1)
            if not os.path.exists(path):
                wait_until(lambda: os.path.exists(path + ".known"))
                Path(path).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return reads

    def main():
        connect()
        hp_dist.install()
        actor, blocked = Actor.remote(), gate()
        with hp.record() as rec, hp.scope(late=1):
            held = held_up.remote(blocked, "late")
            reads = get(second_time.remote(os.path.abspath("first"), "a"))
            killed = actor.second_time.remote(os.path.abspath("second"), "b")
            wait_until(lambda: "b" in rec.operative())
            Path("second.known").touch()
            reads += get(killed)
            assert rec.wait(3) is False
            assert unused_keys(rec) == set()
            Path(blocked).write_text("go on")
            late = get(held)
        assert rec.wait(PATIENCE)
        assert rec.incomplete == []
        lacks(rec, [*reads, *late])
        ray.shutdown()
        """
    )


# -- the collector -----------------------------------------------------------------------------


def test_a_worker_that_cannot_reach_the_collector_for_a_while_loses_nothing(
    run_with_ray: Run,
) -> None:
    run_with_ray(
        WORK
        + """
    @ray.remote(num_cpus=0)
    def cut_off(failures, *names):
        from hp_dist._ray.sender import CollectorSender
        find, left = CollectorSender._find, [failures]

        def fail(self):
            if left[0]:
                left[0] -= 1
                raise ConnectionError("no route to host")
            return find(self)

        CollectorSender._find = fail
        return flat(read(name, -1) for name in names)

    def main():
        connect()
        hp_dist.install()
        with hp.record() as rec:
            reads = get(cut_off.remote(5, "a", "b"))
        whole(rec, reads)
        with hp.record() as rec, hp.scope(b=1):
            get(cut_off.remote(10**9, "a", "b"))
        ends_incomplete(rec)  # and the worker never told
        assert unused_keys(rec) == set()
        ray.shutdown()
        """
    )


def test_a_record_says_that_the_collector_has_died(run_with_ray: Run) -> None:
    run_with_ray(
        WORK
        + """
    def main():
        connect()
        hp_dist.install()
        with hp.record() as rec:
            get(work.remote("a"))
            assert rec.wait(PATIENCE)
            held = held_up.remote(gate(), "b")
            (collector,) = alive()
            os.kill(collector["Pid"], signal.SIGKILL)
            assert rec.wait(PATIENCE) is False
        (reason,) = rec.incomplete
        assert "collector died" in reason and "shut down" not in reason, reason
        ray.cancel(held, force=True)
        ray.shutdown()
        """
    )


def test_a_scope_that_stays_open_is_sent_by_each_connection(run_with_ray: Run) -> None:
    run_with_ray(
        WORK
        + """
    def main():
        hp_dist.install()
        scope, bound = hp.scope(b=1), bindings({"b": 1}, here())
        with hp.scope(a=1):
            bound += bindings({"a": 1}, here(-1))
            for _ in range(3):
                connect()
                with hp.record() as rec, scope:
                    reads = flat(get([work.remote("a", "b") for _ in range(4)]))
                whole(rec, reads, bound)
                assert {one.value for one in reads} == {1}
                assert flat(get([work.remote("a", "b") for _ in range(4)]))
                ray.shutdown()
        """
    )
