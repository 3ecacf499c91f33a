"""The ways in which a value reaches a parameter, each with what it makes of what is written.

A `Source` has `written`, which says what a given thing is once it stands in this source (a number
in a YAML file is text without a type) or raises `DoesNotApply`, and `bring`, which has a program
with the parameter `x` read it.
"""

import atexit
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, make_dataclass
from datetime import date, time
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args, get_origin

import pytest
import yaml
from value_oracle import ERROR, LISTS, MAPPINGS, NO_HINT, NULL_NODE, SETS, is_union, stands_for
from value_scalars import NULLS, Digits, Word
from value_structures import REQUIRED, SHAPES

import hyperparameter as hp
from hyperparameter._functions import registry
from hyperparameter._launch.commands import signature_of


def declared(function: Callable[..., Any]) -> Any:
    """Decorate a function as the only one that these tests declare.

    A listing shows all that are declared in the process, so each takes the place of the one before.
    It is of no file, so that no sources are scanned for what it may read.
    """
    function.__module__, function.__qualname__ = "values", "program"
    function.__code__ = function.__code__.replace(co_filename="<program>")
    return hp.param("t")(function)


@dataclass
class Parameter:
    """A hint, a default, and what is written for it beside what is written for all."""

    name: str
    hint: Any
    default: Any
    more: tuple[Any, ...] = ()

    @property
    def program(self) -> Callable[[], Any]:
        """A function that returns its parameter `t.x`, and is what the process declares."""
        registry.declare(signature_of(self._program))
        return self._program

    @cached_property
    def _program(self) -> Callable[[], Any]:
        """Make the function, once: no value may spoil the next."""

        def program(x: Any = self.default) -> Any:
            return x

        program.__annotations__ = {} if self.hint is NO_HINT else {"x": self.hint}
        if self.default is REQUIRED:
            program.__defaults__ = None
        return declared(program)

    @cached_property
    def schema(self) -> Any:
        """Make a dataclass that has the parameter as its field."""
        if self.default is REQUIRED:
            return make_dataclass("Schema", [("x", self.hint)])
        made = field(default_factory=lambda: self.default)
        return make_dataclass(
            "Schema", [("x", self.hint, made if self.default is not None else None)]
        )

    @property
    def kinds(self) -> set[Any]:
        """Return the kinds of the hint, or of the members of a union, without None."""
        if self.hint is NO_HINT:
            return {type(self.default)}
        hint = stands_for(self.hint)
        members = get_args(hint) if is_union(hint) else (hint,)
        hints = [stands_for(member) for member in members]
        return {get_origin(hint) or hint for hint in hints} - {type(None)}

    @property
    def takes_names(self) -> bool:
        """Tell whether a mapping may be right."""
        if self.hint is NO_HINT and self.default in (None, REQUIRED):
            return True
        return bool(self.kinds & {*MAPPINGS, *SHAPES, Any, object})


@dataclass(frozen=True)
class Wrong:
    """What is never right."""

    what: str


def outcome(bring: Callable[[], Any]) -> Any:
    """Return the value, `ERROR` for an error of ours of one line, or what else was raised."""
    try:
        return bring()
    except (hp.ConversionError, hp.UsageError, hp.ConfigurationError) as error:
        return ERROR if "\n" not in str(error) else Wrong(f"an error of several lines: {error}")
    except Exception as error:  # noqa: BLE001  # whatever it is, it is wrong
        return Wrong(f"{type(error).__name__}: {error}")


class DoesNotApply(Exception):
    """The source cannot bring this, or the contract does not say what it would be there."""


@dataclass(frozen=True)
class Source:
    name: str
    written: Callable[[Parameter, Any], Any]
    bring: Callable[[Parameter, Any], Any]
    share: int = 1  # one in so many of what is written for all parameters: some sources take long


def leaves(given: Any) -> Iterator[Any]:
    if isinstance(given, (dict, list, tuple)):
        for one in [*given.keys(), *given.values()] if isinstance(given, dict) else given:
            yield from leaves(one)
    else:
        yield given


# -- from Python ----------------------------------------------------------------------------------


def as_python(parameter: Parameter, given: Any) -> Any:
    if any(isinstance(leaf, (Word, Digits)) for leaf in leaves(given)):
        raise DoesNotApply
    return given


def to_a_hint(parameter: Parameter, given: Any) -> Any:
    if parameter.hint is NO_HINT:
        raise DoesNotApply
    return as_python(parameter, given)


