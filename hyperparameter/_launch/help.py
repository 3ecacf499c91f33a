"""What `--help` shows: the table of options with their texts, in groups."""

import types
import typing
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .._functions.signature import Signature
from .._values.fields import UNKNOWN
from .commands import Function, class_of, names_of, signature_of
from .defaults import typed
from .layout import REQUIRED_NOTE, Page, Row, Section
from .options import HELP_ALL, REQUIRED, Option, common_options
from .parameters import (
    bare,
    fields_of,
    is_given,
    is_instance,
    options_of,
    structures_in,
    takes_any_keyword,
)
from .texts import Texts, summary_of

_MOST_ADVANCED = 40  # more than a screenful hides the options above
_MOST_CHOICES = 26  # characters of choices beside a flag; more have their place in the text
_SEVERAL = "several of these at once"
_TYPES = {"int": "INT", "float": "FLOAT", "complex": "COMPLEX", "str": "TEXT", "bytes": "TEXT",
          "bool": "BOOL", "date": "DATE", "datetime": "DATETIME", "time": "TIME", "UUID": "UUID",
          "timedelta": "DURATION", "Decimal": "NUMBER", "Fraction": "NUMBER"}  # fmt: skip


def page_of_function(
    function: Function,
    program: str,
    advanced: Sequence[Row],
    common: Sequence[Section],
    env_prefix: str | None,
) -> Page:
    """Return the help for one function, or for a class.

    `advanced` are further parameters, which the functions that it calls may read.
    """
    signature = signature_of(function)
    own, texts = options_of(signature), Texts(signature, class_of(function))
    rows = _Rows(texts, env_prefix)
    positional = [option for option in own if not option.flags]
    arguments = [rows.of(option) for option in positional]
    names = [_left(option) for option in positional]
    if signature.varargs_name:
        name = signature.varargs_name
        names.append(f"[{name.upper()}...]")
        arguments.append(Row(f"{name.upper()}...", texts.docstring.parameters.get(name, "")))
    further = list(advanced[:_MOST_ADVANCED])
    if len(advanced) > _MOST_ADVANCED:
        further.append(Row("...", f"{len(advanced) - _MOST_ADVANCED} more, which -lps lists"))
    sections = [
        Section("arguments", arguments),
        *_groups(own, rows, _rest(signature, texts)),
        Section("advanced, set with -D", further),
        *common,
    ]
    usage = " ".join([program, "[OPTIONS]", *names])
    return Page(usage, texts.docstring.summary, texts.docstring.details, sections)


def page_of_program(functions: Sequence[Function], program: str, common: Sequence[Section]) -> Page:
    """Return the help for a program of several commands."""
    rows = [
        Row(
            ", ".join(names_of(function, functions)),
            Texts(signature_of(function), class_of(function)).docstring.summary,
        )
        for function in functions
    ]
    hint = f"{program} COMMAND --help shows the options of a command."
    return Page(f"{program} COMMAND [OPTIONS]", hint, "", [Section("commands", rows), *common])


def common_sections(
    own: Sequence[Option], version: str | None, *, is_whole: bool
) -> Sequence[Section]:
    """Return the options that every program has: their names, or the whole if it is asked for."""
    if is_whole:
        from .sweep_options import OF_RUNNERS, OF_SWEEPS

        of_sweeps, of_runners = (
            common_options(own, others=each)[-len(each) :] for each in (OF_SWEEPS, OF_RUNNERS)
        )
        return (
            _section("common options", common_options(own, version)),
            _section("options with --sweep or --repeat", of_sweeps),
            _section("options with --sweep, --repeat or --on", of_runners),
        )
    table = common_options(own, version)
    short = [(one, min(one.flags, key=len)) for one in table if one.key != HELP_ALL.key]
    # In three lines there is no place for choices, and for what may be several words.
    names = [
        flag if one.choices or one.kind == "words" else _with_words(flag, one)
        for one, flag in short
    ]
    return (Section(f"common options, see {HELP_ALL.flags[0]}", [], names=tuple(names)),)


def _section(title: str, options: Sequence[Option]) -> Section:
    rows = [Row(_with_words(", ".join(one.flags), one), one.help) for one in options]
    return Section(title, rows)


def _with_words(flags: str, option: Option) -> str:
    """Return the flags of a common option with what follows them."""
    several = "..." if option.kind == "words" else ""
    words = f"{option.metavar}{several}" if option.metavar else _choices_of(option)
    return f"{flags} {words}" if words else flags


def _rest(signature: Signature, texts: Texts) -> list[Row]:
    if not takes_any_keyword(signature):
        return []
    text = texts.docstring.parameters.get(signature.varkw_name, "")
    return [Row("--NAME VALUE", text or "any other option")]


class _Rows(NamedTuple):
    texts: Texts
    env_prefix: str | None

    def of(self, option: Option) -> Row:
        return row_of(option, self.texts, self.env_prefix)


def _groups(own: Sequence[Option], rows: _Rows, rest: list[Row]) -> Iterator[Section]:
    """Yield the options of whole parameters, then those of each structure as a group of its own."""
    fields: dict[str, list[Option]] = {}
    for option in own:
        if option.owners:
            fields.setdefault(option.key.rpartition(".")[0], []).append(option)
    plain = [one for one in own if one.flags and not one.owners and one.key not in fields]
    yield Section("options", [*map(rows.of, plain), *rest])
    for parent, inner in fields.items():
        wholes = [one for one in own if one.key == parent]
        whole = [rows.of(one) for one in wholes if one.flags]
        is_told = any(row.text != _SEVERAL for row in whole)
        structures = list({id(owner): owner for one in inner for owner in one.owners}.values())
        for structure in structures:
            default = wholes[0].default if wholes else REQUIRED
            theirs = [one for each in inner for one in _as_field_of(structure, each, default)]
            shown = [rows.of(one) for one in theirs if one.key not in fields]
            title = _group_title(inner[0], [structure] if len(structures) > 1 else [])
            yield Section(title, whole + shown if is_told else shown + whole, summary_of(structure))
            whole = []


