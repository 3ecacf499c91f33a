"""`hp ls` and `hp desc`: the hyperparameters of packages."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from .._console import NotFound
from .._values.keys import did_you_mean
from ._entries import Entry
from ._formats import as_table, as_tree, described, listed
from ._output import as_json, write
from ._packages import dependencies, entries_in, installed
from ._target import Target, target_of


def listing(args: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> None:
    """Print the parameters of a package, or the packages that have any."""
    show = _list_all if args.package is None else _list
    show(args, environ, search)


def _list_all(args: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> None:
    packages = installed(search, environ)
    title = f"Packages using hyperparameter ({len(packages)})"
    if args.format == "json":
        write(args, as_json([package._asdict() for package in packages]))
    elif not packages:
        write(args, "No packages using hyperparameter are installed. Use 'hp ls .' to see the "
              "hyperparameters of the programs in this folder.")  # fmt: skip
    elif args.format == "text":
        rows = [f"{p.name:<30} {p.version:<12} {p.params:<8} {p.funcs:<8}" for p in packages]
        head = f"{'Package':<30} {'Version':<12} {'Params':<8} {'Funcs':<8}"
        lines = [f"{title}:", "=" * 60, head, "-" * 60, *rows, "-" * 60]
        lines.append("Use 'hp ls <package>' to see hyperparameters in a package.")
        write(args, "\n".join(line.rstrip() for line in lines))
    else:
        columns = ("Package", "Version", "Params", "Funcs")
        cells = [[str(cell) for cell in package] for package in packages]
        write(args, as_table(args.format, title, columns, cells, f"Total: {len(packages)}"))


def _list(args: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> None:
    target = target_of(args.package, search)
    entries: dict[str, Entry] = {}
    if args.which != "deps":
        entries |= entries_in(target, environ)
    if args.which in ("deps", "all"):
        entries = {**dependencies(target, environ), **entries}
    where = f"the dependencies of {target.name}" if args.which == "deps" else target.name
    title = f"Hyperparameters in {where}"
    if not entries and args.format == "text":
        write(args, _none_in(target, where))
    elif args.tree and args.format == "text":
        write(args, as_tree(title, entries, to_file=args.output is not None))
    else:
        write(args, listed(args.format, title, entries))


def _none_in(target: Target, where: str) -> str:
    if not target.paths and where == target.name:
        return f"No hyperparameters in {where}: it is part of the standard library."
    hint = " --all looks into what it imports as well." if where == target.name else ""
    return f"No hyperparameters in {where}: nothing uses @hp.param or hp.scope there.{hint}"


def describe(args: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> None:
    target = target_of(args.package, search)
    entries = entries_in(target, environ)
    matching = _matching(args.key, entries)
    if not matching:
        near = did_you_mean(args.key, entries)
        raise NotFound(f"{args.key!r}: not found in {target.name}.{near}")
    if args.format != "text":
        write(args, listed(args.format, f"Hyperparameters like {args.key}", matching))
    elif len(matching) == 1:
        write(args, described(next(iter(matching.values()))))
    else:
        lines = [f"  {entry.line}" for entry in matching.values()]
        write(args, "\n".join([f"Multiple matches for {args.key!r}:", *lines]))


def _matching(wanted: str, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the entry of the key, else those of patterns that it fits, else of keys with it.

    Of those, keys that end in whole names as they are wanted come alone.
    """
    from .._scan.finding import matches

    if wanted in entries:
        return {wanted: entries[wanted]}
    fitting = {
        key: e for key, e in entries.items() if e.finding.is_pattern and matches(key, wanted)
    }
    ending = {key: e for key, e in entries.items() if key.endswith(f".{wanted}")}
    lower = wanted.lower()
    return fitting or ending or {key: e for key, e in entries.items() if lower in key.lower()}
