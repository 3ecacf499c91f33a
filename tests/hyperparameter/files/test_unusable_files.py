"""Files that are no configuration give one clear error: file, line, what to do."""

from pathlib import Path
from typing import Any

import pytest
from unprivileged import run_unprivileged

import hyperparameter as hp


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problem(name: str, content: str | bytes) -> str:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(hp.ConfigurationError) as caught:
        hp.config(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


EVERY = ["a.toml", "a.yaml", "a.yml", "a.json"]
every = pytest.mark.parametrize("name", EVERY)


def test_missing_file_is_named() -> None:
    with pytest.raises(hp.ConfigurationError, match=r"^nope\.yaml: the file does not exist"):
        hp.config("nope.yaml")


def test_files_that_share_an_extension_alone_are_not_suggested() -> None:
    for name in ("s1.yaml", "s2.yaml", "base.v2.yaml"):
        Path(name).touch()
    with pytest.raises(hp.ConfigurationError) as caught:
        hp.config("nope.yaml")
    assert "Did you mean" not in str(caught.value)
    with pytest.raises(hp.ConfigurationError, match=r"Did you mean 'base\.v2\.yaml'\?"):
        hp.config("bse.v2.yml")


def test_directory_is_no_file() -> None:
    Path("d.toml").mkdir()
    with pytest.raises(hp.ConfigurationError, match=r"^d\.toml: this is a directory\."):
        hp.config("d.toml")


def test_unreadable_file_is_named(here: Path) -> None:
    (here / "a.toml").touch(0o000)
    done = run_unprivileged("import hyperparameter as hp; hp.config('a.toml')", here)
    *_, error = done.stderr.splitlines()
    assert error.startswith("hyperparameter.exceptions.ConfigurationError: 'a.toml' cannot be read")
    assert "Permission denied" in error


def test_name_with_a_null_is_an_error() -> None:
    with pytest.raises(hp.ConfigurationError, match="cannot be read"):
        hp.config("a\0.toml")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.yaaml", "a.yaaml: the extension '.yaaml' is unknown. Did you mean '.yaml'?"),
     ("a.ini", "Use .toml, .yaml, .yml, .json, .jsonnet or .libsonnet."),
     ("a", "a: the file name has no extension, so the format is unknown. Use .toml")],
)  # fmt: skip
def test_unknown_extension_tells_the_known_ones(name: str, expected: str) -> None:
    assert expected in problem(name, "x: 1")


@every
@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"], ids=["no", "blank", "bom"])
def test_empty_file_sets_nothing_and_is_an_error_of_params(name: str, content: bytes) -> None:
    Path(name).write_bytes(content)
    assert dict(hp.config([{"a": 1}, name])) == {"a": 1}
    if not name.endswith(".json"):  # which may be Jsonnet there, and need an evaluator
        with pytest.raises(hp.ConfigurationError, match="the file is empty"):
            hp.Params.from_file(name)


@pytest.mark.parametrize("content", ["# nothing\n", "null\n", "---\n"])
def test_yaml_without_a_value_sets_nothing(content: str) -> None:
    Path("a.yaml").write_text(content)
    assert dict(hp.config("a.yaml")) == {}
    Path("a.toml").write_text("# nothing\n")
    assert dict(hp.config("a.toml")) == {}  # to TOML, that is a table


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [("a.yaml", "- 1\n- 2", "list"), ("a.yaml", "text", "str"), ("a.json", "[1]", "list"),
     ("a.json", "3", "int")],
)  # fmt: skip
def test_file_without_a_mapping_is_an_error(name: str, content: str, kind: str) -> None:
    assert problem(name, content) == (
        f"{name}: the top level must be a mapping of keys to values, not {kind}."
    )


@every
def test_binary_file_names_line_and_byte(name: str) -> None:
    assert problem(name, b"# x\n\xff\xfe\x00\x01") == (
        f"{name}:2: byte 0xff is not UTF-8. Save the file as UTF-8, "
        "or check that it is the file you meant."
    )


@every
def test_control_characters_are_an_error(name: str) -> None:
    assert problem(name, '{"a": "\0"}' if name == "a.json" else 'a: "\0"').startswith(name)


@every
def test_file_of_100_mb_is_not_read(name: str) -> None:
    with open(name, "wb") as file:
        file.truncate(100 << 20)  # takes no place on the disk
    with pytest.raises(hp.ConfigurationError, match="larger than 32 MiB"):
        hp.config(name)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.yaml", "x: 1\ny: 2\nx: 3", "a.yaml:3: the key 'x' is set twice, first on line 1."),
        ("a.json", '{"x": 1,\n"y": {"z": 1,\n"z": 2}}', "a.json:3: the key 'z' is set twice"),
        ("a.toml", "x = 1\nx = 2", "a.toml:2: Cannot overwrite a value"),
        ("a.yaml", "a.b: 1\na:\n  b: 2", "a.yaml:3: the key 'a.b' is set twice, first at a.yaml:1"),
        ("a.json", '{"a": {"b": 1},\n"a.b": 2}', "the key 'a.b' is set twice"),
    ],
)  # fmt: skip
def test_key_that_comes_twice_names_both_lines(name: str, content: str, expected: str) -> None:
    assert problem(name, content).startswith(expected) or expected in problem(name, content)


def test_tabs_that_indent_yaml_are_explained() -> None:
    message = problem("a.yaml", "a:\n\tb: 1\n")
    assert message.startswith("a.yaml:2: ")
    assert message.endswith("Indent with spaces: YAML does not allow tabs there.")


