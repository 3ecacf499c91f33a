"""Fields of pydantic models have types that pydantic makes values of, from every source."""

import ipaddress
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import (
    AwareDatetime,
    BaseModel,
    ByteSize,
    HttpUrl,
    ImportString,
    Json,
    PastDate,
    PostgresDsn,
    SecretBytes,
    SecretStr,
    create_model,
)

import hyperparameter as hp

ROWS: dict[str, tuple[Any, str, object]] = {
    "url": (HttpUrl, "http://x", HttpUrl("http://x")),
    "dsn": (PostgresDsn, "postgres://h/d", PostgresDsn("postgres://h/d")),
    "secret": (SecretStr, "hunter2", SecretStr("hunter2")),
    "digits": (SecretStr, "007", SecretStr("007")),
    "secret bytes": (SecretBytes, "hunter2", SecretBytes(b"hunter2")),
    "time": (AwareDatetime, "2020-01-01T00:00Z", datetime(2020, 1, 1, tzinfo=UTC)),
    "date": (PastDate, "2020-01-01", date(2020, 1, 1)),
    "json": (Json[Any], '{"a": 1}', {"a": 1}),
    "typed json": (Json[list[int]], "[1, 2]", [1, 2]),
    "size": (ByteSize, "10MiB", 10 * 1024**2),
    "address": (ipaddress.IPv4Address, "1.2.3.4", ipaddress.IPv4Address("1.2.3.4")),
    "pattern": (re.Pattern[str], "a+", re.compile("a+")),
    "import": (ImportString[Any], "math.pi", math.pi),
}
SECRETS = ["secret", "digits", "secret bytes"]


def _field(name: str) -> str:
    return "hidden" if name in SECRETS else "x"  # a key of a secret stays one


def _model(name: str) -> type[BaseModel]:
    fields: dict[str, Any] = {_field(name): (ROWS[name][0] | None, None), "n": (int, 1)}
    return create_model("M", **fields)


def _program(model: type[BaseModel]) -> Callable[..., Any]:
    def program(m: Any = model()) -> Any:
        return m

    program.__annotations__["m"] = model
    return hp.param("pyd")(program)


SOURCES: dict[str, Callable[[str, str, Path], list[str]]] = {
    "-D": lambda name, text, _: ["-D", f"pyd.m.{name}={text}"],
    "option": lambda name, text, _: [f"--m.{name}", text],
    "word": lambda name, text, _: ["--m", json.dumps({name: text})],
    "json": lambda name, text, path: ["-C", _file(path / "c.json", _quoted(name, text))],
    "yaml": lambda name, text, path: ["-C", _file(path / "c.yaml", _quoted(name, text))],
    "plain yaml": lambda name, text, path: [
        "-C", _file(path / "c.yaml", f"pyd:\n  m:\n    {name}: {text}\n"),
    ],
}  # fmt: skip


def _quoted(name: str, text: str) -> str:
    return json.dumps({"pyd": {"m": {name: text}}})


def _file(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ROWS)
def test_text_is_what_pydantic_makes_of_it(name: str, source: str, tmp_path: Path) -> None:
    _, text, wanted = ROWS[name]
    if source == "plain yaml" and text[0] in "[{":
        text = f"'{text}'"
    found = hp.run_cli(_program(_model(name)), SOURCES[source](_field(name), text, tmp_path))
    assert (getattr(found, _field(name)), found.n) == (wanted, 1)


@pytest.mark.parametrize("name", ROWS)
def test_other_fields_of_an_instance_stay(name: str) -> None:
    model = _model(name)
    with hp.scope(**{"pyd.m": model(**{_field(name): ROWS[name][1]}), "pyd.m.n": 5}):
        found = _program(model)()
    assert (getattr(found, _field(name)), found.n) == (ROWS[name][2], 5)


@pytest.mark.parametrize("name", ROWS)
def test_schema_and_scope(name: str) -> None:
    model, field, (_, text, wanted) = _model(name), _field(name), ROWS[name]
    assert getattr(hp.config({field: text}, model), field) == wanted
    variables = {f"X_{field.upper()}": text}
    assert getattr(hp.config({}, model, env_prefix="X", env=variables), field) == wanted
    with hp.scope(f"pyd.m.{field}={text}"):
        assert getattr(_program(model)(), field) == wanted


def test_containers_and_unions_have_such_types() -> None:
    class Inner(BaseModel):
        urls: list[HttpUrl] = []
        keys: dict[str, SecretStr] = {}
        either: int | HttpUrl | None = None

    class Outer(BaseModel):
        inner: Inner = Inner()

    got = hp.config(
        {"inner": {"urls": ["http://x"], "keys": {"a": "k"}, "either": "http://y"}}, Outer
    ).inner
    assert got.urls == [HttpUrl("http://x")]
    assert got.keys == {"a": SecretStr("k")}
    assert got.either == HttpUrl("http://y")
    assert hp.config({"inner": {"either": 3}}, Outer).inner.either == 3
    with pytest.raises(
        hp.ConfigurationError, match=r"^inner\.urls\[1\] .*'no' is not of type HttpUrl"
    ):
        hp.config({"inner": {"urls": ["http://x", "no"]}}, Outer)


