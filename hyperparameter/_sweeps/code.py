"""The code that runs were made with: a commit and what differs from it, and the modules loaded."""

import os
import sys
import zlib
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple

from .._values.whose import installed_package, is_foreign

_MOST_BYTES = 1 << 20  # of a difference that is kept compressed; of a larger one its digest is
_SECONDS = 10  # git on a slow disk; a repository that takes longer is not asked


class Code(NamedTuple):
    """What a sweep was launched with.

    `modules` has a digest of each file of the program that was loaded, by its path.  `diff` is
    compressed, and empty where it is too large to keep; `diff_digest` then tells it from others.
    """

    modules: Mapping[str, str]
    commit: str = ""
    diff: bytes = b""
    diff_digest: str = ""

    def changed_since(self, other: Mapping[str, str]) -> list[str]:
        """Return the files that were other ones, in order of their names."""
        names = self.modules.keys() & other.keys()
        return sorted(name for name in names if self.modules[name] != other[name])


def code_of_program() -> Code:
    """Return what this process runs; `commit` is that of the repository that has the script."""
    modules = dict(_modules())
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    folder = os.path.dirname(os.path.abspath(script)) if script else os.getcwd()
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return Code(modules)
    diff = _git(folder, "diff", "HEAD", "--binary") or b""
    packed = zlib.compress(diff) if diff else b""
    digest = blake2b(diff, digest_size=8).hexdigest() if diff else ""
    kept = packed if len(packed) <= _MOST_BYTES else b""
    return Code(modules, commit.decode("ascii", "replace").strip(), kept, digest)


def _modules() -> Iterator[tuple[str, str]]:
    """Yield the program's own files, without installed packages, Python's library and ours."""
    here = os.getcwd()
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str) or not path.endswith(".py"):
            continue
        full = os.path.abspath(path)
        if not is_foreign(full) and installed_package(full) is None:
            try:
                with open(full, "rb") as file:
                    digest = blake2b(file.read(), digest_size=8).hexdigest()
            except OSError:  # in an archive, or removed
                continue
            yield os.path.relpath(full, here) if full.startswith(here + os.sep) else full, digest


def _git(folder: str, *words: str) -> bytes | None:
    """Return what git says; None where there is no git, no repository, or no answer."""
    import subprocess

    try:
        done = subprocess.run(
            ["git", "-C", folder, *words],  # noqa: S607  # the user's git
            capture_output=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
