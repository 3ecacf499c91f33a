"""`${...}` in configuration stands for other keys and for the environment."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperparameter as hp


def config(values: dict[str, Any], **env: str) -> dict[str, Any]:
    return dict(hp.config(values, env=env))


def problem(values: dict[str, Any], **env: str) -> str:
    with pytest.raises(hp.ConfigurationError) as caught:
        hp.config(values, env=env)
    return str(caught.value)


@pytest.mark.parametrize("value", [1, 0.5, None, True, "text", [1, [2]], []], ids=repr)
def test_reference_alone_is_the_value_itself(value: Any) -> None:
    found = config({"a": {"b": value}, "c": "${a.b}"})
    assert found["c"] == value
    assert type(found["c"]) is type(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [(1, "1"), (0.5, "0.5"), (None, "null"), (True, "true"), (False, "false"), ("t", "t")],
)
def test_reference_inside_text_is_written_out(value: Any, written: str) -> None:
    assert config({"a": value, "b": "<${a}-${ a }>"})["b"] == f"<{written}-{written}>"


def test_sub_tree_is_copied_with_its_own_references_resolved() -> None:
    found = config({"n": 3, "a": {"x": "${n}", "y": {"z": [1]}}, "b": "${a}", "c": {"d": "${b.y}"}})
    assert found == {"n": 3, "a.x": 3, "a.y.z": [1], "b.x": 3, "b.y.z": [1], "c.d.z": [1]}
    assert found["a.y.z"] is not found["b.y.z"]


def test_references_reach_into_lists_and_are_found_in_them() -> None:
    found = config({"xs": [{"a": 1}, 2], "b": "${xs.0.a}", "c": ["${xs.1}", {"d": "${b}"}]})
    assert (found["b"], found["c"]) == (1, [2, {"d": 1}])


def test_relative_references_count_from_the_mapping_around() -> None:
    found = config({
        "top": 1,
        "a": {"x": "${.y}", "y": 2, "b": {"z": "${..y}", "t": "${...top}"}, "xs": ["${.y}"]},
        "items": [{"name": "n", "path": "/${.name}"}],
    })  # fmt: skip
    assert (found["a.x"], found["a.b.z"], found["a.b.t"], found["a.xs"]) == (2, 2, 1, [2])
    assert found["items"] == [{"name": "n", "path": "/n"}]


def test_references_are_resolved_after_all_has_been_merged() -> None:
    found = hp.config([{"a": 1, "b": "${a}"}, {"a": 2}], overrides=["c=${b}0"])
    assert dict(found) == {"a": 2, "b": 2, "c": 20}


def test_reference_may_be_made_of_references() -> None:
    assert config({"which": "y", "x": 1, "y": 2, "z": "${${which}}"})["z"] == 2
    assert config({"D": 5, "z": "${env:NOT_SET,${D}}"})["z"] == 5


def test_environment_is_text_whose_type_the_reader_chooses() -> None:
    with hp.config({"port": "${env:PORT}", "url": "http://h:${env:PORT}/"}, env={"PORT": "007"}):
        assert hp.scope.port | 0 == 7
        assert hp.scope.port | "" == "007"
        assert hp.scope.url() == "http://h:007/"


def test_default_of_the_environment_stands_where_it_is_not_set() -> None:
    values = {"a": "${env:A,1e-3}", "b": "${env:B,}", "c": "${env:C,x,y}"}
    assert config(values, C="set") == {"a": 0.001, "b": None, "c": "set"}
    assert config(values)["c"] == "x,y"


def test_values_from_the_environment_are_not_resolved_themselves() -> None:
    assert config({"a": "${env:A}", "b": 1}, A="${b}")["a"] == "${b}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("$${a}", "${a}"), ("x$${", "x${"), ("$a {b} $$", "$a {b} $$"), ("}", "}")],
)  # fmt: skip
def test_doubled_dollar_and_lone_signs_are_text(text: str, expected: str) -> None:
    assert config({"a": 1, "b": text})["b"] == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": "${b}", "b": "${c}", "c": "x${a}"}, "refers to itself: a -> b -> c -> a"),
        ({"a": "${a}"}, "refers to itself: a -> a"),
        ({"a": {"b": "${a}"}}, "a.b -> a"),
        ({"a": {"b": "${c}"}, "c": "${a}"}, "a.b -> c -> a"),
        ({"a": ["${a.0}"]}, "a -> a.0"),
        ({"a": ["${a}"]}, "refers to itself: a -> a"),
        ({"a": "${a.b}"}, "refers to itself: a -> a.b"),
    ],
)
def test_cycle_is_named_key_by_key(values: dict[str, Any], expected: str) -> None:
    assert expected in problem(values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": "${train.lrr}", "train": {"lr": 1}}, "is not set. Did you mean 'train.lr'?"),
        ({"a": "${env:NOPE}"}, "environment variable 'NOPE', which is not set. Set it, or"),
        ({"a": "${nope:x}"}, "only 'env' is known"),
        ({"a": "${b", "b": 1}, "'${' without '}'"),
        ({"a": "${}"}, "${} does not name a key"),
        ({"a": "${b..c}"}, "${b..c} does not name a key"),
        ({"a": "${..b}", "b": 1}, "${..b} leads above the top level"),
        ({"a": "x${b}", "b": [1]}, "a reference to a list cannot be part of a text"),
        ({"a": "x${b}", "b": {"c": 1}}, "a reference to a dict cannot be part of a text"),
        ({"a": "${b.c}", "b": 1}, "'b.c', which is not set"),
        ({"a": "${b.7}", "b": [1]}, "'b.7', which is not set"),
    ],
)  # fmt: skip
def test_what_cannot_be_resolved_names_key_place_and_remedy(
    values: dict[str, Any], expected: str
) -> None:
    message = problem(values)
    assert expected in message
    assert message.startswith("a (code ")


def test_line_of_the_reference_is_named(tmp_path: Any) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("x: 1\ny: ${nope}\n")
    with pytest.raises(
        hp.ConfigurationError, match=r"^y \(file .*a\.yaml:2\): the value refers to 'nope'"
    ):
        hp.config(file)


def test_references_that_multiply_are_stopped() -> None:
    doubling = {f"a{i}": f"${{a{i - 1}}}${{a{i - 1}}}" for i in range(1, 40)}
    assert "longer than 1,000,000 characters" in problem({"a0": "x" * 10, **doubling})
    many = {f"a{i}": "${a0}a" for i in range(1, 40)}
    assert "more than 10,000,000 characters" in problem({"a0": "x" * 900_000, **many})
    lists: dict[str, Any] = {f"a{i}": [f"${{a{i - 1}}}"] * 10 for i in range(1, 12)}
    assert "more than 1,000,000 values" in problem({"a0": [1], **lists})


def test_long_chains_and_deep_nesting_are_an_error_and_no_crash() -> None:
    chain = {f"a{i}": f"${{a{i + 1}}}" for i in range(5000)}
    assert "a chain of more than 60 references" in problem({**chain, "a5000": 1})
    assert "too many references" in problem({"a": "${" * 5000 + "}" * 5000})


KEYS = st.sampled_from(["a", "b", "c.d", "c.e", "f"])
PIECES = st.sampled_from(
    ["${", "}", "$${", "$", "a", "b", "c", ".d", "..", ".", "env:", "X", ",", "0", " "]
)
VALUES = st.recursive(
    st.integers() | st.lists(PIECES, max_size=7).map("".join),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_text_is_resolved_or_a_configuration_error(values: dict[str, Any]) -> None:
    try:
        found = hp.config(values, env={"X": "x"})
    except hp.ConfigurationError:
        return
    texts = [v for v in dict(found).values() if isinstance(v, str) and "${" in v]
    assert all("$${" in str(values) for _ in texts)


def test_number_of_too_many_digits_for_text_is_named() -> None:
    with pytest.raises(hp.ConfigurationError, match=r"^b .* a number with too many digits"):
        hp.config({"a": 10**5_000, "b": "x${a}"})


def nested(value: object, levels: int) -> list[object]:
    for _ in range(levels):
        value = [value]
    return [value]


def test_lists_without_a_bottom_are_an_error() -> None:
    loop: list[object] = []
    loop.append(loop)
    chain = {f"k{i}": nested(f"${{k{i + 1}}}", 190) for i in range(40)}
    for source, key in (({"a": loop}, "a"), ({"b": nested("${c}", 5_000)}, "b"), (chain, "k0")):
        with pytest.raises(hp.ConfigurationError, match=f"^{key} .* is nested too deep"):
            hp.config(source)


def test_references_may_stand_deep_in_mappings_and_lists() -> None:
    key = ".".join("k" * 150)
    assert hp.config({key: nested("${x}", 150), "x": 1})[key] == nested(1, 150)


@pytest.mark.parametrize(
    "text", ["${${p.password}}", "${a.${p.password}}", "${.${p.password}}", "${env:${p.password}}",
             "${${p.password}:x}", "${ ${p.password}}", "x${b.${p.password}}y", "${b.${c}}"]
)  # fmt: skip
def test_a_name_that_is_made_of_a_secret_is_masked(text: str) -> None:
    source = {"p": {"password": "hunter2", "plain": text}, "b": {"x": 1}, "c": "${p.password}"}
    with pytest.raises(hp.ConfigurationError) as caught:
        hp.config(source, env_prefix="A", env={})
    assert "hunter2" not in str(caught.value)
    assert "***" in str(caught.value)


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("${{ matrix.os }}", "Write $${{ matrix.os }} for the text."),
        ("${oc.env:HOME}", "Write ${env:HOME}."),
        ("${oc.env:PORT,80}", "Write ${env:PORT,80}."),
        ("${X:-1}", "Write ${env:X,1} for the variable, or $${X:-1} for the text."),
        ("${x:=a:b}", "Write ${env:x,a:b} for the variable, or $${x:=a:b} for the text."),
        ("${X-}", "Write ${env:X,} for the variable, or $${X-} for the text."),
        ("${X:?no X}", "Write ${env:X} for the variable, or $${X:?no X} for the text."),
        ("v-${TAG}", "Write ${env:TAG} for the variable, or $${TAG} for the text."),
        ("${now:%Y}", "Write $${now:%Y} for the text."),
    ],
)
def test_references_of_other_tools_are_told_how_to_be_written(written: str, advice: str) -> None:
    assert problem({"a": written}).endswith(f" {advice}")
    for form in advice.removeprefix("Write ").removesuffix(".").split(", or "):
        found = config({"a": form.removesuffix(" for the variable").removesuffix(" for the text")},
                       HOME="h", PORT="81", X="1", TAG="t", x="y")["a"]  # fmt: skip
        assert found in ("h", 81, 1, "y", "t", written.removeprefix("v-"))


def test_nothing_of_a_secret_is_in_such_an_error() -> None:
    assert "hunter" not in problem({"password": "${hunter2:-hunter3}"})
    text = problem({"url": "${DB_PASSWORD:-hunter2}"})
    assert "${env:DB_PASSWORD" in text
    assert "hunter" not in text
