"""A record, saved and read again, has the same program read the same, or names what it lacks."""

import datetime
import enum
import itertools
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp
from hyperparameter._records.packed import pack, unpack


class Mode(enum.Enum):
    FAST = 1
    SLOW = 2


@dataclass
class Opt:
    a: int = 1
    b: Any = 5
    mode: Mode = Mode.SLOW


Reader = Callable[[], object]


def reader_of(annotation: object, default: object) -> Reader:
    def f(x: object = default) -> object:
        return x

    f.__annotations__["x"] = annotation
    return hp.param("k")(f)


def untyped() -> object:
    return hp.scope.k.x()


def beside_none() -> object:
    return hp.scope.k.x | None


def everything() -> object:
    return dict(hp.scope.current())["k.x"]


READERS: dict[str, Reader] = {
    "untyped": untyped,
    "beside None": beside_none,
    "beside text": lambda: hp.scope.k.x | "default",
    "everything": everything,
    "str": reader_of(str, "s"),
    "int": reader_of(int, 0),
    "float": reader_of(float, 0.5),
    "bool": reader_of(bool, False),
    "Any": reader_of(Any, "any"),
    "str | None": reader_of(str | None, "s"),
    "int | str": reader_of(int | str, 0),
    "Path": reader_of(Path, Path()),
    "Mode": reader_of(Mode, Mode.SLOW),
    "date": reader_of(datetime.date, datetime.date(2020, 1, 1)),
    "list[int]": reader_of(list[int], []),
    "list[str]": reader_of(list[str], []),
    "tuple": reader_of(tuple[Any, ...], ()),
    "dict": reader_of(dict, {"k": 1}),
    "Opt": reader_of(Opt, Opt(3)),
    "bytes": reader_of(bytes, b""),
    "set[str]": reader_of(set[str], set()),
}
TEXTS = [
    "007", "1e3", "7", "true", "null", "3.10", "[1,2]", '["007", null]', '{"a": 2}', '"null"',
    "FAST", "2021-02-03", "", "a",
]  # fmt: skip


def got(reader: Reader) -> str:
    """Return what a reader gets, with its type; what is a wrong value for it is the same again."""
    try:
        value = reader()
    except (hp.HyperparameterError, KeyError):
        return "refused"
    return f"{type(value).__name__} {value!r}"


def ways_back(record: hp.Record, path: Path) -> list[tuple[str, Any, set[str]]]:
    """Return each scope in which the program is to read the same, and the keys that it lacks."""
    record.save(path)
    loaded = hp.Record.load(path)
    sent = hp.Record()
    sent.add(unpack(json.loads(json.dumps(pack(record.reads)))))
    typed = [
        (name, hp.scope(**one.operative()), set(one.left_out))
        for name, one in (("operative", record), ("loaded", loaded), ("of a worker", sent))
    ]
    return [*typed, ("nested", hp.scope(**record.operative(nested=True)), set(record.left_out))]


@pytest.mark.parametrize("text", TEXTS)
def test_readers_of_one_text_get_theirs_again(text: str, tmp_path: Path) -> None:
    for pair in itertools.permutations(READERS, 2):
        with hp.record() as record, hp.scope(f"k.x={text}"):
            wanted = [got(READERS[name]) for name in pair]
        if "refused" in wanted:
            continue
        # A mapping of a scope is its flat keys, so nothing is bound to its own: `()` says so.
        is_word = text[:1] == "{" and not {"untyped", "everything"}.isdisjoint(pair)
        for way, again, lacking in [] if is_word else ways_back(record, tmp_path / "r.json"):
            with again:
                assert "k.x" in lacking or [got(READERS[n]) for n in pair] == wanted, (way, pair)
        record.save(tmp_path / "r.json")
        with hp.config(tmp_path / "r.json"):
            assert [got(READERS[name]) for name in pair] == wanted, pair


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("007", ("str", "int")), ("7", ("str", "int")), ("7", ("float", "Any")),
        ('{"a": 2}', ("dict", "Opt")), ("1", ("bool", "str")), ("FAST", ("Mode", "str")),
    ],
)  # fmt: skip
def test_one_value_that_serves_all_readers_is_not_left_out(
    text: str, pair: tuple[str, ...]
) -> None:
    with hp.record() as record, hp.scope(f"k.x={text}"):
        for name in pair:
            READERS[name]()
    assert "k.x" in record.operative()
    assert not record.left_out


def test_what_serves_no_two_readers_is_named_with_the_reason() -> None:
    with hp.record() as record, hp.scope("k.x=1e3"):
        assert (READERS["str"](), READERS["Any"]()) == ("1e3", 1000.0)
    assert record.operative() == {}
    assert "different values" in record.left_out["k.x"]


