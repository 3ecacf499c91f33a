"""Which words of a command line belong to which parameter."""

import io
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp


@dataclass
class Optim:
    lr: float = 0.1
    betas: tuple[float, ...] = (0.9,)


@hp.param("tw.net")
def net(
    layers: list[int] = [1], width: int = 2, either: int | list[int] = 0, optim: Optim = Optim()
) -> Any:
    return layers, width, either, optim.betas


@hp.param("tw")
def train(data: str, sizes: list[int] = [1], optim: Optim = Optim(), names: list[str] = []) -> Any:
    return data, sizes, optim.betas, names, net()


LISTS = [
    ["--sizes", "64", "32", "d"],
    ["--sizes=64", "--sizes", "32", "d"],
    ["--sizes", "64", "d", "--sizes", "32"],
    ["d", "--sizes", "64", "32"],
    ["d", "--sizes", "64", "--sizes", "32"],
    ["--sizes", "64", "32", "--data", "d"],
    ["--sizes", "64", "32", "-D", "tw.data=d"],
    ["--sizes", "64", "32", "--", "d"],
    ["--sizes", "[64, 32]", "d"],
    ["d", "--tw.sizes", "64", "32"],
    ["d", "-D", "tw.sizes=64", "-D", "tw.sizes=32"],
]


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_a_list_takes_several_words_and_leaves_those_that_positionals_need(
    words: list[str],
) -> None:
    assert hp.run_cli(train, words)[:2] == ("d", [64, 32])


def test_the_last_list_leaves_its_words_first() -> None:
    words = ["--sizes", "1", "2", "--names", "a", "b"]
    assert hp.run_cli(train, words)[:4] == ("b", [1, 2], (0.9,), ["a"])
    words = ["--sizes", "1", "2", "--names", "a"]  # an option keeps one word in any case
    assert hp.run_cli(train, words)[:4] == ("2", [1], (0.9,), ["a"])
    with pytest.raises(hp.UsageError, match="DATA is missing"):
        hp.run_cli(train, ["--sizes", "1", "--names", "a"])


def test_words_that_are_left_keep_their_order() -> None:
    @hp.param("tw.order")
    def main(a: str, b: str, c: str, xs: list[str] = [], pair: tuple[int, int] = (0, 0)) -> Any:
        return a, b, c, xs, pair

    assert hp.run_cli(main, ["1", "--xs", "x", "y", "2", "--pair", "3", "4", "3"]) == (
        "1", "2", "3", ["x", "y"], (3, 4),
    )  # fmt: skip
    words = ["--xs", "x", "1", "--pair", "3", "4", "--xs", "y", "2", "3"]
    assert hp.run_cli(main, words) == ("1", "2", "3", ["x", "y"], (3, 4))


@pytest.mark.parametrize("at_end", [["640", "480"], ["[640, 480]"]], ids=" ".join)
def test_a_tuple_by_position_gets_all_of_its_words(at_end: list[str]) -> None:
    @hp.param("tw.tuple")
    def main(size: tuple[int, int], xs: list[str] = []) -> Any:
        return size, xs

    assert hp.run_cli(main, [*at_end, "--xs", "a", "b"]) == ((640, 480), ["a", "b"])
    assert hp.run_cli(main, ["--xs", "a", "b", *at_end]) == ((640, 480), ["a", "b"])


def test_what_is_set_elsewhere_needs_no_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--sizes", "64", "32"]
    expected = ("d", [64, 32])
    (tmp_path / "c.toml").write_text('tw.data = "d"')
    assert hp.run_cli(train, ["-C", str(tmp_path / "c.toml"), *words])[:2] == expected
    with hp.scope(**{"tw.data": "d"}):
        assert hp.run_cli(train, words)[:2] == expected
    monkeypatch.setenv("TWX_TW__DATA", "d")
    assert hp.run_cli(train, words, env_prefix="TWX")[:2] == expected


def test_standard_input_is_read_whole_where_words_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"tw.optim.betas = [0.5]"))
    monkeypatch.setattr(sys, "stdin", stream)
    result = hp.run_cli(train, ["-C", "-", "--sizes", "64", "32", "d"])
    assert result[:3] == ("d", [64, 32], (0.5,))


