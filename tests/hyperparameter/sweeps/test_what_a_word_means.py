"""Each word of `--sweep` is a list, a range, points or a space; never silently something else."""

import re
from pathlib import Path

import pytest
from sweep_plans import plan, texts, values

from hyperparameter._sweeps.plan.grammar import axis_of
from hyperparameter._sweeps.plan.spaces import Choices, Floats, Integers, cell_of
from hyperparameter._values.untyped import UntypedText
from hyperparameter.exceptions import UsageError

LISTS = {
    "0.1,0.01": ["0.1", "0.01"],
    "0.1, 0.01": ["0.1", "0.01"],
    "3": ["3"],
    "choice(a,b)": ["a", "b"],
    "choice( a , [1,2] )": ["a", "[1,2]"],
    "007,1e3,3.10,0x1F": ["007", "1e3", "3.10", "0x1F"],
    "true,false,null": ["true", "false", "null"],
    "[0.9,0.99],[0.8,0.9]": ["[0.9,0.99]", "[0.8,0.9]"],
    '{"lr":1,"m":[1,{"n":2}]},{"lr":2}': ['{"lr":1,"m":[1,{"n":2}]}', '{"lr":2}'],
    '["a,]",1],2': ['["a,]",1]', "2"],
    "x=y,z": ["x=y", "z"],
    "hello world,b": ["hello world", "b"],
    "it's,that's": ["it's", "that's"],
    '5",7"': ['5"', '7"'],
    "(0.1,32),(0.01,64)": ["(0.1,32)", "(0.01,64)"],
    "ä,日本,🙂": ["ä", "日本", "🙂"],
    "a\tb,c\nd": ["a\tb", "c\nd"],
}
RANGES = {
    "1:10:2": ["1", "3", "5", "7", "9"],
    "1:5": ["1", "2", "3", "4"],
    "-2:2": ["-2", "-1", "0", "1"],
    "16:128:16": ["16", "32", "48", "64", "80", "96", "112"],
    "10:1:-3": ["10", "7", "4"],
    "0..3": ["0", "1", "2", "3"],
    "-1..1": ["-1", "0", "1"],
    "5..5": ["5"],
    "range(3)": ["0", "1", "2"],
    "range(0,10,4)": ["0", "4", "8"],
    "range( 3 , 0 , -1 )": ["3", "2", "1"],
    "range(start=1, stop=4)": ["1", "2", "3"],
    "range(1, 4, step=2)": ["1", "3"],
    "int(range(0,2))": ["0", "1"],
    "0:1:0.25": ["0.0", "0.25", "0.5", "0.75"],
    "0:0.35:0.1": ["0.0", "0.1", "0.2", "0.3"],  # and not 0.30000000000000004
    "0:0.3:0.1": ["0.0", "0.1", "0.2"],  # the stop is excluded, however it is rounded
    "1:0:-0.5": ["1.0", "0.5"],
    "range(0,1,0.5)": ["0.0", "0.5"],
    "1e-3:3e-3:1e-3": ["0.001", "0.002"],
    "0..2 ": ["0", "1", "2"],
}
POINTS = {
    "log:1e-5:1e-1:5": ["1e-05", "0.0001", "0.001", "0.01", "0.1"],
    "log:1e-1:1e-5:3": ["0.1", "0.001", "1e-05"],
    "log:1:1024:11": [str(2**n) for n in range(11)],
    "log:1:100:2": ["1", "100"],
    "log:1:1000.0:4": ["1.0", "10.0", "100.0", "1000.0"],
    "log:1:4:2": ["1", "4"],
    "log:2:3:3": ["2.0", "2.449489742783178", "3.0"],  # √6
    "log:1e-300:1e300:3": ["1e-300", "1.0", "1e+300"],
}
TEXTS = [
    "http://a:80", "s3://x/1..2", "a..b", "1..x", "v1..v2", "1.2.3..1.2.5", "...", "..5", "5..",
    "12:30:00", "08:30", "a:b", "1:2:3:4", ":8080", "1:", "127.0.0.1:80", "::1", "1:x",
    "f(x)", "sin(x)", "f(a,b)", "log(a)+log(b)", "Range(1)", "my_range(1)", "range",
    "log:info", "log:/var/log", "log", "lin:a",
    "0x10..0x20", "1_0..20", "\u0663..\u0665", "1:\u0663",
    "a.b", "C:\\x", "^\\d+$", "-", "~", "+", ".", "%d",
]  # fmt: skip
QUOTED = [
    '"0..9"',
    '"1:10"',
    '"range(3)"',
    '"log:1:2:3"',
    '"interval(0,1)"',
    '"a)"',
    '"shuffle(a)"',
]


