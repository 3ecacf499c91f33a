"""The static scan and the `hp` command."""

from __future__ import annotations

import os
import sysconfig
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from measure import in_turns, programs_in_turns
from table import Row

from hyperparameter._scan import ScanCache, scan_program

_DISTRIBUTIONS, _FILES = 100, 9_500
_ARGPARSE_MS = 6  # where the budgets were set
_UNIT = "where importing argparse takes 6 ms"
_NO_CACHE = "/dev/null"  # nothing can be written below it: every run is the first
_MODULE = '''"""One of many modules."""
import os
import hyperparameter as hp


@hp.param("model{n}")
def train(data, lr: float = 0.1, steps: int = {n}):
    """Train on data.

    Args:
        lr: learning rate
        steps: how many steps
    """
    results = []
    for index, value in enumerate(data):
        if value > (hp.scope.model{n}.threshold | 3):
            results.append(value * lr + os.path.getsize(str(index)))
        elif index % 2 == 0:
            results.extend([v ** 2 for v in data if v])
    return results, steps


class Store{n}:
    """Keeps what it is given."""

    def __init__(self, size=3):
        self.size = size
        self.kept = {{}}

    def keep(self, name, value):
        if len(self.kept) >= self.size:
            raise ValueError(f"{{name}} does not fit into {{self.size}}")
        self.kept[name] = value
        return self

    def names(self):
        return sorted(name for name, value in self.kept.items() if value is not None)
'''


def rows() -> Iterator[Row]:
    """Yield the rows; the files are made for them."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        site, package = _site(root / "site"), _package(root / "big", 1_000)
        warm = str(root / "cache")
        cases = {
            "argparse": ["-c", "import argparse"],
            "bare": ["-c", "pass"],
            "all": _hp(["ls"], _NO_CACHE, site),
            "cold": _hp(["ls", package], _NO_CACHE, site),
            "cached": _hp(["ls", package], warm, site),
        }
        programs_in_turns({"cached": cases["cached"]}, rounds=1)
        times = programs_in_turns(cases, rounds=5)
        scale = _ARGPARSE_MS / (times["argparse"] - times["bare"]).median / 1_000
        listing = f"hp ls, {_DISTRIBUTIONS} distributions of {_FILES:,} files, no cache"
        yield Row(listing, times["all"].median * scale, f"s {_UNIT}", 0.5)
        yield Row("hp ls, package of 1,000 files, no cache", times["cold"].median * scale,
                  f"s {_UNIT}", 3)  # fmt: skip
        yield Row("the same, cached", times["cached"].median * scale, f"s {_UNIT}", 0.3)
        yield from _unknown_key(root / "program", scale * 1_000)


def _hp(words: list[str], cache: str, site: str) -> list[str]:
    program = (
        "import sys; from hyperparameter.cli import main; "
        f"sys.exit(main(environ={{'XDG_CACHE_HOME': {cache!r}}}, search=[{site!r}]))"
    )
    return ["-c", program, *words]


def _unknown_key(folder: Path, scale: float) -> Iterator[Row]:
    _package(str(folder), 50)
    main = folder / "main.py"
    main.write_text("\n".join(f"import m{n}" for n in range(50)))

    def check(cache: ScanCache | None) -> None:
        if scan_program(str(main), [], [str(folder)], cache).mentions("model1.learning_rate"):
            raise AssertionError("the key is in the program")

    check(ScanCache(str(folder), "warm"))
    taken = in_turns(
        {"first": lambda: check(None), "cached": lambda: check(ScanCache(str(folder), "warm"))},
        15,
        1,
    )
    milliseconds = {name: times.median / 1e6 * scale for name, times in taken.items()}
    yield Row("unknown-key check of 50 files, cached", milliseconds["cached"], f"ms {_UNIT}", 100)
    yield Row("the same at first sight", milliseconds["first"], f"ms {_UNIT}")


def _package(folder: str | Path, count: int) -> str:
    Path(folder).mkdir()
    for n in range(count):
        Path(folder, f"m{n}.py").write_text(_MODULE.format(n=n))
    return str(folder)


def _site(folder: Path) -> str:
    """Make distributions of links to the standard library's files; three use us."""
    sources = sorted(Path(sysconfig.get_path("stdlib")).glob("[a-z]*/**/*.py"))
    sources = [path for path in sources if "site-packages" not in path.parts]
    links = islice(cycle(sources), _FILES)
    for n in range(_DISTRIBUTIONS):
        info, inside = folder / f"dist{n}-1.0.dist-info", folder / f"package{n}"
        info.mkdir(parents=True)
        inside.mkdir()
        names: list[str] = []
        for source in islice(links, _FILES // _DISTRIBUTIONS):
            names.append(f"package{n}/m{len(names)}.py")
            os.symlink(source, folder / names[-1])
        if n < 3:
            names.append(f"package{n}/uses.py")
            (folder / names[-1]).write_text(_MODULE.format(n=n))
        (info / "METADATA").write_text(f"Name: dist{n}\nVersion: 1.0\n")
        (info / "RECORD").write_text("".join(f"{name},sha256=x,1\n" for name in names))
    return str(folder)
