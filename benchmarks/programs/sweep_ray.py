"""Runs that do nothing, as plain tasks of Ray; none of them starts Ray and ends."""

import sys
import time

import ray


def train(n):
    return n / 7


if __name__ == "__main__":
    start = time.perf_counter()
    ray.init(include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    started = time.perf_counter() - start
    task = ray.remote(train)
    ray.get([task.remote(n) for n in range(int(sys.argv[1]))])
    print(started)