VALUES: dict[str, Any] = {
    "member": Mode.FAST, "date": datetime.date(2021, 2, 3), "path": Path("a"), "set": {1, 2},
    "bytes": b"a", "tuple": (1, (2, "a")), "in a list": [Opt(2)], "in a dict": {"n": {1: Opt(2)}},
    "structure": Opt(2), "tuple in a field": Opt(2, (1, [2])),
    "member in a field": Opt(2, Mode.FAST),
    "number": 7, "text": "007", "float": 7.0, "none": None, "list": [1, "2"],
    "class of its own": OrderedDict(a=1), "names": {"a.b": 1, "c": {"d": Mode.FAST}},
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_readers_of_a_value_of_code_get_theirs_again(name: str, tmp_path: Path) -> None:
    for pair in itertools.permutations(READERS, 2):
        with hp.record() as record, hp.scope(**{"k.x": VALUES[name]}):
            wanted = [got(READERS[one]) for one in pair]
        if "refused" in wanted:
            continue
        for way, again, lacking in ways_back(record, tmp_path / "r.json"):
            is_named = any(f"{one}.".startswith("k.x.") for one in lacking)
            with again:
                assert is_named or [got(READERS[n]) for n in pair] == wanted, (way, pair)


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("member", "Mode"), ("date", "date"), ("path", "Path"), ("set", "set[str]"),
        ("bytes", "bytes"), ("tuple", "tuple"), ("structure", "Opt"), ("tuple in a field", "Opt"),
        ("tuple", "untyped"),
    ],
)  # fmt: skip
def test_what_its_reader_restores_is_not_left_out(name: str, reader: str) -> None:
    value = {"1", "2"} if name == "set" else VALUES[name]
    with hp.record() as record, hp.scope(**{"k.x": value}):
        assert READERS[reader]() == value
    assert not record.left_out
    with hp.scope(**record.operative()):
        assert READERS[reader]() == value


@hp.param("m")
def program(
    d: dict[str, Any] = {"k": 1, "j": 2},  # nobody changes it
    s: Opt = Opt(3, 4),
    o: Opt | None = Opt(7, 8),
) -> object:
    return d, s, o, hp.scope.free | {"q": 1}


TAKEN_AWAY = [
    ["-D", "~m.d", "-D", "m.d.z=2"], ["-D", "m.d=null", "-D", "m.d.z=2"], ["-D", "~m.d"],
    ["-D", "~m.d.k"], ["-D", "~m.d.k", "-D", "m.d.z=007"], ["-D", "~m.s", "-D", "m.s.a=2"],
    ["-D", "m.o=null", "-D", "m.o.a=2"], ["-D", "m.o=null"], ["-D", "~free", "-D", "free.z=1e3"],
    ["-D", 'm.d={"a.b": 7}'], ["-D", 'm.s={"a": 3}', "-D", "m.s.b=09"], ["-D", 'free={"c":2}'],
]  # fmt: skip


@pytest.mark.parametrize("words", TAKEN_AWAY, ids=" ".join)
def test_what_is_taken_away_is_taken_away_again(words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    with hp.record() as record:
        wanted = hp.run_cli(program, words)
    record.save(path)
    assert repr(hp.run_cli(program, ["-C", str(path)])) == repr(wanted)
    with hp.scope(**record.operative()):
        assert record.left_out or repr(program()) == repr(wanted)


def test_a_file_has_text_that_has_no_type_as_it_was_written(tmp_path: Path) -> None:
    with hp.record() as record, hp.scope("k.x=007"):
        READERS["int"]()
    record.save(tmp_path / "r.json")
    [read] = json.loads((tmp_path / "r.json").read_text())["reads"]
    assert (read["value"], read["written"]) == (7, {"$untyped": ["text", "007"]})


def test_a_secret_is_in_nothing_that_was_written(tmp_path: Path) -> None:
    text = '{"password": "hunter2", "n": 1}'
    with hp.record() as record, hp.scope("db.password=hunter2", f"k.x={text}", "pin.api_key=12345"):
        hp.scope.db.password(), hp.scope.db | {}, hp.scope.k.x(), hp.scope.k | {}
        hp.scope.pin.api_key | 0
    record.save(tmp_path / "r.json")
    saved = (tmp_path / "r.json").read_text()
    assert "hunter2" not in saved + json.dumps(record.operative()) + repr(record.reads)
    assert '"12345"' not in saved


@pytest.mark.parametrize("version", [2, 3])
def test_a_record_of_an_older_version_is_read(version: int, tmp_path: Path) -> None:
    with hp.record() as record, hp.scope(**{"k.x": 7, "k.typo": 1}):
        READERS["int"]()
    record.save(tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text())
    document["overrides"] = {key: one for key, [one] in document["overrides"].items()}
    (tmp_path / "r.json").write_text(json.dumps({**document, "version": version}))
    again = hp.Record.load(tmp_path / "r.json")
    assert again.operative() == {"k.x": 7}
    assert again.unused() == record.unused() != []


@dataclass
class Db:
    host: str = "here"
    token: str = field(default="")


@hp.param("t")
def connect(db: Db = Db()) -> str:
    return f"{db.host} {db.token}"


def test_the_secret_of_a_structure_is_asked_for_by_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    with hp.record() as record:
        hp.run_cli(connect, ["-D", "t.db.token=abcdefgh", "-D", "t.db.host=there"])
    record.save(path)
    assert record.operative() == {"t.db": {"host": "there"}}
    assert record.left_out == {"t.db.token": "it is a secret"}
    with pytest.raises(hp.UsageError, match=r"value of 't\.db\.token'.* -D t\.db\.token=VALUE"):
        hp.run_cli(connect, ["-C", str(path)])
    for words in (["-D", "t.db.token=x"], ["--db.token", "x"], ["-D", 't.db={"token": "x"}']):
        assert hp.run_cli(connect, ["-C", str(path), *words]) == "there x"
    with pytest.raises(hp.UsageError, match=r"t\.db\.token"):
        hp.run_cli(connect, ["-C", str(path), "-D", "t.db.host=x"])


def test_a_secret_that_nobody_has_set_is_its_default_again(tmp_path: Path) -> None:
    @hp.param("t")
    def other(db: Db = Db("a", "default")) -> str:
        return f"{db.host} {db.token}"

    with hp.record() as record:
        hp.run_cli(other, ["-D", "t.db.host=there"])
    record.save(tmp_path / "r.json")
    assert hp.run_cli(other, ["-C", str(tmp_path / "r.json")]) == "there default"
