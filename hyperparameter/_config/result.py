"""What `hp.config` makes of its sources: a scope, an instance of a class, or plain dicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from .._scopes.scope import scope_of
from .._values.annotations import has_mapping, or_of_default, takes_names
from .._values.checking import made
from .._values.declared import Declarations
from .._values.describe import show
from .._values.keys import check, did_you_mean
from .._values.origin import RawOrigin
from .._values.untyped import plain, sets_nothing
from ..exceptions import ConfigurationError
from .bindings import Bindings, section_of
from .environment import Variables, is_in
from .load import layers
from .schema import FieldDeclarations, as_dict, build, keys_of, structure_for
from .view import View, keys_above

if TYPE_CHECKING:
    from .known_names import KnownPlace


class Wanted:
    """What is to be made: by `schema`, a scope if it is None, of one section or of everything."""

    def __init__(self, schema: type | None, section: str | None) -> None:
        self.section = section and check(section)
        self._start = f"{section}." if section else ""
        self._is_scope, self._is_dict = schema is None, schema is dict
        known = self._is_scope or self._is_dict
        self._structure = None if known else structure_for(schema)

    def variables(self, prefix: str | None, env: Mapping[str, str]) -> Variables | None:
        return (
            None
            if prefix is None
            else Variables(prefix, env, self._names(), self._places(), self._takes)
        )

    def notes(self, variables: Variables | None, used: Collection[str]) -> Iterable[str]:
        """Return a line for each variable that sets no field, and has the name of one."""
        return () if variables is None else variables.notes(self._names(), used)

    def _names(self) -> Iterable[str]:
        """Return the keys that are known without any source."""
        return keys_of(self._structure, self.section or "") if self._structure else ()

    def _places(self) -> Iterator[KnownPlace]:
        """Yield what may have names below it, which is asked for where there are variables."""
        from .known_names import KnownPlace

        if self._structure is not None:
            yield KnownPlace(self.section or "", self._structure)

    def _takes(self, key: str) -> bool:
        """Tell whether a variable sets a key that neither fields nor files have.

        A class leaves those alone that are in none of its parts; a scope and a dict take all.
        """
        one = self._structure
        if one is None or (one.extra and not self.section):
            return True
        parts = [name for name, field in one.fields.items() if takes_names(field.hint)]
        return is_in(key, [self.section] if self.section else parts)

    def is_mapping(self, key: str) -> bool:
        """Tell whether the field at a key takes a mapping alone."""
        if self._structure is None or not key.startswith(self._start):
            return False
        name, *names = key.removeprefix(self._start).split(".")
        field = self._structure.fields.get(name)
        if field is None:
            return False
        default = made(field.default) if field.default is not None else None
        return has_mapping(or_of_default(field.hint, default), names)

    def declarations(self, others: Declarations) -> Declarations:
        """Return what is declared: the fields of the schema, and all that they are not."""
        if self._structure is None:
            return others
        return FieldDeclarations(self._structure, self.section or "", others)

    def of(self, sources: list[Bindings], here: RawOrigin) -> object:
        if self.section:
            sources = _section_in(sources, self.section)
        if self._is_scope:
            return scope_of(layers(sources, here))
        if self._structure is None:
            return as_dict(sources)
        return build(self._structure, sources, self.section or "")


def _section_in(sources: list[Bindings], section: str) -> list[Bindings]:
    """Return one section, by the names in it; `ConfigurationError` where there is none."""
    view = View(sources)
    known = view.bindings.get(section)
    if section_of(view.bindings, section) or (known is not None and sets_nothing(known.value)):
        return [section_of(one, section) for one in view.sources]
    if known is not None:
        problem = f"this is {show(section, plain(known.value))}, not a section."
    else:
        sections = {above for key in view.bindings for above in keys_above(key)}
        problem = f"there is no such section.{did_you_mean(section, sections)}"
    raise ConfigurationError(f"{section}: {problem}", key=section)
