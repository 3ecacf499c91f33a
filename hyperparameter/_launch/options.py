"""The options of a program: those that its function's parameters make, and those of every program.

What `words` parses, `help` shows and `completion` writes down is this one table.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from .._functions.signature import Signature
from .._values.annotations import is_bool, takes_mapping
from .._values.convert import is_enum

Kind = Literal["value", "switch", "items", "pairs", "fields", "flag", "choice", "words"]
REQUIRED: Any = object()
"""The default of what has none."""

_SEQUENCES = (list, set, frozenset, tuple, Sequence)


class Option(NamedTuple):
    """An option, or what is given by position: that has no flags.

    `kind` tells which words it takes: a `value` is `size` words, `items` one word each time,
    `pairs` the same with KEY=VALUE, a `switch` may have a truth value behind it, a `choice` one
    of its choices, `words` all up to the next option, `fields` and a `flag` none.  `owner` is the
    structure that the option is a field of.
    """

    key: str
    flags: tuple[str, ...] = ()
    kind: Kind = "value"
    size: int = 1
    hint: Any = None
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()
    metavar: str = ""
    help: str = ""
    owner: Any = None

    @property
    def name(self) -> str:
        """How messages call it."""
        return self.flags[0] if self.flags else self.metavar


HELP = Option("help", ("-h", "--help"), "flag", help="show this help and exit")
DEFINE = Option(
    "define", ("-D", "--define"), "items", metavar="KEY=VALUE",
    help="set any parameter, here or in what is called; --KEY=VALUE with a dotted key does the "
    "same; may be repeated",
)  # fmt: skip
CONFIG = Option(
    "config", ("-C", "--config"), "items", metavar="FILE",
    help="read parameters from a TOML, YAML, JSON or Jsonnet file; of several, later ones win",
)  # fmt: skip
LIST = Option(
    "list", ("-lps", "--list-param-scope"), "flag",
    help="list all parameters with their defaults and values, and exit",
)  # fmt: skip
EXPLAIN = Option(
    "explain", ("-ep", "--explain-param"), "words", metavar="KEY",
    help="show value, origin, default and help of parameters, and exit",
)  # fmt: skip
PRINT = Option(
    "print", ("--print-config",), "choice", choices=("toml", "yaml", "json"),
    help="print all parameters as a file for -C (toml where no format is given), and exit",
)  # fmt: skip
ALLOW = Option(
    "allow", ("--allow-unknown",), "flag", help="set also keys that no part of the program knows"
)
RECORD = Option(
    "record", ("--record",), metavar="FILE", help="write what was read, and from where, as JSON"
)
COMPLETION = Option(
    "completion", ("--completion",), choices=("bash", "zsh", "fish"),
    help="print a completion script for a shell, and exit",
)  # fmt: skip
VERSION = Option("version", ("--version",), "flag", help="show the version and exit")

_COMMON = (HELP, DEFINE, CONFIG, LIST, EXPLAIN, PRINT, ALLOW, RECORD, COMPLETION)


def common(own: Sequence[Option] = (), version: str | None = None) -> list[Option]:
    """Return the options of every program.

    A flag that a parameter has is the parameter's; the option keeps its short one, or else becomes
    `--hp-NAME`.  Help stays help.
    """
    taken = {flag for option in own for flag in option.flags}
    table = []
    for option in (*_COMMON, VERSION) if version else _COMMON:
        free = tuple(flag for flag in option.flags if flag not in taken)
        table.append(option._replace(flags=free or (f"--hp-{option.flags[-1][2:]}",)))
    return table


def of_function(signature: Signature) -> list[Option]:
    """Return what the parameters of a function become: positionals first."""
    made = [
        option
        for name in signature.names
        for option in _of(
            f"{signature.namespace}.{name}", name, signature.hint(name), _default(signature, name)
        )
    ]
    return sorted(made, key=lambda option: bool(option.flags))


def _default(signature: Signature, name: str) -> Any:
    if name in signature.factories:
        return signature.factories[name]()
    return signature.defaults.get(name, REQUIRED)


def _of(
    key: str, path: str, hint: Any, default: Any, owners: tuple[Any, ...] = ()
) -> Iterator[Option]:
    """Yield the option of a parameter, or of a field of one, and those of its fields.

    `owners` are the structures that it is in, the innermost last.
    """
    wanted = _bare(type(default) if hint is None and is_given(default) else hint)
    kind = kind_of(wanted)
    takes_position = default is REQUIRED and not owners and kind not in ("fields", "pairs")
    flags = () if takes_position else _flags(path)
    if flags or takes_position:
        yield Option(
            key, flags, "value" if takes_position and kind == "switch" else kind,
            _size(wanted), hint, default, _choices(wanted), _metavar(path, kind),
            owner=owners[-1] if owners else None,
        )  # fmt: skip
    if kind == "fields" and wanted not in owners:
        for name, (inner, value) in fields(wanted, default).items():
            yield from _of(f"{key}.{name}", f"{path}.{name}", inner, value, (*owners, wanted))


def is_given(default: Any) -> bool:
    """Tell a default that shows a type; arrays must not be compared."""
    return default is not REQUIRED and default is not None


def fields(structure: Any, default: Any = REQUIRED) -> dict[str, tuple[Any, Any]]:
    """Return type and default of each field; those of the instance `default` where there is one."""
    hints = typing.get_type_hints(structure)
    found = {}
    for name in _names(structure, hints):
        value = _field_default(structure, name)
        if isinstance(default, Mapping):
            value = default.get(name, value)
        elif is_given(default):
            value = getattr(default, name, value)
        found[name] = (hints.get(name), value)
    return found


def _names(structure: Any, hints: dict[str, Any]) -> list[str]:
    own = getattr(structure, "__dataclass_fields__", None)
    if own is not None:
        return [name for name, field in own.items() if field.init and name in hints]
    return list(getattr(structure, "__struct_fields__", hints))


def _field_default(structure: Any, name: str) -> Any:
    field = getattr(structure, "__dataclass_fields__", {}).get(name)
    if field is not None:
        from dataclasses import MISSING

        if field.default_factory is not MISSING:
            return field.default_factory()
        return REQUIRED if field.default is MISSING else field.default
    if hasattr(structure, "__struct_fields__"):
        import msgspec

        inner = next(one for one in msgspec.structs.fields(structure) if one.name == name)
        if inner.default_factory is not msgspec.NODEFAULT:
            return inner.default_factory()
        return REQUIRED if inner.default is msgspec.NODEFAULT else inner.default
    return REQUIRED


def _bare(hint: Any) -> Any:
    """Return a type without `Annotated` and without the None of `Optional`."""
    if typing.get_origin(hint) is typing.Annotated:
        return _bare(typing.get_args(hint)[0])
    if isinstance(hint, typing.NewType):
        return _bare(hint.__supertype__)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        if len(members) == 1:
            return _bare(members[0])
    return hint


def kind_of(wanted: Any) -> Kind:
    if is_bool(wanted):
        return "switch"
    origin = typing.get_origin(wanted) or wanted
    if origin in _SEQUENCES:
        return "value" if _size(wanted) != 1 else "items"
    if takes_mapping(wanted):
        return "pairs" if origin in (dict, Mapping) else "fields"
    return "value"


def _size(wanted: Any) -> int:
    """Return how many words a tuple of fixed length takes; 1 for everything else."""
    items = typing.get_args(wanted)
    if typing.get_origin(wanted) is tuple and Ellipsis not in items:
        return len(items)
    return 1


def _choices(wanted: Any) -> tuple[str, ...]:
    if typing.get_origin(wanted) is Literal:
        return tuple(map(str, typing.get_args(wanted)))
    if isinstance(wanted, type) and is_enum(wanted):
        return tuple(wanted.__members__)  # type: ignore[attr-defined]  # an enumeration
    items = typing.get_args(wanted)
    return _choices(items[0]) if kind_of(wanted) == "items" and items else ()


def words_of(option: Option) -> str:
    """Return what stands behind a flag, as help shows it."""
    if option.kind in ("flag", "switch"):
        return ""
    if option.choices:
        word = "{" + ",".join(option.choices) + "}"
        return f"[{word[1:-1].replace(',', '|')}]" if option.kind == "choice" else word
    if option.kind == "fields":
        return "JSON"
    word = option.metavar if option.kind == "pairs" else _typed(option) or option.metavar
    return " ".join([word] * option.size) + (" ..." if option.kind in ("items", "words") else "")


_TYPES = {int: "INT", float: "FLOAT", str: "TEXT", bool: "BOOL"}


def _typed(option: Option) -> str:
    """Return the name of the type of one word, nothing where it says no more than `metavar`."""
    hint, default = _bare(option.hint), option.default
    if hint is None and is_given(default):
        hint = type(default)
    items = typing.get_args(hint)
    if option.kind == "items" or option.size > 1:
        kinds = [item for item in items if item is not Ellipsis]
        hint = kinds[0] if kinds and all(kind is kinds[0] for kind in kinds) else None
    elif typing.get_origin(hint) in (typing.Union, types.UnionType):
        names = [_TYPES.get(item, "") for item in items if item is not type(None)]
        return "|".join(names) if all(names) else ""
    if isinstance(hint, type) and hasattr(hint, "__fspath__"):
        return "PATH"
    return _TYPES.get(hint, "") if isinstance(hint, type) else ""


def _metavar(path: str, kind: Kind) -> str:
    return "KEY=VALUE" if kind == "pairs" else path.rpartition(".")[2].rstrip("_").upper()


def _flags(path: str) -> tuple[str, ...]:
    """Return the spellings: with dashes, as in Python, and without the `_` of `class_`."""
    spellings = (path.rstrip("_").replace("_", "-"), path.rstrip("_"), path)
    flags = dict.fromkeys(f"--{spelling}" for spelling in spellings if spelling)
    return tuple(flag for flag in flags if flag != "--help")
