"""Which file system a folder is on, since a store on a network is for one host at a time."""

from __future__ import annotations

import os
import re

_NETWORK = (
    "nfs", "cifs", "smb", "lustre", "fuse.", "9p", "afs", "beegfs", "ceph", "gfs", "gluster",
    "gpfs", "ncp", "ocfs", "orangefs", "panfs", "pvfs", "virtiofs", "wekafs",
)  # fmt: skip
_MOUNTS = "/proc/self/mountinfo"


def network_file_system(folder: str, mounts: str = _MOUNTS) -> str | None:
    """Return the kind of the network file system that has a folder, None for a local one."""
    kind = _kind(os.path.realpath(folder), mounts)
    return kind if kind.startswith(_NETWORK) else None


def _kind(path: str, mounts: str) -> str:
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.readlines()
    except OSError:  # no Linux
        return ""
    found, longest = "", -1
    for line in lines:
        before, _, behind = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not behind:
            continue
        place = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
        is_above = path == place or path.startswith(place.rstrip("/") + "/")
        if is_above and len(place) >= longest:  # of two on one place, the last is seen
            found, longest = behind.split(" ")[0], len(place)
    return found


def note_on(folder: str) -> str | None:
    """Return what the user must know of a folder on a network, None for any other."""
    kind = network_file_system(folder)
    if kind is None:
        return None
    return (
        f"{folder} is on a network file system ({kind}): launch and resume this sweep on one host "
        "at a time."
    )
