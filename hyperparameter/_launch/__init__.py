"""From a command line to a call: `hp.launch(main)`.

The settings of the command line, the environment and files become scopes, the one with the highest
precedence innermost, and each value keeps its origin.  The function is then called and takes its
arguments from these scopes, as any other reader does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ..exceptions import UsageError

if TYPE_CHECKING:
    from .commands import Function

__all__ = ["launch", "run_cli"]

T = TypeVar("T")


@overload
def launch(
    function: type[T],
    argv: Sequence[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    env_prefix: str | None = None,
) -> T: ...
@overload
def launch(
    function: Callable[..., Coroutine[Any, Any, T]],
    argv: Sequence[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    env_prefix: str | None = None,
) -> T: ...
@overload
def launch(
    function: Callable[..., T],
    argv: Sequence[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    env_prefix: str | None = None,
) -> T: ...
@overload
def launch(
    function: None = None,
    argv: Sequence[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    env_prefix: str | None = None,
) -> Any: ...
def launch(
    function: Callable[..., Any] | None = None,
    argv: Sequence[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    env_prefix: str | None = None,
) -> Any:
    """Run a decorated function as a program and return its value, or make an instance of a class.

    Without `function`, every decorated function of the caller is a command; a single one needs no
    command name.  A class that is passed need not be decorated.  Parameters without default are
    positional arguments, the others are options.  `-D KEY=VALUE` sets any key, `-C FILE` reads
    files, and `env_prefix` reads environment variables: with `"APP"`, `APP_TRAIN__LR` sets
    `train.lr`.  `config` is a file that the program reads before those of `-C`, which are stronger;
    it has to exist.  What is set becomes the baseline, so that threads of the program see it too.

    A usage error prints one line and exits with status 2; Ctrl-C exits with 130.  SIGTERM raises
    `SystemExit` in the main thread, so that `finally` runs, and the process dies of it.  Raises
    `ValueError` for a function that is not decorated, `RuntimeError` if no function is found.
    """
    from .._console import with_exit_status  # here: `import hyperparameter` needs none of it
    from .._termination import sigterm_raises
    from .launcher import ANSWERED, Launcher

    if "multiprocessing.process" in sys.modules:  # as in each worker of a sweep
        from .._sweeps.work.main_module import refuse_in_worker

        refuse_in_worker()
    launcher = Launcher(_functions(function, sys._getframe(1)), function is not None, config)
    with sigterm_raises():
        status, result = with_exit_status(
            launcher.name,
            lambda: launcher.launch(_words(argv), env_prefix, os.environ, True),
            launcher.print_traceback,
        )
    if status or result is ANSWERED:
        sys.exit(status)
    return result


@overload
def run_cli(
    function: type[T],
    argv: Sequence[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    env_prefix: str | None = None,
) -> T | None: ...
@overload
def run_cli(
    function: Callable[..., Coroutine[Any, Any, T]],
    argv: Sequence[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    env_prefix: str | None = None,
) -> T | None: ...
@overload
def run_cli(
    function: Callable[..., T],
    argv: Sequence[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    env_prefix: str | None = None,
) -> T | None: ...
@overload
def run_cli(
    function: None = None,
    argv: Sequence[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    env_prefix: str | None = None,
) -> Any: ...
def run_cli(
    function: Callable[..., Any] | None = None,
    argv: Sequence[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    env_prefix: str | None = None,
) -> Any:
    """Do the same as `launch` without side effects on the process: no exit, no baseline.

    Raises `UsageError` for a command line that cannot be used.  Returns None for a question such as
    `--help`.
    """
    from .launcher import ANSWERED, Launcher

    launcher = Launcher(_functions(function, sys._getframe(1)), function is not None, config)
    result = launcher.launch(_words(argv), env_prefix, os.environ, False)
    return None if result is ANSWERED else result


def _functions(function: Function | None, caller: FrameType) -> list[Function]:
    from .commands import discover, launchable

    if function is None:
        return discover(caller.f_locals, caller.f_globals)
    return [launchable(function)]


def _is_kernel(words: list[str]) -> bool:
    """Tell the command line of a notebook's kernel, which names a connection file."""
    return "ipykernel" in sys.modules and any(
        word in ("-f", "--f") or word.startswith(("-f=", "--f=")) for word in words
    )


def _words(argv: Sequence[str] | None) -> list[str]:
    """Return the words; `TypeError` for anything else than texts in a list.

    One text would be taken letter by letter.
    """
    if argv is None and _is_kernel(sys.argv[1:]):
        raise UsageError(
            "the words in sys.argv are those of the notebook's kernel. Pass the program's own as "
            "the second argument: hp.launch(f, []) runs f without any."
        )
    given: object = sys.argv[1:] if argv is None else argv
    advice = 'Pass the words one by one, as in ["--lr", "3"], or split the text with shlex.split.'
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"argv is a list of texts, not {type(given).__name__}. {advice}")
    words = list(given)
    for word in words:
        if not isinstance(word, str):
            shown = f"{type(word).__name__} {word!r:.80}"
            raise TypeError(f"argv has the {shown}, and takes only texts. {advice}")
    return words
