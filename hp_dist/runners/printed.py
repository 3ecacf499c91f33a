"""What a run prints in a worker of Ray, shown where the launcher prints."""

from __future__ import annotations

import codecs
import sys
from typing import TextIO


class Printed:
    """The output of one run; each part of a stream may arrive more than once."""

    def __init__(self) -> None:
        self.shown = [0, 0]
        """How many bytes of stdout and stderr have been shown."""
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = decoder("backslashreplace"), decoder("backslashreplace")

    def show(self, number: int, start: int, data: bytes) -> None:
        """Show what stands at a place of a stream, unless it has been shown."""
        new = data[self.shown[number] - start :]
        if not new:
            return
        self.shown[number] += len(new)
        stream = sys.stderr if number else sys.stdout
        if stream is not None:
            self._write(stream, new, number)
            stream.flush()

    def _write(self, stream: TextIO, data: bytes, number: int) -> None:
        encoding = stream.encoding or "utf-8"
        buffer = getattr(stream, "buffer", None)  # not in notebooks
        if buffer is not None and codecs.lookup(encoding).name == "utf-8":
            stream.flush()
            buffer.write(data)
            return
        text = self._decoders[number].decode(data)
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
