"""Scopes against a plain model: each context is a list of frames, each frame a log over a dict.

The machine does the same things to the library and to the model, in several contexts (copies,
asyncio tasks, generators of `@hp.param`), sometimes from another thread, and compares what every
context and every handle sees after each step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Iterator
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from soak import examples

import hyperparameter as hp

# ---------------------------------------------------------------- the model: lists and dicts


@dataclass(frozen=True)
class Text:
    """What `"k=v"` sets: untyped text, and what it is by YAML 1.2 when nobody wants a type."""

    text: str

    def plain(self) -> Any:
        return {"3": 3, "1e-3": 0.001, "true": True, "on": "on", "null": None, "abc": "abc"}[
            self.text
        ]


Op = tuple[Any, ...]  # ("set", key, value), ("mapping", key), ("del", key), ("clear",)


class View(dict[str, Any]):
    """What is visible, by flat key, and the writes that led to it.

    `mappings` are the keys that were written last as mappings.
    """

    def __init__(self, history: Iterable[Op] = ()) -> None:
        self.history = list(history)
        self.mappings: set[str] = set()
        for op in self.history:
            if op[0] == "set":
                self[op[1]] = op[2]
                self.mappings.discard(op[1])
            elif op[0] == "mapping":
                if is_replaced(self.get(op[1])):
                    del self[op[1]]
                self.mappings.add(op[1])
            elif op[0] == "del":
                self.pop(op[1], None)
                self.mappings.discard(op[1])
            else:
                self.clear()
                self.mappings.clear()

    def over(self, log: Iterable[Op]) -> View:
        return View([*self.history, *log])

    def own(self, key: str) -> tuple[Any, View]:
        """Return the last value of a key, and what was written below it over that value.

        A value replaces all below it; an empty mapping joins a mapping, and what is below nothing.
        A mapping takes the place of a value, a dotted name does not.
        """
        value, since = ABSENT, list[Op]()
        for op in self.history:
            names = bool(View(since))
            if op == ("clear",):
                value, since = ABSENT, []
            elif op == ("mapping", key):
                if value is not ABSENT and is_replaced(value):
                    value, since = ABSENT, []
            elif op == ("del", key):
                value = ABSENT
            elif op[0] == "set" and op[1] == key:
                joins = plain(value) is None or value == {} or (value is ABSENT and names)
                value, since = op[2], since if op[2] == {} and joins else []
            elif op[1].startswith(f"{key}."):
                since.append(op)
        return value, View(since)

    def whole(self, key: str) -> Any:
        """Return what a reader of the key gets: its value, or for none the mapping below it."""
        value, below = self.own(key)
        if value is not ABSENT and plain(value) is not None and value != {}:
            return plain(value)
        names = dict.fromkeys(k[len(key) + 1 :].partition(".")[0] for k in below.written())
        parts = {name: below.whole(f"{key}.{name}") for name in names}
        return {n: v for n, v in parts.items() if v is not ABSENT} or plain(value)

    def is_refused(self, key: str) -> bool:
        """Tell a mapping that was given for a number: one of others' parameters is a namespace."""
        if key in self or key not in self.mappings or self.whole(key) is ABSENT:
            return False
        return any(k.startswith(f"{key}.") and k not in DECLARED for k in self)

    def written(self) -> list[str]:
        """Return the keys in the order in which they were first written, deleted ones too."""
        return list(dict.fromkeys(op[1] for op in self.history if op[0] in ("set", "del")))

    def parts(self, key: str) -> View:
        """Return the keys below a key that its whole is made of, with what they are there."""
        below, found = self.own(key)[1], View()
        if not isinstance(self.whole(key), dict):
            return found
        for name in dict.fromkeys(k[len(key) + 1 :].partition(".")[0] for k in below):
            inner = f"{key}.{name}"
            if inner in below:
                found[inner] = below.whole(inner)
            found.update(below.parts(inner))
        return found


ABSENT = object()


def plain(value: Any) -> Any:
    return value.plain() if isinstance(value, Text) else value


