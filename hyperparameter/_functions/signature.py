"""The parameters of a decorated callable, and which of them a scope fills in a call."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import CodeType
from typing import Any

from .._scopes import ambient
from .._scopes.lookup import NO_DEFAULT, alone, check_namespace, find, note_parts, typed
from .._scopes.whole import Whole, whole
from .._values.annotations import keyword_hint, takes_names
from .._values.checking import UNSEEN, made, mode
from .._values.convert import NOTHING, Converter, Unset
from .._values.hints import anything, by_default, converter, nullable
from .._values.origin import Site, note_file
from .._values.scalars import SCALARS_AND_TEXT, is_small
from .._values.untyped import REMOVED, Layered, UntypedTree
from ..exceptions import ConversionError
from .hints_of import OfClass, innermost, note_secrets, resolve_hints
from .wrapping import Args, Kwargs

_VARARGS, _VARKEYWORDS = 0x04, 0x08  # flags of code objects
_MOST_PLANS = 64  # shapes of calls that a state remembers for one function
Shape = int | tuple[int | str, ...]
"""How a call binds arguments: how many by position, and which keywords where there are any."""

declared: dict[tuple[str, str, str], "Signature"] = {}
"""What `@hp.param` has decorated, by namespace, module and qualified name; see `registry`."""
_EXACT = SCALARS_AND_TEXT - {type(None)}


def declarations(key: str) -> Iterator["Signature"]:
    """Yield what declares `key`."""
    namespace, _, name = key.rpartition(".")
    for signature in list(declared.values()):
        if signature.namespace == namespace and name in signature.names:
            yield signature


class Plan:
    """What a scope adds to calls of one shape."""

    __slots__ = ("is_shared", "positional", "values")

    def __init__(
        self, values: dict[str, object], positional: tuple[object, ...], is_shared: bool
    ) -> None:
        self.values = values
        self.positional = positional
        self.is_shared = is_shared  # whether the next call may get the very same values


class Wanted:
    """What a parameter takes; values of the type `exact` need no conversion."""

    __slots__ = ("convert", "exact", "takes_names")

    def __init__(self, convert: Converter, takes_names: bool, exact: type | None) -> None:
        self.convert, self.exact = convert, exact
        self.takes_names = takes_names  # whether keys below its own are parts of it


class Signature:
    """Names, defaults and annotations of a callable under a namespace.

    `names` are those that a scope can fill; the first `positional_only` of them only by position.
    The first `skip` parameters, self or cls, are not the caller's.
    """

    def __init__(self, function: Callable[..., Any], namespace: str, skip: int = 0) -> None:
        self.function = function
        # What the caches of states know it by: they would keep the function alive with its closure.
        # An object, because an unpickled signature must not have the key of another one here.
        self.key = object()
        self.namespace = namespace
        self.module: str = getattr(function, "__module__", "")
        self.qualname: str = getattr(function, "__qualname__", namespace)
        self.doc: str | None = getattr(function, "__doc__", None)
        inner = innermost(function)
        self.code: CodeType = inner.__code__
        count = self.code.co_argcount
        self.positional = self.code.co_varnames[:count]
        self.skip = skip or int(_is_method(self.qualname, self.positional))
        self.positional_only = self.code.co_posonlyargcount
        self.names = self.code.co_varnames[self.skip : count + self.code.co_kwonlyargcount]
        defaults = inner.__defaults__ or ()
        self.defaults: dict[str, Any] = {
            **dict(zip(self.positional[count - len(defaults) :], defaults, strict=True)),
            **(inner.__kwdefaults__ or {}),
        }
        self.factories: dict[str, Callable[[], object]] = {}
        self.made_inside: dict[str, Callable[[], object]] = {}  # by a class, if nobody passes one
        self.of_class: OfClass | None = None
        self._hints: dict[str, Any] | None = None
        self._wanted: dict[str, Wanted] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        note_file(self.code, getattr(innermost(self.function), "__globals__", {}))

    @property
    def site(self) -> Site:
        return self.code, -1

    @property
    def varargs_name(self) -> str:
        """The name of `*args`, empty where there is none."""
        return self._variadic(_VARARGS)

    @property
    def varkw_name(self) -> str:
        """The name of `**kwargs`, empty where there is none."""
        return self._variadic(_VARKEYWORDS)

    def _variadic(self, flag: int) -> str:
        if not self.code.co_flags & flag:
            return ""
        at = self.code.co_argcount + self.code.co_kwonlyargcount
        both = flag == _VARKEYWORDS and self.code.co_flags & _VARARGS
        return self.code.co_varnames[at + bool(both)]

    def hint(self, name: str) -> object:
        """Return the annotation of a parameter, None where there is none or it has no meaning."""
        hints = self._hints
        if hints is None:
            hints = resolve_hints(innermost(self.function), self.of_class)
            if not mode.is_on or len(hints) == len(innermost(self.function).__annotations__):
                self._hints = hints  # else the run may still define what the others mean
            note_secrets(self.namespace, hints)
        return hints.get(name)

    def wanted(self, name: str) -> Wanted:
        """Return what a parameter takes, by its annotation, or else by its default."""
        known = self._wanted.get(name) or self._made_wanted(name)
        if not mode.is_on:  # which does without what factories make
            self._wanted[name] = known
        return known

    def _made_wanted(self, name: str) -> Wanted:
        declared = name if name in self.names else self.varkw_name
        hint, default = self.hint(declared), self.defaults.get(name, NOTHING)
        hint = hint if declared == name else keyword_hint(hint, name)
        if default is NOTHING and name in self.factories:
            default = made(self.factories[name])
        if hint is None and mode.is_on and declared in innermost(self.function).__annotations__:
            return Wanted(anything, True, None)  # of a meaning to come
        if hint is not None:
            convert = nullable(hint) if default is None or default is UNSEEN else converter(hint)
            exact = hint if any(hint is one for one in _EXACT) else None
            return Wanted(convert, takes_names(hint), exact)  # type: ignore[arg-type]  # a type
        is_free = default is None or default is NOTHING
        exact = type(default) if type(default) in _EXACT else None
        takes = is_free or takes_names(type(default))
        return Wanted(by_default(default), takes, exact)

    def plan(self, state: ambient.State, count: int, keywords: tuple[str, ...]) -> Plan | None:
        """Return what `state` adds to a call with `count` positions and these keywords bound.

        None is the plan of a call that nothing is added to.
        """
        plans = state.cache.get(self.key)
        shape: Shape = (count, *keywords) if keywords else count
        if plans is not None and shape in plans:
            kept: Plan | None = plans[shape]
            return kept
        values: dict[str, object] = {}
        is_shared = True
        try:
            check_namespace(state, self.namespace, self.names)
        except ConversionError as error:
            if not any(declarations(error.key or "")):  # as the mapping that another function takes
                raise
        for name in self._unbound(count, keywords):
            found = self._fill(state, name)
            if found is not None:
                values[name], shared = found
                is_shared = is_shared and shared
        plan = self._positioned(values, count, is_shared)
        adds = plan if plan.values or plan.positional else None
        if plan.is_shared:
            self._cache(state, shape, adds)
        return adds

    def fill(self, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        """Return the arguments of a call completed from what is active here."""
        shape: Shape = (len(args), *kwargs) if kwargs else len(args)
        try:  # as `filling` does
            plan = (ambient.active.get() or ambient.baseline_state).cache[self.key][shape]
        except KeyError:
            plan = self.plan(ambient.current(), len(args), tuple(kwargs))
        if plan is None:
            return args, kwargs
        return args + plan.positional, {**kwargs, **plan.values}

    def value(self, name: str, missing: object) -> object:
        """Return what a call without arguments would have for a parameter, or else `missing`."""
        found = self._fill(ambient.current(), name)
        return self.default(name, missing) if found is None else found[0]

    def default(self, name: str, missing: object) -> object:
        """Return the default of a parameter, made if it has to be, or else `missing`."""
        make = self.factories.get(name) or self.made_inside.get(name)
        return self.defaults.get(name, missing) if make is None else made(make)

    def bind(self, more: Args, keywords: Iterable[str]) -> tuple[Args, Kwargs]:
        """Return the arguments of a call in which `more` follow all that have a name.

        `keywords` are the names of what the scope has for `**kwargs`.
        """
        state = ambient.current()
        filled = ((name, self._fill(state, name)) for name in keywords)
        extra = {name: found[0] for name, found in filled if found is not None}
        if not more:  # the call itself fills the others
            return (), extra
        args, kwargs = self.fill((), {})
        for name in self.positional[self.skip + len(args) :]:
            if name not in kwargs and name not in self.defaults:
                break  # Python's own error says what is missing
            args += (kwargs.pop(name) if name in kwargs else self.defaults[name],)
        return args + more, {**kwargs, **extra}

    def _cache(self, state: ambient.State, shape: Shape, plan: Plan | None) -> None:
        plans = state.cache.get(self.key)
        if plans is None or len(plans) >= _MOST_PLANS:
            state.cache_answer(self.key, {shape: plan})
        else:
            plans[shape] = plan

    def _unbound(self, count: int, keywords: tuple[str, ...]) -> list[str]:
        by_position = self.positional[max(count, self.skip) :]
        rest = self.code.co_varnames[len(self.positional) :][: self.code.co_kwonlyargcount]
        return [
            name
            for index, name in enumerate((*by_position, *rest), max(count, self.skip))
            if name not in keywords or index < self.positional_only
        ]

    def _fill(self, state: ambient.State, name: str) -> tuple[object, bool] | None:
        """Return (value, may be shared) where the scope has one; record what the call will use."""
        key = f"{self.namespace}.{name}"
        own = self.factories[name]() if name in self.factories else NO_DEFAULT
        default = self.defaults.get(name, NO_DEFAULT) if own is NO_DEFAULT else own
        wanted = self.wanted(name)
        found = self.found(state, key, wanted)
        value: object = None
        if found is not None and type(value := found.value) is not wanted.exact:
            below = NOTHING if default is NO_DEFAULT else default
            try:
                value = typed(key, found, wanted.convert, below)
            except Unset:
                found = None
        if found is None:
            if default is not NO_DEFAULT:
                state.record.note(key, default, default, None, self.site, convert=wanted.convert)
            # What a factory has made is used, so that the record has what the call has.
            return None if own is NO_DEFAULT else (own, False)
        shown = None if default is NO_DEFAULT else default
        state.record.note(
            key, value, shown, found.origin, self.site, written=found.value, convert=wanted.convert
        )
        note_parts(state, key, found, value, self.site, default=shown, convert=wanted.convert)
        return value, value is found.value or is_small(value)

    def found(self, state: ambient.State, key: str, wanted: Wanted) -> Whole | None:
        """Return what a scope has for the parameter with this key; None where it has nothing."""
        if wanted.takes_names:
            return find(state, key)
        leaf = state.find(key)
        if state.snapshot.has_below(key):
            self._check_nothing_below(state, key, wanted)
        return None if leaf is None else alone(state, key, *leaf)

    def _check_nothing_below(self, state: ambient.State, key: str, wanted: Wanted) -> None:
        """Refuse a mapping for a parameter that takes none; below it may be others' parameters."""
        found = whole(state.snapshot, key)
        if found is None or not isinstance(found.value, (UntypedTree, Layered)):
            return
        leaf = found.origins.pop(key, None)
        if isinstance(found.value, Layered):
            leaf = None if found.value.whole is REMOVED else leaf
            found.value = found.value.parts
        for flat, origin in found.origins.items():
            # What one place sets beside the parameter itself is a namespace of the same name.
            if origin != leaf and not any(declarations(flat)):
                with suppress(Unset):
                    typed(key, found, wanted.convert, NOTHING)  # whose error says what is wanted

    def _positioned(self, values: dict[str, object], count: int, is_shared: bool) -> Plan:
        """Move what can only be passed by position out of `values`, with the defaults between."""
        last = max(
            (i for i, n in enumerate(self.positional[: self.positional_only]) if n in values),
            default=-1,
        )
        if last < count:
            return Plan(values, (), is_shared)
        between = self.positional[count : last + 1]
        if any(name not in values and name not in self.defaults for name in between):
            # The call lacks an argument; Python's own error says which.
            return Plan({n: v for n, v in values.items() if n not in between}, (), is_shared)
        # A cache would keep these defaults, and a function made again has others.
        is_shared = is_shared and all(n in values or is_small(self.defaults[n]) for n in between)
        fill = tuple(values.pop(n) if n in values else self.defaults[n] for n in between)
        return Plan(values, fill, is_shared)


def _is_method(qualname: str, positional: tuple[str, ...]) -> bool:
    owner = qualname.rpartition(".")[0]
    in_class = bool(owner) and not owner.endswith("<locals>")
    return in_class and positional[:1] in (("self",), ("cls",))
