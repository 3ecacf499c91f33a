"""Large buffers of values, such as those of arrays: sent once, and again when they have changed."""

from __future__ import annotations

import warnings
import zlib

from .attachments import Attachment, forget, make_attachment

_MOST_CHECKED = 16 * 1024 * 1024  # bytes; to read so many takes 4 ms
_WINDOW = 1024 * 1024
_PIECES, _PIECE = 64, 4096


class SentBuffer:
    """A large buffer as it was when it was sent."""

    __slots__ = ("_raw", "_sample", "_turn", "_windows", "attachment")

    def __init__(self, raw: memoryview) -> None:
        self._raw = raw
        self._windows = [zlib.crc32(window) for window in _windows(raw)]
        self._sample = _sample(raw)
        self._turn = 0
        self.attachment: Attachment = make_attachment(b"", [raw])

    def sends(self, raw: memoryview, name: str, in_full: bool) -> bool:
        """Tell whether `raw` has the same contents; warn when they have changed long ago.

        Where that would take too long, a sample of them is compared, and each time another part.
        """
        if raw.nbytes != self._raw.nbytes:
            return False
        if raw.nbytes <= _MOST_CHECKED or raw.obj is not self._raw.obj:
            in_full, is_late = True, False
        else:
            if _sample(raw) != self._sample:
                return self._forget()
            is_late = True
        parts = range(len(self._windows)) if in_full else [self._turn]
        self._turn = (self._turn + 1) % len(self._windows)
        if all(zlib.crc32(_window(raw, part)) == self._windows[part] for part in parts):
            return True
        if is_late:
            warnings.warn(
                f"{name} was changed in place, in so few places that work submitted since then "
                "may have seen it as it was before. Write it anew after a change: "
                "hp.scope[key] = value.",
                RuntimeWarning,
                stacklevel=2,
            )
        return self._forget()

    def _forget(self) -> bool:
        # The attachment is a view of this memory: nobody may take it for the old contents.
        forget(self.attachment)
        return False


def _windows(raw: memoryview) -> list[memoryview]:
    return [_window(raw, part) for part in range(-(-raw.nbytes // _WINDOW))]


def _window(raw: memoryview, part: int) -> memoryview:
    return raw[part * _WINDOW : (part + 1) * _WINDOW]


def _sample(raw: memoryview) -> int:
    """Return a checksum of small pieces all over the buffer, its ends included."""
    total, step = 0, max((raw.nbytes - _PIECE) / (_PIECES - 1), 1)
    for piece in range(_PIECES if raw.nbytes > _MOST_CHECKED else 0):
        start = int(piece * step)
        total = zlib.crc32(raw[start : start + _PIECE], total)
    return total