@pytest.mark.parametrize(
    ("name", "text"),
    [("url", "no"), ("size", "q"), ("address", "1.2"), ("pattern", "("), ("typed json", "{")],
)
def test_error_is_one_line_with_the_key(name: str, text: str) -> None:
    with pytest.raises(hp.HyperparameterError) as caught:
        hp.run_cli(_program(_model(name)), ["--m.x", text])
    assert str(caught.value).startswith(f"--m.x: {text!r} is not of type ")
    assert "\n" not in str(caught.value)


def test_error_has_no_secret() -> None:
    for value in (["hunter2"], {"a": "hunter2"}):
        with pytest.raises(hp.ConfigurationError) as caught:
            hp.config({"hidden": value}, _model("secret"))
        assert str(caught.value).startswith("hidden (")
        assert "hunter2" not in f"{caught.value} {caught.value.value}"


def test_error_of_a_union_names_the_type_and_has_no_secret() -> None:
    class Model(BaseModel):
        url: int | HttpUrl = 1
        hidden: int | SecretStr = 1

    with pytest.raises(hp.ConfigurationError, match=r"'no' is not an int or HttpUrl\.$"):
        hp.config({"url": "no"}, Model)
    with pytest.raises(hp.ConfigurationError, match=r"is not an int or SecretStr\.$") as caught:
        hp.config({"hidden": ["hunter2"]}, Model)
    assert "hunter2" not in f"{caught.value} {caught.value.value}"


def test_class_of_which_pydantic_knows_nothing_takes_its_instances_alone() -> None:
    class Opaque:
        pass

    class Model(BaseModel, arbitrary_types_allowed=True):
        x: Opaque | None = None

    one = Opaque()
    assert hp.config({"x": one}, Model).x is one
    with pytest.raises(hp.ConfigurationError, match="is not of type Opaque"):
        hp.config({"x": "text"}, Model)


@pytest.mark.parametrize("kind", ["json", "toml", "yaml"])
@pytest.mark.parametrize("name", [name for name in ROWS if name not in SECRETS])
def test_what_is_printed_reads_back(
    name: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = _program(_model(name))
    hp.run_cli(program, ["--m.x", ROWS[name][1], "--print-config", kind])
    path = tmp_path / f"c.{kind}"
    path.write_text(capsys.readouterr().out)
    assert hp.run_cli(program, ["-C", str(path)]).x == ROWS[name][2]


@pytest.mark.parametrize("name", ROWS)
def test_record_gives_the_run_again_without_its_secrets(name: str, tmp_path: Path) -> None:
    program, path, field = _program(_model(name)), tmp_path / "r.json", _field(name)
    given = [f"--m.{field}", ROWS[name][1]]
    hp.run_cli(program, [*given, "-D", "pyd.m.n=3", "--record", str(path)])
    if name in SECRETS:
        assert ROWS[name][1] not in json.loads(path.read_text())["run"]["argv"]
        assert "hunter2" not in path.read_text()
        with pytest.raises(hp.HyperparameterError, match=r"'pyd\.m\.hidden': it is a secret\. Set"):
            hp.run_cli(program, ["-C", str(path)])
    again = hp.run_cli(program, ["-C", str(path), *(given if name in SECRETS else [])])
    assert (getattr(again, field), again.n) == (ROWS[name][2], 3)


def test_secret_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    program = _program(_model("secret"))
    with hp.scope(**{"pyd.m.hidden": "hunter2"}):
        hp.run_cli(program, ["--print-config", "json"])
        assert "hunter2" not in str(hp.explain("pyd.m.hidden"))
    printed = capsys.readouterr()
    assert "hunter2" not in printed.out + printed.err
    assert "pyd.m.hidden is left out: its value is a secret." in printed.err


def test_help_names_the_type(capsys: pytest.CaptureFixture[str]) -> None:
    model = create_model(
        "M", **{f"f_{n.replace(' ', '_')}": (one[0], ...) for n, one in ROWS.items()}
    )  # type: ignore[call-overload]  # fields by name
    hp.run_cli(_program_without_default(model), ["--help"])
    shown = dict(re.findall(r"--m\.f-([\w-]+) (\w+)", capsys.readouterr().out))
    assert shown == {
        "url": "URL", "dsn": "URL", "secret": "SECRET", "digits": "SECRET", "json": "JSON",
        "secret-bytes": "SECRET", "time": "DATETIME", "date": "DATE", "typed-json": "JSON",
        "size": "SIZE", "address": "ADDRESS", "pattern": "REGEX", "import": "NAME",
    }  # fmt: skip


def _program_without_default(model: type[BaseModel]) -> Callable[..., Any]:
    def program(m: Any) -> Any:
        return m

    program.__annotations__["m"] = model
    return hp.param("pyd")(program)


def test_elsewhere_such_a_type_takes_its_instances_alone() -> None:
    """Only a model says that pydantic validates its fields."""

    @dataclass
    class Data:
        x: ipaddress.IPv4Address

    class Struct(msgspec.Struct):
        x: ipaddress.IPv4Address

    address = ipaddress.IPv4Address("1.2.3.4")
    for kind in (Data, Struct):
        assert hp.config({"x": address}, kind).x is address  # type: ignore[attr-defined]  # both have
        with pytest.raises(hp.ConfigurationError, match="is not of type IPv4Address"):
            hp.config({"x": "1.2.3.4"}, kind)
