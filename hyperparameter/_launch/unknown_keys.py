"""The check that the program knows every key that is set from outside."""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from .._functions import registry
from .._values.keys import did_you_mean, prefixes
from .._values.origin import Origin, RawOrigin, resolve
from .._values.unions import words
from ..exceptions import UsageError
from .keywords import is_for_keywords
from .other_sections import OtherSections
from .parameters import options_of
from .program_keys import DeclaredParameters, LazyScan, is_declared, sections_of

_MOST_NAMED = 3
_MOST_OF_GROUP = 5


class UnknownKeys(NamedTuple):
    """Keys that no part of the program declares or reads, beside those that are `known`.

    `flags` are the options of the launched function as one types them, by key.
    """

    keys: list[str]
    known: set[str]
    origins: Mapping[str, RawOrigin]
    flags: Mapping[str, str]

    def faults(self) -> Iterator[UsageError]:
        """Yield an error for each key; making one takes time where many keys are known."""
        for key in self.keys:
            origin = resolve(self.origins[key])
            problem = self._written_twice(key, origin) or self._problem(key, origin)
            text = f"{key} ({origin}): {problem}"
            yield UsageError(text, key=key, origin=origin)

    def _problem(self, key: str, origin: Origin) -> str:
        problem, is_unlike = _problem(key, self.known)
        if not is_unlike:
            return problem
        typed = origin.location
        if origin.kind != "cli" or "." not in typed:  # else it is a dotted option
            return problem + did_you_mean(key, self.known)
        every = [self.flags.get(one, f"--{one}") for one in self.known]
        return problem + did_you_mean(typed, every)

    def _written_twice(self, key: str, origin: Origin) -> str | None:
        """Say where a file has a key in full that it has at its top without its namespace, too."""
        for full in self.origins if origin.kind == "file" else ():
            other = resolve(self.origins[full])
            is_beside = other.kind == "file" and _file_of(other) == _file_of(origin)
            if full.partition(".")[2] == key and is_beside and is_declared(full):
                return f"{full} is set twice, also at {other.location}. Remove one of them."
        return None

    def check(self) -> None:
        """Raise `UsageError` if there are any."""
        if not self.keys:
            return
        first = list(islice(self.faults(), _MOST_NAMED))
        named = list(map(str, first))
        if len(self.keys) > len(named):
            named.append(f"And {len(self.keys) - len(named)} more.")
        them = "it" if len(self.keys) == 1 else "them"
        raise UsageError(
            f"{' '.join(named)} Use --allow-unknown to set {them} anyway.",
            key=first[0].key,
            origin=first[0].origin,
        )


def unknown_keys(
    origins: Mapping[str, RawOrigin],
    scan: LazyScan,
    sections: Collection[str],
    others: OtherSections,
    referenced: Collection[str] = (),
) -> UnknownKeys:
    """Return the keys that the program does not know.

    `sections` are those that have no value themselves, and may stand for the keys below them;
    `others` finds those that are not for this program, and references take those in `referenced`.
    Source files are scanned only if a key is not declared.  A program without source files may
    read anything, so all keys are accepted.
    """
    undeclared = [key for key in origins if not is_declared(key)]
    if not undeclared or (program := scan()) is None:
        return UnknownKeys([], set(), origins, {})
    own = registry.keys() | {one.key for one in program.findings if not one.is_pattern}
    known = own.union(referenced)
    unknown = [
        key
        for key in undeclared
        if (key not in sections if _is_namespace(key, known) else not program.mentions(key))
        and not is_for_keywords(key, program)
    ]
    unknown = others.without(unknown, origins, own | sections_of(program), scan)
    if unknown:
        known.update(DeclaredParameters())  # the fields of structures too
        patterns = [one.key for one in program.findings if one.is_pattern]
        known.update(
            _like(one, key)
            for one in patterns
            for key in unknown
            if one.count(".") == key.count(".") and one.strip("*.")
        )
    own_options = options_of(scan.signature) if unknown else []
    flags = {one.key: one.flags[0] for one in own_options if one.flags}
    return UnknownKeys(unknown, known, origins, flags)


def _file_of(origin: Origin) -> str:
    return origin.location.rpartition(":")[0]


def _problem(key: str, known: set[str]) -> tuple[str, bool]:
    """Say that a key is that of a group, that one above it has no parts, or that none has it.

    Only the last leaves it to others to suggest a key.
    """
    if _is_namespace(key, known):
        return f"this is {_group(key, known)}", False
    above = key.rpartition(".")[0]
    signature = next(registry.declarations(above), None)
    if signature is None:
        group = _group_meant(key, known)
        return f"this program has no such parameter.{group}", not group
    name = above.rpartition(".")[2]
    hint = signature.hint(name) or type(signature.defaults.get(name))
    return f"{above} is {words(hint)}, without names below it.", False


def _like(pattern: str, key: str) -> str:
    """Return a pattern with parts of a key where only the run knows its own: what may be meant."""
    parts = zip(pattern.split("."), key.split("."), strict=False)
    return ".".join(other if "*" in one else one for one, other in parts)


def _group_meant(key: str, known: set[str]) -> str:
    """Suggest the group in another case, if no key has the same last name."""
    name = key.rpartition(".")[2]
    groups = prefixes(known) if all(one.rpartition(".")[2] != name for one in known) else set()
    near = next((one for one in groups if one.lower() == key.lower()), None)
    if near is not None:  # TRAIN for train
        return f" {near} is {_group(near, known)}"
    return ""


def _group(key: str, known: set[str]) -> str:
    inside = sorted(one for one in known if one.startswith(f"{key}."))
    more = len(inside) - _MOST_OF_GROUP
    named = inside[:_MOST_OF_GROUP] + ([f"{more} more"] if more > 0 else [])
    return f"a group, not a parameter. Its keys are {', '.join(named)}."


def _is_namespace(key: str, known: set[str]) -> bool:
    """Tell whether parameters are below the key but none is at it."""
    return key not in known and any(one.startswith(f"{key}.") for one in known)
