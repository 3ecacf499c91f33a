"""Words that are long, deep, huge or broken: an answer or an error of one line, and soon."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_plans import plan, texts

from hyperparameter._sweeps.plan.checking import notes
from hyperparameter.exceptions import UsageError

LONG = 1_000_000
SIGNS = "()[]{}\"'\\,:.=~|-+*0123456789eE \tabcloginstrve\n\x00\x1b\x85\u2028"
SLOW = [
    "(" * LONG, ")" * LONG, "[" * LONG, "(" * LONG + ")" * LONG, '"' * LONG, '"' * (LONG + 1),
    "a" + '"' * LONG, " " * LONG + '"' * LONG, " " * LONG + "a" + '"' * LONG, "\\" * LONG,
    '"' + "\\" * LONG, '"' + '\\"' * LONG, "1" * LONG, "1" * LONG + "." * LONG, "1." * LONG,
    "1:" * LONG, ":" * LONG, "0.." * LONG, "." * LONG, "1" + " " * LONG + "x:", "e" * LONG,
    "1e" + "1" * LONG, "1e" * LONG, "-" * LONG, "log:" * LONG, "log:1" + ":" * LONG,
    "log(" * 9999 + ")" * 9999, "int(" * 9999 + "x" + ")" * 9999, "choice(" * 9999 + ")" * 9999,
    "tag(log," * 9999 + ")" * 9999, "range(" + "1" * LONG + ")", "range(" + "1," * 9999 + "1)",
    "range(" + "(" * LONG + ")" * LONG + ")", "0.." + "9" * LONG, "0:1:1e-" + "9" * LONG,
    "interval(0,1e" + "9" * LONG + ")", "interval(0," + "9" * 601 + ")", "=" * LONG, "a(" * LONG,
    "interval(0," + "9" * 500 + ")", "log:1:" + "9" * 500, "1:" + "9" * 500 + ":0.5",
    "log:1:2:1000001", "log:1:2:" + "9" * 500, "0:1:1e-300", "a,a " * 99999, "a, " * 99999,
]  # fmt: skip


OTHERS = [
    "--sweep {}=1",
    "--sweep a,b={}",
    "--skip {}",
    "--skip k={}",
    "--repeat {}",
    "--sample {}",
]


@pytest.mark.parametrize("text", SLOW, ids=lambda text: f"{text[:9]}-{len(text)}")
def test_long_and_deep_words_are_answered(text: str) -> None:
    answered(f"--sweep k={text}")
    for word in OTHERS:
        shorter = word.format(text[: LONG // 50])
        answered(*(["--sweep k=1"] if word[2:5] != "swe" else []), shorter)


def answered(*words: str) -> None:
    message = answer(*words)
    assert len(message) < 1500
    assert message.isprintable()


def answer(*words: str) -> str:
    """Return the problem with these words; of a plan, look at the first cells."""
    try:
        made = plan(*words)
    except UsageError as error:
        return str(error)
    assert len(texts(made, 50)) == min(made.count, 50)
    return ""


@given(st.lists(st.tuples(
    st.sampled_from(["--sweep", "--or", "--skip", "--repeat", "--sample", "--seed"]),
    st.one_of(st.text(SIGNS), st.builds("{}={}".format, st.sampled_from("ab"), st.text(SIGNS)),
              st.sampled_from(["a=1,2", "b=0..3", "a,b=(1,2),(1,3)", "a=interval(0,1)", "3"])),
), max_size=5))  # fmt: skip
def test_any_words_are_a_plan_or_an_error_of_one_line(words: list[tuple[str, str]]) -> None:
    message = answer(*(" ".join(word) for word in words))
    assert message.isprintable() or not message.isascii()
    assert not set(message) & set("\n\r\x00\x1b\x85\u2028")


@given(st.text(string.printable))
def test_a_value_that_is_not_a_form_is_kept_letter_by_letter(text: str) -> None:
    """Whatever is taken as one value of a list is a part of what was written, blanks aside."""
    try:
        found = texts(plan(f"--sweep k=first,{text}", read=lambda key, value: id(value)))
    except UsageError:
        return
    rest = f"first,{text}"
    for cell in found:
        position = rest.find(cell["k"])
        assert rest[:position].strip() in ("", ",")
        rest = rest[position + len(cell["k"]) :].lstrip()
        rest = rest.removeprefix(",").lstrip()
    assert not rest.strip()


def test_a_grid_of_any_size_is_counted_without_making_it() -> None:
    digits = "1" + "0" * 30
    huge = plan(f"--sweep a=1..{digits}", f"--sweep b=1:{digits}1", "--repeat 7")
    assert huge.count == 7 * 10**30 * int("1" + "0" * 31)
    assert list(texts(huge, 2)[1].items()) == [("a", "1"), ("b", "1")]
    assert list(huge.left_out()) == []
    assert list(notes(huge)) == []


def test_skips_and_unions_of_huge_grids_are_counted() -> None:
    many = "1..1000000000"
    skipped = plan(f"--sweep a={many}", f"--sweep b={many}", "--skip a=7,b=8", "--skip a=9")
    assert skipped.count == 10**18 - 1 - 10**9
    assert len(texts(skipped, 10)) == 10
    same = plan(f"--sweep a={many}", "--sweep b=x,y", "--or", f"--sweep a={many}", "--sweep b=y,z")
    assert same.count == 3 * 10**9
    few = plan("--sweep a=5,6,zzz", "--or", f"--sweep a={many}")
    assert few.count == 10**9 + 1
    other = plan(f"--sweep a={many}", "--or", "--sweep a=5,6,zzz")
    assert other.count == 10**9 + 1
    assert list(notes(other)) == ["2 cells are in more than one grid, and run once."]


def test_many_skips_do_not_multiply() -> None:
    axes = [f"--sweep k{number}=0..9" for number in range(20)]
    skips = [f"--skip k{number}=3,k{number + 1}=4" for number in range(19)]
    made = plan(*axes, *skips)
    # Words of 20 digits without "34" at 19 places, each with digits of its own: a recurrence.
    free, after_three = 9, 1
    for _ in range(19):
        free, after_three = free * 9 + after_three * 8, free + after_three
    assert made.count == free + after_three


def test_a_time_of_day_is_a_range_and_is_said_to_be_one() -> None:
    made = plan("--sweep start=12:30", "--sweep n=1:10")
    assert made.count == 18 * 9
    assert list(notes(made)) == [
        "--sweep start=12:30 is the range from 12 to 29. For the time of day, write '\"12:30\"'."
    ]


def test_values_that_are_there_twice_are_said() -> None:
    assert list(notes(plan("--sweep lr=0.1,0.10,0.2,1e-1"))) == [
        "lr: 0.10, 1e-1 mean the same as values before them; each runs once."
    ]