def test_a_field_takes_several_words() -> None:
    assert hp.run_cli(train, ["--optim.betas", "1", "2", "d"])[2] == (1.0, 2.0)
    assert hp.run_cli(train, ["d", "--optim.betas", "1", "--optim.betas", "2"])[2] == (1.0, 2.0)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--tw.net.layers", "3", "4", "d"], [3, 4]),
        (["d", "--tw.net.layers", "3", "--tw.net.layers=4"], [3, 4]),
        (["d", "-D", "tw.net.layers=3"], [3]),
        (["d", "-Dtw.net.layers=3", "--tw.net.layers", "4"], [3, 4]),
        (["d", "-D", "tw.net.layers=[3, 4]"], [3, 4]),
        (["d", "-D", "tw.net.layers=[1]", "-D", "tw.net.layers=[3]"], [3]),
        (["d", "-D", "tw.net.layers=1", "-D", "tw.net.layers=[3]"], [3]),
        (["d", "-D", "tw.net.layers=[1]", "-D", "tw.net.layers=3"], [3]),
        (["d", "-D", "tw.net.layers=1", "-D", "~tw.net.layers", "-D", "tw.net.layers=3"], [3]),
    ],
)
def test_a_list_of_another_function(words: list[str], expected: list[int]) -> None:
    assert hp.run_cli(train, words)[4][0] == expected


def test_other_keys_of_another_function() -> None:
    assert hp.run_cli(train, ["--tw.net.optim.betas", "1", "2", "d"])[4][3] == (1.0, 2.0)
    assert hp.run_cli(train, ["--tw.net.either", "1", "2", "d"])[4][2] == [1, 2]
    assert hp.run_cli(train, ["--tw.net.either", "1", "d"])[4][2] == 1
    assert hp.run_cli(train, ["--tw.net.width", "5", "d"])[::4] == ("d", ([1], 5, 0, (0.9,)))
    assert hp.run_cli(train, ["-D", "tw.net.width=4", "-D", "tw.net.width=5", "d"])[4][1] == 5


@dataclass
class Layer:
    sizes: list[int] = field(default_factory=list)
    weight_decay: float = 0.0
    shape: tuple[int, int] = (0, 0)
    frozen: bool = False


@dataclass
class Tables:
    lists: dict[str, list[int]] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)


@hp.param("tw.inner")
def inner(tables: Tables = Tables(), shape: tuple[int, int] = (0, 0), frozen: bool = False) -> Any:
    return tables, shape, frozen


@hp.param("tw.outer")
def outer(
    data: str,
    lists: dict[str, list[int]] = {},
    layers: dict[str, Layer] = {},
    deep: dict[str, dict[str, list[int]]] = {},
    maybe: dict[str, tuple[int, int]] | None = None,
    either: int | dict[str, list[int]] = 0,
    grids: dict[str, list[list[int]]] = {},
    tables: Tables = Tables(),
) -> Any:
    return {
        "data": data, "lists": lists, "layers": layers, "deep": deep, "maybe": maybe,
        "either": either, "grids": grids, "tables": tables, "inner": inner(),
    }  # fmt: skip


