"""What runs work: the interface of runners, which distributions offer through entry points.

The group is `hyperparameter.runners`.  An entry point is a callable that takes `Options` and
returns a `Runner`; it raises `UsageError` for options that it cannot fulfil.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from ..._entry_points import Offers
from ...exceptions import UsageError

if TYPE_CHECKING:
    from ...context import Captured
    from ..run import Outcome, Work

_RUNNERS = Offers(
    "hyperparameter.runners",
    "a runner",
    {
        "local": "hyperparameter._sweeps.work.local:Local",
        "processes": "hp_dist.runners.processes:Processes",
        "ray": "hp_dist.runners.ray:RayTasks",
    },
)


class Started(NamedTuple):
    """A worker has begun with the work of this number."""

    number: int
    host: str
    pid: int


class Reported(NamedTuple):
    """A run has called `hp.report`, and waits for the answer."""

    number: int
    value: float
    step: int | None


class Options(NamedTuple):
    """What the user has asked of a runner.

    `where` is what stands behind the colon of `--on`: a number of processes, an address.
    `resources` are those of one run.  `time_limit` is in seconds.  `is_sweep` is false for a single
    run, whose output belongs on the terminal, and whose exception is returned itself.  `judge`
    answers reports for a runner whose runs are in the thread of the sweep, where no event can be
    handled meanwhile.  `function` is what will run.
    """

    where: str = ""
    gpus: int | None = None
    resources: dict[str, float] = {}  # noqa: RUF012  # never changed
    time_limit: float | None = None
    is_sweep: bool = True
    judge: Callable[[Reported], bool] | None = None
    function: object = None


class Ended(NamedTuple):
    """The work of this number has ended."""

    number: int
    outcome: "Outcome"


Event = Started | Reported | Ended


class Runner(Protocol):
    """Workers that run work, each in a process of its own, several one after the other.

    The methods are called from one thread.  Each work that was submitted has exactly one `Ended`,
    whatever happens to its worker, unless the runner is closed before.
    """

    name: str

    @property
    def capacity(self) -> int:
        """How many works may be submitted and not have ended: more would only wait."""
        ...

    def submit(self, work: "Work", captured: "Captured") -> None:
        """Send work, to be run inside the scopes and with the baseline of `captured`."""
        ...

    def events(self, timeout: float | None) -> Iterable[Event]:
        """Wait until something happens, `timeout` seconds at most, and return what has."""
        ...

    def answer(self, number: int, goes_on: bool) -> None:
        """Answer a run that has reported."""
        ...

    def interrupt(self) -> None:
        """Raise `KeyboardInterrupt` in all runs; each still ends, as `interrupted`."""
        ...

    def close(self) -> None:
        """End all workers, at once.  Whatever they were running is gone."""
        ...


def runner_for(on: str, options: Options) -> Runner:
    """Return the runner that `--on` names, as `processes:2`; `UsageError` if there is none.

    What stands behind the colon is the `where` of the options.
    """
    return kind_of_runner(on)(options._replace(where=on.partition(":")[2]))


def kind_of_runner(on: str) -> "Callable[[Options], Runner]":
    """Return what makes the runner that `--on` names; `UsageError` if there is none."""
    name, colon, where = on.partition(":")
    if not on:
        raise UsageError("--on: no runner is named. Write local, processes[:N] or ray[:ADDRESS].")
    if colon and not where:
        raise UsageError(f"--on {on}: nothing stands behind the colon. Write --on {name}.")
    return cast("Callable[[Options], Runner]", _RUNNERS.need(name, f"--on {on}"))
