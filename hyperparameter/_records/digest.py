"""Digests of secrets, which tell that two runs had the same one and nothing else.

A plain digest of a password can be found by trying passwords.  So it is made under a random key
that stays with the user and never is in a record.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .._values.describe import Masked, Spelled, has_secrets
from .._values.untyped import Layered, UntypedTree
from .read import Read

_KEY_SIZE = 32


def with_keyed_digests(reads: list[Read], env: Mapping[str, str]) -> list[Read]:
    """Return the reads as they may be saved; without a key of the user, without digests."""
    key: bytes | None = None
    asked = False

    def keyed(value: Any) -> Any:
        nonlocal key, asked
        if isinstance(value, Masked) and not value.is_keyed:
            if not asked:  # so that only a record with secrets makes a key
                key, asked = user_key(env), True
            return _keyed(value, key)
        if isinstance(value, Spelled) and has_secrets(value):
            return type(value)(str(value), keyed(value.data))
        if isinstance(value, dict):
            return {name: keyed(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)([keyed(item) for item in value])
        if isinstance(value, UntypedTree):
            return UntypedTree(keyed(value.value))
        if isinstance(value, Layered):
            return Layered(*map(keyed, (value.whole, value.parts, value.displaced)))
        return value

    return [
        read._replace(
            value=keyed(read.value), default=keyed(read.default), written=keyed(read.written)
        )
        for read in reads
    ]


def _keyed(value: Masked, key: bytes | None) -> Masked:
    from hashlib import blake2b

    if key is None or not value.digest:
        return Masked(str(value))
    digest = blake2b(bytes.fromhex(value.digest), key=key, digest_size=32)
    return Masked(str(value), digest.hexdigest(), is_keyed=True)


def user_key(env: Mapping[str, str]) -> bytes | None:
    """Return the random key of the user, made when first needed; None where none can be kept.

    A record has no digests then, and whatever compares it says so.
    """
    folder = _state_folder(env)
    if folder is None:
        return None
    path = folder / "digest.key"
    try:
        if not path.exists():
            _create(path)
        key = path.read_bytes()
    except OSError:
        return None
    return key if len(key) == _KEY_SIZE else None


def _state_folder(env: Mapping[str, str]) -> Path | None:
    base = env.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):  # the specification says to ignore others
        base = os.path.expanduser("~/.local/state")
    return Path(base, "hyperparameter") if os.path.isabs(base) else None


def _create(path: Path) -> None:
    """Write a new key, unless another process is first: who comes second takes that one's.

    The file gets its name when it is complete, so nobody reads half a key.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}-{os.urandom(8).hex()}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(os.urandom(_KEY_SIZE))
        with suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
