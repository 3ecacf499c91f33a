"""Parameters for a test session: `pytest --hp train.lr=0.1`, and a clean scope for each test.

The traceback of a failed test shows the test and what it called, not how this library was built.

pytest loads this in every session, so `hyperparameter` is imported only where it is needed.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from hyperparameter.context import Snapshot

_PACKAGES = ("hyperparameter", "hp_dist")
_baseline = pytest.StashKey["Snapshot"]()


class _Node(Protocol):
    """What is used of a worker's controller in pytest-xdist, which has no types."""

    config: pytest.Config
    workerinput: dict[str, str]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("hyperparameter").addoption(
        "--hp",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set a hyperparameter for all tests; may be repeated",
    )


@pytest.hookimpl(tryfirst=True)  # before the plugins whose configuration reads hyperparameters
def pytest_configure(config: pytest.Config) -> None:
    """Make the options the baseline of the session; in a worker, use what the controller sent."""
    if texts := config.getoption("--hp"):
        from hyperparameter import _engine_interface as interface

        from ._text.propagation import captured_in

        captured = captured_in(getattr(config, "workerinput", {}))
        baseline = captured.baseline if captured else _parsed(texts)
        session = ExitStack()
        session.enter_context(interface.isolated(baseline))
        config.add_cleanup(session.close)
        config.stash[_baseline] = baseline


@pytest.hookimpl(optionalhook=True)  # a hook of pytest-xdist, which may not be installed
def pytest_configure_node(node: _Node) -> None:
    """Send the options to a worker, with their origin in this process."""
    baseline = node.config.stash.get(_baseline, None)
    if baseline is not None:
        from hyperparameter import _engine_interface as interface

        from ._text.propagation import inject

        with interface.isolated(baseline):
            inject(node.workerinput)


@pytest.hookimpl(tryfirst=True)  # before the traceback becomes text
def pytest_runtest_makereport(call: pytest.CallInfo[object]) -> None:
    """Mark the frames of this library in the traceback; pytest shows them with --full-trace."""
    error = call.excinfo and call.excinfo.value
    seen: set[int] = set()
    while error and id(error) not in seen:
        seen.add(id(error))
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_globals.get("__name__", "").partition(".")[0] in _PACKAGES:
                frame.f_globals["__tracebackhide__"] = _is_hidden
        error = error.__cause__ or error.__context__


def _is_hidden(info: pytest.ExceptionInfo[BaseException]) -> bool:
    """Hide the frames unless the error was raised in one of them and is none of ours: a bug."""
    from hyperparameter import HyperparameterError

    last = info.traceback[-1].frame.f_globals.get("__name__", "")
    return isinstance(info.value, HyperparameterError) or last.partition(".")[0] not in _PACKAGES


@pytest.fixture
def clean_scope(pytestconfig: pytest.Config) -> Iterator[None]:
    """Run the test with no scope open, the baseline of `--hp`, and a record of its own."""
    from hyperparameter import _engine_interface as interface
    from hyperparameter import context

    with interface.isolated(pytestconfig.stash.get(_baseline, context.Snapshot())):
        yield


def _parsed(texts: list[str]) -> Snapshot:
    import hyperparameter as hp
    from hyperparameter._engine_interface import Layer, Origin, UntypedText
    from hyperparameter.context import Snapshot

    values = {}
    for text in texts:
        try:
            hp.scope(text)
        except hp.InvalidKey as error:
            raise pytest.UsageError(f"--hp: {error}") from None
        key, _, value = text.partition("=")
        values[key.strip()] = UntypedText(value)
    return Snapshot((Layer(values, Origin("cli", "--hp")),))
