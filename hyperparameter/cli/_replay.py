"""`hp replay`: start the program of a record, and have it run what the record says."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from typing import Any

from .._console import print_message
from .._launch.launcher import Launcher
from .._launch.replay import Replay
from .._records.run import Run
from .._values.masking import MASK
from ..exceptions import UsageError
from ._saved import as_file, load

_INHERITED = "HYPERPARAMETER_SCOPE"


def replay(args: argparse.Namespace) -> int:
    """Return the exit status of the program, or 1 where it has read something else."""
    with as_file(args.record) as path:
        return _replay(args, path)


def _replay(args: argparse.Namespace, path: str) -> int:
    record = load(args.record)
    run = record.run
    if run is None:
        raise UsageError(
            f"{args.record} does not say which function ran. Replay a record that a launched "
            "program has written: python program.py --record FILE."
        )
    replayed = Replay(args.record, path, record, run, args.define)
    _prepare(args.record, run)
    Launcher.replay = replayed
    try:
        status = _started(args.record, run)
    finally:
        Launcher.replay = None
    if not replayed.has_run:
        problem = f"{args.record} is of {run.name}, and the program ended without launching it."
        if not status:  # else the program has said why
            raise UsageError(problem)
        return status
    sys.stdout.flush()  # so that what the program has printed comes before the messages
    is_same = replayed.check()
    return status or int(not is_same)


def _prepare(record: str, run: Run) -> None:
    """Make this process what the recorded one was, without what it inherited itself."""
    gc.enable()
    for name in [one for one in os.environ if one.upper().replace("-", "_") == _INHERITED]:
        del os.environ[name]
        print_message(f"hp: ${name} is left out of the replay.")
    if os.path.isdir(run.folder):
        os.chdir(run.folder)
    else:
        print_message(f"hp: {run.folder}, where {record} was made, does not exist. "
                      f"The program runs in {os.getcwd()}.")  # fmt: skip
    if any(MASK in word for word in run.argv):
        print_message(f"hp: {record} does not have the secrets of the command line: "
                      f"sys.argv has {MASK} for them.")  # fmt: skip
    script = os.path.abspath(run.script) if run.script else ""
    sys.argv = [run.script or run.module, *run.argv]
    here = os.path.dirname(script) if script else os.getcwd()
    sys.path[: 0 if sys.flags.safe_path else 1] = [here]


def _started(name: str, run: Run) -> int:
    """Start the program, which launches its function, and return how it exits."""
    import runpy

    try:
        if not run.is_main:
            _import_and_launch(name, run)
        elif run.script:
            _check_exists(name, run)
            runpy.run_path(os.path.abspath(run.script), run_name="__main__")
        elif run.module:
            runpy.run_module(run.module, run_name="__main__", alter_sys=True)
        else:
            raise UsageError(f"{name}: {run.function} was in no file, and cannot be found again.")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print_message(str(end.code))
        return 1
    return 0


def _check_exists(name: str, run: Run) -> None:
    if not os.path.isfile(run.script):
        raise UsageError(
            f"{name}: its program {run.script} does not exist in {os.getcwd()}. Run hp replay "
            "where it does."
        )


def _import_and_launch(name: str, run: Run) -> None:
    from importlib import import_module

    from .._functions.param import param
    from .._launch import launch

    try:
        function: Any = import_module(run.module)
        for part in run.function.split("."):
            function = getattr(function, part)
    except (ImportError, AttributeError) as error:
        if isinstance(error, ImportError) and not f"{run.module}.".startswith(f"{error.name}."):
            raise  # the module is found, and lacks something else
        raise UsageError(
            f"{name}: {run.name} cannot be imported in {os.getcwd()}: {error}. Install its package "
            "or run hp replay where it is."
        ) from None
    if not isinstance(function, type) and not hasattr(function, "__hp_signature__"):
        function = param(run.namespace)(function)  # as the program has done
    launch(function)