def _as_field_of(structure: object, option: Option, default: object) -> Iterator[Option]:
    """Yield the option of a field as one of several structures has it, if it does."""
    if any(owner is structure for owner in option.owners):
        if len(option.owners) > 1:
            hint, value = fields_of(structure, default)[option.key.rpartition(".")[2]]
            option = option._replace(hint=hint, default=value, owners=(structure,))
        yield option


def _group_title(field: Option, member: Sequence[object]) -> str:
    """Return the title of a group by the flag of a field; `member` is one of several structures."""
    path = field.flags[0][2:].rpartition(".")[0] if field.flags else field.key.rpartition(".")[0]
    return " of ".join([f"{path} options", *(getattr(one, "__name__", str(one)) for one in member)])


def row_of(option: Option, texts: Texts, env_prefix: str | None = None, name: str = "") -> Row:
    """Return an option, its text and what is known of it; `name` replaces its flags."""
    try:
        return _row(option, texts.of(option), env_prefix, name)
    except Exception:  # noqa: BLE001  # whatever a user's objects raise: help must not fail
        return Row(name or ", ".join(option.flags) or option.metavar)


def _row(option: Option, text: str, env_prefix: str | None, name: str) -> Row:
    choices = _choices_of(option)
    if len(choices) > _MOST_CHOICES:
        text = f"{text} (one of {', '.join(option.choices)})".strip()
    is_whole = option.kind == "fields"
    notes = _default(option)
    if option.is_required and not is_whole:  # of a structure, only some fields may be required
        notes.append(REQUIRED_NOTE)
    if env_prefix is not None and not is_whole:
        notes += [f"[env {name}]" for name in _variable(env_prefix, option.key)]
    return Row(_left(option, name), text or (_SEVERAL if is_whole else ""), tuple(notes))


def _default(option: Option) -> list[str]:
    """Return a note with the default, if there is one that the options of fields do not show."""
    default = option.default
    if default is REQUIRED or default is UNKNOWN:
        return []
    if any(is_instance(one, default) for one in structures_in(option.hint or type(default))):
        return [] if option.kind == "fields" else [f"(default: {type(default).__name__})"]
    as_words = option.kind == "items" or option.size > 1
    return [default_note(option.key, default, as_words=as_words)]


def default_note(key: str, default: object, *, as_words: bool = False) -> str:
    return f"(default: {typed(key, default, as_words=as_words)})"


def _variable(prefix: str, key: str) -> Iterator[str]:
    """Yield the variable that sets a key, if one can: `__` in its name stands for a dot."""
    name = key.upper().replace(".", "__")
    if name.lower().replace("__", ".") == key.lower():
        yield f"{prefix if prefix.endswith('_') else f'{prefix}_'}{name}"


def _left(option: Option, name: str = "") -> str:
    words = placeholder(option)
    if name:
        return f"{name} {words}".rstrip()
    if not option.flags:
        return f"{option.metavar}..." if option.kind == "items" else option.metavar
    # Whoever reads --batch-size need not be told that --batch_size works too.
    flags = [flag for flag in option.flags if "_" not in flag or flag == option.flags[0]]
    shown = "/".join([", ".join(flags), *option.negations[:1]])
    return f"{shown} {words}" if words else shown


def placeholder(option: Option) -> str:
    """Return what stands for the words of an option: a type, choices or a name."""
    if option.kind in ("flag", "switch"):
        return ""
    if option.kind == "fields" or structures_in(option.hint):
        return "JSON"
    several = "..." if option.kind in ("items", "words") else ""
    choices = _choices_of(option)
    if choices and len(choices) <= _MOST_CHOICES:
        return f"{choices}{several}"
    if option.kind == "pairs":
        return option.metavar
    names = _type_names(option)
    return f"{' '.join(names)}{several}" if all(names) else f"{option.metavar}{several}"


def _choices_of(option: Option) -> str:
    if not option.choices:
        return ""
    shown = ",".join(option.choices)
    return f"[{shown.replace(',', '|')}]" if option.kind == "choice" else f"{{{shown}}}"


def _type_names(option: Option) -> list[str]:
    """Return the name of the type of each word, empty where it says no more than the metavar."""
    hint = bare(option.hint)
    if hint is None and is_given(option.default):
        hint = type(option.default)
        if isinstance(option.default, tuple) and option.size > 1:
            return [type_name(type(item)) for item in option.default]
    items = [bare(item) for item in typing.get_args(hint) if item is not Ellipsis]
    if option.size > 1:
        return [type_name(item) for item in items] or [""]
    if option.kind == "items":
        return [type_name(items[0]) if len(items) == 1 else ""]
    return [type_name(hint)]


def type_name(hint: object) -> str:
    """Return how help calls a type, empty for one that has no common name."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        names = [type_name(bare(one)) for one in typing.get_args(hint) if one is not type(None)]
        return "|".join(dict.fromkeys(names)) if all(names) else ""
    if not isinstance(hint, type):
        return getattr(hint, "short_name", "")  # of what pydantic validates
    return "PATH" if hasattr(hint, "__fspath__") else _TYPES.get(hint.__name__, "")
