"""`rec.export`: what it gives is read again as the same values, and what is not so is named."""

import dataclasses
import enum
import json
import math
import os
import posixpath
import re
import shlex
import subprocess
import sys
import textwrap
import unicodedata
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soak import examples
from trackers import HARD, SECRET, SECRETS, UNTYPED, Opt, in_words, record_of

import hyperparameter as hp


def same(one: object, other: object) -> bool:
    """Compare values with their types; a list is what a file has of a tuple."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return {str(k) for k in one} == {str(k) for k in other} and all(
            map(same, one.values(), other.values())
        )
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and one == other


def read_file(text: str, path: Path, keys: Iterable[str]) -> dict[str, Any]:
    path.write_text(text, "utf-8")
    with hp.config(path):
        return {key: hp.scope[key]() for key in keys}


# Files


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_file_reads_as_the_same_values_but_for_those_named(kind: str, tmp_path: Path) -> None:
    record = record_of(HARD)
    text, changed = record.export(kind)
    expected = {k: v for k, v in record.operative().items() if k not in dict(changed)}
    expected["c.names"] = {"2": "a", "null": "b", "true": "c", "": "d"}
    read = read_file(text, tmp_path / f"out.{kind}", expected)
    for key, value in expected.items():
        assert same(read[key], value), key
    left_out = {"t.half", "c.text"} if kind == "yaml" else set()
    named = SECRETS | in_words() | UNTYPED | {"$include", "c.alike"} | left_out
    assert set(dict(changed)) == named
    assert SECRET not in text + repr(changed)


def test_a_file_is_read_by_the_program_as_what_it_had(tmp_path: Path) -> None:
    """Sets, paths, members and structures have no spelling of their own in a file."""

    @hp.param("f")
    def f(tags: frozenset[int], out: Path, mode: Mode, opt: Opt, pair: tuple[int, int]) -> object:
        return tags, out, mode, opt, pair

    given_values = (frozenset({3, 1}), Path("a/b"), Mode.FAST, Opt(0.3, (1.0, 2.0)), (1, 2))
    names = ("tags", "out", "mode", "opt", "pair")
    with (
        hp.record() as record,
        hp.scope(**{f"f.{k}": v for k, v in zip(names, given_values, strict=True)}),
    ):
        f()
    for kind in ("json", "yaml"):
        text, changed = record.export(kind)
        assert changed == []
        path = tmp_path / f"out.{kind}"
        path.write_text(text, "utf-8")
        with hp.config(path):
            assert f() == given_values


class Mode(enum.Enum):
    FAST = 1
    SLOW = 2


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)
KEYS = st.from_regex(r"[a-zü_@\[\] -]{1,6}(\.[a-z$~]{1,4}){0,2}", fullmatch=True)


@pytest.mark.parametrize("kind", ["json", "yaml"])
@given(values=st.dictionaries(KEYS, PLAIN, max_size=4))
@examples(50)
def test_any_values_come_back(
    kind: str, values: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    record = record_of(values)
    text, changed = record.export(kind)
    path = tmp_path_factory.getbasetemp() / f"any.{kind}"
    read = read_file(text, path, record.operative().keys() - dict(changed).keys())
    for key, value in record.operative().items():
        assert key in dict(changed) or same(read[key], value), (key, text)


def test_an_empty_record_is_an_empty_export() -> None:
    record = record_of({})
    for target in ("mlflow", "wandb", "trackio", "tensorboard"):
        assert record.export(target) == ({}, [])
    assert record.export("json") == ("{}", [])
    assert record.export("yaml") == ("{}", [])
    assert record.export("env", prefix="APP") == ("", [])


# The environment


PROGRAM = """
import hyperparameter as hp

@hp.param("train")
def train(lr: float = 9.0, name: str = "no", maybe: int | None = 9, on: bool = False,
          sizes: list[int] = [], big: int = 0, ref: str = "", LR: int = 0, one: str = ""):
    print([lr, name, maybe, on, sizes, big, ref, LR, one])

