"""Files that files include: which ones, what they write, and what lies over what.

What a file includes lies under everything that the file itself says, in the order of the list.  A
name may have references, which see all sources: `-D optim.kind=sgd` chooses `optim/${optim.kind}`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from .._files.document import read_document
from .._files.text import similar
from .._values.declared import Declarations
from .._values.describe import show
from .._values.landing import is_inside
from .._values.masking import MASK
from .._values.origin import Origin, resolve
from .._values.secrets import is_secret
from .._values.untyped import UntypedText, UntypedTree, is_null
from ..exceptions import ConfigurationError
from .bindings import Binding, Bindings
from .defaults import Elsewhere, default_of
from .environment import Variables
from .flat_names import FlatNames
from .from_record import NONE, Missing
from .interpolation import Resolver
from .place import Place
from .sources import INCLUDE, Include, IsMapping, Source, of_file
from .view import View, keys_above, may_join

_MOST_FILES = 1_000
"""The most files that one may include: twenty files of two lines can ask for a million."""


class IncludingFile:
    """A source and those that it includes, as far as they have been read."""

    def __init__(self, source: Source, around: tuple[str, ...] = ()) -> None:
        self.source = source
        self.around = (*around, source.path) if source.path else around
        self.included: dict[int, list[IncludingFile]] = {}  # by the index of the include

    def weakest_first(self) -> Iterator[Source]:
        for files in (self.included.get(index, []) for index in range(len(self.source.includes))):
            for file in files:
                yield from file.weakest_first()
        yield self.source

    def waiting(self) -> Iterator[tuple[IncludingFile, int]]:
        """Yield each include that has not been read."""
        for index in range(len(self.source.includes)):
            if index not in self.included:
                yield self, index
            for file in self.included.get(index, []):
                yield from file.waiting()


class Files:
    """All sources, and what they include."""

    def __init__(
        self,
        below: Iterable[Source],
        variables: Variables | None,
        above: Iterable[Bindings],
        env: Mapping[str, str],
        *,
        flat: FlatNames | None,
        declarations: Declarations,
        is_mapping: IsMapping,
    ) -> None:
        self.taken: set[str] = set()  # the keys that names of files refer to
        self.below: Bindings = {}  # what references find where no source has it
        self._roots = [IncludingFile(one) for one in below]
        self._variables = variables
        self._above = list(above)
        self._env = env
        self._flat = flat
        self._declarations = declarations
        self._is_mapping = is_mapping
        self._count = 0
        self._chosen: list[tuple[Include, list[str], set[str]]] = []  # by references

    @property
    def elsewhere(self) -> Elsewhere:
        """What references may mean beside keys that are set."""
        full = {} if self._flat is None else self._flat.full
        left_alone = {} if self._variables is None else self._variables.left_alone
        return Elsewhere(full, {**self.below, **left_alone}, self._declarations)

    def read(self) -> list[tuple[Bindings, Missing]]:
        """Return what each source writes, the weakest first, after all that is included."""
        while waiting := [one for root in self._roots for one in root.waiting()]:
            fixed = [(file, index) for file, index in waiting if not _refers(file, index)]
            for file, index in fixed:
                self._include(file, index, _names(file.source.includes[index].binding))
            if not fixed:
                self._choose(waiting)
        for root in self._roots:
            _check_no_text_meets_mapping(root)
        self._check_choices()
        return self._written()

    def anchored(self) -> frozenset[str]:
        """Return the sections that exist for others of their file, if the program has none."""
        found = (one.anchored for root in self._roots for one in root.weakest_first())
        return frozenset().union(*found)

    def _written(self) -> list[tuple[Bindings, Missing]]:
        found = [one for root in self._roots for one in root.weakest_first()]
        files = [(one.bindings, one.missing) for one in found]
        over = self._above
        if self._variables is not None:  # whose names are held against those of all files
            over = [self._variables.bindings(one for one, _ in files), *over]
        return [*files, *((one, NONE) for one in over)]

    def _view(self) -> View:
        return View(bindings for bindings, _ in self._written())

    def _choose(self, waiting: list[tuple[IncludingFile, int]]) -> None:
        """Include the first of those whose names can be resolved so far."""
        first: ConfigurationError | None = None
        for file, index in waiting:
            include = file.source.includes[index]
            try:
                names, taken = self._resolved(include)
            except ConfigurationError as error:
                first = first or error
                continue
            self._include(file, index, names, taken)
            self._chosen.append((include, names, taken))
            self.taken |= taken
            return
        assert first is not None  # there is at least one that waits
        raise first

    def _resolved(self, include: Include) -> tuple[list[str], set[str]]:
        """Return the names of files with their references resolved, and the keys these took."""
        resolver = Resolver(self._view(), self._env, self.elsewhere)
        binding = include.binding
        found = binding._replace(value=resolver.at(_key_of(include), binding))
        return _names(found), resolver.taken

    def _include(
        self, file: IncludingFile, index: int, names: list[str], taken: Iterable[str] = ()
    ) -> None:
        include = file.source.includes[index]
        file.included[index] = [self._opened(file, include, name, taken) for name in names]

    def _opened(
        self, file: IncludingFile, include: Include, name: str, taken: Iterable[str]
    ) -> IncludingFile:
        self._count += 1
        path = os.path.join(os.path.dirname(file.source.path), name)
        around = [os.path.realpath(one) for one in file.around]
        if os.path.realpath(path) in around:
            circle = [*file.around[around.index(os.path.realpath(path)) :], path]
            raise _error(include, f"the file includes itself: {' -> '.join(circle)}.", name)
        if self._count > _MOST_FILES:
            raise _error(include, f"more than {_MOST_FILES:,} files are included.")
        if not os.path.exists(path):
            at = "".join(f" {self._chosen_by(key)}" for key in sorted(taken))
            near = "" if _is_hidden(include, name) else similar(path)
            raise _error(include, f"the file {path} does not exist.{near}{at}", name)
        try:
            document = read_document(path, may_be_empty=True)
            names = include.names
            source = of_file(document, include.key, names, self._flat, self._is_mapping)
        except ConfigurationError as error:
            raise _error(include, str(error), name) from None
        return IncludingFile(source, file.around)

    def _chosen_by(self, key: str) -> str:
        """Say what a key is that the name of a file refers to."""
        found = {**self.elsewhere.bindings, **self._view().bindings}
        binding = found.get(key)
        if binding is None:
            place = Place(key, Origin("default", ""))
            default = default_of(key, self._declarations, place)
            if default is None:  # a part of a list
                return ""
            binding = default.binding
        return f"{key} is {show(key, binding.value)} ({resolve(binding.origin)})."

    def _check_choices(self) -> None:
        """Raise an error where a file was chosen by what is another value in the end."""
        sources = [bindings for bindings, _ in self._written()]
        for include, names, taken in self._chosen:
            for key in taken:
                _check_is_no_mapping(key, sources)
            last, _ = self._resolved(include)
            if last != names:
                at = " ".join(map(self._chosen_by, sorted(taken)))
                raise _error(
                    include,
                    f"{', '.join(names)} was read, and a file that is included makes the name "
                    f"{', '.join(last)}. {at} Set it elsewhere.",
                    *names,
                    *last,
                )


def _refers(file: IncludingFile, index: int) -> bool:
    return any("${" in name for name in _names(file.source.includes[index].binding))


def _names(binding: Binding) -> list[str]:
    """Return the names of files that are written, or several that a reference brings."""
    value = binding.value.value if isinstance(binding.value, UntypedTree) else binding.value
    names = []
    for one in value if isinstance(value, (list, tuple)) else [value]:
        text = one.text if isinstance(one, UntypedText) else one
        if not isinstance(text, str) or not text:
            raise _error(Include("", binding), "the name of a file is a text.")
        names.append(text)
    return names


def _key_of(include: Include) -> str:
    return f"{include.key}.{INCLUDE}" if include.key else INCLUDE


def _is_hidden(include: Include, name: str) -> bool:
    """Tell the name of a file that is made of a secret."""
    return is_secret(_key_of(include), name)


def _error(include: Include, problem: str, *names: str) -> ConfigurationError:
    """Return the error; of `names`, which it may have in it, those made of secrets are masked."""
    place = resolve(include.binding.origin)
    written = show("", include.binding.value)
    for name in names:
        problem = problem.replace(name, MASK) if _is_hidden(include, name) else problem
    return ConfigurationError(f"{place.location}: {INCLUDE} {written}: {problem}", origin=place)


def _check_no_text_meets_mapping(root: IncludingFile) -> None:
    """Raise an error for a name that has a text in one file of a group and parts in another.

    One of them would silently replace the other.
    """
    sources = [one.bindings for one in root.weakest_first()]
    if len(sources) < 2:
        return
    texts = {
        key: one for source in sources for key, one in source.items() if _is_text(one.value)
    }  # fmt: skip
    for source in sources:
        for key, one in source.items():
            for above in keys_above(key):
                if above in texts and above not in source and is_inside(key, one.names, above):
                    raise _text_and_mapping(above, texts[above], one)


def _check_is_no_mapping(key: str, sources: list[Bindings]) -> None:
    """Raise an error for a key that chooses a file and is a mapping as well."""
    texts = [one[key] for one in sources if key in one and _is_text(one[key].value)]
    for source in sources:
        for flat, one in source.items():
            if texts and flat.startswith(f"{key}.") and is_inside(flat, one.names, key):
                raise _text_and_mapping(key, texts[-1], one)


def _is_text(value: object) -> bool:
    if isinstance(value, (str, UntypedText)):
        return not is_null(value) and not may_join(value)
    return isinstance(value, (bool, int, float))


def _text_and_mapping(key: str, text: Binding, inner: Binding) -> ConfigurationError:
    place, other = resolve(text.origin), resolve(inner.origin)
    return ConfigurationError(
        f"{key} is {show(key, text.value)} ({place}), and a mapping elsewhere ({other}). One would "
        "replace the other: give one of them another name.",
        key=key,
        origin=place,
    )
