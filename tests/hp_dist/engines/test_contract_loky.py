"""The contract for `loky`, and its executors in joblib and in the reusable form."""

import contract_runners as runners
import contract_tasks as tasks
import loky
import pytest
from contract import NO_COROUTINES, ONE_VALUE, Contract, lr
from joblib.externals import loky as in_joblib

import hp_dist
import hyperparameter as hp


class TestLoky(Contract):
    column = "Executors, joblib, bind", "loky"
    runner = runners.LokyExecutor
    installs = ("loky",)
    sends_main_by_value = True
    not_applicable = {
        "generator": ONE_VALUE,
        "coroutine": NO_COROUTINES,
        "second_attempt": "The executor is broken when a worker dies.",
    }


@pytest.mark.parametrize(("engine", "package"), [("loky", loky), ("joblib", in_joblib)])
def test_reusable_executor_never_mixes_submissions_also_when_it_is_resized(
    engine: str, package: object
) -> None:
    hp_dist.install(engine, "multiprocessing")
    try:
        with hp.scope(made=1):
            executor = package.get_reusable_executor(1)  # type: ignore[attr-defined]
            first = executor.submit(tasks.everything).result(60)
        with lr(0.25):
            executor = package.get_reusable_executor(2)  # type: ignore[attr-defined]
            second = list(executor.map(tasks.lr, range(8), chunksize=2))
        bare = [executor.submit(tasks.everything) for _ in range(8)]
        with hp.scope(large={f"key{n}": n for n in range(5_000)}):
            large = executor.submit(len, {}), executor.submit(tasks.everything)
        assert first == {"made": 1}
        assert second == [0.25] * 8
        assert [future.result(60) for future in bare] == [{}] * 8
        assert (large[0].result(60), len(large[1].result(60))) == (0, 5_000)
    finally:
        hp_dist.uninstall()
        package.get_reusable_executor().shutdown(kill_workers=True)  # type: ignore[attr-defined]
