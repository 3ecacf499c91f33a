"""From the bytes of a file to what it declares and reads; the file is parsed, never run."""

import ast
import warnings

from .raw import FileScan
from .walk import follow
from .walk.defaults import constants_of


def scan(data: bytes) -> FileScan:
    """Return what a file has; `problem` says why it cannot be scanned."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes concern the author
            tree = ast.parse(data)
        return _scan_of(tree)
    except SyntaxError as error:
        return FileScan(f"cannot be parsed: {error.msg}", error.lineno or 1)
    except (ValueError, UnicodeError) as error:
        return FileScan(f"cannot be parsed: {error}", 1)
    except (RecursionError, MemoryError):  # the parser raises MemoryError where its stack ends
        return FileScan("is nested too deeply to be scanned", 1)


def _scan_of(tree: ast.Module) -> FileScan:
    walk = follow(tree)
    found = walk.found
    findings = found.findings
    functions = {raw.function for raw in findings}
    constants = constants_of(walk.names.module.known)
    # Classes refer to the module that has them, and nobody collects cycles during a scan.
    walk.names.module.known.clear()
    return FileScan(
        findings=findings,
        texts=sorted(found.texts),
        chains=sorted(found.chains),
        patterns=sorted(found.patterns),
        references={name: sorted(others) for name, others in found.references.items()},
        docs={name: doc for name, doc in found.docs.items() if doc and name in functions},
        constants=constants,
        structures=found.structures,
        calls=found.calls.plain(),
        keywords=sorted(found.keywords),
    )