hp.launch(train, env_prefix="APP")
"""
TRAIN = {"train.lr": 0.5, "train.name": "it's\n\"me\" $HOME `x` ü", "train.maybe": None,
         "train.on": True, "train.sizes": [1, 2], "train.big": 2**80, "train.ref": "${train.lr}",
         "train.LR": 7, "train.one": "1"}  # fmt: skip


def test_a_shell_gives_the_variables_to_a_program_that_reads_the_same(tmp_path: Path) -> None:
    values = {k: v for k, v in TRAIN.items() if k != "train.lr"}
    text, changed = record_of(values).export("env", prefix="APP")
    (tmp_path / "used.env").write_text(text, "utf-8")
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    done = subprocess.run(
        ["sh", "-c", f". ./used.env; exec {sys.executable} program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == repr([9.0, *values.values()])
    assert dict(changed) == {
        "train.LR": "APP_TRAIN__LR means 'train.lr' to a program that does not know 'train.LR'",
        "train.one": "text that cannot be told from a number",
    }


def test_two_keys_of_one_variable_are_not_written_over_each_other() -> None:
    text, changed = record_of({"train.LR": 7, "train.lr": 0.5}).export("env", prefix="APP_")
    assert text == "export APP_TRAIN__LR=0.5\n"
    assert changed == [("train.LR", "left out: another key has the variable APP_TRAIN__LR as well")]


def test_what_no_variable_holds_is_left_out_and_named() -> None:
    values = {"a[0]": 1, "a@b": 2, "nul": "a\0b", "half": "\ud800", "ok": 1, "a__b": 3,
              "large": ["x" * 4_000] * 40, "password": SECRET}  # fmt: skip
    text, changed = record_of(values).export("env", prefix="APP")
    assert text == "export APP_OK=1\nexport APP_A__B=3\n"
    what = dict(changed)
    assert {k for k, v in what.items() if v.startswith("left out: ")} == values.keys() - {
        "ok", "a__b"}  # fmt: skip
    assert what["a__b"] == "APP_A__B means 'a.b' to a program that does not know 'a__b'"
    assert "larger than 131071 bytes" in what["large"]


def test_none_is_none_to_a_reader_without_a_type() -> None:
    assert record_of({"x": None}).export("env", prefix="APP").values == "export APP_X=null\n"
    text, changed = record_of({"x": "null"}).export("env", prefix="APP")
    assert (text, changed) == ("export APP_X=null\n", [("x", "text that cannot be told from None")])


LOOKALIKES = {
    "~": "None", "Null": "None", "false": "False", "0x10": "a number", ".inf": "a number",
    '{"x":1}': "a dict", "[1]": "a list", '"q"': "'q' in quotes",
}  # fmt: skip


@pytest.mark.parametrize("text", [*LOOKALIKES, "", "word", "1.2.3", "'q'", "{x", "yes", "007"])
def test_text_that_reads_back_as_something_else_is_named(text: str) -> None:
    with hp.record() as rec, hp.scope(lookalike=text):
        assert hp.scope.lookalike() == text
    lines, changed = rec.export("env", prefix="APP")
    name, _, value = "".join(shlex.split(lines)[1:]).partition("=")
    with hp.config({}, env_prefix="APP", env={name: value}):
        again = hp.scope.lookalike | "missing"
        untyped = hp.scope.lookalike() if value else None
    assert again == text
    if text in LOOKALIKES:
        assert changed == [("lookalike", f"text that cannot be told from {LOOKALIKES[text]}")]
        assert untyped != text
    elif text:
        assert changed == []
        assert untyped == text
    else:
        assert changed == [
            ("lookalike", "an empty variable, which sets only what is declared as text")
        ]


def test_the_environment_needs_the_prefix_of_the_program() -> None:
    with pytest.raises(TypeError, match=r"rec\.export\('env', prefix='APP'\) needs the env_prefix"):
        record_of({"a": 1}).export("env")


# Trackers, without them; test_trackers.py has the real ones


ANY_KEY = (
    st.text(st.characters(), min_size=1, max_size=300)
    .map(lambda key: unicodedata.normalize("NFC", key))  # as keys are
    .filter(lambda key: key[0] != "." and key[-1] != "." and ".." not in key)
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=6,
)


def numbers_in(value: object) -> list[float]:
    if isinstance(value, (list, dict)):
        return [n for one in (value.values() if isinstance(value, dict) else value)
                for n in numbers_in(one)]  # fmt: skip
    return [value] if isinstance(value, (int, float)) else []


@given(values=st.dictionaries(ANY_KEY, ANY, max_size=5))
@examples(100)
def test_what_a_tracker_gets_is_what_it_can_hold(values: dict[str, Any]) -> None:
    record = record_of(values)
    count = len(record.operative())
    for target in ("mlflow", "wandb", "trackio", "tensorboard"):
        fitted, changed = record.export(target)
        assert len(fitted) == count  # no two keys in one name
        assert {key for key, _ in changed} <= values.keys()
        assert json.loads(json.dumps(fitted, allow_nan=False)) == fitted
        text = json.dumps(fitted, ensure_ascii=False)
        assert "\\u0000" not in text.replace("\\\\", "")
        text.encode()
        assert all(abs(n) <= 2**53 or isinstance(n, float) for n in numbers_in(fitted))
        if target == "mlflow":
            assert all(isinstance(one, str) and len(one) <= 6000 for one in fitted.values())
            for key in fitted:
                assert re.fullmatch(r"[/\w.\- :]{1,250}", key)
                assert posixpath.normpath(key) == key
                assert not key.startswith(("..", "/"))
        if target in ("wandb", "trackio"):
            assert not any(key.startswith("_") for key in fitted)


# What is named in every export


TARGETS: list[tuple[str, dict[str, Any]]] = [
    ("mlflow", {}), ("wandb", {}), ("trackio", {}), ("tensorboard", {}), ("json", {}),
    ("yaml", {}), ("env", {"prefix": "APP"}),
]  # fmt: skip


@pytest.mark.parametrize(("target", "options"), TARGETS)
def test_a_key_with_several_values_is_named(target: str, options: dict[str, Any]) -> None:
    with hp.record() as record:
        for lr in (1, 2, 3):
            with hp.scope(lr=lr):
                hp.scope.lr | 0
        for _ in range(2):
            with hp.scope(same=5):
                hp.scope.same | 0
    values, changed = record.export(target, **options)
    assert changed == [("lr", "the last of 3 values that were read")]
    assert "3" in str(values)


@pytest.mark.parametrize(("target", "options"), TARGETS)
def test_an_incomplete_record_says_so(target: str, options: dict[str, Any]) -> None:
    record = record_of({"a": 1})
    record.note_loss("a worker was killed")
    changed = record.export(target, **options).changed
    assert changed == [("", "the record is incomplete: a worker was killed")]


@pytest.mark.parametrize(("target", "options"), TARGETS)
def test_a_part_that_is_a_secret_is_absent_and_named(target: str, options: dict[str, Any]) -> None:
    @dataclasses.dataclass
    class Db:
        host: str = "here"
        password: str = SECRET

    record = record_of({"db": {1: {"password": SECRET}}, "one": Db(), "all": [Db(), object()],
                        "mixed": [object(), "sk-proj-" + "4" * 40]})  # fmt: skip
    values, changed = record.export(target, **options)
    assert SECRET not in f"{values}{changed}"
    assert "sk-proj" not in f"{values}{changed}"
    secret = {key for key, what in changed if what == "left out: it is a secret"}
    assert "mixed" in secret
    assert any("password" in key for key in secret)
    assert "all" in dict(changed)
    # A file has no structure for a reader who names no type; trackers are shown its other fields.
    assert "one.password" in secret or "names no type" in dict(changed)["one"]


def test_a_list_that_the_record_has_words_for_is_in_words_as_a_whole() -> None:
    class Model:
        def __repr__(self) -> str:
            return "<model>"

    values, changed = record_of({"models": [Model(), 3]}).export("wandb")
    assert values == {"models": "[<model>, 3]"}
    assert changed == [("models", "in words: the record does not have its value")]


def test_a_loaded_record_exports_the_same(tmp_path: Path) -> None:
    record = record_of(HARD)
    record.save(tmp_path / "r.json")
    loaded = hp.Record.load(tmp_path / "r.json")
    for target, options in TARGETS:
        ours, theirs = record.export(target, **options), loaded.export(target, **options)
        assert repr(ours) == repr(theirs), target


def test_no_library_is_imported_by_an_export() -> None:
    program = """
        import sys
        import hyperparameter as hp
        with hp.record() as record, hp.scope(a=1):
            hp.scope.a | 0
        assert not any("exports" in name for name in sys.modules)
        for target in ("mlflow", "wandb", "trackio", "tensorboard"):
            assert record.export(target) == ({"a": "1" if target == "mlflow" else 1}, [])
        print({"mlflow", "wandb", "trackio", "tensorboardX", "torch"} & set(sys.modules))
        print("importlib.metadata" in sys.modules)
    """
    assert run(program) == "set()\nFalse\n"


# Targets of others, and errors


def run(program: str, *search: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, search))},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str, str], Path]:
    """Return a function that installs a distribution with one module and an entry point."""

    def install(name: str, source: str, point: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        wheel = folder / f"{name}-1.0-py3-none-any.whl"
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(wheel, "w") as file:
            file.writestr(f"{name}.py", textwrap.dedent(source))
            file.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            )
            file.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            file.writestr(f"{info}/entry_points.txt", f"[hyperparameter.exports]\n{point}\n")
            file.writestr(f"{info}/RECORD", "")
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps",
             "--disable-pip-version-check", "--target", folder / "site", wheel],
            check=True,
            capture_output=True,
        )  # fmt: skip
        return folder / "site"

    return install


Install = Callable[[str, str, str], Path]
THEIRS = """
    sent = []

    def export(values, *, upper=False):
        fits = {k: v for k, v in values.items() if not isinstance(v, tuple)}
        changed = [(k, "left out: diary has no tuples") for k in values if k not in fits]
        return {k.upper() if upper else k: v for k, v in fits.items()}, changed

    def log(values, record, run):
        sent.append((values, [read.key for read in record.reads], run))
        return [("lr", "rounded")] if "lr" in values else []
