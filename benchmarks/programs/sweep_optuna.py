"""Runs that do nothing, with Optuna and a study in SQLite."""

import sys

import optuna


def train(trial):
    return trial.suggest_int("n", 0, int(sys.argv[1]) - 1) / 7


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    count = int(sys.argv[1])
    study = optuna.create_study(
        storage="sqlite:///study.sqlite",
        sampler=optuna.samplers.GridSampler({"n": list(range(count))}),
    )
    study.optimize(train, n_trials=count)
    assert len(study.trials) == count