@pytest.mark.parametrize("style", ["block", "flow"])
def test_anchors_that_explode_are_stopped(style: str) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for i in range(1, 12):
        items = ", ".join([f"*a{i - 1}"] * 10)
        lines.append(f"a{i}: &a{i} [{items}]")
    text = "\n".join(lines) if style == "block" else "{" + ", ".join(lines) + "}"
    assert "the aliases expand to more than 1,000,000 values" in problem("a.yaml", text)


def test_values_of_mappings_count_where_anchors_explode() -> None:
    wide = ", ".join(f"k{i}: {i}" for i in range(2_000))
    aliases = ", ".join(["*wide"] * 600)
    text = f"wide: &wide {{{wide}}}\nmany: [{aliases}]"
    assert "the aliases expand to more than 1,000,000 values" in problem("a.yaml", text)


@pytest.mark.parametrize("inner", ["[*a{}]", "{{x: *a{}}}"])
def test_anchors_that_nest_without_end_are_stopped(inner: str) -> None:
    lines = [f"a{i}: &a{i} {inner.format(i - 1)}" for i in range(1, 1_300)]
    message = problem("a.yaml", "\n".join(["a0: &a0 [x]", *lines]))
    assert message == "a.yaml:200: the aliases expand to more than 200 levels of nesting."


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: &x [*x]", "the alias *x needs an anchor &x that ends before it"),
        ("a: &x 1\nb: &x [*x]", "the alias *x needs an anchor &x"),
        ("a: *nope", "the alias *nope needs an anchor &nope"),
        ("a: 1\n---\nb: 2", "a.yaml:2: a second document begins"),
        (
            "a: !!python/object/apply:os.system ['echo']",
            "is not allowed: a configuration holds plain data only. Remove the tag.",
        ),
        ("a: !secret x", "the tag !secret is not allowed"),
        ("a: !!int x", "a.yaml:1: the value is not a valid int"),
        ("1: x", "the key 1 is not text. Put it in quotes"),
        ("null: x", "the key null is not text"),
        ("[a, b]: x", "a key must be text, not a collection"),
        ("? {a: 1}\n: x", "a key must be text, not a collection"),
        ("a: 1\n<<: 3", "a.yaml:2: << must have a mapping"),
        ("a: [1, 2", "did not find expected ',' or ']'"),
        ("a: 'x\nb: 1", "a.yaml:"),
        ("a: b: c", "a.yaml:1: mapping values are not allowed"),
        ("a: @x", "a.yaml:1: found character"),
        ("a..b: 1", "empty segment"),
        ("'': 1", "a.yaml:1: "),
        ("a: " + "[" * 300 + "]" * 300, "nested more than 200 levels deep"),
    ],
)
def test_yaml_that_cannot_be_used_says_why(content: str, expected: str) -> None:
    assert expected in problem("a.yaml", content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a = 1\nb = \n", "a.toml:2: Invalid value"),
        ("a = [1,", "a.toml:1: "),
        ("a = 2020-13-45", "a.toml:1: "),
        ("[a]\n[a]", "a.toml:2: "),
        ("a = " + "[" * 5000 + "]" * 5000, "nested more than 200 levels deep"),
        ("a = " + "9" * 5000, "a.toml: "),
        ("'' = 1", "a.toml:1: "),
    ],
)
def test_toml_that_cannot_be_used_says_why(content: str, expected: str) -> None:
    assert problem("a.toml", content).startswith(expected) or expected in problem("a.toml", content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"a": 1,}', "a.json:1: "),
        ('{\n"a": 1\n"b": 2}', "a.json:3: Expecting ',' delimiter (column 1)"),
        ('// x\n{"a": std.extVar("b")}', "it is Jsonnet: give it the extension .jsonnet."),
        ('{"a": ' + "[" * 300 + "]" * 300 + "}", "nested more than 200 levels deep"),
        ('{"a": ' + "[" * 100_000, "nested more than 200 levels deep"),
        ('{"": 1}', "a.json:1: "),
        (
            '{"a": 1}\n{"a": 2}\n',
            "a.json:2: Extra data (column 1). A file of configuration has one value",
        ),
        ('{"a": 1} // x', "it is Jsonnet: give it the extension .jsonnet."),
        ('{"a": 1,\n"b.": 1}', "a.json:2: "),
    ],
)
def test_json_that_cannot_be_used_says_why(content: str, expected: str) -> None:
    assert expected in problem("a.json", content)


def test_source_that_is_neither_path_nor_mapping_is_a_type_error() -> None:
    for source in (3, [3], None):
        with pytest.raises(TypeError, match="path"):
            hp.config(source)  # type: ignore[call-overload]


def test_mapping_that_contains_itself_or_odd_keys_is_an_error() -> None:
    loop: dict[str, Any] = {}
    loop["a"] = loop
    for source in (loop, {1: 2}, {"a..b": 1}, {"a": 1, "": 2}):
        with pytest.raises(hp.ConfigurationError):
            hp.config(source)


@pytest.mark.parametrize(
    "text",
    [
        "db: {password: *hunter2}", "password: *hunter2", "password: !hunter2",
        "api_keys: [*hunter2]",
        "a: {secrets: {b: [1, {c: *hunter2}]}}", "password: !hunter2 [1]",
        "a: {b: 1}\npassword: 2\ntoken:\n  *hunter2",
    ],
)  # fmt: skip
def test_a_word_of_yaml_that_is_a_secret_is_masked(text: str) -> None:
    shown = problem("a.yaml", text)
    assert "hunter2" not in shown
    assert "***" in shown
    assert "*other" in problem("a.yaml", "password: x\nname: *other")