"""
USE = """
    import warnings
    import hyperparameter as hp
    warnings.simplefilter("error")
    with hp.record() as rec, hp.scope(lr=0.5, pair=(1, 2), password="hunter2"):
        hp.scope.lr | 0.1, hp.scope.pair | (), hp.scope.password | ""
"""


def test_an_installed_package_adds_a_target(install: Install) -> None:
    site = install("hp_diary", THEIRS, "diary = hp_diary")
    program = f"""{USE}
    print(rec.export("diary", upper=True))
    try:
        rec.log_to("diary", "monday")
    except UserWarning as warning:
        print(warning)
    import hp_diary
    print(hp_diary.sent)
    try:
        rec.export("dairy")
    except ValueError as error:
        print(error)
    """
    known = "diary, env, json, mlflow, tensorboard, trackio, wandb, yaml"
    warned = "password: left out: it is a secret; pair: left out: diary has no tuples; lr: rounded"
    left_out = "('password', 'left out: it is a secret'), ('pair', 'left out: diary has no tuples')"
    assert run(program, site).splitlines() == [
        f"Exported(values={{'LR': 0.5}}, changed=[{left_out}])",
        f"diary has not taken everything as it is: {warned}.",
        "[({'lr': 0.5}, ['lr', 'pair', 'password'], 'monday')]",
        f"'dairy' is not a target of exports. Did you mean 'diary'? Installed are {known}.",
    ]


@pytest.mark.parametrize(
    ("source", "attribute", "message"),
    [
        ("import nonexistent_x", "", "cannot be imported: No module named 'nonexistent_x'"),
        ("", ":Missing", "cannot be imported: module 'hp_broken' has no attribute 'Missing'"),
        ("x = 1", "", "has no function 'export'."),
    ],
)
def test_a_broken_package_is_named(
    source: str, attribute: str, message: str, install: Install
) -> None:
    site = install("hp_broken", source, f"broken = hp_broken{attribute}")
    program = f"""{USE}
    rec.export("json")
    try:
        rec.export("broken")
    except (ImportError, TypeError) as error:
        print(error)
    """
    who = f"'broken': hp_broken{attribute}, which hp_broken offers as a target of exports,"
    assert run(program, site) == f"{who} {message}\n"


def test_a_target_of_two_packages_is_neither_of_them(install: Install) -> None:
    one = install("hp_diary", THEIRS, "diary = hp_diary")
    two = install("hp_other", THEIRS, "diary = hp_other")
    program = f"""{USE}
    try:
        rec.export("diary")
    except ValueError as error:
        print(error)
    """
    problem = "'diary' is a target of exports in hp_diary and hp_other. Uninstall one of them."
    assert run(program, one, two) == f"{problem}\n"


def test_an_unknown_target_is_an_error_with_the_nearest_names() -> None:
    record = record_of({})
    with pytest.raises(ValueError, match=r"^'mlfow' is not a target .* Did you mean 'mlflow'\?"):
        record.export("mlfow")
    with pytest.raises(ValueError, match=r"Installed are env, json, mlflow, .*, yaml\.$"):
        record.log_to("x\x1b[31m")


class Writer:
    """What a SummaryWriter has that `log_to` uses."""

    def __init__(self, folder: str) -> None:
        self.log_dir = folder
        self.logged: dict[str, Any] = {}

    def add_hparams(self, values: dict[str, Any], metrics: dict[str, float]) -> None:
        assert metrics == {}
        self.logged = values


def test_the_writer_of_pytorch_gets_no_booleans(tmp_path: Path) -> None:
    """It asks whether a value is an int before it asks whether it is a bool."""
    theirs = type("SummaryWriter", (Writer,), {"__module__": "torch.utils.tensorboard.writer"})
    writer = theirs(str(tmp_path))
    with pytest.warns(UserWarning, match="makes a number of a boolean"):
        _, changed = record_of({"on": True, "n": 1}).log_to("tensorboard", writer)
    assert writer.logged == {"on": "True", "n": 1}
    assert [key for key, _ in changed] == ["on"]
    assert hp.Record.load(tmp_path / "hp-record.json").operative() == {"on": True, "n": 1}


def test_a_folder_elsewhere_does_not_get_the_record_and_it_is_said() -> None:
    with pytest.warns(UserWarning, match="the record is not in s3://bucket/run"):
        _, changed = record_of({"n": 1}).log_to("tensorboard", Writer("s3://bucket/run"))
    assert [key for key, _ in changed] == [""]


def test_a_file_has_no_runs() -> None:
    with pytest.raises(TypeError, match=r"^'yaml' has no runs to log to\. Take rec\.export"):
        record_of({}).log_to("yaml", "out.yaml")


@pytest.mark.parametrize("library", ["mlflow", "wandb", "trackio"])
def test_a_library_that_is_missing_is_named(library: str) -> None:
    program = f"""{USE}
    import sys
    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name == {library!r}:
                raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
    sys.meta_path.insert(0, Missing())
    try:
        rec.log_to({library!r})
    except ModuleNotFoundError as error:
        print(error, error.name)
    """
    expected = f"rec.log_to('{library}') needs {library}. Install it with 'pip install {library}'."
    assert run(program) == f"{expected} {library}\n"


def test_an_option_that_a_target_does_not_have_is_an_error() -> None:
    with pytest.raises(TypeError, match="'prefix'"):
        record_of({}).export("json", prefix="APP")