def flat(nested: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in nested.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            result.update(flat(value, f"{key}."))
        else:
            result[key] = value
    return result


def is_replaced(value: Any) -> bool:
    return plain(value) is not None and value != {}


def writes(nested: dict[str, Any]) -> list[Op]:
    """Return what a nested mapping writes: first its mappings take the place of values."""
    values = flat(nested)
    return [("mapping", key) for key in mappings(nested) if key not in values] + sets(values)


def mappings(nested: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in nested.items():
        if isinstance(value, dict) and value:
            yield f"{prefix}{name}"
            yield from mappings(value, f"{prefix}{name}.")


def sets(values: dict[str, Any]) -> list[Op]:
    return [("set", key, value) for key, value in values.items()]


@dataclass(eq=False)
class Handle:
    """A scope object and its own overrides."""

    real: Any
    log: list[Op] = field(default_factory=list)


@dataclass
class Frame:
    owner: Handle
    log: list[Op]
    inherited: View

    def view(self) -> View:
        return self.inherited.over(self.log)


@dataclass(eq=False)
class Seen:
    """A record and what should be in it."""

    real: Any
    reads: set[tuple[str, str, bool]] = field(default_factory=set)


@dataclass
class Place:
    """A context: how to run something in it, and the frames and records open there."""

    run: Callable[[Callable[[], Any]], Any]
    frames: list[Frame] = field(default_factory=list)
    records: list[Seen] = field(default_factory=list)
    ground: View = field(default_factory=View)  # the baseline when the first of the frames opened
    end: Callable[[], Any] | None = None

    def copy(self, run: Callable[..., Any], end: Callable[[], Any] | None = None) -> Place:
        frames = [Frame(f.owner, list(f.log), f.inherited) for f in self.frames]
        return Place(run, frames, list(self.records), self.ground, end)

    def find(self, handle: Handle) -> int | None:
        owned = [i for i, frame in enumerate(self.frames) if frame.owner is handle]
        return owned[-1] if owned else None

    def note(self, key: str, value: Any, default_used: bool) -> None:
        for seen in self.records:
            seen.reads.add((key, repr(value), default_used))

    def note_whole(self, key: str, view: View) -> None:
        """Note a read of a key, of the parts that it has as well, and of None where it has none."""
        value = view.whole(key)
        self.note(key, None if value is ABSENT else value, value is ABSENT)
        for part, inside in view.parts(key).items():
            self.note(part, inside, False)


class Model:
    def __init__(self) -> None:
        self.baseline = View()

    def ambient(self, place: Place) -> View:
        return place.frames[-1].view() if place.frames else self.baseline

    def through(self, place: Place, handle: Handle) -> View:
        index = place.find(handle)
        if index is not None:
            return place.frames[index].view()
        return self.ambient(place).over(handle.log)

    def enter(self, place: Place, handle: Handle) -> None:
        self.open(place, handle, list(handle.log))

    def open(self, place: Place, owner: Handle, log: list[Op]) -> None:
        if not place.frames:
            place.ground = self.baseline
        place.frames.append(Frame(owner, log, self.ambient(place)))

    def leave(self, place: Place, handle: Handle) -> None:
        index = place.find(handle)
        if index is None:
            return
        del place.frames[index]
        # A context with a scope does not see what is frozen meanwhile, in whatever order it leaves.
        below = place.frames[index - 1].view() if index else place.ground
        for frame in place.frames[index:]:
            frame.inherited = below
            below = frame.view()

    def write(self, place: Place, handle: Handle, ops: list[Op]) -> None:
        index = place.find(handle)
        (handle if index is None else place.frames[index]).log.extend(ops)

    def write_ambient(self, place: Place, implicit: Handle, ops: list[Op]) -> None:
        if not place.frames:
            self.open(place, implicit, [])
        place.frames[-1].log.extend(ops)


# ---------------------------------------------------------------- doing things to the library


def thread(function: Callable[[], Any]) -> Any:
    """Run `function` in a new thread and hand back its result or its error."""
    outcome: list[Any] = []

    def target() -> None:
        outcome.append(guarded(function))

    worker = Thread(target=target)
    worker.start()
    worker.join()
    return unguarded(outcome[0])


def guarded(function: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return function(), None
    except (hp.HyperparameterError, AssertionError) as error:
        return None, error


def unguarded(outcome: tuple[Any, Exception | None]) -> Any:
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]


def assign(target: Any, key: str, value: Any, form: str) -> None:
    names = key.split(".")
    if form == "attribute" and names[0] not in PUBLIC:
        for name in names[:-1]:
            target = getattr(target, name)
        setattr(target, names[-1], value)
    elif form == "update":
        target.update({key: value})
    else:
        target[key] = value


def delete(target: Any, key: str, form: str) -> None:
    names = key.split(".")
    if form == "attribute" and names[0] not in PUBLIC:
        for name in names[:-1]:
            target = getattr(target, name)
        delattr(target, names[-1])
    else:
        del target[key]


def accessor(target: Any, key: str) -> Any:
    names = key.split(".")
    if names[0] in PUBLIC:
        target = hp.scope[names[0]]
        names = names[1:]
    for name in names:
        target = getattr(target, name)
    return target


def hold(scope: Any) -> Generator[Any, Any, None]:
    with scope:
        do = yield
        while True:
            do = yield do()


@hp.param("stepper")
def stepper() -> Generator[Any, Any, None]:
    do = yield
    while True:
        do = yield guarded(do)


@hp.param("a")
def called(do: Callable[[], None], b: Any = None, c: Any = None) -> tuple[Any, Any]:
    do()
    return b, c


DECLARED = {"a.b", "a.c"}
PUBLIC = frozenset(["keys", "storage", "update", "clear", "empty", "current", "frozen", "init"])
KEYS = ["a", "b", "a.b", "a.c", "a.b.c", "keys", "opt.init"]

keys = st.sampled_from(KEYS)
leaves = st.one_of(
    st.integers(0, 9), st.sampled_from([None, True, 2**70, "text", "", 0.5, (1, 2), {}])
)
nested = st.recursive(
    leaves,
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=2),
    max_leaves=4,
)
texts = st.sampled_from(["3", "1e-3", "true", "on", "null", "abc"]).map(Text)
numbers = st.integers(0, 7)  # indices, taken modulo what there is
forms = st.sampled_from(["attribute", "item", "update"])
elsewhere = st.sampled_from([False, False, False, True])  # in another thread


class Scopes(RuleBasedStateMachine):
    """The library and the model, side by side."""

    @initialize()
    def begin(self) -> None:
        self.model = Model()
        self.implicit = Handle(Context().run(hp.scope.current))
        self.handles = [self.implicit]
        self.places = [Place(Context().run)]
        self.generators: list[tuple[Any, Handle]] = []
        self.all_seen: list[Seen] = []
        self.deleted = False
        self.loop: asyncio.AbstractEventLoop | None = None
        Context().run(self._empty_baseline)

    def teardown(self) -> None:
        if not hasattr(self, "places"):
            return
        for generator, _ in self.generators:
            Context().run(generator.close)
        for place in self.places:
            if place.end is not None:
                place.end()
        if self.loop is not None:
            self.loop.close()
        Context().run(self._empty_baseline)

    @staticmethod
    def _empty_baseline() -> None:
        with hp.scope.empty():
            hp.scope.frozen()

    def order(self, keys: Iterable[str]) -> list[str]:
        """Return the keys in their order; once one was deleted, a test below has the promise."""
        return sorted(keys) if self.deleted else list(keys)

    def exact(self, view: dict[str, Any]) -> str:
        """Return the items in order with their types, for comparison."""
        return repr([(key, plain(view[key])) for key in self.order(view)])

    @staticmethod
    def wholes(view: View) -> dict[str, Any]:
        return {key: view.whole(key) for key in view}

    def place(self, index: int) -> Place:
        return self.places[index % len(self.places)]

    def handle(self, index: int) -> Handle:
        return self.handles[index % len(self.handles)]

    def act(self, place: Place, function: Callable[[], Any], in_thread: bool = False) -> Any:
        if in_thread:
            return thread(lambda: place.run(function))
        return place.run(function)

    def is_told(self, place: Place, handle: Handle) -> bool:
        """Tell a scope that is open in other contexts alone: tests below have what is shown of it.

        Which of several is meant depends on who has entered and written it before.
        """
        others = [each for each in self.places if each.find(handle) is not None]
        return place.find(handle) is None and others != []

    def writable(self, place: Place, handle: Handle) -> bool:
        """Leave out what nobody has decided: the handle of no scope, where there is one."""
        if self.is_told(place, handle):
            return False
        return handle is not self.implicit or place.find(handle) is not None

    # ------------------------------------------------------------ making scopes

    def add(self, real: Any, log: list[Op]) -> None:
        if len(self.handles) < 8:
            self.handles.append(Handle(real, log))

    @rule(values=st.dictionaries(keys, leaves, max_size=3))
    def make_from_keywords(self, values: dict[str, Any]) -> None:
        self.add(hp.scope(**values), sets(values))

    @rule(values=st.dictionaries(st.sampled_from(["a", "b", "opt"]), nested, max_size=2))
    def make_from_nested(self, values: dict[str, Any]) -> None:
        self.add(hp.scope(**values), writes(values))

    @rule(values=st.dictionaries(keys, texts, max_size=3))
    def make_from_text(self, values: dict[str, Any]) -> None:
        self.add(hp.scope(*[f"{k}={v.text}" for k, v in values.items()]), sets(values))

    @rule(values=st.dictionaries(keys, leaves, max_size=2))
    def make_empty(self, values: dict[str, Any]) -> None:
        self.add(hp.scope.empty(**values), [("clear",), *sets(values)])

    # ------------------------------------------------------------ entering and leaving

    @rule(p=numbers, h=numbers, t=elsewhere)
    def enter(self, p: int, h: int, t: bool) -> None:
        place, handle = self.place(p), self.handle(h)
        if len(place.frames) < 12:
            assert self.act(place, handle.real.__enter__, t) is handle.real
            self.model.enter(place, handle)

    @rule(p=numbers, f=numbers, t=elsewhere)
    def leave_an_open_one(self, p: int, f: int, t: bool) -> None:
        place = self.place(p)
        if place.frames:
            self.leave(place, place.frames[f % len(place.frames)].owner, t)

    @rule(p=numbers, h=numbers, t=elsewhere)
    def leave_any(self, p: int, h: int, t: bool) -> None:
        self.leave(self.place(p), self.handle(h), t)

    def leave(self, place: Place, handle: Handle, in_thread: bool) -> None:
        self.act(place, lambda: handle.real.__exit__(None, None, None), in_thread)
        self.model.leave(place, handle)

    @rule(p=numbers, h=numbers)
    def enter_in_generator(self, p: int, h: int) -> None:
        place, handle = self.place(p), self.handle(h)
        if len(self.generators) < 3 and len(place.frames) < 12:
            generator = hold(handle.real)
            self.act(place, generator.__next__)
            self.model.enter(place, handle)
            self.generators.append((generator, handle))

    @rule(p=numbers, g=numbers, t=elsewhere)
    def close_generator(self, p: int, g: int, t: bool) -> None:
        if self.generators:
            generator, handle = self.generators.pop(g % len(self.generators))
            place = self.place(p)
            self.act(place, generator.close, t)
            self.model.leave(place, handle)

    @rule(p=numbers, g=numbers, key=keys, value=leaves)
    def write_from_generator(self, p: int, g: int, key: str, value: Any) -> None:
        if self.generators:
            generator, _ = self.generators[g % len(self.generators)]
            place = self.place(p)
            self.act(place, lambda: generator.send(lambda: assign(hp.scope, key, value, "item")))
            self.model.write_ambient(place, self.implicit, [("set", key, value)])

    # ------------------------------------------------------------ writing

    @rule(p=numbers, key=keys, value=nested, form=forms, t=elsewhere)
    def write_ambient(self, p: int, key: str, value: Any, form: str, t: bool) -> None:
        place = self.place(p)
        self.act(place, lambda: assign(hp.scope, key, value, form), t)
        self.model.write_ambient(place, self.implicit, writes({key: value}))

    @rule(p=numbers, h=numbers, key=keys, value=nested, form=forms, t=elsewhere)
    def write_handle(self, p: int, h: int, key: str, value: Any, form: str, t: bool) -> None:
        place, handle = self.place(p), self.handle(h)
        if self.writable(place, handle):
            self.act(place, lambda: assign(handle.real, key, value, form), t)
            self.model.write(place, handle, writes({key: value}))

    @rule(p=numbers, h=numbers, values=st.dictionaries(keys, nested, min_size=1, max_size=3))
    def update_handle(self, p: int, h: int, values: dict[str, Any]) -> None:
        place, handle = self.place(p), self.handle(h)
        if not self.writable(place, handle):
            return
        if sum(len(flat({key: value})) for key, value in values.items()) > len(flat(values)):
            with pytest.raises(hp.InvalidKey, match="two names"):
                self.act(place, lambda: handle.real.update(values))
        else:
            assert self.act(place, lambda: handle.real.update(values)) is handle.real
            self.model.write(place, handle, writes(values))

    @rule(p=numbers, key=keys, form=forms)
    def delete_ambient(self, p: int, key: str, form: str) -> None:
        place = self.place(p)
        if key in self.model.ambient(place):
            self.deleted = True
            self.act(place, lambda: delete(hp.scope, key, form))
            self.model.write_ambient(place, self.implicit, [("del", key)])
        else:
            with pytest.raises(hp.MissingParameter):
                self.act(place, lambda: delete(hp.scope, key, form))

    @rule(p=numbers, h=numbers, key=keys, form=forms)
    def delete_handle(self, p: int, h: int, key: str, form: str) -> None:
        place, handle = self.place(p), self.handle(h)
        if self.is_told(place, handle):
            return
        if key not in self.model.through(place, handle):
            with pytest.raises(hp.MissingParameter):
                self.act(place, lambda: delete(handle.real, key, form))
        elif self.writable(place, handle):
            self.deleted = True
            self.act(place, lambda: delete(handle.real, key, form))
            self.model.write(place, handle, [("del", key)])

    @rule(p=numbers)
    def clear_ambient(self, p: int) -> None:
        place = self.place(p)
        self.act(place, lambda: hp.scope.clear())
        self.model.write_ambient(place, self.implicit, [("clear",)])

    @rule(p=numbers, h=numbers)
    def clear_handle(self, p: int, h: int) -> None:
        place, handle = self.place(p), self.handle(h)
        if self.writable(place, handle):
            self.act(place, handle.real.clear)
            self.model.write(place, handle, [("clear",)])

    @rule(p=numbers, t=elsewhere)
    def freeze(self, p: int, t: bool) -> None:
        place = self.place(p)
        self.act(place, lambda: hp.scope.frozen(), t)
        self.model.baseline = self.model.ambient(place)

    @rule(p=numbers, values=st.dictionaries(keys, leaves, max_size=2), cut=st.none() | keys)
    def call_decorated(self, p: int, values: dict[str, Any], cut: str | None) -> None:
        place = self.place(p)
        before = self.model.ambient(place)
        inside = before.over(sets(values))
        if cut is not None:
            inside = inside.over([("del", cut)])
            self.deleted = True

        def body() -> None:
            for key, value in values.items():
                hp.scope[key] = value
            if cut is not None and cut in hp.scope:
                del hp.scope[cut]
            assert self.exact(hp.scope.storage().storage()) == self.exact(inside)

        result = self.act(place, lambda: called(body))
        expected = [before.whole(key) for key in ("a.b", "a.c")]
        assert repr(result) == repr(tuple(None if v is ABSENT else v for v in expected))
        for key in ("a.b", "a.c"):
            place.note_whole(key, before)

    # ------------------------------------------------------------ records

    @rule(p=numbers)
    def open_record(self, p: int) -> None:
        place = self.place(p)
        if len(self.all_seen) < 4:
            seen = Seen(hp.record())
            self.act(place, seen.real.__enter__)
            place.records.append(seen)
            self.all_seen.append(seen)

    @rule(p=numbers)
    def close_record(self, p: int) -> None:
        place = self.place(p)
        if place.records:
            seen = place.records.pop()
            self.act(place, lambda: seen.real.__exit__(None, None, None))

    # ------------------------------------------------------------ contexts

    @rule(p=numbers, kind=st.sampled_from(["copy", "task", "generator", "bare"]))
    def fork(self, p: int, kind: str) -> None:
        if len(self.places) < 6:
            place = self.place(p)
            self.places.append(getattr(self, f"_{kind}")(place))

    def _copy(self, place: Place) -> Place:
        return place.copy(self.act(place, copy_context).run)

    def _bare(self, _: Place) -> Place:
        return Place(Context().run)

    def _generator(self, place: Place) -> Place:
        generator = stepper()
        self.act(place, generator.__next__)  # takes its scope here
        return place.copy(lambda do: unguarded(generator.send(do)), generator.close)

    def _task(self, place: Place) -> Place:
        loop = self.loop = self.loop or asyncio.new_event_loop()
        work: asyncio.Queue[Any] = asyncio.Queue()

        async def serve() -> None:
            while (job := await work.get()) is not None:
                job[1].set_result(guarded(job[0]))

        async def request(function: Callable[[], Any]) -> Any:
            done = loop.create_future()
            work.put_nowait((function, done))
            return await done

        def end() -> None:
            work.put_nowait(None)
            loop.run_until_complete(task)

        task = self.act(place, lambda: loop.create_task(serve()))
        return place.copy(lambda do: unguarded(loop.run_until_complete(request(do))), end)

    @rule(p=numbers)
    def forget(self, p: int) -> None:
        if len(self.places) > 1:
            place = self.places.pop(p % len(self.places))
            if place.end is not None:
                place.end()

    @rule(key=keys, values=st.dictionaries(keys, leaves, min_size=1, max_size=2))
    def work_in_bare_thread(self, key: str, values: dict[str, Any]) -> None:
        expected = self.model.baseline.over(sets(values))

        def work() -> None:
            assert self.exact(hp.scope.storage().storage()) == self.exact(self.model.baseline)
            with hp.scope(**values) as ps:
                assert self.exact(dict(ps)) == self.exact(self.wholes(expected))
                ps[key] = "changed"
                assert hp.scope[key]() == "changed"
            assert self.exact(hp.scope.storage().storage()) == self.exact(self.model.baseline)
            hp.scope[key] = "implicit"
            assert hp.scope[key]() == "implicit"

        thread(work)

    # ------------------------------------------------------------ reading

    def check_reads(self, place: Place, target: Any, view: View, key: str) -> None:
        """Read one key in every way, twice: the second time from memory."""
        if target is hp.scope or key.split(".", maxsplit=1)[0] not in PUBLIC:
            names = accessor(target, key)
            readings = [lambda d: names | d, names]
        else:
            readings = [lambda d: target[key] if key in view else d]
        found = view.whole(key)
        for reading in readings * 2:
            assert repr(reading(None)) == repr(None if found is ABSENT else found)
            place.note_whole(key, view)
            if isinstance(view.get(key), Text) and target is hp.scope:
                assert (hp.scope[key] | "default") == view[key].text
                place.note(key, view[key].text, False)
        if key not in view:
            self.check_number(place, readings, view, key)
        if target is hp.scope and view.is_refused(key):
            assert bool(hp.scope[key])
            place.note_whole(key, view)
        elif target is hp.scope and not isinstance(view.get(key), Text):
            assert bool(hp.scope[key]) is bool(view.get(key))
            place.note(key, view.get(key, False), key not in view)

    def check_number(self, place: Place, readings: list[Any], view: View, key: str) -> None:
        """Read a key without a value toward a number: what was given as a mapping is refused."""
        for reading in readings:
            if view.is_refused(key):
                with pytest.raises(hp.ConversionError, match="is not a float"):
                    reading(0.5)
            else:
                assert reading(0.5) == 0.5
                place.note(key, 0.5, True)

    def check_required(self, place: Place, reading: Callable[[], Any], view: View, k: str) -> None:
        if k in view:
            assert repr(reading()) == repr(view.whole(k))
            place.note_whole(k, view)
        else:
            with pytest.raises(hp.MissingParameter):
                reading()

    @rule(p=numbers, key=keys, t=elsewhere)
    def read_ambient(self, p: int, key: str, t: bool) -> None:
        place = self.place(p)
        view = self.model.ambient(place)

        def read() -> None:
            self.check_reads(place, hp.scope, view, key)
            self.check_required(place, lambda: hp.scope[key](), view, key)
            assert self.order(hp.scope.keys()) == self.order(hp.scope) == self.order(view)
            assert len(hp.scope) == len(view)
            assert (key in hp.scope) is (key in view)

        self.act(place, read, t)

    @rule(p=numbers, h=numbers, key=keys, t=elsewhere)
    def read_handle(self, p: int, h: int, key: str, t: bool) -> None:
        place, handle = self.place(p), self.handle(h)
        if self.is_told(place, handle):
            return
        view, real = self.model.through(place, handle), handle.real

        def read() -> None:
            if key.split(".", maxsplit=1)[0] not in PUBLIC:
                self.check_reads(place, real, view, key)
            self.check_required(place, lambda: real[key], view, key)
            assert self.order(real.keys()) == self.order(real) == self.order(view)
            assert len(real) == len(view)
            assert (key in real) is (key in view)
            assert self.exact(dict(real)) == self.exact(self.wholes(view))
            for name in view:
                place.note_whole(name, view)

        self.act(place, read, t)

    @rule(p=numbers)
    def ask_for_current(self, p: int) -> None:
        place = self.place(p)
        expected = place.frames[-1].owner if place.frames else self.implicit
        current = self.act(place, hp.scope.current)
        if expected is self.implicit:  # each frame that a write opens has handles of its own
            shown = self.act(place, lambda: self.exact(current.storage().storage()))
            assert shown == self.act(place, self._storages)[1]
        else:
            assert current is expected.real

    @rule(p=numbers, key=keys)
    def explain(self, p: int, key: str) -> None:
        place = self.place(p)
        view = self.model.ambient(place)
        explanation = self.act(place, lambda: hp.explain(key))
        assert bool(explanation.bindings) is (key in view)
        assert repr(explanation.value) == repr(plain(view.get(key)))

    # ------------------------------------------------------------ comparing

    @invariant()
    def all_contexts_see_what_the_model_says(self) -> None:
        for place in getattr(self, "places", []):
            views = self.act(place, self._storages)
            expected: list[View | None] = [self.model.ambient(place)]
            for handle in self.handles:
                is_told = self.is_told(place, handle)
                expected.append(None if is_told else self.model.through(place, handle))
            for view, seen in zip(expected, views, strict=True):
                assert view is None or seen == self.exact(view)

    def _storages(self) -> list[str]:
        scopes = [hp.scope, *[handle.real for handle in self.handles]]
        return [self.exact(scope.storage().storage()) for scope in scopes]

    @invariant()
    def records_hold_what_was_read_inside(self) -> None:
        for seen in getattr(self, "all_seen", []):
            reads = {(r.key, repr(r.value), r.default_used) for r in seen.real.reads if not r.bulk}
            assert reads == seen.reads


TestScopes = Scopes.TestCase
TestScopes.settings = settings(
    examples(60),
    stateful_step_count=30,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


# ---------------------------------------------------------------- what the machine found, by name


def freeze(**values: Any) -> None:
    """Make `values` the whole baseline, without a trace in the caller's context."""

    def freeze_inside() -> None:
        with hp.scope.empty(**values):
            hp.scope.frozen()

    Context().run(freeze_inside)


def test_a_write_to_the_inner_scope_does_not_show_an_outer_write_early() -> None:
    with hp.scope() as outer:
        with hp.scope():
            outer.x = 1
            assert (hp.scope.x | 0) == 0
            hp.scope.y = 2
            assert (hp.scope.x | 0) == 0
        assert (hp.scope.x | 0) == 1


def test_deleting_in_the_inner_scope_does_not_show_an_outer_write_early() -> None:
    with hp.scope(y=1) as outer:
        with hp.scope():
            outer.x = 1
            del hp.scope.y
            assert dict(hp.scope.current()) == {}


def test_explain_agrees_with_the_value_while_an_outer_write_waits() -> None:
    with hp.scope(x=0) as outer:
        with hp.scope():
            outer.x = 1
            assert hp.scope.x() == 0
            assert hp.explain("x").value == 0


def test_leaving_a_record_does_not_show_an_outer_write_early() -> None:
    with hp.scope() as outer:
        record = hp.record()
        record.__enter__()
        with hp.scope():
            outer.x = 1
            record.__exit__(None, None, None)
            assert (hp.scope.x | 0) == 0


def test_leaving_a_record_keeps_what_an_open_scope_inherited() -> None:
    freeze(x=0)
    record = hp.record()
    record.__enter__()
    freeze(x=1)
    with hp.scope():
        assert hp.scope.x() == 1
        record.__exit__(None, None, None)
        assert hp.scope.x() == 1


@pytest.mark.parametrize("position", [0, 1, 2])
def test_leaving_out_of_order_shows_the_same_with_and_without_a_record(position: int) -> None:
    def what_shows(*opened: hp.scope | hp.Record) -> int:
        freeze(x=0)
        for each in opened:
            each.__enter__()
        freeze(x=1)
        next(each for each in opened if isinstance(each, hp.scope)).__exit__(None, None, None)
        return hp.scope.x()

    scopes = [hp.scope(), hp.scope()]
    among = [*scopes[:position], hp.record(), *scopes[position:]]
    assert Context().run(what_shows, *scopes) == Context().run(what_shows, *among)


def test_leaving_a_scope_in_the_middle_shows_what_was_written_below_it() -> None:
    outer, middle, inner = hp.scope(), hp.scope(), hp.scope()
    outer.__enter__()
    middle.__enter__()
    outer.x = 1
    inner.__enter__()
    assert (hp.scope.x | 0) == 0
    middle.__exit__(None, None, None)
    assert (hp.scope.x | 0) == 1
    inner.__exit__(None, None, None)
    outer.__exit__(None, None, None)


def test_a_record_collects_nothing_after_it_is_left_out_of_order() -> None:
    outer, inner = hp.record(), hp.record()
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    hp.scope.x | 1
    inner.__exit__(None, None, None)
    assert inner.operative() == {"x": 1}
    assert outer.operative() == {}


def test_leaving_out_of_order_does_not_show_what_was_frozen_since() -> None:
    """Only contexts without a scope see a new baseline, and here one is open all the time."""
    freeze(x=0)
    outer, inner = hp.scope(), hp.scope()
    outer.__enter__()
    inner.__enter__()
    freeze(x=1)
    outer.__exit__(None, None, None)
    assert hp.scope.x() == 0
    inner.__exit__(None, None, None)
    assert hp.scope.x() == 1


def test_a_nested_record_hides_no_read_from_the_one_around_it_in_a_copied_context() -> None:
    """A copied context keeps its record open, also when the original has left it."""
    outer = hp.record()
    with outer:
        context = copy_context()

    def read() -> None:
        hp.scope.a | 1
        with hp.record():
            hp.scope.b | 2

    context.run(read)
    assert outer.operative() == {"a": 1, "b": 2}


def test_a_key_deleted_and_set_again_is_the_last_one() -> None:
    """Insertion order is kept, as a dict keeps it."""
    with hp.scope(first=1, second=2) as ps:
        del ps.first
        ps.first = 3
        assert list(ps) == ["second", "first"]


def test_text_and_keywords_keep_the_order_in_which_they_are_written() -> None:
    assert list(hp.scope("a=1", b=2)) == ["a", "b"]


def test_operative_gives_the_value_last_seen() -> None:
    with hp.record() as record:
        for value in (1, 2, 1):
            with hp.scope(x=value):
                hp.scope.x | 0
    assert record.operative() == {"x": 1}
