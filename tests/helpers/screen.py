"""A pseudo-terminal, and what somebody would see on it."""

import fcntl
import os
import re
import struct
import termios
import time
import unicodedata
from threading import Thread

from patience import PATIENCE

_PARTS = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n])")


class Screen:
    """A terminal whose `stream` a program writes to; `lines` are what it shows."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._master, self.slave = os.openpty()
        self.resize(columns, rows)
        self.stream = open(self.slave, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # closed by `close`
        self.raw = b""
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def resize(self, columns: int, rows: int = 24) -> None:
        self.columns = columns
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def close(self) -> None:
        """End the terminal; everything has been read then."""
        self.stream.close()
        os.close(self.slave)
        self._reader.join()
        os.close(self._master)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # Linux says so that no program has it open
                return
            if not data:
                return
            self.raw += data

    def wait_for(self, text: str) -> None:
        """Wait until the terminal has been sent this."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.text:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{text!r} is not in {self.text!r}")
            time.sleep(0.01)

    @property
    def text(self) -> str:
        return self.raw.decode()

    @property
    def lines(self) -> list[str]:
        return drawn(self.text, self.columns)

    @property
    def cursor_is_shown(self) -> bool:
        found = re.findall(r"\x1b\[\?25([hl])", self.text)
        return not found or found[-1] == "h"


def drawn(text: str, columns: int) -> list[str]:
    """Return the lines on a terminal that has been sent `text`, without blank ones at the end."""
    rows: list[list[str]] = [[]]
    row = column = 0
    for found in _PARTS.finditer(text):
        code, letter, control, character = found.groups()
        if letter == "A":
            row = max(row - int(code or 1), 0)
        elif letter == "K":
            rows[row] = [] if code == "2" else rows[row][:column]
        elif control == "\r":
            column = 0
        elif control == "\n":
            row += 1
        elif character:
            width = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if column + width > columns:
                row, column = row + 1, 0
            rows += [[] for _ in range(row + 1 - len(rows))]
            rows[row] += [" "] * (column - len(rows[row]))
            rows[row][column : column + width] = [character, *[""] * (width - 1)]
            column += width
        rows += [[] for _ in range(row + 1 - len(rows))]
    found_lines = ["".join(one).rstrip() for one in rows]
    while found_lines and not found_lines[-1]:
        found_lines.pop()
    return found_lines


def width_of(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line)