def to_a_default(parameter: Parameter, given: Any) -> Any:
    if parameter.hint is not NO_HINT or parameter.default is REQUIRED:
        raise DoesNotApply
    if isinstance(given, dict) and given and not parameter.kinds <= {dict, type(None), *SHAPES}:
        raise DoesNotApply  # the same for a read
    return as_python(parameter, given)


def by_keyword(parameter: Parameter, given: Any) -> Any:
    with hp.scope(**{"t.x": given}):
        return parameter.program()


def by_schema(parameter: Parameter, given: Any) -> Any:
    return hp.config({"x": given}, parameter.schema).x


def by_read(parameter: Parameter, given: Any) -> Any:
    with hp.scope(**{"t.x": given}):
        return hp.scope["t.x"] | parameter.default


IN_PYTHON = [
    Source("hp.scope(**{key: value})", as_python, by_keyword),
    Source("hp.config({name: value}, schema)", to_a_hint, by_schema),
    Source("hp.scope[key] | default", to_a_default, by_read),
]


# -- words, in one or with a key for each name ----------------------------------------------------


def as_words(parameter: Parameter, given: Any) -> Any:
    values = given.values() if isinstance(given, dict) and given else [given]
    if not all(isinstance(value, Word) for value in values):
        raise DoesNotApply
    if isinstance(given, dict) and not parameter.takes_names:
        raise DoesNotApply  # keys below one that is no mapping: somebody else's, perhaps
    return given


def as_words_to_a_hint(parameter: Parameter, given: Any) -> Any:
    if parameter.hint is NO_HINT:
        raise DoesNotApply
    return as_words(parameter, given)


def as_variables(parameter: Parameter, given: Any) -> Any:
    """Toward most types an empty variable is not set, which is tested apart."""
    if given == Word(""):
        raise DoesNotApply
    return as_words(parameter, given)


def as_options(parameter: Parameter, given: Any) -> Any:
    as_words(parameter, given)
    kinds = parameter.kinds
    if parameter.default is REQUIRED:
        raise DoesNotApply  # given by position
    if isinstance(given, dict):
        more = any(getattr(SHAPES.get(kind), "more", False) for kind in kinds)
        if len(kinds) > 1 or not kinds <= {*MAPPINGS, *SHAPES} or more:
            raise DoesNotApply
        return as_items(parameter, given)
    if kinds & {*LISTS, *SETS, tuple} and len(kinds) > 1:
        raise DoesNotApply
    return as_items(parameter, given)


def as_defines(parameter: Parameter, given: Any) -> Any:
    as_words(parameter, given)
    return as_items(parameter, given)


def as_items(parameter: Parameter, given: Any) -> Any:
    """On a command line, a list takes an item each time, or all in JSON."""
    kinds = parameter.kinds
    if isinstance(given, dict):
        items = get_args(parameter.hint)[-1:]
        is_of_lists = kinds <= {*MAPPINGS} and get_origin(items[0] if items else None) in LISTS
        return {name: [word] for name, word in given.items()} if is_of_lists else given
    if not kinds <= {*LISTS, *SETS, tuple} or not kinds:
        return given
    if given.text.startswith("[") and given.text.endswith("]"):
        if "[" not in given.text[1:] and any(get_origin(arg) for arg in get_args(parameter.hint)):
            raise DoesNotApply  # all, or the first item of a list of lists?
        return given
    if given.text in ("", "null", "None", "[1,"):
        raise DoesNotApply
    return given if takes_so_many(parameter) else [given]


def takes_so_many(parameter: Parameter) -> bool:
    """Tell whether the parameter is a tuple of fixed length, which takes its words at once."""
    hints = [
        hint for hint in (parameter.hint, *get_args(parameter.hint)) if get_origin(hint) is tuple
    ]
    return any(get_args(hint)[-1:] != (Ellipsis,) for hint in hints)


def assignments(key: str, given: Any) -> list[str]:
    """Write words as `KEY=VALUE`, those of a mapping with a key for each name."""
    if isinstance(given, dict):
        return [f"{key}.{name}={word.text}" for name, word in given.items()]
    return [f"{key}={given.text}"]


def by_text(parameter: Parameter, given: Any) -> Any:
    with hp.scope(*assignments("t.x", given)):
        return parameter.program()


def by_override(parameter: Parameter, given: Any) -> Any:
    return hp.config({}, parameter.schema, overrides=assignments("x", given)).x


def by_define(parameter: Parameter, given: Any) -> Any:
    argv = [part for one in assignments("t.x", given) for part in ("-D", one)]
    return hp.run_cli(parameter.program, argv)