BELOW = [
    ("--lists.a 1 2 d", "lists", {"a": [1, 2]}),
    ("--lists.a 1 d --lists.a 2 --lists.b=3", "lists", {"a": [1, 2], "b": [3]}),
    ("--lists a=1 --lists b=2 --lists a=3 d", "lists", {"a": [1, 3], "b": [2]}),
    ("--lists a.b=1 --lists a.b=2 d", "lists", {"a.b": [1, 2]}),
    ("--lists a=[1] --lists a=2 d", "lists", {"a": [2]}),
    ("--lists.a [1,2] d", "lists", {"a": [1, 2]}),
    ('--lists {"a":[5],"b":[6]} --lists.a 1 2 d', "lists", {"a": [1, 2], "b": [6]}),
    ("d -D tw.outer.lists.a=1 -D tw.outer.lists.a=2", "lists", {"a": [1, 2]}),
    ("--tw.outer.lists.a 1 2 d", "lists", {"a": [1, 2]}),
    ("--layers.x.sizes 1 2 d", "layers", {"x": Layer([1, 2])}),
    ("--layers.x.weight-decay 3 --layers.x.weight_decay=4 d", "layers", {"x": Layer([], 4)}),
    ("--layers.x.shape 3 4 d", "layers", {"x": Layer(shape=(3, 4))}),
    ("--layers.x.frozen d", "layers", {"x": Layer(frozen=True)}),
    ('--layers.x {"shape":[3,4]} --layers.x.frozen d', "layers", {"x": Layer([], 0, (3, 4), True)}),
    ("--layers x.sizes=1 --layers x.sizes=2 d", "layers", {"x": Layer([1, 2])}),
    ("-D tw.outer.layers.x.sizes=1 -D tw.outer.layers.x.sizes=2 d", "layers", {"x": Layer([1, 2])}),
    ("--deep.a.b 1 2 d", "deep", {"a": {"b": [1, 2]}}),
    ("--deep.a b=1 --deep.a b=2 d", "deep", {"a": {"b": [1, 2]}}),
    ("--maybe.a 3 4 d", "maybe", {"a": (3, 4)}),
    ("--either.a 1 2 d", "either", {"a": [1, 2]}),
    ("--either 3 d", "either", 3),
    ("--grids.a [1,2] [3] d", "grids", {"a": [[1, 2], [3]]}),
    ("--tables.lists.a 1 2 d", "tables", Tables({"a": [1, 2]})),
    ("--tables.layers.x.sizes 1 2 d", "tables", Tables({}, {"x": Layer([1, 2])})),
    ("--tw.inner.tables.lists.a 1 2 d", "inner", (Tables({"a": [1, 2]}), (0, 0), False)),
    (
        "--tw.inner.tables.layers.x.sizes 1 2 d", "inner",
        (Tables({}, {"x": Layer([1, 2])}), (0, 0), False),
    ),
    ("--tw.inner.shape 3 4 d", "inner", (Tables(), (3, 4), False)),
    ("--tw.inner.shape [3,4] d", "inner", (Tables(), (3, 4), False)),
    ("--tw.inner.frozen d", "inner", (Tables(), (0, 0), True)),
]  # fmt: skip


@pytest.mark.parametrize(("line", "name", "expected"), BELOW, ids=[one[0] for one in BELOW])
def test_words_fit_the_parameter_wherever_it_is(line: str, name: str, expected: Any) -> None:
    found = hp.run_cli(outer, line.split())
    assert found[name] == expected
    assert found["data"] == "d"


def test_a_tuple_below_a_mapping_has_all_of_its_words() -> None:
    with pytest.raises(hp.UsageError, match=r"--layers\.x\.shape needs 2 values"):
        hp.run_cli(outer, ["d", "--layers.x.shape", "3"])
    with pytest.raises(hp.UsageError, match=r"--tw\.inner\.shape needs 2 values"):
        hp.run_cli(outer, ["d", "--tw.inner.shape", "3"])


def test_further_arguments_leave_the_words_of_a_list() -> None:
    @hp.param("tw.rest")
    def main(*rest: int, sizes: list[int] = [], grids: list[list[int]] = []) -> Any:
        return rest, sizes, grids

    assert hp.run_cli(main, ["7", "--sizes", "1", "-2"]) == ((7,), [1, -2], [])
    assert hp.run_cli(main, ["--sizes", "[1, 2]", "7"]) == ((7,), [1, 2], [])
    assert hp.run_cli(main, ["--grids", "[1, 2]", "[3]", "7"]) == ((7,), [], [[1, 2], [3]])


def test_nothing_is_dropped_where_words_do_not_fit() -> None:
    with pytest.raises(hp.UsageError, match=r"--sizes\[1\]: 'x' is not an int"):
        hp.run_cli(train, ["d", "--sizes", "1", "x"])
    with pytest.raises(hp.UsageError, match="'4': unexpected argument"):
        hp.run_cli(train, ["d", "--tw.net.width", "3", "4"])


# -- keyword-only parameters ------------------------------------------------------------------


@hp.param("tw.kw")
def keywords(data: str, *, rate: float, on: bool, sizes: list[int]) -> Any:
    return data, rate, on, sizes


def test_keyword_only_parameters_without_default_are_required_options() -> None:
    words = ["--rate", "1", "--on", "--sizes", "1", "2", "d"]
    assert hp.run_cli(keywords, words) == ("d", 1.0, True, [1, 2])
    words = ["d", "-D", "tw.kw.rate=1", "--no-on", "-D", "tw.kw.sizes=3"]
    assert hp.run_cli(keywords, words) == ("d", 1.0, False, [3])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--on", "--sizes", "1"], "--rate is missing. Give it with --rate FLOAT."),
        (["--rate", "1", "--sizes", "1"], "--on is missing. Give it with --on or --no-on."),
        (["--rate", "1", "--on"], "--sizes is missing. Give it with --sizes INT..."),
    ],
)
def test_a_required_option_that_is_missing(words: list[str], message: str) -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(keywords, ["d", *words])
    assert str(caught.value).startswith(message)


