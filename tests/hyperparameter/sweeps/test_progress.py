"""What a user sees of a sweep while it runs: on a terminal, in pipes, and in large sweeps."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from programs import output_of
from screen import Screen, width_of

from hyperparameter._sweeps.objective import Goal
from hyperparameter._sweeps.progress import progress_on
from hyperparameter._sweeps.progress.lines import Lines
from hyperparameter._sweeps.progress.live import Live
from hyperparameter._sweeps.progress.tally import Resumed, Tally
from hyperparameter._sweeps.run import Cell, Outcome, Result
from hyperparameter._sweeps.shown import duration_text, overrides
from hyperparameter._values.untyped import UntypedText

ENVIRONMENT = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def screen() -> Iterator[Screen]:
    found = Screen()
    yield found
    if not found.stream.closed:
        found.close()


def cell(**values: object) -> Cell:
    return Cell(
        {
            key: UntypedText(value) if isinstance(value, str) else value
            for key, value in values.items()
        }
    )


def returned(value: object) -> Outcome:
    return Outcome("returned", result=Result("json", json.dumps(value).encode()))


FAILED = Outcome("raised", "ValueError: loss is nan")


def lines_of(
    use: Callable[[Lines, Clock], None], clock: Clock, goal: Goal | None = None
) -> list[str]:
    stream = io.StringIO()
    lines = Lines(stream, Tally(goal, clock))
    use(lines, clock)
    return stream.getvalue().splitlines()


def live_on(screen: Screen, clock: Clock, goal: Goal | None = None) -> Live:
    return Live(screen.stream, ENVIRONMENT, Tally(goal, clock))


# Plain lines


def test_a_line_for_each_run_and_one_at_the_end(clock: Clock) -> None:
    def use(lines: Lines, clock: Clock) -> None:
        lines.begin(3, 2)
        lines.started(1, cell(lr="0.1"), "host")
        lines.started(2, cell(lr="0.01"), "host")
        clock.now += 1.5
        lines.ended(1, cell(lr="0.1"), "done", returned(0.25))
        clock.now += 60
        lines.ended(2, cell(lr="0.01"), "failed", FAILED, "logs/2.log")
        lines.skipped(3, cell(lr="1"), 1)
        lines.finish()

    assert lines_of(use, clock) == [
        "[1/3] run 1: lr=0.1: 0.25 (1.5 s)",
        "[2/3] run 2 failed after 1 min 2 s: lr=0.01: ValueError: loss is nan (logs/2.log)",
        "[3/3] run 3 is the same as run 1: lr=1",
        "[3/3] 1 done, 1 failed, 1 same in 1 min 2 s; lowest 0.25: run 1, lr=0.1",
    ]


def test_a_run_that_is_tried_again_is_not_finished(clock: Clock) -> None:
    def use(lines: Lines, clock: Clock) -> None:
        lines.begin(1, 1)
        lines.started(1, cell(lr="0.1"), "host")
        lines.ended(1, cell(lr="0.1"), "failed", FAILED, again=True)
        lines.started(1, cell(lr="0.1"), "host")
        lines.ended(1, cell(lr="0.1"), "done", returned(2))

    first, second = lines_of(use, clock)
    assert first.startswith("[0/1] run 1 failed")
    assert first.endswith("It will be tried again.")
    assert second == "[1/1] run 1: lr=0.1: 2 (0.0 s)"


def test_what_earlier_launches_have_finished_counts(clock: Clock) -> None:
    def use(lines: Lines, clock: Clock) -> None:
        pruned = Resumed(2, cell(lr="1"), {"loss": 0.1}, "pruned")
        lines.begin(4, 1, [Resumed(1, cell(lr="0.3"), {"loss": 0.5}), pruned])
        lines.started(3, cell(lr="0.1"), "host")
        lines.ended(3, cell(lr="0.1"), "done", returned({"loss": 0.75, "epochs": 3}))
        lines.finish()

    assert lines_of(use, clock, Goal("minimize", "loss")) == [
        "[2/4] finished by earlier launches",
        "[3/4] run 3: lr=0.1: 0.75 (0.0 s)",
        "[3/4] 2 done, 1 pruned, 1 waiting in 0.0 s; lowest loss 0.5: run 1, lr=0.3",
    ]


@pytest.mark.parametrize(
    ("direction", "best"), [("minimize", "lowest -1"), ("maximize", "highest 2")]
)
def test_the_best_is_what_the_sweep_is_after_and_never_nan(
    clock: Clock, direction: str, best: str
) -> None:
    def use(lines: Lines, clock: Clock) -> None:
        lines.begin(None, 1)
        for number, value in enumerate([float("nan"), 0, 2, -1]):
            lines.started(number, cell(n=str(number)), "host")
            lines.ended(number, cell(n=str(number)), "done", returned(value))
        lines.finish()

    assert f"; {best}: run" in lines_of(use, clock, Goal(direction))[-1]  # type: ignore[arg-type]


def test_results_that_are_no_number_are_shown_without_a_best(clock: Clock) -> None:
    def use(lines: Lines, clock: Clock) -> None:
        lines.begin(3, 1)
        for number, value in enumerate([{"loss": 1.5, "name": "a b"}, None, "text"]):
            lines.started(number, cell(n="1"), "host")
            lines.ended(number, cell(n="1"), "done", returned(value))
        lines.finish()

    assert lines_of(use, clock) == [
        '[1/3] run 0: n=1: loss=1.5 name="a b" (0.0 s)',
        "[2/3] run 1: n=1 (0.0 s)",
        "[3/3] run 2: n=1: text (0.0 s)",
        "[3/3] 3 done in 0.0 s",
    ]


def test_ten_thousand_runs_are_quiet_and_lose_no_failure(clock: Clock) -> None:
    def use(lines: Lines, clock: Clock) -> None:
        lines.begin(10_000, 8)
        for number in range(10_000):
            lines.started(number, cell(n=str(number)), "host")
            clock.now += 0.1
            if number % 2500 == 7:
                lines.ended(number, cell(n=str(number)), "failed", FAILED)
            else:
                lines.ended(number, cell(n=str(number)), "done", returned(number))
        lines.finish()

    found = lines_of(use, clock)
    assert len([line for line in found if "ValueError" in line]) == 4
    assert len(found) <= 4 + 50 + 1
    assert re.fullmatch(
        r"\[200/10000\] 199 done, 1 failed, 9800 waiting; about 2 min [23] s left; "
        r"lowest 0: run 0, n=0",
        found[1],
    )


def test_a_fast_large_sweep_prints_at_most_every_two_seconds(clock: Clock) -> None:
    def use(lines: Lines, clock: Clock) -> None:
        lines.begin(1000, 8)
        for number in range(1000):
            lines.started(number, cell(), "host")
            clock.now += 0.01
            lines.ended(number, cell(), "done", returned(1))
        lines.finish()

    assert len(lines_of(use, clock)) <= 10 / 2 + 1


def test_secrets_are_masked_and_control_characters_escaped(clock: Clock) -> None:
    nasty = "a\x1b[2Jb\nc"

    def use(lines: Lines, clock: Clock) -> None:
        lines.begin(1, 1)
        lines.started(1, cell(api_key="hunter22", name=nasty), "host")
        problem = Outcome("raised", f"ValueError: {nasty}")
        lines.ended(1, cell(api_key="hunter22", name=nasty), "failed", problem)
        lines.note(nasty)

    found = lines_of(use, clock)
    assert len(found) == 2
    assert "hunter22" not in "".join(found)
    assert "api_key=***" in found[0]
    assert all(line.isprintable() for line in found)


def test_values_of_any_kind_are_shown(clock: Clock) -> None:
    shown = overrides(cell(a="x y", b="", c=None, d=[1, 2], e=0.1 + 0.2, f="ユニコード", g=object))
    assert shown.startswith('a="x y" b="" c=null d=[1, 2] e=0.30000000000000004 f=ユニコード g=')
    assert overrides(Cell({}, None)) == "(nothing set)"
    assert overrides(Cell({"a": UntypedText("1")}, 3)) == "a=1 (repeat 3)"


def test_a_closed_pipe_does_not_end_the_runs(clock: Clock) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as stream:
        lines = Lines(stream, Tally(None, clock))
        lines.begin(2, 1)
        for number in range(2):
            lines.ended(number, cell(), "failed", FAILED)
        lines.finish()


def test_lines_go_where_stderr_was_even_while_a_run_redirects_it(
    clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = Lines(sys.__stderr__, Tally(None, clock))
    lines.begin(None, 1)
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    lines.note("heard")
    os.dup2(saved, 2)
    lines.finish()
    os.close(saved)
    os.close(null)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "heard"


def test_nothing_is_printed_where_there_is_no_stderr(clock: Clock) -> None:
    progress = progress_on(None, ENVIRONMENT)
    progress.begin(1, 1)
    progress.ended(1, cell(), "failed", FAILED)
    progress.finish()


# Time left


def test_the_time_left_is_that_of_the_runs_so_far_on_all_slots(clock: Clock) -> None:
    tally = Tally(None, clock)
    tally.begin(10, 2, [])
    tally.started(1, cell(), "")
    tally.started(2, cell(), "")
    clock.now += 10
    assert tally.seconds_left() is None
    tally.ended(1, cell(), "done", returned(1))
    assert tally.seconds_left() == pytest.approx(8 * 10 / 2)  # run 2 is due now
    tally.started(3, cell(), "")
    clock.now += 4
    assert tally.seconds_left() == pytest.approx((7 * 10 + 6) / 2)


def test_runs_that_failed_at_once_tell_nothing_of_the_time_left(clock: Clock) -> None:
    tally = Tally(None, clock)
    tally.begin(10, 2, [])
    tally.started(1, cell(), "")
    tally.started(2, cell(), "")
    tally.ended(1, cell(), "failed", FAILED)
    assert tally.seconds_left() is None
    clock.now += 10
    tally.ended(2, cell(), "done", returned(1))
    assert tally.seconds_left() == pytest.approx(8 * 10 / 2)


def test_the_last_runs_are_not_sped_up_by_free_slots(clock: Clock) -> None:
    tally = Tally(None, clock)
    tally.begin(2, 8, [])
    tally.started(1, cell(), "")
    clock.now += 10
    tally.ended(1, cell(), "done", returned(1))
    tally.started(2, cell(), "")
    assert tally.seconds_left() == pytest.approx(10)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min"), (61, "1 min 1 s"),
        (3599.9, "1 h"), (3700, "1 h 1 min"), (90000, "1 d 1 h"),
    ],
)  # fmt: skip
def test_times_are_told_in_two_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


# On a terminal


def begin_some(live: Live, clock: Clock) -> None:
    live.begin(4, 2)
    live.started(1, cell(lr="0.1"), "host")
    live.started(2, cell(lr="0.01"), "host")
    clock.now += 5
    live.ended(1, cell(lr="0.1"), "done", returned(0.25))
    live.started(3, cell(lr="0.2"), "host")
    live.reported(2, 3, 0.5)
    clock.now += 1
    live.tick()


def test_a_terminal_shows_counts_the_best_what_runs_and_the_time_left(
    screen: Screen, clock: Clock
) -> None:
    live = live_on(screen, clock, Goal("minimize", "loss"))
    begin_some(live, clock)
    screen.wait_for("run 3, 1.0 s")
    screen.wait_for("lr=0.2")
    bar, *rest = screen.lines
    assert re.fullmatch(r"━+ 1/4, about 4\.5 s left", bar)
    assert rest == [
        "1 done, 2 running, 1 waiting",
        "lowest loss 0.25: run 1, lr=0.1",
        "  run 2, 6.0 s, 0.5 at step 3: lr=0.01",
        "  run 3, 1.0 s: lr=0.2",
    ]
    live.finish()


def finished(screen: Screen, live: Live) -> list[str]:
    live.finish()
    screen.close()
    return screen.lines


def test_the_block_goes_and_failures_and_a_summary_stay(screen: Screen, clock: Clock) -> None:
    live = live_on(screen, clock)
    begin_some(live, clock)
    live.ended(2, cell(lr="0.01"), "failed", FAILED, "logs/2.log")
    live.note("one run is left out")
    clock.now += 1
    live.ended(3, cell(lr="0.2"), "pruned", Outcome("returned"))
    live.skipped(4, cell(lr="1"), 1)
    assert finished(screen, live) == [
        "run 2 failed after 6.0 s: lr=0.01: ValueError: loss is nan (logs/2.log)",
        "one run is left out",
        "[4/4] 1 done, 1 failed, 1 pruned, 1 same in 7.0 s; lowest 0.25: run 1, lr=0.1",
    ]
    assert screen.cursor_is_shown


@pytest.mark.parametrize("columns", [10, 40, 200])
def test_no_line_of_the_block_is_wider_than_the_terminal(clock: Clock, columns: int) -> None:
    screen = Screen(columns, 12)
    live = live_on(screen, clock)
    live.begin(30, 20)
    wide = cell(name="漢字" * 60, tail="x" * 60)
    for number in range(20):
        live.started(number, wide, "host")
    live.ended(0, wide, "done", returned(1))
    for _ in range(3):
        clock.now += 1
        live.tick()
    frame = screen_frames(screen, live)[-2]
    assert len(frame) <= 12 - 1
    assert all(width_of(line) <= columns for line in frame)
    if columns == 40:
        assert frame[-1].strip() == "and 12 more"


def screen_frames(screen: Screen, live: Live) -> list[list[str]]:
    """Return the lines of each frame: what was sent between two erasures."""
    finished(screen, live)
    plain = re.sub(r"\x1b\[[\d;]*m|\x1b\[\?25[hl]", "", screen.text)
    frames = re.split(r"(?:\r|\x1b\[2K|\x1b\[1A)+\x1b\[2K", plain)
    return [[line for line in frame.splitlines() if line.strip("\r")] for frame in frames]


def test_a_resize_is_followed(clock: Clock) -> None:
    screen = Screen(100)
    live = live_on(screen, clock)
    live.begin(2, 1)
    live.started(1, cell(name="x" * 300), "host")
    screen.resize(40)
    clock.now += 1
    live.tick()
    frame = screen_frames(screen, live)[-2]
    assert max(map(width_of, frame)) == 40


def test_control_characters_do_not_steer_the_terminal(screen: Screen, clock: Clock) -> None:
    live = live_on(screen, clock)
    live.begin(1, 1)
    nasty = cell(name="a\x1b[2Jb\x07", password="hunter22")
    live.started(1, nasty, "host")
    clock.now += 1
    live.tick()
    live.ended(1, nasty, "failed", Outcome("raised", "Error: \x1b]0;title\x07"))
    finished(screen, live)
    assert "\x1b[2J" not in screen.text
    assert "\x07" not in screen.text
    assert "hunter22" not in screen.text


def test_it_draws_at_most_ten_frames_a_second(screen: Screen, clock: Clock) -> None:
    live = live_on(screen, clock)
    live.begin(1000, 4)
    for number in range(1000):
        live.started(number, cell(n=str(number)), "host")
        clock.now += 0.001
        live.ended(number, cell(n=str(number)), "done", returned(number))
    finished(screen, live)
    assert screen.text.count("/1000") <= 13


def test_many_failures_at_once_all_stay_and_few_frames_are_drawn(
    screen: Screen, clock: Clock
) -> None:
    live = live_on(screen, clock)
    live.begin(1000, 4)
    for number in range(500):
        live.started(number, cell(n=str(number)), "host")
        clock.now += 0.001
        live.ended(number, cell(n=str(number)), "failed", FAILED)
    lines = finished(screen, live)
    failures = [line for line in lines if "ValueError" in line]
    assert [line.split()[1] for line in failures] == [str(number) for number in range(500)]
    assert screen.text.count("/1000") <= 0.5 / 0.02 + 0.5 / 0.1 + 5


def test_what_a_program_prints_between_runs_stays(screen: Screen, clock: Clock) -> None:
    live = live_on(screen, clock)
    begin_some(live, clock)
    for number in range(3):
        live.hide()
        screen.stream.write(f"result {number}\n")
        screen.stream.flush()
        clock.now += 1
        live.tick()
    screen.wait_for("run 3, 4.0 s")
    screen.wait_for("lr=0.2")
    lines = finished(screen, live)
    assert lines[:3] == ["result 0", "result 1", "result 2"]
    assert len(lines) == 4


def test_a_search_that_ends_early_is_complete(screen: Screen, clock: Clock) -> None:
    live, stream = live_on(screen, clock), io.StringIO()
    for progress in (live, Lines(stream, Tally(None, clock))):
        progress.begin(40, 1)
        progress.started(1, cell(), "host")
        progress.ended(1, cell(), "done", returned(1))
        progress.expect(1)
        progress.finish()
    screen.close()
    assert screen.lines[-1] == stream.getvalue().splitlines()[-1]
    assert screen.lines[-1].startswith("[1/1] 1 done in")


def test_a_sweep_that_has_not_begun_says_nothing(screen: Screen, clock: Clock) -> None:
    live_on(screen, clock).finish()
    assert lines_of(lambda lines, _: lines.finish(), clock) == []
    screen.close()
    assert screen.text == ""


def test_no_color_means_no_colours(clock: Clock) -> None:
    coloured, plain = Screen(), Screen()
    for screen, env in ((coloured, ENVIRONMENT), (plain, {**ENVIRONMENT, "NO_COLOR": "1"})):
        live = Live(screen.stream, env, Tally(None, clock))
        begin_some(live, clock)
        live.ended(2, cell(lr="0.01"), "failed", FAILED)
        finished(screen, live)
    assert re.search(r"\x1b\[3\dm", coloured.text)
    assert not re.search(r"\x1b\[(3|9)\dm", plain.text)
    assert coloured.lines == plain.lines


def test_a_terminal_is_live_and_a_dumb_one_a_pipe_and_a_file_are_not(screen: Screen) -> None:
    assert isinstance(progress_on(screen.stream, ENVIRONMENT), Live)
    assert isinstance(progress_on(screen.stream, {"TERM": "dumb"}), Lines)
    assert isinstance(progress_on(io.StringIO(), ENVIRONMENT), Lines)


PROGRAM = """
import os, sys, time
from hyperparameter._sweeps.progress import progress_on
from hyperparameter._sweeps.run import Cell
progress = progress_on(sys.stderr, os.environ)
progress.begin(2, 1)
try:
    progress.started(1, Cell({"lr": 0.1}), "host")
    print("ready", flush=True)
    while True:
        time.sleep(0.05)
        progress.tick()
