"""What is printed can be read again, and who wrote a field last, innermost, wins it."""

import contextlib
import dataclasses
import io
import json
import math
import string
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
import soak
import yaml
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from value_oracle import same
from value_sources import declared, environment
from value_structures import (
    Cfg,
    Color,
    Csv,
    Db,
    Frozen,
    Grid,
    Job,
    Opt,
    Perm,
    Point,
    Port,
    Server,
    User,
)

import hyperparameter as hp
from hyperparameter._functions import signature as signatures

KINDS = ["toml", "yaml", "json"]
each_kind = pytest.mark.parametrize("kind", KINDS)
thoroughly = settings(
    deadline=None,
    max_examples=25,
    phases=[Phase.generate],  # what is wrong is named in the message
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def printed(program: Callable[..., Any], argv: list[str], kind: str) -> tuple[str, str]:
    """Return what `--print-config` writes on the two streams."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert hp.run_cli(program, [*argv, "--print-config", kind]) is None
    return out.getvalue(), err.getvalue()


def reread(program: Callable[..., Any], text: str, kind: str, folder: Path) -> Any:
    """Return what the program does with a file of this text."""
    path = folder / f"printed.{kind}"
    path.write_text(text, "utf-8")
    return hp.run_cli(program, ["-C", str(path)])


# -- random values of every kind -------------------------------------------------------------------


def everything(
    tag: str = "", note: str | None = None, n: int = 0, x: float = 0.0, flag: bool = False,
    path: Path = Path(), color: Color = Color.ONE, perm: Perm = Perm.READ, day: date | None = None,
    moment: datetime | None = None, span: timedelta = timedelta(0), price: Decimal = Decimal(0),
    part: Fraction = Fraction(0), who: UUID | None = None, wave: complex = 0j, raw: bytes = b"",
    either: int | str = 0, free=None, words: list[str] = [], numbers: list[int] = [],
    paths: list[Path] = [], pair: tuple[int, str] = (0, ""), ids: set[int] = set(),
    env: dict[str, str] = {}, by_color: dict[Color, int] = {}, by_number: dict[int, str] = {},
    opt: Opt = Opt(), frozen: Frozen = Frozen(), cfg: Cfg = Cfg(), grid: Grid = Grid(),
    point: Point = Point(0.0), job: Job | None = None, server: Server = Server(""),
    user: User = User(), source: Csv | Db = Csv(""), opts: list[Opt] = [], maybe: Opt | None = None,
):  # type: ignore[no-untyped-def]  # fmt: skip
    return dict(locals())


ODD_WORDS = [
    "1e3", "297e7814231", "0o17", "0x10", "00008", "08", "1.e3", "1E5", "1e-5", "3.10", "007", "~",
    "null", "None", "", "true", "no", "on", "yes", "y", ".inf", ".nan", "nan", "1_000", "12:30",
    "2021-02-03", "2021-02-03T04:05:06", "0b1", "+5", "-", "- a", "? a", ": a", "# a", "a # b",
    "a: b", "@a", "%a", "`a", "!a", "&a", "*a", "|", ">", "'a'", '"a"', "[1]", "{a: 1}", "=", "<<",
    "${id}", "$${id}", "$", "${", "}", "***", "a\nb", "\n", "\t", " a ", "\r", "\\", "\u00e9", "1 ",
    "\U0001f600", "\x85", "\u2028", "\ufeff", "\x7f", "\x00", "\x1b[1m", "...", "---", "key = 1",
    "[a]", "null ", "0.1.2", "1e400", "Infinity",
]  # fmt: skip
texts = st.sampled_from(ODD_WORDS) | st.text(max_size=8)
names = st.text(string.ascii_lowercase, min_size=1, max_size=4)
odd_names = names | st.sampled_from(
    ["A.B", "1", "0.5", "007", "true", "null", "a b", "\u00e9", "a-b", "~a"]
)
integers = st.integers(-(10**20), 10**20)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | integers | floats | texts
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_names, inner, max_size=3),
)


def has_empty_section(tree: Any) -> bool:
    """Tell what a file cannot say: an empty section of it sets nothing."""
    return tree == {} or (isinstance(tree, dict) and any(map(has_empty_section, tree.values())))


opt_values = st.builds(Opt, floats, floats, texts)
paths = st.builds(Path, texts.filter(lambda text: "\0" not in text))
frozen_values = st.builds(Frozen, paths, texts, st.sampled_from("12"), st.none() | texts)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "tag": texts,
    "note": st.none() | texts,
    "n": integers,
    "x": floats,
    "flag": st.booleans(),
    "path": paths,
    "color": st.sampled_from(Color),
    "perm": st.sampled_from([Perm.READ, Perm.WRITE, Perm.READ | Perm.WRITE]),
    "day": st.none() | st.dates(),
    "moment": st.none() | st.datetimes(),
    "span": st.timedeltas(timedelta(0), timedelta(days=400)),
    "price": st.decimals(allow_nan=False, allow_infinity=False),
    "part": st.fractions(),
    "who": st.none() | st.uuids(),
    "wave": st.complex_numbers(allow_nan=False, allow_infinity=False),
    "raw": texts.map(str.encode),
    "either": integers | texts,
    "free": trees.filter(lambda tree: not has_empty_section(tree)),
    "words": st.lists(texts, max_size=3),
    "numbers": st.lists(integers, max_size=3),
    "paths": st.lists(st.builds(Path, names), max_size=3),
    "pair": st.tuples(integers, texts),
    "ids": st.sets(integers, max_size=3),
    "env": st.dictionaries(odd_names, texts, max_size=3),
    "by_color": st.dictionaries(st.sampled_from(Color), integers, max_size=3),
    "by_number": st.dictionaries(integers, texts, max_size=3),
    "opt": opt_values,
    "frozen": frozen_values,
    "cfg": st.builds(
        Cfg, opt_values, st.none() | opt_values, st.dictionaries(odd_names, texts, max_size=2),
        st.lists(opt_values, max_size=2), st.dictionaries(odd_names, opt_values, max_size=2),
        integers, st.none() | st.dates(), st.sampled_from(Color),
        st.builds(Point, floats, floats, texts),
    ),
    "grid": st.builds(Grid, integers, integers, st.lists(texts, max_size=2), opt_values),
    "point": st.builds(Point, floats, floats, texts),
    "job": st.none() | st.fixed_dictionaries({"name": texts}, optional={"retries": integers}),
    "server": st.builds(Server, texts, st.builds(Port, integers, texts)),
    "user": st.builds(User, name=texts, age=integers, nick=st.none() | texts),
    "source": st.builds(Csv, texts, texts) | st.builds(Db, texts),
    "opts": st.lists(opt_values, max_size=2),
    "maybe": st.none() | opt_values,
}  # fmt: skip


DOZEN = "abcdefghijkl"


def dozen_of(name: str) -> Callable[..., list[Any]]:
    """Make a program with twelve parameters that are like the one of this name."""
    function: Any = everything
    default = dict(zip(function.__code__.co_varnames, function.__defaults__, strict=False))[name]
    made: dict[str, Any] = {}
    exec(f"def program({', '.join(DOZEN)}): return [{', '.join(DOZEN)}]", made)
    program = made["program"]
    program.__defaults__ = (default,) * len(DOZEN)
    if name in function.__annotations__:
        program.__annotations__ = dict.fromkeys(DOZEN, function.__annotations__[name])
    return declared(program)


@pytest.mark.parametrize("name", VALUES)
@given(data=st.data())
@settings(parent=thoroughly, max_examples=3)
def test_each_value_comes_back_from_its_file_or_is_named(
    name: str, tmp_path: Path, data: st.DataObject
) -> None:
    program = dozen_of(name)
    with hp.scope(t={key: data.draw(VALUES[name]) for key in DOZEN}):
        before = program()
        files = {kind: printed(program, [], kind) for kind in KINDS}
    for kind, (text, said) in files.items():
        for key, old, new in zip(DOZEN, before, reread(program, text, kind, tmp_path), strict=True):
            left_out = kind == "toml" and f"t.{key}" in said
            assert left_out or same(new, old), f"{old!r} came back from {kind} as {new!r}"


@each_kind
@given(values=st.fixed_dictionaries({}, optional=VALUES))
@thoroughly
def test_all_values_together_come_back_from_their_file(
    kind: str, tmp_path: Path, values: dict[str, Any]
) -> None:
    with hp.scope(t=values) if values else hp.scope():
        before = declared(everything)()
        text, said = printed(declared(everything), [], kind)
    after = reread(declared(everything), text, kind, tmp_path)
    wrong = [name for name in before if not same(after[name], before[name])]
    named = [name for name in wrong if kind == "toml" and f"t.{name}" in said]
    assert wrong == named, {name: (before[name], after[name]) for name in wrong}


@given(values=st.fixed_dictionaries({}, optional=VALUES))
@thoroughly
def test_what_a_record_says_was_used_does_the_same_again(values: dict[str, Any]) -> None:
    with hp.scope(t=values) if values else hp.scope(), hp.record() as record:
        before = declared(everything)()
    with hp.scope(**record.operative()):
        assert same(declared(everything)(), before)
    if "${" not in repr(values):  # which would be a reference there
        with hp.config(record.operative(nested=True)):
            assert same(declared(everything)(), before)


@given(values=st.fixed_dictionaries({}, optional=VALUES))
@example(values={"by_color": {Color.ONE: 5}})
@thoroughly
def test_a_saved_record_is_a_configuration(tmp_path: Path, values: dict[str, Any]) -> None:
    path = tmp_path / "run.json"
    with hp.scope(t=values) if values else hp.scope(), hp.record() as record:
        before = declared(everything)()
    record.save(path)
    assert same(hp.run_cli(declared(everything), ["-C", str(path)]), before)


# -- words of the command line ---------------------------------------------------------------------

WORDS = {f"w{number}": word for number, word in enumerate(ODD_WORDS) if "\x00" not in word}


def by_word(
    texts: dict[str, str] = {}, paths: dict[str, Path] = {}, fields: dict[str, Frozen] = {},
    free: dict[str, Any] = {}, words: list[str] = [],
) -> Any:  # fmt: skip
    return texts, paths, fields, free, words


@each_kind
def test_odd_words_come_back_as_what_they_were(kind: str, tmp_path: Path) -> None:
    argv = ["--words", json.dumps([*WORDS.values()])]
    for key, word in WORDS.items():
        for name in (f"texts.{key}", f"paths.{key}", f"fields.{key}.tag", f"free.{key}"):
            argv += ["-D", f"t.{name}={word}"]
    texts, paths, fields, before, words = hp.run_cli(declared(by_word), argv)
    assert words == [*WORDS.values()]
    assert texts == WORDS
    text, _ = printed(declared(by_word), argv, kind)
    texts, paths, fields, free, words = reread(declared(by_word), text, kind, tmp_path)
    seen = {key: (texts.get(key), paths.get(key), fields.get(key)) for key in WORDS}
    right = {key: (word, Path(word), Frozen(tag=word)) for key, word in WORDS.items()}
    wrong = [f"{right[key]} came back as {seen[key]}" for key in WORDS if seen[key] != right[key]]
    for key, value in before.items():
        cannot_be_held = value is None if kind == "toml" else value in (math.inf, -math.inf)
        nan = isinstance(value, float) and math.isnan(value)
        if not (cannot_be_held or nan or same(free.get(key), value)):
            wrong.append(f"{WORDS[key]!r} meant {value!r} and came back as {free.get(key)!r}")
    assert not wrong, "\n".join(wrong)
    assert words == [*WORDS.values()]


# -- what is in the file, and what is not ----------------------------------------------------------


@dataclass
class Named:
    kind: ClassVar[str] = "never in a file"
    lr: float = 0.1


def small(
    named: Named = Named(),
    by: dict[Color, int] = {},
    out: Path = Path("o"),
    day: date | None = None,
) -> Any:
    return named, by, out, day


@each_kind
def test_class_variables_are_not_in_the_file(kind: str, tmp_path: Path) -> None:
    text, _ = printed(declared(small), ["--named.lr", "2"], kind)
    assert "never in a file" not in text
    assert reread(declared(small), text, kind, tmp_path)[0] == Named(2.0)


@each_kind
def test_names_of_members_references_and_dates_come_back(kind: str, tmp_path: Path) -> None:
    argv = ["--by", "RED=1", "--out", "run-${id}", "--day", "2021-02-03"]
    got = reread(declared(small), printed(declared(small), argv, kind)[0], kind, tmp_path)
    assert got == (Named(), {Color.RED: 1}, Path("run-${id}"), date(2021, 2, 3))


@each_kind
def test_what_cannot_be_written_is_left_out_and_named(kind: str) -> None:
    with hp.scope(**{"t.free": object()}):
        text, said = printed(declared(everything), [], kind)
    assert "object at" not in text
    assert "t.free" in said


# -- secrets ---------------------------------------------------------------------------------------


def model(
    pad_token: str = "[PAD]", mask_token_id: int = 0, token_dropout: float = 0.1, n_token: int = 5,
    resize_token_embeddings: bool = True, stop_token_ids: list[int] = [1, 2], max_tokens: int = 7,
    api_key: str = "", hf_token: str | None = None, tokens: str = "words", password_file: str = "f",
) -> Any:  # fmt: skip
    return dict(locals())


READERS: dict[str, Callable[[str], Any]] = {
    "toml": tomllib.loads,
    "yaml": lambda text: yaml.load(text, yaml.BaseLoader),
    "json": json.loads,
}


@each_kind
def test_parameters_of_language_models_are_no_secrets_and_come_back(
    kind: str, tmp_path: Path
) -> None:
    argv = ["--pad-token", "<pad>", "--mask-token-id", "3", "--token-dropout", "0.5"]
    before = hp.run_cli(declared(model), argv)
    text, said = printed(declared(model), argv, kind)
    assert "***" not in text
    assert not [name for name in before if f"t.{name}" in said and before[name] is not None]
    assert reread(declared(model), text, kind, tmp_path) == before


@each_kind
@pytest.mark.parametrize("name", ["api_key", "hf_token"])
def test_a_secret_is_absent_from_what_is_printed_and_named(name: str, kind: str) -> None:
    option = name.replace("_", "-")
    text, said = printed(declared(model), [f"--{option}", "hunter2"], kind)
    assert "hunter2" not in text + said
    assert "***" not in text
    assert name not in READERS[kind](text)["t"]
    assert f"t.{name}" in said


@each_kind
def test_a_value_that_looks_like_a_key_is_absent_under_any_name(kind: str) -> None:
    for value in ("sk-abcdef0123456789", "ghp_0123456789abcdef", "https://me:hunter2@host/x"):
        text, said = printed(declared(model), ["--tokens", value], kind)
        assert value not in text + said
        assert "hunter2" not in text + said
        assert "t.tokens" in said


def test_a_record_that_is_read_again_never_gives_a_mask_for_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with hp.scope(**{"t.api_key": "hunter2"}), hp.record() as record:
        declared(model)()
    record.save(path)
    assert "hunter2" not in path.read_text("utf-8")
    assert "***" not in record.operative().values()
    with pytest.raises(hp.UsageError, match="api_key") as caught:
        hp.run_cli(declared(model), ["-C", str(path)])
    assert "hunter2" not in str(caught.value)
    assert hp.run_cli(declared(model), ["-C", str(path), "-D", "t.api_key=k"])["api_key"] == "k"


# -- who wrote last, innermost, wins ---------------------------------------------------------------

START = Opt(0.25, 0.75, "start")


def layered(x: Opt | None = START, d: dict[str, int] = {"start": 0}, xs: list[int] = [0]) -> Any:
    return x, d, xs


@dataclass(frozen=True)
class Write:
    """What one layer writes: a field, a mapping of fields, or the whole."""

    name: str
    value: Any  # fields of `x` or names of `d` in a dict; an instance, None or a list
    dotted: bool = False


numbers = st.integers(1, 9)
some_fields = st.fixed_dictionaries({}, optional={"lr": numbers, "mom": numbers, "name": names})
some_names = st.dictionaries(st.sampled_from(["start", "a", "b"]), numbers, min_size=1)
dotted_names = st.dictionaries(st.sampled_from(["start", "a", "a.b"]), numbers, min_size=1)
plain_writes = st.one_of(
    st.builds(Write, st.just("x"), some_fields.filter(bool), st.booleans()),
    st.builds(Write, st.just("x"), st.none()),
    st.builds(Write, st.just("d"), some_names, st.booleans()),
    st.builds(Write, st.just("d"), dotted_names),
    st.builds(Write, st.just("xs"), st.lists(numbers, max_size=2)),
)
instances = st.builds(
    Write, st.just("x"), st.builds(Opt, numbers.map(float), numbers.map(float), names)
)
layers_of_text = st.lists(plain_writes, max_size=3, unique_by=lambda write: write.name)
layers_of_python = st.lists(
    plain_writes | instances, max_size=3, unique_by=lambda write: write.name
)


def after(state: tuple[Any, Any, Any], layer: list[Write]) -> tuple[Any, Any, Any]:
    """Say what is there once a layer has been written over it."""
    x, d, xs = state
    for write in layer:
        if write.name == "xs":
            xs = list(write.value)
        elif write.name == "d":
            d = {**d, **write.value}
        elif isinstance(write.value, dict):
            kinds = {"lr": float, "mom": float, "name": str}
            fields = {name: kinds[name](value) for name, value in write.value.items()}
            x = dataclasses.replace(x or Opt(), **fields)
        else:
            x = write.value
    return x, d, xs


def pairs(layer: list[Write]) -> list[tuple[str, str]]:
    """Write a layer as keys and words."""
    result = []
    for write in layer:
        if write.dotted:
            result += [(f"{write.name}.{name}", str(one)) for name, one in write.value.items()]
        else:
            result.append((write.name, json.dumps(write.value)))
    return result


def as_scope(layer: list[Write]) -> Any:
    values: dict[str, Any] = {}
    for write in layer:
        if write.dotted:
            values |= {f"t.{write.name}.{name}": one for name, one in write.value.items()}
        else:
            values[f"t.{write.name}"] = write.value
    return hp.scope(**values)


def as_file(layer: list[Write], folder: Path, number: int) -> list[str]:
    path = folder / f"layer{number}.json"
    path.write_text(json.dumps({"t": {write.name: write.value for write in layer}}))
    return ["-C", str(path)]


@given(scopes=st.lists(layers_of_python, max_size=4))
@settings(
    parent=thoroughly,
    max_examples=soak.count_of_examples(150),
    phases=[Phase.generate, Phase.shrink],
)
def test_of_nested_scopes_the_innermost_that_wrote_a_field_wins_it(
    scopes: list[list[Write]],
) -> None:
    state = (START, {"start": 0}, [0])
    with contextlib.ExitStack() as stack:
        for layer in scopes:
            stack.enter_context(as_scope(layer))
            state = after(state, layer)
            assert same(declared(layered)(), state)


@given(
    scopes=st.lists(layers_of_python, max_size=2),
    files=st.lists(layers_of_text, max_size=2),
    variables=layers_of_text,
    defines=layers_of_text,
    options=layers_of_text,
)
@settings(
    parent=thoroughly,
    max_examples=soak.count_of_examples(150),
    phases=[Phase.generate, Phase.shrink],
)
def test_each_source_wins_the_fields_that_it_writes_over_those_below_it(
    tmp_path: Path,
    scopes: list[list[Write]],
    files: list[list[Write]],
    variables: list[Write],
    defines: list[Write],
    options: list[Write],
) -> None:
    state = (START, {"start": 0}, [0])
    for layer in [*scopes, *files, variables, defines, options]:
        state = after(state, layer)
    argv = [word for number, layer in enumerate(files) for word in as_file(layer, tmp_path, number)]
    argv += [word for key, value in pairs(defines) for word in ("-D", f"t.{key}={value}")]
    argv += [f"--{key}={value}" for key, value in pairs(options)]
    named = {f"LAY_T__{k.replace('.', '__').upper()}": v for k, v in pairs(variables)}
    with contextlib.ExitStack() as stack:
        for layer in scopes:
            stack.enter_context(as_scope(layer))
        with environment(named):
            assert same(hp.run_cli(declared(layered), argv, env_prefix="LAY"), state)


# -- several readers of one key --------------------------------------------------------------------

HINTS: list[tuple[Any, Any]] = [
    (int, 1), (str, "d"), (float, 0.5), (bool, True), (Path, Path("d")), (str | None, None),
    (int | None, 3), (int | str, 2), (list[str], ["d"]), (list[int], [1]), (dict[str, str], {}),
    (dict[str, Any], {"z": 1}), (Opt, Opt()), (Opt, Opt(2.0)), (Opt | None, None), (Any, None),
    (Color, Color.RED), (Decimal, Decimal("1")), (timedelta, timedelta(1)), (date | None, None),
    (None, 3), (None, "d"), (None, None), (None, [1]), (None, {"z": 1}), (None, 4), (bytes, b"d"),
]  # fmt: skip


def reader_of_x(number: int, hint: Any, default: Any) -> Callable[[], Any]:
    """Declare one of several functions of one namespace; it is of no file."""

    def program(x: Any = default) -> Any:
        return x

    program.__annotations__ = {} if hint is None else {"x": hint}
    program.__module__, program.__qualname__ = "values", f"reader{number}"
    program.__code__ = program.__code__.replace(co_filename="<program>")
    return hp.param("several")(program)


def gets(reader: Callable[[], Any]) -> Any:
    try:
        return reader()
    except hp.ConversionError:
        return hp.ConversionError


words_for_all = st.sampled_from([*WORDS.values(), '{"a": "1e3"}', '["1e3", "x"]', '{"lr": 3}'])
set_x = st.lists(
    st.tuples(st.sampled_from(["", "", ".a", ".lr", ".name"]), words_for_all), max_size=3
)


@given(hints=st.lists(st.sampled_from(HINTS), min_size=1, max_size=3), given_words=set_x)
@settings(
    parent=thoroughly,
    max_examples=soak.count_of_examples(120),
    phases=[Phase.generate, Phase.shrink],
)
def test_each_of_several_readers_gets_its_value_again_or_it_is_named(
    tmp_path: Path, hints: list[tuple[Any, Any]], given_words: list[tuple[str, str]]
) -> None:
    for name in [name for name in signatures.declared if name[0] == "several"]:
        del signatures.declared[name]
    readers = [reader_of_x(number, *one) for number, one in enumerate(hints)]
    main = declared(lambda: [gets(one) for one in readers])
    argv = [word for below, text in given_words for word in ("-D", f"several.x{below}={text}")]
    try:
        before = hp.run_cli(main, argv)
        files = {kind: printed(main, argv, kind) for kind in KINDS}
    except hp.UsageError:  # what no reader takes is an error, whatever is asked for
        return
    for kind, (text, said) in files.items():
        after = reread(main, text, kind, tmp_path)
        is_named = "several.x" in said
        assert is_named or same(after, before), (kind, text, before, after)
        assert is_named or "several" in text or not argv
