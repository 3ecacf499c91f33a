"""The live block on a terminal: a bar, counts, the best run, and what is running."""

from collections.abc import Callable, Mapping
from os import get_terminal_size
from typing import TextIO

from rich.console import Console, ConsoleDimensions, Group
from rich.live import Live as Block
from rich.text import Text

from ..._console import close_own, harmless, own_stream
from ..run import State
from ..shown import duration_text, overrides
from .progress import Progress, closing_text, place_text
from .tally import Running, Tally

_FRAME_SECONDS = 0.1
_LINE_SECONDS = 0.02
_BAR = 40
_OTHER_LINES = 5  # bar, counts, best, how many more are running, the cursor


class Live(Progress):
    """Draws one block, at most ten times a second, and prints what has to stay above it."""

    def __init__(self, stream: TextIO, env: Mapping[str, str], tally: Tally) -> None:
        super().__init__(tally)
        self._given = self._stream = stream
        self._env = env
        self._console = self._new_console()
        # What runs print goes to their logs, so neither stream may be replaced.
        self._block = Block(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._drawn_at = self._printed_at = float("-inf")
        self._waiting: list[Text] = []
        self._is_gone = self._is_torn = self._is_visible = False

    def _new_console(self) -> Console:
        return Console(
            file=self._stream,
            force_terminal=True,
            force_jupyter=False,
            highlight=False,
            markup=False,
            emoji=False,
            no_color=bool(self._env.get("NO_COLOR")),
            _environ=self._env,
        )

    def note(self, text: str) -> None:
        self._above(text)

    def tick(self) -> None:
        is_due = self._tally.clock() - self._drawn_at >= _FRAME_SECONDS
        if is_due and self._block.is_started:
            self._draw()

    def hide(self) -> None:
        if self._is_visible:
            self._is_visible = False
            self._write(lambda: self._block.update(Text(), refresh=True))

    def finish(self) -> None:
        if self._block.is_started:
            if self._is_torn:
                # What rich has not written yet would come with the next line.
                self._console = self._new_console()
                self._print(Text())
                self._print_waiting()
            else:
                self._draw()
                self._write(self._block.stop)
            self._print(Text(f"{place_text(self._tally)} {closing_text(self._tally)}"))
        self._close()

    def _open(self) -> None:
        self._stream = self._console.file = own_stream(self._given)
        self._fit()
        self._write(self._block.start)
        # So that the terminal is sane, whatever ends us.
        self._write(lambda: self._console.show_cursor(True))
        self._draw()

    def _shows(self, state: State) -> bool:
        return state == "waiting"  # the counts have the others

    def _line(self, text: str) -> None:
        self._above(text)

    def _failure(self, text: str) -> None:
        self._above(text, "red")

    def _above(self, text: str, style: str = "") -> None:
        """Print a line that stays; each draws the block anew, so many at once wait for a frame."""
        self._waiting.append(Text(harmless(text), style=style))
        if self._tally.clock() - self._printed_at >= _LINE_SECONDS:
            self._print_waiting()

    def _print_waiting(self) -> None:
        if self._waiting:
            self._printed_at = self._tally.clock()
            self._print(Text("\n").join(self._waiting))
            self._waiting.clear()

    def _print(self, text: Text) -> None:
        self._fit()
        # The terminal wraps it, so that it can be copied.
        self._write(lambda: self._console.print(text, soft_wrap=True))

    def _draw(self) -> None:
        self._print_waiting()
        self._drawn_at = self._tally.clock()
        self._fit()
        block = Group(*self._lines())
        self._write(lambda: self._block.update(block, refresh=True))
        self._is_visible = True

    def _write(self, write: Callable[[], object]) -> None:
        """Write, unless the terminal has gone: that must not end the runs."""
        if self._is_gone:
            return
        try:
            write()
        except OSError:
            self._close()
        except BaseException:  # Ctrl-C
            self._is_torn = True
            raise

    def _close(self) -> None:
        self._is_gone = True
        close_own(self._stream, self._given)

    def _fit(self) -> None:
        """Take the size of this terminal: `Console` would ask stdin, stdout and stderr for it."""
        try:
            columns, lines = get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            columns, lines = 0, 0
        self._console.size = ConsoleDimensions(columns or 80, lines or 25)

    def _lines(self) -> list[Text]:
        tally = self._tally
        lines = [self._bar(), _one_line(tally.counts_text())]
        if best := tally.best_text():
            lines.append(_one_line(best, "bold"))
        most = max(self._console.height - _OTHER_LINES, 1)
        shown = list(tally.running.items())[:most]
        lines += [_one_line(self._running(number, run)) for number, run in shown]
        if (hidden := len(tally.running) - len(shown)) > 0:
            lines.append(_one_line(f"  and {hidden} more"))
        return lines

    def _bar(self) -> Text:
        tally, tail = self._tally, place_text(self._tally)[1:-1]
        left = tally.seconds_left()
        if left is not None and tally.finished != tally.total:
            tail += f", about {duration_text(left)} left"
        width = min(_BAR, self._console.width - len(tail) - 1)
        if not tally.total or width < 5:
            return _one_line(tail)
        full = round(width * min(tally.finished / tally.total, 1.0))
        marks = "━━" if self._console.encoding.startswith("utf") else "#-"
        bar = Text.assemble((marks[0] * full, "green"), (marks[1] * (width - full), "bright_black"))
        return Text.assemble(bar, f" {tail}", no_wrap=True, overflow="ellipsis")

    def _running(self, number: int, run: Running) -> str:
        parts = [f"  run {number}", duration_text(self._tally.clock() - run.since)]
        if run.report:
            parts.append(run.report)
        return f"{', '.join(parts)}: {overrides(run.cell)}"


def _one_line(text: str, style: str = "") -> Text:
    return Text(harmless(text), style=style, no_wrap=True, overflow="ellipsis")