@pytest.mark.parametrize("text", [*LISTS, *RANGES, *POINTS])
def test_lists_ranges_and_points_give_these_values(text: str) -> None:
    assert values(text) == {**LISTS, **RANGES, **POINTS}[text]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_resembles_a_range_stays_text(text: str) -> None:
    assert values(text) == [text]
    assert values(f"{text},other") == [text, "other"]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        *((text, text[1:-1]) for text in QUOTED),
        *(('"a,b"', "a,b"), ('""', ""), ('"a\\",b"', 'a",b')),
    ],
)
def test_quotes_make_text_of_anything_and_do_not_reach_the_program(
    written: str, wanted: str
) -> None:
    cells = list(plan(f"--sweep key={written},other"))
    assert [cell.values["key"] for cell in cells] == [wanted, UntypedText("other")]


SPACES = {
    "log:1e-5:1e-1": Floats(1e-5, 1e-1, log=True),
    "interval(0,1)": Floats(0.0, 1.0),
    "interval(start=-1, end=2.5)": Floats(-1.0, 2.5),
    "float(interval(0,1))": Floats(0.0, 1.0),
    "log(interval(1e-5,1e-1))": Floats(1e-5, 1e-1, log=True),
    "tag(log, interval(1,1000))": Floats(1.0, 1000.0, log=True),
    "int(interval(1,10))": Integers(range(1, 11), is_space=True),
    "int(interval(1.0,10))": Integers(range(1, 11), is_space=True),
    "int(tag(log,interval(1,10)))": Integers(range(1, 11), log=True, is_space=True),
    "int(log:16:1024)": Integers(range(16, 1025), log=True, is_space=True),
    "int(interval(1,9007199254740993))": Integers(range(1, 9007199254740994), is_space=True),
}


@pytest.mark.parametrize("text", SPACES)
def test_a_space_keeps_its_ends_and_its_scale(text: str) -> None:
    assert axis_of(f"key={text}").domain == SPACES[text]
    with pytest.raises(UsageError, match="is a space, so add --sample N"):
        plan(f"--sweep key={text}")
    assert plan(f"--sweep key={text}", is_searched=True).grids[0].spaces


