"""The desk hears of the beginning of a run that lasts, once, and of no other."""

import runner_work as at

from hp_dist.runners.beginning import Beginning


def test_a_run_that_lasts_is_told_and_one_that_has_ended_is_not():
    told = []
    short = Beginning(lambda: told.append("short"))
    short.end()  # before its moment is over
    short.tell_later()
    long = Beginning(lambda: told.append("long"))
    long.tell_later()
    at.wait_until(lambda: bool(told))
    short.tell()
    long.tell()
    assert told == ["long"]


def test_each_of_many_runs_that_last_is_told():
    told = []
    for number in range(3):
        Beginning(lambda number=number: told.append(number)).tell_later()
        at.wait_until(lambda number=number: number in told)
    assert told == [0, 1, 2]


def test_what_is_told_at_once_returns_the_answer_and_is_not_told_again():
    told = []
    one = Beginning(lambda: told.append(1) or "the answer")
    assert one.tell() == "the answer"
    one.tell_later()
    last = Beginning(lambda: told.append(2))
    last.tell_later()
    at.wait_until(lambda: 2 in told)
    assert one.tell() is None
    assert told == [1, 2]
