"""The main module of a program whose workers import it: nothing may run when they do."""

import ast
import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

WORKER = "hyperparameter-worker"
"""How the processes of workers are called, with a number."""
UNGUARDED_STATUS = 97
"""The exit status of a worker whose main module launches when it is imported."""
_LAUNCHING = frozenset(["launch", "run_cli", "sweep"])


class Main(NamedTuple):
    """What workers import as their `__main__`: a file, or a module; neither for a notebook."""

    path: str = ""
    module: str = ""

    @property
    def can_be_imported(self) -> bool:
        return bool(self.path or self.module)


def main_module() -> Main:
    """Return what `multiprocessing` would have a spawned process import."""
    main = sys.modules.get("__main__")
    name = getattr(getattr(main, "__spec__", None), "name", None)
    if name is not None:  # `python -m`; of a package or a folder, nobody can import it
        return Main() if name.rpartition(".")[2] == "__main__" else Main(module=name)
    path = getattr(main, "__file__", None)
    return Main(path=path) if path and os.path.isfile(path) else Main()


def unguarded_call(main: Main) -> str:
    """Return where the main module launches when it is imported, as `train.py:12`; else nothing.

    What it does by way of functions of its own is not followed: see `refuse_in_worker`.
    """
    path = main.path or getattr(sys.modules.get("__main__"), "__file__", None)
    try:
        with open(path or "", "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, ValueError, SyntaxError, RecursionError):  # it is not source code
        return ""
    names = _names(tree)
    for node in _run_on_import(tree.body):
        if isinstance(node, ast.Call) and _dotted(node.func) in names:
            return f"{os.path.basename(path or '')}:{node.lineno}"
    return ""


def unguarded(where: str) -> str:
    """Say that the main module is not guarded, and what to do about it."""
    return (
        f"{where} launches the program when it is imported, as each worker process does. Put the "
        "call of hp.launch under 'if __name__ == \"__main__\":'."
    )


def refuse_in_worker() -> None:
    """End this process where it is a worker that has not yet imported its main module."""
    processes = sys.modules.get("multiprocessing.process")
    if processes is None:
        return
    here = processes.current_process()
    if here.name.startswith(WORKER) and getattr(here, "_inheriting", False):
        os._exit(UNGUARDED_STATUS)  # what the program would do with an exception is its own affair


def _names(tree: ast.Module) -> set[str]:
    """Return the names under which the module has what launches programs."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.name == "hyperparameter":
                    found |= {f"{one.asname or one.name}.{each}" for each in _LAUNCHING}
        elif isinstance(node, ast.ImportFrom) and node.module == "hyperparameter":
            found |= {one.asname or one.name for one in node.names if one.name in _LAUNCHING}
    return found


def _run_on_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "__name__" in ast.dump(node.test):
            waiting = [*node.orelse, *waiting]
            continue
        yield node
        waiting = [*ast.iter_child_nodes(node), *waiting]


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
