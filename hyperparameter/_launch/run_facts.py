"""What is told of a run beside what it read: which function ran, with which words, how it ended."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .._records.ending import ending_of
from .._records.masks import Masks
from .._scopes import ambient
from .._values.origin import this_process
from .commands import Function, class_of, signature_of
from .invocation import Invocation

if TYPE_CHECKING:
    from .._records.run import Run

_MOST_PROBLEM = 500


class Place(NamedTuple):
    """Where a function is: in a module, or in the script that was run, which then `is_main`."""

    function: str
    module: str
    script: str
    is_main: bool


class RunFacts(NamedTuple):
    """What is known of a run when it has ended."""

    argv: Sequence[str]
    masks: Masks
    started: str
    error: BaseException | None

    def run(self, function: Function) -> "Run":
        from platform import python_version

        from .._distribution import version
        from .._records.run import Run, working_folder

        ending, problem = ending_of(self.error)
        problem = self.masks.without_known(problem)
        place = place_of(function)
        return Run(
            function=place.function,
            module=place.module,
            script=place.script,
            is_main=place.is_main,
            namespace=signature_of(function).namespace,
            argv=list(map(self.masks.word, self.argv)),
            folder=working_folder(),
            started=self.started,
            ended=now(),
            process=this_process(),
            python=python_version(),
            package=version() or "",
            ending=ending,
            problem=problem[:_MOST_PROBLEM],
        )


def run_of(function: Function, argv: Sequence[str], invocation: Invocation) -> "Run":
    """Return what is known of a run before it begins, for a worker that fills in the rest."""
    masks = masks_for(invocation)
    masks.learn_all([ambient.current().snapshot])
    return RunFacts(argv, masks, "", None).run(function)


def masks_for(invocation: Invocation) -> Masks:
    """Return masks that know the secrets among what the command line sets, and what it passes."""
    layers = (*invocation.options, *invocation.defines)
    values = {key: value for layer in layers for key, value in layer.values.items()}
    masks = Masks()
    masks.learn({**values, "": list(invocation.args)})
    return masks


def place_of(function: Function) -> Place:
    """Return where a launched function is, so that it can be found again."""
    signature = signature_of(function)
    cls = class_of(function)
    module = cls.__module__ if cls is not None else signature.module
    name = cls.__qualname__ if cls is not None else signature.qualname
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    is_main = module == "__main__"
    if spec is not None:  # `python -m` has run it
        return Place(name, spec.name if is_main else module, "", is_main)
    file = getattr(main, "__file__", None)
    from .._records.run import relative_to_folder

    script = relative_to_folder(file) if file else ""
    return Place(name, "" if is_main else module, script, is_main)


def now() -> str:
    from .._records.run import time_text

    return time_text(time.time())
