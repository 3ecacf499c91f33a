"""A record whose program has forked a child that reads is never taken for complete.

The programs run without `hp_dist`, whose children tell what they read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")

UNTOLD = "a forked process has read something, and tells nobody without hp_dist.install()"

PROGRAM = """
import json, multiprocessing, os, sys, warnings
import hyperparameter as hp

def read():
    assert (hp.scope.child | 1) == 2

def read_in_record():
    with hp.record():
        read()

def read_in_grandchild():
    forked(read)

def nothing():
    pass

def forked(child):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            child()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0

def process(child):
    started = multiprocessing.get_context("fork").Process(target=child)
    started.start()
    started.join()
    assert started.exitcode == 0

def answers(record):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        unused = [one.key for one in record.unused()]
    return record.incomplete, unused, [str(one.message) for one in told]

with hp.record() as outer, hp.record() as inner, hp.scope(child=2, unread=3):
    for step in sys.argv[1:]:
        how, _, child = step.partition(":")
        globals()[how](*([globals()[child]] if child else []))
with hp.record() as later:
    hp.scope.later | 0
inner.save("record.json")
loaded = hp.Record.load("record.json")
found = [*map(answers, [outer, inner, loaded, hp.process_record(), later])]
print(json.dumps({"found": found, "has_hp_dist": "hp_dist" in sys.modules}))
"""


def answers(folder: Path, *steps: str) -> list[tuple[list[str], list[str], list[str]]]:
    """Return for each record of the program why it is incomplete, what is unused, and warnings."""
    (folder / "program.py").write_text(PROGRAM)
    command = [sys.executable, "program.py", *steps]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert not said["has_hp_dist"]
    return [(incomplete, unused, told) for incomplete, unused, told in said["found"]]


@pytest.mark.parametrize("how", ["forked", "process"])
@pytest.mark.parametrize("child", ["read", "read_in_record", "read_in_grandchild"])
def test_what_a_child_reads_makes_the_open_records_incomplete(
    child: str, how: str, tmp_path: Path
) -> None:
    outer, inner, loaded, process, later = answers(tmp_path, f"{how}:{child}")
    for incomplete, unused, told in (outer, inner, process):
        assert (incomplete, unused) == ([UNTOLD], [])
        assert len(told) == 1
        assert "cannot tell whether workers read child, unread" in told[0]
    assert loaded == ([UNTOLD], [], [])
    assert later == ([], [], [])


def test_a_child_that_reads_nothing_new_is_no_loss(tmp_path: Path) -> None:
    outer, inner, loaded, *_ = answers(tmp_path, "read", "forked:nothing", "forked:read")
    assert outer == inner == loaded == ([], ["unread"], [])