def test_help_marks_required_options(capsys: pytest.CaptureFixture[str]) -> None:
    hp.run_cli(keywords, ["--help"])
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[0].endswith("[OPTIONS] DATA")
    for expected in ("--rate FLOAT [required]", "--sizes INT... [required]", "DATA [required]"):
        assert expected in lines


def test_a_class_whose_fields_are_keyword_only() -> None:
    @dataclass(kw_only=True)
    class Config:
        data: str
        n: int = 1

    assert hp.run_cli(Config, ["--data", "x"]) == Config(data="x")
    with pytest.raises(hp.UsageError, match=r"--data is missing\. Give it with --data TEXT"):
        hp.run_cli(Config, [])


# -- the name of the only command -------------------------------------------------------------


@hp.param("tw.only")
def only_one(lr: float = 1.0, names: list[str] = []) -> Any:
    return lr, names


@pytest.mark.parametrize("name", ["only-one", "only_one", "only"])
def test_the_only_command_may_be_named(name: str) -> None:
    assert hp.run_cli(only_one, [name, "--lr", "3"]) == (3.0, [])
    assert hp.run_cli(only_one, ["--lr", "3", name]) == (3.0, [])
    assert hp.run_cli(only_one, ["--names", name]) == (1.0, [name])
    for words in ([name, name], ["other"], [name, "other"]):
        with pytest.raises(hp.UsageError, match="unexpected argument"):
            hp.run_cli(only_one, words)


def test_a_word_that_a_positional_can_take_is_no_command() -> None:
    @hp.param("tw.one")
    def one(data: str = "", *rest: str) -> Any:
        return data, rest

    @hp.param("tw.two")
    def two(data: str) -> Any:
        return data

    assert hp.run_cli(one, ["one"]) == ("", ("one",))
    assert hp.run_cli(two, ["two"]) == "two"
    assert hp.run_cli(two, ["two", "--data", "x"]) == "x"


# -- what was meant ---------------------------------------------------------------------------


@hp.param("tw.hints")
def hinted(batch_size: int = 1, optim: Optim = Optim(), verbose: bool = False) -> Any:
    return batch_size, optim, verbose


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["-D", "tw.net.width=1", "tw.net.layers=2"], "Write -D tw.net.layers=2"),
        (["tw.net.layers=2"], "Write -D tw.net.layers=2"),
        (["batch_size=2"], "Write --batch-size=2."),
        (["+tw.net.layers=2"], "Write -D tw.net.layers=2"),
        (["++batch_size=2"], "Write --batch-size=2."),
        (["~tw.net.layers"], "Write -D '~tw.net.layers' to take away"),
        (["conf/x.yaml"], "Write -C conf/x.yaml"),
        (["--lr", "3"], "Write --optim.lr."),
        (["--layers", "3"], "-D tw.net.layers=VALUE"),
        (["--no-verbos"], "Did you mean '--no-verbose'?"),
        (["--batch-sizes", "3"], "Did you mean '--batch-size'?"),
        (["--print-config", "xml"], "--print-config takes toml or yaml or json."),
        (["hinted", "--print-config", "xml"], "--print-config takes toml or yaml or json."),
        (["--print-config", "null"], "--print-config takes toml or yaml or json."),
        (["--print-config", "TOML"], "--print-config takes toml or yaml or json."),
        (["--check", "None"], "--check takes text or json."),
        (["--verbose", "maybe"], "--verbose takes true or false."),
    ],
)
def test_what_does_not_fit_is_told_with_how_it_is_written(words: list[str], hint: str) -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(hinted, words)
    message = str(caught.value)
    assert message.endswith(" See --help.")
    assert hint in message


@hp.param("tw.text")
def text(
    data: str, *rest: str, lr: float = 0.1, tags: list[str] = [], optim: Optim = Optim()
) -> Any:
    return data, rest, lr, tags, optim.lr, net()[1]


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (["lr=3"], "--lr=3 to set it, or -- lr=3"),
        (["d", "lr=3"], "--lr=3 to set it, or -- lr=3"),
        (["data=d"], "--data=d to set it, or -- data=d"),
        (["optim.lr=3"], "--optim.lr=3 to set it, or -- optim.lr=3"),
        (["tw.net.width=1"], "-D tw.net.width=1 to set it, or -- tw.net.width=1"),
        (["tw.net.optim.lr=1"], "-D tw.net.optim.lr=1 to set it, or -- tw.net.optim.lr=1"),
        (["d", "--tags", "a", "lr=3"], "--lr=3 to set it, or --tags=lr=3"),
        (["--tags", "a", "lr=3", "d"], "--lr=3 to set it, or --tags=lr=3"),
    ],
)
def test_a_word_that_sets_a_parameter_elsewhere_is_not_taken_for_text(
    words: list[str], written: str
) -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(text, words)
    assert f"Write {written} for the text." in str(caught.value)