PROBLEMS = {
    "key": "no '='",
    "=1": "no key before",
    "key=": "it has no value",
    "key= ": "it has no value",
    "key=a,,b": "value 2 of 3 is empty",
    "key=a,": "value 2 of 2 is empty",
    "key=choice()": "it has no value",
    "key=choice(a,)": "value 2 of 2 is empty",
    "~key=1": "takes a key away",
    "a..b=1": "empty segment",
    "a,=(1,2)": "a key is empty",
    "a,a=(1,2)": "'a' twice",
    "key='a,b',c": "single quote",
    "key=a)b": "nothing opens the '\\)'",
    "key=(a": "'\\)' is missing",
    "key=[1,2": "'\\]' is missing",
    "key=[1,2)": "nothing opens the '\\)'",
    'key="a': "nothing closes the quote",
    'key="a"b': "something follows the closing quote",
    "key=1:10:0": "the step is 0",
    "key=10:1": "negative step",
    "key=1:10:-1": "no value between",
    "key=16:9": "no value between",
    "key=3:3": "no value between",
    "key=0.1:0.9": "need a step",
    "key=9..0": "write 9:-1:-1",
    "key=001..010": "leading zeros",
    "key=0.1..0.9": "must be integers",
    "key=0:inf:1": "finite",
    "key=nan:1:1": "finite",
    "key=0:1:1e400": "finite",
    "key=0:1:1e-400": "too small",
    "key=range()": "needs an end",
    "key=range(start=1)": "needs an end",
    "key=range(1,2,3,4)": "at most 3",
    "key=range(1,start=2)": "'start' twice",
    "key=range(1,end=2)": "has no 'end'",
    "key=range(a)": "'a' is not a number",
    "key=range(0,,1)": "value 2 of 3 is empty",
    "key=interval(1)": "needs two ends",
    "key=interval(1,1)": "must be smaller",
    "key=interval(1,0)": "must be smaller",
    "key=interval(0,inf)": "finite",
    "key=interval(0,1e400)": "finite",
    "key=interval(1,1.0000000000000002)": "too close",
    "key=int(interval(0.5,3))": "must be integers",
    "key=int(x)": "takes an interval",
    "key=int(log:1:8:4)": "takes an interval",
    "key=float(a)": "takes an interval",
    "key=log(x)": "takes an interval",
    "key=log(log(interval(1,2)))": "takes an interval",
    "key=log(interval(0,1))": "larger than 0",
    "key=log:0:1:3": "larger than 0",
    "key=log:-1:1": "larger than 0",
    "key=log:1:2:1": "at least 2",
    "key=log:1:2:2.5": "at least 2",
    "key=log:1:1:3": "the same",
    "key=log:1e-1:1e-5": "must be smaller",
    "key=log:1:2:3:4": "write log:",
    "key=log:1": "write log:",
    "key=log:1:x": "'x' is not a number",
    "key=lin:0:1:3": "'lin:' is not known",
    "key=tag(a,interval(0,1))": "only tag",
    "key=tag(a,b,interval(0,1))": "only tag",
    "key=tag(log)": "only tag",
    "key=shuffle(a,b)": "shuffle.* not supported",
    "key=sort(a,b)": "sort.* not supported",
    "key=glob(*)": "glob.* not supported",
    "key=extend_list(1)": "extend_list.* not supported",
    "key=str(1)": "str.* not supported",
    "key=bool(1)": "bool.* not supported",
    "key=json_str(1)": "json_str.* not supported",
    "key=choice(choice(a))": "stands alone",
    "key=choice(range(3),a)": "value 1 would be a range",
    "key=1,2..4": "value 2 would be a range",
    "key=12:30,13:45": "value 1 would be a range",
    "key=0,log(x)": "value 2 would be a range",
    "a,b=(1,2),(3)": "value 2 has 1 value for 2 keys",
    "a,b=(1,2,3)": "value 1 has 3 values for 2 keys",
    "a,b=1,2": "value 1 sets 2 keys",
    "a,b=[1,2]": "value 1 sets 2 keys",
    "a,b=(1)(2)": "value 1 sets 2 keys",
    'key="C:\\new\\q",a': "has an escape that JSON does not have",
    "a,b=(1,)": "value 2 of 2 is empty",
    "a,b=(1,2..3)": "would be a range",
    "a,b=1:3": "value 1 sets 2 keys",
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_a_word_that_cannot_be_meant_is_an_error_that_begins_with_it(text: str) -> None:
    with pytest.raises(UsageError, match=PROBLEMS[text]) as caught:
        plan(f"--sweep {text}")
    message = str(caught.value)
    assert message.startswith(f"--sweep {text}: ".replace("\n", "\\n"))
    assert message[-1] in ".?"
    assert ".." not in message.removeprefix(f"--sweep {text}").replace("a..b", "").replace(
        "...", ""
    )


def test_pairs_set_several_keys_together() -> None:
    both = [{"lr": "0.1", "bs": "32"}, {"lr": "0.01", "bs": "64"}]
    assert texts(plan("--sweep lr,bs=(0.1,32),(0.01,64)")) == both
    assert texts(plan("--sweep lr , bs = (0.1, 32) , (0.01, 64)")) == both
    assert texts(plan("--sweep lr,bs=choice((0.1,32),(0.01,64))")) == both
    nested = texts(plan('--sweep a,b=([1,2],{"k":1})'))
    assert nested == [{"a": "[1,2]", "b": '{"k":1}'}]


def test_keys_are_names_as_everywhere() -> None:
    assert texts(plan("--sweep  train.lr =1")) == [{"train.lr": "1"}]
    assert list(texts(plan("--sweep cafe\u0301=1"))[0]) == ["café"]


@pytest.mark.parametrize("text", ["password=one,two", "user,password=(me,one),(me,two)"])
def test_values_that_only_a_secret_tells_apart_are_refused(text: str) -> None:
    """Runs are not told apart by secrets, so one of these would not run."""
    with pytest.raises(UsageError, match="differ only in 'password', which is a secret") as caught:
        plan(f"--sweep {text}")
    assert "one" not in str(caught.value).split(":")[0]
    assert len(list(plan("--sweep user,password=(me,one),(you,one)"))) == 2


def test_secrets_are_masked_in_messages() -> None:
    with pytest.raises(UsageError) as caught:
        plan("--sweep api_key=sk-123456789012,,x")
    assert "sk-1" not in str(caught.value)
    with pytest.raises(UsageError) as caught:
        plan("--sweep password=hunter2,hunter3", "--skip password=hunter4")
    assert "hunter" not in str(caught.value)
    with pytest.raises(UsageError) as caught:
        plan("--sweep user,password=(me,hunter2),(me,hunter3),x")
    assert "hunter" not in str(caught.value)


def test_a_search_makes_cells_of_the_values_that_it_chooses() -> None:
    axes = plan(
        "--sweep lr=log:1e-5:1", "--sweep n=1:10:2", "--sweep a,b=(x,1),(y,2)", is_searched=True
    ).grids[0].axes  # fmt: skip
    floats, integers, choices = (axis.domain for axis in axes)
    assert isinstance(floats, Floats)
    assert isinstance(integers, Integers)
    assert (integers.low, integers.high, integers.step) == (1, 9, 2)
    assert isinstance(choices, Choices)
    found = cell_of(axes, [0.25, 7, choices.values[1]])
    assert dict(found.values) == {
        "lr": UntypedText("0.25"), "n": UntypedText("7"),
        "a": UntypedText("y"), "b": UntypedText("2"),
    }  # fmt: skip
    assert [axis.name for axis in axes] == ["lr", "n", "a,b"]


ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "sweeps.md").read_text("utf-8").partition("## From Python")[0]
ROWS = [row.partition(" | ")[0] for row in PAGE.splitlines() if row.startswith("| `")]


@pytest.mark.parametrize("row", ROWS)
def test_what_a_row_of_the_page_shows_works_and_its_forms_mean_the_same(row: str) -> None:
    found = [word.replace("'", "") for word in re.findall("`([^`]+)`", row)]
    if found[0].startswith("--"):
        words = [*(f"--sweep {key}={values}" for key, values in SHOWN.items()), *found]
        words += ["--sweep other=1"] if found == ["--or"] else []
        assert plan(*words).count
        return
    domains = [axis_of(word).domain for word in found]
    assert all(isinstance(one, (Choices, Integers, Floats)) for one in domains)
    if found[0].split("(")[0] != "n=int":  # there, two spaces are shown
        assert domains == domains[:1] * len(domains)


SHOWN = {"opt": "sgd,adam", "momentum": "0.0,0.9"}
