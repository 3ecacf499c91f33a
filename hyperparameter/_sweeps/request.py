"""What somebody asks of a sweep, on a command line or from code."""

from collections.abc import Callable
from typing import NamedTuple

from .._records.run import Run
from .agenda import Prepare
from .objective import Goal
from .plan.plan import Plan
from .resuming import Resume
from .work.runner import Options


class Policy(NamedTuple):
    """How to deal with failures, and with runs that another one stands for."""

    retries: int = 0
    fail_fast: bool = False
    skip_unread: bool = False


class Request(NamedTuple):
    """What is asked for.

    `program` gives the folder of the sweep its name, where the user has not given one.  `search`
    and `prune` are empty where the cells of the plan are run.  `words` are those of the grid,
    `argv` those of the program, for the store; `run` is what records say of each run.  A sweep that
    `is_iterated` over hands its runs to code, which may print.
    """

    function: Callable[..., object]
    function_name: str
    program: str
    plan: Plan
    prepare: Prepare
    on: str = "local"
    options: Options = Options()
    goal: Goal | None = None
    policy: Policy = Policy()
    search: str = ""
    prune: str = ""
    resume: Resume | None = None
    name: str | None = None
    words: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    run: Run | None = None
    is_shown: bool = True
    is_iterated: bool = False
