"""The options of sweeps and of runners beside those that ask for one."""

from .options import Option

OR = Option("or", ("--or",), "flag", help="begin another grid; the sweep runs the cells of both")
SKIP = Option(
    "skip", ("--skip",), "repeated", metavar="KEY=VALUE,...",
    help="leave out the cells with these values; may be repeated",
)  # fmt: skip
SAMPLE = Option("sample", ("--sample",), metavar="N", help="run N cells drawn at random")
SEED = Option("seed", ("--seed",), metavar="N", help="draw other cells (default: 0)")
SEARCH = Option(
    "search", ("--search",), metavar="NAME",
    help="let a search choose the cells: optuna, optuna:tpe, optuna:gp or optuna:cmaes",
)  # fmt: skip
PRUNE = Option(
    "prune", ("--prune",), choices=("median", "hyperband"),
    help="end runs early that do worse than others, by what they tell hp.report",
)  # fmt: skip
MINIMIZE = Option(
    "minimize",
    ("--minimize",),
    metavar="NAME",
    help="the number of a result that says what is best",
)
MAXIMIZE = Option(
    "maximize", ("--maximize",), metavar="NAME", help="the same, where more is better"
)
NAME = Option("name", ("--name",), metavar="NAME", help="the folder of the sweep, in sweeps/")
RESUME = Option(
    "resume", ("--resume",), "choice", choices=("ask", "keep", "redo"),
    help="continue the last sweep: run what is missing or failed; if the code has changed, keep "
    "the results there are, or redo them",
)  # fmt: skip
RETRIES = Option("retries", ("--retries",), metavar="N", help="run again what fails, N times")
FAIL_FAST = Option("fail_fast", ("--fail-fast",), "flag", help="stop at the first failure")
TIME_LIMIT = Option(
    "time_limit",
    ("--time-limit",),
    metavar="TIME",
    help="end a run after 90s, 10m or 1h30m",
)
GPUS = Option("gpus", ("--gpus",), metavar="N", help="run on N GPUs, one for each run")
RESOURCES = Option(
    "resources", ("--resources",), metavar="NAME=N,...",
    help="what each run needs of a Ray cluster: cpu=2,gpu=0.5,memory=4GiB",
)  # fmt: skip
SKIP_UNREAD = Option(
    "skip_unread", ("--skip-unread",), "flag",
    help="leave out runs that differ from a finished one only in what it never read",
)  # fmt: skip
DRY_RUN = Option("dry_run", ("--dry-run",), "flag", help="list the runs, and run nothing")
OF_SWEEPS = (
    OR, SKIP, SAMPLE, SEED, SEARCH, PRUNE, MINIMIZE, MAXIMIZE, NAME, RESUME, RETRIES, FAIL_FAST,
    SKIP_UNREAD, DRY_RUN,
)  # fmt: skip
"""Options only beside `SWEEPS`: names such as `--seed` are those of programs."""

OF_RUNNERS = (TIME_LIMIT, GPUS, RESOURCES)
"""Options beside `SWEEPS`, and beside `ON` alone."""
