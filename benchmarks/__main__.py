"""Run the benchmarks, `python benchmarks [SECTION ...]`; exit 1 for a miss."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Iterator

import core
from environments import PEERS, WORK
from table import HEADER, Figures, Row

Beside = dict[str, Figures]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python benchmarks")
    parser.add_argument("section", nargs="*", help=f"{' or '.join(SECTIONS)}; all by default")
    parser.add_argument("--all", action="store_true", help="also the rows that take very long")
    given = parser.parse_args()
    sections = given.section or list(SECTIONS)
    if unknown := set(sections).difference(SECTIONS):
        parser.error(f"no section is called {', '.join(sorted(unknown))}")
    print(f"CPython {platform.python_version()}, {platform.machine()}\n\n{HEADER}")
    rows: list[Row] = []
    beside: Beside = {}
    for name, section in SECTIONS.items():
        if name in sections:
            for row in section(beside, given.all):
                print(row, flush=True)
                rows.append(row)
    for name, figures in beside.items():
        _print_beside(name, figures)
    _write(rows, beside)
    return 0 if all(row.holds for row in rows) else 1


def _core(beside: Beside, _: bool) -> Iterator[Row]:
    beside["peers"] = PEERS.measured("peers.py")
    yield from core.rows(beside["peers"])
    beside["peers, programs"] = PEERS.measured("peers_programs.py")


def _files(beside: Beside, _: bool) -> Iterator[Row]:
    import exporting
    import loading

    beside["peers, files"] = PEERS.measured("peers_loading.py")
    yield from loading.rows(beside["peers, files"])
    yield from exporting.rows()


def _scan(_: Beside, __: bool) -> Iterator[Row]:
    import scanning

    yield from scanning.rows()


def _records(_: Beside, __: bool) -> Iterator[Row]:
    import collecting
    import on_ray

    yield from collecting.rows()
    with on_ray.started() as ray:
        yield from collecting.rows_on_ray(ray)


def _sweeps(beside: Beside, is_long: bool) -> Iterator[Row]:
    import sweeps

    yield from sweeps.rows(beside, is_long=is_long)


def _engines(beside: Beside, _: bool) -> Iterator[Row]:
    import engines

    beside["engines"] = {}
    yield from engines.rows(beside["engines"])


def _shares(beside: Beside, _: bool) -> Iterator[Row]:
    import shares

    beside["shares"] = {}
    yield from shares.rows(beside["shares"])


SECTIONS: dict[str, Callable[[Beside, bool], Iterator[Row]]] = {
    "core": _core,
    "files": _files,
    "scan": _scan,
    "records": _records,
    "sweeps": _sweeps,
    "engines": _engines,
    "shares": _shares,
}


def _print_beside(name: str, figures: Figures) -> None:
    print(f"\n{name}, beside them")
    header: list[str] = []
    for what, measured in figures.items():
        if list(measured) != header:
            header = list(measured)
            print(f"{'':<58}", *(f"{unit:>17}" for unit in header))
        print(f"{what:<58}", *(f"{_shown(number):>17}" for number in measured.values()))


def _shown(number: float) -> str:
    return f"{number:,.1f}" if abs(number) >= 100 else f"{number:.2f}"


def _write(rows: list[Row], beside: Beside) -> None:
    path = WORK / "results.json"
    document = {
        "python": platform.python_version(),
        "rows": [{**row._asdict(), "holds": row.holds} for row in rows],
        "beside": beside,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
    print(f"\nWritten to {path}")


if __name__ == "__main__":
    sys.exit(main())
