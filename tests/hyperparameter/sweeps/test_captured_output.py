"""What a run prints is in its log, and the process has its own output back afterwards."""

import os
import subprocess
import sys

from hyperparameter._sweeps.work.capture import captured, head_and_tail


def test_afterwards_the_streams_and_descriptors_are_as_before(tmp_path):
    before = sys.stdin, sys.stdout, sys.stderr, [os.fstat(number) for number in range(3)]
    opened = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with captured(str(tmp_path / "log")):
            print("once")
    after = sys.stdin, sys.stdout, sys.stderr, [os.fstat(number) for number in range(3)]
    assert [found.st_ino for found in after[3]] == [found.st_ino for found in before[3]]
    assert after[:3] == before[:3]
    assert len(os.listdir("/proc/self/fd")) == opened
    assert (tmp_path / "log").read_text() == "once\n" * 3


def test_what_was_printed_before_and_after_is_not_in_the_log(tmp_path):
    text = f"""
import ctypes, os, logging, sys
from hyperparameter._sweeps.work.capture import captured
libc = ctypes.CDLL(None)
print("before", end=" "); libc.printf(b"before in C ")
with captured({str(tmp_path / "log")!r}):
    print("inside", end=" "); libc.printf(b"inside in C ")
    logging.basicConfig()  # keeps the stream
print("after"); libc.printf(b"after in C\\n")
sys.stdout.flush(); libc.fflush(None)
logging.warning("later")
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert (tmp_path / "log").read_text() == "inside inside in C "
    assert sorted(done.stdout.split()) == sorted(
        ["before", "before", "in", "C", "after", "after", "in", "C"]
    )
    assert done.stderr == "WARNING:root:later\n"


def test_a_process_without_output_can_have_a_log(tmp_path):
    text = f"""
import os, sys
from hyperparameter._sweeps.work.capture import captured
with captured({str(tmp_path / "log")!r}):
    print("inside")
"""
    command = [sys.executable, "-c", text]
    subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command], check=True)
    assert (tmp_path / "log").read_text() == "inside\n"


def test_the_middle_of_a_very_long_log_is_left_out_with_a_mark(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"head" + bytes(100 << 20) + b"tail")
    data, left_out = head_and_tail(str(path))
    assert left_out == (100 << 20) + 8 - (16 << 20)
    assert data.startswith(b"head")
    assert data.endswith(b"tail")
    assert f"\n[... {left_out} bytes of output are left out here ...]\n".encode() in data
    assert len(data) < 17 << 20


def test_a_log_of_any_other_size_is_whole(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"x" * (16 << 20))
    assert head_and_tail(str(path)) == (b"x" * (16 << 20), 0)
