"""What scopes tell a record, without knowing what a record is.

Scopes stand below records: whoever collects reads offers these methods.  Until somebody does,
`Unrecorded` takes them and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .._values.convert import Converter
from .._values.origin import RawOrigin, Site
from .markers import ABSENT
from .snapshot import Layer, Snapshot

if TYPE_CHECKING:
    from typing import Protocol
else:  # nobody asks at run time, and to make a protocol takes long
    Protocol = object


class Recorder(Protocol):
    """A collector of reads and overrides."""

    overrides: dict[str, RawOrigin]
    """Where each key was set last; entering a scope looks here first."""

    def override(self, layer: Layer | Snapshot) -> None:
        """Note that these bindings are in force."""

    def override_again(self, key: str, origin: RawOrigin) -> bool:
        """Note a binding, of a key that several places set, if it is known; return whether."""

    def carry(self, layer: Layer, *, is_told: bool = False) -> None:
        """Note that these bindings may be read in another process, which tells it or not."""

    def note(
        self,
        key: str,
        value: object,
        default: object,
        origin: RawOrigin | None,
        site: Site,
        *,
        bulk: bool = False,
        written: object = ABSENT,
        convert: Converter | None = None,
    ) -> None:
        """Note one read; `origin` is None when the default was used.

        A `bulk` read is one of many: its reader has taken all that there was.  `written` is what
        was bound, and `convert` what the reader has made the value of it with.
        """

    def note_shown(self, keys: Iterable[str]) -> None:
        """Note what the program may have seen of these keys without a read of them."""

    def known_keys(self) -> Iterable[str]:
        """Return the keys that this process declares, and those that it has read so far."""

    def declares(self, key: str) -> bool:
        """Tell whether this process declares a key."""

    def before_fork(self) -> None:
        """Get ready to see whether a child reads anything that the program forks now."""

    def begin_child(self) -> None:
        """Begin anew in a forked child: a thread that it does not have may have held the lock."""


class Unrecorded:
    """The recorder of a process in which nothing is collected."""

    def __init__(self) -> None:
        self.overrides: dict[str, RawOrigin] = {}

    def override(self, layer: Layer | Snapshot) -> None:
        pass

    def override_again(self, key: str, origin: RawOrigin) -> bool:
        return False

    def carry(self, layer: Layer, *, is_told: bool = False) -> None:
        pass

    def note(
        self,
        key: str,
        value: object,
        default: object,
        origin: RawOrigin | None,
        site: Site,
        *,
        bulk: bool = False,
        written: object = ABSENT,
        convert: Converter | None = None,
    ) -> None:
        pass

    def note_shown(self, keys: Iterable[str]) -> None:
        pass

    def known_keys(self) -> Iterable[str]:
        return ()

    def declares(self, key: str) -> bool:
        return False

    def before_fork(self) -> None:
        pass

    def begin_child(self) -> None:
        pass