def test_of_two_words_for_one_argument_that_which_sets_a_parameter_is_told() -> None:
    @hp.param("tw.single")
    def single(data: str, lr: float = 0.1) -> Any:
        return data, lr

    with pytest.raises(hp.UsageError, match=r"^'lr=3': .*Write --lr=3 to set it"):
        hp.run_cli(single, ["lr=3", "d"])
    with pytest.raises(hp.UsageError, match=r"^'lr=3': unexpected argument.*Write --lr=3\."):
        hp.run_cli(single, ["d", "lr=3"])


def test_what_the_message_advises_does_what_it_says() -> None:
    assert hp.run_cli(text, ["--", "lr=3"]) == ("lr=3", (), 0.1, [], 0.1, 2)
    assert hp.run_cli(text, ["d", "--", "lr=3"])[:2] == ("d", ("lr=3",))
    assert hp.run_cli(text, ["d", "--tags", "a", "--tags=lr=3"])[3] == ["a", "lr=3"]
    assert hp.run_cli(text, ["d", "-D", "tw.net.width=1"])[5] == 1
    assert hp.run_cli(text, ["--data=d", "--optim.lr=3"])[::4] == ("d", 3)


@hp.param("tw.pairs")
def pairs(
    env: dict[str, int] = {}, nets: dict[str, Optim] = {}, one: dict[str, int] | int = 1, *,
    lr: float = 0.1,
) -> Any:  # fmt: skip
    return env, nets, one, lr


@pytest.mark.parametrize(
    ("words", "advice", "wanted"),
    [
        ("--env a=1 b=2", "--env b=2", ({"a": 1, "b": 2}, {}, 1, 0.1)),
        ("--env=a=1 b.c=2", "--env b.c=2", ({"a": 1, "b.c": 2}, {}, 1, 0.1)),
        ("--nets a.lr=1 b.lr=2", "--nets b.lr=2", ({}, {"a": Optim(1), "b": Optim(2)}, 1, 0.1)),
        ("--one a=1 b=2", "--one b=2", ({}, {}, {"a": 1, "b": 2}, 0.1)),
        ("--one 1 lr=2", "--lr=2", ({}, {}, 1, 2.0)),
        ("--env a=1 lr=2", "--lr=2", ({"a": 1}, {}, 1, 2.0)),
        ("--env a=1 tw.pairs.lr=2", "-D tw.pairs.lr=2", ({"a": 1}, {}, 1, 2.0)),
    ],
)
def test_a_second_pair_is_told_the_option_of_the_first(
    words: str, advice: str, wanted: Any
) -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(pairs, words.split())
    assert f"Write {advice}" in str(caught.value)
    assert hp.run_cli(pairs, [*words.split()[:-1], *advice.split()]) == wanted


@pytest.mark.parametrize("word", ["x=1", "tw.rate=1", "a b=c", "=lr", "lr", "conf.yaml", "LR=1"])
def test_other_words_are_text(word: str) -> None:
    assert hp.run_cli(text, [word])[0] == word
    assert hp.run_cli(text, ["d", "--tags", "a", word])[3] == ["a", word]
    assert hp.run_cli(text, ["--data", "lr=3"])[0] == "lr=3"  # by its name it is meant


def test_a_hint_shows_no_secret() -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(hinted, ["db.password=swordfish"])
    assert "Write -D db.password=***" in str(caught.value)
    assert "swordfish" not in str(caught.value)


