"""Installing engines: by name, before they are imported, and never by halves."""

import importlib
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import hp_dist
from hp_dist import _engines


def test_unknown_engine_is_named_with_the_known_ones() -> None:
    known = "futures, joblib, loky, multiprocessing, ray"
    with pytest.raises(
        hp_dist.EngineError, match=rf"'slurm' is not an engine; known are {known}\."
    ):
        hp_dist.install("slurm")
    assert _engines.installed() == ()


def test_import_brings_neither_an_engine_nor_an_event_loop() -> None:
    """Each worker that is spawned imports the package, and would wait for them."""
    program = """
import sys
import hp_dist
assert not {"asyncio", "joblib", "loky", "ray", "ssl"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_engine_is_patched_when_it_is_imported_and_not_imported_for_it() -> None:
    program = """
import sys
import hp_dist
hp_dist.install("ray")
assert "ray" not in sys.modules
import ray
from ray.remote_function import RemoteFunction
assert RemoteFunction._remote.__module__ == "ray.remote_function"  # by functools.wraps
assert "hp_dist" in RemoteFunction._remote.__code__.co_filename
hp_dist.uninstall()
assert "hp_dist" not in RemoteFunction._remote.__code__.co_filename
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_engine_uninstalled_before_it_is_imported_stays_as_it_is() -> None:
    program = """
import hp_dist
hp_dist.install("ray")
hp_dist.uninstall()
import ray
from ray.remote_function import RemoteFunction
assert "hp_dist" not in RemoteFunction._remote.__code__.co_filename
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "name", ["futures", "joblib", "loky", "multiprocessing", "ray", "subprocess"]
)
def test_module_of_an_engine_offers_public_names_alone(name: str) -> None:
    module = importlib.import_module(f"hp_dist.{name}")
    assert module.__all__ == sorted(module.__all__)
    assert all(hasattr(module, public) for public in module.__all__)
    assert not any(public.startswith("_") or public == "patch" for public in module.__all__)


def test_uninstall_leaves_alone_what_others_have_patched_since(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        dedent("""
        import multiprocessing as mp
        from multiprocessing.pool import Pool
        import hp_dist, hyperparameter as hp

        traced = []

        def tracing(original):
            def apply_async(self, *args, **kwargs):
                traced.append(1)
                return original(self, *args, **kwargs)
            return apply_async

        def rate():
            return hp.scope.rate | 0.0

        if __name__ == "__main__":
            stock = Pool.apply_async
            with mp.get_context("fork").Pool(1) as pool, hp.scope(rate=0.5):
                hp_dist.install("multiprocessing")
                ours = Pool.apply_async
                Pool.apply_async = tracing(ours)
                seen = [pool.apply(rate)]
                hp_dist.uninstall()
                seen.append(pool.apply(rate))
                assert len(traced) == 2, traced
                hp_dist.install("multiprocessing")
                seen.append(pool.apply(rate))
                hp_dist.uninstall()
                Pool.apply_async = ours  # the tracer goes last, and puts back what it found
                seen.append(pool.apply(rate))
                assert len(traced) == 3, traced
                hp_dist.install("multiprocessing")
                seen.append(pool.apply(rate))
                print(seen)
        """)
    )
    done = subprocess.run(
        [sys.executable, program], text=True, capture_output=True, timeout=150, check=True
    )
    assert done.stdout == "[0.5, 0.0, 0.5, 0.0, 0.5]\n"


TRACED = """
    import functools, multiprocessing as mp, sys
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.pool import Pool
    from multiprocessing.process import BaseProcess
    import joblib
    import hp_dist, hyperparameter as hp

    ENDS = {
        "apply": (Pool, "apply_async"), "map": (Pool, "_guarded_task_generation"),
        "submit": (ProcessPoolExecutor, "submit"), "start": (BaseProcess, "start"),
        "joblib": (joblib.Parallel, "__call__"),
    }
    traced = []

    def tracing(original):
        def tracer(*args, **kwargs):
            traced.append(1)
            return original(*args, **kwargs)
        return tracer

    def saying_so(original):
        return functools.wraps(original)(tracing(original))

    def rate(*_):
        return hp.scope.rate | 0.0

    def tell(queue):
        queue.put(rate())

    def of_process(context):
        queue = context.SimpleQueue()
        process = context.Process(target=tell, args=(queue,))
        process.start()
        process.join()
        return queue.get()
"""
END = """
    if __name__ == "__main__":
        context = mp.get_context("spawn")
        owner, name = ENDS[sys.argv[1]]
        stock = vars(owner)[name]
        pool, executor = context.Pool(1), ProcessPoolExecutor(1, context)
        executor.submit(abs, 1).result(100)  # its process is started in no scope

        def seen():
            with hp.scope(rate=0.5):
                calls = {
                    "apply": lambda: pool.apply(rate),
                    "map": lambda: pool.map(rate, [1])[0],
                    "submit": lambda: executor.submit(rate).result(100),
                    "start": lambda: of_process(context),
                    "joblib": lambda: joblib.Parallel(2)([joblib.delayed(rate)()] * 2)[0],
                }
                return calls[sys.argv[1]]()

        # It was there before.
        setattr(owner, name, tracing(stock))
        hp_dist.install()
        print(seen(), len(traced) > 0)
        setattr(owner, name, stock)
        hp_dist.install()
        print(seen())
        # It came later, and has gone before and after it was installed again.
        for trace in tracing, saying_so:
            ours = vars(owner)[name]
            setattr(owner, name, trace(ours))
            hp_dist.install()
            traced.clear()
            print(seen(), len(traced) > 0)
            setattr(owner, name, ours)
            print(seen())
            hp_dist.install()
            print(seen())
        # It came before it was uninstalled, and has gone when it was installed again.
        ours = vars(owner)[name]
        setattr(owner, name, tracing(ours))
        hp_dist.uninstall()
        print(seen())
        hp_dist.install()
        setattr(owner, name, ours)
        print(seen())
        hp_dist.uninstall()
        setattr(owner, name, stock)
        print(seen())
        pool.terminate()
        executor.shutdown()
"""


@pytest.mark.parametrize("end", ["apply", "map", "submit", "start", "joblib"])
def test_install_puts_back_what_a_tracer_has_taken_away(tmp_path: Path, end: str) -> None:
    program = tmp_path / "program.py"
    program.write_text(dedent(TRACED) + dedent(END))
    done = subprocess.run(
        [sys.executable, program, end], text=True, capture_output=True, timeout=150, check=False
    )
    later = ["0.5 True", "0.5", "0.5"]
    expected = ["0.5 True", "0.5", *later, *later, "0.0", "0.5", "0.0"]
    assert done.stdout.splitlines() == expected, done.stderr


def test_install_again_leaves_alone_what_is_in_place() -> None:
    program = """
import hp_dist
from multiprocessing.pool import Pool
stock = vars(Pool)["apply_async"]
hp_dist.install()
ours = Pool.apply_async
hp_dist.install()
hp_dist.install("multiprocessing")
assert Pool.apply_async is ours
hp_dist.uninstall()
assert vars(Pool)["apply_async"] is stock
"""
    subprocess.run([sys.executable, "-c", program], check=True)
