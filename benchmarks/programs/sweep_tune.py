"""Runs that do nothing, with Ray Tune."""

import os
import sys
import time

import ray
from ray import tune


def train(config):
    tune.report({"result": config["n"] / 7})


if __name__ == "__main__":
    start = time.perf_counter()
    ray.init(include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    started = time.perf_counter() - start
    space = {"n": tune.grid_search(list(range(int(sys.argv[1]))))}
    results = tune.Tuner(
        train, param_space=space, run_config=tune.RunConfig(storage_path=os.getcwd(), verbose=0)
    ).fit()
    assert len(results) == int(sys.argv[1])
    assert not results.errors
    print(started)
