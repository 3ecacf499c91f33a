"""Installed distributions, from their folders of metadata; `importlib.metadata` takes 26 ms."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote

_OURS = frozenset(["hyperparameter-dist", "hyperparameter"])  # the other has our import name


class Distribution(NamedTuple):
    """What a `.dist-info` or `.egg-info` folder says; `folder` has the installed files."""

    name: str
    version: str
    folder: str
    info: str

    def files(self) -> list[str]:
        """Return the Python files that were installed."""
        record = _text_of(os.path.join(self.info, "RECORD"))
        files = []
        for line in record.splitlines():
            path = line.partition(".py,")[0]  # names with a quote or comma are quoted, as in CSV
            if path != line and not path.startswith(("..", "__editable__")):
                files.append(f"{self.folder}{os.sep}{path.lstrip(chr(34))}.py")
        return files

    def roots(self) -> list[str]:
        """Return where files are that RECORD lacks: the project of an editable distribution."""
        project = _editable_project(_text_of(os.path.join(self.info, "direct_url.json")))
        if project is not None:
            return [project]
        if self.info.endswith(".egg-info"):
            names = _text_of(os.path.join(self.info, "top_level.txt")).split()
            paths = [os.path.join(self.folder, name) for name in names]
            return [path if os.path.isdir(path) else f"{path}.py" for path in paths]
        return []

    @property
    def is_ours(self) -> bool:
        return normalized(self.name) in _OURS


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(search: Sequence[str]) -> Iterator[Distribution]:
    """Yield the distributions in the folders of `search`; the first of a name hides the others."""
    seen: set[str] = set()
    for folder in dict.fromkeys(search):
        try:
            entries = sorted(os.listdir(folder or "."))
        except OSError:
            continue
        for entry in entries:
            if not entry.endswith((".dist-info", ".egg-info")):
                continue
            found = _distribution(folder, os.path.join(folder, entry))
            if found is not None and normalized(found.name) not in seen:
                seen.add(normalized(found.name))
                yield found


def _distribution(folder: str, info: str) -> Distribution | None:
    # The headers come first; a long description may follow.
    metadata = _text_of(f"{info}/METADATA", 4096) or _text_of(f"{info}/PKG-INFO", 4096)
    name = re.search(r"^Name:[ \t]*(\S+)", metadata, re.MULTILINE)
    version = re.search(r"^Version:[ \t]*(\S+)", metadata, re.MULTILINE)
    if name is None:
        return None
    return Distribution(name[1], version[1] if version else "", folder, info)


def _editable_project(direct_url: str) -> str | None:
    try:
        document = json.loads(direct_url or "{}")
        is_editable = document.get("dir_info", {}).get("editable", False)
        url = str(document.get("url", ""))
    except (ValueError, AttributeError):
        return None
    is_local = bool(is_editable) and url.startswith("file://")
    return unquote(url.removeprefix("file://")) if is_local else None


def _text_of(path: str, size: int = -1) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(size).decode("utf-8", "replace")
    except OSError:
        return ""
