"""The texts of `--list-param-scope` and `--explain-param`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .._console import NotFound
from .._records.explain import Explanation, explain
from .._scan.finding import matches
from .._scopes import ambient
from .._values.describe import show
from .._values.fields import UNKNOWN
from .._values.keys import did_you_mean
from .._values.origin import location
from ..exceptions import InvalidKey, UsageError
from .options import REQUIRED
from .program_keys import DeclaredParameters, file_of, place_of, reads_in, relative
from .texts import Texts

_MOST_NAMED = 8

if TYPE_CHECKING:
    from .._scan import Finding, SourceTree


def listing(program: SourceTree | None) -> str:
    """Return all parameters, each with its declarations, its readers and its value."""
    declared, reads = DeclaredParameters(with_defaults=True), reads_in(program)
    keys = dict.fromkeys([*declared, *(one.key for one in reads)])
    texts = ["\n".join([f"{key}:", *_summary(key, declared, reads)]) for key in keys]
    return "\n".join(texts) or "No parameters."


def explanations(keys: Iterable[str], program: SourceTree | None) -> str:
    """Return all that is known of each key; `NotFound` for a key that the program does not know."""
    declared, reads = DeclaredParameters(with_defaults=True), reads_in(program)
    texts = []
    for key in keys:
        lines = [*_summary(key, declared, reads), *_details(key, declared)]
        if not lines:
            raise NotFound(_unknown(key, [*declared, *(one.key for one in reads)]), key=key)
        texts.append("\n".join([f"{key}:", *lines]))
    return "\n".join(texts)


def _unknown(key: str, known: list[str]) -> str:
    """Say what a key is that no parameter has: the namespace of some, or a mistake."""
    below = [one for one in dict.fromkeys(known) if one.startswith(f"{key}.")]
    if not below:
        return f"{key}: this program has no such parameter.{did_you_mean(key, known)}"
    more = f" and {len(below) - _MOST_NAMED} more" if len(below) > _MOST_NAMED else ""
    return f"{key} is a namespace. Its parameters are {', '.join(below[:_MOST_NAMED])}{more}."


def _summary(key: str, declared: DeclaredParameters, reads: list[Finding]) -> Iterator[str]:
    for signature, option in declared.of(key):
        place = f"{signature.module}.{signature.qualname}"
        shown = None if option.default is REQUIRED else show(key, option.default)
        shown = "<made by the class>" if option.default is UNKNOWN else shown
        yield _place(signature.qualname, place, shown)
    found = [one for one in reads if one.key == key]
    # A pattern such as task.*.size fits many keys: it explains a key that nothing else does.
    if not found and not declared.of(key):
        found = [one for one in reads if one.is_pattern and matches(one.key, key)]
    for one in found:
        yield _place(one.function, place_of(one), one.shown_default)
    explanation = _explained(key)
    if explanation.bindings:
        yield f"  value={show(key, explanation.value)}, origin={explanation.origin}"
    elif below := list(ambient.current().snapshot.below(key)):
        # A structure whose fields are set one by one: its value is what the function would get.
        for signature, _ in declared.of(key)[:1]:
            value = signature.value(key.rpartition(".")[2], REQUIRED)
            origin = _explained(f"{key}.{below[0]}").origin
            yield f"  value={show(key, value)}, origin={origin}"


def _explained(key: str) -> Explanation:
    try:
        return explain(key)
    except InvalidKey as error:
        raise UsageError(str(error), key=key) from None


def _place(function: str, place: str, default: str | None) -> str:
    shown = "required" if default is None else f"default={default}"
    return f"  function={function}, location={place}, {shown}"


def _details(key: str, declared: DeclaredParameters) -> Iterator[str]:
    for shadowed in _explained(key).shadows:
        yield f"  shadows={show(key, shadowed.value)}, origin={shadowed.origin}"
    for signature, option in declared.of(key):
        if text := Texts(signature).of(option):
            yield f"  help={' '.join(text.split())}"
        is_found = signature.code.co_filename.endswith(".py")
        place = location(signature.site) if is_found else relative(file_of(signature))
        yield f"  declared={place}"