PROGRAM = """
import hyperparameter as hp

@hp.param("train")
def train(rate: float = 1.0): print("train", rate)

@hp.param("ev")
def ev(n: int = 1): print("ev", n)

hp.launch()
"""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--rate", "1", "train"],
            "--rate: unknown option. It is an option of train: write it behind the command.",
        ),
        (["train.rate=1", "train"], "'train.rate=1': unknown command. Write -D train.rate=1"),
        (["x.yaml"], "'x.yaml': unknown command. Write -C x.yaml"),
        (["evv"], "'evv': unknown command. Did you mean 'ev'?"),
    ],
)
def test_words_before_a_command(words: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    command = [sys.executable, "app.py", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"app.py: error: {message}")
    assert done.stderr.count("\n") == 1


LISTS = """
import hyperparameter as hp

@hp.param("train")
def train(rates: list[float] = [1.0], pair: tuple[int, int] = (1, 2), names: list[str] = []):
    print(rates, pair, names)

hp.launch(train)
"""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rates", "1.0,2.0"], ("--rates[0]: '1.0,2.0' is not a float. Separate values with "
                                 "spaces: --rates 1.0 2.0.")),
        (["--rates", "1.0,", "2.0"], ("--rates[0]: '1.0,' is not a float. Separate values with "
                                     "spaces, and without commas.")),
        (["-D", "train.rates=1.0,2.0"], ("-D train.rates[0]: '1.0,2.0' is not a float. Write a "
                                        "list in brackets: [1.0,2.0].")),
        (["--sweep", "rates=1.0,2.0"], ("--sweep (train.rates): '1.0' is not a list. Write a list "
                                       "in brackets: [1.0].")),
        (["--pair", "1,2"], "--pair needs 2 values. Separate them with spaces."),
        (["--rates", "x"], "--rates[0]: 'x' is not a float."),
        (["--names", "[a, 7]"], ("--names: '[a, 7]' is not a list. Write a list in brackets: "
                                 '["a",7].')),
        (["-D", "train.names=[007]"], ("-D train.names: '[007]' is not a list. Write a list in "
                                      'brackets: ["007"].')),
        (["--names", "[[a], b]"], ("--names: '[[a], b]' is not a list. Write a list as JSON: in "
                                   "brackets, with each text in double quotes.")),
    ],
)  # fmt: skip
def test_how_a_list_is_written_is_said(words: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(LISTS)
    command = [sys.executable, "app.py", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"app.py: error: {message}\n"


def test_the_list_that_a_message_advises_is_taken() -> None:
    @hp.param("advised")
    def program(names: list[str] = []) -> list[str]:
        return names

    for word, items in {
        "[a, b]": ["a", "b"],
        "[007]": ["007"],
        "[x y,1e3]": ["x y", "1e3"],
    }.items():
        with pytest.raises(hp.UsageError, match="Write a list in brackets: ") as caught:
            hp.run_cli(program, ["--names", word])
        advised = str(caught.value).rpartition("brackets: ")[2].removesuffix(".")
        assert hp.run_cli(program, ["--names", advised]) == items
        assert hp.run_cli(program, ["--names", word, "c"]) == [word, "c"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["eval", "-C", ""], "-C '': no file is named. Write -C FILE or -C KEY=FILE."),
        (["eval", "-C", "eval="], "-C eval=: no file is named. Write -C FILE or -C KEY=FILE."),
        (["eval", "n=3"], "Write -D train.n=3; each -D takes one word."),
        (["eval", "lr=3"], "Write --lr=3."),
        (["n=3", "eval"], "Write -D train.n=3; each -D takes one word."),
        (["eval", "--repeat", "2:sed"], "sed (cli --repeat): this program has no such parameter."),
        (["eval", "--repeat", "2:eval.lr", "--lr", "1"], "--lr and --repeat both set eval.lr."),
    ],
)
def test_a_message_names_what_was_typed_and_where_it_belongs(
    words: list[str], message: str, tmp_path: Path
) -> None:
    (tmp_path / "tool.py").write_text(
        "import hyperparameter as hp\n"
        "@hp.param\ndef train(n: int = 1, of: dict = {}):\n    pass\n"
        "@hp.param('eval')\ndef eval(lr: float = 0.1):\n    pass\n"
        "hp.launch()\n"
    )
    command = [sys.executable, "tool.py", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_file_with_parts_of_a_mapping_of_a_function_that_does_not_run_is_not_called_unread(
    tmp_path: Path,
) -> None:
    (tmp_path / "tool.py").write_text(
        "import hyperparameter as hp\n"
        "@hp.param\ndef train(n: int = 1, of: dict = {}):\n    pass\n"
        "@hp.param\ndef other(n: int = 1):\n    pass\n"
        "hp.launch()\n"
    )
    (tmp_path / "conf.yaml").write_text("train: {n: 2, of: {a: 1}}\n")
    command = [sys.executable, "tool.py", "other", "-C", "conf.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