finally:
    progress.finish()
    print("table", flush=True)
"""


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGKILL]])
def test_whatever_ends_it_the_cursor_is_shown_and_stdout_is_clean(
    signals: list[signal.Signals],
) -> None:
    screen = Screen()
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE, stderr=screen.slave, text=True,
        env={**os.environ, **ENVIRONMENT},
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    screen.wait_for("run 1")
    for one in signals:
        child.send_signal(one)
    out, _ = output_of(child)
    screen.close()
    assert screen.cursor_is_shown
    assert out == ("table\n" if signals == [signal.SIGINT] else "")
    if signals == [signal.SIGINT]:
        summary = "[0/2] 0 done, 1 running, 1 waiting in"
        assert [line.startswith(summary) for line in screen.lines].count(True) == 1


@pytest.mark.parametrize("method", ["write", "flush", "render_lines"])
def test_ctrl_c_in_the_middle_of_drawing_loses_no_line(
    screen: Screen, clock: Clock, method: str
) -> None:
    live = live_on(screen, clock)
    begin_some(live, clock)
    live.note("kept")
    clock.now += 1
    place = live._stream if hasattr(live._stream, method) else live._console
    setattr(place, method, interrupted)
    with pytest.raises(KeyboardInterrupt):
        live.tick()
    delattr(place, method)
    lines = finished(screen, live)
    assert lines[-1].startswith("[1/4] 1 done, 2 running, 1 waiting in")
    assert [line for line in lines if "kept" in line] == ["kept"]
    assert sum("1/4, " in line for line in lines) <= 1  # the block that could not be erased
    assert screen.cursor_is_shown


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_terminal_that_goes_does_not_end_the_runs(clock: Clock) -> None:
    screen = Screen()
    live = live_on(screen, clock)
    begin_some(live, clock)
    os.close(screen._master)  # as when the window is closed
    for number in range(3):
        clock.now += 1
        live.ended(number, cell(), "failed", FAILED)
    live.finish()