def by_option(parameter: Parameter, given: Any) -> Any:
    return hp.run_cli(parameter.program, [f"--{one}" for one in assignments("x", given)])


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield


def by_variable(parameter: Parameter, given: Any) -> Any:
    pairs = [one.partition("=") for one in assignments("t.x", given)]
    names = {f"MATRIX_{key.replace('.', '__').upper()}": value for key, _, value in pairs}
    with environment(names):
        return hp.run_cli(parameter.program, [], env_prefix="MATRIX")


AS_WORDS = [
    Source('hp.scope("key=word")', as_words, by_text),
    Source("hp.config({}, schema, overrides)", as_words_to_a_hint, by_override),
    Source("-D key=word", as_defines, by_define, 3),
    Source("--name=word", as_options, by_option, 3),
    Source("$MATRIX_KEY=word", as_variables, by_variable, 3),
]


# -- files ----------------------------------------------------------------------------------------


def no_empty_section(given: Any) -> Any:
    """A section of a file that has nothing in it sets nothing."""
    if given == {}:
        raise DoesNotApply
    return given


def as_json(parameter: Parameter, given: Any) -> Any:
    if isinstance(given, float) and math.isfinite(given):
        return Digits(repr(given))
    if isinstance(given, dict) and all(type(name) is str for name in given):
        return {name: as_json(parameter, value) for name, value in given.items()}
    if type(given) is list:
        return [as_json(parameter, one) for one in given]
    if type(given) in (str, int, bool, Digits) or given is None:
        return given
    raise DoesNotApply


def as_toml(parameter: Parameter, given: Any) -> Any:
    if any(leaf is None for leaf in leaves(given)):
        raise DoesNotApply
    if isinstance(given, (date, time)):
        return given
    return as_json(parameter, given)


def as_yaml(parameter: Parameter, given: Any) -> Any:
    """Scalars of YAML have no type unless they are quoted."""
    if isinstance(given, dict) and all(type(name) in (str, int) for name in given):
        return {name: as_yaml(parameter, value) for name, value in given.items()}
    if type(given) is list:
        return [as_yaml(parameter, one) for one in given]
    if given is None:
        return NULL_NODE
    if type(given) is bool:
        return Word("true" if given else "false")
    if isinstance(given, Digits):
        return Word(given.text)
    if type(given) in (int, float):
        return Word(repr(given))
    if type(given) is str:
        return given
    if given == Word("null"):
        return NULL_NODE
    if isinstance(given, Word) and as_plain_scalar(given.text):
        return given
    raise DoesNotApply


def as_plain_scalar(text: str) -> bool:
    """Tell whether text can stand in YAML as it is."""
    try:
        return text not in NULLS and bool(yaml.load(f"[{text}]", yaml.BaseLoader) == [text])
    except yaml.YAMLError:
        return False


def spelt(given: Any, equals: str) -> str:
    """Write a value in flow style, which JSON, TOML and YAML have in common but for the `:`."""
    if isinstance(given, dict):
        pairs = [
            f"{json.dumps(name) if isinstance(name, str) else name}{equals} {spelt(value, equals)}"
            for name, value in given.items()
        ]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(given, list):
        return "[" + ", ".join(spelt(one, equals) for one in given) + "]"
    if isinstance(given, (Word, Digits)):
        return given.text
    if isinstance(given, (date, time)):
        return given.isoformat()
    return json.dumps(given, ensure_ascii=False)


def by_file(parameter: Parameter, given: Any, kind: str, equals: str) -> Any:
    value = spelt(given, equals)
    text = {
        "json": f'{{"t": {{"x": {value}}}}}',
        "toml": f"[t]\nx = {value}\n",
        "yaml": f"t:\n  x: {value}\n",
    }[kind]
    path = Path(folder(), f"base.{kind}")
    path.write_text(text, "utf-8")
    return hp.run_cli(parameter.program, ["-C", str(path)])


@cache
def folder() -> str:
    made = TemporaryDirectory()
    atexit.register(made.cleanup)
    return made.name


def in_file(kind: str, equals: str, written: Callable[[Parameter, Any], Any]) -> Source:
    return Source(
        f"-C base.{kind}",
        lambda parameter, given: no_empty_section(written(parameter, given)),
        lambda parameter, given: by_file(parameter, given, kind, equals),
        share=6,
    )


IN_FILES = [
    in_file("json", ":", as_json),
    in_file("toml", " =", as_toml),
    in_file("yaml", ":", as_yaml),
]
